"""Tells Values and plain numbers from everything else by their true types.

`isinstance` asks an object for its `__class__`, which may run anybody's code; nothing here does.
"""

from __future__ import annotations

from typing import TypeGuard

from vrepl.core.value import FloatValue, IntValue, Value, ZeroValue

__all__ = ["is_exact", "is_node"]

_NODES = frozenset(map(id, (FloatValue, IntValue, ZeroValue)))  # their hash is that of float, int
_NUMBERS = _NODES | frozenset(map(id, (float, int, bool)))


def is_node(x: object) -> TypeGuard[Value]:
    """Whether *x* is a Value.

    Example:
        >>> is_node(Value(2.0)), is_node(2.0)
        (True, False)
    """
    return id(type(x)) in _NODES


def is_exact(x: object) -> bool:
    """Whether *x* is a Value or exactly an int, float or bool.

    Example:
        >>> is_exact(Value(2.0)), is_exact(2.0), is_exact("2")
        (True, True, False)
    """
    return id(type(x)) in _NUMBERS
