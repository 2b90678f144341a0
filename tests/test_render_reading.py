"""Reads a terminal drawing back into boxes and edges, and checks with it that none is drawn wrong.

The reader follows lines as an eye does, knowing the characters and nothing of the layout; where an
eye could not tell which way a line goes, it raises `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_render_graphs import GRAPHS, LARGE, joining, partly_named
from wcwidth import wcwidth

from vrepl.core.folding import flattened, folded, repeated
from vrepl.core.graph import Graph, View
from vrepl.render.bounds import missing, more
from vrepl.render.glyphs import ASCII, UNICODE, Glyphs, operator_glyph
from vrepl.render.numbers import short
from vrepl.render.text import REACH, draw

Cell = tuple[int, int]
WEST, EAST, NORTH, SOUTH = (-1, 0), (1, 0), (0, -1), (0, 1)
# The sides to which each character may lead; a corner of ASCII may lead to either side.
LINES = {
    **dict.fromkeys("─-", (WEST, EAST)),
    **dict.fromkeys("│|", (NORTH, SOUTH)),
    **dict.fromkeys("●o┼+", (WEST, EAST, NORTH, SOUTH)),
    "╭": (EAST, SOUTH),
    "╮": (WEST, SOUTH),
    "╰": (EAST, NORTH),
    "╯": (WEST, NORTH),
    ".": (WEST, EAST, SOUTH),
    "'": (WEST, EAST, NORTH),
}
CORNERS = "╭╮╰╯.'"
DOTS = "●o"


class Unreadable(Exception):
    """A line that an eye cannot follow, or that leads nowhere."""


@dataclass(frozen=True)
class Frame:
    """Where a box is; `right` and `bottom` are its last column and row."""

    x: int
    y: int
    right: int
    bottom: int

    def cells(self) -> Iterator[Cell]:
        for y in range(self.y, self.bottom + 1):
            yield from ((x, y) for x in range(self.x, self.right + 1))


@dataclass(frozen=True)
class Read:
    """A box as it was read: its lines, its operator, and the boxes its operands come from."""

    lines: tuple[str, ...]
    operator: str
    operands: tuple[int, ...]
    labels: tuple[str, ...]


class Reader:
    """One drawing being read: first the boxes, then what stands before each, then the lines."""

    def __init__(self, drawing: str, glyphs: Glyphs) -> None:
        self.glyphs = glyphs
        self.grid = dict(_cells(drawing))
        self.frames = list(self._frames())
        self.boxed = {cell: i for i, f in enumerate(self.frames) for cell in f.cells()}
        self.known = set(self.boxed)  # cells of which it is clear what they are
        self.operations = [self._operation(frame) for frame in self.frames]
        self.labels = dict[Cell, str]()
        self.operations = [
            (operator, list(map(self._label, es))) for operator, es in self.operations
        ]
        self.ends = {entry for _, entries in self.operations for entry in entries}

    def boxes(self) -> list[Read]:
        """The boxes, from the top left to the bottom right."""
        found = [
            Read(
                self._text(frame),
                operator,
                tuple(map(self._source, entries)),
                tuple(self.labels.get(entry, "") for entry in entries),
            )
            for frame, (operator, entries) in zip(self.frames, self.operations, strict=True)
        ]
        strays = {cell for cell, character in self.grid.items() if character != " "} - self.known
        if strays:
            raise Unreadable(f"nothing leads to {sorted(strays)}")
        return found

    def at(self, x: int, y: int) -> str:
        return self.grid.get((x, y), " ")

    def _frames(self) -> Iterator[Frame]:
        taken = set[Cell]()
        for x, y in sorted(self.grid, key=lambda cell: cell[::-1]):
            if (x, y) not in taken and (frame := self._frame(x, y)):
                taken.update(frame.cells())
                yield frame

    def _frame(self, x: int, y: int) -> Frame | None:
        """The box whose upper left corner is here; lines that cross in a ring are no box."""
        top_left, *others, across, down = self.glyphs.box
        if self.at(x, y) != top_left or EAST in LINES.get(self.at(x - 1, y), ()):
            return None
        right = next(i for i in count(x + 1) if self.at(i, y) != across)
        bottom = next(i for i in count(y + 1) if self.at(x, i) != down)
        corners = [self.at(right, y), self.at(x, bottom), self.at(right, bottom)]
        sides = {self.at(right, i) for i in range(y + 1, bottom)}
        floor = {self.at(i, bottom) for i in range(x + 1, right)}
        is_box = corners == others and sides == {down} and floor == {across}
        return Frame(x, y, right, bottom) if is_box else None

    def _text(self, frame: Frame) -> tuple[str, ...]:
        return tuple(
            "".join(self.at(x, y) for x in range(frame.x + 1, frame.right)).strip()
            for y in range(frame.y + 1, frame.bottom)
        )

    def _operation(self, frame: Frame) -> tuple[str, list[Cell]]:
        """The operator before a box, and the cells where its lines end, from the top down."""
        rows = [
            y
            for y in range(frame.y, frame.bottom)
            if self._outside(frame.x - 1, y) == self.glyphs.arrow
        ]
        if not rows:
            return "", []
        [y] = rows
        x = frame.x - 2
        while self.at(x, y) == self.glyphs.box[4]:
            x -= 1
        start = self._opening(x, y)
        self.known.update((i, y) for i in range(start, frame.x))
        return "".join(self.at(i, y) for i in range(start, x + 1)), self._entries(start, y)

    def _outside(self, x: int, y: int) -> str:
        return " " if (x, y) in self.boxed else self.at(x, y)

    def _opening(self, x: int, y: int) -> int:
        """Where the parenthesis opens that closes at (x, y)."""
        depth = 0
        for i in count(x, -1):
            depth += {")": 1, "(": -1}.get(self.at(i, y), 0)
            if depth == 0:
                return i
            if i < 0:
                raise Unreadable(f"no operator before ({x}, {y})")
        raise AssertionError

    def _entries(self, start: int, y: int) -> list[Cell]:
        """A joint's entries if a line leads from a joint to the operator, else the operator."""
        if self.at(start - 1, y) == " ":
            return []
        x = start - 1
        while self.at(x, y) == self.glyphs.box[4]:
            x -= 1
        if self._outside(x, y) != self.glyphs.joints[1]:
            return [(start, y)]
        self.known.update((i, y) for i in range(x, start))
        return self._joint(x, y)

    def _label(self, entry: Cell) -> Cell:
        """Where a line ends that reaches *entry* through a number on it, else *entry*."""
        (x, y), across = entry, self.glyphs.box[4]
        end = next(i for i in count(x - 1, -1) if self.at(i, y) != across)
        if end == x - 1 or self.at(end, y) != " ":
            return entry
        start = next(i for i in count(end - 1, -1) if self.at(i, y) == " ")
        begin = next(i for i in count(start - 1, -1) if self.at(i, y) != across) + 1
        self.labels[begin, y] = "".join(self.at(i, y) for i in range(start + 1, end))
        self.known.update((i, y) for i in range(begin, x))
        return begin, y

    def _joint(self, x: int, y: int) -> list[Cell]:
        """The cells in which lines reach the upright bar through (x, y)."""
        top = next(i for i in count(y - 1, -1) if self._ends_bar(x, i, "╮."))
        bottom = next(i for i in count(y + 1) if self._ends_bar(x, i, "╯'"))
        bar = [(x, row) for row in range(top, bottom + 1)]
        self.known.update(bar)
        return [cell for cell in bar if self.at(*cell) in CORNERS + self.glyphs.joints[0]]

    def _ends_bar(self, x: int, y: int, ends: str) -> bool:
        if self.at(x, y) not in ends + self.glyphs.joints + self.glyphs.box[5]:
            raise Unreadable(f"the bar in column {x} is broken in row {y}")
        return self.at(x, y) in ends

    def _source(self, entry: Cell) -> int:
        """The box from which the line comes that ends at *entry*."""
        sources, seen, ways = set[int](), set[tuple[Cell, Cell]](), [(entry, WEST)]
        while ways:
            way = ways.pop()
            there = _moved(*way)
            if way in seen or there in self.ends:
                continue
            seen.add(way)
            if there in self.boxed:
                sources.add(self.boxed[there])
                continue
            self.known.add(there)
            ways += [(there, side) for side in self._onward(there, way[1])]
        if len(sources) != 1:
            raise Unreadable(f"the line to {entry} comes from {len(sources)} boxes")
        return sources.pop()

    def _onward(self, cell: Cell, side: Cell) -> list[Cell]:
        """The sides to which a line goes on that came into *cell* moving to *side*."""
        character = self.at(*cell)
        if not self._takes(cell, side):
            raise Unreadable(f"a line breaks off at {cell}")
        ahead = [
            s for s in LINES[character] if s != _back(side) and self._takes(_moved(cell, s), s)
        ]
        if character in DOTS:
            return ahead
        if character not in CORNERS:
            return [side]
        turns = [s for s in ahead if (s[0] == 0) != (side[0] == 0)]
        if len(turns) != 1:
            raise Unreadable(f"a line may turn {len(turns)} ways at {cell}")
        return turns

    def _takes(self, cell: Cell, side: Cell) -> bool:
        """Whether a line that moves to *side* may go into *cell*."""
        if cell in self.boxed:
            return side == WEST
        if cell in self.ends:
            return side == EAST
        return _back(side) in LINES.get(self.at(*cell), ())


def _moved(cell: Cell, side: Cell) -> Cell:
    return cell[0] + side[0], cell[1] + side[1]


def _back(side: Cell) -> Cell:
    return -side[0], -side[1]


def _cells(drawing: str) -> Iterator[tuple[Cell, str]]:
    """Every cell of *drawing*: the second half of a wide character is '', marks join their base."""
    for y, line in enumerate(drawing.splitlines()):
        row: list[str] = []
        for character in line:
            width = wcwidth(character)
            if width == 0:
                row[-1] += character
            else:
                row += [character, *[""] * (width - 1)]
        yield from (((x, y), character) for x, character in enumerate(row))


def read(drawing: str, glyphs: Glyphs) -> list[Read]:
    """The boxes of *drawing*, from the top left to the bottom right."""
    return Reader(drawing, glyphs).boxes()


def same(boxes: list[Read], graph: Graph, glyphs: Glyphs, edges: bool = False) -> None:
    """Assert that *boxes* are the nodes of *graph*: walked from the root, box beside node."""
    used = {operand for box in boxes for operand in box.operands}
    [root] = set(range(len(boxes))) - used
    node_of, stack = {root: graph.root.index}, [root]
    while stack:
        number = stack.pop()
        box, node = boxes[number], graph.nodes[node_of[number]]
        sources = [edge.source for edge in node.edges if edge.source is not None]
        assert short(node.value) in " ".join(box.lines)
        assert box.operator == (operator_glyph(node, glyphs) if node.symbol else "")
        assert len(box.operands) == len(sources), (box, node)
        locals_ = [short(edge.local_derivative) for edge in node.edges if edge.source is not None]
        assert box.labels == tuple(locals_ if edges else [""] * len(locals_)), (box, node)
        for operand, source in zip(box.operands, sources, strict=True):
            if operand not in node_of:
                node_of[operand] = source
                stack.append(operand)
            assert node_of[operand] == source, (box, node)
    assert sorted(node_of.values()) == list(range(len(graph.nodes)))


def reads_back(
    graph: Graph, glyphs: Glyphs, style: str, width: int = 10_000, edges: bool = False
) -> None:
    viewed = replace(graph, view=View(style, edges=edges))
    drawing = draw(viewed, width=width, ascii_only=glyphs is ASCII)
    lines = drawing.splitlines()
    if style == "folded":
        graph = repeated(folded(flattened(graph)), REACH)
        if hidden := sum(node.inside for node in graph.nodes if node.folded):
            assert lines.pop().startswith(f"{hidden:,} node")
    if missing(graph):
        assert lines.pop() == more(missing(graph), glyphs.ellipsis)
    try:
        same(read("\n".join(lines), glyphs), graph, glyphs, edges)
    except (Unreadable, AssertionError) as error:
        raise AssertionError(f"{error}\n{drawing}") from error


SETS = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
STYLES = pytest.mark.parametrize("style", ["tall", "slim", "folded"])
EDGES = pytest.mark.parametrize("edges", [False, True], ids=["plain", "labelled"])


@SETS
@STYLES
@EDGES
@pytest.mark.parametrize("name", GRAPHS)
def test_every_drawing_of_the_table_reads_back(
    name: str, style: str, glyphs: Glyphs, edges: bool
) -> None:
    reads_back(GRAPHS[name], glyphs, style, edges=edges)


@SETS
@EDGES
@pytest.mark.parametrize("name", ["perceptron", "recurrence", "accumulation"])
def test_a_large_graph_reads_back_folded(name: str, glyphs: Glyphs, edges: bool) -> None:
    reads_back(replace(LARGE[name], outline=None), glyphs, "folded", edges=edges)


@SETS
@STYLES
@settings(max_examples=100)
@given(graph=partly_named(), edges=st.booleans())
def test_every_random_drawing_reads_back(
    graph: Graph, style: str, glyphs: Glyphs, edges: bool
) -> None:
    reads_back(graph, glyphs, style, edges=edges)


@SETS
@STYLES
@EDGES
@pytest.mark.parametrize("count", range(1, 8))
def test_an_operation_may_have_many_operands(
    count: int, style: str, glyphs: Glyphs, edges: bool
) -> None:
    reads_back(joining(count), glyphs, style, edges=edges)


TRUE = """
╭───╮
│a  │ ╭──╮     ╭─────╮
│3.0│─●  ├(-)─▶│a - b│
╰───╯ │╭─╯     │ -1.0│─╮       ╭─────╮
╭───╮ ││       ╰─────╯ ╰─╮     │ y   │
│b  │ ││       ╭─────╮   ├(/)─▶│ -1.0│
│4.0│─┼● ╭╮    │b - a│ ╭─╯     ╰─────╯
╰───╯ │╰─╯├(-)▶│  1.0│─╯
      ╰───╯    ╰─────╯
"""


def edges(drawing: str) -> dict[str, tuple[str, ...]]:
    boxes = read(drawing, UNICODE)
    return {box.lines[0]: tuple(boxes[i].lines[0] for i in box.operands) for box in boxes}


def test_the_reader_knows_a_drawing_made_by_hand() -> None:
    assert edges(TRUE) == {
        "a": (),
        "b": (),
        "a - b": ("a", "b"),
        "b - a": ("b", "a"),
        "y": ("a - b", "b - a"),
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("│3.0│─●", "│3.0│─┼"),  # a fork drawn as a crossing
        ("│4.0│─┼●", "│4.0│─●●"),  # a crossing drawn as a fork
        ("─╮       ╭─────╮\n╭", " ╮       ╭─────╮\n╭"),  # a gap
        ("╰─╯├(-)", "╰─╮├(-)"),  # a corner that leads elsewhere
        ("├(/)─▶", "│(/)─▶"),  # a joint that does not lead to its operation
        ("╰─────╯ ╰─╮", "╰─────╯ ╰─╯"),
        ("      ╰───╯    ╰", "      ╰───╯ ──  ╰"),  # a line from nowhere to nowhere
    ],
)
def test_the_reader_rejects_a_wrong_line(before: str, after: str) -> None:
    assert TRUE.count(before) == 1
    with pytest.raises(Unreadable):
        read(TRUE.replace(before, after), UNICODE)


def test_the_reader_sees_swapped_operands() -> None:
    graph = GRAPHS["order_of_operands"]
    swapped = [replace(node, edges=node.edges[::-1]) for node in graph.nodes]
    boxes = read(draw(graph), UNICODE)
    same(boxes, graph, UNICODE)
    for node in graph.nodes:
        if node.symbol:
            nodes = tuple(swapped[n.index] if n is node else n for n in graph.nodes)
            with pytest.raises(AssertionError):
                same(boxes, Graph(nodes, graph.total), UNICODE)
