"""The command table: one row per command, and the session that the commands ask.

Magics, shell words, help, completion and documentation are made from the rows; this module knows
no front end and paints nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vrepl.core.derivatives import Measured, derivative, measure
from vrepl.core.errors import CommandError, NoRule, NotConnected, Stale
from vrepl.core.graph import Expressions, number_text, snapshot
from vrepl.core.nodes import adjoints, is_constant, order
from vrepl.core.rules import local_derivative
from vrepl.core.tape import stale_leaf
from vrepl.core.value import Value, plain
from vrepl.session.answers import (
    Answer,
    GraphAnswer,
    NodeLine,
    NodesAnswer,
    Paint,
    SlopeAnswer,
    SlopeLine,
    TraceAnswer,
    TraceLine,
)
from vrepl.session.grammar import Grammar, Option, Request, count, number
from vrepl.session.reasons import Reasons, is_plain_number
from vrepl.session.registry import Registry

__all__ = ["COMMANDS", "Command", "Session", "help_text"]

SLOPE_LINES = 20  # inputs listed without being asked for by name
MEASURED_STEPS = 2_000_000  # operations run again for measuring: about five seconds
TRACE_LINES = 40
NODE_LINES = 100
GRAPH_NODES = 2_000


@dataclass(frozen=True, slots=True)
class Session:
    """What commands may ask: the names, the painter and the text of cells.

    Example:
        >>> a = Value(2.0)
        >>> session = Session.over({"a": a, "d": a * -3.0})
        >>> float(session.ask("slope", "d wrt a"))
        -3.0
    """

    registry: Registry
    paint: Paint
    source: Callable[[str], str]

    @classmethod
    def over(cls, namespace: dict[str, Any]) -> Session:
        """A session of these names, for use without a front end."""
        return cls(Registry(lambda: namespace), lambda answer: {"text/plain": ""}, lambda cell: "")

    def ask(self, command: str, text: str) -> Answer:
        """The answer to a command line.

        Args:
            command: A command's name.
            text: The words after it.

        Raises:
            VreplError: The line is wrong; the message is one line with the remedy.
        """
        row = COMMANDS[command]
        return row.run(self, row.grammar.parse(text))

    @property
    def reasons(self) -> Reasons:
        """Explains missing connections."""
        return Reasons(self.registry, self.source)

    def node(self, reference: str) -> Value:
        """The node a reference means.

        Raises:
            UnknownName: There is no such name.
            CommandError: It is no node, with the likely reason.
        """
        found = self.number(reference)
        if not isinstance(found, Value):
            raise CommandError(self.reasons.plain(reference, found))
        return found

    def ordered(self, reference: str, root: Value) -> list[Value]:
        """The graph behind a node, operands first.

        Raises:
            Stale: A leaf was set since, so that the numbers of the graph do not fit together.
        """
        nodes = order(root)
        leaf = stale_leaf(nodes)
        if leaf is not None:
            raise Stale(reference, self.titles([leaf])(leaf), leaf.data)
        return nodes

    def number(self, reference: str) -> Any:
        """The node or plain number a reference means."""
        found = self.registry.find(reference)
        if isinstance(found, Value) or is_plain_number(found):
            return found
        kind = type(found).__name__
        article = "an" if kind[:1] in "aeiou" else "a"
        fact = f"{reference} is {article} {kind}, not a number"
        inside = next(iter(self.registry.numbers_in(reference)), "")
        remedy = f"{inside} is one" if inside else "%nodes lists the names"
        raise CommandError(f"{fact}; {remedy}")

    def names(self, nodes: Sequence[Value]) -> dict[int, str]:
        """What to call nodes, by `id`; `a (older)` for one whose name means another now."""
        found = self.registry.references()
        names = self.registry.names()
        for node in nodes:
            label = node.label
            if label and id(node) not in found and label in names:
                found[id(node)] = f"{label} (older)"
        return found

    def titles(self, nodes: Sequence[Value]) -> Callable[[Value], str]:
        """A function giving what to call a node: its name, else how it was made."""
        texts = Expressions(self.names(nodes))
        return lambda node: texts.name(node) or texts.made_by(node)


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its grammar, what it is for, examples, and the function that answers."""

    grammar: Grammar
    summary: str
    examples: tuple[str, ...]
    run: Callable[[Session, Request], Answer]

    @property
    def name(self) -> str:
        """The word that calls it."""
        return self.grammar.command


def _slope(session: Session, request: Request) -> Answer:
    output, h = request.subject, request.option("h")
    if request.wrt:
        root = session.number(output)
        wanted = [[(name, session.number(name)) for name in names] for names in request.wrt]
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
    behind = {id(node) for node in session.ordered(output, root)} if is_node else set()
    for name, node in wanted:
        if id(node) not in behind:
            return _unconnected(session, output, root, name, node)
    *before, (_, last) = wanted
    for _, node in before:
        root = _slope_node(root, node)
    slope = adjoints(order(root)).get(id(last), 0.0)
    names = " ".join(name for name, _ in wanted)
    return _line(root, names, last, slope, measure(root, last, h))


def _slope_node(root: Value, node: Value) -> Value:
    """The slope as a node; a constant where the root does not depend on the node any more."""
    try:
        return derivative(root, [node])[0]
    except NotConnected:
        return Value(0.0)


def _unconnected(session: Session, output: str, root: Any, name: str, node: Any) -> SlopeLine:
    for reference, value in ((output, root), (name, node)):
        if not isinstance(value, Value):
            reason = session.reasons.plain(reference, value)
            break
    else:
        reason = session.reasons.apart(output, root, name, node)
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
        measured = measure(root, leaf, h) if rank < affordable else _too_long(len(ordered))
        lines.append(_line(root, title(leaf), leaf, found[id(leaf)], measured))
    return tuple(lines), max(0, len(leaves) - SLOPE_LINES)


def _too_long(size: int) -> Measured:
    return Measured(
        math.nan, None, f"{size:,} operations to run again; ask for it by name with wrt"
    )


def _line(root: Value, name: str, node: Value, slope: float, measured: Measured) -> SlopeLine:
    return SlopeLine(name, plain(node), slope, measured.slope, measured.h, measured.reason)


def _trace(session: Session, request: Request) -> Answer:
    root = session.node(request.subject)
    ordered = session.ordered(request.subject, root)
    found = adjoints(ordered)
    rows = request.option("rows", TRACE_LINES)
    steps = {id(node): step for step, node in enumerate(ordered, 1)}
    title = session.titles(ordered)
    lines = tuple(
        _trace_line(node, steps, title, found[id(node)]) for node in _head_and_tail(ordered, rows)
    )
    return TraceAnswer(output=request.subject, lines=lines, total=len(ordered), paint=session.paint)


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


def _graph(session: Session, request: Request) -> Answer:
    root = session.node(request.subject)
    ordered = session.ordered(request.subject, root)
    try:
        slopes = adjoints(ordered)
    except NoRule:
        slopes = {}  # an operation made by hand: the picture is right all the same
    graph = snapshot(root, names=session.names(ordered), slopes=slopes, limit=GRAPH_NODES)
    return GraphAnswer(output=request.subject, graph=graph, paint=session.paint)


def _nodes(session: Session, request: Request) -> Answer:
    names = session.registry.names()
    rows = request.option("rows", NODE_LINES)
    texts = Expressions(session.registry.references())
    first: dict[int, str] = {}
    lines = [
        NodeLine(name, plain(node), _made(name, node, first, texts), _place(session, name, node))
        for name, node in list(names.items())[:rows]
    ]
    return NodesAnswer(lines=tuple(lines), left_out=max(0, len(names) - rows), paint=session.paint)


def _made(name: str, node: Value, first: dict[int, str], texts: Expressions) -> str:
    """How a named node was made: its expression, its source, or whose alias it is."""
    other = first.setdefault(id(node), name)
    if other != name:
        return f"the same node as {other}"
    return texts.made_by(node) if len(node._made) > 1 else node._made[0].summary


def _place(session: Session, name: str, node: Value) -> str:
    place = session.registry.place(name)
    return str(place) if place else "-"


_ROWS = Option("rows", "N", count, "how many lines to show")

_COMMANDS = (
    Command(
        Grammar("slope", wrt=True, options=(Option("h", "H", number, "the step to measure with"),)),
        "slopes of a node: exact by the chain rule, and measured by a small step",
        (
            "slope d wrt a",
            "slope d",
            "slope d wrt a, b",
            "slope d wrt a a",
            "slope d wrt a --h 0.001",
        ),
        _slope,
    ),
    Command(
        Grammar("trace", options=(_ROWS,)),
        "the evaluation of a node step by step, with local derivatives and slopes",
        ("trace d", "trace d --rows 200"),
        _trace,
    ),
    Command(
        Grammar("graph"),
        "the graph behind a node, drawn",
        ("graph d", "graph _"),
        _graph,
    ),
    Command(
        Grammar("nodes", subject=False, options=(_ROWS,)),
        "the named nodes of the session: value, how made, where",
        ("nodes",),
        _nodes,
    ),
)
COMMANDS: dict[str, Command] = {command.name: command for command in _COMMANDS}


def help_text(command: Command, prefix: str = "%") -> str:
    """What help shows for a command: usage, summary, options, examples.

    Example:
        >>> print(help_text(COMMANDS["nodes"]).splitlines()[0])
        %nodes [--rows N]
    """
    options = [f"  --{o.name} {o.argument}  {o.summary}" for o in command.grammar.options]
    examples = [f"  {prefix}{example}" for example in command.examples]
    summary = command.summary[0].upper() + command.summary[1:] + "."
    lines = [f"{prefix}{command.grammar.usage}", "", summary]
    lines += ["", "Options:", *options] if options else []
    return "\n".join([*lines, "", "Examples:", *examples])
