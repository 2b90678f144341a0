"""The functions of the operator table as plain callables: `exp`, `tanh`, `relu` and the rest.

They record when handed a Value and otherwise give what `math` gives; each is made from its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vrepl.core.operators import OPERATORS, Operator
from vrepl.core.value import Value, apply

__all__ = ["FUNCTIONS", "recording"]


def _function(row: Operator) -> Callable[..., Any]:
    def function(*operands: Any) -> Any:
        __tracebackhide__ = True
        if len(operands) != row.arity:
            raise TypeError(f"{row.name}() takes {row.arity} operand, got {len(operands)}")
        return apply(row, *operands)

    function.__name__ = function.__qualname__ = row.name
    function.__module__ = "vrepl"
    function.__doc__ = _documentation(row)
    return function


def _documentation(row: Operator) -> str:
    """The docstring a row implies; its example is the row's first sample."""
    from vrepl.core.rules import evaluate

    call = f"{row.name}({', '.join(map(repr, row.samples[-1]))})"
    domain = f" for {row.domain}" if row.domain else ""
    return (
        f"{row.summary[0].upper()}{row.summary[1:]}{domain}.\n\n"
        f"Its local derivative is {'; '.join(row.partials)} (y is the result).\n\n"
        f"Example:\n    >>> {call}\n    {evaluate(row)(*row.samples[-1])!r}\n"
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    row.name: _function(row) for row in OPERATORS if row.is_offered
}


def recording(originals: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """Twins of those functions among *originals* that have a row: they record when handed a Value.

    Args:
        originals: Functions by name, as in `vars(math)`.

    Example:
        >>> import math
        >>> sin = recording(vars(math))["sin"]
        >>> sin(0.0), sin.__doc__ == math.sin.__doc__
        (0.0, True)
    """
    return {
        name: _twin(FUNCTIONS[name], original)
        for name, original in originals.items()
        if name in FUNCTIONS
    }


def _twin(record: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    def function(*operands: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        for operand in operands:
            if isinstance(operand, Value):
                return record(*operands, **options)
        return original(*operands, **options)

    for attribute in ("__name__", "__qualname__", "__doc__"):
        setattr(function, attribute, getattr(original, attribute))
    function.__module__ = "vrepl.core.mathematics"  # where pickle finds it, for multiprocessing
    function.__text_signature__ = getattr(original, "__text_signature__", None)  # type: ignore[attr-defined]
    return function
