"""Draws a graph for a terminal, in the first of several forms that fits the width.

It knows what the boxes say and which form comes next; positions come from `layout`, lines and
corners from `canvas`, the forms without boxes from `tree`; printing is left to the fronts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vrepl.core.graph import Graph, Node
from vrepl.render.bounds import missing, more
from vrepl.render.canvas import Canvas
from vrepl.render.cells import cell_width, pad
from vrepl.render.glyphs import ASCII, DOWN, LEFT, UNICODE, UP, Glyphs, heading, operator_glyph
from vrepl.render.layout import Box, Layout, Size, Spacing, place
from vrepl.render.numbers import short
from vrepl.render.tree import summary, tree

__all__ = ["STYLES", "draw"]

STYLES = ("auto", "tall", "slim", "tree", "summary")
MOST_BOXES = 40  # more fill several screens, while the tree stays on one
SPACING = Spacing(stub=1, track=1, tail=1, gap=0)


Line = tuple[str, str]  # what stands at the left and at the right side of a box


@dataclass(frozen=True, slots=True)
class Form:
    """One way to fill boxes; `shaft` is the length of the arrow's line, `margin` blanks inside."""

    style: str
    name: int
    expression: int
    shaft: int
    margin: int
    numbers: Callable[[Node, Glyphs], list[Line]]


def _in_words(node: Node, glyphs: Glyphs) -> list[Line]:
    slope = [] if node.slope is None else [(f"slope {short(node.slope)}", "")]
    return [(f"data {short(node.value)}", ""), *slope]


def _in_signs(node: Node, glyphs: Glyphs) -> list[Line]:
    slope = [] if node.slope is None else [(glyphs.slope, short(node.slope))]
    return [("", short(node.value)), *slope]


FORMS = (
    Form("tall", 24, 24, 1, 1, _in_words),
    Form("tall", 24, 12, 1, 1, _in_words),
    Form("slim", 16, 9, 0, 0, _in_signs),
)


def draw(graph: Graph, *, width: int = 80, ascii_only: bool = False, style: str = "auto") -> str:
    """*graph* as lines of text, operands on the left and the root on the right.

    Args:
        graph: What to draw.
        width: The most cells a line may have; 20 or more.
        ascii_only: Use no characters beyond ASCII for lines and signs.
        style: The form to begin with, one of `STYLES`; a simpler one is taken if it does not fit.

    Returns:
        The drawing, without a line break at its end.

    Raises:
        ValueError: *style* is not one of `STYLES`.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> print(draw(Graph((a, Node(1, "y", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2)))
        ╭──────────╮       ╭───────────╮
        │ a        │       │ y         │
        │ data 2.0 │──(-)─▶│ data -2.0 │
        ╰──────────╯       ╰───────────╯
    """
    if style not in STYLES:
        raise ValueError(f"No drawing style {style!r}; there are {', '.join(STYLES)}")
    return next(_attempts(graph, max(width, 20), ASCII if ascii_only else UNICODE, style))


def _attempts(graph: Graph, width: int, glyphs: Glyphs, style: str) -> Iterator[str]:
    """The drawings that fit *width*, the most detailed first; the last one always does."""
    ladder = STYLES[max(1, STYLES.index(style)) :]
    if len(graph.nodes) <= MOST_BOXES:
        for form in FORMS:
            if form.style in ladder and (drawn := _boxes(graph, form, width, glyphs)):
                yield drawn
    if "tree" in ladder and (drawn := tree(graph, width, glyphs)):
        yield drawn
    yield summary(graph, width, glyphs)


def _boxes(graph: Graph, form: Form, width: int, glyphs: Glyphs) -> str:
    """The drawing with boxes filled as *form* says; '' when it is wider than *width*."""
    contents = [_content(node, form, glyphs) for node in graph.nodes]
    operators = [operator_glyph(node, glyphs) if node.symbol else "" for node in graph.nodes]
    sizes = [_size(c, o, form) for c, o in zip(contents, operators, strict=True)]
    layout = place(graph, sizes, SPACING)
    if layout.width > width:
        return ""
    canvas = Canvas(layout.width, layout.height, glyphs)
    _paint_lines(canvas, layout)
    for box, content, operator in zip(layout.boxes, contents, operators, strict=True):
        _paint_box(canvas, box, content, form.margin)
        if operator:
            _paint_operation(canvas, box, operator, form.shaft, layout.entries(box.index))
    tail = [more(missing(graph), glyphs.ellipsis, width)] if missing(graph) else []
    return "\n".join(canvas.rows() + tail)


def _content(node: Node, form: Form, glyphs: Glyphs) -> list[Line]:
    title = heading(node, glyphs, form.name if node.name else form.expression)
    return ([(title, "")] if title else []) + form.numbers(node, glyphs)


def _size(content: list[Line], operator: str, form: Form) -> Size:
    widths = [
        cell_width(left) + bool(left and right) + cell_width(right) for left, right in content
    ]
    lead = 1 + cell_width(operator) + form.shaft + 1 if operator else 0
    return Size(max(widths) + 2 + 2 * form.margin, len(content) + 2, lead)


def _paint_lines(canvas: Canvas, layout: Layout) -> None:
    for route in layout.routes:
        canvas.line(route.source, route.points)
        canvas.touch(route.source, *route.points[0], LEFT)


def _paint_box(canvas: Canvas, box: Box, content: list[Line], margin: int) -> None:
    top_left, top_right, low_left, low_right, across, down = tuple(canvas.glyphs.box)
    inside, blank = box.width - 2, " " * margin
    canvas.write(box.x, box.y, top_left + across * inside + top_right)
    for row, (left, right) in enumerate(content, box.y + 1):
        text = blank + pad(left, inside - 2 * margin - cell_width(right)) + right + blank
        canvas.write(box.x, row, down + text + down)
    canvas.write(box.x, box.y + box.height - 1, low_left + across * inside + low_right)


def _paint_operation(
    canvas: Canvas, box: Box, operator: str, shaft: int, entries: Sequence[int]
) -> None:
    """The operator, the arrow to its result, and the joint or line that leads to it."""
    across = canvas.glyphs.box[4]
    arrow = operator + across * shaft + canvas.glyphs.arrow
    x = box.x - cell_width(arrow)
    canvas.write(x, box.middle, arrow)
    if entries:
        canvas.write(box.start, box.middle, across * (x - box.start))
    if len(entries) > 1:
        _paint_joint(canvas, box, entries)


def _paint_joint(canvas: Canvas, box: Box, entries: Sequence[int]) -> None:
    glyphs = canvas.glyphs
    for row in range(entries[0], entries[-1] + 1):
        canvas.write(
            box.start, row, glyphs.joints[0] if row in entries else glyphs.lines[UP | DOWN]
        )
    canvas.write(box.start, entries[0], glyphs.lines[LEFT | DOWN])
    canvas.write(box.start, entries[-1], glyphs.lines[LEFT | UP])
    canvas.write(box.start, box.middle, glyphs.joints[1])
