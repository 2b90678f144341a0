"""Turns a row's formula text into functions: evaluation and local derivatives on plain numbers.

Only this module runs formula text; the sweeps and the tape call what it compiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from vrepl.core.errors import NoRule
from vrepl.core.operators import OPERATORS, Operator

__all__ = ["Number", "evaluate", "local_derivative", "partial", "partial_over", "vocabulary"]

Number: TypeAlias = int | float


@cache
def vocabulary() -> dict[str, Any]:
    """The names formula text may use: `math`'s functions, and those rows that `math` lacks.

    Example:
        >>> vocabulary()["sigmoid"](0.0)
        0.5
    """
    names: dict[str, Any] = {"__name__": __name__, "__builtins__": {}, "abs": abs}
    names.update((name, value) for name, value in vars(math).items() if name[0] != "_")
    for row in OPERATORS:
        if row.is_function and row.name not in names:
            names[row.name] = _compiled(row.parameters, row.forward, names)
    return names


def _compiled(parameters: tuple[str, ...], text: str, names: dict[str, Any]) -> Callable[..., Any]:
    code = compile(f"lambda {', '.join(parameters)}: {text}", f"<formula {text}>", "eval")
    return eval(code, names)  # type: ignore[no-any-return]


@cache
def evaluate(row: Operator) -> Callable[..., Any]:
    """The function of plain numbers that *row* computes.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> evaluate(BY_NAME["truediv"])(1.0, 4)
        0.25
    """
    _require(row.forward, row)
    return _compiled(row.parameters, row.forward, vocabulary())


@cache
def partial(row: Operator, position: int) -> Callable[..., Any]:
    """The local derivative by the operand at *position*, a function of operands and result.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> partial(BY_NAME["mul"], 0)(2.0, -3.0, -6.0)
        -3.0
    """
    _require(row.partials[position], row)
    return _compiled((*row.parameters, "y"), row.partials[position], vocabulary())


def partial_over(row: Operator, position: int, names: Mapping[str, Any]) -> Callable[..., Any]:
    """The local derivative with functions from *names*: over nodes, with functions that record.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> partial_over(BY_NAME["sin"], 0, {"cos": lambda x: f"cos of {x}"})("a", "y")
        'cos of a'
    """
    _require(row.partials[position], row)
    return _compiled((*row.parameters, "y"), row.partials[position], {**vocabulary(), **names})


def _require(formula: str, row: Operator) -> None:
    if not formula:
        raise NoRule(row.symbol, row.arity)


def local_derivative(row: Operator, position: int, operands: Sequence[Number], y: Number) -> float:
    """The local derivative as a float, at these operands and this result.

    A whole number too large for a float counts as infinite here: the value it belongs to is kept
    exactly, and only its slope speaks of infinity.

    Args:
        row: The operator applied.
        position: Which operand to differentiate by, from 0.
        operands: The operands' plain numbers.
        y: The plain result.

    Returns:
        The derivative; `inf` or `nan` where the row's formula says so.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> local_derivative(BY_NAME["mul"], 1, (3, 4), 12)
        3.0
    """
    try:
        numbers = [float(number) for number in (*operands, y)]
        return float(partial(row, position)(*numbers))
    except OverflowError:
        numbers = [_as_float(number) for number in (*operands, y)]
    try:
        return float(partial(row, position)(*numbers))
    except (ArithmeticError, ValueError):
        return math.nan


def _as_float(number: Number) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
