"""The table of positions: the places where a number can stand, and whether it becomes a node there.

A new place is a row. How places are found is left to ``policy`` and ``positions``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vrepl.session.trees import newer

__all__ = ["LARGEST_DISPLAY", "POSITIONS", "Position"]

# A display with more numbers than this is a table of data, which nobody names in ``wrt``.
LARGEST_DISPLAY: Final = 256


@dataclass(frozen=True, slots=True)
class Position:
    """A place where a number can stand; every number of *example* stands in it.

    Attributes:
        name: What the place is called.
        wrapped: Whether numbers there become nodes (for calls: are offered to the callee's test).
        reason: Why.
        example: Code whose numbers all stand in this place.
    """

    name: str
    wrapped: bool
    reason: str
    example: str


def _method(line: str) -> str:
    return f"class P:\n    def m(self, ax):\n        {line}"


_NAMED = "named, so a slope can be by it"
_LIBRARY = "library code gets plain numbers"
_TESTED = "only compared or counted"
_ONCE = "read by tools at the definition"
_ANONYMOUS = "nobody can name this constant"

POSITIONS: Final[tuple[Position, ...]] = (
    # The right side of a binding.
    Position("assignment", True, _NAMED, "a = 2.0"),
    Position("chained assignment", True, "one node with two names", "a = b = 2.0"),
    Position("annotated assignment", True, _NAMED, "a: float = 2.0"),
    Position("walrus", True, _NAMED, "d = (a := 2.0) * x"),
    Position("signed number", True, "one node holding -3.0", "a = -3.0"),
    Position("number with a plus", True, "one node holding 3", "a = +3"),
    Position("tuple assignment", True, _NAMED, "a, b = 2.0, -3.0"),
    Position("starred assignment", True, _NAMED, "a, *r = 2.0, 3.0, 4.0"),
    Position("list", True, "weights", "w = [0.5, -1.2]"),
    Position("nested list", True, "weights", "w = [[1.0, 2.0], (3.0, 4.0)]"),
    Position("list among other items", True, "weights", "w = [x, 0.5, *xs, 's']"),
    Position("dict value", True, "parameters", "p = {'w': 0.5, 'b': [0.1, 0.2]}"),
    Position("list comprehension element", True, "weights", "w = [0.5 for _ in xs]"),
    Position("dict comprehension value", True, "parameters", "p = {k: 0.5 for k in xs}"),
    Position("arm of a condition", True, "either arm may be the value", "a = 2.0 if c else 0.0"),
    Position("arm of and/or", True, "either side may be the value", "a = x or 0.0"),
    Position("arithmetic of numbers alone", True, "draws a graph", "d = 2.0*-3.0 + 10/4 - 2**3"),
    Position("line of numbers alone", True, "draws a graph", "2.0*-3.0 + 10"),
    Position("local in a function", True, _NAMED, "def f(x):\n    w = 0.5\n    return w*x"),
    Position("attribute of self", True, "parameters of a user's class", _method("self.w = 0.5")),
    # Numbers that are handed over.
    Position("argument of a call by name", True, "decided when it runs", "y = f(3.0)"),
    Position("keyword of a call by name", True, "decided when it runs", "y = f(x, k=-2.0)"),
    Position("list argument", True, "decided when it runs", "n([0.5, -1.2], {'b': (0.1, [2])})"),
    Position("starred argument", True, "decided when it runs", "f(*[0.5, 1.0], **{'k': 2.0})"),
    Position("list for zip, map, …", True, "they hand items on", "zip([0.5, -1.2], [[1.0], 2])"),
    Position("for over numbers", True, "data", "for x in [1.0, -2.0]:\n    pass"),
    Position("comprehension over numbers", True, "data", "sum(x for x in (1.0, 2.0))"),
    # Places whose numbers stay as they are.
    Position("large list", False, "tables are data", f"w = [{'0.5, ' * (LARGEST_DISPLAY + 1)}]"),
    Position("line of whole numbers alone", False, "counting", "1 + 2*3"),
    Position("line inside a block", False, "nobody sees its value", "if c:\n    2.0*3.0"),
    Position(
        "local for tests alone",
        False,
        "nobody can ask for it",
        "def f(n):\n    i = 2\n    while i < n:\n        i = i*i",
    ),
    Position(
        "start of a local total",
        False,
        "overwritten as it runs",
        "def f(xs):\n    s = 0\n    for x in xs:\n        s += x\n    return s",
    ),
    Position("raw number", False, "asked for", "a = 2 .real"),
    Position("plain block", False, "asked for", "with vrepl.plain():\n    a = [2.0]"),
    Position(
        "function for a compiler",
        False,
        "Numba reads its code",
        "@njit(cache=True)\ndef f(x):\n    w = 0.5\n    return w * x",
    ),
    Position("operand beside a name", False, _ANONYMOUS, "d = 2*a + 1"),
    Position("operator on bits", False, "gives plain numbers", "d = 1 << 3 | ~4"),
    Position("complex arithmetic", False, "complex numbers have no nodes", "z = 3 + 4j"),
    Position("repetition of a list", False, "one node would fill the list", "w = [0.0] * 3"),
    Position("augmented assignment", False, _ANONYMOUS, "x += 1"),
    Position("argument of a builtin", False, _LIBRARY, "range(10)"),
    Position("number for sum, map, …", False, _LIBRARY, "d = sum(xs, 0.0)"),
    Position("list for another builtin", False, _LIBRARY, "print([1.0, 2])"),
    Position("tuple for zip, map, …", False, "only lists are known to be weights", "zip((1, 2))"),
    Position("argument of a method", False, _LIBRARY, "obj.m(0.1, k=[0.2])"),
    Position("computed argument", False, _ANONYMOUS, "y = f(2*3)"),
    Position("for over a mixture", False, "not only numbers", "for x in [1.0, y]:\n    pass"),
    Position("item assignment", False, "library __setitem__", "xs[0] = 5"),
    Position("attribute assignment", False, "library setters", _method("ax.x = 0")),
    Position("attribute at top level", False, "library setters", "ax.x = 0"),
    Position("dunder name", False, "read by tools", "__version__ = 1"),
    Position("subscript", False, "an index", "d = xs[1:2, -1] + ys[f(0)]"),
    Position("comparison", False, _TESTED, "d = 0 < a < 3"),
    Position("test", False, _TESTED, "if 1:\n    pass\nwhile 0:\n    pass"),
    Position("assertion", False, _TESTED, "assert 1, 2"),
    Position("test of a condition", False, _TESTED, "a = x if 1 else y"),
    Position("return", False, "a constant depends on nothing", "def f():\n    return 0"),
    Position("yield", False, "a constant depends on nothing", "def f():\n    a = yield 0"),
    Position("body of a lambda", False, "a constant depends on nothing", "g = lambda: 0"),
    Position("default", False, _ONCE, "def f(x=1, *, k=(2, 3)):\n    pass"),
    Position("default of a lambda", False, _ONCE, "g = lambda x=1: x"),
    Position("annotation", False, _ONCE, "def f(x: A[1]) -> A[2]:\n    y: A[3] = x"),
    Position("decorator", False, _ONCE, "@cached(8)\ndef f():\n    pass"),
    Position("base and keyword of a class", False, _ONCE, "class A(f(1), k=2):\n    pass"),
    Position(
        "class body", False, "Enum, dataclass, ctypes", "class A:\n    x: int = 1\n    y = [2]"
    ),
    Position("pattern", False, "illegal there", "match x:\n    case 1 | [2, -3]:\n        pass"),
    Position("format", False, "text", "s = f'{a:{3}.4f} {5}'"),
    *(Position("template", False, _ANONYMOUS, "s = t'{2.5} {-3!r}'") for _ in newer("TemplateStr")),
    Position("dict key", False, "looked up by value", "p = {1: x, -2: y}"),
    Position("set element", False, "looked up by value", "s = {1, 2}"),
    Position("other constants", False, "no numbers", "t = True, None, 's', b'b', 3j, ..."),
)
