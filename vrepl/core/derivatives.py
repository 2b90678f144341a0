"""Slopes: exact ones by the sweeps, of any order, and measured ones by taking a small step.

It says what a slope is and when there is none; it keeps nothing on the nodes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vrepl.core.errors import NotConnected
from vrepl.core.functions import differentiable_partial
from vrepl.core.nodes import adjoints, dependents, is_constant, order
from vrepl.core.operators import BY_NAME, Operator
from vrepl.core.rules import local_derivative
from vrepl.core.tape import Tape
from vrepl.core.value import Value, apply, plain

__all__ = [
    "Measured",
    "default_step",
    "derivative",
    "gradient",
    "hessian",
    "jacobian",
    "leaves",
    "measure",
    "slope",
    "tangent",
]


def slope(output: Value, wrt: Value) -> float:
    """Change of *output* per unit change of *wrt*, others held fixed.

    Args:
        output: The node to differentiate.
        wrt: Any node that *output* may depend on; a leaf or an intermediate.

    Returns:
        The derivative at the current numbers.

    Raises:
        NotConnected: No path leads from *wrt* to *output*.
        NoRule: An operation on the way was made by hand and has no rule.

    Example:
        >>> a = Value(2.0)
        >>> slope(a * a, a)
        4.0
    """
    return gradient(output, [wrt])[0]


def gradient(output: Value, wrt: Sequence[Value]) -> tuple[float, ...]:
    """The slopes of *output* by several nodes, from one reverse sweep.

    Args:
        output: The node to differentiate.
        wrt: The nodes to differentiate by.

    Raises:
        NotConnected: No path leads from one of them to *output*.

    Example:
        >>> a, b = Value(2.0), Value(-3.0)
        >>> gradient(a * b, wrt=[a, b])
        (-3.0, 2.0)
    """
    found = adjoints(order(output))
    return tuple(_found(found.get(id(node)), output, node) for node in wrt)


def jacobian(outputs: Sequence[Value], wrt: Sequence[Value]) -> tuple[tuple[float, ...], ...]:
    """The slopes of several outputs, a row each; 0.0 where an output does not depend on a node.

    Example:
        >>> a, b = Value(2.0), Value(-3.0)
        >>> jacobian([a * b, a * a], wrt=[a, b])
        ((-3.0, 2.0), (4.0, 0.0))
    """
    sweeps = [adjoints(order(output)) for output in outputs]
    return tuple(tuple(found.get(id(node), 0.0) for node in wrt) for found in sweeps)


def hessian(output: Value, wrt: Sequence[Value]) -> tuple[tuple[float, ...], ...]:
    """The second derivatives of *output*: row i, column j is by wrt[i] and wrt[j].

    Raises:
        NotConnected: No path leads from one of *wrt* to *output*.

    Example:
        >>> a, b = Value(2.0), Value(-3.0)
        >>> hessian(a * a * b, wrt=[a, b])
        ((-6.0, 4.0), (4.0, 0.0))
    """
    return jacobian(derivative(output, wrt), wrt)


def derivative(output: Value, wrt: Sequence[Value]) -> tuple[Value, ...]:
    """The slopes of *output* as nodes, which can be differentiated again, to any order.

    The reverse sweep is done with nodes in place of numbers: the rules are text, and text runs on
    either.

    Args:
        output: The node to differentiate.
        wrt: The nodes to differentiate by.

    Returns:
        A node for each, a constant leaf where the slope depends on nothing.

    Raises:
        NotConnected: No path leads from one of them to *output*.

    Example:
        >>> a = Value(2.0)
        >>> [first] = derivative(a**3, [a])
        >>> [second] = derivative(first, [a])
        >>> first.data, second.data
        (12.0, 12.0)
    """
    found = _adjoint_nodes(order(output), wrt)
    slopes = (_found(found.get(id(node)), output, node) for node in wrt)
    return tuple(x if isinstance(x, Value) else Value(x) for x in slopes)


def tangent(output: Value, wrt: Sequence[Value], direction: Sequence[float]) -> float:
    """Change of *output* when several nodes move together, by one forward sweep.

    Args:
        output: The node to differentiate.
        wrt: The nodes that move.
        direction: How far each moves.

    Returns:
        The sum of slope times movement; 0.0 when *output* depends on none of them.

    Example:
        >>> a, b = Value(2.0), Value(-3.0)
        >>> tangent(a * b, wrt=[a, b], direction=[1.0, 1.0])
        -1.0
    """
    moved = {id(node): float(step) for node, step in zip(wrt, direction, strict=True) if step}
    for node in order(output):
        row, *operands = node._made
        moving = [i for i, x in enumerate(operands) if id(x) in moved]
        if moving and id(node) not in moved:
            numbers = [plain(x) for x in operands]
            y = node.data
            parts = ((moved[id(operands[i])], local_derivative(row, i, numbers, y)) for i in moving)
            # What is nearer to the output decides, as in the reverse sweep: a local derivative of 0
            # lets nothing pass, not even an infinite movement.
            moved[id(node)] = _total([step * local if local else 0.0 for step, local in parts])
    return moved.get(id(output), 0.0)


def _total(parts: Sequence[float]) -> float:
    """The sum, rounded once where it is finite."""
    try:
        return math.fsum(parts)
    except (OverflowError, ValueError):  # beyond the largest float, or inf - inf
        return sum(parts)


def _found(slope: Any, output: Value, wrt: Value) -> Any:
    if slope is None:
        raise NotConnected(
            output.label or "output", wrt.label or "wrt", "no operation leads from one to the other"
        )
    return slope


def _adjoint_nodes(ordered: Sequence[Value], wrt: Sequence[Value]) -> dict[int, Any]:
    """What `adjoints` finds, as nodes; only along the paths that lead from *wrt*."""
    needed = set(map(id, (*wrt, *dependents(ordered, wrt))))
    found: dict[int, Any] = {id(ordered[-1]): 1.0}
    for node in reversed(ordered):
        adjoint = found.get(id(node))
        if adjoint is None or id(node) not in needed:
            continue
        row, *operands = node._made
        for position, operand in enumerate(operands):
            if id(operand) in needed and not is_constant(operand):
                part = _times(adjoint, _local_node(row, position, operands, node))
                so_far = found.get(id(operand))
                found[id(operand)] = part if so_far is None else apply(_ADD, so_far, part)
    return found


_ADD, _MUL, _POS = BY_NAME["add"], BY_NAME["mul"], BY_NAME["pos"]


def _local_node(row: Operator, position: int, operands: Sequence[Any], node: Value) -> Any:
    """The local derivative with everything it depends on still in the graph."""
    numbers = [plain(x) for x in operands]
    exact = local_derivative(row, position, numbers, node.data)
    try:
        return differentiable_partial(row, position)(*map(_as_float, operands), _as_float(node))
    except (ArithmeticError, ValueError):
        return exact


def _as_float(x: Any) -> Any:
    """The operand as a float or float node: in C, 0.5 * IntValue would not ask the node."""
    if not isinstance(x, Value):
        return float(x)
    return x if isinstance(x, float) else apply(_POS, x) * 1.0


def _times(adjoint: Any, local: Any) -> Any:
    """The product; 0 where a zero adjoint meets an infinite slope, as in the numeric sweep."""
    if plain(adjoint) == 0 and not math.isfinite(local):
        return 0.0
    return apply(_MUL, adjoint, local)


def leaves(output: Value) -> list[Value]:
    """The leaves behind *output* in the order of their first use; constants are none.

    Example:
        >>> a, b = Value(2.0), Value(3.0)
        >>> [leaf.data for leaf in leaves(a * b + 1)]
        [2.0, 3.0]
    """
    return [node for node in order(output) if len(node._made) == 1]


@dataclass(frozen=True, slots=True)
class Measured:
    """A slope found by a step: (output(wrt + h) - output(wrt)) / h.

    `slope` is None when the step cannot be taken, and `reason` then says why.
    """

    h: float
    slope: float | None
    reason: str = ""


def default_step(number: float) -> float:
    """The step to measure with: 2**-26 (near the root of the machine epsilon) of |number|'s binade.

    A power of two makes number + h exact. At 0 the step is 2**-26 itself.

    Example:
        >>> default_step(2.0)
        2.9802322387695312e-08
    """
    if number == 0 or not math.isfinite(number):
        return 2.0**-26
    return max(math.ldexp(1.0, math.frexp(number)[1] - 27), math.ulp(number))


def measure(
    output: Value, wrt: Value, h: float | None = None, ordered: Sequence[Value] | None = None
) -> Measured:
    """The slope as a hand would find it, by stepping *wrt* and running the graph again.

    Args:
        output: The node to look at.
        wrt: The node to step.
        h: The step; by default one scaled to |wrt|, see `default_step`.
        ordered: What `order` returned for the output, where that is known already.

    Returns:
        The step used, the slope, and a reason where there is no slope.

    Example:
        >>> a = Value(2.0)
        >>> measure(a * -3.0 + 10, a).slope
        -3.0
    """
    try:
        at = float(wrt.data)
    except OverflowError:
        return Measured(h or math.nan, None, "the number is too large for a float")
    if not math.isfinite(at):
        return Measured(h or math.nan, None, f"{at} has no number beside it to step to")
    step = default_step(at) if h is None else h
    if at + step == at:
        return Measured(step, None, f"{at} + h is {at} itself in floating point; choose a larger h")
    return _measured(Tape(output, wrt, ordered), wrt.data, step)


def _measured(tape: Tape, at: float, step: float) -> Measured:
    """The measurement by a step that is large enough to be one."""
    if not tape.is_connected:
        return Measured(step, 0.0, "no step of it reaches the output")
    try:
        rise = tape.replay(at + step) - tape.replay(at)
        found = rise / step
    except (ArithmeticError, ValueError, TypeError) as error:
        return Measured(step, None, f"no value one step away: {error.args[-1]}")
    if found != found:
        return Measured(step, None, "the values here and one step away are not both finite")
    return Measured(step, found)
