"""What people put in the place of a function, tests above all, is what sessions call meanwhile.

That values are those of plain Python is tested in `snippets/python.txt`; this is about slopes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from unittest import mock

import pytest
from sessions import Typed, shell_with_vrepl

from vrepl.core.derivatives import slope
from vrepl.core.twins import math as mathematics
from vrepl.session import census, data

FUNCTIONS = """
import math
from math import cos
x = 0.5
def f(x): return 0.5*math.sin(x)
def total(xs):
    s = 0.0
    for v in xs: s += 0.5*math.sin(v)
    return s
"""


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    with shell_with_vrepl() as ip:
        yield Typed(ip, capsys)


def slopes(typed: Typed) -> list[float]:
    typed.run("every = f(x), math.sin(x)/2, total([x]), total([x]*300)/300")
    return [float(slope(y, typed["x"])) for y in typed["every"]]


CHANGES = {
    "assignment": ("sin = math.sin; math.sin = lambda x: 42", "math.sin = sin"),
    "setattr": ("sin = math.sin; setattr(math, 'sin', lambda x: 42)", "setattr(math, 'sin', sin)"),
    "in a function": (
        "import math as m\nsin = m.sin\n"
        "def put(f): m.sin = f\nput(lambda x: 42); assert math.sin(x) == 42",
        "put(sin)",
    ),
    "a mock": ("p = mock.patch('math.sin', lambda x: 42); p.start()", "p.stop()"),
    "a mock of an object": (
        "p = mock.patch.object(math, 'sin', lambda x: 42); p.start()",
        "p.stop()",
    ),
    "pytest": (
        "p = pytest.MonkeyPatch(); p.setattr('math.sin', lambda x: 42); assert f(x) == 21",
        "p.undo()",
    ),
    "pytest's, of an object": (
        "p = pytest.MonkeyPatch(); p.setattr(math, 'sin', lambda x: 42); assert f(x) == 21",
        "p.undo()",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_slopes_pass_again_once_it_is_undone(typed: Typed, change: str) -> None:
    typed.run("from unittest import mock; import pytest", FUNCTIONS)
    sines = [pytest.approx(0.5 * math.cos(0.5))] * 4
    assert slopes(typed) == sines
    done, undone = CHANGES[change]
    typed.run(f"{done}\ny = math.sin(x), math.sin(2.0), f(x), total([x]), total([x]*300)")
    assert typed.result.success and typed["y"] == (42, 42, 21.0, 21.0, 6300.0)
    typed.run(undone)
    assert slopes(typed) == sines
    assert math.sin is not mathematics.sin and math.sin(0.0) == 0.0


def test_every_function_that_records_can_be_put_aside(typed: Typed) -> None:
    typed.run("import math\ndef f(name, *given): return getattr(math, name)(*given)")
    for name in [name for name, f in vars(math).items() if callable(f)]:
        ours, theirs = getattr(mathematics, name), getattr(math, name)
        with mock.patch(f"math.{name}", return_value=42):
            typed.run(f"y = math.{name}(0.5), f('{name}', 1.5, 2), [math.{name}() for _ in '12']")
            assert typed["y"] == (42, 42, [42, 42]), name
        assert getattr(mathematics, name) is ours and getattr(math, name) is theirs


def test_loops_ask_where_others_stand_in_for_functions(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "SHORTEST", 0)
    monkeypatch.setattr(census, "PATIENCE", 0.0)
    typed.run(
        "import random, math\nxs = [0.5]*10\n"
        "def f(s, xs):\n    for x in xs: s += x*random.choice(xs)\n    return s\n"
        "def g(s, xs):\n    for x in xs: s += x*round(x, 1)\n    return s\n"
        "def h(x): return x*round(x, 1)\n"
        "def k(s, xs):\n    for x in xs: s += h(x)\n    return s\n"
    )
    typed.run(
        "f(0.0, xs), g(0.0, xs), k(0.0, xs)",
        "n = 3; choice, random.choice = random.choice, lambda xs: n",
        "import builtins; rounded, builtins.round = round, lambda x, digits: n",
        *(f"{name}0 = {name}(0.0, xs)" for name in "fgk"),
        "random.choice, builtins.round = choice, rounded",
    )
    assert [float(slope(typed[y], typed["n"])) for y in ("f0", "g0", "k0")] == [5.0] * 3
