"""Writes a graph as an indented tree or as a summary, for graphs too large or wide for boxes.

It knows lines of text; drawings with boxes are left to `text`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from vrepl.core.graph import Graph, Node
from vrepl.render.bounds import distances, missing, more, nearest
from vrepl.render.cells import cell_width, clean, shorten
from vrepl.render.glyphs import Glyphs, heading, operator_glyph, symbol_glyph
from vrepl.render.numbers import short

__all__ = ["summary", "tree"]

MOST_LINES = 40
INDENT = 3
ROOM = 26  # cells kept free for a line's text where the indentation is deepest
SHORTEST_TITLE = 6
LONGEST_TITLE = 40
LISTED = 8  # names and operators a summary lists


@dataclass(frozen=True, slots=True)
class _Line:
    """A node to write: `bars` before it, its `branch`, and whether it is the place to expand it."""

    index: int
    bars: str
    branch: str
    expand: bool


def tree(graph: Graph, width: int, glyphs: Glyphs) -> str:
    """*graph* as a tree, the root first and operands below it; '' when *width* is too small.

    At most about 40 nodes nearest the root; the last line counts the others. A node with several
    uses is expanded where it is nearest the root, and an arrow points there from the other uses.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> from vrepl.render.glyphs import UNICODE
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> y = Node(1, "", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))
        >>> print(tree(Graph((a, y), 2), 80, UNICODE))
        -a = -2.0  (-)
        └─ a = 2.0
    """
    shown = nearest(graph, MOST_LINES, max(1, (width - ROOM) // INDENT))
    count = len(shown.nodes)
    while sum(len(_used(node)) for node in shown.nodes) >= MOST_LINES and count > 1:
        count -= 1
        shown = nearest(shown, count)
    written = list[str]()
    seen = set[int]()
    for line in _lines(shown, glyphs):
        text = _fitted(shown.nodes[line.index], line, line.index in seen, width, glyphs)
        if not text:
            return ""
        seen |= {line.index}
        written.append(text)
    tail = [more(missing(shown), glyphs.ellipsis, width)] if missing(shown) else []
    return "\n".join(written + tail)


def _used(node: Node) -> list[int]:
    return [edge.source for edge in node.edges if edge.source is not None]


def _lines(graph: Graph, glyphs: Glyphs) -> Iterator[_Line]:
    """The lines from the root down; a node is expanded at its first use nearest the root."""
    far = distances(graph)
    homes: dict[int, tuple[int, int]] = {}
    for index in far:
        for position, source in enumerate(_used(graph.nodes[index])):
            if far[source] == far[index] + 1:
                homes.setdefault(source, (index, position))
    stack = [_Line(graph.root.index, "", "", True)]
    while stack:
        line = stack.pop()
        yield line
        used = _used(graph.nodes[line.index]) if line.expand else []
        bars = line.bars + _continued(line.branch, glyphs)
        for position, source in reversed(list(enumerate(used))):
            branch = glyphs.branches[position == len(used) - 1]
            stack.append(_Line(source, bars, branch, homes[source] == (line.index, position)))


def _continued(branch: str, glyphs: Glyphs) -> str:
    """What stands below *branch* in the lines of its operands."""
    if not branch:
        return ""
    return glyphs.branches[2] if branch == glyphs.branches[0] else " " * INDENT


def _fitted(node: Node, line: _Line, seen: bool, width: int, glyphs: Glyphs) -> str:
    """The line of text, its title shortened if need be; '' when that is not enough."""
    title = heading(node, glyphs, LONGEST_TITLE)
    facts = _facts(node, glyphs)
    if not line.expand:
        facts += f" {glyphs.above if seen else glyphs.below}"
    before = line.bars + line.branch
    room = width - cell_width(before) - cell_width(facts) - (3 if title else 0)
    if room < min(SHORTEST_TITLE, cell_width(title)):
        return ""
    title = shorten(title, room, glyphs.ellipsis)
    return f"{before}{title} = {facts}" if title else before + facts


def _facts(node: Node, glyphs: Glyphs) -> str:
    slope = "" if node.slope is None else f"  slope {short(node.slope)}"
    operator = f"  {operator_glyph(node, glyphs)}" if node.symbol else ""
    return short(node.value) + slope + operator


def summary(graph: Graph, width: int, glyphs: Glyphs) -> str:
    """The root, how many nodes of which kind there are, and the names that matter most.

    Example:
        >>> from vrepl.render.glyphs import UNICODE
        >>> print(summary(Graph((Node(0, "a", "a", 2.0, "", ()),), 1), 80, UNICODE))
        a = 2.0
        1 node: 1 leaf, 0 operations
    """
    return "\n".join(
        line for part in _parts(graph, glyphs) for line in _wrapped(part, width, glyphs)
    )


def _parts(graph: Graph, glyphs: Glyphs) -> Iterator[list[str]]:
    """The statements of a summary, each as pieces between which a line may break."""
    root = graph.root
    title = heading(root, glyphs, LONGEST_TITLE)
    yield [f"{title} = {short(root.value)}" if title else short(root.value)]
    leaves = sum(node.is_leaf for node in graph.nodes)
    operations = len(graph.nodes) - leaves
    yield [
        f"{_counted(graph.total, 'node')}{_of_which(graph)}",
        f"{leaves:,} {'leaf' if leaves == 1 else 'leaves'},",
        _counted(operations, "operation"),
    ]
    found = Counter(node.symbol for node in graph.nodes if node.symbol).most_common(LISTED)
    if found:
        pieces = [f"{count:,} {symbol_glyph(symbol, glyphs)}" for symbol, count in found]
        yield _listed("operations:", pieces)
    names = _weightiest(graph)
    if names:
        yield _listed("names:", names)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _of_which(graph: Graph) -> str:
    return f"; among the {len(graph.nodes):,} nearest:" if missing(graph) else ":"


def _listed(heading: str, pieces: list[str]) -> list[str]:
    return [heading, *(piece + "," for piece in pieces[:-1]), pieces[-1]]


def _weightiest(graph: Graph) -> list[str]:
    """The names of the nodes with the steepest slopes, or the first names if none is known."""
    named = [node for node in graph.nodes if node.name and node is not graph.root]
    named.sort(key=lambda node: -abs(node.slope or 0.0))
    rest = len(named) - LISTED
    pieces = [
        clean(node.name) + ("" if node.slope is None else f" (slope {short(node.slope)})")
        for node in named[:LISTED]
    ]
    return pieces + ([f"{rest:,} more"] if rest > 0 else [])


def _wrapped(pieces: list[str], width: int, glyphs: Glyphs) -> Iterator[str]:
    """Lines of *pieces* separated by blanks; continuation lines are indented."""
    line = ""
    for piece in pieces:
        if line.strip() and cell_width(line) + 1 + cell_width(piece) > width:
            yield line.rstrip()
            line = " "
        line = shorten(f"{line} {piece}" if line else piece, width, glyphs.ellipsis)
    yield line.rstrip()
