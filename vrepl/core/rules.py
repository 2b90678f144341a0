"""Turns a row's formula text into functions: evaluation and local derivatives on plain numbers.

Only this module runs formula text; the sweeps and the tape call what it compiles.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

from vrepl.core import special
from vrepl.core.errors import NoRule
from vrepl.core.operators import OPERATORS
from vrepl.core.rows import Operator

__all__ = [
    "Number", "as_float", "broken_condition", "compiled_forward", "compiled_partial",
    "evaluate", "local_derivative", "names_in", "partial", "vocabulary",
]  # fmt: skip

Number: TypeAlias = int | float


@cache
def vocabulary() -> dict[str, Any]:
    """The names formula text may use: `math`'s and `special`'s functions, and rows both lack.

    Example:
        >>> vocabulary()["relu"](2.5), vocabulary()["sigmoid"](0.0)
        (2.5, 0.5)
    """
    # NumPy imports the errors it raises, by the `__import__` of the frame that calls it.
    names: dict[str, Any] = {"__name__": __name__, "__builtins__": {"__import__": __import__}}
    names.update((f.__name__, f) for f in (abs, len, max, min, range, round))
    names.update((name, value) for name, value in vars(math).items() if name[0] != "_")
    names.update((name, getattr(special, name)) for name in special.__all__)
    for row in OPERATORS:
        if row.is_function and row.symbol not in names:
            names[row.symbol] = _compiled(_signature(row), row.forward, names)
    return names


def _compiled(signature: str, text: str, names: dict[str, Any]) -> Callable[..., Any]:
    code = compile(f"lambda {signature}: {text}", f"<formula {text}>", "eval")
    return eval(code, names)  # type: ignore[no-any-return]


def _signature(row: Operator) -> str:
    return "*args" if row.takes else ", ".join(row.parameters)


@cache
def evaluate(row: Operator) -> Callable[..., Any]:
    """The function of plain numbers that *row* computes.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> evaluate(BY_NAME["truediv"])(1.0, 4)
        0.25
    """
    return compiled_forward(row, vocabulary())


def compiled_forward(row: Operator, names: dict[str, Any]) -> Callable[..., Any]:
    """The row's formula with other functions under its names, such as those of other numbers.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> compiled_forward(BY_NAME["sin"], {"sin": str})(0.5)
        '0.5'
    """
    _require(row.forward, row)
    return _compiled(_signature(row), row.forward, names)


@cache
def partial(row: Operator, position: int) -> Callable[..., Any]:
    """The local derivative by the operand at *position*, a function of operands and result.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> partial(BY_NAME["mul"], 0)(2.0, -3.0, -6.0)
        -3.0
    """
    return compiled_partial(row, position, vocabulary())


def compiled_partial(row: Operator, position: int, names: dict[str, Any]) -> Callable[..., Any]:
    """The same formula with other functions under its names, say such as record.

    Args:
        row: The operator.
        position: Which operand to differentiate by, from 0.
        names: What stands for the vocabulary.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> compiled_partial(BY_NAME["sin"], 0, {"cos": str})(0.5, 0.479)
        '0.5'
    """
    text = row.partial(position)
    _require(text, row)
    if not row.takes:
        return _compiled(f"{_signature(row)}, y", text, names)
    formula = _compiled("args, i, a, y", text, names)
    return lambda *numbers: formula(numbers[:-1], position, numbers[position], numbers[-1])


def names_in(formula: str) -> set[str]:
    """The names a formula reads.

    Example:
        >>> sorted(names_in("y * log(2)"))
        ['log', 'y']
    """
    tree = ast.parse(formula, mode="eval")
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}  # [x for x in args]
    return {node.id for node in names} - stored


def broken_condition(row: Operator, operands: Sequence[Number]) -> tuple[int, str]:
    """Which operand lies outside the row's domain, and the condition it breaks.

    A domain told in words is given whole, with the first operand.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> broken_condition(BY_NAME["log_base"], (8.0, -2.0))
        (1, 'b > 0')
    """
    names = vocabulary() | dict(zip(row.parameters, operands, strict=False))
    for condition in row.domain.split(" and "):
        try:
            if not eval(condition, names):
                position = next(i for i, p in enumerate(row.parameters) if p in condition.split())
                return position, condition
        except (SyntaxError, NameError):
            break
    return 0, row.domain


def _require(formula: str, row: Operator) -> None:
    if not formula:
        raise NoRule(row.symbol, row.arity)


def local_derivative(row: Operator, position: int, operands: Sequence[Number], y: Number) -> float:
    """The local derivative as a float, at these operands and this result.

    The formula sees floats, as `math` does. In Python's own operators, which are exact for whole
    numbers, those that no float holds stay ints as long as the formula can take them, and count
    as infinite where it cannot.

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
    numbers = (*operands, y)
    formula = partial(row, position)
    floats = [as_float(number) for number in numbers]
    try:
        if not row.is_from_math and floats != list(numbers) and _are_numbers(numbers):
            return as_float(formula(*numbers))
    except (ArithmeticError, ValueError):
        pass
    try:
        return float(formula(*floats))
    except (ArithmeticError, ValueError):
        return math.nan


def _are_numbers(numbers: Sequence[Number]) -> bool:
    return all(number == number for number in numbers)


def as_float(number: Number) -> float:
    """The number as a float; inf where it is too large for one.

    Example:
        >>> as_float(-(10**400))
        -inf
    """
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
