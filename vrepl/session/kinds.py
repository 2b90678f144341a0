"""What an expression can be worth, told from its text: above all whether it may be a whole node.

It knows operators, numbers and a few builtins; what is known of names is handed in, and what is
done about the answer is left to ``operations`` and ``hoisting``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
    "kind_of",
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
    REAL = "a float, a float node, a text or a list: arithmetic with one gives no whole number"
    NUMBER = "a plain number, a float node, or nothing that can become a whole node"
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
    "float": Kind.REAL, "bool": Kind.NUMBER, "str": Kind.REAL, "complex": Kind.REAL,
}  # fmt: skip
_HANDED_ON: Final = frozenset({"abs", "min", "max"})


def _hides_builtins(name: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the names in a piece of code.

    Attributes:
        names: Their kinds; every other name can be anything.
        is_library: Whether a name means the builtin of that name.
    """

    names: Mapping[str, Kind] = field(default_factory=dict)
    is_library: Callable[[str], bool] = _hides_builtins

    def but(self, names: Mapping[str, Kind]) -> Known:
        """The same with other knowledge of some names."""
        return Known({**self.names, **names}, self.is_library) if names else self


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
    sides = {kind_of(side, known, depth - 1) for side in (node.left, node.right)}
    if Kind.REAL in sides:
        return Kind.REAL
    if Kind.UNSEEN in sides:
        return Kind.UNSEEN
    both = _either(sides)
    return Kind.NUMBER if both is Kind.INT and kind is ast.Pow else both  # 2**-1 is 0.5


def _of_sign(node: ast.UnaryOp, known: Known, depth: int) -> Kind:
    return kind_of(node.operand, known, depth - 1) if type(node.op) in SIGNS else Kind.NUMBER


def _of_call(node: ast.Call, known: Known, depth: int) -> Kind:
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
    ast.Compare: lambda node, known, depth: Kind.NUMBER,
    ast.IfExp: lambda node, known, depth: _either(
        kind_of(arm, known, depth - 1) for arm in (node.body, node.orelse)
    ),
    ast.BoolOp: lambda node, known, depth: _either(
        kind_of(side, known, depth - 1) for side in node.values
    ),
    **dict.fromkeys(NO_NUMBERS, lambda node, known, depth: Kind.REAL),
}
