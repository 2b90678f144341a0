"""Draws tables for a terminal and for HTML: aligned, bounded by the width, neutral to any content.

It knows columns and cells of text; what they mean is left to whoever made them.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Sequence
from typing import Protocol

from vrepl.render.cells import cell_width, clean, pad, shorten, shorten_middle
from vrepl.render.glyphs import ASCII, UNICODE, Glyphs
from vrepl.render.ink import Ink, plain

__all__ = ["Column", "fits", "html", "text"]

GAP = "  "
# `model.layers[0].w[1]`: what tells such names apart is their end.
_REFERENCE = re.compile(r"[^\W\d]\w*[.\[]\S*")
NARROWEST = 4  # cells that a shortened column keeps
WORD = 12  # cells of a heading's longest word that are never cut while others can give way
TALLEST = 3  # lines of a heading
BAR = 10  # cells of the longest bar
POINT, DIGIT = "\u2008", "\u2007"  # blanks as wide as a decimal point and as a digit


class Column(Protocol):
    """What a column has to say of itself."""

    @property
    def title(self) -> str:
        """Its heading."""

    @property
    def numeric(self) -> bool:
        """Whether its cells are numbers, aligned on the decimal point."""

    @property
    def bar(self) -> bool:
        """Whether its cells are shares from 0 to 1, drawn as bars."""

    @property
    def role(self) -> str:
        """What its cells are: 'name', 'slope', or '' for anything else."""


Rows = Sequence[Sequence[str]]


def text(
    columns: Sequence[Column],
    rows: Rows,
    *,
    width: int = 80,
    ascii_only: bool = False,
    ink: Ink = plain,
) -> str:
    """A table as lines of text, none wider than *width* where that can be had.

    Args:
        columns: The headings, and which of them are over numbers.
        rows: A cell of text for every column.
        width: The most cells a line should have; bars give way first, then headings take more
            lines, then text is cut, and only then words of headings and numbers.
        ascii_only: Use no characters beyond ASCII for lines and signs.
        ink: Shows the roles of columns in their cells.

    Example:
        >>> from types import SimpleNamespace as C
        >>> print(text([C(title="wrt", numeric=False, bar=False, role="name"),
        ...             C(title="slope", numeric=True, bar=False, role="slope"),
        ...             C(title="", numeric=False, bar=True, role="slope")],
        ...            [("a", "-3.0", "0.24"), ("b", "12.5", "1")]))
        wrt  slope
        ───  ─────  ──────────
        a     -3.0  ██▍
        b     12.5  ██████████
    """
    glyphs = ASCII if ascii_only else UNICODE
    filled = [_filled(column, [row[i] for row in rows], glyphs) for i, column in enumerate(columns)]
    titles = [clean(column.title) for column in columns]
    if _breadth(_natural(titles, filled)) > width:
        kept = [i for i, column in enumerate(columns) if not column.bar]
        columns = [columns[i] for i in kept]
        titles, filled = [titles[i] for i in kept], [filled[i] for i in kept]
    widths = _widths(columns, titles, filled, width)
    lines = [_line(columns, cells, widths, glyphs) for cells in _headings(titles, widths)]
    lines.append(GAP.join(glyphs.rule * w for w in widths))
    lines += [_line(columns, cells, widths, glyphs, ink) for cells in zip(*filled, strict=True)]
    return "\n".join(line.rstrip() for line in lines)


def fits(columns: Sequence[Column], rows: Rows, width: int, *, bars: bool = False) -> bool:
    """Whether *width* has room for a table's headings and numbers, if for other text in part.

    Args:
        columns: The headings, and which of them are over numbers.
        rows: A cell of text for every column.
        width: The most cells a line should have.
        bars: Whether there is to be room for everything, bars and words, too.

    Example:
        >>> from types import SimpleNamespace as C
        >>> number = C(title="n", numeric=True, bar=False, role="")
        >>> fits([number], [("0.12345",)], 7), fits([number], [("0.12345",)], 6)
        (True, False)
    """
    if bars:
        filled = [_filled(c, [row[i] for row in rows], UNICODE) for i, c in enumerate(columns)]
        return _breadth(_natural([clean(c.title) for c in columns], filled)) <= width
    kept = [i for i, column in enumerate(columns) if not column.bar]
    shown = [columns[i] for i in kept]
    filled = [_filled(columns[i], [row[i] for row in rows], UNICODE) for i in kept]
    return _breadth(_floors(shown, [clean(c.title) for c in shown], filled)) <= width


def _floors(
    columns: Sequence[Column], titles: Sequence[str], filled: Sequence[Sequence[str]]
) -> list[int]:
    """The width in which every column can be read: its numbers, and its heading word by word."""
    words = [max(map(cell_width, title.split()), default=0) for title in titles]
    wanted = _natural(["" for _ in titles], filled)
    return [
        max(min(word, WORD), want if column.numeric else min(want, NARROWEST * 2))
        for column, word, want in zip(columns, words, wanted, strict=True)
    ]


def _filled(column: Column, cells: Sequence[str], glyphs: Glyphs) -> list[str]:
    """The cells of a column as they are written."""
    if column.bar:
        return [_bar(cell, glyphs.bars) for cell in cells]
    texts = [clean(cell) for cell in cells]
    return _aligned(texts) if column.numeric else texts


def _bar(share: str, bars: str) -> str:
    """A bar of a share's length; what is not nothing takes at least the thinnest piece."""
    if not share or float(share) == 0:
        return ""
    pieces = max(1, round(float(share) * BAR * len(bars)))
    whole, rest = divmod(pieces, len(bars))
    return bars[-1] * whole + (bars[rest - 1] if rest else "")


def _natural(titles: Sequence[str], filled: Sequence[Sequence[str]]) -> list[int]:
    """The width every column would like."""
    return [
        max([cell_width(title), *map(cell_width, cells)])
        for title, cells in zip(titles, filled, strict=True)
    ]


def _breadth(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _aligned(cells: list[str]) -> list[str]:
    """Numbers padded behind, so that right-aligned they have their points in one place."""
    tails = [len(_tail(cell)) for cell in cells]
    most = max(tails, default=0)
    return [cell + " " * (most - tail) for cell, tail in zip(cells, tails, strict=True)]


def _tail(cell: str) -> str:
    """What stands from the decimal point or exponent on; nothing for a whole number."""
    return re.sub(r"^[^.e]*", "", cell)


def _widths(
    columns: Sequence[Column], titles: list[str], filled: list[list[str]], width: int
) -> list[int]:
    """The width of every column: headings give way first, then text, then numbers."""
    contents = _natural(["" for _ in titles], filled)
    widths = _natural(titles, filled)
    floors = _floors(columns, titles, filled)
    numbers = [i for i, column in enumerate(columns) if column.numeric]
    texts = [i for i, column in enumerate(columns) if not column.numeric]
    everything = range(len(columns))
    narrowest = [NARROWEST] * len(columns)
    for group, least in (
        (numbers, floors),
        (texts, floors),
        (numbers, list(map(max, contents, narrowest))),
        (texts, narrowest),
        (everything, narrowest),
    ):
        _narrow(widths, group, least, _breadth(widths) - width)
    return widths


def _headings(titles: Sequence[str], widths: Sequence[int]) -> list[tuple[str, ...]]:
    """The lines of the headings, each broken at blanks to the width of its column."""
    broken = []
    for title, width in zip(titles, widths, strict=True):
        lines = [title] if cell_width(title) <= width else [""]
        for word in title.split() if lines == [""] else ():
            joined = f"{lines[-1]} {word}".lstrip()
            if cell_width(joined) <= width or not lines[-1] or len(lines) == TALLEST:
                lines[-1] = joined
            else:
                lines.append(word)
        broken.append(lines)
    tallest = max(map(len, broken), default=1)
    return list(zip(*([""] * (tallest - len(lines)) + lines for lines in broken), strict=True))


def _narrow(widths: list[int], group: Sequence[int], least: Sequence[int], excess: int) -> None:
    """Take *excess* cells from the columns of a group, always from the widest that can give."""
    while excess > 0:
        giving = [i for i in group if widths[i] > least[i]]
        if not giving:
            return
        widths[max(giving, key=lambda i: widths[i])] -= 1
        excess -= 1


def _line(
    columns: Sequence[Column],
    cells: Sequence[str],
    widths: list[int],
    glyphs: Glyphs,
    ink: Ink = plain,
) -> str:
    shown = (
        ink(pad(_fitted(cell, w, glyphs.ellipsis), w, right=column.numeric), column.role)
        for column, cell, w in zip(columns, cells, widths, strict=True)
    )
    return GAP.join(shown)


def _fitted(cell: str, width: int, ellipsis: str) -> str:
    """*cell* in *width* cells; blanks that align a number give way without a trace."""
    bare = cell.rstrip()
    if cell_width(bare) > width:
        cut = shorten_middle if _REFERENCE.fullmatch(bare) else shorten
        return cut(bare, width, ellipsis)
    return pad(bare, min(width, cell_width(cell)))


def html(columns: Sequence[Column], rows: Rows, *, caption: str = "") -> str:
    """A table as HTML, every cell escaped; numbers have their points in one place.

    Example:
        >>> from types import SimpleNamespace as C
        >>> html([C(title="a<b", numeric=False, bar=False, role="")], [("<script>",)]).count("&lt;")
        2
    """
    head = "".join(_cell("th", column, column.title) for column in columns)
    padded = [_wide_as_digits(column, [row[i] for row in rows]) for i, column in enumerate(columns)]
    body = "".join(
        f"<tr>{''.join(_cell('td', c, *cell) for c, cell in zip(columns, row, strict=True))}</tr>"
        for row in zip(*padded, strict=True)
    )
    title = f"<caption>{_escaped(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _wide_as_digits(column: Column, cells: Sequence[str]) -> list[tuple[str, str]]:
    """Each cell with the blanks that stand for what its number lacks behind the point."""
    tails = [len(_tail(cell)) if column.numeric else 0 for cell in cells]
    most = max(tails, default=0)
    blanks = ((POINT if not tail else "") + DIGIT * (most - max(tail, 1)) for tail in tails)
    return [(cell, blank if most else "") for cell, blank in zip(cells, blanks, strict=True)]


def _cell(tag: str, column: Column, content: str, blanks: str = "") -> str:
    if column.bar and tag == "td":
        length = 6 * float(content or 0)
        style = "display:inline-block;height:.7em;background:currentColor;opacity:.5"
        return (
            f'<td style="text-align:left"><span style="{style};width:{length:.3g}em"></span></td>'
        )
    side = "right" if column.numeric else "left"
    scope = ' scope="col"' if tag == "th" else ""
    return f'<{tag}{scope} style="text-align:{side}">{_escaped(content)}{blanks}</{tag}>'


def _escaped(content: str) -> str:
    return markup.escape(clean(content))
