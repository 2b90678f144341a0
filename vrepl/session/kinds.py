"""What an expression can be worth, told from its text: above all whether it may be a whole node.

It knows operators, numbers and a few builtins; what is known of names is handed in, and what is
done about the answer is left to ``operations`` and ``hoisting``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import reduce
from typing import Any, Final

from vrepl.core.operators import OPERATORS, Operator
from vrepl.core.rules import evaluate

__all__ = [
    "GIVES_WHOLE",
    "NOTHING_KNOWN",
    "NO_NUMBERS",
    "SIGNS",
    "SYNTAX",
    "Kind",
    "Known",
    "key_of",
    "kind_of",
    "module_of",
]

# Which rows can be written between two operands, and the syntax they are written in.
_WRITTEN: Final = {
    row: ast.parse(f"a {row.symbol} b", mode="eval").body for row in OPERATORS if row.reflected
}
SYNTAX: Final[Mapping[type[ast.AST], Operator]] = {
    type(tree.op): row for row, tree in _WRITTEN.items() if isinstance(tree, ast.BinOp)
}
GIVES_WHOLE: Final = frozenset(
    kind for kind, row in SYNTAX.items() if type(evaluate(row)(1, 1)) is int
)
SIGNS: Final = frozenset({ast.UAdd, ast.USub})

# Expressions that are never numbers, nor anything that swallows one.
NO_NUMBERS: Final[frozenset[type[ast.AST]]] = frozenset(
    {ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp}
) | {ast.GeneratorExp, ast.Lambda, ast.JoinedStr}

# Expressions are looked into no deeper than this: a long sum costs no more than a short one.
_DEEPEST: Final = 24


class Kind(Enum):
    """What is known of a value.

    Each promise holds for every value that can be there, and all but ANY say that it is no whole
    node and that arithmetic among such values gives none.
    """

    UNSEEN = "nothing is ever bound here"
    INT = "an exact int, which asks what stands on its right"
    REAL = "a float, a float node, a text: arithmetic with one gives no whole number"
    LIST = "an exact list: reading an item runs nobody's code"
    NUMBER = "a plain number, a float node, or nothing that can become a whole node"
    MODULE = "the module of that name"
    ANY = "anything, also a whole node"

    def __or__(self, other: Kind) -> Kind:
        """What is known of a value that is of either kind."""
        if self is other or other is Kind.UNSEEN:
            return self
        if self is Kind.UNSEEN:
            return other
        return Kind.ANY if Kind.ANY in (self, other) else Kind.NUMBER

    def within(self, other: Kind) -> bool:
        """Whether all that holds for *other* holds here too."""
        return self | other is other


_GIVEN: Final[Mapping[str, Kind]] = {
    "len": Kind.INT, "int": Kind.INT, "ord": Kind.INT, "id": Kind.INT, "hash": Kind.INT,
    "list": Kind.LIST, "sorted": Kind.LIST,
    "float": Kind.REAL, "bool": Kind.NUMBER, "str": Kind.REAL, "complex": Kind.REAL,
}  # fmt: skip
_HANDED_ON: Final = frozenset({"abs", "min", "max"})


# Functions of modules that give no whole node, whatever they are handed.
_FRACTIONAL: Final = {
    "math": {
        "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "copysign", "cos",
        "cosh", "degrees", "dist", "erf", "erfc", "exp", "exp2", "expm1", "fabs", "fmod", "fsum",
        "gamma", "hypot", "ldexp", "lgamma", "log", "log10", "log1p", "log2", "pow", "radians",
        "remainder", "sin", "sinh", "sqrt", "tan", "tanh",
    },
    "random": {
        "betavariate", "expovariate", "gammavariate", "gauss", "lognormvariate", "normalvariate",
        "paretovariate", "random", "uniform", "vonmisesvariate", "weibullvariate",
    },
    "time": {"monotonic", "perf_counter", "process_time", "time"},
}  # fmt: skip


def _hides_builtins(name: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the names in a piece of code.

    Attributes:
        names: Their kinds; every other name can be anything.
        is_library: Whether a name means the builtin of that name.
        plain: Names of the function around it whose numbers may as well be plain.
        totals: Names of the function around it for which a number is what they start from.
    """

    names: Mapping[str, Kind] = field(default_factory=dict)
    is_library: Callable[[str], bool] = _hides_builtins
    plain: frozenset[str] = frozenset()
    totals: frozenset[str] = frozenset()

    def but(self, names: Mapping[str, Kind]) -> Known:
        """The same with other knowledge of some names."""
        return replace(self, names={**self.names, **names}) if names else self


NOTHING_KNOWN: Final = Known()


def kind_of(node: ast.expr, known: Known = NOTHING_KNOWN, depth: int = _DEEPEST) -> Kind:
    """What *node* is worth, its numbers staying plain.

    Args:
        node: An expression.
        known: What is known of names.
        depth: How many levels are looked into.

    Example:
        >>> known = Known({"i": Kind.INT})
        >>> def kind(text): return kind_of(ast.parse(text).body[0].value, known).name
        >>> [kind(text) for text in ("i*2 + 1", "x / i", "x * 0.5", "x * i", "2.5", "x < i")]
        ['INT', 'REAL', 'REAL', 'ANY', 'REAL', 'NUMBER']
    """
    rule = _RULES.get(type(node))
    return rule(node, known, depth) if rule and depth else Kind.ANY


def _of_name(node: ast.Name, known: Known, depth: int) -> Kind:
    return known.names.get(node.id, Kind.ANY)


def _of_constant(node: ast.Constant, known: Known, depth: int) -> Kind:
    if type(node.value) is int:
        return Kind.INT
    return Kind.NUMBER if type(node.value) is bool else Kind.REAL


def _of_operation(node: ast.BinOp, known: Known, depth: int) -> Kind:
    kind = type(node.op)
    if kind not in SYNTAX:  # << | … give plain numbers; @ is somebody's own
        return Kind.ANY if kind is ast.MatMult else Kind.NUMBER
    if kind not in GIVES_WHOLE:
        return Kind.REAL
    left = kind_of(node.left, known, depth - 1)
    right = kind_of(node.right, known, depth - 1)
    sides = (left, right)  # no set: hashing a Kind runs Python
    if kind is ast.Mult and Kind.LIST in sides and Kind.INT in sides:
        return Kind.LIST
    if Kind.REAL in sides or Kind.LIST in sides:
        return Kind.REAL
    if Kind.UNSEEN in sides:
        return Kind.UNSEEN
    both = left | right
    return Kind.NUMBER if both is Kind.INT and kind is ast.Pow else both  # 2**-1 is 0.5


def _of_item(node: ast.Subscript, known: Known, depth: int) -> Kind:
    if type(node.value) is not ast.Name or known.names.get(node.value.id) is not Kind.LIST:
        return Kind.ANY
    if type(node.slice) is ast.Slice:
        return Kind.LIST
    return known.names.get(key_of(node, known), Kind.ANY)


def key_of(node: ast.expr, known: Known) -> str:
    """What a name, or an item of a list that can be read twice, is called among the known names.

    Anything else, and an item whose reading could run somebody's code, is called ''.

    Example:
        >>> known = Known({"xs": Kind.LIST, "i": Kind.INT})
        >>> def key(text): return key_of(ast.parse(text).body[0].value, known)
        >>> key("x"), key("xs[i]"), key("xs[i + 1]"), key("ys[i]"), key("xs[k]")
        ('x', 'xs[i]', 'xs[i Add 1]', '', '')
    """
    if type(node) is ast.Name:
        return node.id
    if type(node) is not ast.Subscript or type(node.value) is not ast.Name:
        return ""
    if (
        known.names.get(node.value.id) is not Kind.LIST
        or kind_of(node.slice, known) is not Kind.INT
    ):
        return ""
    index = node.slice
    parts = (index.left, index.op, index.right) if type(index) is ast.BinOp else (index,)
    words = [_word(part) for part in parts]
    return f"{node.value.id}[{' '.join(words)}]" if all(words) else ""


def _word(part: ast.AST) -> str:
    if type(part) is ast.Constant:
        return repr(part.value)
    if type(part) is ast.Name:
        return part.id
    return type(part).__name__ if isinstance(part, (ast.Add, ast.Sub)) else ""


def _of_sign(node: ast.UnaryOp, known: Known, depth: int) -> Kind:
    return kind_of(node.operand, known, depth - 1) if type(node.op) in SIGNS else Kind.NUMBER


def module_of(node: ast.expr) -> str:
    """The module a call takes a function from whose results are never whole; '' for other code.

    Example:
        >>> [module_of(ast.parse(t).body[0].value) for t in ("random.random()", "random.choice(x)")]
        ['random', '']
    """
    if type(node) is not ast.Call or type(node.func) is not ast.Attribute:
        return ""
    base = node.func.value
    name = base.id if type(base) is ast.Name else ""
    return name if node.func.attr in _FRACTIONAL.get(name, ()) else ""


def _of_call(node: ast.Call, known: Known, depth: int) -> Kind:
    if (module := module_of(node)) and known.names.get(module) is Kind.MODULE:
        return Kind.REAL
    name = node.func.id if type(node.func) is ast.Name else ""
    if name in _GIVEN and known.is_library(name):
        return _GIVEN[name]
    numbers = len(node.args) > (name != "abs") and not node.keywords  # max(xs) looks into xs
    if name in _HANDED_ON and numbers and known.is_library(name):
        return _either(kind_of(argument, known, depth - 1) for argument in node.args)
    return Kind.ANY


def _either(kinds: Iterable[Kind]) -> Kind:
    return reduce(Kind.__or__, kinds, Kind.UNSEEN)


_RULES: Final[dict[type[ast.AST], Callable[[Any, Known, int], Kind]]] = {
    ast.Name: _of_name,
    ast.Constant: _of_constant,
    ast.BinOp: _of_operation,
    ast.UnaryOp: _of_sign,
    ast.Call: _of_call,
    ast.Subscript: _of_item,
    ast.Compare: lambda node, known, depth: Kind.NUMBER,
    ast.IfExp: lambda node, known, depth: _either(
        kind_of(arm, known, depth - 1) for arm in (node.body, node.orelse)
    ),
    ast.BoolOp: lambda node, known, depth: _either(
        kind_of(side, known, depth - 1) for side in node.values
    ),
    **dict.fromkeys(NO_NUMBERS, lambda node, known, depth: Kind.REAL),
    **dict.fromkeys((ast.List, ast.ListComp), lambda node, known, depth: Kind.LIST),
}
