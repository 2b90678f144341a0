"""Loops that ask once whether their data is free of nodes: nothing changes but the time they take.

The measure are the same loops where every operation asks. Nodes are typed in the programs
themselves, since a node that anything else holds makes every loop ask.
"""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_hoisting import SUPPORT, Unhoisted, graph, kept, run

from vrepl.core.derivatives import slope
from vrepl.core.graph import trace
from vrepl.core.threads import is_free_threaded
from vrepl.core.value import IntValue, Value, leaf, plain
from vrepl.session import callees, census, data, policy, support
from vrepl.session.data import Reading, is_data

ANSWERS: list[bool] = []


@pytest.fixture(autouse=True)
def _every_loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Short loops ask too, no question fails, and no node of another test is left."""

    search = census.places

    def asked(*arguments: Any) -> frozenset[int] | None:
        found = search(*arguments)
        ANSWERS.append(found is not None)
        return found

    gc.collect()
    census._census.cache_clear()
    # What other tests have left is not to be accounted for, nor may it go meanwhile.
    left = [x for x in gc.get_objects() if isinstance(x, Value)]
    others = set(map(id, left))

    def recount(self: census._Census) -> None:
        kinds = set(map(id, self.kinds))
        new = [x for x in gc.get_objects() if id(type(x)) in kinds and id(x) not in others]
        self.others += self.count() - len(new)

    monkeypatch.setattr(census._Census, "recount", recount)
    monkeypatch.setattr(data, "SHORTEST", 0)
    monkeypatch.setattr(census, "PATIENCE", 0.0)
    monkeypatch.setattr(census, "places", asked)
    failed: list[str] = []
    question = support._closed

    def checked(*arguments: Any) -> bool | tuple[Any, ...]:
        try:
            return question(*arguments)
        except Exception as error:
            failed.append(repr(error))
            raise

    monkeypatch.setattr(support, "_closed", checked)
    ANSWERS.clear()
    yield
    assert not failed
    del left
    census._census.cache_clear()


def answers(source: str, **names: Any) -> tuple[dict[str, Any], list[bool]]:
    """What a cell leaves, and what its loops were answered once their data seemed sound."""
    ANSWERS.clear()
    left, error = run(source, **names)
    assert not error
    return left, list(ANSWERS)


# --- random loops --------------------------------------------------------------------------------

NAMES = {"p": "1.5", "q": "3", "k": "2", "n": "5", "s": "0.25"}
LISTS = {"ws": "0.5, 4, 2, 1, 3", "xs": "1.5, 3, 0.75, 2, 1", "ys": "2, 2.5, 4, 1.5, 1"}


@st.composite
def starts(draw: st.DrawFn) -> str:
    """Each name means a node or a plain number, and few lists hold nodes.

    One may hold a node where nobody looks, as the second of five.
    """
    lines = []
    for name, number in NAMES.items():
        typed = draw(st.booleans())
        lines.append(f"{name} = {name}0 = {number if typed else f'({number}).__pos__()'}")
    for name, numbers in LISTS.items():
        form = draw(st.sampled_from(["list(({}))", "list(({}))", "list(({}))", "[{}]"]))
        lines.append(f"{name} = {form.format(numbers)}\n{name}0 = tuple({name})")
    if draw(st.booleans()):
        lines.append(f"{draw(st.sampled_from([*LISTS]))}[1] = {draw(st.sampled_from('qkn'))}")
    lines += [draw(functions("g", "")), draw(functions("h", "g(a, b)*"))]
    return "\n".join(lines)


INNER = st.sampled_from(["a", "b", "c", "p", "k", "ws[1]", "0.5", "2", "round(a)", "round(a, 1)"])


@st.composite
def functions(draw: st.DrawFn, name: str, call: str) -> str:
    """A function that may look at names of the session, type numbers or call another."""
    text = call if draw(st.booleans()) else ""
    text += f" {draw(st.sampled_from('+-*'))} ".join(draw(st.lists(INNER, min_size=1, max_size=3)))
    local = draw(st.sampled_from(["int('2')", "float('2')", "a*b", "2", "0.5", "q", "xs[0]"]))
    default = draw(st.sampled_from(["k", "2", "0.5", "p"]))
    test = draw(st.sampled_from(["", "\n    if a > q:\n        return c", "\n    a = a*k"]))
    return f"def {name}(a, b={default}):\n    c = {local}{test}\n    return {text}"


VALUES = st.sampled_from(
    ["x", "y", "p", "q", "k", "s", "i", "ws[i]", "ws[1]", "xs[i]", "0.5", "2", "min(x, k)",
     "g(x)", "g(y, k)", "h(x)", "h(s, y)"]
)  # fmt: skip
HEADS = st.sampled_from(["y in ys", "i in range(q)", "i, y in enumerate(ys)", "y in [p, 0.5]"])


@st.composite
def values(draw: st.DrawFn) -> str:
    operator = st.sampled_from(["+", "-", "*", "*", "/", "//"])
    text = draw(VALUES)
    for _ in range(draw(st.integers(0, 3))):
        other = draw(VALUES)
        text = f"({text}) {draw(operator)} {other}" if draw(st.booleans()) else f"{other}*({text})"
    forms = ["{}", "{}", "{}", "sum({} for y in ws)", "[{} for y in ys if y > 1][-1]"]
    return draw(st.sampled_from(forms)).format(text)


@st.composite
def steps(draw: st.DrawFn, depth: int = 1) -> str:
    value = draw(values())
    form = draw(st.integers(0, 9 if depth else 6))
    if form < 4:
        return (
            f"{draw(st.sampled_from(['s', 's', 'p', 'y']))} {draw(st.sampled_from('+-*'))}= {value}"
        )
    if form > 6:
        return f"for {draw(HEADS)}:\n    " + draw(steps(0)).replace("\n", "\n    ")
    return [f"s = {value}", f"ws[i] = {value}", f"if {value} > s:\n    s += x"][form - 4]


@st.composite
def loops(draw: st.DrawFn) -> str:
    lines = draw(st.lists(steps(), min_size=1, max_size=4))
    body = "".join(f"\n    {line}" for text in lines for line in text.split("\n"))
    loop = f"y = i = int()\nfor x in xs:{body}"
    if draw(st.booleans()):
        return f"{loop}\nd = [s, p, ws]"
    lines = [f"\n    {line}" for line in loop.split("\n")]
    return f"def f(s, p, ws):{''.join(lines)}\n    return [s, p, ws]\nd = f(s, p, ws)"


def leaves(left: dict[str, Any]) -> list[Value]:
    return kept({name: left.get(f"{name}0", 0.0) for name in NAMES}) + [
        x for name in LISTS for x in left.get(f"{name}0", ()) if isinstance(x, Value)
    ]


def found(start: str, program: str) -> Any:
    left, error = run(f"{start}\n{program}")
    try:
        return error, graph(left.get("d"), leaves(left))
    finally:
        left.clear()  # functions and their globals hold each other
        gc.collect(0)


@given(starts(), loops())
def test_closed_loops_lose_no_node(start: str, program: str) -> None:
    one = found(start, program)
    with Unhoisted():
        assert one == found(start, program)


# --- who is asked, and what the answer is --------------------------------------------------------

CLOSED = {
    "items": "for x in xs:\n    s += x",
    "items of two lists": "for x, y in zip(xs, ys):\n    s += x*y",
    "items by index": "for i in range(len(xs)):\n    s += xs[i]*ys[i]",
    "a range by a node": "for i in range(n):\n    s += xs[i % 3]*ys[i % 3]",
    "a comparison with a node": "for x in xs:\n    if x < n:\n        s += x",
    "an index that is a node": "for x in xs:\n    s += x*xs[one]",
    "a comprehension": "s = [x*y for x in xs for y in ys]",
    "a generator that is summed": "s = sum(x*y for x, y in zip(xs, ys))",
    "a float node": "for x in xs:\n    s += w*x",
    "a list of float nodes": "ws = [0.5, 1.5]\nfor w, x in zip(ws, xs):\n    s += x*w",
    "a number typed in the loop": "for x in xs:\n    u = 0.5\n    s += u*x",
    "rows": "for row in [xs, ys]:\n    for x in row:\n        s += x*x",
    "records": "for r in records:\n    s += r.x*r.y",
    "fields that are set": "for r in records:\n    r.x = r.x + s*r.y",
    "named tuples": "for r in pairs:\n    s += r.x*r.y",
    "a dict": "for name in prices:\n    s += prices[name]*prices.get(name, 0)",
    "what random gives": "for x in xs:\n    s += x*max(random.random(), x)",
    "a while": "i = int('0')\nwhile i < n:\n    s += xs[i % 3]*ys[i % 3]\n    i += 1",
    "counted from a number": "for i, x in enumerate(xs, 1):\n    s += x*ys[i - 1]",
    "a rounded number": "for x in xs:\n    s += 0.5*round(x*y, 1)",
    "numbers that are rounded without nodes": "for y in ys:\n    s += 0.5*round(y)*math.floor(y)",
    "what is printed": "for x in xs:\n    s += x\n    if x > 9:\n        print(x)",
    "an error that is caught":
        "for x in xs:\n    try:\n        s += y/(x - 3)*x\n"
        "    except ArithmeticError:\n        s = y",
    "what is appended to a list": "for r in records:\n    ys.append(m*r.x)",
    "an object with methods": "for x in xs:\n    s += unit.w*x\n    unit.w = m*x",
    "a function": "def f(x): return m*x\nfor x in xs:\n    s += f(x)*x",
    "a function with its own loop":
        "def f(t):\n    u = t\n    for x in xs:\n        u = u + x*t\n    return u\n"
        "for x in xs:\n    s += f(x)",
    "a function that calls another":
        "def f(x): return x*m\ndef g(x): return f(x)*f(m)\nfor x in xs:\n    s += g(x)",
    "a function that calls itself":
        "def f(x): return x if x < 1 else m*f(x*0.5)\nfor x in xs:\n    s += f(x)",
    "an anonymous function": "f = lambda x: x*x\nfor x in xs:\n    s += f(x)",
    "a function with defaults":
        "def f(x, k=2, *, b=0.5): return x*k + b\nfor x in xs:\n    s += f(x)",
    "a function that raises":
        "def f(x):\n    if x > n:\n        raise ValueError(x)\n    return x*x\n"
        "for x in xs:\n    try:\n        s += f(x*x)\n    except ValueError:\n        s = m",
    "a function that looks at records":
        "def f(r): return r.x*r.y\nfor r in records:\n    s += m*f(r)",
    "a function that computes with math":
        "def f(x): return math.exp(-x)*m\nfor x in xs:\n    s += f(x)*x",
    "a function that is given":
        "def f(g, xs): return [g(x)*x for x in xs]\ns = f(lambda x: x*2, xs)",
    "a function of math that is given":
        "def f(g, xs): return [g(x)*x for x in xs]\ns = f(math.sin, xs)",
    "a function made by another":
        "def f(w): return lambda x: w*x\ng = f(m)\nfor x in xs:\n    s += g(x)",
    "arrays": "for i in range(n):\n    s = s*xs[0] + array*xs[1]",
}  # fmt: skip
OPEN = {
    "a function that gives a node": "def f(x): return n\nfor x in xs:\n    s += f(x)",
    "a function with a node for a default": "def f(x, n=n): return n\nfor x in xs:\n    s += f(x)",
    "a function with one by name": "def f(x, *, n=n): return n\nfor x in xs:\n    s += f(x)",
    "a function with a node around it":
        "def g(n): return lambda x: n*x\nf = g(n)\nfor x in xs:\n    s += f(x)",
    "a function that types a whole number":
        "def f(x):\n    u = 2\n    return u\ns = [f(x)*x for x in xs]",
    "a function handed a whole number": "def f(x, n): return x*n\nfor x in xs:\n    s += f(x, 2)",
    "a function that rounds": "def f(x): return round(x)\nfor x in xs:\n    s += f(x*w)*x",
    "a function that calls such a one":
        "def g(x): return n\ndef f(x): return g(x)*x\nfor x in xs:\n    s += f(x)",
    "a function that binds a global":
        "def f(x):\n    global u\n    u = n\n    return x\nfor x in xs:\n    s += f(x)",
    "a function that looks around": "def f(x): return globals()['n']\nfor x in xs:\n    s += f(x)",
    "a function that reads an attribute of its own":
        "def f(x): return x*f.k\nf.k = n\nfor x in xs:\n    s += f(x)",
    "a generator": "def f(x): yield n\nfor x in xs:\n    s += x*max(f(x))",
    "a function that waits": "def f(x): return lambda: n\nfor x in xs:\n    s += f(x)()",
    "a class": "class f(float): pass\nfor x in xs:\n    s += f(x)",
    "a function of a library": "for x in xs:\n    s += leaf(x)",
    "a function with a wrapper":
        "import functools\n@functools.cache\ndef f(x): return n\nfor x in xs:\n    s += f(x)",
    "a function that hides a builtin":
        "def f(x): return abs(x)\nglobals()['abs'] = lambda x: n\nfor x in xs:\n    s += f(x)",
    "a whole number typed in the loop": "for x in xs:\n    u = 2\n    s += x*u",
    "whole numbers in a list": "for x in xs:\n    u = [1, 2]\n    s += x*u[1]",
    "whole numbers gone through": "for x in [1, 2]:\n    s += 0.5*x",
    "whole numbers in a zip": "for x, u in zip(xs, [1, 2]):\n    s += x*u",
    "whole numbers reversed": "for x in xs:\n    for u in reversed([1, 2]):\n        s += x*u",
    "whole numbers in a sum": "s = sum(x*u for x, u in zip(xs, [1, 2]))",
    "a rounded node": "for x in xs:\n    s += 0.5*round(w*x)",
    "a node rounded to None": "for x in xs:\n    s += 0.5*round(w*x, None)",
    "the floor of a node": "import math\nfor x in xs:\n    s += 0.5*math.floor(w*x)",
    "a method of an object": "for x in xs:\n    s += unit.f(x)*x",
    "a method of an item": "for r in records:\n    s += r.f()*m",
    "an object that is written": "for r in records:\n    s += m*r.x*len(f'{r}')",
    "a node that becomes a key": "for x in xs:\n    prices[n] = m*x\n    s += m*max(prices)",
    "a node in a conclusion": "for x in xs:\n    s += x*(n and x)",
    "operands of a node": "v = w*2\nfor x in xs:\n    s += m*v._prev[1]",
    "a lambda": "for x in xs:\n    s += (lambda: n)()*x",
    "a generator that runs later": "for x in xs:\n    later = (s*y for y in xs)\n    s += x",
    "a node on the way": "for x in xs:\n    s = s*m\n    m = n",
    "a deleted name": "for x in xs:\n    s += x\n    u = s\n    del u",
}  # fmt: skip
# Where a whole node is found besides its name, and where it is not.
FOUND = {
    "in a list": "held = [n]",
    "in a row": "held = [[0.5], [1.5, n]]",
    "in a dict": "held = {n: [n]}",
    "in an attribute": "class A: pass\nheld = A()\nheld.n = n",
    "in records of a list": "class A: pass\nheld = [A(), A()]\nheld[1].n = [n]",
    "in slots": "class A: __slots__ = ('n',)\nheld = A()\nheld.n = n",
    "in a closure": "def g(n): return lambda: n\nheld = g(n)",
    "in a graph without a name": "held = [n*0.5]",
    "in a deque": "from collections import deque\nheld = deque([n])",
    "in two lists": "held = [n]\nheld = [held, held]",
    "under two names": "held = also = [n]",
}
HIDDEN = {
    "in a default": "def held(n=n): return n",
    "in an iterator": "held = iter([n])",
    "in a slice": "held = slice(n)",
    "in a generator": "held = (n for _ in [1])",
    "in a list that something else holds": "row = [n]\nheld = iter([row])",
    "in a long list": "held = [n]*300",
    "in a class": "class held: pass\nheld.n = n",
    "made with Value(0)": "held = Value(0)",
}
HEAD = """
import math
import random
y = float("1.5")
n = 5
w = 1.5
one = 1
xs, ys = list((1.5, 3.0, 0.75)), list((2.0, 2.5, 4.0))
s = float("0")
m = float("1")
prices = dict(((1, 1.5), (2, 2.5)))
"""


@dataclass
class Record:
    x: float
    y: float

    def f(self) -> float:
        return self.x


@dataclass
class Unit:
    w: float

    def __call__(self, x: float) -> float:
        return self.w * x

    f = __call__


Pair = namedtuple("Pair", "x y")


def objects() -> dict[str, Any]:
    import numpy as np

    array = np.array([1.0, 2.0])
    some = [Record(0.5, 1.5), Record(2.5, 3.5)]
    return {
        "records": some,
        "pairs": [Pair(0.5, 1.5)],
        "array": array,
        "Value": Value,
        "unit": Unit(0.5),
        "leaf": leaf,
    }


def placed(body: str, place: str) -> str:
    """A program whose loop stands at the top level, or in a function that gives `s`."""
    if place == "top level":
        return HEAD + body
    lines = "\n    ".join(body.split("\n"))
    names = "n, w, one, xs, ys, s, m, prices, records, pairs, array, unit, y"
    given = names.replace("n, w, one, ", "")
    return f"{HEAD}def f({given}):\n    {lines}\n    return s\ns = f({given})"


everywhere = pytest.mark.parametrize("place", ["top level", "function"])


@everywhere
@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_loop_need_not_ask(name: str, place: str) -> None:
    left, said = answers(placed(CLOSED[name], place), **objects())
    assert said and all(said)
    expected: dict[str, Any] = objects()
    exec(placed(CLOSED[name], place), expected)
    if "random" not in name:
        assert str(left["s"]) == str(expected["s"])


@everywhere
@pytest.mark.parametrize("name", OPEN)
def test_an_open_loop_asks(name: str, place: str) -> None:
    _, said = answers(placed(OPEN[name], place), **objects())
    assert said == []


@pytest.mark.parametrize("name", HIDDEN)
def test_a_node_that_something_else_holds_makes_loops_ask(name: str) -> None:
    loop = CLOSED["items of two lists"]
    left, said = answers(f"{HEAD}{HIDDEN[name]}\n{loop}", **objects())
    assert said == [False]
    left.clear()
    gone = "import gc\nheld = also = row = g = A = None\ngc.collect()"
    left, said = answers(f"{HEAD}{HIDDEN[name]}\n{gone}\n{loop}", **objects())
    assert said == [True]


@everywhere
@pytest.mark.parametrize("name", FOUND)
def test_a_node_in_a_collection_disturbs_no_other_loop(name: str, place: str) -> None:
    text = placed(CLOSED["items of two lists"], place).replace(HEAD, f"{HEAD}{FOUND[name]}\n")
    assert answers(text, **objects())[1] == [True]


class Host:
    def __init__(self, *shown: Any) -> None:
        self.shown = shown

    def shown_results(self) -> tuple[Any, ...]:
        return self.shown


def test_a_host_may_keep_all_results_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    results = {1: [0.5]}
    host = Host(results, results[1])
    monkeypatch.setattr(census, "KEEPERS", [ref(host)])
    assert answers(f"{HEAD}{CLOSED['items']}", Out=results, **objects())[1] == [True]


READING = {
    "its items": "for x in held:\n    s += 0.5*x",
    "items of a row": "held = [xs, held]\nfor row in held:\n    for x in row:\n        s += 0.5*x",
    "a row that is named":
        "rows = [xs, held, ys]\nfor row in rows:\n    for x in row:\n        s += 0.5*x",
    "a row of a long list":
        "rows = [xs]*300\nrows[7] = held\nfor row in rows:\n    for x in row:\n        s += 0.5*x",
    "a value of a dict": "rows = {'a': xs, 'b': held}\nfor k in rows:\n    s += 0.5*rows[k][0]",
    "an attribute": "class A: pass\na = A()\na.w = held\nfor x in xs:\n    s += x*a.w[0]",
    "a field of a tuple": "p = Pair(0.5, held)\nfor x in xs:\n    y, z = p\n    s += 0.5*z[0]",
    "an item of an item": "for x in xs:\n    y = held[0]\n    s += x*y",
    "what a function reads": "def f(x): return x*held[0]\nfor x in xs:\n    s += f(x)",
    "results of cells":
        "Out = {1: 0.5, 2: held}\nfor k in Out:\n    s += 0.5*(k > 1 and Out[k][0])",
}  # fmt: skip


@pytest.mark.parametrize("name", READING)
def test_a_loop_that_reads_the_collection_asks(name: str) -> None:
    text = f"{HEAD}held = [n, n]\nPair = Pair\n{READING[name]}"
    left, _ = answers(text, Pair=Pair, **objects())
    assert slope(left["s"], left["n"]) != 0


def test_a_whole_node_in_a_list_is_kept() -> None:
    left, said = answers(f"{HEAD}xs.append(n)\nfor x in xs:\n    s += x*0.5 + 0.5*x")
    assert said in ([], [False])
    assert slope(left["s"], left["n"]) == 1.0


SAID = {
    "numbers": (lambda: [0.5, 2, True, None, "a", b"", 1j], True),
    "tuples in lists": (lambda: [(0.5, [1, 2])], True),
    "sets and dicts": (lambda: [{1, 2}, {"a": 0.5}], True),
    "a float node": (lambda: [leaf(0.5)], True),
    "a whole node": (lambda: [0.5, 0.5, leaf(2)], False),
    "Value(0)": (lambda: [Value(0)], False),
    "a function": (lambda: len, False),
    "a class": (lambda: float, False),
    "a generator": (lambda: (x for x in ()), False),
    "an iterator": (lambda: iter([1]), False),
    "a module": (lambda: gc, False),
    "a file": (lambda: ast, False),
}


@pytest.mark.parametrize("name", SAID)
def test_data(name: str) -> None:
    make, expected = SAID[name]
    assert is_data(make(), Reading()) is expected


class Computing:
    """Has code for `x`."""

    @property
    def x(self) -> int:
        raise AssertionError


class Guessing:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError


class Adding:
    def __radd__(self, other: Any) -> Any:
        raise AssertionError


class Slotted:
    __slots__ = ("x",)


class Refusing:
    def __setattr__(self, name: str, value: Any) -> None:
        raise AssertionError


def test_records_are_asked_nothing() -> None:
    reading = Reading(("x",))
    assert not any(is_data(kind(), reading) for kind in (Computing, Guessing, Adding))
    assert is_data(Slotted(), reading) and is_data(Record(1.0, 2.0), reading)
    assert is_data(Refusing(), reading) and not is_data(Refusing(), Reading(("x",), stores=True))
    assert not is_data(Record(1.0, 2.0), Reading(("x",), calls=True))
    assert not is_data(Record(leaf(3), 2.0), reading)
    assert is_data(Computing(), Reading(("y",)))


def test_short_loops_do_not_wait_for_the_same_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "PATIENCE", 1e9)
    names: dict[str, Any] = {"xs": iter([leaf(3)])}
    assert census.places(names) is None
    names = {"n": next(names["xs"])}
    assert census.places(names) is None  # though it would hold now: it was just looked at
    census._census(False).checks.due = census._census(False).searches.due = 0.0
    assert census.places(names) is not None
    assert census.places(names) is not None  # which is remembered


def test_what_a_function_was_given_is_not_remembered() -> None:
    names: dict[str, Any] = {"n": leaf(3)}

    def asked(n: Any) -> bool:
        given = (n,)
        return census.places(names, [given]) is not None

    for times in range(1, 5):
        census._census.cache_clear()
        before = [asked(names["n"]), asked(names["n"]), census.places(names) is not None]
        names["xs"] = [names["n"]] * times
        assert before == [True] * 3  # and only here: pytest keeps what it compares
        after = [census.places(names), census.places({"n": names["n"]})]
        assert after == [frozenset({id(names["xs"])}), None]
        del names["xs"]


def test_results_of_cells_are_names_too() -> None:
    n = leaf(3)
    names = {"n": n, "_": n, "_4": n, "Out": {4: n}}
    del n
    assert census.places(names) is not None and census.places(names) is not None
    names["Out"][5] = [names["n"]]
    assert census.places(names) == {id(names["Out"]), id(names["Out"][5])}
    names["Out"][6] = iter([names["n"]])
    assert census.places(names) is None


def test_where_threads_count_for_themselves_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = HEAD + CLOSED["items of two lists"]
    _, said = answers(loop)
    assert said == [not is_free_threaded()]
    monkeypatch.setattr(census, "is_free_threaded", lambda: True)
    _, said = answers(loop)
    assert said == [False]


COUNTED_AWAY = """
from vrepl.core.value import leaf
from vrepl.session import census
census.PATIENCE = 0.0
names = {"n": leaf(3)}
assert census.places(names) is not None
taken = [type(names["n"])]
census._census(False).pace = 0.0
assert census.places(names) is None
assert census.places(names) is not None
names["xs"] = iter([leaf(2)])
assert census.places(names) is None
"""


def test_a_reference_to_the_class_is_counted_away() -> None:
    subprocess.run([sys.executable, "-c", COUNTED_AWAY], check=True)


@pytest.mark.parametrize("floats", ["", "w = 1.5\nhidden = iter([w])\n"])
def test_python_itself_adds_where_there_are_no_nodes(
    monkeypatch: pytest.MonkeyPatch, floats: str
) -> None:
    monkeypatch.setitem(policy.STAND_INS, "sum", policy.TOTAL)  # as from 3.12 on
    added: list[Any] = []
    monkeypatch.setitem(
        SUPPORT, policy.TOTAL, lambda items: added.append(items) or sum(list(items))
    )
    program = "rows = list(([0.1]*10, [0.2]*10))\nt = [sum(row) for row in rows]"
    left, _ = answers(floats + program)
    assert left["t"] == [sum([0.1] * 10), sum([0.2] * 10)]
    assert len(added) == (2 if floats else 0)


CHAIN = "n = 0\nfor _ in range(3_000): n += 1\nw = 1.5\nxs = list((0.5, 1.0, 2.0, 4.0)*4)\n"


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "_EACH", 0.0)


@pytest.mark.usefixtures("_at_once")
def test_many_nodes_that_only_nodes_hold_are_accounted_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[Any] = []
    search = census.search
    monkeypatch.setattr(
        census, "search", lambda *given, **options: searched.append(1) or search(*given, **options)
    )
    loop = "s = 0.0\nfor x in xs: s += x*xs[0]\n"
    left, said = answers(CHAIN + 5 * loop)
    assert said == [True] * 5 and plain(left["s"]) == 7.5 * 4 * 0.5
    assert isinstance(left["n"], Value) and len(searched) <= 3, "later it is remembered"


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("way", ["n._prev[0]", "trace(n)[0][-2]", "[*n._prev][0]._prev[0]"])
def test_a_node_that_only_nodes_held_is_found_in_a_list(way: str) -> None:
    program = f"""{CHAIN}
def total(xs):
    s = 0.0
    for x in xs: s += x*w
    return s
before = total(xs)
xs[2] = {way}
d = total(xs)
"""
    left, _ = answers(program, trace=trace)
    inner = left["xs"][2]
    assert type(inner) is IntValue and slope(left["d"], inner) == 1.5
    assert slope(left["d"], left["w"]) == plain(sum(left["xs"]))


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("many", [20_000, 40_000])
def test_no_cell_waits_until_too_many_nodes_are_looked_for(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[Any] = []
    search = census.search
    monkeypatch.setattr(census, "search", lambda *a, **o: searched.append(1) or search(*a, **o))
    left, said = answers(CHAIN.replace("3_000", str(many)) + "s = 0.0\nfor x in xs: s += x*xs[0]\n")
    assert plain(left["n"]) == many
    assert (said, bool(searched)) == (([True], True) if many < 30_000 else ([False], False))


@pytest.mark.parametrize("name", ["k", "ws[0]"])
def test_a_node_of_a_function_is_found_when_it_comes_into_a_list(name: str) -> None:
    program = f"""
def f(xs):
    k, ws = 3, [4]
    s = 0.0.__pos__()
    for x in xs: s += xs[0]*x
    for x in xs: s += xs[0]*x
    xs[3] = {name}
    for x in xs: s += xs[0]*x
    return s, {name}
d, n = f([0.5.__pos__()]*8)
"""
    left, said = answers(program)
    assert type(left["n"]) is IntValue and said
    assert slope(left["d"], left["n"]) == 0.5


CALLING = {
    "a loop": "for x in xs:\n        t.append(f(x))",
    "a comprehension": "t = [f(x) for x in xs] + [f(x) for x in xs]",
    "a result": "return [f(x) for x in xs]",
}


@pytest.mark.parametrize("name", CALLING)
def test_the_functions_that_a_loop_calls_leave_no_names(name: str) -> None:
    program = f"""
def f(x): return 1/x
def g(xs):
    t = []
    {CALLING[name]}
    return t
g(list((1.0, 2.0)))
try:
    g(list((1.0, 0.0)))
except ZeroDivisionError as error:
    frames = [error.__traceback__.tb_next, error.__traceback__.tb_next.tb_next]
    names = [list(frame.tb_frame.f_locals) for frame in frames]
    codes = [frame.tb_frame.f_code for frame in frames]
"""
    left, said = answers(program)
    assert said and all(said)
    assert "__vrepl" not in str(left["names"])
    assert left["codes"][0].co_name == "g" and "__vrepl_called_f__" in str(codes_of(left["g"]))


# At the top level, where functions are passed on.
PASSING = {
    "a list": "t = [f(x) for x in xs]",
    "a set": "t = {f(x) for x in xs}",
    "a dict": "t = {x: f(x) for x in xs if f(x) > 0}",
    "a sum": "t = sum(f(x) for x in xs)",
    "lists": "t = [[f(x) for x in xs] for _ in range(3)]",
    "two functions": "t = [f(x)*h(x, x) for x in xs]",
    "one in the other": "t = [h(f(x), f(2*x)) for x in xs]",
    "a function of math": "import math\nt = [f(math.sin(x)) for x in xs]",
    "its own range": "t = [f(x) for x in range(1, 40)]",
    "once for each step": "t = []\nfor k in range(3): t += [f(x) for x in xs]",
    "a result": "[f(x) for x in xs]\nt = 0",
    "an error": "t = []\ntry: t = [f(x) for x in (*xs, 0.0)]\nexcept ZeroDivisionError as e: t = e",
}


@pytest.mark.parametrize("name", PASSING)
def test_functions_are_passed_to_comprehensions_of_a_cell(name: str) -> None:
    program = "def f(x): return 1/x + x\ndef h(x, y): return x*y\nxs = list((1.0, 2.5, 4.0)*4)\n"
    left, said = answers(program + PASSING[name])
    assert said and all(said)
    expected: dict[str, Any] = {}
    exec(program + PASSING[name], expected)
    assert str(left["t"]) == str(expected["t"])
    assert not support._passed and left.keys() - expected.keys() <= {"__name__"}


def test_what_is_passed_on_is_taken_by_whom_it_is_for() -> None:
    """A comprehension that begins between another's test and itself, as in a finalizer."""
    assert support.passing((1,)) == (1,)
    assert support.passing((2,)) == (2,)
    assert support.passed() == [(2,)]
    assert support.passing(False) is False
    assert support.passed() == [(1,)]


def codes_of(function: Any) -> list[tuple[str, ...]]:
    code = function.__code__
    return [code.co_varnames, code.co_cellvars]


def test_a_function_is_compiled_once_for_loops_of_any_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data, "SHORTEST", 1)  # so that steps are counted
    program = "def f(x): return x*x\ndef g(xs): return [f(x) for x in xs]\n"
    program += "for n in range(4, 8): g(list((1.0, 2.0)*n)).sort()"
    left, said = answers(program)
    assert len(said) == 4 and all(said)
    assert len(callees._found[left["f"]]) == 1
