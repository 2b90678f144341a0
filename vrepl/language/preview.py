"""Says what the text being typed would give: value and slopes, or the error it is going to raise.

It is asked at every key, so its work is bounded and cached; nothing of the text is run.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vrepl.core.graph import OLDER, operands_first
from vrepl.core.nodes import adjoints
from vrepl.core.rules import Number
from vrepl.core.value import Value, plain
from vrepl.language.diagnose import diagnose
from vrepl.language.evaluation import Budget
from vrepl.language.known import is_node, is_number
from vrepl.language.records import Diagnostic
from vrepl.language.replay import Replay
from vrepl.language.stores import NUMBER
from vrepl.language.sweeps import Sweep
from vrepl.render.cells import cell_width, shorten
from vrepl.session.answers import figure
from vrepl.session.commands import COMMANDS
from vrepl.session.policy import number_of
from vrepl.session.session import Session

__all__ = ["Preview", "Previewer", "preview"]

MOST_SLOPES = 12  # of a record, the steepest; no line has room for more
LONGEST = 4_000  # characters of a text that is looked at
STEPS = 2_000  # parts of expressions in it
SECONDS = 0.005  # of work at one key; at 16 ms a delay can be felt


@dataclass(frozen=True, slots=True)
class Preview:
    """What a text would give.

    Attributes:
        target: What is assigned to, as typed; '' for an expression.
        value: The number; None where the text is going to raise.
        slopes: Name and slope for the leaves that have a name, the steepest first.
        left_out: How many more such leaves there are.
        leaves_graph: Whether nodes are read and a plain number comes out.
        error: The error in one line, '' where none is to be expected.
        is_final: Whether the slopes are known, as far as they will be.
    """

    target: str = ""
    value: Number | None = None
    slopes: tuple[tuple[str, float], ...] = ()
    left_out: int = 0
    leaves_graph: bool = False
    error: str = ""
    is_final: bool = True

    def line(self, width: int = 1_000, *, digits: int = 4, with_target: bool = True) -> str:
        """The preview in one line of at most *width* cells; slopes give way before the value.

        A number is never cut: where it does not fit the line is ''.

        Args:
            width: The cells there are.
            digits: Significant digits of a slope; the value has at least ten.
            with_target: Whether to say what is assigned to.

        Example:
            >>> Preview("d", 4.0, (("a", -3.0), ("b", 2.0), ("c", 1.0))).line()
            'd = 4.0   slopes a -3.0, b 2.0, c 1.0'
            >>> Preview("d", 4.0, (("a", -3.0), ("b", 2.0), ("c", 1.0))).line(26)
            'd = 4.0   slopes a -3.0, …'
        """
        if self.error:
            return shorten(self.error, width)
        value = figure(self.value, max(digits, 10))
        head = f"{self.target} = {value}".lstrip() if with_target else value
        ways = (*self._fuller(head, digits), value)
        return next((way for way in ways if cell_width(way) <= width), "")

    def _fuller(self, head: str, digits: int) -> Iterator[str]:
        """The ways to write it, the fullest first."""
        parts = [f"{name} {figure(slope, digits)}" for name, slope in self.slopes]
        word = "slope" if len(parts) == 1 else "slopes"
        for count in range(len(parts), 0, -1):
            rest = ", …" if self.left_out or count < len(parts) else ""
            yield f"{head}   {word} {', '.join(parts[:count])}{rest}"
        if self.leaves_graph:
            yield f"{head}   a plain number"
        yield head


class Previewer:
    """Previews for the prompts of one session.

    What it learns about nodes holds between two cells, and only until then may it keep them: see
    `forget`.

    Args:
        session: Whose names the text means.
        is_known: Whether a word that is no name of the session means something to the host.

    Example:
        >>> previewer = Previewer(Session.over({"a": Value(2.0, label="a")}))
        >>> previewer.preview("d = a*-3.0 + 1").line()
        'd = -5.0   slope a -3.0'
        >>> previewer.preview("d = a/0").error
        'This line raises ZeroDivisionError: 0 is the divisor'
    """

    def __init__(
        self, session: Session, is_known: Callable[[str], bool] = lambda name: False
    ) -> None:
        self._session = session
        self._is_known = is_known
        self._end, self._is_idle = 0.0, True
        self.forget()

    def forget(self) -> None:
        """Drop all that was learned about nodes: a cell is about to run, or has run."""
        self._last: tuple[str, Preview | None] | None = None
        self._sweeps: dict[int, Sweep] = {}
        self._names: dict[int, str] | None = None

    def preview(self, text: str, seconds: float = SECONDS) -> Preview | None:
        """What *text* would give, None where there is nothing to say.

        Args:
            text: All that is typed so far.
            seconds: How long to work; where that is not enough for the slopes, the preview is not
                final, and asking again goes on.
        """
        if self._last is not None and self._last[0] == text:
            known = self._last[1]
            if known is None or known.is_final:
                return known
        self._end, self._is_idle = time.perf_counter() + seconds, True
        found = self._made(text.strip()) if len(text) <= LONGEST else None
        self._last = (text, found)
        return found

    def _made(self, text: str) -> Preview | None:
        replay = Replay(text, self._session, budget=Budget(steps=STEPS, seconds=SECONDS))
        last = replay.steps[-1] if replay.steps else None
        if last is None or last.statement.tree is None:
            return None
        errors = (d for d in diagnose(replay) if d.severity == "error")
        error = next((d.message for d in errors if not self._is_premature(d, text)), "")
        if error:
            return Preview(error=error)
        statements = last.statement.tree.body
        if len(statements) > 1 and last.writes is not last.outcome.writes:
            return None  # one of them may change what the next one reads
        target, result = _result(statements, replay) if statements else ("", None)
        if not is_number(result) or type(result) is bool:
            return None
        return self._with_slopes(replay, target, result)

    def _is_premature(self, found: Diagnostic, text: str) -> bool:
        """Whether a name that does not exist may still become one that does."""
        if found.code != "V401":
            return False
        line = text.split("\n")[found.span.line - 1]
        name = line[found.span.column : found.span.end_column]
        if name in COMMANDS or self._is_known(name):
            return True
        words = (self._session.registry.namespace(), vars(builtins), keyword.kwlist, COMMANDS)
        is_last = text.endswith(name)
        return is_last and any(word.startswith(name) for some in words for word in list(some))

    def _with_slopes(self, replay: Replay, target: str, result: Any) -> Preview:
        found = Preview(target=target, value=plain(result))
        if not is_node(result):
            reads = replay.steps[-1].outcome.reads.values()
            is_number_of_node = target.endswith(NUMBER)  # plain whatever is put there
            return replace(found, leaves_graph=not is_number_of_node and any(map(is_node, reads)))
        if len(result._made) == 1:
            return found  # a leaf: its slope by itself says nothing
        leaves = self._leaves(result, replay)
        if leaves is None:
            return replace(found, is_final=False)
        slopes = sorted(leaves, key=lambda item: -abs(item[1]))
        kept = tuple(slopes[:MOST_SLOPES])
        return replace(found, slopes=kept, left_out=len(slopes) - len(kept))

    def _leaves(self, root: Value, replay: Replay) -> list[tuple[str, float]] | None:
        """The slopes by the named leaves behind *root*; None while there is work left.

        None are given where one part of them cannot be had: a sum of the rest would be wrong.
        The text's own graph is swept anew at every key. It ends at nodes of the session, and the
        slopes of those are worked out once.
        """
        found: dict[int, float] = {}
        leaves: dict[int, Value] = {}
        is_done = True
        for node, steepness in _ends(root, replay):
            sweep = self._swept(node)
            is_done = is_done and sweep.is_done
            if sweep.is_done and sweep.slopes is None:
                return []
            for leaf, slope in sweep.slopes or ():
                leaves[id(leaf)] = leaf
                part = _product(steepness, slope)
                found[id(leaf)] = found[id(leaf)] + part if id(leaf) in found else part
        if not is_done:
            return None
        bound = {**replay.names(), **replay.steps[-1].outcome.stored}
        names = ((self._name(leaf, bound), found[key]) for key, leaf in leaves.items())
        # Two infinite parts can cancel to nan where a sweep of the whole graph would not.
        return [(name, slope) for name, slope in names if name and slope == slope]

    def _swept(self, node: Value) -> Sweep:
        """The sweep of a node of the session, as far as the time allows."""
        sweep = self._sweeps.setdefault(id(node), Sweep(node))
        while not sweep.is_done and (self._is_idle or time.perf_counter() < self._end):
            self._is_idle = False  # one slice at least: however slow the machine, it goes on
            sweep.step()
        return sweep

    def _name(self, leaf: Value, bound: dict[str, Any]) -> str:
        """What to call a leaf once the text has run; '' for one that has no name."""
        if self._names is None:
            self._names = self._session.registry.references()
        title = self._names.get(id(leaf)) or leaf.label
        if title and bound.get(title, leaf) is leaf and (id(leaf) in self._names or title in bound):
            return title
        return title + OLDER if title else ""


def preview(text: str, session: Session) -> Preview | None:
    """What *text* would give in a session, None where there is nothing to say.

    Slopes that take longer than a key may are left out, and the preview is not final; a
    `Previewer` goes on with them.

    Args:
        text: All that is typed so far: one statement or several.
        session: Whose names are meant.

    Example:
        >>> session = Session.over({"a": Value(2.0, label="a"), "b": Value(-3.0, label="b")})
        >>> preview("d = a*b", session).slopes
        (('a', -3.0), ('b', 2.0))
        >>> preview("d = a/0", session).error
        'This line raises ZeroDivisionError: 0 is the divisor'
        >>> preview("4.0", session) is None
        True
    """
    return Previewer(session).preview(text)


def _result(statements: list[ast.stmt], replay: Replay) -> tuple[str, Any]:
    """What the last one assigns to, as typed, and what it gives; None for nothing to speak of."""
    names = replay.names()
    stored = replay.steps[-1].outcome.stored if len(statements) == 1 else {}
    match statements[-1]:
        case ast.Expr(value=value):
            return "", None if number_of(value) is not None else names.get("_")
        case ast.Assign(targets=[*targets], value=value):
            result = _bound(targets[0], names, stored)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            targets, result = [target], _bound(target, names, stored)
        case ast.AugAssign(target=target):
            return ast.unparse(target), _bound(target, names, stored)
        case _:
            return "", None
    is_typed = number_of(value) is not None  # the number stands there just as it comes out
    return " = ".join(map(ast.unparse, targets)), None if is_typed else result


def _bound(target: ast.expr, names: Mapping[str, Any], stored: Mapping[str, Any]) -> Any:
    if isinstance(target, ast.Name):
        return names.get(target.id)
    # One place at most: which of several was meant is not looked into.
    return next(iter(stored.values())) if len(stored) == 1 else None


def _ends(root: Value, replay: Replay) -> Iterator[tuple[Value, float]]:
    """The nodes where the text's own graph ends, and the slopes of *root* by them."""
    own = replay.own
    if id(root) not in own:
        yield root, 1.0
        return
    ordered = operands_first(root, own)
    steepness = adjoints(ordered)
    seen: set[int] = set()
    for node in ordered:
        for end in node._made[1:] or (node,):
            is_end = is_node(end) and (len(end._made) == 1 or id(end) not in own)
            if is_end and id(end) in steepness and id(end) not in seen:
                seen.add(id(end))
                yield end, steepness[id(end)]


def _product(outer: float, inner: float) -> float:
    """The chain rule's product; a zero stays zero however steep the rest is, as in the sweeps."""
    return 0.0 if outer == 0.0 else outer * inner
