"""Sessions whose numbers must be in the graph: each runs in IPython, its slopes are checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from sessions import shell_with_vrepl

NEURON = """\
class Neuron:
    def __init__(self, ws, b):
        self.w = ws
        self.b = b
    def __call__(self, x):
        return sum((wi*xi for wi, xi in zip(self.w, x)), self.b)
"""
LAYER = """\
class L:
    def __init__(self): self.w = 0.5; self.b = -1.0
    def f(self, x): return self.w*x + self.b
"""
POLYNOMIAL = "def f(x): return 3*x**2 - 4*x + 5"
RANDOM = 0.8444218515250481  # random.seed(0); random.random()


class Case(NamedTuple):
    """Cells, separated by ``¶``, and the slopes of the result with respect to what they made."""

    name: str
    cells: str
    slopes: Mapping[str, float] = MappingProxyType({})
    result: str = "d"


CASES = [
    Case("scalars", "a = 2.0; b = -3.0; c = 10 ¶ d = a*b + c", {"a": -3, "b": 2, "c": 1}),
    Case("tuple assign", "a, b = 2.0, -3.0 ¶ d = a*b", {"a": -3, "b": 2}),
    Case("chained assign", "a = b = 2.0 ¶ d = a*3", {"a": 3}),
    Case("starred assign", "a, *r = 2.0, 3.0, 4.0 ¶ d = a*r[0]", {"a": 3}),
    Case("ints only", "a = 2; b = -3 ¶ d = a*b + 10", {"a": -3, "b": 2}),
    Case("list of weights", "w = [0.5, -1.2] ¶ d = w[0]*2 + w[1]*3", {"w[0]": 2, "w[1]": 3}),
    Case("dict of params", "p = {'w': 0.5, 'b': 0.1} ¶ d = p['w']*4 + p['b']", {"p['w']": 4}),
    Case("nested list", "W = [[1.0, 2.0], [3.0, 4.0]] ¶ d = W[0][1]*5", {"W[0][1]": 5}),
    Case("literal operand", "a = 2.0 ¶ d = 2*a + 1", {"a": 2}),
    Case("literal left pow", "a = 3.0 ¶ d = 2**a", {"a": 8 * math.log(2)}),
    Case("def then f(3.0)", f"{POLYNOMIAL} ¶ y = f(3.0)", result="y"),
    Case("def then f(x)", f"{POLYNOMIAL} ¶ x = 3.0; y = f(x)", {"x": 14}, "y"),
    Case("def then f(3) int", f"{POLYNOMIAL} ¶ y = f(3)", result="y"),
    Case("keyword arg", "def f(x, k=1): return k*x**2 ¶ y = f(3.0, k=2.0)", result="y"),
    Case("power", "a = 3.0 ¶ d = a**2", {"a": 6}),
    Case("negative literal", "a = -3.0 ¶ d = a*a", {"a": -6}),
    Case("scientific", "a = 1e-3 ¶ d = a*2", {"a": 2}),
    Case("h = 0.001", "h = 0.001; a = 2.0 ¶ d = (a+h)**2", {"h": 4.002}),
    Case("augmented", "a = 2.0; d = a ¶ d *= 3; d += 1", {"a": 3}),
    Case("walrus", "d = (a := 2.0)*3", {"a": 3}),
    Case("lambda", "g = lambda x: 3*x + 1 ¶ x = 2.0; d = g(x)", {"x": 3}),
    Case("lambda literal arg", "g = lambda x: 3*x + 1 ¶ d = g(2.0)"),
    Case(
        "sum comp",
        "ws = [0.5, -1.2]; xs = [1.0, 2.0] ¶ d = sum(w*x for w, x in zip(ws, xs))",
        {"ws[0]": 1, "ws[1]": 2},
    ),
    Case("sum comp inline", "d = sum(w*x for w, x in zip([0.5, -1.2], [1.0, 2.0]))"),
    Case(
        "for over literals", "w = 2.0; d = 0.0\nfor x in [1.0, 2.0, 3.0]:\n    d += w*x", {"w": 6}
    ),
    Case("for over range", "w = 2.0; d = 0\nfor i in range(4):\n    d = d + w*i", {"w": 6}),
    Case("conditional expr", "a = 2.0; d = a*3 if a > 0 else 0.0", {"a": 3}),
    Case("if statement", "a = 2.0\nif a > 1: d = a*a\nelse: d = 0.0", {"a": 4}),
    Case(
        "local in def",
        "def f(x):\n    w = 0.5; b = 1.0\n    return w*x + b ¶ x = 2.0; d = f(x)",
        {"x": 0.5},
    ),
    Case(
        "neuron class",
        f"{NEURON} ¶ n = Neuron([0.5, -1.2], 0.1)\nx = [1.0, 2.0] ¶ d = n(x)",
        {"x[0]": 0.5, "n.w[1]": 2, "n.b": 1},
    ),
    Case(
        "neuron inline x",
        f"{NEURON} ¶ n = Neuron([0.5, -1.2], 0.1) ¶ d = n([1.0, 2.0])",
        {"n.w[1]": 2},
    ),
    Case("self.w literal", f"{LAYER} ¶ l = L(); x = 2.0; d = l.f(x)", {"x": 0.5, "l.w": 2}),
    Case("division/neg", "a = 4.0; d = -(1/a)", {"a": 1 / 16}),
    Case(
        "numpy scalar data",
        "import numpy as np ¶ w = 2.0; X = np.array([1.0, 2.0]); d = 0.0\nfor x in X: d += x*w",
        {"w": 3},
    ),
    Case(
        "random data",
        "import random; random.seed(0) ¶ w = 2.0; d = random.random()*w + random.random()",
        {"w": RANDOM},
    ),
    Case(
        "float*int name",
        "import random; random.seed(0) ¶ n = 3; d = random.random()*n",
        {"n": RANDOM},
    ),
    Case("math.pi*int name", "import math ¶ r = 2; d = math.pi*r**2", {"r": 4 * math.pi}),
    Case("constants only", "d = 2.0*-3.0 + 10"),
    Case("annotated", "a: float = 2.0 ¶ d = a*3", {"a": 3}),
    Case(
        "list comp init", "w = [0.5 for _ in range(3)] ¶ d = w[0]*2 + w[1]", {"w[0]": 2, "w[1]": 1}
    ),
    Case(
        "descent rebinding",
        """\
x = 5.0
for _ in range(50):
    y = (x - 3)**2
    y.backward()
    x = x - 0.1*x.grad ¶ d = x*1""",
        {"x": 1},
    ),
    Case(
        "descent .data",
        """\
x = 5.0
for _ in range(50):
    y = (x - 3)**2
    x.grad = 0.0
    y.backward()
    x.data -= 0.1*x.grad ¶ d = (x-2)**2""",
        {"x": 2.000057},
    ),
    Case("global in def", "a = 2.0\ndef f():\n    return a*3 ¶ d = f()", {"a": 3}),
    Case("mean of list", "xs = [1.0, 2.0, 3.0] ¶ d = sum(xs)/len(xs)", {"xs[0]": 1 / 3}),
    Case(
        "fstring keeps",
        "a = 2.0; s = f'{a:.3f} {a}'; assert s == '2.000 2.0', s ¶ d = a*2",
        {"a": 2},
    ),
]
# A whole node on the right of a plain float, in every way of writing it.
SWALLOWED = [
    Case("half", "c = 10 ¶ d = 0.5*c", {"c": 0.5}),
    Case("in a function", "def f(c): return 0.5*c ¶ c = 10; d = f(c)", {"c": 0.5}),
    Case("both sides", "c = 10; k = 3 ¶ d = 0.5*c - 1.5/k", {"c": 0.5, "k": 1.5 / 9}),
    Case("truth", "x = 3 ¶ d = (x > 0)*x", {"x": 1}),
    Case("numpy number", "import numpy as np ¶ n = 3; d = np.float64(0.5)*n", {"n": 0.5}),
    Case("update", "import math; n = 3; d = math.pi ¶ d *= n; d += n", {"n": math.pi + 1}),
    Case(
        "update in a function",
        """\
def f(xs, n):
    s = float()
    for x in xs:
        s += x*n
        s += abs(n)
        s -= n
    return s ¶ n = 3; d = f((1.5, 2), n)""",
        {"n": 3.5},
    ),
    Case(
        "kept start",
        "def f(x):\n    s = t = 5\n    s *= x\n    return s, t ¶ x = 3; d, t = f(x)",
        {"x": 5, "t": 3},
    ),
    Case("lambda of names", "g = lambda x, y, z: x + y*z ¶ n = 3; d = g(1/3, n, n)", {"n": 6}),
    Case("area", "import math\ndef area(r): return math.pi*r**2 ¶ d = area(2)"),
]


@pytest.fixture(scope="module")
def shell() -> Iterator[Any]:
    """An IPython with vrepl in it."""
    with shell_with_vrepl() as ip:
        yield ip


def run(shell: Any, cells: str) -> dict[str, Any]:
    """The namespace of a session of its own."""
    shell.reset(new_session=False)
    for cell in cells.split(" ¶ "):
        shell.run_cell(cell).raise_error()
    return shell.user_ns


def test_the_table_is_whole() -> None:
    assert len(CASES) == 45
    assert len({case.name for case in (*CASES, *SWALLOWED)}) == len(CASES) + len(SWALLOWED)


@pytest.mark.parametrize("case", [*CASES, *SWALLOWED], ids=lambda case: case.name)
def test_must_wrap(shell: Any, case: Case) -> None:
    if "numpy" in case.cells:
        pytest.importorskip("numpy", "2", reason="numbers of NumPy 1 never ask a float node")
    names = run(shell, case.cells)
    result = names[case.result]
    leaves = {text: eval(text, names) for text in case.slopes}
    for leaf in leaves.values():
        leaf.grad = 0.0
    result.backward()
    assert result.grad == 1.0
    found = {text: leaf.grad for text, leaf in leaves.items()}
    assert found == pytest.approx(case.slopes, rel=1e-4)
