"""Arithmetic of nodes beside NumPy's floats, where it is certain what NumPy would say.

NumPy's floats calculate as Python's do, bit for bit, and warn of nothing while no number is tiny,
huge or missing. Measured: a node made here takes 0.5 us; asking NumPy, and finding out what it
warns of, takes 6. Whatever is not certain is left to `value`, which asks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from vrepl.core.nodes import Recording
from vrepl.core.operators import BY_UFUNC, OPERATORS
from vrepl.core.rows import Operator

__all__ = ["COMPARING", "SWIFT", "Kinds", "asked", "swift"]

_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], float]]] = {
    "add": float.__add__,
    "sub": float.__sub__,
    "mul": float.__mul__,
    "truediv": float.__truediv__,
    "pow": math.pow,  # NumPy's operator on floats; its function `power` rounds otherwise
}
_SIGNS: Final[Mapping[str, Callable[[Any], float]]] = {
    "neg": float.__neg__,
    "pos": float.__pos__,
    "abs": float.__abs__,
}
# Functions of NumPy that never warn.
COMPARING: Final = frozenset(
    {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
)

# Results between these bounds are far from where a float overflows or loses digits.
_SMALLEST: Final = 1e-300
_LARGEST: Final = 1e300
_EXACT: Final = ("add", "sub")  # nothing is lost where they give 0.0
_WHOLE: Final = 2**53  # whole numbers up to here are floats, too

# NumPy's functions of one number, and between which numbers none of them has anything to warn of.
_CALM: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("sqrt", "log", "log2", "log10"), (1e-100, 1e100)),
    **dict.fromkeys(("exp", "sinh", "cosh"), (-600.0, 600.0)),
    **dict.fromkeys(("sin", "cos", "tan", "arctan", "tanh"), (-1e9, 1e9)),
}
_LEAST: Final = 1e-100  # nearer to 0.0 some of them may report an underflow

_float_of = float.__pos__


class Kinds:
    """The classes that are told apart here; `value` says which they are when it has made them."""

    real: Any = None  # FloatValue
    whole: Any = None  # IntValue
    scalar: Any = None  # the nodes that are NumPy's floats
    native: Any = None  # numpy.float64


def swift(row: Operator) -> Callable[..., Any] | None:
    """What makes the node of an operation on NumPy's floats, or None if *row* is no arithmetic.

    It takes the operands, of which one is NumPy's, and gives None where NumPy has to be asked.

    Example:
        >>> import numpy as np
        >>> from vrepl import Value
        >>> from vrepl.core.operators import BY_NAME
        >>> node = Value(2.0) * np.float64(0.5)
        >>> swift(BY_NAME["mul"])(node, 3), swift(BY_NAME["truediv"])(node, 0.0)
        (Value(data=3.0), None)
        >>> swift(BY_NAME["neg"])(node)
        Value(data=-1.0)
    """
    return _between(row) if row.name in _ARITHMETIC else _sign(row) if row.name in _SIGNS else None


def _between(row: Operator) -> Callable[[Any, Any], Any]:
    """As `swift`, for arithmetic between two numbers."""
    compute, is_exact = _ARITHMETIC[row.name], row.name in _EXACT

    def made(a: Any, b: Any) -> Any:
        kind, other = type(a), type(b)
        real, scalar, native = Kinds.real, Kinds.scalar, Kinds.native
        x, z = a, b
        if not (kind is scalar or kind is real or kind is native or kind is float):
            x = _as_float(a, b)
        if not (other is scalar or other is real or other is native or other is float):
            z = _as_float(b, a)
        if x is None or z is None or not Recording.is_on:
            return None
        try:
            y = compute(x, z)
        except (ArithmeticError, ValueError):
            return None
        is_calm = _SMALLEST < y < _LARGEST or -_SMALLEST > y > -_LARGEST
        if not is_calm and (y != 0.0 or not (is_exact or not x or not z)):
            return None
        node = native.__new__(scalar, y)
        node._made = (
            row, _float_of(a) if kind is native else a, _float_of(b) if other is native else b
        )  # fmt: skip
        return node

    return made


def _as_float(a: Any, other: Any) -> float | None:
    """A whole number beside a float, as that; None for what is neither."""
    kind = type(a)
    if (kind is int or kind is Kinds.whole) and isinstance(other, float):
        return float(a) if -_WHOLE <= a <= _WHOLE else None
    return None


def _sign(row: Operator) -> Callable[[Any], Any]:
    """As `swift`, for a sign before one number, of which NumPy never warns."""
    compute = _SIGNS[row.name]

    def made(a: Any) -> Any:
        if not Recording.is_on or type(a) is not Kinds.scalar:
            return None
        node = Kinds.native.__new__(Kinds.scalar, compute(a))
        node._made = (row, a)
        return node

    return made


def _calm(function: Any, a: Any) -> Any:
    """The node of one of NumPy's functions of one number, None where it could warn."""
    kind = type(a)
    if not Recording.is_on or not (kind is Kinds.scalar or kind is Kinds.real):
        return None
    x = _float_of(a)
    least, most = _CALM[function.__name__]
    if not least <= x <= most or -_LEAST < x < _LEAST:
        return None
    node = Kinds.native.__new__(Kinds.scalar, function(x))
    node._made = (BY_UFUNC[function.__name__], a)
    return node


SWIFT: Final = {row.name: made for row in OPERATORS if (made := swift(row)) is not None}
_FUNCTIONS: Final = {
    row.ufunc: SWIFT[row.name] for row in OPERATORS if row.name in SWIFT and row.name != "pow"
}


def asked(function: Any, *inputs: Any) -> Any:
    """The node that one of NumPy's functions gives without options; None where it must be asked.

    Example:
        >>> import numpy as np
        >>> from vrepl import Value
        >>> y = Value(9.0) * np.float64(1)
        >>> asked(np.sqrt, y), asked(np.multiply, y, 0.5), asked(np.sqrt, -y)
        (Value(data=3.0), Value(data=4.5), None)
    """
    name = function.__name__
    made = _FUNCTIONS.get(name)
    if made is not None:
        return made(*inputs)
    return _calm(function, *inputs) if name in _CALM else None
