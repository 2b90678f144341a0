"""Numbers and names in few cells: nothing misleading, nothing that moves what stands beside it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render_graphs import LETTERS
from wcwidth import wcswidth

from vrepl.render.cells import cell_width, clean, pad, shorten
from vrepl.render.numbers import fixed, short

WRITTEN = [  # a number, in a drawing, in a record of DOT
    (0, "0", "0.0000"),
    (-0.0, "-0.0", "-0.0000"),
    (True, "1", "1.0000"),
    (math.nan, "nan", "nan"),
    (-math.inf, "-inf", "-inf"),
    (1e-320, "1e-320", "1e-320"),
    (5e-324, "4.941e-324", "4.941e-324"),
    (1.7976931348623157e308, "1.798e308", "1.798e308"),
    (10**5000, "1e5000", "1e5000"),
    (-(10**5000) + 1, "-1e5000", "-1e5000"),
    (2**20_000, "3.98e6020", "3.98e6020"),
    (999_999_999, "999999999", "999999999.0000"),
    (9_999_999_999, "1e10", "1e10"),
    (9.99996, "10.0", "10.0000"),
    (0.99996, "1.0", "1.0000"),
    (0.00099999, "0.001", "0.0010"),
    (0.00012345, "0.0001234", "0.0001"),
    (9.9999999e-5, "1e-4", "1e-4"),
    (999_999.4, "999999.4", "999999.4000"),
    (999_999.96, "1e6", "999999.9600"),
    (1e6, "1e6", "1000000.0000"),
    (9.9995e22, "1e23", "1e23"),
]


@pytest.mark.parametrize(
    ("number", "written", "in_a_record"), WRITTEN, ids=[written for _, written, _ in WRITTEN]
)
def test_a_number_is_written(number: float, written: str, in_a_record: str) -> None:
    assert short(number) == written
    assert fixed(number) == in_a_record


@given(st.floats(allow_nan=False) | st.integers())
def test_a_short_number_is_short_and_near(number: float) -> None:
    written = short(number)
    assert len(written) <= 11
    assert math.isclose(float(written), number, rel_tol=6e-4) or math.isinf(float(written))
    assert math.copysign(1, float(written)) == math.copysign(1, number)
    if isinstance(number, float) and "e" not in written and math.isfinite(number):
        assert "." in written
    if isinstance(number, int):
        assert "." not in written or "e" in written


@given(st.text(LETTERS) | st.text(st.sampled_from("a👍🏽🇩🇪\u200d\ufe0f\u0301한\u202e\x1b\n")))
def test_clean_text_takes_the_cells_it_says(text: str) -> None:
    shown = clean(text)
    assert wcswidth(shown) == cell_width(shown)
    assert shown == "".join(line for line in shown.splitlines())
    assert clean(shown) == shown
    assert not shown or cell_width(shown[0]) > 0


@given(st.text(), st.integers(0, 20), st.sampled_from(["…", "..."]))
def test_shortened_text_fits_and_says_so(text: str, limit: int, ellipsis: str) -> None:
    whole = clean(text)
    shown = shorten(whole, limit, ellipsis)
    assert cell_width(shown) <= limit
    assert shown == whole or shown.endswith(ellipsis[:limit])
    assert cell_width(pad(shown, 20)) == cell_width(pad(shown, 20, right=True)) == 20


def test_signs_of_indic_scripts_stay_with_their_letters() -> None:
    assert clean("कार") == "कार"
    assert cell_width("कार") == 3


def test_two_ellipses_become_one() -> None:
    assert shorten("… + x * 97 + …z", 14) == "… + x * 97 +…"
