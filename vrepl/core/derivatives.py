"""Slopes: exact ones by the reverse sweep, and measured ones by taking a small step.

It says what a slope is and when there is none; it keeps nothing on the nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vrepl.core.errors import NotConnected
from vrepl.core.nodes import adjoints, order
from vrepl.core.tape import Tape
from vrepl.core.value import Value

__all__ = ["Measured", "default_step", "leaves", "measure", "slope"]


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
    found = adjoints(order(output)).get(id(wrt))
    if found is None:
        raise NotConnected(
            output.label or "output", wrt.label or "wrt", "no operation leads from one to the other"
        )
    return found


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


def measure(output: Value, wrt: Value, h: float | None = None) -> Measured:
    """The slope as a hand would find it, by stepping *wrt* and running the graph again.

    Args:
        output: The node to look at.
        wrt: The node to step.
        h: The step; by default one scaled to |wrt|, see `default_step`.

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
    step = default_step(at) if h is None else h
    if at + step == at or not math.isfinite(at):
        return Measured(step, None, f"{at} + h is {at} itself in floating point; choose a larger h")
    tape = Tape(output, wrt)
    if not tape.is_connected:
        return Measured(step, 0.0, "no step of it reaches the output")
    try:
        rise = tape.replay(at + step) - tape.replay(wrt.data)
        return Measured(step, rise / step)
    except (ArithmeticError, ValueError, TypeError) as error:
        return Measured(step, None, f"no value one step away: {error}")
