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
from test_render_graphs import GRAPHS, MANY, graphs
from wcwidth import wcwidth

from vrepl.core.graph import Graph
from vrepl.render.glyphs import ASCII, UNICODE, Glyphs, operator_glyph
from vrepl.render.numbers import short
from vrepl.render.text import draw

Cell = tuple[int, int]
WEST, EAST, NORTH, SOUTH = (-1, 0), (1, 0), (0, -1), (0, 1)
ANY = frozenset((WEST, EAST, NORTH, SOUTH))
# The directions in which each character may go on; a corner of ASCII goes to either side.
LINES = {
    **{c: frozenset((WEST, EAST)) for c in "─-"},
    **{c: frozenset((NORTH, SOUTH)) for c in "│|"},
    **{c: ANY for c in "●o┼+"},
    "╭": frozenset((EAST, SOUTH)),
    "╮": frozenset((WEST, SOUTH)),
    "╰": frozenset((EAST, NORTH)),
    "╯": frozenset((WEST, NORTH)),
    ".": frozenset((WEST, EAST, SOUTH)),
    "'": frozenset((WEST, EAST, NORTH)),
}


class Unreadable(Exception):
    """A line that an eye could not follow, or that leads nowhere."""


@dataclass(frozen=True)
class Read:
    """A box as it was read: its lines, its operator, and the boxes its operands come from."""

    lines: tuple[str, ...]
    operator: str
    operands: tuple[int, ...]


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


def read(drawing: str, glyphs: Glyphs) -> list[Read]:
    """The boxes of *drawing*, in the order in which a page is read."""
    return _Reader(drawing, glyphs).boxes()


class _Reader:
    def __init__(self, drawing: str, glyphs: Glyphs) -> None:
        self.glyphs = glyphs
        self.grid = dict(_cells(drawing))
        self.frames = list(self._frames())
        self.inside = {cell: i for i, f in enumerate(self.frames) for cell in f.cells()}
        self.operations = [self._operation(frame) for frame in self.frames]
        self.ends = {entry for _, entries in self.operations for entry in entries}

    def boxes(self) -> list[Read]:
        found = [
            Read(self._lines(frame), operator, tuple(map(self._source, entries)))
            for frame, (operator, entries) in zip(self.frames, self.operations, strict=True)
        ]
        self._expect_no_strays()
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
        top_left, top_right, low_left, low_right, across, down = self.glyphs.box
        if self.at(x, y) != top_left or self.at(x - 1, y) == across or self.at(x, y - 1) == down:
            return None
        right = next(i for i in count(x + 1) if self.at(i, y) != across)
        bottom = next(i for i in count(y + 1) if self.at(x, i) != down)
        corners = self.at(right, y) + self.at(x, bottom) + self.at(right, bottom)
        sides = {self.at(right, i) for i in range(y + 1, bottom)}
        floor = {self.at(i, bottom) for i in range(x + 1, right)}
        closed = corners == top_right + low_left + low_right
        return Frame(x, y, right, bottom) if closed and sides == {down} and floor == {across} else None

    def _lines(self, frame: Frame) -> tuple[str, ...]:
        return tuple(
            "".join(self.at(x, y) for x in range(frame.x + 1, frame.right)).strip()
            for y in range(frame.y + 1, frame.bottom)
        )

    def _operation(self, frame: Frame) -> tuple[str, list[Cell]]:
        """The operator before a box, and the cells in which lines reach it, from the top down."""
        rows = [y for y in range(frame.y, frame.bottom + 1) if self._is_arrow(frame.x - 1, y)]
        if not rows:
            return "", []
        [y] = rows
        x = frame.x - 2
        while self.at(x, y) == self.glyphs.box[4]:
            x -= 1
        operator, depth = "", 0
        while not operator or depth:
            depth += (self.at(x, y) == ")") - (self.at(x, y) == "(")
            operator, x = self.at(x, y) + operator, x - 1
        return operator, self._entries(x, y)

    def _is_arrow(self, x: int, y: int) -> bool:
        return self.at(x, y) == self.glyphs.arrow and (x, y) not in self.inside_of_frames()

    def inside_of_frames(self) -> set[Cell]:
        return {cell for frame in self.frames for cell in frame.cells()}

    def _entries(self, x: int, y: int) -> list[Cell]:
        if self.at(x, y) == " ":
            return []
        lead = x
        while self.at(x, y) == self.glyphs.box[4]:
            x -= 1
        is_joint = self.at(x, y) == self.glyphs.joints[1] and (x, y) not in self.inside_of_frames()
        return list(self._joint(x, y)) if is_joint else [(lead, y)]

    def _joint(self, x: int, y: int) -> Iterator[Cell]:
        """The rows in which lines reach the vertical bar through (x, y)."""
        corners = {"╮", "╯", ".", "'"}
        top = next(i for i in count(y - 1, -1) if self._ends_bar(x, i, corners))
        bottom = next(i for i in count(y + 1) if self._ends_bar(x, i, corners))
        for row in range(top, bottom + 1):
            if self.at(x, row) in corners | {self.glyphs.joints[0]}:
                yield x, row

    def _ends_bar(self, x: int, y: int, corners: set[str]) -> bool:
        if self.at(x, y) in corners:
            return True
        if self.at(x, y) not in self.glyphs.joints + self.glyphs.box[5]:
            raise Unreadable(f"the bar at column {x} is broken in row {y}")
        return False

    def _source(self, entry: Cell) -> int:
        """The box from which the line comes that ends at *entry*."""
        sources, seen = set[int](), set[tuple[Cell, Cell]]()
        ways = [(entry, WEST)] if self.at(*entry) not in "─-" else [((entry[0] + 1, entry[1]), WEST)]
        while ways:
            (x, y), (dx, dy) = way = ways.pop()
            if way in seen:
                continue
            seen.add(way)
            there = (x + dx, y + dy)
            if there in self.inside:
                sources.add(self._left(there, (dx, dy)))
            elif there not in self.ends or (dx, dy) == WEST:
                ways += [(there, way) for way in self._onward(there, (dx, dy))]
        if len(sources) != 1:
            raise Unreadable(f"the line to {entry} comes from {len(sources)} boxes")
        self.followed.update(cell for cell, _ in seen)
        return sources.pop()
