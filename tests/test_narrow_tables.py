"""Tables in terminals of any width: headings and numbers can be read, or are left out."""

from __future__ import annotations

import re

import pytest
from sessions import Live

from vrepl.fronts.painting import Face
from vrepl.session.commands import ask

SHORT = "a = 2.0; b = -3.0; c = 10; d = a*b + c"
LONG = "w_hidden_layer = 0.123456789; x = 1234567.891; validation_loss = w_hidden_layer*x/7 + 2.0"
NUMBER = re.compile(r"-?\d[\d.]*(e[+-]?\d+)?")


def shown(session: str, command: str, width: int) -> list[str]:
    name, _, rest = command.partition(" ")
    answer = ask(Live().run(session).session, name, rest)
    face = Face(width=lambda: width, encoding=lambda: "utf-8", rich=False)
    return face.paint(answer)["text/plain"].splitlines()


@pytest.mark.parametrize("width", [80, 60, 40, 30])
@pytest.mark.parametrize(
    ("session", "command"),
    [(SHORT, "slope d"), (SHORT, "trace d"), (LONG, "slope validation_loss"),
     (LONG, "trace validation_loss"), (LONG, "nodes")],
)  # fmt: skip
def test_headings_and_numbers_can_be_read(session: str, command: str, width: int) -> None:
    lines = shown(session, command, width)
    assert max(map(len, lines)) <= width
    rule = next(i for i, line in enumerate(lines) if line.startswith("──"))
    for word in " ".join(lines[:rule]).split():
        assert "…" not in word or len(word) >= 8, word
    spans = [match.span() for match in re.finditer("─+", lines[rule])]
    names = ("wrt", "node", "operation", "name", "made by", "where")
    for start, end in spans:
        title = lines[rule - 1][start:end].strip()
        cells = [line[start:end].strip() for line in lines[rule + 1 :]]
        if title not in names and "derivatives" not in title:
            assert all(NUMBER.fullmatch(cell) for cell in cells if cell.strip("█▉▊▋▌▍▎▏")), title


def test_what_gives_way_first() -> None:
    wide, narrow = (" ".join(shown(LONG, "slope validation_loss", width)) for width in (60, 40))
    assert "measured" in wide and "difference" not in wide
    assert "measured" not in narrow and "w_hidden" in narrow
    assert shown(SHORT, "slope d", 40)[0] == "wrt  value  slope of d  measured"


def test_a_heading_takes_more_lines_before_it_is_cut() -> None:
    assert shown(SHORT, "slope d", 30)[:3] == [
        "            slope of",
        "wrt  value         d  measured",
        "───  ─────  ────────  ────────",
    ]
