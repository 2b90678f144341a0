"""Writes the special methods of Values as code: one template per shape, filled in from a row.

It knows text and Python's own slots only; the classes and helpers that the code refers to are
handed in as its scope by `value`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from vrepl.core.operators import Operator

__all__ = ["binary", "unary"]

# One template per shape of method; the operands' types are compared by identity because hashing
# a ValueType runs Python. Measured on 3.11: 240 ns a node, of which float.__mul__ 70, __new__ 90.
_BINARY = """
def {name}({self}, {other}{modulus}):
    __tracebackhide__ = True
    {guard}
    kind = type({other})
    {compute}
    kind = type(y)
    if kind is float:
        node = new_float(FloatValue, y)
    elif kind is int:
        node = new_int(IntValue, y)
    else:
        return apply(row, a, b)
    node._made = (row, a, b)
    return node
"""
_FLOAT = """if kind is float or kind is FloatValue or kind is int or kind is IntValue:
        y = native({self}, {other})
    else:
        return apply(row, a, b)"""
_INT = """if kind is int or kind is IntValue:
        y = native({self}, {other})
    elif kind is float or kind is FloatValue:
        y = mirrored({other}, {self})
    else:
        return apply(row, a, b)"""
_UNARY = """
def {name}(a):
    __tracebackhide__ = True
    y = native(a)
    node = new_float(FloatValue, y) if type(y) is float else new_int(IntValue, y)
    node._made = (row, a)
    return node
"""


def binary(
    native: type, row: Operator, name: str, mirror: str, scope: Mapping[str, Any]
) -> Callable[..., Any]:
    """The method *name* of *row* for Values of type *native*, operands as they were typed.

    Args:
        native: float or int, whose own method computes the number.
        row: The operator.
        name: `__mul__`, or `__rmul__` for a plain number on the left.
        mirror: The other one of the two.
        scope: What the code refers to: apply, plain, FloatValue, IntValue, new_float, new_int.
    """
    order = {"self": "a", "other": "b"} if name == row.method else {"self": "b", "other": "a"}
    modulus = "mod" in signature(getattr(native, name)).parameters
    text = _BINARY.format(
        name=name,
        modulus=", modulus=None" if modulus else "",
        guard="if modulus is not None: return pow(plain(a), plain(b), plain(modulus))" * modulus,
        compute=(_FLOAT if native is float else _INT).format(**order),
        **order,
    )
    return _compiled(text, native, row, name, {**scope, "mirrored": getattr(float, mirror)})


def unary(native: type, row: Operator, name: str, scope: Mapping[str, Any]) -> Callable[..., Any]:
    """The method *name* of *row*, which has one operand, for Values of type *native*."""
    return _compiled(_UNARY.format(name=name), native, row, name, scope)


def _compiled(
    text: str, native: type, row: Operator, name: str, scope: Mapping[str, Any]
) -> Callable[..., Any]:
    names = {**scope, "__name__": __name__, "row": row, "native": getattr(native, name)}
    exec(compile(text, f"<vrepl {native.__name__}.{name}>", "exec"), names)
    method: Callable[..., Any] = names[name]
    return method
