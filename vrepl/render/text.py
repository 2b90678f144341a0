"""Draws a graph for a terminal, in the first of several forms that fits the width.

It knows what the boxes say and which form comes next; positions come from `layout`, lines and
corners from `canvas`, the forms without boxes from `tree`; printing is left to the fronts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from vrepl.core.folding import behind, flattened, folded, repeated
from vrepl.core.graph import Edge, Graph, Node, View
from vrepl.render.bounds import missing, more
from vrepl.render.canvas import Canvas
from vrepl.render.cells import cell_width, clean, pad, shorten
from vrepl.render.glyphs import ASCII, DOWN, LEFT, UNICODE, UP, Glyphs, heading, operator_glyph
from vrepl.render.ink import NAME, SLOPE, Ink, plain
from vrepl.render.layout import Box, Layout, Size, Spacing, place
from vrepl.render.numbers import short
from vrepl.render.tree import summary, tree

__all__ = ["SLIM", "STYLES", "TALL", "Boxes", "draw", "in_fewer_boxes"]

STYLES = ("auto", "tall", "slim", "folded", "tree", "summary")
MOST_BOXES = 40  # more fill several screens, while the tree stays on one
MOST_EDGES = 40  # of a folded drawing that nobody asked for
FEWEST_BOXES = 4  # of a folded drawing, where a tree could show everything
MOST_ASKED = 100  # boxes of a style that was asked for by name; more take seconds to place
MOST_FOLDED = 10_000  # nodes of a graph that is folded; more take seconds
TALLEST = 48  # lines of a folded drawing that nobody asked for
REACH = 6  # layers that a leaf's rail may pass; beyond them the leaf is drawn again
SPACING = Spacing(stub=1, track=1, tail=1, gap=0)


class Line(NamedTuple):
    """What stands at the left and at the right side of a box, and the role of it."""

    left: str
    right: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to fill boxes; `shaft` is the length of the arrow's line, `margin` blanks inside."""

    style: str
    name: int
    expression: int
    shaft: int
    margin: int
    numbers: Callable[[Node, Glyphs, int], list[Line]]


def _in_words(node: Node, glyphs: Glyphs, limit: int) -> list[Line]:
    made = f"= {node.expression}".replace("…", glyphs.ellipsis)
    formula = [Line(shorten(clean(made), limit, glyphs.ellipsis))]
    slope = [] if node.slope is None else [Line(f"slope {short(node.slope)}", role=SLOPE)]
    show = formula if node.folded and node.name else []
    return [*show, Line(f"data {short(node.value)}"), *slope]


def _in_signs(node: Node, glyphs: Glyphs, limit: int) -> list[Line]:
    slope = [] if node.slope is None else [Line(glyphs.slope, short(node.slope), SLOPE)]
    inside = [Line(f"+{node.inside:,}")] if node.folded else []
    return [Line("", short(node.value)), *slope, *inside]


TALL = (Form("tall", 24, 24, 1, 1, _in_words), Form("tall", 24, 12, 1, 1, _in_words))
SLIM = (Form("slim", 16, 9, 0, 0, _in_signs),)


def draw(
    graph: Graph,
    *,
    width: int = 80,
    ascii_only: bool = False,
    style: str = "",
    ink: Ink = plain,
) -> str:
    """*graph* as lines of text, operands on the left and the root on the right.

    What it shows is as `graph.view` asks, with a line below on what is folded or left out.

    Args:
        graph: What to draw.
        width: The most cells a line may have; 20 or more.
        ascii_only: Use no characters beyond ASCII for lines and signs.
        style: The form to begin with, one of `STYLES`; a simpler one is taken if it does not fit.
        ink: Shows the roles of names and slopes.

    Returns:
        The drawing, without a line break at its end.

    Raises:
        ValueError: The style is not one of `STYLES`.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> graph = Graph((a, Node(1, "y", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2)
        >>> print(draw(graph))
        ╭──────────╮       ╭───────────╮
        │ a        │       │ y         │
        │ data 2.0 │──(-)─▶│ data -2.0 │
        ╰──────────╯       ╰───────────╯
        >>> print(draw(replace(graph, view=View(edges=True)), style="slim"))
        ╭───╮              ╭────╮
        │a  │              │y   │
        │2.0│── -1.0 ──(-)▶│-2.0│
        ╰───╯              ╰────╯
    """
    view = replace(graph.view, style=style) if style else graph.view
    if view.style not in STYLES:
        raise ValueError(f"No drawing style {view.style!r}; there are {', '.join(STYLES)}")
    glyphs = ASCII if ascii_only or view.ascii_only else UNICODE
    return next(_Page(max(width, 20), glyphs, view, ink).attempts(graph))


@dataclass(frozen=True, slots=True)
class _Page:
    """Where a drawing goes, and what it is to look like."""

    width: int
    glyphs: Glyphs
    view: View
    ink: Ink = plain

    @property
    def asked(self) -> str:
        """The style that was asked for; 'auto' for none."""
        return "folded" if self.view.expand else self.view.style

    def attempts(self, graph: Graph) -> Iterator[str]:
        """The drawings that fit, the most detailed first; the last one always does."""
        styles = {
            "tall": self._tall,
            "slim": self._slim,
            "folded": self._folded,
            "tree": self._tree,
            "summary": self._summary,
        }
        begin = max(1, STYLES.index(self.asked))
        if self.asked == "auto" and graph.outline is not None and missing(graph):
            begin = STYLES.index("summary")  # what is here is only a corner of the graph
        for style in STYLES[begin:]:
            for drawn in styles[style](graph):
                yield "\n".join([drawn, *self._note(style)])

    def _note(self, style: str) -> list[str]:
        """The line that says that a drawing is in another style than was asked for."""
        if self.asked in ("auto", style):
            return []
        fact = f"no room for {self.asked}: {style}"
        return [shorten(fact, self.width, self.glyphs.ellipsis)]

    def _tall(self, graph: Graph) -> Iterator[str]:
        return filter(None, (self._boxes(graph, form) for form in TALL))

    def _slim(self, graph: Graph) -> Iterator[str]:
        return filter(None, (self._boxes(graph, form) for form in SLIM))

    def _folded(self, graph: Graph) -> Iterator[str]:
        """Drawings of the graph in fewer boxes; unasked only those that fit a screen."""
        is_asked = self.asked == "folded"
        for fewer in in_fewer_boxes(graph, self.view.expand, is_asked):
            if not is_asked and (_is_tangled(fewer) or self._tells_less(fewer, graph)):
                continue
            near = repeated(fewer, REACH)
            for form in (*TALL, *SLIM):
                drawn = self._boxes(near, form)
                if drawn and (is_asked or drawn.count("\n") < TALLEST):
                    yield "\n".join([drawn, *self._way_in(fewer)])
                    break

    def _tells_less(self, fewer: Graph, graph: Graph) -> bool:
        """Whether hardly any box would be left, and a tree has room for all that is in them."""
        is_little = len(fewer.nodes) < FEWEST_BOXES <= len(graph.nodes)
        return is_little and bool(tree(graph, self.width, self.glyphs, whole=True))

    def _way_in(self, graph: Graph) -> list[str]:
        """The line that says what is folded, and how to open a box."""
        boxes = [n for n in graph.nodes if n.folded]
        if not boxes:
            return []
        count = sum(node.inside for node in boxes)
        facts = [f"{count:,} node{'' if count == 1 else 's'} folded"]
        closed = [n for n in boxes if " " not in n.name and n.name not in self.view.expand]
        names = [n.name for n in sorted(closed, key=lambda n: -n.inside)]
        if self.view.subject and any(names):
            name = clean(next(filter(None, names)))
            facts.append(f"%graph {self.view.subject} --expand {name} opens one")
        line = "; ".join(facts)
        lines = [line] if cell_width(line) <= self.width else facts
        return [shorten(line, self.width, self.glyphs.ellipsis) for line in lines]

    def _tree(self, graph: Graph) -> Iterator[str]:
        """The tree of the graph, or of a folded one where that is whole; cut only when asked."""
        write = partial(
            tree, width=self.width, glyphs=self.glyphs, edges=self.view.edges, ink=self.ink
        )
        if self.asked == "tree":
            return filter(None, [write(graph)])
        fewer = (graph, *in_fewer_boxes(graph, self.view.expand, False))
        found = ((write(g, whole=True), g) for g in fewer)
        return ("\n".join([drawn, *self._way_in(g)]) for drawn, g in found if drawn)

    def _summary(self, graph: Graph) -> Iterator[str]:
        yield summary(graph, self.width, self.glyphs, self.view.subject)

    def _boxes(self, graph: Graph, form: Form) -> str:
        """The drawing with boxes filled as *form* says; '' when it is wider than the page."""
        if len(graph.nodes) > (MOST_ASKED if self.asked == form.style else MOST_BOXES):
            return ""
        boxes = Boxes.of(graph, form, self.glyphs, self.view.edges)
        if boxes.layout.width > self.width:
            return ""
        rest = missing(graph)
        tail = [more(rest, self.glyphs.ellipsis, self.width)] if rest else []
        return "\n".join([*boxes.rows(ink=self.ink), *tail])


@dataclass(frozen=True, slots=True)
class Boxes:
    """A graph as boxes in their places, ready to be painted, also before all of it is known."""

    graph: Graph
    form: Form
    glyphs: Glyphs
    contents: tuple[list[Line], ...]
    arrows: tuple[_Arrow, ...]
    layout: Layout

    @classmethod
    def of(cls, graph: Graph, form: Form, glyphs: Glyphs, edges: bool = False) -> Boxes:
        """The boxes of *graph*, filled as *form* says; *edges* have their local derivatives."""
        contents = tuple(_content(node, form, glyphs) for node in graph.nodes)
        arrows = tuple(_Arrow.of(node, form, glyphs, edges) for node in graph.nodes)
        sizes = [_size(c, arrow, form) for c, arrow in zip(contents, arrows, strict=True)]
        return cls(graph, form, glyphs, contents, arrows, place(graph, sizes, SPACING))

    def rows(
        self,
        is_shown: Callable[[int, bool], bool] = lambda index, is_slope: True,
        marked: int | None = None,
        ink: Ink = plain,
    ) -> list[str]:
        """The lines of text.

        Args:
            is_shown: Whether the value (or the slope) of a node is known yet; the local
                derivatives on its edges are shown together with its slope.
            marked: The node whose box is drawn with heavy lines.
            ink: Shows the roles of names and slopes.
        """
        canvas = Canvas(self.layout.width, self.layout.height, self.glyphs)
        _paint_lines(canvas, self.layout)
        for box, content, arrow in zip(self.layout.boxes, self.contents, self.arrows, strict=True):
            node = self.graph.nodes[box.index]
            lines = _known(content, node, is_shown)
            frame = self.glyphs.heavy if box.index == marked else self.glyphs.box
            _paint_box(canvas, box, lines, self.form.margin, frame)
            if arrow.operator:
                entries = self.layout.entries(box.index)
                arrow.paint(canvas, box, entries, labelled=is_shown(box.index, True))
        return canvas.rows(ink)


def _known(content: list[Line], node: Node, is_shown: Callable[[int, bool], bool]) -> list[Line]:
    """The lines of a box, blank where a number is not known yet."""
    lines = list(content)
    last = len(lines) - 1 - (1 if lines[-1][0].startswith("+") and node.folded else 0)
    rows = {last - (node.slope is not None): False}
    if node.slope is not None:
        rows[last] = True
    for row, is_slope in rows.items():
        if not is_shown(node.index, is_slope):
            lines[row] = Line("")
    return lines


def _is_tangled(graph: Graph) -> bool:
    """Whether there are more edges than an eye follows with pleasure."""
    return sum(e.source is not None for node in graph.nodes for e in node.edges) > MOST_EDGES


def in_fewer_boxes(graph: Graph, expand: Collection[str], is_asked: bool) -> Iterator[Graph]:
    """*graph* with ever more folded together, as long as there are inputs to see."""
    if len(graph.nodes) > MOST_FOLDED:
        return
    flat = flattened(graph)
    keep = {index for name in expand for index in behind(flat, name)}
    fold = partial(folded, flat, keep=keep)
    steps: list[Callable[[], Graph]] = [
        fold,
        partial(fold, functions=True, leaves=True),
        partial(fold, leaves=True),
    ]
    if is_asked:
        before = steps.pop(0)()
        yield before
    else:
        before = graph
        steps = [lambda: flat, partial(fold, functions=True), *steps]
    for step in steps:
        fewer = step()
        if any(not node.symbol for node in fewer.nodes) and len(fewer.nodes) < len(before.nodes):
            before = fewer
            yield fewer


@dataclass(frozen=True, slots=True)
class _Arrow:
    """What leads into a box: labels on the edges, the joint, the operator and the arrow."""

    operator: str
    shaft: int
    labels: tuple[str, ...]

    @classmethod
    def of(cls, node: Node, form: Form, glyphs: Glyphs, edges: bool) -> _Arrow:
        """The arrow into *node*."""
        if not node.symbol:
            return cls("", 0, ())
        used = [edge for edge in node.edges if edge.source is not None]
        labels = tuple(map(_label, used)) if edges else ()
        return cls(operator_glyph(node, glyphs), form.shaft, labels)

    @property
    def field(self) -> int:
        """Room for the labels: each with a blank and a piece of line on either side."""
        return max(map(len, self.labels)) + 4 if self.labels else 0

    @property
    def lead(self) -> int:
        """Room for all of it."""
        return self.field + 1 + cell_width(self.operator) + self.shaft + 1 if self.operator else 0

    def paint(self, canvas: Canvas, box: Box, entries: Sequence[int], *, labelled: bool) -> None:
        """Paint it before *box*, which edges enter in these rows, with or without their labels."""
        across = canvas.glyphs.box[4]
        arrow = self.operator + across * self.shaft + canvas.glyphs.arrow
        x, joint = box.x - cell_width(arrow), box.start + self.field
        canvas.write(x, box.middle, arrow)
        if entries:
            canvas.write(joint, box.middle, across * (x - joint))
        for row, label in zip(entries, self.labels, strict=False):
            line = across * (self.field - 3 - len(label)) + f" {label} {across}"
            canvas.write(box.start, row, line if labelled else across * self.field)
        if len(entries) > 1:
            _paint_joint(canvas, joint, box.middle, entries)


def _label(edge: Edge) -> str:
    return "?" if edge.local_derivative is None else short(edge.local_derivative)


def _content(node: Node, form: Form, glyphs: Glyphs) -> list[Line]:
    title = heading(node, glyphs, form.name if node.name else form.expression)
    role = NAME if node.name else ""
    return ([Line(title, role=role)] if title else []) + form.numbers(node, glyphs, form.expression)


def _size(content: list[Line], arrow: _Arrow, form: Form) -> Size:
    widths = [
        cell_width(left) + bool(left and right) + cell_width(right) for left, right, _ in content
    ]
    return Size(max(widths) + 2 + 2 * form.margin, len(content) + 2, arrow.lead)


def _paint_lines(canvas: Canvas, layout: Layout) -> None:
    for route in layout.routes:
        canvas.line(route.source, route.points)
        canvas.touch(route.source, *route.points[0], LEFT)


def _paint_box(canvas: Canvas, box: Box, content: list[Line], margin: int, frame: str) -> None:
    top_left, top_right, low_left, low_right, across, down = tuple(frame)
    inside, blank = box.width - 2, " " * margin
    canvas.write(box.x, box.y, top_left + across * inside + top_right)
    for row, (left, right, role) in enumerate(content, box.y + 1):
        text = blank + pad(left, inside - 2 * margin - cell_width(right)) + right + blank
        canvas.write(box.x, row, down)
        canvas.write(box.x + 1, row, text, role)
        canvas.write(box.x + 1 + inside, row, down)
    canvas.write(box.x, box.y + box.height - 1, low_left + across * inside + low_right)


def _paint_joint(canvas: Canvas, x: int, middle: int, entries: Sequence[int]) -> None:
    glyphs = canvas.glyphs
    for row in range(entries[0], entries[-1] + 1):
        canvas.write(x, row, glyphs.joints[0] if row in entries else glyphs.lines[UP | DOWN])
    canvas.write(x, entries[0], glyphs.lines[LEFT | DOWN])
    canvas.write(x, entries[-1], glyphs.lines[LEFT | UP])
    canvas.write(x, middle, glyphs.joints[1])
