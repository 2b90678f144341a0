"""Which numbers are wrapped, which bindings are reported, and what happens when that fails.

The support functions are stand-ins that write down how they were called.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from vrepl.session.literals import (
    ARGUMENT,
    BIND,
    KIND,
    LITERAL,
    POSITIONS,
    SHOW,
    TRIM,
    Position,
    transform,
)
from vrepl.session.rows import LARGEST_DISPLAY
from vrepl.session.support import OPERATIONS
from vrepl.session.targets import bound_names

SUPPORT = (LITERAL, BIND, ARGUMENT, SHOW, TRIM)


class Float(float):
    """A float that was typed in a session."""


class Int(int):
    """An int that was typed in a session."""


def typed(number: float) -> Float | Int:
    """What the session would make of a typed number."""
    return Int(number) if type(number) is int else Float(number)


class Session:
    """A namespace whose support functions write down what they were given."""

    def __init__(self) -> None:
        self.wrapped: list[float] = []
        self.offered: list[tuple[str, float]] = []
        self.bound: list[tuple[Any, Any, int]] = []
        self.shown: list[Any] = []
        support = {
            LITERAL: self.literal,
            ARGUMENT: self.argument,
            BIND: self.bind,
            SHOW: self.shown.append,
            TRIM: lambda: None,
            KIND: type,
        }
        self.names: dict[str, Any] = {"__builtins__": vars(builtins) | OPERATIONS | support}

    def literal(self, number: float) -> Float | Int:
        """Stand-in for making a leaf."""
        self.wrapped.append(number)
        return typed(number)

    def argument(self, callee: Any, number: float) -> Float | Int:
        """Stand-in for deciding about an argument."""
        self.offered.append((getattr(callee, "__name__", type(callee).__name__), number))
        return typed(number)

    def bind(self, value: Any, targets: Any, line: int, cell: str) -> Any:
        """Stand-in for recording names."""
        assert cell == "3"
        self.bound.append((targets, value, line))
        return value

    def run(self, source: str, **options: Any) -> Session:
        """Runs a cell, or several separated by ``¶``."""
        for cell in source.split("¶"):
            code = compile(rewritten(cell.strip(), **options), "<cell 3>", "exec")
            exec(code, self.names)
        return self


def rewritten(source: str, **options: Any) -> Any:
    return transform(ast.parse(source), cell="3", complain=refuse, **options)


def refuse(reason: str) -> None:
    raise SystemExit(reason)


def text(source: str, **options: Any) -> str:
    """The transformed cell as source, with the support functions under short names."""
    return shown(rewritten(source, **options))


def shown(tree: ast.AST) -> str:
    """Any part of a transformed cell as `text` gives the whole."""
    shown = ast.unparse(tree)
    short = {LITERAL: "lit", BIND: "bind", ARGUMENT: "arg", SHOW: "show", TRIM: "trim"}
    for name, letters in short.items():
        shown = shown.replace(name, letters)
    return shown


def support_name(node: ast.AST) -> str | None:
    """The support function a node calls."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.func.id if called and node.func.id in SUPPORT else None


def numbers(tree: ast.AST, *, wrapped: bool = False) -> Iterator[tuple[float, bool]]:
    """Every number of a tree, and whether it is wrapped; signs belong to wrapped numbers only."""
    name = support_name(tree)
    if name == BIND:
        yield from numbers(tree.args[0])
    elif isinstance(tree, ast.Constant) and type(tree.value) in (int, float):
        yield abs(tree.value), wrapped
    else:
        for child in ast.iter_child_nodes(tree):
            yield from numbers(child, wrapped=name in (LITERAL, ARGUMENT))


# --- the policy table ----------------------------------------------------------------------------


@pytest.mark.parametrize("position", POSITIONS, ids=lambda position: position.name)
def test_position(position: Position) -> None:
    """Every number of a row's example is treated as the row says."""
    found = list(numbers(rewritten(position.example)))
    typed_in = [number for number, _ in numbers(ast.parse(position.example))]
    assert [number for number, _ in found] == typed_in
    assert {wrapped for _, wrapped in found} <= {position.wrapped}
    assert found or position.name == "other constants"


def test_rows_are_told_apart() -> None:
    """A name or an example stands in one row, and every row gives a reason."""
    assert len({row.name for row in POSITIONS}) == len(POSITIONS)
    assert len({row.example for row in POSITIONS}) == len(POSITIONS)
    assert all(row.reason for row in POSITIONS)


REWRITTEN = {
    "a = -3.0": "a = bind(lit(-3.0), 'a', 1, '3')",
    "a = - -3": "a = bind(-lit(-3), 'a', 1, '3')",
    "d = -2.0**2": "d = bind(-lit(2.0) ** lit(2), 'd', 1, '3')",
    "d = 2*3 + 1 // 2": "d = bind(lit(2) * lit(3) + lit(1) // lit(2), 'd', 1, '3')",
    "2*a + 1": "2 * a + 1",
    "1, 2": "(1, 2)",
    "w = [1/3, 2*x]": "w = bind([lit(1) / lit(3), 2 * x], 'w', 1, '3')",
    "a = x if y > 0 else [0.5]": "a = bind(x if y > 0 else [lit(0.5)], 'a', 1, '3')",
    "w = [[0.5 for _ in xs] for _ in xs]": (
        "w = bind([[lit(0.5) for _ in xs] for _ in xs], 'w', 1, '3')"
    ),
    "f([1.0, g(2.0)], 's')": "f([arg(f, 1.0), g(arg(g, 2.0))], 's')",
    "f(lambda: g(2.0))(3.0)": "f(lambda: g(arg(g, 2.0)))(3.0)",
    "print(f(3.0), 1)": "print(f(arg(f, 3.0)), 1)",
    "print(f'{f(3.0):{f(2)}}')": "print(f'{f(arg(f, 3.0)):{f(2)}}')",
    "xs[f(1)] = f(2)": "xs[f(1)] = f(arg(f, 2))",
    "f(2).x[3]": "f(arg(f, 2)).x[3]",
    "return_ = {1: f(2)}[f(1)]": "return_ = bind({1: f(arg(f, 2))}[f(1)], 'return_', 1, '3')",
    "g = lambda x=f(1): f(2)": "g = lambda x=f(1): f(arg(f, 2))",
    "a: f(1) = f(2)": "a: f(1) = bind(f(arg(f, 2)), 'a', 1, '3')",
    "map(f, [1.0], [2], (3,))": "map(f, [lit(1.0)], [lit(2)], (3,))",
    "np.array([1.0, f(2)])": "np.array([1.0, f(arg(f, 2))])",
    "x += f(2.0) / 3": "x += f(arg(f, 2.0)) / 3",
    "a, xs[0] = 2.0, 3": "a, xs[0] = bind((2.0, 3), (('a', None),), 1, '3')",
    "import a, math": "import a, vrepl.core.twins.math as math",
    "def f(): import a": "def f():\n    import a",
    "from __future__ import annotations": "from __future__ import annotations",
    "for x in [('a', 1.0), ('b', 2)]: pass": (
        "for x in [('a', lit(1.0)), ('b', lit(2))]:\n    pass"
    ),
}


@pytest.mark.parametrize("source", REWRITTEN)
def test_rewritten_text(source: str) -> None:
    """Positions inside each other."""
    assert text(source) == REWRITTEN[source]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="there are no templates")
def test_what_stands_in_a_template_is_kept() -> None:
    """`ast.unparse` writes the typed text of a part, so the parts are looked at one by one."""
    tree = rewritten("s = t'{f(3.0):{f(2)}} {2*-3.0!r} {(a := 2.0)}'")
    parts = [node for node in ast.walk(tree) if type(node).__name__ == "Interpolation"]
    assert [shown(part.value) for part in parts] == [
        "f(arg(f, 3.0))",
        "2 * -3.0",
        "(a := bind(lit(2.0), 'a', 1, '3'))",
    ]
    assert [part.str for part in parts] == ["f(3.0)", "2*-3.0", "(a := 2.0)"]
    assert "arg(f, 2)" not in shown(parts[0].format_spec)


CALL_PLACES = [
    "while f(2): pass",
    "with f(2) as x: pass",
    "async def g():\n  async with f(2): pass",
    "async def g():\n  async for x in f(2): pass",
    "async def g(): await f(2)",
    "def g(): return f(2)",
    "def g(): yield f(2)",
    "def g(): yield from f(2)",
    "assert f(2)",
    "assert x, f(2)",
    "raise f(2)",
    "raise x from f(2)",
    "match f(2):\n  case _: pass",
    "match x:\n  case _ if f(2): pass",
    "match x:\n  case _: f(2)",
    "if f(2): pass",
    "try: f(2)\nfinally: pass",
    "try: pass\nexcept E: f(2)",
    "try: pass\nexcept* E: f(2)",
    "try: pass\nexcept E: pass\nelse: f(2)",
    "try: pass\nfinally: f(2)",
    "for x in y: pass\nelse: f(2)",
    "while x: pass\nelse: f(2)",
    "x < f(2)",
    "f(2) < x",
    "x and f(2)",
    "not f(2)",
    "{f(2)}",
    "{f(2): x}",
    "[x, *f(2)]",
    "[x for x in y if f(2)]",
    "{f(2) for x in y}",
    "{f(2): x for x in y}",
    "x if f(2) else y",
    "obj.m(f(2), k=f)",
    "obj.m(k=f(2), **y)",
]


@pytest.mark.parametrize("source", CALL_PLACES)
def test_calls_are_found(source: str) -> None:
    """A call by name is treated wherever an expression is evaluated."""
    found = text(source).replace("    trim()\n", "")
    assert found == ast.unparse(ast.parse(source)).replace("f(2)", "f(arg(f, 2))")


@pytest.mark.parametrize(("held", "wrapped"), [(0, False), (1, True), (257, False), (256, True)])
def test_size_of_displays(held: int, wrapped: bool) -> None:
    """A display is wrapped whole or not at all, counting what is nested in it."""
    half = ["0.5"] * (held // 2)
    rest = ["0.5"] * (held - len(half))
    source = f"w = [{', '.join(half)}, [{', '.join(rest)}]]".replace("[, ", "[")
    assert (LITERAL in ast.unparse(rewritten(source))) is wrapped
    assert (ARGUMENT in ast.unparse(rewritten(source.replace("w = ", "f(") + ")"))) is wrapped


def test_large_list_holding_calls() -> None:
    """Numbers of a table stay plain, calls in it follow their own row."""
    source = f"w = [{'0.5, ' * LARGEST_DISPLAY}0.5, [0.5], f(2.0)]"
    wrapped = [number for number, is_wrapped in numbers(rewritten(source)) if is_wrapped]
    assert wrapped == [2.0]


METHODS = {
    "class P:\n def m(me, x): me.w = 1": True,
    "class P:\n def m(me, x): me.w: float = 1": True,
    "class P:\n def m(me, x): me.a, (me.b, c) = 1, (2, 3)": True,
    "class P:\n async def m(me, /): me.w = 1": True,
    "class P:\n if c:\n  def m(self): self.w = 1": True,
    "class P:\n def m(self):\n  def g(): self.w = 1": True,
    "class P:\n def m(self): self.ax.x = 1": False,
    "class P:\n def m(self): self.w[0] = 1": False,
    "class P:\n def m(self): self.a = ax.b = 1": False,
    "class P:\n @staticmethod\n def m(ax): ax.x = 1": False,
    "class P:\n def m(): w.x = 1": False,
    "def m(self): self.w = 1": False,
}


@pytest.mark.parametrize("source", METHODS)
def test_attributes(source: str) -> None:
    """The method's own object takes nodes, whatever it is called; others do not."""
    assert {wrapped for _, wrapped in numbers(rewritten(source))} == {METHODS[source]}


def test_class_bodies() -> None:
    """Below a class only the bodies of its methods are rewritten."""
    source = "class A:\n  f(1)\n  x = f(2)\n  for y in [3]: z = 4\n  class B:\n    w = 5"
    assert not any(wrapped for _, wrapped in numbers(rewritten(source)))


@pytest.mark.parametrize(
    "binding",
    [
        "def range(n): pass",
        "class range: pass",
        "import numpy as range",
        "import range.sub",
        "from numpy import *",
        "range = f",
        "del range",
        "def g(range): pass",
        "lambda *range: 1",
        "[x for range in y]",
        "try: pass\nexcept E as range: pass",
        "match x:\n  case [range, *r]: pass",
        "match x:\n  case [*range]: pass",
        "match x:\n  case {'a': 1, **range}: pass",
        "(range := f)",
        "with a as (b, range): pass",
    ],
)
def test_builtin_bound_in_the_cell(binding: str) -> None:
    """A builtin's name that the cell binds, anywhere, may be the user's function."""
    assert text("range(10)") == "range(10)"
    assert text(f"range(10)\n{binding}").startswith("range(arg(range, 10))\n")


def test_library_names_are_the_callers() -> None:
    """What counts as a library's function is asked of the session."""
    asked = text("range(1); mean(2); zip([1])", is_library_name={"mean"}.__contains__)
    assert asked == "range(arg(range, 1))\nmean(2)\nzip([arg(zip, 1)])"


# --- running cells -------------------------------------------------------------------------------

NEURON = """
class Neuron:
    def __init__(self, ws, b):
        self.w = ws
        self.b = b
    def __call__(self, x):
        return sum((wi*xi for wi, xi in zip(self.w, x)), self.b)
"""

RUN = [
    ("a = b = 2.0 ¶ assert a is b", [2.0], []),
    ("a, *r = 2.0, 3.0, -4", [2.0, 3.0, -4], []),
    ("d = (a := 2.0)*3", [2.0], []),
    ("g = lambda x: 3*x + 1 ¶ d = g(2.0)", [], [("<lambda>", 2.0)]),
    ("d = sum(w*x for w, x in zip([0.5, -1.2], [1.0, 2]))", [0.5, -1.2, 1.0, 2], []),
    ("w = 2.0; d = 0.0\nfor x in [1.0, 2.0]: d += w*x", [2.0, 0.0, 1.0, 2.0], []),
    ("def f(x, k=1): return k*x**2\ny = f(3, k=2.0)", [], [("f", 3), ("f", 2.0)]),
    ("def f(x):\n  w = 0.5\n  return w*x\nf(1); f(2)", [0.5, 0.5], [("f", 1), ("f", 2)]),
    ("w = [0.5 for _ in range(3)]", [0.5] * 3, []),
    ("p = {'w': 0.5, **{'b': (1, -2)}}", [0.5, 1, -2], []),
    (f"{NEURON}\nn = Neuron([0.5], 0.1)", [], [("Neuron", 0.5), ("Neuron", 0.1)]),
    (f"{NEURON}\nn = Neuron(b=0, ws=[]) ¶ n([1.0])", [], [("Neuron", 0), ("Neuron", 1.0)]),
    ("s = f'{2.0:.{3}f}'; t = 'x'*3; u = (1, 2)[0]; v = True", [], []),
]


@pytest.mark.parametrize(("cells", "wrapped", "offered"), RUN)
def test_run(cells: str, wrapped: list[float], offered: list[tuple[str, float]]) -> None:
    """What the support functions get while cells run."""
    session = Session().run(cells)
    assert (session.wrapped, session.offered) == (wrapped, offered)


def test_a_literal_is_a_new_node_each_run() -> None:
    """A loop makes a node on each turn."""
    names = Session().run("xs = []\nfor _ in range(2):\n  w = 0.5\n  xs.append(w)").names
    assert names["xs"] == [0.5, 0.5]
    assert names["xs"][0] is not names["xs"][1]


# --- bindings ------------------------------------------------------------------------------------

BINDINGS = {
    "a = 2.0": ["a"],
    "a = b = 2.0": [("a", "b")],
    "a, b = x": [(("a", "b"),)],
    "[a, *b] = x": [(("a", "*b"),)],
    "(a, (b, *c)), d = x": [((("a", ("b", "*c")), "d"),)],
    "a = b, c = x": [("a", ("b", "c"))],
    "a, y.z, *y.w = x": [(("a", None, "*"),)],
    "a = y[0] = x": [("a", None)],
    "a: float = 2.0": ["a"],
    "a: float": [],
    "print(a := x)": ["a"],
    "a = (b := 2.0)": ["a", "b"],
    "if (a := x): b = 2.0\nelse: c = 2.0": ["a", "b", "c"],
    "with x as y: a = 2.0": ["a"],
    "try: a = x\nexcept E: b = x\nelse: c = x\nfinally: d = x": ["a", "b", "c", "d"],
    "match x:\n  case 1 if (a := y): b = 2.0": ["a", "b"],
    "for i in (a := x): b = 2.0\nelse: c = 2.0": ["a", "c"],
    "while (a := x): b = 2.0\nelse: c = 2.0": ["c"],
    "if x:\n  for i in x:\n    if i: a = 2.0": [],
    "def f():\n  a = 2.0": [],
    "class A:\n  a = 2.0\n  if x: b = 2.0": [],
    "f(lambda: (a := 2.0))": [],
    "[(a := 2.0) for i in x]": [],
    # Reported only where the value may be a number, or a list or tuple of them.
    "a = x; b = f(); c = y.z; d = y[0]; e = x*2": ["a", "b", "c", "d", "e"],
    "a = None; b = 's'; c = True; d = 3j; e = ...; f = b's'": [],
    "a = lambda: x; b = f'{x}'; c = x < y; d = {x}; e = (i for i in x)": [],
    "a = []; b = [x]; c = {}; d = (x, y); e = [i for i in x]": [],
    "a = [x, 2.0]; b = {'k': 2.0}; c = 2.0,; d = [2.0 for i in x]": ["a", "b", "c", "d"],
    "a, b = x, y": [(("a", "b"),)],
    f"a = [{'1,' * 257}]; b, *c = [{'1,' * 257}]": [(("b", "*c"),)],
    "__version__ = 1; y.z = 1; y[0] = 1; () = x; _ = x": ["_"],
}


def reported(source: str, **options: Any) -> list[Any]:
    """The targets of all reports in a transformed cell, in the order of the text."""
    calls = [n for n in ast.walk(rewritten(source, **options)) if support_name(n) == BIND]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    assert all(call.args[3].value == "3" for call in calls)
    assert all(call.args[2].value == call.lineno for call in calls)
    return [call.args[1].value for call in calls]


@pytest.mark.parametrize("source", BINDINGS)
def test_bindings(source: str) -> None:
    """Bindings of straight code at the top level are reported."""
    assert reported(source) == BINDINGS[source]


def test_bindings_of_code_that_ends_up_in_a_function() -> None:
    """``%timeit`` wants the numbers and no reports."""
    assert text("a = 2.0; b = (c := 3)", bindings=False) == "a = lit(2.0)\nb = (c := lit(3))"


def test_reported_values_and_lines() -> None:
    """The value is the object that is bound."""
    session = Session().run("x = 1\na = b = (\n  2.0)\nc, d = x, a\n")
    names = session.names
    assert session.bound == [("x", 1, 1), (("a", "b"), 2.0, 2), ((("c", "d"),), (1, 2.0), 4)]
    assert session.bound[1][1] is names["a"] is names["b"] is names["d"]


def test_assignment_stays_the_last_statement() -> None:
    """IPython's ``last_expr_or_assign`` looks at it."""
    tree = rewritten("a = 2.0\nb = a")
    assert [type(statement) for statement in tree.body] == [ast.Assign, ast.Assign]


ONE, TWO, THREE, FOUR = map(typed, (1, 2, 3, 4.0))
PAIRS = [
    ("a", ONE, [("a", ONE)]),
    (("a", "b"), ONE, [("a", ONE), ("b", ONE)]),
    ((("a", "b"),), (ONE, TWO), [("a", ONE), ("b", TWO)]),
    (("t", ("a", "b")), [ONE, TWO], [("t", [ONE, TWO]), ("a", ONE), ("b", TWO)]),
    ((("a", "*r"),), (ONE, TWO, THREE), [("a", ONE), ("r", [TWO, THREE])]),
    ((("*r", "a"),), (ONE,), [("r", []), ("a", ONE)]),
    ((("a", "*r", "b"),), [ONE, TWO, THREE], [("a", ONE), ("r", [TWO]), ("b", THREE)]),
    ((("a", ("b", ("c", None))),), (ONE, [TWO, (THREE, FOUR)]), "a b c"),
    ((("a", None, "*"),), (ONE, TWO, THREE), [("a", ONE)]),
    ((None, "a"), ONE, [("a", ONE)]),
    ((("a", "b"),), (ONE, TWO, THREE), []),
    ((("a", "*r", "b"),), (ONE,), []),
    ((("a", "b"),), "xy", []),
    ((("a", "b"),), {1: 2, 3: 4}, []),
    (((),), (), []),
]


@pytest.mark.parametrize(("targets", "value", "pairs"), PAIRS)
def test_bound_names(targets: Any, value: Any, pairs: Any) -> None:
    """Names and objects are paired as the assignment will pair them."""
    found = list(bound_names(targets, value))
    if isinstance(pairs, str):
        assert [name for name, _ in found] == pairs.split()
        assert [held for _, held in found] == [ONE, TWO, THREE]
    else:
        assert found == pairs


def test_bound_names_consumes_nothing() -> None:
    """An iterator is still whole when the assignment gets it, and subclasses are not trusted."""
    items = iter([1, 2])
    assert list(bound_names((("a", "b"),), items)) == []
    assert list(items) == [1, 2]
    assert list(bound_names((("a", "b"),), type("L", (list,), {})([1, 2]))) == []


@pytest.mark.parametrize("source", [s for s in BINDINGS if s[0] in "a([" and "y" not in s])
def test_bound_names_agrees_with_python(source: str) -> None:
    """What the reports say is what the namespace holds afterwards."""
    session = Session()
    shapes = ([[ONE, [TWO, THREE]], FOUR], (ONE, TWO), FOUR)
    for x in shapes:
        session.names |= {"x": x, "f": abs}
        session.bound.clear()
        try:
            session.run(source)
        except (TypeError, ValueError, NameError):
            continue
        for targets, value, _ in session.bound:
            for name, held in bound_names(targets, value):
                assert session.names[name] == held


# --- commands ------------------------------------------------------------------------------------

LINE = "get_ipython().run_line_magic('slope', 'd wrt a')"
CELL = "get_ipython().run_cell_magic('slope', 'd', 'a\\n')"
COMMANDS = {
    LINE: f"show({LINE})",
    CELL: f"show({CELL})",
    f"if x:\n    {LINE}": f"if x:\n    show({LINE})",
    f"for i in x:\n    {LINE}": f"for i in x:\n    show({LINE})",
    f"def f():\n    {LINE}": f"def f():\n    show({LINE})",
    f"class A:\n    {LINE}": f"class A:\n    show({LINE})",
    f"s = {LINE}": f"s = bind({LINE}, 's', 1, '3')",
    f"print({LINE})": f"print({LINE})",
    LINE.replace("slope", "time"): LINE.replace("slope", "time"),
    "get_ipython().system('slope')": "get_ipython().system('slope')",
    "get_ipython().run_line_magic(slope)": "get_ipython().run_line_magic(slope)",
}


@pytest.mark.parametrize("source", COMMANDS)
def test_commands(source: str) -> None:
    """A command's answer is shown where the command is a statement of its own."""
    assert text(source, commands=frozenset({"slope"})) == COMMANDS[source]


def test_command_as_an_expression_keeps_its_value() -> None:
    """``%time %slope d wrt a`` hands over an Expression and displays the value itself."""
    tree = ast.parse(LINE, mode="eval")
    assert transform(tree, cell="3", commands=frozenset({"slope"})) is tree
