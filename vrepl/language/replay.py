"""Replays a text statement by statement without running it, and knows every name after each.

What it cannot know (loops, calls, input, what a call may have changed) is `Unknown`, never guessed.
The text may stand alone or go on from a live session, whose objects are looked at and not touched.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from vrepl.core.value import Value, facts_of, plain
from vrepl.language import changes
from vrepl.language.documents import Chunk, chunks_of
from vrepl.language.evaluation import Budget, Evaluator, Exhausted, Problem, Stopped, truth_of
from vrepl.language.forward import Forward
from vrepl.language.known import Unknown, is_node, is_number, members, module
from vrepl.language.names import bound_in
from vrepl.language.statements import ANYTHING, Statement, read
from vrepl.language.stores import NUMBER, Stored, place_of_store
from vrepl.session import literals
from vrepl.session.registry import Place
from vrepl.session.session import Session
from vrepl.session.targets import bound_names, target_of

__all__ = ["GONE", "Replay", "Step"]

GONE: Final = Unknown("it was deleted")
MISSING: Final = object()
KEPT: Final = 20_000  # nodes whose slopes are taken over from one replay to the next


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement gave, and what it read on the way: it gives the same for the same.

    `stored` has what it puts into lists, dicts and objects, by what the place is called.
    """

    reads: Mapping[str, Any]
    writes: Mapping[str, Any]
    problems: tuple[Problem, ...]
    named: tuple[tuple[Value, str, Place], ...] = ()
    called: frozenset[tuple[int, ...]] = frozenset()
    stored: Mapping[str, Any] = field(default_factory=dict)

    def give_names(self) -> None:
        """Label the nodes that the statement binds and that have no label yet."""
        for node, name, place in self.named:
            facts = facts_of(node)
            if not facts.label:
                facts.label, facts.place = name, place

    def take_names(self) -> None:
        """Take the labels away again, because another text may give others."""
        for node, _, _ in self.named:
            facts_of(node).label = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One chunk of the text and what it did; `writes` has all names that it changed.

    `is_open` says that names may exist that nobody can see, from before this step on.
    """

    chunk: Chunk
    statement: Statement
    outcome: Outcome
    writes: Mapping[str, Any]
    is_open: bool


class Replay:
    r"""A text, replayed.

    Args:
        text: The text.
        session: The live session it goes on from; none for a file.
        cell: What places call the text.
        is_session: Whether typed numbers become nodes, as they do everywhere but in plain Python.
        previous: An earlier replay, whose statements are taken over as far as they still hold.
        budget: How much may be computed.

    Example:
        >>> replay = Replay("a = 2.0\nd = a*3 + unknown()\ne = a*3")
        >>> replay.names()["e"]
        Value(data=6.0)
        >>> type(replay.names()["d"]).__name__
        'Unknown'
    """

    def __init__(  # noqa: PLR0913 - one keyword for each fact about the text
        self,
        text: str,
        session: Session | None = None,
        *,
        cell: str = "",
        is_session: bool = True,
        previous: Replay | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.text, self.cell, self.is_session = text, cell, is_session
        self.session = session if session is not None else Session.over({})
        self._base = self.session.registry.namespace()
        self._names: dict[str, Any] = {}
        self._places: dict[str, Place] = {}
        self._fresh: set[int] | None = None if session is None else set()
        kept = previous.forward if previous is not None else None
        self.forward: Forward = kept if kept is not None and len(kept) < KEPT else Forward()
        self._pool = _pool(previous) if previous is not None else {}
        self._budget = budget or Budget()
        self.is_complete = True
        self.is_open = False
        # Whether the session's nodes and objects still have the same gradients and attributes.
        self._has_grads = self._has_attributes = session is not None
        # What functions of a live session do is not looked into.
        self.later = changes.Later() if session is None else changes.Later({ANYTHING})
        self.steps: list[Step] = [self._step(chunk) for chunk in chunks_of(text)]

    # Asking.

    @property
    def own(self) -> frozenset[int]:
        """The nodes that the text made, and not the session before it, by `id`."""
        return frozenset(self._fresh or ())

    def names(self, before: int | None = None) -> dict[str, Any]:
        """Every name that the text bound, before the step of that index; in the end by default."""
        if before is None:
            return _standing(self._names)
        found: dict[str, Any] = {}
        for step in self.steps[:before]:
            found.update(step.writes)
        return _standing(found)

    def at(self, line: int) -> int:
        """The index of the step that a line belongs to, or of the next one below it."""
        for index, step in enumerate(self.steps):
            if line <= step.chunk.end_line:
                return index
        return len(self.steps)

    def session_before(self, index: int) -> Session:
        """What commands may ask at the step of that index."""
        return next(session for at, session in self.sessions() if at == index)

    def sessions(self) -> Iterator[tuple[int, Session]]:
        """What commands may ask at each step, and after the last; good until the next is taken."""
        names: dict[str, Any] = {}
        places: dict[str, Place] = {}
        registry = self.session.registry.with_names(names, places)
        session = Session(registry, self.session.paint, self._source)
        yield 0, session
        for index, step in enumerate(self.steps, 1):
            for name, value in step.writes.items():
                if value is GONE:
                    names.pop(name, None)
                else:
                    names[name] = value
            for name, line in _lines(step).items():
                places.pop(name, None)
                places[name] = Place(self.cell, line)
            yield index, session

    def _source(self, cell: str) -> str:
        """The text of a cell; of this one with the commands left out, so that it is Python."""
        if cell != self.cell:
            return self.session.source(cell)
        lines = [""] * (self.text.count("\n") + 1)
        for step in self.steps:
            if step.statement.kind == "python" and step.statement.fault is None:
                start = step.chunk.line - 1
                new = step.chunk.text.split("\n")
                lines[start : start + len(new)] = new
        return "\n".join(lines)

    # Replaying.

    def _lookup(self, name: str) -> Any:
        found = self._names.get(name, MISSING)
        if found is MISSING:
            return self._base[name]
        if found is GONE:
            raise KeyError(name)
        return found

    def _step(self, chunk: Chunk) -> Step:
        statement = read(chunk)
        was_open = self.is_open
        self._has_grads = self._has_grads and not changes.sets_grads(statement)
        outcome = self._known_outcome(chunk.text) or self._outcome(chunk, statement)
        self._has_attributes = self._has_attributes and not changes.stores(statement)
        outcome.give_names()
        self._names.update(outcome.writes)
        writes = outcome.writes
        changed = changes.changed(
            statement, outcome.called, self._all_names, self._lookup, self.later
        )
        if changed:
            writes = {**writes, **changed}
            self._names.update(changed)
        if statement.opens or self.later.is_open:
            self.is_open = True
        return Step(chunk, statement, outcome, writes, was_open)

    def _all_names(self) -> dict[str, Any]:
        return _standing({**self._base, **self._names})

    def _known_outcome(self, text: str) -> Outcome | None:
        """What the same statement gave before, if it reads the same now."""
        waiting = self._pool.get(text)
        if not waiting:
            return None
        names, base = self._names, self._base
        for name, value in waiting[-1].reads.items():
            if names.get(name, base.get(name, MISSING)) is not value:
                return None
        return waiting.pop()

    def _outcome(self, chunk: Chunk, statement: Statement) -> Outcome:
        if statement.tree is None:
            return Outcome({}, dict.fromkeys(statement.binds, _NOT_READ), ())
        place = Place(self.cell, chunk.line)
        run = _Run(self._lookup, self._budget, self._fresh, place)
        run.evaluator.has_grads = self._has_grads
        run.evaluator.has_attributes = self._has_attributes
        try:
            run.statements(self._tree(chunk, statement).body)
        except Stopped:
            run.unknown(statement.binds, "its line raises an error")
        except RecursionError:
            run.unknown(statement.binds, "its line is nested too deeply")
        except Exhausted:
            self.is_complete = False
            run.unknown(statement.binds, "the file is too much to work out")
        except Exception:  # a mistake of ours must not reach the editor
            run.unknown(statement.binds, "it could not be worked out")
        return Outcome(
            run.reads,
            run.writes,
            tuple(run.evaluator.problems),
            tuple(run.named),
            frozenset(run.evaluator.called),
            run.stored,
        )

    def _tree(self, chunk: Chunk, statement: Statement) -> ast.Module:
        """The statement's tree, its numbers marked as the session would mark them."""
        assert statement.tree is not None
        if not self.is_session:
            return statement.tree
        hidden = frozenset(name for name in statement.builtins if self._is_bound(name))
        return _marked(chunk.text, hidden)

    def _is_bound(self, name: str) -> bool:
        return name in self._names or name in self._base


_NOT_READ: Final = Unknown("only running it would tell")


def _pool(previous: Replay) -> dict[str, list[Outcome]]:
    """The outcomes of an earlier replay by their text, the first one of equal texts last."""
    found: dict[str, list[Outcome]] = {}
    for step in reversed(previous.steps):
        step.outcome.take_names()
        found.setdefault(step.chunk.text, []).append(step.outcome)
    return found


def _standing(names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in names.items() if value is not GONE}


def _lines(step: Step) -> dict[str, int]:
    """The line that last binds each name of a step."""
    found: dict[str, int] = {}
    for mention in step.statement.mentions:
        if mention.is_binding:
            found[mention.name] = mention.span.line + step.chunk.line - 1
    return found


@lru_cache(maxsize=8192)
def _marked(text: str, hidden: frozenset[str]) -> ast.Module:
    """A tree with its numbers marked; kept, because it costs more than evaluating it."""
    tree = read(Chunk("python", text, 1)).tree
    marked: Any = literals.transform(
        tree or ast.Module([], []),
        cell="",
        is_library_name=lambda name: hasattr(builtins, name) and name not in hidden,
        bindings=False,
        operators=False,
    )
    return marked  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Run:
    """The evaluation of one chunk."""

    outer: Callable[[str], Any]
    budget: Budget
    fresh: set[int] | None  # nodes that are nobody else's, None where all are
    place: Place
    reads: dict[str, Any] = field(default_factory=dict)
    writes: dict[str, Any] = field(default_factory=dict)
    named: list[tuple[Value, str, Place]] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)
    has_stored: bool = False
    evaluator: Evaluator = field(init=False)

    def __post_init__(self) -> None:
        fresh = set() if self.fresh is None else self.fresh
        self.evaluator = Evaluator(self.lookup, self.budget, self.bind, fresh=fresh)

    def lookup(self, name: str) -> Any:
        if name in self.writes:
            value = self.writes[name]
            if value is GONE:
                raise KeyError(name)
            return value
        try:
            value = self.outer(name)
        except KeyError:
            self.reads[name] = MISSING
            raise
        self.reads[name] = value
        return value

    def bind(self, name: str, value: Any, line: int = 1) -> None:
        """Bind a name; a node made here gets it as its label."""
        self.writes[name] = value
        if is_node(value) and name[:1] != "_" and (self.fresh is None or id(value) in self.fresh):
            place = Place(self.place.cell, self.place.line + line - 1)
            self.named.append((value, name, place))

    def unknown(self, names: Sequence[str] | frozenset[str], why: str) -> None:
        """Mark names as bound to what only running it would tell."""
        self.writes.update(dict.fromkeys(names, Unknown(why)))

    def statements(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self.budget.spend()
            handler = _STATEMENTS.get(type(statement))
            if handler is None or self.has_stored:
                self.unseen(statement)
            else:
                handler(self, statement)
                # Nothing is put anywhere, so what is read after it would be what was there before.
                self.has_stored = self.has_stored or changes.puts(statement)

    def unseen(self, node: ast.stmt) -> None:
        """A statement whose way is only known when it runs."""
        word = _WORDS.get(type(node), "here")
        if type(node) is ast.Expr:
            self.unknown(["_"], "")
        self.unknown(bound_in([node]), f"it is set {word} (line {self.line(node)})")

    def line(self, node: ast.AST) -> int:
        return self.place.line + getattr(node, "lineno", 1) - 1

    def expression(self, node: Any) -> None:
        value = self.evaluator.value(node.value)
        if type(node.value) is not ast.Constant or value is not None:
            self.writes["_"] = value

    def assignment(self, node: Any) -> None:
        value = self.evaluator.value(node.value)
        if len(node.targets) == 1 and type(node.targets[0]) is ast.Name:
            self.bind(node.targets[0].id, value, node.lineno)
            return
        for target in node.targets:
            self.store(place_of_store(target, self.evaluator), value)
        targets = tuple(map(target_of, node.targets))
        names = bound_in(node.targets)
        for name, part in bound_names(targets, value):
            self.bind(name, part, node.lineno)
        missing = frozenset(name for name in names if name not in self.writes)
        missing |= names if type(value) is Unknown else frozenset()
        why = value.why if type(value) is Unknown else ""
        kept = value if type(value) is Unknown and value.why else None
        for name in missing:
            self.writes[name] = kept or Unknown(why or "only running it would tell")

    def annotated(self, node: Any) -> None:
        if node.value is not None and type(node.target) is ast.Name:
            self.bind(node.target.id, self.evaluator.value(node.value), node.lineno)

    def update(self, node: Any) -> None:
        value = self.evaluator.value(node.value)
        if type(node.target) is ast.Name:
            name = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            held = self.evaluator.value(name)
            self.bind(node.target.id, self.evaluator.operated(node, held, value), node.lineno)
            return
        place = place_of_store(node.target, self.evaluator)
        if place is not None:
            self.store(place, self.evaluator.operated(node, place[1], value))

    def store(self, place: Stored | None, value: Any) -> None:
        """Note what is put into a place; a node's own number takes in no graph."""
        if place is not None and is_number(value):
            self.stored[place[0]] = plain(value) if place[0].endswith(NUMBER) else value

    def deletion(self, node: Any) -> None:
        for target in node.targets:
            if type(target) is ast.Name:
                self.writes[target.id] = GONE

    def imports(self, node: Any) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            whole = alias.asname or "." not in alias.name
            self.writes[name] = module(alias.name) if whole else Unknown("", "module")

    def imports_from(self, node: Any) -> None:
        holder = module(node.module or "") if not node.level else Unknown("")
        inside = members(holder) or {}
        for alias in node.names:
            if alias.name == "*":
                found = {n: thing for n, thing in inside.items() if n[:1] != "_"}
                self.writes.update(found)
            else:
                given = inside.get(alias.name, Unknown(f"{alias.name} is imported", "import"))
                self.writes[alias.asname or alias.name] = given

    def definition(self, node: Any) -> None:
        kind = "class" if type(node) is ast.ClassDef else "function"
        self.writes[node.name] = Unknown(f"a {kind}", kind)

    def branch(self, node: Any) -> None:
        truth = truth_of(self.evaluator.value(node.test))
        if truth is None:
            self.unseen(node)
        else:
            self.statements(node.body if truth else node.orelse)

    def nothing(self, node: Any) -> None:
        """A statement that binds nothing and gives nothing."""


_WORDS: Final[Mapping[type[ast.AST], str]] = {
    ast.For: "in a loop",
    ast.AsyncFor: "in a loop",
    ast.While: "in a loop",
    ast.If: "under a condition",
    ast.Match: "under a condition",
    ast.Try: "under a try",
    ast.TryStar: "under a try",
    ast.With: "in a with block",
    ast.AsyncWith: "in a with block",
}
_STATEMENTS: Final[Mapping[type[ast.AST], Callable[[_Run, Any], None]]] = {
    ast.Expr: _Run.expression,
    ast.Assign: _Run.assignment,
    ast.AnnAssign: _Run.annotated,
    ast.AugAssign: _Run.update,
    ast.Delete: _Run.deletion,
    ast.Import: _Run.imports,
    ast.ImportFrom: _Run.imports_from,
    ast.FunctionDef: _Run.definition,
    ast.AsyncFunctionDef: _Run.definition,
    ast.ClassDef: _Run.definition,
    ast.If: _Run.branch,
    ast.Pass: _Run.nothing,
    ast.Assert: _Run.nothing,
    ast.Global: _Run.nothing,
}
