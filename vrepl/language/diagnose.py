"""Looks for mistakes in a replayed text: in commands, in names, and in what lines are going to do.

It says nothing where it does not know; the words of each finding are in the table of `findings`.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from vrepl.core.derivatives import leaves
from vrepl.core.errors import CommandError, UnknownName, VreplError
from vrepl.core.functions import FUNCTIONS
from vrepl.core.value import Value
from vrepl.language.commandlines import Part, command_line
from vrepl.language.completion import reached
from vrepl.language.evaluation import Problem
from vrepl.language.findings import found
from vrepl.language.known import Unknown, is_node, is_number
from vrepl.language.names import Source
from vrepl.language.records import Diagnostic, Edit, Fix, Span
from vrepl.language.replay import GONE, Replay, Step
from vrepl.language.statements import Command
from vrepl.session.registry import nearest
from vrepl.session.session import Session

__all__ = ["diagnose"]

# What IPython and Python put into a session.
_HOST: Final = re.compile(r"_+\d*$|_i+\d*$|__\w+__$|In$|Out$|get_ipython$|display$|exit$|quit$")
_CODES: Final = {"cut": "V201", "division": "V301", "domain": "V302", "overflow": "V303"}


def diagnose(replay: Replay) -> tuple[Diagnostic, ...]:
    r"""What is wrong in a text, from top to bottom.

    Example:
        >>> [(d.code, d.span.line) for d in diagnose(Replay("a = 2.0\nd = a/0\n%slope d wrt q"))]
        [('V301', 2), ('V102', 3)]
    """
    return tuple(_Search(replay).run())


@dataclass(slots=True)
class _Search:
    replay: Replay
    names: dict[str, Any] = field(default_factory=dict)

    def run(self) -> Iterator[Diagnostic]:
        self.names.update(self.replay.session.registry.namespace())
        for (index, session), step in zip(self.replay.sessions(), self.replay.steps, strict=False):
            lines = step.chunk.line - 1
            yield from (self.moved(d, lines) for d in self.faults(step))
            yield from (self.moved(d, lines) for d in self.problems(step))
            if not step.is_open:
                yield from (self.moved(d, lines) for d in self.unknown_names(step, index))
            if step.statement.commands:
                for command in step.statement.commands:
                    check = _Asked(self.replay, session, step, command)
                    yield from (self.moved(d, lines) for d in check.run())
            self.names.update(step.writes)

    @staticmethod
    def moved(diagnostic: Diagnostic, lines: int) -> Diagnostic:
        """The same for a statement that begins further down; fixes say themselves where they go."""
        span = diagnostic.span.moved(lines)
        return Diagnostic(
            diagnostic.code, diagnostic.severity, diagnostic.message, span, diagnostic.fixes
        )

    def faults(self, step: Step) -> Iterator[Diagnostic]:
        fault = step.statement.fault
        if fault is None:
            return
        line = step.chunk.text.split("\n")[0]
        bare = command_line(line, bare=True) if "\n" not in step.chunk.text else None
        if bare is not None and bare.parts:
            at = Span(1, bare.start, 1, bare.end)
            insertion = Span(step.chunk.line, bare.start, step.chunk.line, bare.start)
            fix = Fix(f"Write %{bare.command.name}", (Edit(insertion, "%"),))
            yield found("V106", at, (fix,), command=bare.command.name)
        else:
            yield found("V501", fault.span, fact=fault.message)

    def problems(self, step: Step) -> Iterator[Diagnostic]:
        for problem in step.outcome.problems:
            span = step.statement.source.span(problem.node)
            fixes = self.kept(problem, step) if problem.kind == "cut" else ()
            facts = _facts(problem, step.statement.source)
            yield found(_CODES[problem.kind], span, fixes, **facts)

    def kept(self, problem: Problem, step: Step) -> tuple[Fix, ...]:
        """The fix for a call that leaves the graph: the same function from vrepl."""
        assert isinstance(problem.node, ast.Call)
        lines = step.chunk.line - 1
        function = problem.function
        called = step.statement.source.span(problem.node.func).moved(lines)
        edits = [Edit(called, function)]
        first = next((i for i, s in enumerate(self.replay.steps) if _is_import(s)), None)
        line = self.replay.steps[first].chunk.line if first is not None else 1
        names = self.replay.names(self.replay.at(called.line))
        if not names.get(function) or isinstance(names[function], Unknown):
            edits.insert(0, Edit(Span(line, 0, line, 0), f"from vrepl import {function}\n"))
        return (Fix(f"Use vrepl's {function}", tuple(edits)),)

    def unknown_names(self, step: Step, index: int) -> Iterator[Diagnostic]:
        if step.statement.kind != "python":
            return
        updated = _updated(step)
        straight = (m for m in step.statement.mentions if m.is_straight)
        reads = (m for m in straight if not m.is_binding or m.name in updated)
        unknown = [m for m in reads if not self.is_known(m.name)]
        if not unknown:
            return
        own = _bound_inside(step) | ({*step.statement.binds} if not _is_update(step) else set())
        fixes: tuple[Fix, ...]
        asked = {command.line for command in step.statement.commands}
        for mention in unknown:
            name = mention.name
            if (name in own and name not in updated) or mention.span.line in asked:
                continue
            later = self.bound_later(name, index)
            if later:
                yield found("V402", mention.span, name=name, line=later)
                continue
            if name in FUNCTIONS:
                place = Span(step.chunk.line, 0, step.chunk.line, 0)
                bringing = f"from vrepl import {name}"
                hint, fixes = f"{bringing} brings it", (_inserted(bringing, place),)
            else:
                known = [name for name, value in self.names.items() if value is not GONE]
                hint, fixes = _nearest(name, known, mention.span.moved(step.chunk.line - 1))
            yield found("V401", mention.span, fixes, name=name, hint=hint or "bind it first")

    def is_known(self, name: str) -> bool:
        if self.names.get(name, GONE) is not GONE:
            return True
        return hasattr(builtins, name) or _HOST.match(name) is not None

    def bound_later(self, name: str, index: int) -> int:
        """The line further down that binds a name, 0 for none."""
        for step in self.replay.steps[index:]:
            for mention in step.statement.mentions:
                if mention.is_binding and mention.name == name:
                    return mention.span.line + step.chunk.line - 1
        return 0


def _facts(problem: Problem, source: Source) -> dict[str, str]:
    """What the message needs, in the user's own words rather than the tree's."""
    node = problem.node
    facts = {"fact": problem.fact, "function": problem.function}
    if isinstance(node, ast.Call):
        facts["call"] = source.text(source.span(node.func))
    if problem.kind == "division" and isinstance(node, ast.BinOp):
        divisor = source.text(source.span(node.right))
        is_zero = divisor.replace(".", "").strip("0") == ""
        facts["fact"] = f"{divisor} is the divisor" if is_zero else f"{divisor} is 0 here"
    if problem.kind == "domain":
        is_ours = "outside" in problem.fact
        facts["error"] = "DomainError" if is_ours else "ValueError"
        facts["fact"] = (
            problem.fact if is_ours else f"{source.text(source.span(node))}: {problem.fact}"
        )
    return facts


def _is_import(step: Step) -> bool:
    tree = step.statement.tree
    return tree is not None and any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in tree.body)


def _is_update(step: Step) -> bool:
    """Whether what a statement binds must exist before: `a += 1`, `a = a + 1`."""
    tree = step.statement.tree
    kinds = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)
    return tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], kinds)


def _bound_inside(step: Step) -> set[str]:
    """What a statement binds by `:=`, to be used further right."""
    tree = step.statement.tree
    nodes = ast.walk(tree) if tree is not None else ()
    return {node.target.id for node in nodes if isinstance(node, ast.NamedExpr)}


def _inserted(line: str, place: Span) -> Fix:
    return Fix(f"Insert {line}", (Edit(place, f"{line}\n"),))


def _updated(step: Step) -> set[str]:
    """The names that `+=` and its like read and bind in one."""
    tree = step.statement.tree
    updates = (n for n in (tree.body if tree else ()) if type(n) is ast.AugAssign)
    return {n.target.id for n in updates if isinstance(n.target, ast.Name)}


def _nearest(name: str, known: list[str], span: Span) -> tuple[str, tuple[Fix, ...]]:
    """The hint and the fix for a name that does not exist."""
    close = nearest(name, [k for k in known if k[:1] != "_"])
    if not close:
        return "", ()
    fix = Fix(f"Write {close}", (Edit(span, close),))
    return f'did you mean "{close}"?', (fix,)


@dataclass(slots=True)
class _Asked:
    """The check of one command."""

    replay: Replay
    session: Session
    step: Step
    command: Command

    def run(self) -> Iterator[Diagnostic]:
        asked = self.command.asked
        try:
            asked.command.grammar.parse(asked.rest)
        except CommandError as error:
            start, end = error.at or (-len(asked.command.name), 0)
            span = self.span(asked.rest_start + start, asked.rest_start + end)
            yield found("V101", span, fact=error.fact, usage=error.usage)
            return
        for part in asked.parts:
            if part.is_reference:
                yield from self.reference(part)
        yield from self.connections()

    def span(self, start: int, end: int) -> Span:
        return Span(self.command.line, start, self.command.line, end)

    def reference(self, part: Part) -> Iterator[Diagnostic]:
        """What is wrong with a name in the command."""
        span = self.span(part.start, part.end)
        try:
            value = self.session.registry.find(part.text)
            if type(value) is not Unknown and not is_node(value):
                self.check_number(part)
        except UnknownName as error:
            if self.step.is_open:
                return
            name = str(error.name)
            name_span = self.span(part.start, part.start + len(name))
            fixes: tuple[Fix, ...] = ()
            if error.suggestion:
                edit = Edit(name_span.moved(self.step.chunk.line - 1), error.suggestion)
                fixes = (Fix(f"Write {error.suggestion}", (edit,)),)
            hint = f'did you mean "{error.suggestion}"?' if fixes else "%nodes lists the names"
            yield found("V102", name_span, fixes, name=name, hint=hint)
        except VreplError as error:
            if not self.is_unknown(part.text):
                yield found("V103", span, fact=str(error))

    def check_number(self, part: Part) -> None:
        """Raises what the command would raise about something that is no node."""
        if any(other.role == "wrt" for other in self.command.asked.parts):
            self.session.number(part.text)
        else:
            self.session.node(part.text)

    def is_unknown(self, reference: str) -> bool:
        """Whether a reference begins with something that only running the text would tell."""
        names = self.session.registry.namespace()
        name = re.match(r"\w*", reference)
        return type(names.get(name[0] if name else "")) is Unknown

    def connections(self) -> Iterator[Diagnostic]:
        """Slopes that do not exist."""
        asked = self.command.asked
        root = self.value(asked.subject)
        for part in asked.parts:
            if part.role != "wrt":
                continue
            value = self.value(part.text)
            if root is None or value is None:
                continue
            if is_node(root) and is_node(value):
                if value is root or id(value) in reached(root, {id(value)}):
                    continue
                reason = self.session.reasons.apart(asked.subject, root, part.text, value)
                code = "V105" if _was_bound_again(root, part.text, value) else "V104"
            else:
                name, plain = (asked.subject, root) if not is_node(root) else (part.text, value)
                reason, code = self.session.reasons.plain(name, plain), "V104"
            span = self.span(part.start, part.end)
            yield found(code, span, output=asked.subject, wrt=part.text, reason=reason)

    def value(self, reference: str) -> Any:
        """The number that a reference means, None where that is not known."""
        try:
            value = self.session.registry.find(reference)
        except VreplError:
            return None
        return value if is_number(value) else None


def _was_bound_again(root: Value, name: str, node: Value) -> bool:
    """Whether the result was made from another node of that name."""
    return any(leaf.label == name and leaf is not node for leaf in leaves(root))
