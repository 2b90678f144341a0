"""What a user can set of how numbers look: `%config VRepl.digits` and IPython's `%precision`."""

from __future__ import annotations

import pytest
from conftest import Run

BEGIN = "a = 2.0; b = -3.0; c = 10; d = a*b/7 + c\n"


def cells(run_vrepl: Run, text: str) -> list[list[str]]:
    """The words of every line of a table, without its headings."""
    done = run_vrepl("-", input=BEGIN + text)
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines() if line[:1] in ("a", "b", "c", " ")]


@pytest.mark.parametrize(
    ("setting", "slope", "value"),
    [
        ("", "-0.4285714286", "2.0"),
        ("%config VRepl.digits = 3", "-0.429", "2.0"),
        ("%config VRepl.digits = 6", "-0.428571", "2.0"),
        ("%precision 2", "-0.43", "2.00"),
        ("%precision %.3e", "-4.286e-01", "2.000e+00"),
        ("%precision 2\n%config VRepl.digits = 3", "-0.429", "2.0"),
        ("%config VRepl.digits = 3\n%config VRepl.digits = 0", "-0.4285714286", "2.0"),
        ("%precision 2\n%precision", "-0.4285714286", "2.0"),
    ],
)
def test_floats_have_the_digits_that_were_asked_for(
    run_vrepl: Run, setting: str, slope: str, value: str
) -> None:
    rows = {row[0]: row for row in cells(run_vrepl, f"{setting}\n%slope d\n")}
    assert rows["a"][1:3] == [value, slope]
    assert rows["c"][1] == "10"  # a whole number has no digits to round


def test_a_trace_is_written_so_too(run_vrepl: Run) -> None:
    rows = cells(run_vrepl, "%config VRepl.digits = 2\n%trace d\n")
    assert rows[0][:5] == ["1", "a", "leaf", "2.0", "-0.43"]


def test_a_wrong_number_of_digits_is_refused(run_vrepl: Run) -> None:
    done = run_vrepl("-", input=BEGIN + "%config VRepl.digits = -1\n")
    assert "should not be less than 0" in done.stderr


@pytest.mark.parametrize(
    ("columns", "headings"),
    [
        ("80", ["wrt", "value", "slope of d", "|slope|", "measured", "h", "difference"]),
        ("60", ["wrt", "value", "slope of d", "measured", "h", "difference"]),
        ("40", ["wrt", "value", "slope of d", "measured"]),
    ],
)
def test_a_narrow_table_gives_up_details_before_digits(
    run_vrepl: Run, monkeypatch: pytest.MonkeyPatch, columns: str, headings: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = run_vrepl("-", input=BEGIN + "%slope d\n")
    first, _, *rows = done.stdout.splitlines()
    assert [word.strip() for word in first.split("  ") if word.strip()] == headings
    assert all(len(row) <= int(columns) and "…" not in row for row in rows)
