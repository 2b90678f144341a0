"""Wrong lines as people type them, and the one line that answers."""

from __future__ import annotations

import pytest

from vrepl import Value, VreplError
from vrepl.session.commands import ask
from vrepl.session.session import Session

LINES = {
    "graph D": 'No name "D" in this session; did you mean "d"?',
    "graph d --expand a": "a is an input; there is nothing folded into it to expand",
    "graph d wrt d": "no path leads from d to itself; its slope by itself is 1",
    "slope _ wrt a": "there is no last result yet; type a line that gives a number",
    "graph d; %slope d": 'graph takes one name, not "d; %slope d"; write one command on a line',
    "graph d rwt a": 'graph takes one name, not "d rwt a"; did you mean "wrt" for "rwt"',
    "graph d by a": 'graph takes one name, not "d by a"; give an expression a name first',
    "graph d --style": "--style needs STYLE, the first to try: tall, slim, folded, tree, summary",
}


def session() -> Session:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    return Session.over({"a": a, "b": b, "d": a * b + 10, "_": ""})


@pytest.mark.parametrize("line", LINES)
def test_a_wrong_line_is_answered_in_one(line: str) -> None:
    command, _, rest = line.partition(" ")
    with pytest.raises(VreplError) as caught:
        ask(session(), command, rest)
    assert str(caught.value).partition("; usage:")[0] == LINES[line]


def test_a_slope_that_is_measured_says_nothing_else() -> None:
    parts = ask(session(), "slope", "d wrt a a").parts()
    assert len(parts) == 1, parts
