"""Draws a graph as SVG: values as boxes, operations as ellipses, local derivatives on the edges.

It knows how things look on a page; positions come from `layout`, and nothing outside this package
is needed to make the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

from vrepl.core.graph import Graph, Node
from vrepl.render.bounds import missing, more, nearest, title_of
from vrepl.render.cells import cell_width, clean
from vrepl.render.glyphs import UNICODE, heading, operator_glyph
from vrepl.render.layout import Box, Layout, Route, Size, Spacing, place
from vrepl.render.numbers import short
from vrepl.render.text import draw as draw_text

__all__ = ["draw", "html"]

MOST_BOXES = 150  # more are no picture but a texture, and take seconds to lay out
CHARACTER, ROW, PADDING, ARROW = 7.3, 19, 9, 22  # pixels, for the 12 pixel font below
MARGIN = 8
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


# On a page the theme's own colours are used, followed live; alone, literal ones that read on white.
# No blue reads well on white and on black, hence the mixture with the page's own ink; a browser
# that cannot mix takes the ink, which the drawing's fill hands down.
THEME = Palette(
    "var(--jp-ui-font-color1, currentColor)",
    "var(--jp-ui-font-color2, currentColor)",
    "none",
    "var(--jp-layout-color2, rgba(127,127,127,.12))",
    "var(--jp-layout-color1, rgba(127,127,127,.05))",
    "var(--jp-brand-color1, color-mix(in srgb, currentColor 35%, #1e88e5))",
)
LITERAL = Palette("#212121", "#616161", "#ffffff", "#f2f4f7", "#ffffff", "#1565c0")


def draw(graph: Graph, *, standalone: bool = False) -> str:
    """*graph* as an SVG element, operands on the left and the root on the right.

    Args:
        graph: What to draw; of a large one the nodes nearest the root.
        standalone: With colours and a background of its own, as a file needs them; otherwise in
            the colours of the page around it.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> drawing = draw(Graph((a, Node(1, "y", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2))
        >>> drawing.startswith("<svg"), "<ellipse" in drawing
        (True, True)
    """
    shown = nearest(graph, MOST_BOXES)
    figure = _Figure(shown, LITERAL if standalone else THEME)
    return figure.svg(standalone)


def html(graph: Graph) -> str:
    """*graph* for a notebook page: the drawing in a box that scrolls, never clips.

    The text drawing is there too, hidden: where a page strips SVG and styles it is what remains.

    Example:
        >>> html(Graph((Node(0, "<a>", "2.0", 2.0, "", ()),), 1)).count("<a>")
        0
    """
    fallback = escape(draw_text(graph, width=80))
    return (
        f'<div style="overflow-x:auto">{draw(graph)}</div>'
        f'<style>.vrepl-text{{display:none}}</style><pre class="vrepl-text">{fallback}</pre>'
    )


class _Figure:
    """One drawing being made: contents, sizes and positions, then elements."""

    def __init__(self, graph: Graph, palette: Palette) -> None:
        self.graph, self.palette = graph, palette
        self.contents = [_content(node) for node in graph.nodes]
        sizes = [self._size(node) for node in graph.nodes]
        self.layout: Layout = place(graph, sizes, SPACING)

    def _size(self, node: Node) -> Size:
        lines = self.contents[node.index]
        width = round(max(map(cell_width, lines)) * CHARACTER) + 2 * PADDING
        return Size(width, len(lines), _lead(node))

    def svg(self, standalone: bool) -> str:
        """The whole element."""
        width = self.layout.width + 2 * MARGIN
        tail = [more(missing(self.graph))] if missing(self.graph) else []
        height = self.layout.height * ROW + 2 * MARGIN + ROW * len(tail)
        label = f"graph of {clean(title_of(self.graph.root))}"
        body = "".join(self._elements(tail, width, height, standalone))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
            f' viewBox="{-MARGIN - 0.5} {-MARGIN} {width} {height}" role="img"'
            f' style="max-width:none" fill="{self.palette.ink}" font-size="12"'
            f' font-family="ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace">'
            f"<title>{escape(label)}</title>"
            f"<desc>{escape(_description(self.graph))}</desc>{body}</svg>"
        )

    def _elements(
        self, tail: Sequence[str], width: int, height: int, standalone: bool
    ) -> Iterator[str]:
        ink = self.palette.ink
        if standalone:
            yield (
                f'<rect x="{-MARGIN - 0.5}" y="{-MARGIN}" width="{width}" height="{height}"'
                f' fill="{self.palette.paper}"/>'
            )
        yield from map(self._route, self.layout.routes)
        for dot in self.layout.dots:
            yield f'<circle cx="{dot.x}" cy="{_y(dot.y)}" r="3" fill="{ink}"/>'
        for box in self.layout.boxes:
            yield self._node(box)
        for line in tail:
            at = self.layout.height * ROW + ROW - 6
            yield f'<text x="0" y="{at}" fill="{self.palette.quiet}">{escape(line)}</text>'

    def _route(self, route: Route) -> str:
        """One edge, ending at the ellipse it enters, with its local derivative before the end."""
        node, box = self.graph.nodes[route.target], self.layout.boxes[route.target]
        x, y = route.points[-1]
        points = " ".join(f"L{px} {_y(py)}" for px, py in route.points)[1:]
        left = box.x - ARROW - _ellipse(node)
        bend = left - 10
        edge = node.edges[route.operand]
        label = "" if edge.local_derivative is None else short(edge.local_derivative)
        about = _partial(node, self.graph.nodes[route.source], label)
        return (
            f'<g><title>{escape(clean(about))}</title><path d="M{points}L{bend} {_y(y)}'
            f'L{left} {_y(box.middle)}" fill="none" stroke="{self.palette.ink}"/>'
            f'<text x="{x + 3}" y="{_y(y) - 4}" font-size="10" fill="{self.palette.slope}">'
            f"{escape(label)}</text></g>"
        )

    def _node(self, box: Box) -> str:
        node, lines = self.graph.nodes[box.index], self.contents[box.index]
        inside = "".join(self._line(box, i, line, node) for i, line in enumerate(lines))
        rect = (
            f'<rect x="{box.x}" y="{box.y * ROW}" width="{box.width}" height="{box.height * ROW}"'
            f' rx="4" fill="{self.palette.box}" stroke="{self.palette.ink}"/>'
        )
        title = f"<title>{escape(_tooltip(node))}</title>"
        return f"<g>{title}{self._operation(box, node)}{rect}{inside}</g>"

    def _line(self, box: Box, number: int, line: str, node: Node) -> str:
        y = (box.y + number + 1) * ROW - 5
        weight = ' font-weight="bold"' if number == 0 and node.name else ""
        is_slope = node.slope is not None and number == len(self.contents[node.index]) - 1
        fill = self.palette.slope if is_slope else self.palette.ink
        return f'<text x="{box.x + PADDING}" y="{y}" fill="{fill}"{weight}>{escape(line)}</text>'

    def _operation(self, box: Box, node: Node) -> str:
        """The ellipse of the operation that made a box, and the arrow from it."""
        if not node.symbol:
            return ""
        half = _ellipse(node) / 2
        centre, y = box.x - ARROW - half, _y(box.middle)
        return (
            f'<ellipse cx="{centre}" cy="{y}" rx="{half}" ry="13" fill="{self.palette.operation}"'
            f' stroke="{self.palette.ink}"/><text x="{centre}" y="{y + 4}" text-anchor="middle"'
            f' fill="{self.palette.ink}">{escape(_operator_text(node))}</text>'
            f'<path d="M{centre + half} {y}L{box.x - 1} {y}" stroke="{self.palette.ink}"/>'
            f'<path d="M{box.x - 8} {y - 4}l8 4l-8 4z" fill="{self.palette.ink}"/>'
        )


def _y(row: float) -> float:
    return row * ROW + ROW / 2


def _content(node: Node) -> list[str]:
    title = heading(node, SIGNS, LONGEST_TITLE if node.name else LONGEST_EXPRESSION)
    lines = [title] if title else []
    lines.append(f"data {short(node.value)}")
    return lines if node.slope is None else [*lines, f"slope {short(node.slope)}"]


def _operator_text(node: Node) -> str:
    """The symbol, with the constants beside it: '**2', '2*'."""
    return operator_glyph(node, SIGNS)[1:-1]


def _partial(node: Node, operand: Node, number: str) -> str:
    """The local derivative of *node* by *operand* in words."""
    above, below = (n.name or f"({n.title})" for n in (node, operand))
    return f"∂{above}/∂{below} {f'= {number}' if number else 'is not known'}"


def _ellipse(node: Node) -> int:
    return max(30, round(cell_width(_operator_text(node)) * CHARACTER) + 16)


def _label_room(node: Node) -> int:
    """Room for the local derivatives before the ellipse, in the small font."""
    labels = [short(e.local_derivative) for e in node.edges if e.local_derivative is not None]
    return round(max(map(len, labels), default=0) * CHARACTER * 10 / 12) + 8


def _lead(node: Node) -> int:
    return _label_room(node) + 10 + _ellipse(node) + ARROW if node.symbol else 0


def _tooltip(node: Node) -> str:
    made = node.expression if node.symbol else "leaf"
    slope = "" if node.slope is None else f"\nslope {node.slope!r}"
    name = f"{clean(node.name)} = " if node.name else ""
    return f"{name}{clean(made)}\ndata {short(node.value)}{slope}"


def _description(graph: Graph) -> str:
    """The drawing in a sentence, for those who do not see it."""
    root = graph.root
    return (
        f"{clean(root.title)} = {short(root.value)}, made by {clean(root.expression)};"
        f" {graph.total} nodes, {sum(node.is_leaf for node in graph.nodes)} leaves shown"
    )
