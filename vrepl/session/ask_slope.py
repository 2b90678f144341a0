"""The command `slope`: exact and measured slopes of one output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vrepl.core.derivatives import Measured, derivative, measure
from vrepl.core.errors import NotConnected
from vrepl.core.graph import number_text
from vrepl.core.nodes import adjoints, order
from vrepl.core.rules import Number
from vrepl.core.value import Value, plain
from vrepl.session.answers import (
    Answer,
    Column,
    ListAnswer,
    Part,
    Table,
    figure,
    in_full,
    more,
    rough,
    shares,
)
from vrepl.session.grammar import Request
from vrepl.session.session import Session

__all__ = ["SlopeAnswer", "SlopeLine", "slope"]

SLOPE_LINES = 20  # inputs listed without being asked for by name
MEASURED_STEPS = 2_000_000  # operations run again for measuring: about five seconds


@dataclass(frozen=True, slots=True)
class SlopeLine:
    """The slope by one node: exact (`slope`), measured by a step `h`, and their difference.

    `slope` is None when no path leads there, `measured` is None when the step cannot be taken;
    `reason` then says why.
    """

    wrt: str
    value: Number
    slope: float | None
    measured: float | None
    h: float
    reason: str = ""

    @property
    def difference(self) -> float | None:
        """measured - slope, None where one of them is missing."""
        if self.slope is None or self.measured is None:
            return None
        return self.measured - self.slope

    @property
    def is_connected(self) -> bool:
        """Whether any path leads from `wrt` to the output."""
        return self.slope is not None


@dataclass(frozen=True, kw_only=True, repr=False)
class SlopeAnswer(ListAnswer[SlopeLine]):
    """Slopes of one output; with a single line the answer itself is that number.

    Example:
        >>> line = SlopeLine("a", 2.0, -3.0, -3.0000000000001137, 0.001)
        >>> answer = SlopeAnswer(output="d", value=4.0, lines=(line,), left_out=0)
        >>> float(answer), answer.h, answer["a"].slope
        (-3.0, 0.001, -3.0)
    """

    output: str
    value: Number
    left_out: int

    def __float__(self) -> float:
        if self.slope is None:
            raise NotConnected(self.output, self.line.wrt, self.line.reason)
        return self.slope

    def __getitem__(self, wrt: str) -> SlopeLine:
        for line in self.lines:
            if line.wrt == wrt:
                return line
        raise KeyError(f"no slope by {wrt} in this answer; it has {', '.join(self.wrt)}")

    @property
    def line(self) -> SlopeLine:
        """The only line.

        Raises:
            TypeError: There are several lines, or none.
        """
        if len(self.lines) != 1:
            raise TypeError(
                f"this answer holds {len(self.lines)} slopes, not one; choose by name, like"
                f" answer[{(self.wrt or ('a',))[0]!r}].slope"
            )
        return self.lines[0]

    @property
    def wrt(self) -> tuple[str, ...]:
        """What each line is with respect to."""
        return tuple(line.wrt for line in self.lines)

    @property
    def slope(self) -> float | None:
        """The exact slope of the only line."""
        return self.line.slope

    @property
    def measured(self) -> float | None:
        """The measured slope of the only line."""
        return self.line.measured

    @property
    def h(self) -> float:
        """The step of the only line."""
        return self.line.h

    @property
    def difference(self) -> float | None:
        """measured - slope of the only line."""
        return self.line.difference

    @property
    def reason(self) -> str:
        """Why something is missing in the only line, '' when nothing is."""
        return self.line.reason

    def parts(self) -> Sequence[Part]:
        """One table of the connected lines, then a line of text for each of the others."""
        found = [line for line in self.lines if line.is_connected]
        notes = [
            f"{self.output} is not connected to {line.wrt}: {line.reason}"
            for line in self.lines
            if not line.is_connected
        ]
        unmeasured = [line for line in found if line.reason and line.measured is None]
        notes += [f"{line.wrt} not measured: {line.reason}" for line in unmeasured]
        if self.left_out:
            notes.append(
                more(self.left_out, "input", f"%slope {self.output} wrt NAME asks for one")
            )
        if not self.lines:
            notes.append(
                f"{self.output} = {number_text(self.value)} depends on no input: constants only"
            )
        return [*([self._table(found)] if found else []), *notes]

    def _table(self, lines: Sequence[SlopeLine]) -> Table:
        bars = [(bar,) for bar in shares([line.slope for line in lines])]
        several = len(lines) > 1
        columns = (
            Column("wrt", role="name"),
            Column("value", numeric=True),
            Column(f"slope of {self.output}", numeric=True, role="slope"),
            *([Column("|slope|", bar=True, role="slope")] if several else []),
            Column("measured", numeric=True, detail=2),
            Column("h", numeric=True, detail=1),
            Column("difference", numeric=True, detail=1),
        )
        shown = figure if several else in_full
        rows = (
            (
                line.wrt,
                shown(line.value),
                shown(line.slope),
                *(bar if several else ()),
                shown(line.measured),
                rough(line.h),
                rough(line.difference),
            )
            for line, bar in zip(lines, bars, strict=True)
        )
        return Table(columns, tuple(rows))


def slope(session: Session, request: Request) -> Answer:
    """The slopes asked for with `wrt`, else those by every leaf, steepest first."""
    output, h = request.subject, request.option("h")
    if request.wrt:
        root = session.number(output)
        wanted = [[(name, session.wrt(output, name)) for name in names] for names in request.wrt]
        lines = tuple(_asked(session, output, root, nodes, h) for nodes in wanted)
        left_out = 0
    else:
        root = session.node(output)
        lines, left_out = _all_leaves(session, root, session.ordered(output, root), h)
    return SlopeAnswer(
        output=output, value=plain(root), lines=lines, left_out=left_out, paint=session.paint
    )


def _asked(
    session: Session, output: str, root: Any, wanted: list[tuple[str, Any]], h: float | None
) -> SlopeLine:
    """The line for one part of `wrt`, connected or not; `a a` asks for a slope of the slope."""
    is_node = isinstance(root, Value)
    behind = set(map(id, session.ordered(output, root))) if is_node else set()
    for name, node in wanted:
        if id(node) not in behind:
            return _unconnected(session, output, root, name, node)
    *before, (_, last) = wanted
    for _, node in before:
        root = _slope_node(root, node)
    ordered = order(root)
    slope = adjoints(ordered).get(id(last), 0.0)
    names = " ".join(name for name, _ in wanted)
    return _line(root, names, last, slope, measure(root, last, h, ordered))


def _slope_node(root: Value, node: Value) -> Value:
    """The slope as a node; a constant where the root does not depend on the node any more."""
    try:
        return derivative(root, [node])[0]
    except NotConnected:
        return Value(0.0)


def _unconnected(session: Session, output: str, root: Any, name: str, node: Any) -> SlopeLine:
    reason = session.unconnected(output, root, name, node)
    return SlopeLine(name, plain(node), None, None, math.nan, reason)


def _all_leaves(
    session: Session, root: Value, ordered: list[Value], h: float | None
) -> tuple[tuple[SlopeLine, ...], int]:
    """Lines for the leaves with the steepest slopes, and how many leaves have none."""
    found = adjoints(ordered)
    leaves = [node for node in ordered if len(node._made) == 1]
    leaves.sort(key=lambda leaf: -abs(found[id(leaf)]) if found[id(leaf)] == found[id(leaf)] else 1)
    title = session.titles(leaves)
    affordable = max(1, MEASURED_STEPS // len(ordered))
    lines = []
    for rank, leaf in enumerate(leaves[:SLOPE_LINES]):
        affords = rank < affordable
        measured = measure(root, leaf, h, ordered) if affords else _too_long(len(ordered))
        lines.append(_line(root, title(leaf), leaf, found[id(leaf)], measured))
    return tuple(lines), max(0, len(leaves) - SLOPE_LINES)


def _too_long(size: int) -> Measured:
    return Measured(
        math.nan, None, f"{size:,} operations to run again; ask for it by name with wrt"
    )


def _line(root: Value, name: str, node: Value, slope: float, measured: Measured) -> SlopeLine:
    return SlopeLine(name, plain(node), slope, measured.slope, measured.h, measured.reason)
