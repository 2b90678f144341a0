"""Rewritten programs do what the typed ones do: every grammar form, errors, depth, random code."""

from __future__ import annotations

import ast
import builtins
import linecache
import math
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vrepl.session.guards import WHOLE
from vrepl.session.literals import ARGUMENT, BIND, KIND, LITERAL, SHOW, TRIM, transform
from vrepl.session.support import OPERATIONS

FILE = "<cell 3>"
IDENTITY: dict[str, Callable[..., Any]] = {
    LITERAL: lambda number: number,
    ARGUMENT: lambda callee, number: number,
    BIND: lambda value, targets, line, cell: value,
    SHOW: lambda answer: None,
    TRIM: lambda: None,
    KIND: type,
    **OPERATIONS,
}


def refuse(reason: str) -> None:
    """A complaint that fails the test."""
    raise SystemExit(reason)


def rewritten(source: str) -> Any:
    """The transformed tree of a cell."""
    return transform(ast.parse(source, FILE), cell="3", complain=refuse)


def outcome(tree: Any, source: str) -> tuple[dict[str, Any], Any]:
    """What a tree leaves in its namespace, and the error that ended it with its places."""
    names: dict[str, Any] = {"__builtins__": {**vars(builtins), **IDENTITY}, "__name__": "__main__"}
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    error = None
    try:
        exec(compile(tree, FILE, "exec"), names)
    except Exception as raised:
        error = [type(raised), str(raised), *places(raised)]
    plain = (int, float, complex, str, bytes, tuple, list, dict, set, type(None))
    return {k: repr(v) for k, v in names.items() if isinstance(v, plain) and k[0] != "_"}, error


def places(error: BaseException) -> list[str]:
    """The user's lines of a traceback with their carets."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == FILE]
    drawn = "".join(traceback.StackSummary.from_list(frames).format())
    columns = [f"{f.lineno}-{f.end_lineno} {f.colno}-{f.end_colno}" for f in frames]
    return [drawn, *columns]


def same(source: str) -> None:
    """Runs a program as typed and rewritten, and compares all that can be seen."""
    assert outcome(rewritten(source), source) == outcome(ast.parse(source, FILE), source)


# --- the grammar ---------------------------------------------------------------------------------

FORMS = {
    "future": "'doc'\nfrom __future__ import annotations\na: b = 1",
    "docstrings": "'doc'\nclass A:\n  'a'\n  def f(self):\n    'f'\n    return 1\nd = A.f.__doc__",
    "match": """
def kind(x):
    match x:
        case 1 | -2 | 3.5: return 'number'
        case -1+2j: return 'complex'
        case [1, *r] if (n := len(r)) > 1: return ('list', n)
        case {'k': 2, **rest}: return rest
        case complex(real=3): return 'class'
        case str() as s: return s * 2
        case None | True: return 0
        case _: return -1
found = [kind(x) for x in (1, -2, 3.5, -1+2j, [1, 2, 3], {'k': 2, 'l': 3}, 3+0j, 's', None, [])]
""",
    "except star": """
a = []
try:
    raise ExceptionGroup('g', [ValueError(1), KeyError(2)])
except* ValueError as e:
    a.append(len(e.exceptions) + 1)
except* (KeyError, OSError):
    b = 2
else:
    c = 3
finally:
    d = 4.0
""",
    "try": "try:\n  a = 1/0\nexcept ZeroDivisionError as e:\n  b = 2\nfinally:\n  c = -3",
    "loops": """
s = 0
for i, x in enumerate([1, 2.5, -3]):
    if i == 1: continue
    s += x * 2
else:
    s = s + 10
while s > 0:
    s -= 3
    if s == 1: break
else: t = 5
""",
    "with": """
from contextlib import contextmanager, nullcontext
@contextmanager
def held(x=1, *, k=2): yield x + k
with held(3, k=4.0) as a, (nullcontext(5)) as (b): c = a * b
""",
    "functions": """
def f(a, b=2, /, c=3, *rest, d=4, e: int = 5, **more) -> 6:
    g = 7.0
    def inner():
        nonlocal g
        global h
        g = 8; h = 9
        return g
    inner()
    yield a + b + c
    x = yield 0
    yield from (g, d, e, *rest)
    return 1
values = list(f(1, 2, *(3, 4), d=5, **{'k': 6}))
defaults = f.__defaults__, f.__kwdefaults__
lam = (lambda x, y=2, *z, k=3: x + y * k)(1)
""",
    "classes": """
import enum, dataclasses
class E(enum.Enum):
    A = 1
    B = A + 1
    C = enum.auto()
members = [e.value for e in E]; two = E(2).name
@dataclasses.dataclass(order=True)
class P:
    x: int = 1
    y: float = dataclasses.field(default=2.0)
    def scaled(self, k=3): return P(self.x * k, self.y)
    @property
    def norm(self): return (self.x**2 + self.y**2)**0.5
    @staticmethod
    def s(): return 5
    @classmethod
    def c(cls, n): cls.n = 6; return super().__class__
p = repr(P(3).scaled(2)); n = P(3, 4).norm
class _M:
    def __m(self, x): return x
    def go(self):
        __f = self.__m
        return __f(2) + self.__m(3)
m = _M().go()
""",
    "comprehensions": """
a = [x * 2 for x in [1, 2, 3] if x != 2]
b = {k: 0.5 for k in (1, 2)}
c = {x % 2 for x in range(5)}
d = list((x, y) for x in [1, 2] for y in range(x) if y < 1)
e = [[0.0 for _ in range(2)] for _ in range(3)]
f = [y := 1, y**2]
g = [last := i for i in range(3)], last
""",
    "strings": """
x = 2.0
a = f'{x:.{3}f} {x!r:>10} {x + 1 = } {[1, 2][0]} {f"{x:{5}.{1}}"} {{3}}'
b = 'a' 'b' * 2, b'c' * 3, '%d' % 4, '%.2f' % x
""",
    "unpacking": """
a, *b = 1, 2, 3
(c, (d, *e)), [f] = (1, (2, 3, 4)), [5]
x = y = z, w = 6, 7
g = [*b, *'s', 8]; h = {**{'a': 1}, 'b': 2, 3: 4}
i, = j = 9,
t = *b, 1
print(*b, sep='', end='')
""",
    "operators": """
a = 7 // 2 + 1; b = 7 % 4; c = 1 << 3 | 4 & 6 ^ 1; d = ~5; e = not 0; f = 2 @ M() if 0 else 3
g = 0 < a < 10 != 3; h = a and 0 or 2.5; i = -2 ** 2; j = (-2) ** 2; k = 2 ** -1; l = - - 3
m = 1 if a else 2; n = -0.0; o = 10 ** 30; p = 1e400; q = 3 + 4j; r = +True; s = -(2)
t = [0] * 3; u = 'x' * 2; v = (1, 2)[0]; w = [1, 2, 3][0:2]; x = {1: 2}[1]; y = 1 in (1, 2)
a += 1; a *= 2.5; w[0] = 9; w[1:] = [7]; del w[0]
""",
    "names": "def range(n): return n\na = range(3)\nlist = [1.0]\nb = list[0]\n_, c = 1, 2",
    "statements": "import math as m\na = m.pi\nassert a > 3, 1\nglobal b\nb = 1\npass\ndel b",
    "async": """
import asyncio
class R:
    def __init__(self): self.n = 0
    def __aiter__(self): return self
    async def __anext__(self):
        self.n += 1
        if self.n > 3: raise StopAsyncIteration
        return self.n
    async def __aenter__(self): return 4
    async def __aexit__(self, *e): return None
async def main(k=1):
    s = 0.5
    async for i in R(): s += i
    else: s += 1
    async with R() as r: s += r
    t = [i async for i in R() if i > 1]
    await asyncio.sleep(0)
    return s, t
out = asyncio.run(main(2))
""",
}
SINCE_312 = {
    "type parameters": """
type A[T: int, *Ts, **P] = tuple[T, 1]
def f[T](x: T = 1) -> T: return x * 2
class C[T]:
    y = 3
    def m(self): self.w = 4; return self.w
out = f(5), C().m(), A.__value__
""",
    "nested f-strings": "x = 2\na = f'{f'{f'{x + 1}'}':>{'5'}} {'\\n'.join(['1', f\"{2}\"])}'",
}
SINCE_313 = {"type defaults": "class C[T = 1]: pass\ntype A[T = int, *Ts = *tuple[int]] = T\nb = 2"}
SINCE_314 = {
    "templates": """
x, y = 2.5, 3
a = t'{x:{5}.{1}f} {x + 1 = } {y!r:>10} {{3}} {2.0}' t'{[1, 2][0]}'
b = [(i.value, i.expression, i.conversion, i.format_spec) for i in a.interpolations], a.strings
c = t'{t"{x * y}"} {f"{t'{y}'}"} {(d := 1.5)}'
def f(x, k=2): return t'{0.5 * x} {f'{k}'} {x:{k}}'
e = f(3).values, f(1.5, k=4).values
""",
    "bare exceptions": """
a = []
def f(x):
    try: return 1 / x
    except ZeroDivisionError, OverflowError: return 2.5
b = f(0), f(2)
try:
    raise ExceptionGroup('g', [ValueError(1), KeyError(2)])
except* ValueError, TypeError:
    a.append(3)
except* KeyError:
    c = 4
""",
    "lazy annotations": """
a: Later = 2.5
def f(x: Later[1] = 3, *y: 1 / 0) -> Later: return x * 2
class C:
    x: Later = 1
    y: 2.5
    if x: z: Later[3]
    def m(self, k: Later = 4): self.w: Later = 5; return self.w * k
b = f(), C().m()
class Later: __class_getitem__ = lambda k: k
c = C.__annotations__, C.m.__annotations__, f.__annotate__ is not None
""",
}
AVAILABLE = {
    **FORMS,
    **(SINCE_312 if sys.version_info >= (3, 12) else {}),
    **(SINCE_313 if sys.version_info >= (3, 13) else {}),
    **(SINCE_314 if sys.version_info >= (3, 14) else {}),
}


@pytest.mark.parametrize("form", AVAILABLE)
def test_grammar(form: str) -> None:
    """Each form runs to the same end with the same names."""
    names, error = outcome(ast.parse(AVAILABLE[form]), AVAILABLE[form])
    assert names
    assert error is None
    same(AVAILABLE[form])


def test_top_level_await() -> None:
    """IPython compiles cells with top-level await."""
    tree = rewritten("a = 2.0\nb = await f(3)\nasync for c in d: e = 1.0\nf = [i async for i in d]")
    assert ast.unparse(tree).count("vrepl_literal") == len("ae")
    assert ast.unparse(tree).count("vrepl_argument") == len("b")
    assert compile(tree, FILE, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_own_sources() -> None:
    """Modules of the standard library, large and various, come out compilable."""
    for module in (ast, linecache, traceback, sys.modules["inspect"], sys.modules["argparse"]):
        with open(module.__file__ or "", encoding="utf-8") as file:
            assert compile(rewritten(file.read()), FILE, "exec")


# --- errors --------------------------------------------------------------------------------------

ERRORS = [
    "d = 1 / 0",
    "a = 2.0\nd = a / 0",
    "a = 0\nd = 3 + (a *\n  2 / a) ** 2",
    "1/0",
    "def f(x):\n    w = 0.0\n    return x / w\n\ny = f(3.0) + 1",
    "def f(x): pass\nf(3.0,\n  k=2)",
    "y = f(3.0)",
    "a: float = undefined + 2",
    "a, b = 1.0, 2.0, 3.0",
    "a, (b, c) = 1.0, 2.0",
    "a = b = [1.0, 2][5]",
    "x = (a := 2.0) + undefined",
    "w = [0.5, 1/0, 2.0]",
    "p = {'w': 0.5, **3}",
    "class A:\n    def m(self):\n        self.w = 1 / 0\nA().m()",
    "for x in [1.0, 0.0]:\n    d = 1 / x",
    "for x in 3.0: pass",
    "d = sum(1 / x for x in [1.0, 0.0])",
    "len(3)",
    "(lambda x: 1 / x)(0)",
    "s = f'{1/0}'",
    "with 3 as x: pass",
    "assert 0, 2",
    "raise ValueError(3)",
    "größe = 2.0; 变量 = größe / 0",
    "d = (1.0\n     if 0 else\n     1 / 0)",
]


@pytest.mark.parametrize("source", ERRORS)
def test_errors(source: str) -> None:
    """Type, text, lines and carets of an error are those of the typed code."""
    assert outcome(ast.parse(source, FILE), source)[1] is not None
    same(source)


LOOP = """\
def f(xs, n):
    s = 0.0
    for x in xs:
        try: s += x * n
        finally: {}
    return s
"""
WARNED = ["s is 2.5"] + ["continue"] * (sys.version_info >= (3, 14))


def warned(tree: Any) -> list[Any]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        compile(tree, FILE, "exec")
    return [(warning.category, warning.lineno) for warning in said]


@pytest.mark.parametrize("line", WARNED)
def test_a_mistake_in_a_loop_is_warned_of_once(line: str) -> None:
    """Although a loop may stand there several times, behind tests."""
    wrong, right = (rewritten(LOOP.format(text)) for text in (line, "pass"))
    assert warned(wrong) == warned(ast.parse(LOOP.format(line))) != []
    loops = [sum(type(node) is ast.For for node in ast.walk(tree)) for tree in (wrong, right)]
    assert loops[0] == 1 < loops[1] and WHOLE in ast.unparse(wrong)


def test_new_nodes_stand_where_the_literal_stands() -> None:
    """Every node of a rewritten cell has a place inside the statement it belongs to."""
    source = "a = b = 2.0\nw = [\n  -0.5,\n  f(3,\n    k=1)]\n"
    for statement in rewritten(source).body:
        first, last = statement.lineno, statement.end_lineno
        for node in ast.walk(statement):
            if isinstance(node, ast.expr):
                assert first <= node.lineno <= (node.end_lineno or 0) <= last
    call = rewritten("a = - 2.0").body[0].value.args[0]
    literal = ast.parse("a = - 2.0").body[0].value
    assert (call.col_offset, call.end_col_offset) == (literal.col_offset, literal.end_col_offset)


# --- depth and size ------------------------------------------------------------------------------

DEEP = {
    "sum": lambda n: "x = " + " + ".join(["1"] * n),
    "products of names": lambda n: "x = y = 1\nx = " + " + ".join(["x*y"] * n),
    "sum of names": lambda n: "x = y = 0\nx = y" + " + y" * n,
    "attributes": lambda n: "x = y" + ".real" * n,
    "calls": lambda n: "def f(x): return f\nx = f" + "(2)" * n,
    "signs": lambda n: "x = " + "-" * n + "1.5",
    "not": lambda n: "x = " + "not " * n + "1",
    "subscripts": lambda n: "x = y" + "[0]" * n,
    "lists": lambda n: "x = " + "[" * n + "1" + "]" * n,
    "parentheses": lambda n: "x = " + "(" * n + "1" + ")" * n,
    "targets": lambda n: "(" * n + "x" + ",)" * n + " = 2.0",
    "conditions": lambda n: "x = " + "1.0 if y else " * n + "2.0",
    "lambdas": lambda n: "x = " + "lambda: " * n + "2.0",
    "elif": lambda n: "if y: x = 0\n" + "elif y: x = 1\n" * n,
    "walrus": lambda n: "".join(f"(x{i} := " for i in range(n)) + "1" + ")" * n,
}


@pytest.mark.parametrize("depth", [90, 900, 2_500, 5_000, 20_000])
@pytest.mark.parametrize("form", DEEP)
def test_depth(form: str, depth: int) -> None:
    """What Python can parse comes back, rewritten where the result compiles, quietly if not."""
    try:
        tree = ast.parse(DEEP[form](depth))
    except (RecursionError, SyntaxError, MemoryError):
        return
    said: list[str] = []
    kept: Any = transform(tree, cell="3", complain=said.append)
    if kept is not tree:
        assert compile(kept, FILE, "exec")
    elif said:  # sound as typed, too deep with one call more
        assert compile(tree, FILE, "exec")
        assert said == ["This cell is nested too deeply to rewrite; its numbers stay plain"]


def test_usual_depth_is_rewritten() -> None:
    """A sum of 300 numbers is an ordinary graph."""
    tree = rewritten(DEEP["sum"](300))
    assert ast.unparse(tree).count(LITERAL) == 300


def test_a_table_is_left_alone() -> None:
    """A large list costs less than its parsing: the tree comes back as it was."""
    tree = ast.parse(f"data = [{', '.join(map(str, range(20_000)))}]")
    assert transform(tree, cell="3", complain=refuse) is tree


# --- random programs -----------------------------------------------------------------------------

NAMES = st.sampled_from("abc")
NUMBERS = st.one_of(
    st.integers(0, 5).map(str), st.sampled_from(["0.5", "2.0", "1e3", "0.0", "3j", "True", "'s'"])
)


def joined(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Strings made by putting strategies into a pattern."""
    return st.tuples(*parts).map(lambda texts: pattern.format(*texts))


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of expressions."""
    binary = st.sampled_from(["+", "-", "*", "/", "//", "%", "<", "==", "and", "or", "is not"])
    return st.one_of(
        joined("({} {} {})", inner, binary, inner),
        joined("({} ** 2)", inner),
        joined("(g({}) * g({}))", inner, inner),
        joined("(g({}) - {})", inner, NAMES),
        joined("({}{})", st.sampled_from(["-", "+", "- -", "not "]), inner),
        joined("[{}, {}]", inner, inner),
        joined("({}, *[{}])", inner, inner),
        joined("{{'k': {}, {}: 1}}", inner, NUMBERS),
        joined("({} if {} else {})", inner, inner, inner),
        joined("f({}, k={})", inner, inner),
        joined("f({}, *[{}])", inner, inner),
        joined("max({}, {})", inner, inner),
        joined("list(zip([{}], [{}]))", inner, inner),
        joined("sum([{}, {}])", inner, inner),
        joined("[{} for a in [{}, 1]]", inner, inner),
        joined("{{a: {} for a in (1, 2) if {}}}", inner, inner),
        joined("(lambda a, b={}: {})({})", inner, inner, inner),
        joined("({} := {})", NAMES, inner),
        joined("[{}, 2][{}]", inner, inner),
        joined("f'{{{}}} {{1:{{3}}}}'", NAMES),
        joined("P({}).w", inner),
    )


EXPRESSIONS = st.recursive(NAMES | NUMBERS, compound, max_leaves=8)


def indented(block: str) -> str:
    """A block one level deeper."""
    return "\n".join("    " + line for line in block.splitlines())


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Statements made of statements."""
    body = inner.map(indented)
    deeper = body.map(indented)
    return st.one_of(
        joined("{}\n{}", inner, inner),
        joined("if {}:\n{}\nelse:\n{}", EXPRESSIONS, body, body),
        joined("for {} in [1, 2.5]:\n{}", NAMES, body),
        # A copy, and short: a list that grows while it is walked would never end.
        joined("for {} in list({})[:2]:\n{}", NAMES, EXPRESSIONS, body),
        joined("try:\n{}\nexcept Exception as e:\n    e = 1\n{}", body, body),
        joined("def h(a, b={}):\n{}\n    return {}\nc = h({})", NUMBERS, body, *[EXPRESSIONS] * 2),
        joined("class Q:\n    x = {}\n{}\nb = Q.x", EXPRESSIONS, body),
        joined("match {}:\n    case 1 | [2, *_]:\n{}\n    case _: a = 0", EXPRESSIONS, deeper),
    )


STATEMENTS = st.recursive(
    st.one_of(
        EXPRESSIONS,
        joined("{} = {}", NAMES, EXPRESSIONS),
        joined("{} = {} = {}", NAMES, NAMES, EXPRESSIONS),
        joined("{}, *{} = {}", NAMES, NAMES, EXPRESSIONS),
        joined("{}, {} = {}, {}", NAMES, NAMES, EXPRESSIONS, EXPRESSIONS),
        joined("{}: float = {}", NAMES, EXPRESSIONS),
        joined("{} {}= {}", NAMES, st.sampled_from("+-/"), EXPRESSIONS),
    ),
    blocks,
    max_leaves=6,
)
PRELUDE = """\
a, b, c = 1, 2.0, [3]
log = []
def g(x):
    log.append(x)
    return x
def f(x=1, *rest, k=2):
    w = 0.5
    return [x, k * w, *rest]
class P:
    def __init__(self, x): self.w = 2; self.v = x
"""


@settings(max_examples=300, deadline=None)
@given(STATEMENTS)
def test_random_programs(program: str) -> None:
    """Names, values, errors and their places are the same with and without the rewriting."""
    source = PRELUDE + program
    try:
        compile(ast.parse(source), FILE, "exec")
    except SyntaxError:  # for example a walrus where Python allows none
        transform(ast.parse(source), cell="3", complain=refuse)
        return
    same(source)


@given(st.one_of(st.integers(), st.floats(allow_nan=False)))
def test_random_numbers(number: float) -> None:
    """A literal becomes the same number of the same type, its sign included."""
    if math.isinf(number):
        return
    made: list[float] = []
    names = {"__builtins__": {**IDENTITY, LITERAL: lambda n: made.append(n) or n}}
    exec(compile(rewritten(f"a = {number!r}"), FILE, "exec"), names)
    assert repr(made) == repr([number])
