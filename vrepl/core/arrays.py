"""Runs the rows' formulas over NumPy arrays: one result for every number of an operand.

It turns the same text that `rules` runs on single numbers into array code; which operations a
graph consists of comes from the tape.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from vrepl.core.errors import MissingLibrary, NotConnected
from vrepl.core.operators import OPERATORS
from vrepl.core.rows import Operator
from vrepl.core.rules import Number, as_float, evaluate, partial, vocabulary
from vrepl.core.tape import Tape
from vrepl.core.value import Value, plain

if TYPE_CHECKING:
    import numpy as np

__all__ = ["array_partial", "array_rule", "replay"]

BLOCK = 8192  # numbers at a time: what one operation reads and writes stays in the cache


def replay(output: Value, wrt: Value, at: Any) -> tuple[np.ndarray, np.ndarray]:
    """The values of *output*, and its slopes by *wrt*, with each of many numbers in its place.

    One forward sweep over arrays. Where Python would raise, the results are inf or nan, as
    NumPy has it.

    Args:
        output: The node to look at.
        wrt: The node that takes other numbers; the rest of the graph stays as it is.
        at: The numbers, in an array of any shape or a list.

    Returns:
        Two arrays of the shape of *at*: values, slopes.

    Raises:
        NotConnected: No path leads from *wrt* to *output*.
        MissingLibrary: NumPy is not installed.

    Example:
        >>> a = Value(2.0)
        >>> values, slopes = replay(a * a, wrt=a, at=[1.0, 2.0, 3.0])
        >>> values.tolist(), slopes.tolist()
        ([1.0, 4.0, 9.0], [2.0, 4.0, 6.0])
    """
    try:
        import numpy as np
    except ImportError:
        raise MissingLibrary("replay", "numpy", "numpy") from None
    tape = Tape(output, wrt)
    if not tape.is_connected:
        raise NotConnected(
            output.label or "output", wrt.label or "wrt", "no operation leads from one to the other"
        )
    numbers = np.asarray(plain(at), dtype=float)
    flat = numbers.reshape(-1)
    values, slopes = np.empty_like(flat), np.empty_like(flat)
    for start in range(0, flat.size, BLOCK):
        block = slice(start, start + BLOCK)
        with np.errstate(all="ignore"):
            values[block], slopes[block] = _swept(tape, flat[block])
    return values.reshape(numbers.shape), slopes.reshape(numbers.shape)


def _swept(tape: Tape, numbers: np.ndarray) -> tuple[Any, Any]:
    """Values and slopes of the tape's output for a block of numbers."""
    found: dict[int, tuple[Any, Any]] = {id(tape.source): (numbers, 1.0)}
    for node in tape.steps:
        row, *operands = node._made
        given = [
            found[id(x)][0] if id(x) in found else _constant(row, name, plain(x))
            for name, x in zip(row.operand_names(len(operands)), operands, strict=True)
        ]
        y = array_rule(row)(*given)
        moved = [
            _times(found[id(x)][1], array_partial(row, i)(*given, y))
            for i, x in enumerate(operands)
            if id(x) in found
        ]
        found[id(node)] = y, sum(moved[1:], moved[0])
    return found[id(tape.output)]


def _constant(row: Operator, name: str, number: Number) -> Number:
    """An operand that stays, as arrays take it: a float unless it must be whole."""
    return number if name == row.whole else as_float(number)


def _times(slope: Any, local: Any) -> Any:
    """The product; a local derivative of 0 lets nothing pass, as in the other sweeps."""
    import numpy as np

    return np.where(local == 0, 0.0, slope * local)


@cache
def array_rule(row: Operator) -> Callable[..., Any]:
    """What *row* computes, for arrays of operands.

    Example:
        >>> import numpy as np
        >>> from vrepl.core.operators import BY_NAME
        >>> array_rule(BY_NAME["relu"])(np.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    scalar = _elementwise(evaluate(row))
    return scalar if row.takes else _compiled(row.forward, ", ".join(row.parameters)) or scalar


@cache
def array_partial(row: Operator, position: int) -> Callable[..., Any]:
    """The local derivative by the operand at *position*, for arrays of operands and results.

    Example:
        >>> import numpy as np
        >>> from vrepl.core.operators import BY_NAME
        >>> array_partial(BY_NAME["mul"], 0)(2.0, np.array([3.0, 4.0]), None).tolist()
        [3.0, 4.0]
    """
    scalar = _elementwise(partial(row, position))
    signature = ", ".join((*row.parameters, "y"))
    return scalar if row.takes else _compiled(row.partial(position), signature) or scalar


def _elementwise(scalar: Callable[..., Any]) -> Callable[..., Any]:
    """A function of single numbers applied to each element; nan where it raises."""
    import numpy as np

    def safe(*numbers: float) -> float:
        try:
            return float(scalar(*numbers))
        except (ArithmeticError, ValueError, TypeError):  # a fraction for what must be whole
            return math.nan

    def function(*arrays: Any) -> Any:
        spread = np.broadcast_arrays(*map(np.asarray, arrays))
        columns = (array.ravel().tolist() for array in spread)
        results = [safe(*numbers) for numbers in zip(*columns, strict=True)]
        return np.array(results, dtype=float).reshape(spread[0].shape)

    return function


def _compiled(text: str, signature: str) -> Callable[..., Any] | None:
    """Formula text as array code; None for text that arrays cannot run."""
    try:
        tree = _Arrays().visit(ast.parse(f"lambda {signature}: {text}", mode="eval"))
    except _ForNumbersOnly:
        return None
    code = compile(ast.fix_missing_locations(tree), f"<array formula {text}>", "eval")
    return eval(code, _vocabulary())  # type: ignore[no-any-return]


class _ForNumbersOnly(Exception):
    """Raised for syntax that looks at one number at a time."""


class _Arrays(ast.NodeTransformer):
    """Rewrites a formula: `x if c else y` as `where(c, x, y)`, calls by what NumPy has."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("where", ast.Load()), [node.test, node.body, node.orelse], [])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return ast.Call(ast.Name("logical_not", ast.Load()), [node.operand], [])
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not isinstance(node.func, ast.Name) or any(
            isinstance(x, ast.Starred) for x in node.args
        ):
            raise _ForNumbersOnly
        node.args = [self.visit(argument) for argument in node.args]
        node.func = ast.Name(_array_name(node.func.id, len(node.args)), ast.Load())
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if len(node.ops) > 1:
            raise _ForNumbersOnly
        return self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.BoolOp, ast.Attribute, ast.Subscript, ast.ListComp)):
            raise _ForNumbersOnly
        return super().generic_visit(node)


def _array_name(name: str, arity: int) -> str:
    return f"{name}_of_{arity}"


@cache
def _vocabulary() -> dict[str, Any]:
    """The vocabulary of array code: NumPy's own where a row names it, else element by element."""
    import numpy as np

    names: dict[str, Any] = {"__builtins__": {}, "where": np.where, "logical_not": np.logical_not}
    for name, thing in vocabulary().items():
        if not callable(thing):
            names.setdefault(name, thing)
            continue
        names.update((_array_name(name, n), _elementwise(thing)) for n in (1, 2, 3))
    for row in OPERATORS:
        if row.is_function and row.ufunc and not row.takes:
            names[_array_name(row.symbol, row.arity)] = getattr(np, row.ufunc)
    return names
