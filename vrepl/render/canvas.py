"""A grid of terminal cells on which text and lines are put, and which joins the lines itself.

It knows cells and which sides of a cell a line touches; what is drawn is left to `text`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise

from vrepl.render.cells import cell_width
from vrepl.render.glyphs import DOWN, LEFT, RIGHT, UP, Glyphs
from vrepl.render.ink import Ink, plain

__all__ = ["Canvas"]

Point = tuple[int, int]


class Canvas:
    r"""Cells to write on; lines of different owners cross, lines of one owner join.

    Example:
        >>> from vrepl.render.glyphs import UNICODE
        >>> canvas = Canvas(5, 3, UNICODE)
        >>> canvas.line(1, [(0, 1), (4, 1)])
        >>> canvas.line(2, [(2, 0), (2, 2)])
        >>> canvas.write(0, 0, "a")
        >>> print("\n".join(canvas.rows()))
        a │
        ──┼──
          │
    """

    def __init__(self, width: int, height: int, glyphs: Glyphs) -> None:
        self.glyphs = glyphs
        self._cells = [[" "] * width for _ in range(height)]
        self._roles: dict[Point, str] = {}
        self._sides: dict[Point, dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def write(self, x: int, y: int, text: str, role: str = "") -> None:
        """Put *text* into the cells from (x, y) to the right; it hides lines there."""
        for character in text:
            width = cell_width(character)
            if width == 0:
                self._cells[y][x - 1] += character
                continue
            self._cells[y][x : x + width] = [character] + [""] * (width - 1)
            for covered in range(x, x + width):
                self._sides.pop((covered, y), None)
                self._roles[covered, y] = role
            x += width

    def line(self, owner: int, points: Sequence[Point]) -> None:
        """Draw horizontal and vertical lines from point to point; the ends are left open."""
        for (x, y), (to_x, to_y) in pairwise(points):
            forth, back = (RIGHT, LEFT) if y == to_y else (DOWN, UP)
            (x, y), (to_x, to_y) = sorted([(x, y), (to_x, to_y)])
            step = (1, 0) if y == to_y else (0, 1)
            while (x, y) != (to_x, to_y):
                self._sides[x, y][owner] |= forth
                x, y = x + step[0], y + step[1]
                self._sides[x, y][owner] |= back

    def touch(self, owner: int, x: int, y: int, sides: int) -> None:
        """Lead the line of *owner* in this cell to further *sides*."""
        self._sides[x, y][owner] |= sides

    def rows(self, ink: Ink = plain) -> list[str]:
        """The lines of text, without blanks at their ends; *ink* shows roles."""
        for (x, y), owners in self._sides.items():
            self._cells[y][x] = self._joined(list(owners.values()))
        self._sides.clear()
        return [self._inked(y, ink).rstrip() for y in range(len(self._cells))]

    def _inked(self, y: int, ink: Ink) -> str:
        row = self._cells[y]
        runs = groupby(range(len(row)), lambda x: self._roles.get((x, y), ""))
        return "".join(ink("".join(row[x] for x in cells), role) for role, cells in runs)

    def _joined(self, sides: list[int]) -> str:
        return self.glyphs.lines[sides[0]] if len(sides) == 1 else self.glyphs.crossing
