"""The functions of the operator table as plain callables: `exp`, `tanh`, `relu` and the rest.

They record when handed a Value and otherwise give what `math` gives; each is made from its row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vrepl.core.operators import OPERATORS, Operator
from vrepl.core.value import apply

__all__ = ["FUNCTIONS"]


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
