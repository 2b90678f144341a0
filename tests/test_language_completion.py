"""What the service offers at the end of a line: a session of nodes, weights and plain numbers."""

from __future__ import annotations

import pytest

from vrepl import Value
from vrepl.language.commandlines import command_line
from vrepl.language.service import complete
from vrepl.session.commands import COMMANDS
from vrepl.session.grammar import words_of
from vrepl.session.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    a, w, n = Value(2.0), [Value(0.5), Value(0.1)], 3
    return Session.over({"a": a, "w": w, "d": a * w[0], "e": Value(1.0), "n": n, "alpha": a * 1})


def _options(command: str) -> str:
    return " ".join(option.flag for option in COMMANDS[command].grammar.options)


OFFERS = [
    ("%slope ", "a d e alpha"),
    ("%slope a", "a alpha"),
    ("%slope d wrt ", "a w[0]"),  # and not w[1], e, alpha: d does not depend on them
    ("%slope d wrt w", "w[0]"),
    ("%slope d wrt a, ", "w[0]"),
    ("%slope d wrt e", ""),
    ("%slope e wrt ", ""),
    ("%slope n wrt ", "a d e alpha"),  # no node: any may be meant until the command says why not
    ("%slope q wrt ", ""),
    ("%slope d ", f"wrt {_options('slope')}"),
    ("%slope d w", "wrt"),
    ("%slope d wrt a ", "--h -o"),
    ("%slope d wrt a --h 0.1 ", "-o"),
    ("%slope d wrt a --h 0.1 -o ", ""),
    ("%slope d --h ", ""),
    ("%slope d --", "--h"),
    ("%slope w[", "w[0] w[1]"),
    ("%slope d wrt a # ", ""),
    ("%trace d ", _options("trace")),
    ("%nodes ", _options("nodes")),
    ("%graph d a", ""),
    ("%graph d --ascii ", "wrt --style --depth --expand -o"),
    ("%graph d --style f", "folded"),
    ("%graph d --depth ", ""),
    ("%graph zz", ""),
    ("slope ", "a d e alpha"),
    ("x = %trace ", "a d e alpha"),
]


@pytest.mark.parametrize(("line", "texts"), OFFERS)
def test_a_command_line_offers_what_fits_and_nothing_else(
    session: Session, line: str, texts: str
) -> None:
    found = complete(line, session)
    assert [item.text for item in found.items] == texts.split()
    assert found.is_command
    assert line.endswith(found.fragment)


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("%sl", "%slope"),
        ("%", "%slope %trace %graph %nodes"),
        ("x = a", "a alpha"),
        ("x = 2*al", "alpha"),
        ("x = 'a", ""),
        ("# a", ""),
        ("x = w.a", ""),
        ("slope = a", "a alpha"),
        ("slope - a", "a alpha"),
        ("%time a", "a alpha"),
        ("", ""),
    ],
)
def test_any_other_line_is_left_to_others_too(session: Session, line: str, texts: str) -> None:
    found = complete(line, session)
    assert {item.text for item in found.items} >= set(texts.split())
    assert bool(found.items) == bool(texts)
    assert not found.is_command


def test_kinds_tell_nodes_from_words_and_show_values(session: Session) -> None:
    items = {item.text: item for item in complete("%slope d wrt ", session).items}
    assert (items["a"].kind, items["a"].detail) == ("node", "2.0")
    kinds = [item.kind for item in complete("%slope d ", session).items]
    assert kinds == ["word", "option", "option"]


def test_a_name_of_the_session_comes_before_a_bare_command() -> None:
    session = Session.over({"slope": Value(1.0), "d": Value(2.0)})
    assert not complete("slope ", session).is_command
    assert complete("%slope ", session).is_command


def test_a_large_graph_is_searched_without_recursion() -> None:
    a = Value(1.0)
    d = a
    for _ in range(100_000):
        d = d + 1.0
    session = Session.over({"a": a, "d": d, "other": Value(3.0)})
    assert [item.text for item in complete("%slope d wrt ", session).items] == ["a"]


def test_words_know_where_they_stand() -> None:
    line = "x = %slope d wrt w['a b'], a  --h=0.1;  # why"
    asked = command_line(line)
    assert asked is not None
    assert [line[part.start : part.end] for part in asked.parts] == [p.text for p in asked.parts]
    assert [part.role for part in asked.parts] == [
        "subject", "word", "wrt", "comma", "wrt", "option", "argument",
    ]  # fmt: skip
    assert [word.kind for word in words_of("a ]")] == ["word", "nothing"]
