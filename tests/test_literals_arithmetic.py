"""Rewritten arithmetic is Python's: values, errors and their places, order, identity, warnings."""

from __future__ import annotations

import tracemalloc
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_literals_operators import arithmetic, run
from test_literals_programs import same

from vrepl.core.value import FloatValue, IntValue, leaf

CLASSES = """
log = []
def t(x):
    log.append(repr(x))
    return x
class W:
    def __repr__(self): return 'W'
class R(W):
    def __repr__(self): return 'R'
class I(W):
    def __repr__(self): return 'I'
def noted(name):
    def method(self, other):
        log.append((name, repr(self), repr(other)))
        return NotImplemented if other == 's' else self
    return method
for kind, pattern in (W, '__{}__'), (R, '__r{}__'), (I, '__i{}__'):
    for name in 'add', 'sub', 'mul', 'truediv', 'pow':
        setattr(kind, pattern.format(name), noted(pattern.format(name)))
w, r, i = W(), R(), I()
a, b, c, s, l = 1, 2.5, True, 's', [1]
"""
PROGRAMS = {
    "lists": "x = y = [1]\nx += t([2])\nx += y\nx *= a + a\nz = x is y",
    "globals": "x = 1.5\ndef f(y):\n    global x\n    x += y\n    x *= t(y)\n    x -= y*x\nf(2)",
    "nonlocal": """
def f(x):
    def g(y):
        nonlocal x
        x += y
        x -= t(y)
        return x
    return g
h = f(1.5); z = h(2), h(a)""",
    "rebound while computed": """
x = 1.5
def f():
    global x
    x = 100
    return 2
x += f()
y = 1.5
def g():
    global y
    y = 'other'
    return 2
z = y * g()""",
    "attributes and items": "w.x = 1; w.x += a; l[0] += b; l[t(0)] *= t(b); m = w.x, l",
    "user classes": "x = w + a; y = a - r; i *= a; z = b ** r; i += t(a); q = i is t(i)",
    "shadowed": """
def type(x): return 7
float = str = isinstance = int = None
def f(x, y, z):
    x += y*z
    x += t(z)
    return x * y - z
d = f(1.5, 2, a), f('x', 'y', 2) if 0 else 0""",
    "strings": """
def f(n):
    s = ''
    for k in range(n):
        s += str(k)
        s += s[0]
        s = s + t('x') * n
    return s
d = f(4), 'a' + s + s, s * a""",
    "generators": """
def f(x):
    x += yield 1
    y = x * (yield 2)
    x *= (yield y) + x
    yield x
g = f(1.5); d = [next(g), g.send(2), g.send(3.5), g.send(a)]""",
    "async": """
import asyncio
async def f(x): return x
async def g(x):
    x += await f(a)
    y = x * await f(b)
    return [x - z * y async for z in h(x)], y
async def h(x):
    yield x * b
d = asyncio.run(g(1.5))""",
    "classes": """
class P:
    k = a * b
    k += a
    def m(self, x):
        __y = x
        __y += self.k
        __y *= self.k * x
        return __y * self.k
    l = [a * b for a in (1, 2)]
d = P().m(2), P.k, P.l, sorted(n for n in vars(P) if n[0] != '_')""",
    "walrus": "d = (x := b) * (y := a) + (x := x + y); e = [z := b * k for k in (1, 2)], z",
    "locals": "def f(x, y):\n    x += y*x*2.5\n    x += t(y)\n    return [*locals()]\nd = f(1, 2)",
    "names": "def f(x, y):\n    x += y\n    return x*y\nd = f.__code__.co_varnames",
}
FAILING = [
    "x = a * undefined",
    "x = undefined * other",
    "x = undefined + t(a)",
    "x = t(a) + undefined",
    "x = 0.5 * undefined",
    "x = (lambda a: a*b*undefined)(1.5)",
    "x = (lambda a, z: a/z*undefined)(1.5, 0)",
    "x = (lambda a: 1/0*undefined)(1.5)",
    "x = (lambda a: w*a*undefined)(1.5)",
    "x = (lambda a: -w*undefined)(1.5)",
    "undefined += a",
    "undefined += other",
    "undefined += t(a)",
    "def f():\n    y += a\nf()",
    "def f():\n    y += t(a)\nf()",
    "def f(a):\n    y += a * b\n    y = 0\nf(1.5)",
    "def f(y):\n    y += a * undefined\nf(1.5)",
    "def f():\n    return y * a\n    y = 1\nf()",
    "x = a + s",
    "x = s + a * b",
    "x = l * b",
    "x = None ** a",
    "x = s - t(a)",
    "l -= a",
    "l -= t(a)",
    "s *= l",
    "def f(x, y):\n    x += y\nf(1, 's')",
    "def f(x, y):\n    x **= y - y\nf('s', 2)",
    "def f(x, y, z):\n    return (x +\n       y\n       - z)\nf(1, 2, 's')",
    "x = (t(b) /\n   t(0))",
    "x = b / (a - c)",
    "x = 1e300 ** t(a + 1000)",
    "x = 0.0 ** t(-a)",
    "x = r + r",
    "class Q:\n    def __mul__(self, x): raise ValueError(x)\nx = Q() * a",
    "class Q:\n    def __imul__(self, x): 1 / 0\nq = Q()\nq *= t(a)",
    "x = [t(k) * undefined for k in l]",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs(program: str) -> None:
    same(CLASSES + PROGRAMS[program])


@pytest.mark.parametrize("program", FAILING)
def test_errors_and_their_places(program: str) -> None:
    """Text, line, caret, and what happened before, are those of the typed code."""
    same(CLASSES + program)


ANYTHING = st.sampled_from(
    ["a", "b", "c", "s", "l", "w", "r", "i", "u", "x", "y", "0", "2", "0.5", "'k'", "t(a)"]
)
ANY_FRAME = [
    "d = {0}",
    "x = b\nx += {0}",
    "x = y = [1]\nx += {0}\nsame = x is y",
    "def f(x, y):\n    x += {0}\n    return [x, {0}]\nd = f(1.5, 2.5); d = f(1, w)",
    "def f(x, y):\n    y -= {0}\n    x **= x - y\n    return x\nd = f(i, 2)",
    "d = [{0} for x in (1, 2.5, 's') for y in (x, i)]",
    "def f(x):\n    for y in (1, 2.5, r):\n        x *= {0}\n        log.append(repr({0}))\nf(b)",
]


@given(st.sampled_from(ANY_FRAME), arithmetic(ANYTHING, ["+", "-", "*", "/", "%", "<"]))
def test_random_arithmetic_is_pythons(frame: str, expression: str) -> None:
    """Values, errors with their places, and the order of every step."""
    same(CLASSES + "def g(x): return t(x)\n" + frame.format(expression))


def test_arrays_are_changed_in_place() -> None:
    np = pytest.importorskip("numpy")
    source = (
        "x += y; x *= y.sum(); x -= 0.5*y\n"
        "def f(x):\n    x += y\n    x -= y*y\n    x += y.sum()\n    return x\nz = f(x)"
    )
    x, y = np.ones(3), np.array([1.0, 2.0, 3.0])
    names = run(source, x=x, y=y)
    assert names["x"] is x is names["z"]
    assert x.tolist() == pytest.approx([17.5, 21.0, 22.5])
    whole = np.arange(3)
    with pytest.raises(TypeError, match="same_kind"):
        run("x += y[0]*1.5", x=whole, y=y)
    assert run("d = x * n; e = x.sum() * n", x=whole, n=leaf(2))["d"].tolist() == [0, 2, 4]


KEPT = """
def f(a, b):
    x = a()*b()
    {0}
    return 1.5*a() + b()
d = f(g, h)
"""


class Big:
    """Something that may not live longer than its statement."""

    def __mul__(self, other: Any) -> float:
        return 2.5


def test_operands_do_not_outlive_their_statement() -> None:
    alive: weakref.WeakSet[Any] = weakref.WeakSet()

    def g() -> Any:
        if alive:
            return 0.5
        alive.add(big := Big())
        return big

    counted: list[int] = []
    source = KEPT.format("counted.append(len(alive)); alive.add(a)")
    names = run(source, g=g, h=lambda: 0.25, alive=alive, counted=counted)
    assert counted == [0]
    assert names["d"] == 1.0


@pytest.mark.parametrize("looking", ["locals()", "vars()", "dir()", "eval('locals()')"])
def test_a_function_that_looks_at_its_names_sees_its_own(looking: str) -> None:
    names = run(KEPT.format(f"seen = [*{looking}]; log.append(seen)"), g=float, h=float, log=[])
    assert sorted(names["log"][0]) == ["a", "b", "x"]


def test_whole_nodes_are_asked_wherever_they_come_from() -> None:
    n = leaf(3)
    functions = [
        "def f(): return g()*h()",
        "def f():\n    s = g()\n    s *= h()\n    return s",
        "def f():\n    s = g()\n    return s*h()",
        "def f():\n    return 0.5*h()",
        "def f(k=1):\n    return g()*h() if not k else f(k - 1)*f(0)",
        "def f():\n    return o.x*o.y",
    ]
    for text in functions:
        names = run(f"{text}\nd = f()", g=lambda: 0.5, h=lambda: n, o=SimpleNamespace(x=0.5, y=n))
        assert isinstance(names["d"], FloatValue), text


def test_warnings_name_the_users_line() -> None:
    np = pytest.importorskip("numpy")
    with pytest.warns(RuntimeWarning) as told:
        run("\nd = x / y", x=np.ones(2), y=np.zeros(2))
    assert [(warning.filename, warning.lineno) for warning in told] == [("<cell 3>", 2)]


def test_strings_grow_in_place() -> None:
    """Otherwise a loop that builds a text takes quadratic time."""
    source = (
        "def f(n):\n    s = 'x' * n\n    for _ in range(9):\n        s += chr(65)\n    return 1"
    )
    f = run(source)["f"]
    f(9)
    tracemalloc.start()
    try:
        f(1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()


def test_names_of_users_mean_what_they_say() -> None:
    """The tests refer to nothing that a session may have bound to something else."""
    shadowed = "type = isinstance = float = int = str = print\n"
    source = "def f(x, y, z):\n    x += y*z\n    return 0.5*z - x*y\nd = f(1.5, 2, n); e = 0.5*n"
    names = run(shadowed + source, n=leaf(3))
    assert isinstance(names["d"], FloatValue)
    assert isinstance(names["e"], FloatValue)


def test_numbers_of_users_are_left_alone() -> None:
    """Only exact floats, bools and NumPy's numbers are known not to ask."""

    class Mine(float):
        pass

    for left in (Mine(0.5), 2, "ab", [1], 1j):
        for source in "d = x * n", "d = [x][0] * n", "d = x\nd *= n":
            assert not isinstance(run(source, x=left, n=leaf(2))["d"], FloatValue)
    assert type(run("d = x * n", x=2, n=leaf(2))["d"]) is IntValue
