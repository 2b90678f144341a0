"""What may be computed without running a program: exact numbers, and functions that are known.

An object counts as known by what it is, never by what it says it is; nothing is asked of a foreign
object, not even its class.
"""

from __future__ import annotations

import ast
import builtins
import math
import operator
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any, Final, TypeGuard

from vrepl.core.functions import FUNCTIONS
from vrepl.core.twins import math as mathematics
from vrepl.core.value import IntValue, Value
from vrepl.session.operations import SYNTAX
from vrepl.session.parts import is_node
from vrepl.session.policy import MODULES
from vrepl.session.support import total

__all__ = [
    "COMPARISONS",
    "LARGEST",
    "OTHERS",
    "SIGNS",
    "Unknown",
    "bits",
    "cutting",
    "function",
    "is_container",
    "is_data",
    "is_harmless",
    "is_key",
    "is_node",
    "is_number",
    "is_sequence",
    "members",
    "method",
    "module",
]


class Unknown:
    """Stands for an object that only running the program would give.

    Example:
        >>> Unknown("set in a loop").why
        'set in a loop'
    """

    __slots__ = ("kind", "why")

    def __init__(self, why: str, kind: str = "") -> None:
        self.why, self.kind = why, kind


LARGEST: Final = 10_000  # items in a list that is looked into
LONGEST_INT: Final = 20_000  # bits; Python refuses to type more than 14,000

_NUMBER_IDS: Final = frozenset(map(id, (float, int, bool)))
_METHODS: Final = {name: vars(Value)[name] for name in FUNCTIONS}


def is_number(x: object) -> bool:
    """Whether *x* is exactly a Value, int, float or bool."""
    return id(type(x)) in _NUMBER_IDS or is_node(x)


def is_sequence(x: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether *x* is exactly a list or tuple; `in` would let a foreign type say what it equals."""
    kind = type(x)
    return kind is list or kind is tuple


def is_container(x: object) -> bool:
    """Whether *x* is exactly a list, tuple or dict, which may be looked into."""
    return is_sequence(x) or type(x) is dict


def is_key(x: object) -> bool:
    """Whether *x* is exactly a string or an int, by which something can be looked up."""
    kind = type(x)
    return kind is str or kind is int


def is_data(x: object) -> bool:
    """Whether *x* is a number, a string, or a short list of numbers: what functions are given."""
    if is_number(x) or x is None or type(x) is str:
        return True
    return is_sequence(x) and len(x) <= LARGEST and all(map(is_number, x))


def bits(x: object) -> int:
    """How long a whole number is; 0 for anything else."""
    kind = type(x)
    if kind is int or kind is IntValue:
        return int.bit_length(x)  # type: ignore[arg-type]
    return 0


# Python's operators that are no row of the table, on plain numbers.
OTHERS: Final[Mapping[type[ast.AST], Callable[..., Any]]] = {
    kind: function
    for kind, function in {
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.BitAnd: operator.and_,
        ast.BitOr: operator.or_,
        ast.BitXor: operator.xor,
        ast.RShift: operator.rshift,
    }.items()
    if kind not in SYNTAX
}
SIGNS: Final[Mapping[type[ast.AST], Callable[..., Any]]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
COMPARISONS: Final[Mapping[type[ast.AST], Callable[..., bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

# Builtins that are computed. On exact numbers none of them runs anybody's code.
_BUILTINS: Final = ("abs", "bool", "divmod", "float", "int", "len", "max", "min", "round", "sum")
# Functions of `math` that no row has and that always end soon.
_MATH: Final = frozenset({"isclose", "isfinite", "isinf", "isnan", "sqrt", "ulp", "nextafter"})
# Builtins that may change what they cannot be seen to touch.
_HARMFUL: Final = frozenset({"exec", "eval", "setattr", "delattr", "globals", "locals", "vars"}) | {
    "__import__",
    "compile",
    "breakpoint",
    "super",
    "next",
}


@cache
def _functions() -> dict[int, str]:
    """Names of the functions that may be called, by identity."""
    found = {id(getattr(builtins, name)): name for name in _BUILTINS}
    for holder in (vars(math), vars(mathematics), FUNCTIONS, _METHODS):
        for name, thing in holder.items():
            if name in FUNCTIONS or (name in _MATH and callable(thing)):
                found[id(thing)] = name
    found[id(Value)] = "Value"
    found[id(total)] = "sum"
    return found


@cache
def _cutting() -> dict[int, str]:
    """Functions of `math` itself that have a twin that records."""
    return {
        id(vars(math)[name]): name
        for name in FUNCTIONS
        if name in vars(math) and vars(math)[name] is not FUNCTIONS[name]
    }


@cache
def _modules() -> dict[int, Mapping[str, Any]]:
    """What is in the modules that are looked into, by the module's identity."""
    found: dict[int, Mapping[str, Any]] = {id(m): vars(m) for m in (math, mathematics)}
    package = sys.modules.get("vrepl")
    if package is not None:
        found[id(package)] = {**FUNCTIONS, "Value": Value}
    return found


@cache
def _harmless() -> frozenset[int]:
    return frozenset(id(thing) for name, thing in vars(builtins).items() if name not in _HARMFUL)


def function(x: object) -> str:
    """The name of a function that may be called, '' for anything else.

    Example:
        >>> function(math.sin), function(print)
        ('sin', '')
    """
    return _functions().get(id(x), "")


def method(name: str) -> Callable[..., Any] | None:
    """The function that a node's method is, unless somebody put another in its place.

    Example:
        >>> method("tanh")(Value(0.0)), method("backward")
        (Value(data=0.0), None)
    """
    known = _METHODS.get(name)
    return known if known is not None and vars(Value).get(name) is known else None


def cutting(x: object) -> str:
    """The name of a function of `math` that gives a plain number where its twin would record.

    Example:
        >>> cutting(math.sin), cutting(mathematics.sin)
        ('sin', '')
    """
    return _cutting().get(id(x), "")


def is_harmless(x: object) -> bool:
    """Whether calling *x* changes no number or list: a builtin, a function of the table."""
    return id(x) in _harmless() or id(x) in _functions()


def members(x: object) -> Mapping[str, Any] | None:
    """What is in a module that is looked into; None for anything else."""
    return _modules().get(id(x))


def module(name: str) -> object:
    """The module that an import gives, where it is one to look into."""
    known: dict[str, ModuleType] = {"math": math, MODULES["math"]: mathematics}
    package = sys.modules.get("vrepl")
    if package is not None:
        known["vrepl"] = package
    return known.get(name) or Unknown(f"the module {name} is not looked into", "module")
