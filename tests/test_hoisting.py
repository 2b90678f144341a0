"""Loops that test their names before they start: nothing changes but the time they take.

Every program runs as typed, rewritten with the tests before its loops, and rewritten without them.
"""

from __future__ import annotations

import ast
import builtins
import linecache
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_literals_operators import SUPPORT
from test_literals_programs import FILE, places

from vrepl.core.derivatives import NotConnected, slope
from vrepl.core.value import Value, leaf, plain
from vrepl.session import arithmetic, hoisting
from vrepl.session.literals import TRIM, transform


def run(source: str, shared: bool = True, **names: Any) -> tuple[dict[str, Any], str]:
    """What a rewritten cell leaves behind, statement by statement, and its error."""
    support = {**SUPPORT, TRIM: lambda: None}
    space: dict[str, Any] = {"__builtins__": vars(builtins) | support, "__name__": "__main__"}
    space |= names
    said: list[str] = []
    linecache.cache[FILE] = len(source), None, source.splitlines(keepends=True), FILE
    tree = transform(
        ast.parse(source), cell="3", bindings=False, shared=shared, complain=said.append
    )
    assert not said
    return finished(tree, space)


def as_typed(source: str, **names: Any) -> tuple[dict[str, Any], str]:
    return finished(ast.parse(source), dict(names))


def finished(tree: Any, space: dict[str, Any]) -> tuple[dict[str, Any], str]:
    try:
        for statement in tree.body:
            exec(compile(ast.Module([statement], []), FILE, "exec"), space)
    except Exception as error:
        return space, f"{error!r} {places(error)}"
    return space, ""


class Unhoisted:
    """Switches the tests before loops off."""

    def __enter__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(arithmetic.hoisting, "plan", lambda *arguments: None)
        frame_of: Callable[..., hoisting.Frame] = hoisting.frame_of

        def blind(*arguments: Any) -> hoisting.Frame:
            frame = frame_of(*arguments)
            known = hoisting.Known({}, frame.known.is_library, totals=frame.known.totals)
            return replace(frame, bound={}, parameters=frozenset(), known=known)

        self.patch.setattr(arithmetic.hoisting, "frame_of", blind)

    def __exit__(self, *error: object) -> None:
        self.patch.undo()


def graph(x: Any, leaves: list[Value]) -> Any:
    """A value as text, with its slope by each leaf."""
    if isinstance(x, (list, tuple)):
        return [graph(part, leaves) for part in x]
    if not isinstance(x, Value):
        return text(x)
    slopes = []
    for node in leaves:
        try:
            slopes.append(repr(float(slope(x, node))))
        except (NotConnected, ArithmeticError) as error:
            slopes.append(type(error).__name__)
    return text(plain(x)), slopes


def text(x: Any) -> str:
    """A number as text, also a whole one of more digits than Python writes."""
    return hex(x) if type(x) is int else repr(x)


def numbers_in(x: Any) -> Any:
    return [numbers_in(part) for part in x] if isinstance(x, (list, tuple)) else text(plain(x))


# --- random loops --------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["p", "q", "x", "y", "s", "i", "ws[i]", "ws[i - 1]", "k", "g(x)", "y**2", "0.5", "2"]
)
ITERATED = st.sampled_from(
    ["x in xs", "i in range(3)", "i, x in enumerate(xs)", "x, y in zip(xs, ys)", "x in [p, q, k]",
     "i in range(len(ws))", "x in (t for t in ys)", "x, p in zip(xs, ys)"]
)  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn) -> str:
    operator = st.sampled_from(["+", "-", "*", "*", "/", "//", "%"])
    text = draw(NAMES)
    for _ in range(draw(st.integers(0, 3))):
        other = draw(NAMES)
        text = f"({text} {draw(operator)} {other})" if draw(st.booleans()) else f"{other} + {text}"
    if draw(st.integers(0, 5)) == 0:
        text = f"[{text} for x in xs if x != {draw(NAMES)}][-1]"
    if draw(st.integers(0, 5)) == 0:
        text = f"sum({text} for y in ys)"
    return text


@st.composite
def statements(draw: st.DrawFn, depth: int = 2) -> str:
    target = draw(st.sampled_from(["s", "s", "x", "y", "p", "ws[i]", "ws"]))
    value = draw(expressions())
    form = draw(st.integers(0, 11 if depth else 5))
    if target == "ws":
        return f"ws = [{value}, s, {draw(expressions())}]"
    if form < 5:
        return f"{target} {draw(st.sampled_from(['+=', '-=', '*=', '=', '=']))} {value}"
    if form == 5:
        return draw(st.sampled_from(["s = 2", "s = 0.5", "g.r()", "k = k", "x, y = y, x", "s = n"]))
    heads = {
        6: f"if s < {value}:\n{{}}\nelse:\n    s = x",
        7: "try:\n{}\nexcept ZeroDivisionError:\n    s = x",
        8: "m = 3\nwhile m > 0:\n    m -= 1\n{}",
    }
    head = heads.get(form, f"for {draw(ITERATED)}:\n{{}}")
    return head.format(draw(blocks(depth - 1)))


@st.composite
def blocks(draw: st.DrawFn, depth: int) -> str:
    lines = draw(st.lists(statements(depth), min_size=1, max_size=3))
    return "\n".join(f"    {line}" for text in lines for line in text.split("\n"))


HEAD = """
class Rebinding:
    def __call__(self, x): return x
    def r(self):
        global s, k
        s = k = n
g = Rebinding()
"""


@st.composite
def programs(draw: st.DrawFn) -> str:
    loop = f"for {draw(ITERATED)}:\n{draw(blocks(2))}"
    if draw(st.booleans()):
        return f"{HEAD}i = 1\nx = y = s\n{loop}\nd = [s, x, y, p, k, ws]"
    body = "\n".join(f"    {line}" for line in loop.split("\n"))
    body += "\n    return [s, x, y, p, k, ws]\nd = f(s, p, [*ws], s, p)"
    return f"{HEAD}def f(s, p, ws, x, y, i=1):\n{body}"


def data(number: Callable[[float], Any], fractional: Callable[[float], Any]) -> dict[str, Any]:
    return {
        "p": 1.5, "q": number(3), "k": number(2), "n": number(5), "s": 0.25,
        "ws": [0.5, number(4), 2], "xs": [1.5, number(3), fractional(0.75)],
        "ys": [number(2), 2.5, 4],
    }  # fmt: skip


def kept(names: dict[str, Any]) -> list[Value]:
    parts = [x for value in names.values() for x in (value if type(value) is list else [value])]
    return [x for x in parts if isinstance(x, Value)]


@given(programs())
def test_loops_over_plain_data_are_pythons(program: str) -> None:
    names = data(int, float)
    (one, error), (other, expected) = run(program, **names), as_typed(program, **data(int, float))
    assert error == expected
    assert numbers_in(one.get("d")) == numbers_in(other.get("d"))


@given(programs())
def test_tests_before_loops_lose_no_node(program: str) -> None:
    """Each node a loop works out has the slopes it has when every operation asks for itself."""
    names, again = data(leaf, leaf), data(leaf, leaf)
    one, error = run(program, **names)
    with Unhoisted():
        other, expected = run(program, **again)
    assert error == expected
    assert graph(one.get("d"), kept(names)) == graph(other.get("d"), kept(again))


# --- where a node arrives while the loop runs ----------------------------------------------------

ARRIVALS = {
    "assigned in the loop": "for x in [1, 2]:\n    s = s*w\n    w = n",
    "by augmentation": "for x in [1, 2]:\n    s *= w\n    w += n",
    "swapped": "v = n\nfor x in [1, 2]:\n    s = s*w\n    w, v = v, w",
    "from before the first step": "w = n\nfor x in [1, 2]:\n    s = s*w\n    w = h",
    "from before, in a branch":
        "w = n\nfor x in [1, 2]:\n    if x > 5:\n        w = h\n    s = s*w",
    "from before a loop without a step": (
        "j = n\nfor x in [1, 2]:\n    for j in range(0):\n        pass\n    s = s*j"
    ),
    "a target": "for x in [h, n]:\n    s = s*x",
    "a target of an enumeration": "for i, x in enumerate([h, n]):\n    s = s*x",
    "an item": "ws = [h, n]\nfor i in range(2):\n    s = s*ws[i]",
    "an item put in": "ws = [h, h]\nfor i in range(2):\n    s = s*ws[i]\n    ws[1] = n",
    "an item of what was a list":
        "ws = [h, h]\nfor i in range(2):\n    s = s*ws[i]\n    ws = (n, n)",
    "a sum of items": "ws = [h, n]\nfor i in range(2):\n    s += ws[i] + ws[i]",
    "a call": "for x in [1, 2]:\n    s = s*g(n)",
    "a global that a call binds": "for x in [1, 2]:\n    s = s*k\n    bind()",
    "a name in a while": "w = h\nm = 2\nwhile m:\n    m -= 1\n    s = s*w\n    w = n",
    "a hidden name": "x = h\ns = [s*x for x in [h, n]][-1]",
    "a hidden name in a generator": "x = h\ns = sum(s*x for x in [h, n])",
    "a generator that runs later": "later = (s*w for x in [1, 2])\nw = n\ns = [*later][-1]",
    "a lambda that runs later": "w = h\nlater = [lambda: s*w for x in [1]]\nw = n\ns = later[0]()",
    "a walrus": "for x in [1, 2]:\n    s = s*w\n    g(w := n)",
    "a pattern": "for x in [1, 2]:\n    s = s*w\n    match n:\n        case w: pass",
    "a with": "for x in [1, 2]:\n    s = s*w\n    with context as w: pass",
    "an else": "for x in []:\n    w = h\nelse:\n    w = n\nfor x in [1]:\n    s = s*w",
    "a function of math": "for x in [h, n]:\n    s = s + math.sqrt(x)",
    "a minimum": "for x in [1, 2]:\n    s = s*min(w, 9)\n    w = n",
    "an exception": "for x in [1, 2]:\n    s = s*w\n"
        "    try:\n        w = 1/0\n    except Exception:\n        w = n",
    "a nested function":
        "def put():\n    nonlocal w\n    w = n\nfor x in [1, 2]:\n    s = s*w\n    put()",
}  # fmt: skip
HELD = """
import math
from contextlib import nullcontext
context = nullcontext(n)
def g(x): return x
def bind():
    global k
    k = n
"""


@pytest.mark.parametrize("place", ["function", "top level"])
@pytest.mark.parametrize("name", ARRIVALS)
def test_a_node_that_arrives_in_the_loop_is_kept(name: str, place: str) -> None:
    loop = ARRIVALS[name]
    if place == "function":
        inside = "\n    ".join(loop.split("\n"))
        program = f"{HELD}def f(s, w, h):\n    {inside}\n    return s\nd = f(s, w, h)"
    elif "nonlocal" in loop:
        program = HELD + loop.replace("nonlocal", "global")
    else:
        program = HELD + loop
    n = leaf(3)
    names, error = run(program, s=0.5, w=1.5, h=2.5, k=1.25, n=n)
    assert not error
    assert slope(names["d" if place == "function" else "s"], n) != 0


# --- errors are where they were ------------------------------------------------------------------

FAILING = {
    "an unbound name": "for x in xs:\n    s = s*undefined",
    "a name bound later": "for x in xs:\n    s = s*later\nlater = 1",
    "a deleted name": "for x in xs:\n    s = s*w\n    del w",
    "an index": "for i in range(9):\n    s += xs[i]*ys[i]",
    "an index on both sides": "for i in range(9):\n    s = ys[i + 5]*xs[i + 5]",
    "a text among numbers": "for x in [1.5, 'a', 2]:\n    s = s*w + x",
    "a text among items": "for i in range(3):\n    s = s + (w*xs[i]\n        - zs[i])",
    "a division": "for x in [1.5, 0]:\n    s += s/x - w*x",
    "a function of math": "for x in [1.5, -1.0]:\n    s += math.sqrt(x)*math.exp(-x)",
    "a wrong call of math": "for x in xs:\n    s += math.sin(x, x)",
    "in a comprehension": "t = [w*x - undefined for x in xs]",
    "no module": "for x in xs:\n    s += w*random.random()",
}


@pytest.mark.parametrize("place", ["function", "top level"])
@pytest.mark.parametrize("name", FAILING)
def test_errors_in_loops_keep_their_places(name: str, place: str) -> None:
    program = "import math\n" + FAILING[name]
    if place == "function":
        inside = "\n    ".join(FAILING[name].split("\n"))
        program = f"import math\ndef f(s, w, xs, ys, zs):\n    {inside}\nf(s, w, xs, ys, zs)"
    names = {"s": 0.5, "w": 1.5, "xs": [0.5, 1.5, 2.5], "ys": [1.5, 2.5], "zs": [1, 2, "a"]}
    (left, error), (expected, typed) = run(program, **names), as_typed(program, **names)
    assert error == typed
    assert left["s"] == expected["s"]
