"""Draws a graph as SVG: values as boxes, operations as ellipses, local derivatives on the edges.

It knows how things look on a page; positions come from `layout`, and nothing outside this package
is needed to make the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape

from vrepl.core.graph import Graph, Node, number_text
from vrepl.render.bounds import missing, more, title_of
from vrepl.render.cells import cell_width, clean, shorten
from vrepl.render.glyphs import UNICODE, heading, operator_glyph
from vrepl.render.layout import Box, Layout, Route, Size, Spacing, place
from vrepl.render.numbers import short
from vrepl.render.readable import originals, readable

__all__ = [
    "ARROW",
    "PADDING",
    "ROW",
    "Figure",
    "draw",
    "ellipse_width",
    "in_javascript",
    "lines_of",
    "operator_text",
]

CHARACTER, ROW, PADDING, ARROW = 7.3, 19, 9, 22  # pixels, for the 12 pixel font below
MARGIN, ROOM = 8, 16  # around a drawing, and above it for a product along a path
MOST_TOLD = 12  # leaves whose slopes the description tells
SPACING = Spacing(stub=10, track=12, tail=8, gap=1)
LONGEST_TITLE, LONGEST_EXPRESSION = 24, 20
SIGNS = replace(UNICODE, times="*")  # a page has room for the expression, which is written so


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a drawing."""

    ink: str
    quiet: str
    paper: str
    box: str
    operation: str
    slope: str


# On a page the colours are those of `page.css`, which follow the theme around it; alone, literal
# ones that read on white.
THEME = Palette(
    ink="var(--vrepl-ink, currentColor)",
    quiet="var(--vrepl-quiet, currentColor)",
    paper="none",
    box="var(--vrepl-box, none)",
    operation="var(--vrepl-operation, none)",
    slope="var(--vrepl-slope, currentColor)",
)
LITERAL = Palette("#212121", "#616161", "#ffffff", "#f2f4f7", "#ffffff", "#1565c0")


def draw(graph: Graph, *, standalone: bool = False, note: str = "") -> str:
    """*graph* as an SVG element, operands on the left and the root on the right.

    Args:
        graph: What to draw; a large one is folded, or only the nodes nearest the root are drawn.
        standalone: With colours and a background of its own, as a file needs them; otherwise in
            the colours of the page around it.
        note: A line to write below.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> drawing = draw(Graph((a, Node(1, "y", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2))
        >>> drawing.startswith("<svg"), "<ellipse" in drawing
        (True, True)
    """
    return Figure(readable(graph), standalone=standalone, note=note).svg()


class Figure:
    """One drawing being made: contents, sizes and positions, then elements."""

    @classmethod
    def of(cls, graph: Graph, *, standalone: bool = True) -> Figure:
        """A drawing of as much as a reader can follow."""
        return cls(readable(graph), standalone=standalone)

    def __init__(self, graph: Graph, *, standalone: bool, note: str = "") -> None:
        self.graph, self.standalone = graph, standalone
        self.palette = LITERAL if standalone else THEME
        self.top = MARGIN if standalone else ROOM
        self.places = _places(graph)
        self.originals = originals(graph)
        self.contents = [lines_of(node) for node in graph.nodes]
        sizes = [self._size(node) for node in graph.nodes]
        self.layout: Layout = place(graph, sizes, SPACING)
        self.title = f"graph of {clean(title_of(graph.root))}"
        rest = more(missing(graph)) if missing(graph) else ""
        self.tail = [line for line in (*_folding(graph), rest, note) if line]
        longest = max((round(cell_width(line) * CHARACTER) for line in self.tail), default=0)
        self.width = max(self.layout.width, longest) + 2 * MARGIN
        self.height = self.layout.height * ROW + self.top + MARGIN + ROW * len(self.tail)

    def is_slope(self, node: Node, number: int) -> bool:
        """Whether a line of a box is its slope."""
        return node.slope is not None and number == len(self.contents[node.index]) - 1

    def _size(self, node: Node) -> Size:
        lines = self.contents[node.index]
        width = round(max(map(cell_width, lines)) * CHARACTER) + 2 * PADDING
        return Size(width, len(lines), _lead(node))

    def svg(self) -> str:
        """The whole element."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}"'
            f' viewBox="{-MARGIN - 0.5} {-self.top} {self.width} {self.height}" role="img"'
            f' fill="{self.palette.ink}" font-size="12"'
            f' font-family="ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace">'
            f"<title>{escape(self.title)}</title>"
            f"<desc>{escape(_description(self.graph))}</desc>"
            f"{''.join(self._elements())}</svg>"
        )

    def _elements(self) -> Iterator[str]:
        ink = self.palette.ink
        if self.standalone:
            yield (
                f'<rect x="{-MARGIN - 0.5}" y="{-self.top}" width="{self.width}"'
                f' height="{self.height}" fill="{self.palette.paper}"/>'
            )
        yield from map(self._route, self.layout.routes)
        for dot in self.layout.dots:
            mark = "" if self.standalone else f' class="vrepl-dot" data-from="{dot.source}"'
            yield f'<circle{mark} cx="{dot.x}" cy="{_y(dot.y)}" r="3" fill="{ink}"/>'
        for box in self.layout.boxes:
            yield self._node(box)
        for number, line in enumerate(self.tail, 1):
            at = (self.layout.height + number) * ROW - 6
            yield f'<text x="0" y="{at}" fill="{self.palette.quiet}">{escape(line)}</text>'

    def _route(self, route: Route) -> str:
        """One edge, ending at the ellipse it enters, with its local derivative before the end."""
        node, box = self.graph.nodes[route.target], self.layout.boxes[route.target]
        x, y = route.points[-1]
        points = " ".join(f"L{px} {_y(py)}" for px, py in route.points)[1:]
        left = box.x - ARROW - ellipse_width(node)
        bend = left - 10
        edge = node.edges[route.operand]
        label = "" if edge.local_derivative is None else short(edge.local_derivative)
        about = escape(clean(_partial(node, self.graph.nodes[route.source], label)))
        end = f"L{bend} {_y(y)}L{left} {_y(box.middle)}"
        return (
            f"<g{self._edge_marks(route, edge.local_derivative)}><title>{about}</title>"
            f'<path d="M{points}{end}" fill="none" stroke="{self.palette.ink}"/>'
            f'<text x="{x + 3}" y="{_y(y) - 4}" font-size="10" fill="{self.palette.slope}">'
            f"{escape(label)}</text></g>"
        )

    def _node(self, box: Box) -> str:
        node, lines = self.graph.nodes[box.index], self.contents[box.index]
        dashes = ' stroke-dasharray="5 3"' if node.copy else ""
        inside = "".join(self._line(box, i, line, node) for i, line in enumerate(lines))
        rect = (
            f'<rect x="{box.x}" y="{box.y * ROW}" width="{box.width}" height="{box.height * ROW}"'
            f' rx="4" fill="{self.palette.box}" stroke="{self.palette.ink}"{dashes}/>'
        )
        title = f"<title>{escape(_tooltip(node, self.places[node.index]))}</title>"
        return f"<g{self._node_marks(node)}>{title}{self._operation(box, node)}{rect}{inside}</g>"

    def _node_marks(self, node: Node) -> str:
        """What the script of a page needs to know of a box."""
        if self.standalone:
            return ""
        name = node.name or f"({shorten(node.title, LONGEST_TITLE)})"
        same = self.originals.get(node.index)
        copied = "" if same is None else f' data-same="{same}"'
        return (
            f' class="vrepl-node" data-node="{node.index}"{copied}'
            f' data-name="{escape(clean(name))}"'
        )

    def _edge_marks(self, route: Route, slope: float | None) -> str:
        """What the script of a page needs to know of an edge."""
        if self.standalone:
            return ""
        known = "" if slope is None else f' data-slope="{in_javascript(slope)}"'
        return f' class="vrepl-edge" data-from="{route.source}" data-to="{route.target}"{known}'

    def _line(self, box: Box, number: int, line: str, node: Node) -> str:
        y = (box.y + number + 1) * ROW - 5
        weight = ' font-weight="bold"' if number == 0 and node.name else ""
        fill = self.palette.slope if self.is_slope(node, number) else self.palette.ink
        mark = self._line_mark(number, node)
        return (
            f'<text{mark} x="{box.x + PADDING}" y="{y}" fill="{fill}"{weight}>{escape(line)}</text>'
        )

    def _line_mark(self, number: int, node: Node) -> str:
        """What the script of a player needs to know of a line: is it the value, or the slope?"""
        if self.standalone:
            return ""
        is_value = number == len(self.contents[node.index]) - 1 - (node.slope is not None)
        kind = "of" if self.is_slope(node, number) else "value" if is_value else ""
        return f' class="vrepl-{kind}"' if kind else ""

    def _operation(self, box: Box, node: Node) -> str:
        """The ellipse of the operation that made a box, and the arrow from it."""
        if not node.symbol:
            return ""
        half = ellipse_width(node) / 2
        centre, y = box.x - ARROW - half, _y(box.middle)
        return (
            f'<ellipse cx="{centre}" cy="{y}" rx="{half}" ry="13" fill="{self.palette.operation}"'
            f' stroke="{self.palette.ink}"/><text x="{centre}" y="{y + 4}" text-anchor="middle"'
            f' fill="{self.palette.ink}">{escape(operator_text(node))}</text>'
            f'<path d="M{centre + half} {y}L{box.x - 1} {y}" stroke="{self.palette.ink}"/>'
            f'<path d="M{box.x - 8} {y - 4}l8 4l-8 4z" fill="{self.palette.ink}"/>'
        )


def _y(row: float) -> float:
    return row * ROW + ROW / 2


def lines_of(node: Node) -> list[str]:
    """What stands in the box of *node*: its title where it has one, its value, its slope.

    Example:
        >>> lines_of(Node(0, "a", "2.0", 2.0, "", (), slope=-3.0))
        ['a', 'data 2.0', 'slope -3.0']
    """
    title = heading(node, SIGNS, LONGEST_TITLE if node.name else LONGEST_EXPRESSION)
    lines = [title] if title else []
    if node.folded and node.name:
        made = f"= {node.expression}"
        lines.append(shorten(clean(made), LONGEST_TITLE))
    lines.append(f"data {short(node.value)}")
    return lines if node.slope is None else [*lines, f"slope {short(node.slope)}"]


def operator_text(node: Node) -> str:
    """The symbol, with the constants beside it: '**2', '2*'."""
    return operator_glyph(node, SIGNS)[1:-1]


def _partial(node: Node, operand: Node, number: str) -> str:
    """The local derivative of *node* by *operand* in words."""
    above, below = (n.name or f"({n.title})" for n in (node, operand))
    return f"∂{above}/∂{below} {f'= {number}' if number else 'is not known'}"


def ellipse_width(node: Node) -> int:
    """How wide its operation is drawn, in pixels."""
    return max(30, round(cell_width(operator_text(node)) * CHARACTER) + 16)


def _label_room(node: Node) -> int:
    """Room for the local derivatives before the ellipse, in the small font."""
    labels = [short(e.local_derivative) for e in node.edges if e.local_derivative is not None]
    return round(max(map(len, labels), default=0) * CHARACTER * 10 / 12) + 8


def _lead(node: Node) -> int:
    return _label_room(node) + 10 + ellipse_width(node) + ARROW if node.symbol else 0


def _folding(graph: Graph) -> list[str]:
    """The line that says how much is folded, none where nothing is."""
    count = sum(node.inside for node in graph.nodes if node.folded)
    return [f"{count:,} node{'' if count == 1 else 's'} folded into boxes"] if count else []


def in_javascript(number: float) -> str:
    """A float as JavaScript's `Number` reads it, with all its digits.

    Example:
        >>> in_javascript(0.1), in_javascript(float("-inf"))
        ('0.1', '-Infinity')
    """
    return repr(float(number)).replace("inf", "Infinity").replace("nan", "NaN")


def _places(graph: Graph) -> list[str]:
    """Where each node was made: an anonymous one is part of the named one it was typed in."""
    places = [node.place for node in graph.nodes]
    for node in reversed(graph.nodes):
        for edge in node.edges:
            if edge.source is not None and not graph.nodes[edge.source].name:
                places[edge.source] = places[edge.source] or places[node.index]
    return places


def _tooltip(node: Node, where: str) -> str:
    made = node.expression if node.symbol else number_text(node.value)
    lines = [f"{clean(node.name)} = {clean(made)}" if node.name else clean(made)]
    if node.symbol:
        lines.append(f"data {number_text(node.value)}")
    if node.slope is not None:
        lines.append(f"slope {node.slope!r}")
    if node.inside:
        lines.append(f"{node.inside:,} more node{'' if node.inside == 1 else 's'} folded in")
    if where:
        lines.append(f"{'made' if node.symbol else 'typed'} in {clean(where)}")
    return "\n".join(lines)


def _description(graph: Graph) -> str:
    """The drawing in a sentence, for those who do not see it."""
    root = graph.root
    leaves = [node for node in graph.nodes if node.is_leaf]
    slopes = [
        f"{clean(leaf.name or short(leaf.value))} {short(leaf.slope)}"
        for leaf in leaves
        if leaf.slope is not None
    ]
    told = ", ".join(slopes[:MOST_TOLD]) + (", …" if len(slopes) > MOST_TOLD else "")
    return (
        f"{clean(root.title)} = {short(root.value)}, made by {clean(root.expression)};"
        f" {graph.total} nodes, {len(leaves)} leaves shown{'; slopes: ' if told else ''}{told}"
    )
