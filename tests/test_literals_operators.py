"""Arithmetic that would lose a node on its right: what is rewritten, and that nothing else changes.

The support functions are the real ones, and so are the nodes.
"""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrepl.core.derivatives import slope
from vrepl.core.operators import OPERATORS
from vrepl.core.value import Value, leaf
from vrepl.session.literals import ARGUMENT, BIND, LITERAL, transform
from vrepl.session.operations import SYNTAX, name_of, names_of
from vrepl.session.policy import TOTAL
from vrepl.session.rows import POSITIONS
from vrepl.session.support import OPERATIONS

SUPPORT = {
    LITERAL: leaf,
    ARGUMENT: lambda callee, number: number,
    BIND: lambda value, targets, line, cell: value,
    **OPERATIONS,
}
ROWS = pytest.mark.parametrize("row", SYNTAX.values(), ids=lambda row: row.name)


def rewritten(source: str, **options: Any) -> Any:
    said: list[str] = []
    tree = ast.parse(source)
    new = transform(tree, cell="3", bindings=False, complain=said.append, **options)
    assert not said
    return new


def text(source: str) -> str:
    """The transformed code without the underscores of the support functions."""
    shown = ast.unparse(rewritten(source))
    for name in SUPPORT:
        short = name.removeprefix("__vrepl_").removesuffix("__").replace("operate_", "")
        short = "sum" if name == TOTAL else short.replace("update_", "i")  # from 3.12 on
        shown = shown.replace(name, short)
    return shown


def run(source: str, **names: Any) -> dict[str, Any]:
    """What a rewritten cell leaves behind."""
    space: dict[str, Any] = {"__builtins__": vars(builtins) | SUPPORT, **names}
    exec(compile(rewritten(source), "<cell 3>", "exec"), space)
    return space


# --- the table -----------------------------------------------------------------------------------


def test_every_written_operator_has_its_functions() -> None:
    written = {row.symbol for row in OPERATORS if row.reflected}
    assert {row.symbol for row in SYNTAX.values()} == written
    assert {name for row in SYNTAX.values() for name in names_of(row)} <= OPERATIONS.keys()
    for kind, row in SYNTAX.items():
        assert type(ast.parse(f"a {row.symbol} b", mode="eval").body.op) is kind


NEW_ROW = """
import ast
from vrepl.core import operators
shift = operators.Operator("lshift", "<<", "a << b", ("2.0 ** b", "y * log(2)"), "", "", (), 5,
                           "__lshift__", "__rlshift__")
operators.OPERATORS += (shift,)
from vrepl.core import value
from vrepl.session.literals import transform
from vrepl.session.support import OPERATIONS
print(ast.unparse(transform(ast.parse("d = x.y << c"), cell="", bindings=False)))
print(OPERATIONS["__vrepl_operate_lshift__"](True, value.leaf(2))._op)
"""


def test_a_new_operator_is_one_row() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NEW_ROW], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["d = __vrepl_operate_lshift__(x.y, c)", "<<"]


# --- what is rewritten ---------------------------------------------------------------------------

REWRITTEN = {
    "d = 0.5*c": "d = 0.5 * c if whole is not type(c) else mul(0.5, c)",
    "d = -0.5*c": "d = -0.5 * c if whole is not type(c) else mul(-0.5, c)",
    "d = True*c": "d = True * c if whole is not type(c) else mul(True, c)",
    "d = x*c": "d = x * c if x is not whole is not type(c) else mul(x, c)",
    "d = math.pi*r**2": "d = mul(math.pi, r ** 2)",
    "d = 0.5*f()": "d = mul(0.5, f())",
    "d = f() - x": "d = sub(f(), x)",
    "d = x / y[0]": "d = truediv(x, y[0])",
    "d = x ** y.z": "d = pow(x, y.z)",
    "d = x + -y": "d = add(x, -y)",
    "d = (x > 0)*y": "d = mul(x > 0, y)",
    "d = x * (u @ v)": "d = mul(x, u @ v)",
    "d = x * (y if z else 1)": "d = mul(x, y if z else 1)",
    "x.y * z.w": "mul(x.y, z.w)",
    "f(x.y * z.w)[0] < 1": "f(mul(x.y, z.w))[0] < 1",
    "s += x": "s = iadd(s, x)",
    "s **= x.y": "s = ipow(s, x.y)",
    "def f():\n    s += x": (
        "def f():\n    if s is not whole is not type(x):\n        s += x\n"
        "    else:\n        s = iadd(s, x)"
    ),
    "def f():\n    s -= g()": "def f():\n    s = isub(s, g())",
    "def f():\n    s += g()": (
        "def f():\n    if type(s) is text:\n        s += g()\n    else:\n        s = iadd(s, g())"
    ),
    "def f():\n    s *= x - y": (
        "def f():\n    if type(s) is type(x) is type(y):\n        s *= x - y\n    else:\n"
        "        s = imul(s, x - y if x is not whole is not type(y) else sub(x, y))"
    ),
    "lambda: x - (y + z)": (
        "lambda: x - (y + z) if type(x) is type(y) is type(z) else "
        "sub(x, y + z if y is not whole is not type(z) else add(y, z))"
    ),
    "lambda: x*y - z": (
        "lambda: x * y - z if float is type(x) is type(y) is type(z) else "
        "sub(x * y if x is not whole is not type(y) else mul(x, y), z)"
    ),
    "lambda: x/y - z": (
        "lambda: sub(x / y if x is not whole is not type(y) else truediv(x, y), z)"
    ),
    "lambda: 0.5*(x + y)": (
        "lambda: 0.5 * (x + y) if whole is not type(x) is type(y) else "
        "mul(0.5, x + y if x is not whole is not type(y) else add(x, y))"
    ),
    "lambda: 0.5*x**2": "lambda: 0.5 * x ** 2 if whole is not type(x) else mul(0.5, x ** 2)",
    "lambda: 1/0*x": "lambda: mul(1 / 0, x)",
    "sum(x - y for x in z)": ("sum((x - y if whole is not type(y) else sub(x, y) for x in z))"),
}


@pytest.mark.parametrize("source", REWRITTEN)
def test_rewritten(source: str) -> None:
    assert text(source) == REWRITTEN[source]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="there are no templates")
def test_what_stands_in_a_template_can_be_calculated_with() -> None:
    n = leaf(3)
    left = run("s = t'{0.5 * n}, {n}'", n=n)["s"]
    assert [slope(value, n) for value in left.values] == [0.5, 1.0]


UNTOUCHED = [
    "x * 2; x + 1.5; x ** -2; x - (2 + 3)",  # numbers on the right
    "2 * x; -3 + x; 'a' + x; b'a' + x; 3j * x; None + x; [x] + x; (x,) * x; {} | x",
    "[i for i in x] + y; f'{x}' + y; (lambda: x) + y; 'a' * x.y",
    "x * 'a'; x + [y]; x + (y,); x + f'{y}'; x + {y: y}; x * (y < z); x * (not y); x * ~y",
    "x * (y / 2); x + y*0.5; x - (y << z); x + y/2 - (z | y); '%d' % x; '%s' % (x*y)",
    "x + x; x * -x; 3*x**2 - 4*x + 5; x**2 * (x - 1); (0 + x) ** x",
    "x @ y; x << y; x & y | z ^ x",
    "s += 1; s -= 0.5; s *= y / 2; s += 'a'; s += [x]; s += s; s += s * s",
    "s @= x; s |= x; s &= x; s ^= x; s <<= x; s >>= x",
    "x.y += z; x[0] += z; x[i*j] *= z",
    "x[a*b]; x[a*b:c*d]; x[f(a*b)]",
    "a*b < c*d; a*b + c == d; not a*b > c; '%d' % (a*b); ~(a*b) & a*b",
    "s = f'{a*b} {a*b:{c*d}} {a*b!r}'",
    "def f(x=a*b, *, k: a*b = a*b) -> a*b: pass",
    "lambda x=a*b: x",
    "y: a*b = 's'",
    "@f(a*b)\nclass A(a*b, k=a*b):\n    x = a*b\n    x += a\n    y: a*b = a*b\n    f(a*b)",
    "match x:\n    case -1 | 1+2j | A.b: pass",
    "if a*b > c:\n    pass\nwhile a*b < c:\n    pass\nassert a*b == c",
]


@pytest.mark.parametrize("source", UNTOUCHED)
def test_untouched(source: str) -> None:
    tree = ast.parse(source)
    assert transform(tree, cell="3", bindings=False) is tree


@pytest.mark.parametrize("position", POSITIONS, ids=lambda position: position.name)
def test_positions_hold_without_operators(position: Any) -> None:
    """Numbers are wrapped in the same places whether arithmetic is rewritten or not."""
    trees = [rewritten(position.example, operators=operators) for operators in (True, False)]
    wrapped = [
        [node.args[-1].value for node in ast.walk(tree) if called(node) in (LITERAL, ARGUMENT)]
        for tree in trees
    ]
    assert set(map(str, wrapped[0])) == set(map(str, wrapped[1]))


def called(node: ast.AST) -> str | None:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None


def test_operators_can_be_left_alone() -> None:
    tree = ast.parse("d = 0.5*c; d += x.y; import a")
    assert transform(tree, cell="3", bindings=False, operators=False) is tree


def test_no_node_stands_in_two_places() -> None:
    """Another transformer may change in place what it visits."""
    source = (
        "def f(s, x, y):\n s += x*y\n s += g(x[0], lambda k=x: x*y)\n s -= x\n return x*y - s*x"
    )
    for tree in (rewritten(source), rewritten("d = 0.5*c; d = x*c; d += c*x.y")):
        nodes = [n for n in ast.walk(tree) if isinstance(n, (ast.expr, ast.stmt))]
        assert len(nodes) == len(set(map(id, nodes)))


# --- nodes are kept ------------------------------------------------------------------------------

SHAPES = {
    "call": "d = (l,)[0] {op} (r,)[0]",
    "names": "d = l {op} r",
    "in a function": "def f(l, r): return l {op} r\nd = f(l, r)",
    "computed": "def f(l, r, z): return l {op} (r + z)\nd = f(l, r, 0)",
    "update": "d = l\nd {op}= r",
    "local update": "def f(l, r):\n    l {op}= r\n    return l\nd = f(l, r)",
    "computed update": "def f(l, r, z):\n    l {op}= r + z\n    return l\nd = f(l, r, 0)",
    "called update": "def f(l, r):\n    l {op}= abs(r)\n    return l\nd = f(l, r)",
}


@ROWS
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("left", ["0.5", "True", "np.float64(0.5)", "2", "leaf(2)"])
def test_a_node_on_the_right_is_kept(row: Any, shape: str, left: str) -> None:
    np = pytest.importorskip("numpy")
    l = eval(left, {"np": np, "leaf": leaf})  # noqa: E741
    r = leaf(3)
    d = run(SHAPES[shape].format(op=row.symbol), l=l, r=r)["d"]
    expected = eval(f"l {row.symbol} 3", {"l": float(l)})
    assert isinstance(d, Value)
    assert d.data == pytest.approx(expected)
    d.backward()
    h = 1e-6
    above, below = (eval(f"l {row.symbol} (3 + h)", {"l": float(l), "h": x}) for x in (h, -h))
    slope = (above - below) / (2 * h)
    assert r.grad == pytest.approx(slope, rel=1e-4)


@ROWS
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["int64", "uint8", "float32", "float16"])
def test_a_number_of_numpys_other_types_stays_one(row: Any, shape: str, kind: str) -> None:
    """A node is a float, an int or an `np.float64`; what no node can be is no node."""
    np = pytest.importorskip("numpy")
    l = getattr(np, kind)(7)  # noqa: E741
    source = SHAPES[shape].format(op=row.symbol)
    d = run(source, l=l, r=leaf(3))["d"]
    expected = run(source, l=l, r=3)["d"]
    assert type(d) is type(expected) or (isinstance(d, np.float64) and d == expected)
    assert d == expected


@ROWS
def test_literals_on_the_left(row: Any) -> None:
    for left in ("0.5", "-0.5", "+1.5", "True"):
        for source in f"d = {left} {row.symbol} r", f"d = (lambda r: {left} {row.symbol} r**1)(r)":
            assert isinstance(run(source, r=leaf(3))["d"], Value)


ONLY_FLOATS = st.sampled_from(["p", "q", "b", "m", "n", "2", "3", "0.5"])


def arithmetic(names: st.SearchStrategy[str], symbols: list[str]) -> st.SearchStrategy[str]:
    """Expressions of names, numbers, operators, calls and subscripts."""
    return st.recursive(
        names,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(symbols), inner).map(lambda t: f"({' '.join(t)})"),
            st.tuples(inner, st.sampled_from(symbols), inner).map(lambda t: f"({' '.join(t)})"),
            inner.map("g({})".format),
            inner.map("[{}][0]".format),
            inner.map("(-{})".format),
        ),
        max_leaves=6,
    )


FRAMES = [
    "d = {}",
    "d = (lambda p, q, b, m, n: {})(p, q, b, m, n)",
    "d = p\nd *= {}",
    "def f(d, p, q, b, m, n):\n    d += {}\n    return d\nd = f(p, p, q, b, m, n)",
]


@given(st.sampled_from(FRAMES), arithmetic(ONLY_FLOATS, ["+", "-", "*", "/"]))
def test_random_arithmetic_keeps_every_node(frame: str, expression: str) -> None:
    """A result depends on every whole or fractional node in it, whatever stands beside."""
    numbers = {"p": 1.5, "q": 4, "b": True, "m": 3, "n": 2.5, "g": lambda x: x}
    nodes = numbers | {"m": leaf(3), "n": leaf(2.5)}
    source = frame.format(expression)
    try:
        plain = run(source.replace("2.0", "2"), **numbers)["d"]
    except ZeroDivisionError:
        return
    d = run(source, **nodes)["d"]
    assert float(d) == pytest.approx(float(plain))
    if {"m", "n"} & set(expression.replace("(", " ").replace(")", " ").split(" ")) - {"g"}:
        assert isinstance(d, Value)


# --- depth ---------------------------------------------------------------------------------------


def deep(terms: int) -> str:
    return "d = a = 2.0\nd = " + " + ".join(["f(c)"] * terms)


def test_a_long_sum_is_rewritten() -> None:
    names = run(deep(300), c=leaf(3), f=lambda x: x)
    assert names["d"].data == 900
    assert ast.unparse(rewritten(deep(300))).count(name_of(SYNTAX[ast.Add])) == 299


@pytest.mark.parametrize("terms", [1_000, 3_000, 10_000])
def test_numbers_are_wrapped_when_the_calls_are_too_deep(terms: int) -> None:
    """A sum that Python can compile keeps the numbers of its cell."""
    source = deep(terms)
    try:
        compile(ast.parse(source), "<cell>", "exec")
    except (RecursionError, MemoryError):
        return
    tree = rewritten(source)
    compile(tree, "<cell>", "exec")
    assert any(called(node) == LITERAL for node in ast.walk(tree))


def test_the_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """When rewritten arithmetic does not compile, the numbers alone are wrapped."""
    monkeypatch.setattr("vrepl.session.operations.name_of", lambda row: 3)
    assert ast.unparse(rewritten("a = 2.0; d = x.y * z")) == f"a = {LITERAL}(2.0)\nd = x.y * z"


def test_a_tree_is_copied_by_its_fields_alone():
    from vrepl.session.trees import twin

    name = ast.parse("a.b", mode="eval").body
    shared = name.ctx
    shared.parent = name  # as libraries that draw tracebacks leave it on contexts all trees share
    try:
        assert ast.dump(twin(name)) == ast.dump(name) and twin(name) is not name
    finally:
        del shared.parent
