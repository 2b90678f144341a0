"""Writes a graph as an indented tree or as a summary, for graphs too large or wide for boxes.

It knows lines of text; drawings with boxes are left to `text`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrepl.core.graph import Edge, Graph, Node
from vrepl.core.outline import Group, Outline
from vrepl.render.bounds import distances, missing, more, nearest
from vrepl.render.cells import cell_width, clean, shorten
from vrepl.render.glyphs import Glyphs, heading, operator_glyph, symbol_glyph
from vrepl.render.ink import NAME, SLOPE, Ink, Run, inked, plain
from vrepl.render.ink import width as width_of
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
    """A node to write: `bars` before it, its `branch`, and whether it is the place to expand it.

    `local` is the local derivative of the node it is an operand of.
    """

    index: int
    bars: str
    branch: str
    expand: bool
    local: str = ""


def tree(  # noqa: PLR0913 - one keyword for each fact about the page
    graph: Graph,
    width: int,
    glyphs: Glyphs,
    *,
    edges: bool = False,
    whole: bool = False,
    ink: Ink = plain,
) -> str:
    """*graph* as a tree, the root first and operands below it; '' when *width* is too small.

    At most about 40 nodes nearest the root; the last line counts the others. A node with several
    uses is expanded where it is nearest the root, and an arrow points there from the other uses.

    Args:
        graph: What to write.
        width: The most cells a line may have.
        glyphs: The characters to use.
        edges: Write the local derivative of the line above by each operand.
        whole: Write all nodes of *graph*, or nothing.
        ink: Shows the roles of names and slopes.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> from vrepl.render.glyphs import UNICODE
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> y = Node(1, "", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))
        >>> print(tree(Graph((a, y), 2), 80, UNICODE))
        -a = -2.0  (-)
        └─ a = 2.0
    """
    deepest = max(1, (width - ROOM) // INDENT)
    if whole and (len(nearest(graph, MOST_LINES, deepest).nodes) < len(graph.nodes)):
        return ""
    for depth in (deepest,) if whole else range(deepest, 0, -1):
        shown = _readable(graph, depth)
        if lines := _written(shown, edges, width, glyphs):
            written = [inked(line, ink) for line in lines]
            tail = [more(missing(shown), glyphs.ellipsis, width)] if missing(shown) else []
            return "" if whole and shown != graph else "\n".join(written + tail)
    return ""


def _readable(graph: Graph, depth: int) -> Graph:
    """The nodes nearest the root that a page has lines for, one for each use of an operand."""
    shown = nearest(graph, MOST_LINES, depth)
    count = len(shown.nodes)
    while sum(len(_used(node)) for node in shown.nodes) >= MOST_LINES and count > 1:
        count -= 1
        shown = nearest(shown, count)
    return shown


def _written(graph: Graph, edges: bool, width: int, glyphs: Glyphs) -> list[list[Run]]:
    """The lines of a tree, in fewer words and counts if need be; none if it is still too wide."""
    for facts_of in (_facts, _signs, _fewest):
        written = list[list[Run]]()
        seen = set[int]()
        for line in _lines(graph, glyphs):
            node = graph.nodes[line.index]
            facts = facts_of(node, line.local if edges else "", glyphs)
            if line.expand:
                seen.add(line.index)
            else:
                facts.append(Run(f" {glyphs.above if line.index in seen else glyphs.below}"))
            written.append(_fitted(node, line, facts, width, glyphs))
        if all(written):
            return written
    return []


def _used(node: Node) -> list[Edge]:
    return [edge for edge in node.edges if edge.source is not None]


def _lines(graph: Graph, glyphs: Glyphs) -> Iterator[_Line]:
    """The lines from the root down; a node is expanded at its first use nearest the root."""
    far = distances(graph)
    homes: dict[int, tuple[int, int]] = {}
    for index in far:
        for position, edge in enumerate(_used(graph.nodes[index])):
            if far[_source(edge)] == far[index] + 1:
                homes.setdefault(_source(edge), (index, position))
    stack = [_Line(graph.root.index, "", "", True)]
    while stack:
        line = stack.pop()
        yield line
        used = _used(graph.nodes[line.index]) if line.expand else []
        bars = line.bars + _continued(line.branch, glyphs)
        for position, edge in reversed(list(enumerate(used))):
            branch = glyphs.branches[position == len(used) - 1]
            expand = homes[_source(edge)] == (line.index, position)
            local = "?" if edge.local_derivative is None else short(edge.local_derivative)
            stack.append(_Line(_source(edge), bars, branch, expand, local))


def _source(edge: Edge) -> int:
    assert edge.source is not None
    return edge.source


def _continued(branch: str, glyphs: Glyphs) -> str:
    """What stands below *branch* in the lines of its operands."""
    if not branch:
        return ""
    return glyphs.branches[2] if branch == glyphs.branches[0] else " " * INDENT


def _fitted(node: Node, line: _Line, facts: list[Run], width: int, glyphs: Glyphs) -> list[Run]:
    """The line of text, its title shortened if need be; nothing when that is not enough."""
    title = heading(node, glyphs, LONGEST_TITLE)
    before = line.bars + line.branch
    room = width - cell_width(before) - width_of(facts) - (3 if title else 0)
    if room < min(SHORTEST_TITLE, cell_width(title)):
        return []
    title = shorten(title, room, glyphs.ellipsis)
    named = [Run(title, NAME if node.name else ""), Run(" = ")] if title else []
    return [Run(before), *named, *facts]


def _facts(node: Node, local: str, glyphs: Glyphs) -> list[Run]:
    return _apart("  ", _parts_of(node, local, "slope", f"+{node.inside:,}", glyphs))


def _signs(node: Node, local: str, glyphs: Glyphs) -> list[Run]:
    return _apart(" ", _parts_of(node, local, glyphs.slope, f"+{node.inside:,}", glyphs))


def _fewest(node: Node, local: str, glyphs: Glyphs) -> list[Run]:
    return _apart(" ", _parts_of(node, local, glyphs.slope, "", glyphs))


def _apart(blanks: str, parts: Iterator[Run]) -> list[Run]:
    return [run for part in parts for run in (Run(blanks), part)][1:]


def _parts_of(node: Node, local: str, slope: str, inside: str, glyphs: Glyphs) -> Iterator[Run]:
    yield Run(short(node.value))
    if node.slope is not None:
        yield Run(f"{slope} {short(node.slope)}", SLOPE)
    if node.symbol:
        yield Run(operator_glyph(node, glyphs))
    if node.folded and inside:
        yield Run(inside)
    if local:
        yield Run(f"local {local}")


def summary(graph: Graph, width: int, glyphs: Glyphs, subject: str = "") -> str:
    """The root, what the graph is made of, the names that matter most, and how to see more.

    Args:
        graph: What to tell of; of its `outline` where it has one.
        width: The most cells a line may have.
        glyphs: The characters to use.
        subject: What a command calls the graph; without it there are no hints.

    Example:
        >>> from vrepl.render.glyphs import UNICODE
        >>> print(summary(Graph((Node(0, "a", "a", 2.0, "", ()),), 1), 80, UNICODE))
        a = 2.0
        1 node: 1 leaf, 0 operations
    """
    parts = [_root(graph, glyphs), *_parts(graph, glyphs)]
    if subject:
        parts.append(_ways_in(graph, subject))
    return "\n".join(line for part in parts for line in _wrapped(part, width, glyphs))


def _root(graph: Graph, glyphs: Glyphs) -> list[str]:
    root = graph.root
    title = heading(root, glyphs, LONGEST_TITLE)
    slope = "" if root.slope is None else f"  slope {short(root.slope)}"
    return [f"{title} = {short(root.value)}{slope}" if title else short(root.value) + slope]


def _parts(graph: Graph, glyphs: Glyphs) -> Iterator[list[str]]:
    """The statements of a summary, each as pieces between which a line may break."""
    outline = graph.outline
    if outline is None:
        leaves = sum(not node.symbol for node in graph.nodes)
        operations: Sequence[tuple[str, int]] = Counter(
            node.symbol for node in graph.nodes if node.symbol
        ).most_common()
        names: Sequence[tuple[str, float | None]]
        names, named = _weightiest(graph)
    else:
        leaves, operations = outline.leaves, outline.operations
        names, named = outline.steepest, outline.named
    yield [
        f"{_counted(graph.total, 'node')}{'' if outline else _of_which(graph)}:",
        f"{leaves:,} {'leaf' if leaves == 1 else 'leaves'},",
        _counted(sum(count for _, count in operations), "operation")
        + (f"; {_counted(outline.depth, 'edge')} deep" if outline else ""),
    ]
    if outline is not None and len(outline.groups) > 1:
        yield from _groups(outline, glyphs)
    if operations:
        pieces = [f"{count:,} {symbol_glyph(symbol, glyphs)}" for symbol, count in operations]
        yield _listed("operations:", _first(pieces, len(pieces)))
    if names:
        pieces = [
            clean(name) + ("" if slope is None else f" (slope {short(slope)})")
            for name, slope in names
        ]
        yield _listed("steepest:" if names[0][1] is not None else "names:", _first(pieces, named))


def _first(pieces: list[str], count: int) -> list[str]:
    rest = count - min(len(pieces), LISTED)
    return pieces[:LISTED] + ([f"{rest:,} more"] if rest > 0 else [])


def _groups(outline: Outline, glyphs: Glyphs) -> Iterator[list[str]]:
    """A line for each group: its number, how many there are, what they are and of which others."""
    most = max(len(f"{group.count:,}") for group in outline.groups)
    last = len(str(len(outline.groups)))
    for number, group in enumerate(outline.groups, 1):
        begin = f"  {f'#{number}':<{last + 1}} {f'{group.count:,}':>{most}} {glyphs.times}"
        yield [begin, *(word for text in _group(group, glyphs) for word in text.split())]


def _group(group: Group, glyphs: Glyphs) -> Iterator[str]:
    between = ", " if group.count == len(group.names) else f" {glyphs.ellipsis} "
    names = between.join(shorten(clean(name), 16, glyphs.ellipsis) for name in group.names)
    made = group.made.replace("…", glyphs.ellipsis).replace("·", glyphs.operand)
    yield " = ".join(filter(None, (names, clean(made)))) or "numbers"
    used = ["one another"] if group.repeats else []
    used += [f"#{position + 1}" for position in group.operands]
    if used:
        yield f"of {', '.join(used)}"
    elif not group.made:
        yield "(leaf)" if group.count == 1 else "(leaves)"


def _ways_in(graph: Graph, subject: str) -> list[str]:
    """How to see parts of the graph."""
    ways = [f"%graph {subject} --depth 3"]
    names = [name for name, _ in graph.outline.steepest] if graph.outline else []
    near = next((name for name in names if " " not in name), "")
    ways += [f"%graph {subject} wrt {near}"] if near else []
    return _listed("to see more:", [*ways, f"%graph {subject} --style tree"])


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _of_which(graph: Graph) -> str:
    return f"; among the {len(graph.nodes):,} nearest" if missing(graph) else ""


def _listed(heading: str, pieces: list[str]) -> list[str]:
    return [heading, *(piece + "," for piece in pieces[:-1]), pieces[-1]]


def _weightiest(graph: Graph) -> tuple[list[tuple[str, float | None]], int]:
    """The names of the nodes with the steepest slopes, or the first names if none is known."""
    named = [(n.name, n.slope) for n in graph.nodes if n.name and n is not graph.root]
    named.sort(key=lambda pair: -abs(pair[1] or 0.0))
    return named[:LISTED], len(named)


def _wrapped(pieces: list[str], width: int, glyphs: Glyphs) -> Iterator[str]:
    """Lines of *pieces* separated by blanks; continuation lines are indented."""
    line = ""
    indent = " " * (cell_width(pieces[0]) if pieces[0].startswith(" ") else 1)
    for piece in pieces:
        if line.strip() and cell_width(line) + 1 + cell_width(piece) > width:
            yield line.rstrip()
            line = indent
        line = shorten(f"{line} {piece}" if line else piece, width, glyphs.ellipsis)
    yield line.rstrip()
