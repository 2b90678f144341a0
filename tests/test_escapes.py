"""Numbers of a function that stay plain because nobody can ask for them: no slope is lost by it.

Each program runs as typed, rewritten, and rewritten with every typed number a node.
"""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_hoisting import as_typed, run, text

from vrepl.core.derivatives import gradient, slope
from vrepl.core.errors import VreplError
from vrepl.core.nodes import order
from vrepl.core.value import Value, leaf, plain
from vrepl.session import literals
from vrepl.session.arithmetic import is_builtin
from vrepl.session.closed import CLOSED
from vrepl.session.escapes import Unseen, unseen
from vrepl.session.literals import LITERAL, transform


class AllNodes:
    """Switches the search for plain names off, and that for totals if need be."""

    def __init__(self, but_totals: bool = True) -> None:
        self.but_totals = but_totals

    def found(self, node: Any, is_library: Any) -> Unseen:
        return Unseen(totals=unseen(node, is_library).totals) if self.but_totals else Unseen()

    def __enter__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(literals, "unseen", self.found)

    def __exit__(self, *error: object) -> None:
        self.patch.undo()


def graph(x: Any) -> Any:
    """All there is to say about a value: what it is made of, from the leaves on."""
    if isinstance(x, dict):
        return [(text(plain(key)), graph(value)) for key, value in x.items()]
    if isinstance(x, (list, tuple)):
        return [graph(part) for part in x]
    if not isinstance(x, Value):
        return text(x)
    nodes = order(x)
    places = {id(node): f"#{number}" for number, node in enumerate(nodes)}
    return [
        (type(node).__name__, text(plain(node)), node.label, node._op,
         [places.get(id(operand)) or text(operand) for operand in node._made[1:]])
        for node in nodes
    ]  # fmt: skip


def numbers_in(x: Any) -> Any:
    if isinstance(x, dict):
        return [(text(plain(key)), numbers_in(value)) for key, value in x.items()]
    return [numbers_in(part) for part in x] if isinstance(x, (list, tuple)) else text(plain(x))


# --- random functions ----------------------------------------------------------------------------

NAMES = st.sampled_from(["i", "i", "j", "j", "k", "u", "n", "x", "s", "xs[i % 3]", "xs[j % 3]"])
NUMBERS = st.sampled_from(["0", "1", "2", "3", "-2", "0.5", "2*3", "(1 if n > 2 else 4)"])
OPERATORS = st.sampled_from(["+", "-", "*", "*", "/", "//", "%", "<<", "and", "or"])
CALLS = st.sampled_from(
    ["min({}, {})", "max({}, {})", "abs({} - {})", "divmod({}, {})[0]", "int({} + {})",
     "len(range({} % 5, {} % 5))", "sum([{}, {}])", "sum(k*{} for k in ({}, 2))",
     "[{} for k in xs if k > {}][0]", "(k := {}) + {}", "({} if {} else s)", "[{}, {}][1]",
     "round({}, {})", "xs[{} % 3] + {}", "all({} < k for k in xs)*{}", "-{} + {}", "pair({}, {})",
     "(lambda: {} + {})()", "{{1: {}, 2: {}}}[1]", "len(str({}) + format({}))", "d.get({}, {})"]
)  # fmt: skip


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    if not depth or draw(st.integers(0, 2)) == 0:
        return draw(NUMBERS if draw(st.integers(0, 2)) == 0 else NAMES)
    one, other = draw(values(depth - 1)), draw(values(depth - 1))
    if draw(st.integers(0, 2)) == 0:
        return f"({draw(CALLS).format(one, other)})"
    return f"({one} {draw(OPERATORS)} {other})"


@st.composite
def conditions(draw: st.DrawFn) -> str:
    one, other = draw(values(1)), draw(values(1))
    return draw(
        st.sampled_from(
            [f"{one} < {other}", f"{one} != {other}", f"not {one}", f"{one} in xs", f"{one} == 1"]
        )
    )


BINDINGS = ["{0} = {2}", "{0} = {1} = {2}", "{0}, {1} = {2}, {3}", "{0}: int = {2}", "{0} += {2}",
            "{0} -= {2}", "{0} *= {2}", "{0} //= {2}", "s += {2}", "s = {2}", "{0} = int({2})",
            "{0}, {1} = {1}, {0}", "n = {2}", "{0}, box.{1} = {2}, {3}"]  # fmt: skip
SHOWING = ["keep({2})", "box.{0} = {2}", "xs[{0} % 3] = {2}", "xs[{0} % 3] += {2}", "d[{0}] = {2}",
           "s = s*{2}", "texts.append(f'{{{2}}} {{{3}}}')", "assert {2} != 77, {3}",
           "g = lambda: {0}\nkeep(g())", "def g():\n    nonlocal {0}\n    {0} += 1\ng()",
           "def g():\n    return {0}\nkeep(g())", "if more(): xs += [{2}]", "xs = [{2}, {3}, *xs]",
           "return {2}"]  # fmt: skip
HEADS = ["if {4}:", "while more() and {4}:", "while more():", "for {0} in [2, 3]:",
         "for {0} in range({2} % 4):", "for {0}, {1} in [(1, 2), (3, 4.5)]:",
         "for {0} in (1, {2}):", "for {0} in xs:"]  # fmt: skip


@st.composite
def statements(draw: st.DrawFn, depth: int = 2) -> list[str]:
    one, other = draw(st.permutations("ijku"))[:2]
    some = one, other, draw(values()), draw(values()), draw(conditions())
    form = draw(st.integers(0, 7 if depth else 4))
    if form < 5:
        forms = BINDINGS if form < 3 or draw(st.booleans()) else SHOWING
        return draw(st.sampled_from(forms)).format(*some).split("\n")
    return [draw(st.sampled_from(HEADS)).format(*some), *draw(blocks(depth - 1))]


@st.composite
def blocks(draw: st.DrawFn, depth: int) -> list[str]:
    every = draw(st.lists(statements(depth), min_size=1, max_size=4))
    return [f"    {line}" for lines in every for line in lines]


@st.composite
def programs(draw: st.DrawFn) -> str:
    body = "\n".join(draw(blocks(2)))
    start = draw(st.sampled_from(["i, j, k, u = 0, 1, 2, 0.5", "i = j = k = 1\n    u = 2.5"]))
    end = draw(st.sampled_from(["return s", "return [s, xs]", "return i", "return j*u", "yield s"]))
    return f"def f(n, x, xs, s):\n    {start}\n{body}\n    {end}\n" + (
        "out = [*f(n, x, xs, s)]" if end == "yield s" else "out = f(n, x, xs, s)"
    )


def world(whole: Any, fractional: Any) -> dict[str, Any]:
    """What a program finds around it; all that it shows to anybody is in `seen` afterwards."""
    steps = iter([True] * 12)
    seen: list[Any] = []
    box = SimpleNamespace()
    names: dict[str, Any] = {
        "n": whole(5), "x": fractional(1.5), "s": fractional(0.25), "d": {}, "texts": [],
        "xs": [0.5, whole(4), fractional(2.5)], "box": box, "keep": seen.append,
        "pair": lambda a, b: seen.append((a, b)) or a, "more": lambda: next(steps, False),
    }  # fmt: skip
    for name in ("n", "x", "s"):
        if isinstance(names[name], Value):
            names[name].label = name
    return names | {"seen": [seen, names["xs"], names["d"], names["texts"], vars(box)]}


def outcome(names: dict[str, Any], error: str, shown: Any) -> Any:
    return error, shown([names["seen"], names.get("out")])


@given(programs())
def test_no_slope_is_lost(program: str) -> None:
    """All that anybody can get hold of has the same graph when every typed number is a node."""
    one = outcome(*run(program, **world(leaf, leaf)), graph)
    with AllNodes():
        other = outcome(*run(program, **world(leaf, leaf)), graph)
    assert one == other


def slopes(x: Any) -> Any:
    """What depends on something with a name, and how; 0 is no slope by a number it does not see."""
    if isinstance(x, dict):
        return [(text(plain(key)), slopes(value)) for key, value in x.items()]
    if isinstance(x, (list, tuple)):
        return [slopes(part) for part in x]
    if not isinstance(x, Value):
        return []
    wrt = [node for node in order(x) if node.label in ("n", "x", "s") and not node._prev]
    try:
        found = [repr(slope) for slope in gradient(x, wrt)] if wrt else []
    except VreplError as error:
        found = [type(error).__name__]
    return [*zip((node.label for node in wrt), found, strict=False)]


@given(programs())
def test_totals_lose_no_slope_by_what_has_a_name(program: str) -> None:
    one = outcome(*run(program, **world(leaf, leaf)), slopes)
    with AllNodes(but_totals=False):
        other = outcome(*run(program, **world(leaf, leaf)), slopes)
    assert one == other


@given(programs())
def test_functions_do_what_python_does(program: str) -> None:
    one = outcome(*run(program, **world(leaf, leaf)), numbers_in)
    assert one == outcome(*as_typed(program, **world(int, float)), numbers_in)


# --- which names, case by case -------------------------------------------------------------------

# Each body's first name is one whose numbers stay plain.
PLAIN = {
    "a sieve": "i = 2\nt = [True]*n\nwhile i*i < n: i += 1\nreturn t",
    "compared": "i = 2\nreturn i < n",
    "a bound of a search": "i = 2\nwhile i*i <= n:\n    if n % i == 0: return False\n    i += 1",
    "an index": "i = 0\nwhile i < n:\n    s += xs[i]\n    i += 1\nreturn s",
    "an index of an item that is set": "i = 0\nxs[i] = s\nxs[i + 1] += s\nreturn xs",
    "a slice": "i = 1\nreturn xs[i:-i:i], rows[i, 0]",
    "a test": "i = 3\nwhile i: i -= 1\nreturn not i",
    "a test of a condition": "i = 1\nreturn s if i else n",
    "a test beside others": "i = 1\nif i and n or s: return s",
    "counted to": "i = 5\nfor k in range(1, i, i): s += k\nreturn s",
    "printed": "i = 5\nprint(i, [i], end=str(i))",
    "written": "i = 5\nreturn f'{i} {i + n:{i}}', '{}'.format(i), '%d %s' % (i, n)",
    "bits": "i = 5\nreturn n & i, 1 << i, ~i",
    "made plain": "i = 2.5\nreturn int(i*n), float(i)",
    "an item of a pair": "i, s = 0, 1\nif i < n: return s",
    "a swap": "i = 1; j = 2\nwhile i < n: i, j = j, i + j",
    "two names": "i = j = 0\nif i < j: return n",
    "a walrus": "i = 0\nwhile (i := i + 1) < n: pass",
    "an arm": "i = 1 if n else 2\nreturn i == n",
    "a smaller one": "i = 2\nreturn max(abs(i), n) < 3",
    "summed and compared": "i = 2\nreturn sum(i*x for x in xs) < 3",
    "asked for all": "i = 2\nreturn all(x % i for x in xs)",
    "in a comprehension": "i = 2\nreturn [x for x in xs if x > i]",
    "a target of a comprehension": "i = 2\nreturn [xs[j] for j in range(i)]",
    "a step of a loop": "for i in [2, 3, 5]:\n    if n % i == 0: return False",
    "steps in pairs": "for i, j in [(0, 1), (1, 0)]:\n    if xs[n + i] < xs[n + j]: return s",
    "a parameter": "n = 3\nreturn xs[n]",
    "a global too": "i = 3\nglobal g\ng = n\nreturn i < n",
    "a generator": "i = 1\nwhile i < n:\n    yield xs[i]\n    i += 1",
    "an error that is caught": "i = 1\ntry: return xs[i]\nexcept IndexError as e: return i < n",
    "a block": "i = 1\nwith f(n) as j: return j[i]",
    "thrown away": "i = 1\ni + n",
}
SEEN = {
    "returned": "i = 2\nreturn i",
    "yielded": "i = 2\nyield i",
    "awaited": "i = 2\nyield from [i]",
    "raised": "i = 2\nraise ValueError(i)",
    "what it is added to is returned": "i = 2\nwhile i < n:\n    s += i\n    i += 1\nreturn s",
    "a power": "i = 2\nreturn s**i",
    "a divisor": "i = 2\nn //= i\nreturn n",
    "a sign": "i = 2\nreturn -i",
    "a factor of what is summed": "i = 2\nreturn sum(i*x for x in xs)",
    "an argument": "i = 2\nreturn f(i) < 3",
    "a keyword": "i = 2\nreturn f(k=i) < 3",
    "an argument of a method": "i = 2\nxs.append(i)",
    "of which a function asks": "i = 2\nreturn max(i, n, key=f) < 3",
    "an attribute": "i = 2\nreturn i.data < 3",
    "put into an attribute": "i = 2\nn.m = i",
    "put into an item": "i = 2\nxs[0] = i",
    "added to an item": "i = 2\nxs[0] += i",
    "in a list": "i = 2\nxs = [i]\nreturn xs[0] < 3",
    "in a dict": "i = 2\nxs = {1: i}\nif xs: return n",
    "in a list that is extended": "i = 2\nxs = rows\nxs += [i]",
    "a list": "i = [2, 3]\nreturn i[0] < n",
    "an element": "i = 2\nreturn [i for x in xs]",
    "gone through": "for i in [2, 3]: s += i\nreturn s",
    "gone through later": "i = 2\nxs = (x < i for x in xs)\nreturn xs",
    "gone through by another name": "i = 2\nreturn [j for j in (n, i)]",
    "another name": "i = 2\nj = i\nreturn j",
    "another name of the same": "i = j = 2\nif i < n: return j",
    "an attribute of the same": "i = n.m = 2\nif i < n: return n",
    "an arm": "i = 2\nreturn n if n > 2 else i",
    "a conclusion": "i = 2\nreturn n and i",
    "a walrus on the way": "i = 2\nreturn (j := i)",
    "a function around it": "i = 2\ndef g(): return i\nreturn g() < 2",
    "a function that binds it": "i = 2\ndef g():\n    nonlocal i\n    i = n\nreturn i < 2",
    "a lambda": "i = 2\nreturn (lambda: i)() < 3",
    "a class": "i = 2\nclass A: j = i\nreturn n",
    "a global": "global i\ni = 2\nreturn i < n",
    "deleted": "i = 2\nif i < n: del i",
    "a pattern": "i = 2\nmatch i:\n    case j: return n",
    "locals()": "i = 2\nif i < n: return locals()",
    "eval": "i = 2\nif i < n: return eval('i')",
    "its frame": "i = 2\nif i < n: return sys._getframe(0)",
    "a debugger": "i = 2\nif i < n: breakpoint()",
    "a magic": "i = 2\nif i < n: get_ipython().run_line_magic('timeit', 'i')",
    "a session's own range": "i = 2\nreturn own(i) < 3",
    "a matrix": "i = 2\nreturn (n @ i) < 3",
    "never read": "i = 2",
}  # fmt: skip


def found_in(body: str) -> Unseen:
    lines = "".join(f"\n    {line}" for line in body.split("\n"))
    node: Any = ast.parse(f"def f(n, s, xs, rows):{lines}").body[0]
    return unseen(node, lambda name: name != "own" and is_builtin(name))


def names_of(body: str) -> frozenset[str]:
    return found_in(body).names


@pytest.mark.parametrize("name", PLAIN)
def test_what_nobody_sees(name: str) -> None:
    first = PLAIN[name].removeprefix("for ")
    assert first[0] in names_of(PLAIN[name])


@pytest.mark.parametrize("name", SEEN)
def test_what_somebody_sees(name: str) -> None:
    assert "i" not in names_of(SEEN[name])


# Each body's `t` starts from a number that stays plain.
TOTALS = {
    "counted": "t = 0\nwhile n != 1:\n    n //= 2\n    t += 1\nreturn t",
    "summed": "t = 0\nfor x in xs: t += x\nreturn t",
    "summed the long way": "t = 0\nfor x in xs: t = t + x\nreturn t",
    "a sum of floats": "t = 0.0\nfor x in xs: t += x*n\nreturn 4*t",
    "a product": "t = 1\nfor i in range(n): t *= i\nreturn t",
    "a product of floats": "t = 1.0\nfor x in xs:\n    t *= x\nreturn -t",
    "two": "t, u = 0, 1\nfor i in range(n): t, u = u, t + u\nreturn t",
    "the largest": "t = -1\nfor x in xs: t = max(t, x)\nreturn t",
    "returned in a pair": "t = c = 0\nfor x in xs:\n    t += x; c += 1\nreturn t/c, [c]",
    "yielded": "t = 0\nfor x in xs:\n    t += x\n    yield t",
    "from several starts": "t = 0\nfor x in xs:\n    t += x\n    if x > 3: t = -1\nreturn t",
    "kept by a name for tests": "t = u = 5\nfor x in xs:\n    u = t; t *= x\n"
    "    if u > x: break\nreturn t",
    "set once more": "t = 5\nif n: t = n*2\nreturn t",
}
NO_TOTALS = {
    "a parameter of the function": "t = 3\nreturn n*t",
    "one of two": "t = 3\nif n: t = 2\nreturn n*t",
    "a quantity": "t = 2.5\nfor x in xs: t += x\nreturn t",
    "a step of a descent": "t = 5\nfor _ in xs:\n    y = (t - 3)**2\n    y.backward()\n    "
    "t -= 0.1*t.grad\nreturn t",
    "asked for its slope": "t = 0\nfor x in xs: t += x\nt.backward()\nreturn t",
    "handed over": "t = 0\nfor x in xs: t += f(t)\nreturn t",
    "kept": "t = 0\nfor x in xs:\n    t += x\n    rows.append(t)\nreturn t",
    "begun with a product": "t = 1.0\nfor x in xs: t += x\nreturn t",
    "from two floats": "t = 0.0\nt += n\nif n: t = 1.0\nreturn t",
    "a quantity that changes": "t = 0.0\nfor x in xs: t = x - t\nreturn t",
    "of a loop": "t = 0\nfor t in xs: t += 1\nreturn t",
    "of an inner function": "t = 0\ndef g():\n    nonlocal t\n    t += 1\ng()\nreturn t",
    "a global": "global t\nt = 0\nt += n\nreturn t",
    "tests alone": "t = 0\nwhile t < n: t += 1\nreturn n",
    "kept by a name": "t = 5\nfirst = t\nfor x in xs: t *= x\nreturn t, first",
    "perhaps kept by a name": "t = 5\nu = t if n else n\nfor x in xs: t *= x\nreturn t, u",
    "kept by way of a total": "u = 1\nt = 2\nu = t\nt *= n\nv = u\nu *= n\nreturn t, v",
    "with another name": "t = u = 5\nfor x in xs: t *= x\nreturn t, u",
}


@pytest.mark.parametrize("name", TOTALS)
def test_what_totals_start_from(name: str) -> None:
    found = found_in(TOTALS[name])
    assert "t" in found.totals and "t" not in found.names


@pytest.mark.parametrize("name", NO_TOTALS)
def test_what_is_no_total(name: str) -> None:
    assert "t" not in found_in(NO_TOTALS[name]).totals


def test_totals_are_plain_until_a_node_comes() -> None:
    source = "def f(xs):\n    t = 0\n    for x in xs: t += 2*x\n    return t\nd = f(xs)"
    assert type(run(source, xs=[1, 2.5])[0]["d"]) is float
    weight = leaf(3.0)
    d = run(source, xs=[1, weight, weight])[0]["d"]
    assert isinstance(d, Value) and plain(d) == 14.0 and gradient(d, [weight]) == (4.0,)


LONG = {
    "a sum": "x = i" + " + i*n" * 800,
    "signs": "x = " + "-" * 80 + "i",
    "lines": "i += 1\n" * 3_000 + "x = i",
}


@pytest.mark.parametrize("name", LONG)
def test_long_and_deep_functions(name: str) -> None:
    assert names_of(f"i = 2\n{LONG[name]}\nreturn x < n") == {"i", "x"}
    assert not names_of(f"i = 2\n{LONG[name]}\nreturn x")


DECAYING = {
    "a number that is divided": ("for i in range(9):\n    if n % i == 0: return False", "n"),
    "what is counted to": ("i = 0\nwhile i < n: i += 1\nreturn i < 3", "n"),
    "handed to another name": ("i = n\nwhile i > 0: i //= 10\nreturn xs[0]", "n"),
    "two": ("while n < s: n = n*2\nreturn n < s", "ns"),
    "beside None": ("while n is not None and n < 3: n += 1", "n"),
    "no loop": ("return n < 3", ""),
    "returned": ("while n < 3: n += 1\nreturn n", ""),
    "an index": ("while n < 3: n += 1\nreturn xs[n]", ""),
    "part of an index": ("while n < 3: n += 1\nreturn xs[n + 1:, 2*n]", ""),
    "an index by another name": ("i = n*2\nwhile n < 3: n += 1\nreturn xs[i]", ""),
    "a slice": ("while n < 3: n += 1\nreturn xs[:n]", ""),
    "told apart": ("while n < 3: n += 1\nreturn n is s", ""),
    "an argument": ("while f(n): n += 1", ""),
    "lists": ("for x in xs:\n    if x < rows[0]: return x", ""),
    "beside an item": ("while n < xs[0]: n += 1", ""),
    "beside what a call gave": ("x = f(2)\nwhile n > 3 and n > x: n -= 1", ""),
    "added to anything": ("for x in xs:\n    if x.y + n > 3: break", ""),
    "beside steps": ("t = [i for i in range(n) if n % i == 0]\nreturn len(t)", "n"),
}


@pytest.mark.parametrize("name", DECAYING)
def test_which_whole_numbers_are_made_plain_on_entry(name: str) -> None:
    body, names = DECAYING[name]
    assert found_in(body).parameters == tuple(names)


OBJECTS = """
class Keeping:
    def __gt__(self, other): self.met = other; return True
    def __add__(self, other): self.met = other; return 1
def f(n, g):
    for _ in range(2):
        if g > n: break
    return g
def k(n, g):
    while g + n < 0: n += 1
    return g
"""


@pytest.mark.parametrize("name", "fk")
def test_objects_may_keep_what_they_are_compared_with(name: str) -> None:
    """A slope by the number passes through it."""
    n = leaf(3)
    names, error = run(f"{OBJECTS}d = {name}(n, Keeping()).met * 0.5\n{name}(n, 2.5)", n=n)
    assert not error and float(slope(names["d"], n)) == 0.5


def test_numbers_are_made_plain_on_entry() -> None:
    source = """
def f(n, x):
    'Counts.'
    while n > 100:
        n -= 100
    return n < x
"""
    for n, x in ((leaf(3), leaf(2.5)), (leaf(250), 10), (250, 10.5), (Value(3), Value(2))):
        names, error = run(f"{source}d = f(n, x)", n=n, x=x)
        assert not error and names["d"] is (plain(n) % 100 < x)
        assert names["f"].__doc__ == "Counts."


def test_what_changes_while_a_function_runs_is_read_again() -> None:
    """The `data` of a float node, and of `Value(0)`, may be set by others meanwhile."""
    source = "def f(x):\n    while x < 3:\n        step()\n    return x < 4\nd = f(x)"
    for x in (leaf(0.5), Value(0)):

        def step(x: Value = x) -> None:
            x.data += 1

        names, error = run(source, x=x, step=step)
        assert not error and names["d"] is True


# --- what is gained ------------------------------------------------------------------------------

ORDINARY = {
    "a search": "i = 2\nwhile i*i <= n:\n    if n % i == 0: return False\n    i += 1\nreturn True",
    "digits": "t, n = 0, n\nwhile n > 0:\n    t = t*10 + n % 10\n    n //= 10\nreturn t == 7",
    "a sieve": "i = 2\nwhile i < n:\n    j = i*i\n    while j < n:\n        xs[j] = j < i\n"
    "        j += i\n    i += 1\nreturn xs",
    "a bisection": "i, j = 0, n\nwhile i < j:\n    k = (i + j)//2\n    if xs[k] < s: i = k + 1\n"
    "    else: j = k\nreturn xs[i]",
    "a grid": "for i, j in [(0, 1), (1, 0)]:\n    if rows[n + i][n + j] < s: return xs[n - i]",
    "floats": "i = 0.5\nwhile i*i < n: i = (i + n/i)/2 + 0.5*s\nreturn i < s",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_nothing_is_written_into_ordinary_code(name: str) -> None:
    lines = "".join(f"\n    {line}" for line in ORDINARY[name].split("\n"))
    tree = ast.parse(f"def f(n, s, xs, rows):{lines}")
    new: Any = transform(tree, cell="3", bindings=False, shared=True)
    decaying = len(found_in(ORDINARY[name]).parameters)
    assert ast.dump(ast.Module(new.body[0].body[decaying:], [])) == ast.dump(
        ast.Module(tree.body[0].body, [])  # type: ignore[attr-defined]
    )


LOOPS = {
    "a counter before the loop": "i = 0\nwhile i < n:\n    s += xs[i]\n    i += 1\nreturn s",
    "a counter in the loop":
        "for x in xs:\n    i = 0\n    while i < x:\n        s += x\n        i += 1\nreturn s",
    "one of two": "for x in xs:\n    i, j = 0, x\n    if i < x: s += j*x\nreturn s",
    "gone through": "for x in xs:\n    for i in [2, 3]:\n        if i < x: s += x\nreturn s",
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_loops_over_such_numbers_are_closed(name: str) -> None:
    lines = "".join(f"\n    {line}" for line in LOOPS[name].split("\n"))
    tree = ast.parse(f"def f(n, s, xs, rows):{lines}")
    shown = ast.unparse(transform(tree, cell="3", bindings=False, shared=True))
    assert CLOSED in shown and LITERAL not in shown
    with AllNodes():
        shown = ast.unparse(transform(tree, cell="3", bindings=False, shared=True))
    assert LITERAL in shown
