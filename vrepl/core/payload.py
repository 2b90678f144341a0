"""Writes the number inside a Python float object, so that C code sees a changed `.data` too.

It knows how CPython lays a float out and nothing of nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from vrepl.core.errors import VreplError

__all__ = ["writer"]


class _Scratch(float):
    """A float of our own to try the layout on: it has slots as a node has."""

    __slots__ = ("first", "second")


@cache
def writer() -> Callable[[float, float], None]:
    """A function that sets the number of a float subclass's instance in place.

    The double follows the object header in every CPython so far; that is tried on a scratch
    object before it is trusted.

    Raises:
        VreplError: This Python lays floats out in another way.

    Example:
        >>> class Mine(float):
        ...     pass
        >>> x = Mine(1.0)
        >>> writer()(x, 2.5)
        >>> x
        2.5
    """
    import ctypes

    offset = object.__basicsize__

    def write(instance: float, number: float) -> None:
        ctypes.c_double.from_address(id(instance) + offset).value = number

    scratch = _Scratch(1.5)
    if ctypes.c_double.from_address(id(scratch) + offset).value == 1.5:
        write(scratch, -2.25)
    if scratch != -2.25 or str(scratch) != "-2.25":
        raise VreplError(".data cannot be set on this Python; make a new Value instead")
    return write
