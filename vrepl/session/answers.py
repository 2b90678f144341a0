"""Answers: the data that commands hand back, with every fact as an attribute.

An answer says what it consists of (tables, graphs, lines of text); how that looks is decided by
the `paint` callable it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from vrepl.core.errors import NotConnected
from vrepl.core.graph import Graph, number_text
from vrepl.core.rules import Number

__all__ = [
    "Answer",
    "Column",
    "GraphAnswer",
    "NodeLine",
    "NodesAnswer",
    "Paint",
    "SlopeAnswer",
    "SlopeLine",
    "Table",
    "TraceAnswer",
    "TraceLine",
]


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; numeric ones are aligned on the decimal point."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


Part: TypeAlias = Table | Graph | str
Paint: TypeAlias = "Callable[[Answer], dict[str, str]]"


def _unpainted(answer: Answer) -> dict[str, str]:
    return {"text/plain": object.__repr__(answer)}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command found out.

    `paint` turns it into MIME types; it is called only when the answer is shown.
    """

    paint: Paint = field(default=_unpainted, repr=False, compare=False)

    def parts(self) -> Sequence[Part]:
        """What to show, top to bottom."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.paint(self)["text/plain"]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.paint(self)


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
class SlopeAnswer(Answer):
    """Slopes of one output; with a single line the answer itself is that number.

    Example:
        >>> line = SlopeLine("a", 2.0, -3.0, -3.0000000000001137, 0.001)
        >>> answer = SlopeAnswer(output="d", value=4.0, lines=(line,), left_out=0)
        >>> float(answer), answer.h, answer["a"].slope
        (-3.0, 0.001, -3.0)
    """

    output: str
    value: Number
    lines: tuple[SlopeLine, ...]
    left_out: int

    def __float__(self) -> float:
        if self.slope is None:
            raise NotConnected(self.output, self.line.wrt, self.line.reason)
        return self.slope

    def __iter__(self) -> Iterator[SlopeLine]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __bool__(self) -> bool:
        return True

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
        notes += [f"{line.wrt} not measured: {line.reason}" for line in found if line.reason]
        if self.left_out:
            notes.append(
                _more(self.left_out, "input", f"%slope {self.output} wrt NAME asks for one")
            )
        if not self.lines:
            notes.append(
                f"{self.output} = {number_text(self.value)} depends on no input: constants only"
            )
        return [*([self._table(found)] if found else []), *notes]

    def _table(self, lines: Sequence[SlopeLine]) -> Table:
        columns = (
            Column("wrt"),
            Column("value", numeric=True),
            Column(f"slope of {self.output}", numeric=True),
            Column("measured", numeric=True),
            Column("h", numeric=True),
            Column("difference", numeric=True),
        )
        figure = _in_full if len(lines) == 1 else _figure
        rows = (
            (
                line.wrt,
                figure(line.value),
                figure(line.slope),
                figure(line.measured),
                _rough(line.h),
                _rough(line.difference),
            )
            for line in lines
        )
        return Table(columns, tuple(rows))


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One step of an evaluation; `local_derivatives` has None where the operand is a constant.

    `written` is the operation with its operands, '#3' standing for the result of step 3.
    """

    step: int
    node: str
    operation: str
    operands: tuple[str, ...]
    written: str
    value: Number
    local_derivatives: tuple[float | None, ...]
    slope: float


@dataclass(frozen=True, kw_only=True, repr=False)
class TraceAnswer(Answer):
    """The evaluation of one output, step by step; long ones keep their first and last lines."""

    output: str
    lines: tuple[TraceLine, ...]
    total: int

    @property
    def left_out(self) -> int:
        """How many steps are not among the lines."""
        return self.total - len(self.lines)

    def __iter__(self) -> Iterator[TraceLine]:
        return iter(self.lines)

    def __len__(self) -> int:
        return self.total

    def __bool__(self) -> bool:
        return True

    def parts(self) -> Sequence[Part]:
        """The steps as a table, in two when some in the middle are left out."""
        if not self.left_out:
            return [self._table(self.lines)]
        cut = next(i for i, line in enumerate(self.lines, 1) if line.step != i) - 1
        asking = f"%trace {self.output} --rows {min(self.total, 1000)} shows more"
        gap = _more(self.left_out, "step", asking)
        return [self._table(self.lines[:cut]), gap, self._table(self.lines[cut:])]

    def _table(self, lines: Sequence[TraceLine]) -> Table:
        columns = (
            Column("step", numeric=True),
            Column("node"),
            Column("operation"),
            Column("value", numeric=True),
            Column("local derivatives"),
            Column(f"slope of {self.output}", numeric=True),
        )
        rows = (
            (
                str(line.step),
                line.node,
                line.written,
                _figure(line.value, 6),
                ", ".join(_figure(d, 4) for d in line.local_derivatives),
                _figure(line.slope, 6),
            )
            for line in lines
        )
        return Table(columns, tuple(rows))


@dataclass(frozen=True, kw_only=True, repr=False)
class GraphAnswer(Answer):
    """The graph behind one output, ready to be drawn; `graph` is the snapshot."""

    output: str
    graph: Graph

    def parts(self) -> Sequence[Part]:
        """The graph alone."""
        return [self.graph]


@dataclass(frozen=True, slots=True)
class NodeLine:
    """One named node: its value, how it was made, and where its name was bound."""

    name: str
    value: Number
    made: str
    place: str


@dataclass(frozen=True, kw_only=True, repr=False)
class NodesAnswer(Answer):
    """The named nodes of the session, in order of their first binding."""

    lines: tuple[NodeLine, ...]
    left_out: int

    def __iter__(self) -> Iterator[NodeLine]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __bool__(self) -> bool:
        return True

    def parts(self) -> Sequence[Part]:
        """One table, or a line that says how to get a first node."""
        if not self.lines:
            return ["No named nodes yet; type a = 2.0"]
        columns = (
            Column("name"),
            Column("value", numeric=True),
            Column("made by"),
            Column("where"),
        )
        rows = tuple((n.name, _figure(n.value), n.made, n.place) for n in self.lines)
        note = [_more(self.left_out, "node", "ask for a larger --rows")] if self.left_out else []
        return [Table(columns, rows), *note]


def _more(count: int, noun: str, remedy: str) -> str:
    return f"… {count:,} more {noun}{'s' if count != 1 else ''}; {remedy}"


def _in_full(number: Number | None) -> str:
    """A number with all its digits; '-' for none."""
    return "-" if number is None else number_text(number)


def _figure(number: Number | None, digits: int = 10) -> str:
    """A number in full where that is short, else to so many significant digits."""
    text = _in_full(number)
    if number is None or isinstance(number, int) or len(text) <= digits + 2:
        return text
    return f"{number:.{digits}g}"


def _rough(number: float | None) -> str:
    """A number where only its size matters; '-' for none."""
    return "-" if number is None or number != number else f"{number:.2g}"
