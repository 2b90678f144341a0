"""All about one node: the same facts that commands give, in one record."""

import math

import pytest

from vrepl import Value
from vrepl.core.errors import CommandError, UnknownName
from vrepl.language import hover as module
from vrepl.language.hover import hover, inspect
from vrepl.language.replay import Replay
from vrepl.session.commands import ask
from vrepl.session.registry import Place
from vrepl.session.session import Session


@pytest.fixture
def names():
    a, b, c = (Value(x, label=name) for name, x in {"a": 2.0, "b": -3.0, "c": 10}.items())
    d = a * b + c
    return {"a": a, "b": b, "c": c, "d": d, "e": d * a, "w": [Value(0.5)], "text": "x", "n": 2.5}


@pytest.fixture
def session(names):
    session = Session.over(names)
    session.registry.bind("d", names["d"], Place("In[2]", 1))
    return session


def test_all_about_a_result(session):
    found = inspect("d", session)
    assert (found.value, found.made, found.place) == (4.0, "a * b + c", "In[2]:1")
    assert found.slopes == (("a", -3.0), ("b", 2.0), ("c", 1.0))
    assert found.used_by == ("e",) and found.note == ""
    asked = ask(session, "slope", "d")
    assert [(line.wrt, line.slope) for line in asked] == list(found.slopes)


def test_all_about_an_input(session):
    found = inspect("a", session)
    assert (found.made, found.slopes, found.place) == ("made with Value(...)", (), "")
    assert found.used_by == ("d", "e")
    assert inspect("w[0]", session).used_by == ()


def test_users_are_those_with_no_other_name_between(names, session):
    names["far"] = ((names["d"] + 1) * 2 - names["b"]).tanh()
    names["alias"] = names["far"]
    assert inspect("d", session).used_by == ("e", "far")
    assert inspect("e", session).used_by == ()


def test_many_inputs_and_many_users_are_bounded(names, session):
    many = [Value(float(i), label=f"m{i}") for i in range(40)]
    names["sum"] = sum(i * x for i, x in enumerate(many))
    names |= {f"u{i}": names["a"] * float(i) for i in range(40)}
    found = inspect("sum", session)
    assert [name for name, _ in found.slopes] == [f"m{i}" for i in range(39, 27, -1)]
    assert found.left_out == 28 and dict(found.facts())["Slopes"].endswith("m28 28.0, 28 more")
    assert len(inspect("a", session).used_by) == module.USERS


def test_graphs_without_slopes_say_why(names, session, monkeypatch):
    names["odd"] = Value(1.0, (names["a"],), "frobnicate")
    assert "has no derivative rule" in inspect("odd", session).note
    names["a"].data = 5.0
    assert inspect("d", session).note == "d was computed before a was set to 5.0; compute d again"
    deep = names["b"]
    for _ in range(module.LARGEST):
        deep = deep + 1.0
    names["deep"] = deep
    found = inspect("deep", session)
    assert found.note == "more than 22,000 operations; %slope deep works them out"
    assert dict(found.facts())["Slopes"] == found.note and found.value == -3.0 + module.LARGEST


def test_nan_slopes_come_last(names, session):
    names["odd"] = names["a"] * math.nan + names["b"]
    assert [name for name, _ in inspect("odd", session).slopes] == ["b", "a"]


def test_what_is_no_node_is_said(session):
    with pytest.raises(UnknownName, match='did you mean "e"'):
        inspect("f", session)
    for reference in ("text", "n", "w"):
        with pytest.raises(CommandError):
            inspect(reference, session)


@pytest.mark.parametrize(
    ("text", "line", "column", "name"),
    [
        ("d", 1, 0, "d"),
        ("d", 1, 1, "d"),
        ("x = a + d*2", 1, 8, "d"),
        ("%slope d wrt b", 1, 7, "d"),
        ("%slope d wrt b", 1, 14, "b"),
        ("y = a*3\ny + d", 2, 0, "y"),
        ("x = a + d*2", 1, 0, "x"),
        ("x = n + 1", 1, 4, None),
        ("x = a  + d*2", 1, 7, None),
        ("", 1, 0, None),
        ("d = (", 1, 4, None),
    ],
)
def test_the_name_under_the_cursor(session, text, line, column, name):
    found = hover(Replay(text, session), line, column)
    assert (found and found.reference) == name
    if text.startswith("y"):
        assert (found.value, found.made, found.slopes) == (6.0, "a * 3", (("a", 3.0),))
