"""Nodes in lists and objects: numbers in text that leaves, nodes where people read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sessions import Typed, shell_with_vrepl

GIVEN = """
import json, logging, pprint, reprlib, subprocess, sys, textwrap
from collections import namedtuple, UserList
from dataclasses import dataclass
n = 3; x = 2.5; xs = [n, x]; d = {'n': n}
P = namedtuple('P', 'a'); p = P(n)
@dataclass
class D:
    a: int
class C:
    def __init__(self): self.a = 3
    def __repr__(self): return f"C({self.a!r})"
made = D(n), C(), UserList(xs)
"""


@pytest.fixture
def session(capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    with shell_with_vrepl() as ip:
        session = Typed(ip, capsys)
        assert session.run(GIVEN) == ""
        yield session


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("str(xs)", "[3, 2.5]"),
        ("f'{xs} {d}'", "[3, 2.5] {'n': 3}"),
        ("'%s %s' % (xs, p)", "[3, 2.5] P(a=3)"),
        ("'{}'.format(xs)", "[3, 2.5]"),
        ("str(made)", "(D(a=3), C(3), [3, 2.5])"),
        ("(lambda: str(xs))()", "[3, 2.5]"),
        ("json.dumps(str(xs))", '"[3, 2.5]"'),
        ("textwrap.fill(f'{xs * 2}', 10)", "[3, 2.5,\n3, 2.5]"),
        ("str(KeyError(n)) + str(ValueError('a', n))", "3('a', 3)"),
        ("''.join(map(str, [xs]))", "[3, 2.5]"),
        ("pprint.pformat(xs)", "[3, 2.5]"),
        ("repr(xs)", "[Value(data=3), Value(data=2.5)]"),
        ("reprlib.repr(xs)", "[Value(data=3), Value(data=2.5)]"),
        ("f'{xs!r:.16}'", "[Value(data=3), "),
        ("f'{n=}'", "n=Value(data=3)"),
        ("'%r' % n", "Value(data=3)"),
        ("repr(made[1])", "C(Value(data=3))"),
        ("'é' + repr(n)", "éValue(data=3)"),
        ("n.__repr__()", "Value(data=3)"),
    ],
)
def test_text_that_a_session_makes(session: Typed, code: str, text: str) -> None:
    session.run(f"s = {code}").strip()
    assert session["s"] == text
    session.run(f"def f():\n    return (\n        {code})\ns = f()")
    assert session["s"] == text


def test_a_repr_asked_for_by_name_beside_numpy(session: Typed) -> None:
    session.run("import numpy")
    session.run("s = n.__repr__(), [n].__repr__(), (lambda: n.__pow__(2).__repr__())()")
    assert session["s"] == ("Value(data=3)", "[Value(data=3)]", "Value(data=9)")


def test_what_is_printed_and_written_and_raised(session: Typed, tmp_path: Path) -> None:
    assert (
        session.run("print(xs, d, p, *made)") == "[3, 2.5] {'n': 3} P(a=3) D(a=3) C(3) [3, 2.5]\n"
    )
    session.run(f"with open({str(tmp_path / 'o')!r}, 'w') as o: o.write(str(xs)); print(d, file=o)")
    assert (tmp_path / "o").read_text() == "[3, 2.5]{'n': 3}\n"
    assert session.run("pprint.pprint(xs + [d])") == "[3, 2.5, {'n': 3}]\n"
    assert session.run("{}[n]").endswith("KeyError: 3\n")
    said = "list.index(x): x not in list" if sys.version_info >= (3, 14) else "3 is not in list"
    assert session.run("[1].index(n)").endswith(f"ValueError: {said}\n")
    assert session.run("assert n == 4, xs").endswith("AssertionError: [3, 2.5]\n")


def test_the_prompt_shows_nodes(session: Typed) -> None:
    for code, shown in (
        ("xs", "[Value(data=3), Value(data=2.5)]"),
        ("p, made[0]", "(P(a=Value(data=3)), D(a=Value(data=3)))"),
        ("made[1]", "C(Value(data=3))"),
    ):
        assert session.run(code).partition("]: ")[2] == f"{shown}\n"


def test_a_session_that_knows_value_is_shown_it(session: Typed) -> None:
    assert session.run("print(xs)") == "[3, 2.5]\n"
    assert session.run("from vrepl import Value", "print(xs)").startswith("[Value(data=3), ")
    assert session.run("eval(repr(xs))").endswith("[Value(data=3), Value(data=2.5)]\n")


def test_code_without_a_text(session: Typed) -> None:
    session.run("s = eval('str(xs)'), eval('repr(xs)')")
    found: Any = session["s"]
    assert found == ("[3, 2.5]", "[Value(data=3), Value(data=2.5)]")


LIBRARY = """
scopes = {{'__name__': {name!r}}}
exec('def shown(x): return repr(x)\\ndef _ipy_display_hook(x): return shown(x)', scopes)
"""


@pytest.mark.parametrize("name", ["_pytest.assertion.util", "hypothesis.internal", "rich.pretty"])
def test_libraries_that_print_for_people_print_numbers(session: Typed, name: str) -> None:
    session.run(LIBRARY.format(name=name), "s = scopes['shown'](xs)")
    assert session["s"] == "[3, 2.5]"


def test_rich_at_the_prompt_shows_nodes(session: Typed) -> None:
    session.run(LIBRARY.format(name="rich.pretty"), "s = scopes['_ipy_display_hook'](xs)")
    assert session["s"] == "[Value(data=3), Value(data=2.5)]"
