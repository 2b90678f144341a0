"""Tables: aligned on the decimal point, bounded by the width, neutral to what stands in them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render_graphs import HOSTILE, LETTERS
from wcwidth import wcswidth

from vrepl.render import table
from vrepl.render.cells import clean
from vrepl.render.numbers import short


@dataclass(frozen=True)
class Column:
    title: str
    numeric: bool = False
    bar: bool = False
    role: str = ""


COLUMNS = (Column("名前"), Column("value", numeric=True), Column("slope", numeric=True))
ROWS = (
    ("学習率", "0.1", "-3.0"),
    ("🙂 mood", "12345.678", "1e-9"),
    ("a\nb", "7", "nan"),
    ("a long name that gives way", "-inf", "1.235e9"),
)
WIDE = """
名前                            value      slope
──────────────────────────  ─────────  ─────────
学習率                          0.1     -3.0
🙂 mood                     12345.678    1e-9
a\\nb                            7      nan
a long name that gives way   -inf        1.235e9
"""
NARROW = """
名前          value      slope
--------  ---------  ---------
学習率        0.1     -3.0
🙂 mood   12345.678    1e-9
a\\nb          7      nan
a lon...   -inf        1.235e9
"""
NARROWEST = """
名前  val…  slo…
────  ────  ────
学…   0.1   -3.0
🙂…   123…  1e-9
a\\nb  7     nan
a l…  -inf  1.2…
"""


@pytest.mark.parametrize(
    ("width", "ascii_only", "drawn"),
    [(80, False, WIDE), (30, True, NARROW), (16, False, NARROWEST)],
    ids=["wide", "narrow", "narrowest"],
)
def test_a_table_looks_as_it_should(width: int, ascii_only: bool, drawn: str) -> None:
    table_text = table.text(COLUMNS, ROWS, width=width, ascii_only=ascii_only)
    assert table_text.splitlines() == drawn.strip().splitlines()


def test_an_empty_table_has_its_headings() -> None:
    assert table.text(COLUMNS, []) == "名前  value  slope\n────  ─────  ─────"
    assert table.html((), []) == "<table><thead><tr></tr></thead><tbody></tbody></table>"


BARS = (Column("name"), Column("slope", numeric=True), Column("|slope|", bar=True))
SHARES = [
    ("a", "-8.0", "1"),
    ("b", "3.6", "0.45"),
    ("c", "1e-9", "1e-10"),
    ("d", "0.0", "0"),
    ("e", "nan", ""),
]
DRAWN = """
name   slope  |slope|
────  ──────  ──────────
a      -8.0   ██████████
b       3.6   ████▌
c       1e-9  ▏
d       0.0
e     nan
"""
IN_ASCII = """
name   slope  |slope|
----  ------  ----------
a      -8.0   ##########
b       3.6   ####
c       1e-9  #
d       0.0
e     nan
"""


@pytest.mark.parametrize(("ascii_only", "drawn"), [(False, DRAWN), (True, IN_ASCII)])
def test_bars_have_the_length_of_their_share(ascii_only: bool, drawn: str) -> None:
    assert table.text(BARS, SHARES, ascii_only=ascii_only) == drawn.strip("\n")


def test_bars_give_way_before_anything_else() -> None:
    assert "█" in table.text(BARS, SHARES, width=24)
    narrow = table.text(BARS, SHARES, width=23)
    assert narrow == table.text(BARS[:2], [row[:2] for row in SHARES])


@given(st.floats(0, 1))
def test_a_bar_is_as_long_as_its_share(share: float) -> None:
    line = table.text(BARS[2:], [(str(share),)]).split("\n")[2]
    assert abs(len(line) - share * 10) <= 1 and (len(line) > 0) == (share > 0)


@given(
    st.lists(st.tuples(st.text(LETTERS, max_size=20), st.floats().map(short)), min_size=1),
    st.integers(4, 40),
)
def test_a_table_that_fits_cuts_no_number(rows: list[tuple[str, str]], width: int) -> None:
    lines = table.text(BARS[:2], rows, width=width).splitlines()[2:]
    if table.fits(BARS[:2], rows, width):
        for (_, number), line in zip(rows, lines, strict=True):
            assert line.split()[-1] == number


NUMBERS = st.floats().map(short) | st.integers().map(short)
NAMES = st.text(LETTERS, max_size=40) | st.sampled_from(HOSTILE)


@given(st.lists(st.tuples(NAMES, NUMBERS, NUMBERS), min_size=1), st.integers(16, 100))
def test_any_table_fits(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = table.text(COLUMNS, rows, width=width).split("\n")
    assert len(lines) == len(rows) + 2
    for line in lines:
        assert 0 <= wcswidth(line) <= width
        assert line == line.rstrip()


@given(st.lists(st.tuples(NUMBERS), min_size=1), st.integers(4, 20))
def test_a_number_is_whole_or_visibly_cut(rows: list[tuple[str]], width: int) -> None:
    lines = table.text([Column("n", numeric=True)], rows, width=width).split("\n")[2:]
    for (number,), line in zip(rows, lines, strict=True):
        shown = line.strip()
        assert shown == number or (shown.endswith("…") and len(number) > width)


@given(st.lists(st.floats(1e-4, 1e5).map(short), min_size=1))
def test_decimal_points_stand_in_one_column(numbers: list[str]) -> None:
    lines = table.text([Column("n", numeric=True)], [(n,) for n in numbers]).splitlines()[2:]
    assert len({line.index(".") for line in lines if "." in line}) <= 1


@given(st.lists(st.tuples(NAMES, NUMBERS, NUMBERS)))
def test_html_shows_the_cells_and_nothing_else(rows: list[tuple[str, str, str]]) -> None:
    root = ET.fromstring(table.html(COLUMNS, rows, caption="<b>&"))
    assert root.findtext("caption") == "<b>&"
    assert [cell.text for cell in root.iter("th")] == ["名前", "value", "slope"]
    blanks = table.POINT + table.DIGIT
    cells = [(cell.text or "").rstrip(blanks) for cell in root.iter("td")]
    assert cells == [clean(cell).rstrip(blanks) for row in rows for cell in row]
    sides = [cell.attrib["style"] for cell in root.iter("td")]
    assert sides == ["text-align:left", "text-align:right", "text-align:right"] * len(rows)


def test_references_keep_the_end_that_tells_them_apart():
    rows = [(f"model.encoder.layers[{i}].w[{j}]", "1.0") for i in (0, 1) for j in (0, 1)]
    columns = (Column("wrt"), Column("slope", numeric=True))
    shown = table.text(columns, rows, width=30).splitlines()[2:]
    names = [line.split()[0] for line in shown]
    assert len(set(names)) == 4 and all("…" in name and "].w[" in name for name in names)
    assert max(map(len, shown)) <= 30


def test_numbers_of_a_page_have_their_points_in_one_place() -> None:
    column = SimpleNamespace(title="n", numeric=True, bar=False, role="")
    cells = re.findall(
        r"<td[^>]*>(.*?)</td>", table.html([column], [("2.0",), ("0.125",), ("10",)])
    )
    assert cells == ["2.0\u2007\u2007", "0.125", "10\u2008\u2007\u2007\u2007"]
    assert len({len(cell) - cell.replace("\u2008", ".").index(".") for cell in cells}) == 1
