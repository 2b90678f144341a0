"""The command `trace`: the evaluation of one output, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vrepl.core.graph import number_text, snapshot
from vrepl.core.nodes import adjoints, is_constant
from vrepl.core.rules import Number, local_derivative
from vrepl.core.value import Value, plain
from vrepl.session.answers import (
    Answer,
    Column,
    Film,
    ListAnswer,
    Part,
    Table,
    figure,
    figures,
    more,
    shares,
)
from vrepl.session.grammar import Request
from vrepl.session.session import Session

__all__ = ["TraceAnswer", "TraceLine", "trace"]

TRACE_LINES = 40
FILMED = 5_000  # nodes frozen for a film, which folds them


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
class TraceAnswer(ListAnswer[TraceLine]):
    """The evaluation of one output, step by step; long ones keep their first and last lines."""

    output: str
    total: int
    film: Film | None = None

    @property
    def left_out(self) -> int:
        """How many steps are not among the lines."""
        return self.total - len(self.lines)

    def __len__(self) -> int:
        return self.total

    def parts(self) -> Sequence[Part]:
        """The steps as a table, in two when some in the middle are left out; or as a film."""
        if self.film is not None:
            return [self.film]
        if not self.left_out:
            return [self._table(self.lines)]
        cut = next(i for i, line in enumerate(self.lines, 1) if line.step != i) - 1
        asking = f"%trace {self.output} --rows {min(self.total, 1000)} shows more"
        gap = more(self.left_out, "step", asking)
        return [self._table(self.lines[:cut]), gap, self._table(self.lines[cut:])]

    def _table(self, lines: Sequence[TraceLine]) -> Table:
        columns = (
            Column("step", numeric=True),
            Column("node", role="name"),
            Column("operation", detail=1),
            Column("value", numeric=True),
            Column("local derivatives", detail=2),
            Column(f"slope of {self.output}", numeric=True, role="slope"),
            Column("|slope|", bar=True, role="slope"),
        )
        bars = shares([line.slope for line in self.lines])
        bar_of = dict(zip((line.step for line in self.lines), bars, strict=True))
        rows = (
            (
                str(line.step),
                line.node,
                line.written,
                figure(line.value, 6),
                figures(line.local_derivatives, 4),
                figure(line.slope, 6),
                bar_of[line.step],
            )
            for line in lines
        )
        return Table(columns, tuple(rows))


def trace(session: Session, request: Request) -> Answer:
    """The evaluation with local derivatives and slopes; head and tail of a long one."""
    root = session.node(request.subject)
    ordered = session.ordered(request.subject, root)
    found = adjoints(ordered)
    rows = request.option("rows", TRACE_LINES)
    steps = {id(node): step for step, node in enumerate(ordered, 1)}
    title = session.titles(ordered)
    lines = tuple(
        _trace_line(node, steps, title, found[id(node)]) for node in _head_and_tail(ordered, rows)
    )
    film = None
    if request.option("animate"):
        names = session.names(ordered)
        film = Film(snapshot(root, names=names, slopes=found, limit=FILMED), rows)
    return TraceAnswer(
        output=request.subject, lines=lines, total=len(ordered), film=film, paint=session.paint
    )


def _head_and_tail(nodes: list[Value], rows: int) -> list[Value]:
    if len(nodes) <= rows:
        return nodes
    head = rows // 2
    return [*nodes[:head], *nodes[len(nodes) - (rows - head) :]]


def _trace_line(
    node: Value, steps: Mapping[int, int], title: Callable[[Value], str], slope: float
) -> TraceLine:
    row, *operands = node._made
    numbers = [plain(operand) for operand in operands]
    texts = tuple(_operand(operand, steps, title) for operand in operands)
    return TraceLine(
        step=steps[id(node)],
        node=title(node),
        operation=row.symbol,
        operands=texts,
        written=row.written(*texts) if texts else "leaf",
        value=node.data,
        local_derivatives=tuple(
            None if is_constant(operand) else local_derivative(row, i, numbers, node.data)
            for i, operand in enumerate(operands)
        ),
        slope=slope,
    )


def _operand(operand: Any, steps: Mapping[int, int], title: Callable[[Value], str]) -> str:
    """An operand by its number, its name, or the step that made it."""
    if is_constant(operand):
        return number_text(plain(operand))
    name = title(operand)
    return name if name.isidentifier() or len(operand._made) == 1 else f"#{steps[id(operand)]}"
