"""No text and no object makes the service raise, hang, or run anybody's code."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sessions import Live

from vrepl import Value
from vrepl.language import service
from vrepl.session.session import Session

TOUCHED: list[str] = []


def toucher(name: str):
    def touched(*arguments: object, **options: object) -> object:
        TOUCHED.append(name)
        return NotImplemented

    return touched


class Getter:
    """A descriptor that notes when it is read."""

    def __get__(self, instance: object, owner: type) -> object:
        if instance is not None:
            TOUCHED.append("a property")
        return type(instance)


SPECIAL = """
add radd sub mul rmul truediv rtruediv pow rpow neg pos abs iadd eq ne lt le gt ge bool len iter
contains getitem call float int index round trunc floor complex hash repr str format dir sizeof
reduce_ex array array_ufunc getattr getattribute instancecheck subclasscheck
"""
Hostile = type(
    "Hostile",
    (),
    {
        **{f"__{name}__": toucher(name) for name in SPECIAL.split()},
        "_repr_mimebundle_": toucher("_repr_mimebundle_"),
        "__class__": property(toucher("__class__")),
        "boom": property(toucher("boom")),
        "data": Getter(),
        "__module__": "__main__",
    },
)
HostileFloat = type("HostileFloat", (float,), dict(vars(Hostile)))
HostileList = type("HostileList", (list,), dict(vars(Hostile)))
HostileDict = type("HostileDict", (dict,), dict(vars(Hostile)))


@pytest.fixture
def session() -> Session:
    TOUCHED.clear()
    live = Live().run("a = 2.0\nb = -3.0\nd = a*b\nw = [0.5, a]")
    holder = SimpleNamespace(inside=object.__new__(Hostile), node=live.names["a"])
    live.names |= {
        "h": object.__new__(Hostile),
        "hf": float.__new__(HostileFloat, 2.0),
        "hl": list.__new__(HostileList),
        "hd": dict.__new__(HostileDict),
        "ho": holder,
        "hs": [object.__new__(Hostile), live.names["a"]],
        "Hostile": Hostile,
        "sin": toucher("a function"),
        "math": SimpleNamespace(sin=toucher("a false math.sin")),
    }
    return live.session


def ask_everything(text: str, session: Session | None) -> None:
    """Every question the service answers, at every end of a line of a text."""
    replay = service.typed(text, session) if session else service.opened(text, "fuzz.ipy")
    list(service.diagnose(replay))
    list(service.hints(replay))
    list(service.symbols(replay))
    list(service.tokens(replay))
    list(service.folds(replay))
    for number, line in enumerate(text.split("\n")[:8], 1):
        for column in {0, len(line) // 2, len(line)}:
            service.complete_at(replay, number, column)
            service.complete(line[:column], replay.session)
            found = service.name_at(replay, number, column)
            if found is not None:
                service.references(replay, found.name)
                service.define(replay, found.name, number, column)
                with contextlib.suppress(service.CannotRename):
                    service.rename(replay, found.name, "quite_new")
    again = service.opened(text + "\nx = 1.0", "fuzz.ipy", None if session else replay)
    list(service.diagnose(again))


PARTS = ["h", "hf", "hl", "hd", "ho", "hs", "ho.inside", "hs[0]", "ho.node"]
LINES = [
    "x = {0}", "x = {0} + a", "x = a * {0}", "x = {0} ** {1}", "x = -{0}", "x = {0} == a",
    "x = a < {0} < b", "x = {0} and a", "x = 1.0 if {0} else 2.0", "x = {0}.boom", "x = {0}.data",
    "x = {0}[0]", "x = {0}[{1}]", "x = {0}(a)", "x = abs({0})", "x = sum([{0}, a])",
    "x = max({0}, a)", "x = float({0})", "x = len({0})", "x = [*{0}]", "x, y = {0}", "x = sin(a)",
    "x = math.sin(a)", "x = f'{{{0}}}'", "for x in {0}: pass", "{0} += a", "a += {0}",
    "{0}.data = 3.0", "{0}[0] = 1.0", "del {0}", "%slope {0}", "%slope d wrt {0}",
    "%slope {0} wrt a", "%trace {0}", "%graph {0}", "%graph {0}.boom", "%slope {0}",
    "x = isinstance({0}, Hostile)", "x = Hostile()", "with {0}: pass", "x = round({0}, 2)",
    "if {0}:\n    x = 1.0", "x = {0} in hs", "x = (y := {0}) * a", "x = w[{0}]", "x = hd[{0}]",
    "import {0}", "x = {{'k': {0}}}['k'] * a", "print({0})", "{0}",
    "x = __import__('os').system('touch {0}')", "__import__('os').system('echo')",
    "x = eval('h+h')", "x = [print(q) for q in {0}]", "x = (lambda: {0} + a)()",
    "@{0}\ndef f(): pass", "exec('h + h')", "class C({0}): x = {0} + 1",
    "def f(q={0} + a): return q", "x: {0} + a = a", "assert {0}", "w[0]({0})",
]  # fmt: skip


def test_nothing_of_a_hostile_object_is_touched(session: Session, monkeypatch) -> None:
    monkeypatch.setattr(os, "system", toucher("os.system"))
    before = dict(session.registry.namespace())
    for line, (one, other) in itertools.product(LINES, zip(PARTS, reversed(PARTS), strict=True)):
        text = line.format(one, other)
        ask_everything(text, session)
        assert TOUCHED == [], text
        ask_everything(text, None)
        assert TOUCHED == [], text
    after = session.registry.namespace()
    assert [*after] == [*before]
    assert all(after[name] is before[name] for name in before)


def test_the_names_of_a_session_are_listed_without_asking_objects(session: Session) -> None:
    assert [*session.registry.names()] == ["a", "b", "d"]
    assert set(session.registry.references().values()) == {"a", "b", "d", "w[0]"}
    assert TOUCHED == []


def test_the_objects_are_hostile() -> None:
    TOUCHED.clear()
    isinstance(object.__new__(Hostile), Value)
    assert TOUCHED


# --- any text ------------------------------------------------------------------------------------

WORDS = [
    "a", "b", "d", "w", "h", "slope", "%slope", "%graph", "%%time", "%trace", "%nodes", "wrt",
    "--h", "=", "(", ")", "[", "]", "{", "}", ":", ",", ".", "'", '"', '"""', "'''", "\\", "\n",
    "\n    ", "\n# %%\n", " ", "#", "?", "!", "%", "@", ";", "+", "-", "*", "**", "/", "//", "0",
    "1.0", "1e999", "0x", "1j", "def", "f", "return", "for", "in", "if", "else", "while", "lambda",
    "class", "import", "from", "math", "global", "del", "try", "except", "with", "as", "yield",
    "await", "async", "match", "case", "_", "é", "\t", "\r\n", "\x00", "\ud800", "\u2028", "𝒳",
    "f'{", "}'", ":=", "->", "...", "not", "and", "or",
]  # fmt: skip
_programs = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.lists(
    st.sampled_from(WORDS), max_size=25
).map("".join)


@settings(max_examples=300)
@given(_programs | st.text(max_size=60))
@example("x = \x00")
@example("s = '\ud800'\n%graph \ud800")
@example("%slope d wrt w['")
@example("f'{a!r:{d}}' f\"{{a}}{d")
@example("def f(\n%slope d\n)")
@example("if 1:\n    %slope d wrt\nelse:\n    x = %slope d wrt a\n    !ls")
@example("\ufeffa = 2.0")
@example("a = 2.0\x0c\nd = a\x0b*3")
@example("a\r= 2.0\rd = a")
def test_no_text_makes_it_raise(text: str) -> None:
    ask_everything(text, Live().run("a = 2.0\nd = a*3\nw = [a, 1.0]").session)
    ask_everything(text, None)


SLOW = [
    "'-' * 100_000 + '1'",
    "'a = ' + '(' * 5_000 + '1' + ')' * 5_000",
    "'a = ' + '+'.join(['b'] * 30_000)",
    "'a = ' + '[' * 100_000",
    "'a = 1.0\\n' + 'a = ' + ' + '.join(['a'] * 20_000)",
    "'a = 9**9**9**9**9; b = 10**10**10; c = 2**2**2**2**2**2'",
    "'a = 2\\n' + 'a = a*a\\n' * 200",
    "'a = 2.0\\n' + 'a = a+a\\n' * 5_000",
    "'w = [1.0]\\n' + 'w = [w, w]\\n' * 200 + 'd = w[0]\\n'",
    "'w = [1.0]\\n' + 'w = [*w, *w]\\n' * 60 + 'd = sum(w)'",
    "'%slope d wrt ' + 'a[' * 20_000",
    "'%slope ' + ' ' * 100_000 + '#'",
    "'%slope d wrt ' + 'a, ' * 20_000",
    "'\"' * 99_999",
    "'a = 1.0\\nw = [a]\\n' + 'w[0] = a\\n' * 2_000",
    "'a = 1.0\\n' + 'b = a*2\\na.data = 3.0\\n' * 500",
    "'x' * 1_000_000",
    "' ' * 1_000_000 + '%'",
    "'\\n' * 100_000",
    "'a = (\\n' * 5_000",
    "'a' + '.b' * 20_000",
    "'a' + '()' * 20_000",
    "'f\"{' * 500",
    "'d = ' + 'lambda: ' * 5_000 + '1'",
    "'if a:\\n' + ''.join(' ' * i + 'if a:\\n' for i in range(1, 300))",
    "'x = round(1, -10**9) + int(\"9\" * 10**8) + 1 << 10**10'",
    "'a = 1.5\\nb = a' + ' if a else a' * 5_000",
    "'s = sum([' + '1.0, ' * 50_000 + '])'",
    "'from vrepl import prod\\np = prod([' + '9**999, ' * 5_000 + '])'",
    "'a = 1.0\\n' * 3_000 + '%slope a wrt a\\n' * 300",
    "'class C:\\n' + ' def f(self): pass\\n' * 5_000",
    "'# %%\\n' * 20_000",
    "'é = 1.0; ' * 5_000",
]


def test_no_text_makes_it_hang() -> None:
    """In a process of its own, which can be ended, and whose C stack may overflow."""
    script = (
        "from test_language_hostile import SLOW, ask_everything\n"
        "for text in SLOW:\n"
        "    print(text[:200], flush=True)\n"
        "    ask_everything(eval(text), None)\n"
        "print('done')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        cwd=os.path.dirname(__file__),
        check=False,
    )
    assert done.stdout.endswith("done\n"), done.stdout[-300:] + done.stderr[-2000:]
