"""Gives Values the operators of the table: Python's special methods, and a method per function.

The methods are generated from the rows, by one template per shape; what they do for anything but
numbers is left to `apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from inspect import signature
from itertools import groupby
from typing import Any

from vrepl.core import protocol
from vrepl.core.kinds import maker
from vrepl.core.nodes import Recording, kept_of
from vrepl.core.operators import OPERATORS, Operator
from vrepl.core.swift import SWIFT
from vrepl.core.value import (
    FloatValue,
    IntValue,
    Value,
    ZeroValue,
    apply,
    decayed,
    is_number,
    plain,
)

__all__ = ["install", "meet_numpy", "record"]

# One template per shape of method; the operands' types are compared by identity because hashing
# a ValueType runs Python.
_BINARY = """
def {name}({self}, {other}{modulus}):
    __tracebackhide__ = True
    {guard}
    kind = type({other})
    {compute}
    if type(y) is float:
        node = new_float(y)
        node._made = (row, a, b)
        return node
    return apply(row, a, b)
"""
_FLOAT = """if kind is float or kind is FloatValue or kind is int or kind is IntValue:
        y = native({self}, {other})
    else:
        node = beside(a, b)
        return apply(row, a, b) if node is None else node"""
# Whole numbers are computed by the operator on plain ones, in 18 ns on 3.13; int.__add__ takes 66.
_INT = """if kind is int:
        y = {of_number}
    elif kind is IntValue:
        y = {of_nodes}
    elif kind is float or kind is FloatValue:
        y = mirrored({other}, {self})
    else:
        node = beside(a, b)
        return apply(row, a, b) if node is None else node
    if type(y) is int:
        node = new_int(y)
        node.__dict__ = kept = Kept()
        kept.a = a
        kept.b = b
        return node"""
_UNARY = """
def {name}(a):
    __tracebackhide__ = True
    y = native(a)
    if type(y) is float:
        node = new_float(y)
        node._made = (row, a)
    else:
        node = new_int(y)
        node.__dict__ = kept = Kept()
        kept.a = a
    return node
"""


def _binary(kind: type[Value], row: Operator, name: str, mirror: str) -> Callable[..., Any]:
    native = kind.native
    assert native is not None
    order_of = {"self": "a", "other": "b"} if name == row.method else {"self": "b", "other": "a"}
    modulus = "mod" in signature(getattr(native, name)).parameters
    text = _BINARY.format(
        name=name,
        modulus=", modulus=None" if modulus else "",
        guard="if modulus is not None: return pow(plain(a), plain(b), plain(modulus))" * modulus,
        compute=(_FLOAT if native is float else _INT).format(
            of_number=_of_wholes(row, order_of["self"]), of_nodes=_of_wholes(row), **order_of
        ),
        **order_of,
    )
    return _method(text, kind, row, name, getattr(float, mirror))


def _of_wholes(row: Operator, node: str = "") -> str:
    """The row's formula over plain ints: `x | 0` is the quickest way from a whole node to its."""
    a, b = (f"({x} | 0)" if node in ("", x) else x for x in row.parameters)
    return f"{a} {row.symbol} {b}"


def _method(
    text: str, kind: type[Value], row: Operator, name: str, mirrored: Any = None
) -> Callable[..., Any]:
    scope: dict[str, Any] = {
        "__name__": __name__, "row": row, "apply": _operate, "plain": plain,
        "beside": SWIFT.get(row.name, _nothing),
        "native": getattr(kind.native, name), "mirrored": mirrored,
        "new_float": maker(FloatValue), "new_int": maker(IntValue),
        "FloatValue": FloatValue, "IntValue": IntValue, "Kept": kept_of(row),
    }  # fmt: skip
    exec(compile(text, f"<vrepl {kind.__name__}.{name}>", "exec"), scope)
    return scope[name]  # type: ignore[no-any-return]


def _nothing(*operands: Any) -> None:
    """What is swift about a row that is not arithmetic."""


_REFUSING = ("unsupported operand type(s) for", "can only concatenate", "can't concat")


def _operate(row: Operator, *operands: Any) -> Any:
    """As `apply`, but where neither side knows the other it is left to Python to say so.

    Only Python knows whether `+` or `+=` was written. ctypes gives the class that `c_int * n` makes
    to the module that asks for it, which must not be ours.
    """
    __tracebackhide__ = True
    if row.name == "mul" and any(isinstance(operand, type) for operand in operands):
        return NotImplemented
    try:
        return apply(row, *operands)
    except TypeError as error:
        if str(error).startswith(_REFUSING):
            return NotImplemented
        raise


def _through_apply(
    rows: tuple[Operator, ...], reflected: bool = False, compute: Callable[..., Any] = apply
) -> Callable[..., Any]:
    """A method that leaves everything to `apply`; for functions, and where speed does not matter.

    *rows* are those of one name, told apart by the number of operands.
    """
    by_arity = {row.arity: row for row in rows}
    some = rows[0]

    def method(self: Value, *others: Any) -> Any:
        __tracebackhide__ = True
        if len(others) == 1 and others[0] is None:  # round(x, None)
            others = ()
        row = by_arity.get(len(others) + 1) or by_arity.get(0)
        if row is None and some.method == "__pow__":
            return pow(plain(self), *map(plain, others))
        if row is None:
            raise TypeError(f"{some.symbol} does not take {len(others) + 1} operands")
        return compute(row, *others, self) if reflected else compute(row, self, *others)

    return method


def _grouped(key: Callable[[Operator], str]) -> Iterable[tuple[str, tuple[Operator, ...]]]:
    rows = sorted((row for row in OPERATORS if key(row)), key=key)
    return ((name, tuple(group)) for name, group in groupby(rows, key))


def _divmod(self: Any, other: Any) -> Any:
    """Both results record, where both operands are numbers."""
    __tracebackhide__ = True
    y = divmod(plain(self), plain(other))  # an error is in Python's words
    return (self // other, self % other) if is_number(other) else y


def _reflected_divmod(self: Any, other: Any) -> Any:
    __tracebackhide__ = True
    y = divmod(plain(other), plain(self))
    return (other // self, other % self) if is_number(other) else y


def install() -> None:
    """Put the operators on the classes of values; done once, when this module is imported."""
    for symbol, rows in _grouped(lambda row: row.symbol if row.is_offered else ""):
        function = _through_apply(rows)
        function.__name__ = symbol
        function.__doc__ = "; ".join(f"{row.summary}: {row.forward}" for row in rows)
        setattr(Value, symbol, function)
    for name, rows in _grouped(lambda row: row.method):
        _install(rows, name, rows[0].reflected)
    for name, rows in _grouped(lambda row: row.reflected):
        _install(rows, name, rows[0].method)
    for name, function in (("__divmod__", _divmod), ("__rdivmod__", _reflected_divmod)):
        for kind in (FloatValue, IntValue):
            setattr(kind, name, function)
    for asking in (Value, ZeroValue):
        _ask_apply(asking)
    protocol.install()


def _ask_apply(kind: type[Value]) -> None:
    """Give a class operators that leave everything but NumPy's floats to `apply`."""
    for name, rows in _grouped(lambda row: row.method):
        method = _through_apply(rows, compute=_operate if rows[0].reflected else apply)
        setattr(kind, name, _swiftly(rows[0], method))
    for name, rows in _grouped(lambda row: row.reflected):
        method = _through_apply(rows, reflected=True, compute=_operate)
        setattr(kind, name, _swiftly(rows[0], method, reflected=True))
    for name, function in (("__divmod__", _divmod), ("__rdivmod__", _reflected_divmod)):
        setattr(kind, name, function)


def _swiftly(
    row: Operator, general: Callable[..., Any], reflected: bool = False
) -> Callable[..., Any]:
    """The method *general*, with a quicker way for what a row does with NumPy's floats."""
    made = SWIFT.get(row.name)
    if made is None:
        return general

    def sign(self: Value) -> Any:
        node = made(self)
        return general(self) if node is None else node

    def forward(self: Value, other: Any, *modulus: Any) -> Any:
        __tracebackhide__ = True
        node = None if modulus else made(self, other)
        return general(self, other, *modulus) if node is None else node

    def mirrored(self: Value, other: Any, *modulus: Any) -> Any:
        __tracebackhide__ = True
        node = None if modulus else made(other, self)
        return general(self, other, *modulus) if node is None else node

    return sign if row.arity == 1 else mirrored if reflected else forward


# The generated methods, to come back to after a pause.
_MADE: dict[tuple[type[Value], str], Callable[..., Any]] = {}


def record(on: bool) -> None:
    """Let operations make nodes or not; without, all give the plain numbers that Python gives.

    Nothing is asked in each operation: the methods themselves are changed, which takes 0.1 ms.

    Example:
        >>> record(False)
        >>> Value(2.0) * 3, Value(4.0).sqrt()
        (6.0, 2.0)
        >>> record(True)
        >>> Value(2.0) * 3
        Value(data=6.0)
    """
    Recording.is_on = on
    for (kind, name), method in _MADE.items():
        setattr(kind, name, method if on else getattr(kind.native, name))


def _install(rows: tuple[Operator, ...], name: str, mirror: str) -> None:
    row = rows[0]
    for kind in (FloatValue, IntValue):
        if mirror:
            method = _binary(kind, row, name, mirror)
        elif len(rows) > 1:
            method = _through_apply(rows)
        else:
            method = _method(_UNARY.format(name=name), kind, row, name)
        _MADE[kind, name] = method
        setattr(kind, name, method)


# Python's float would answer for a node before NumPy's, which is derived from it, is asked. This
# takes half as long as a node, on 3.11 0.3 us instead of 0.02; so it waits until there is NumPy.
_COMPARE = """
def {name}(self, other):
    kind = type(other)
    if kind is float or kind is int or kind is FloatValue or kind is IntValue:
        return native(self, other)
    if issubclass(kind, float64):
        return mirrored(decayed(other), decayed(self))
    return native(self, other)
"""
_MIRRORED = {"lt": "gt", "le": "ge", "eq": "eq", "ne": "ne", "gt": "lt", "ge": "le"}


@cache
def meet_numpy() -> None:
    """Let a float node compare with NumPy's floats as a plain one does; NumPy is loaded then.

    Example:
        >>> import numpy as np
        >>> meet_numpy()
        >>> Value(2.0) < np.float64(3.0), Value(2.0) < 3.0
        (np.True_, True)
    """
    from numpy import float64

    scope: dict[str, Any] = {"__name__": __name__, "float64": float64, "decayed": decayed}
    scope |= {"FloatValue": FloatValue, "IntValue": IntValue}
    for name, mirror in _MIRRORED.items():
        of_both = {"native": getattr(float, f"__{name}__")}
        of_both["mirrored"] = getattr(float64, f"__{mirror}__")
        method = f"__{name}__"
        here = scope | of_both
        exec(compile(_COMPARE.format(name=method), f"<vrepl {method}>", "exec"), here)
        setattr(FloatValue, method, here[method])


def _install_zero() -> None:
    """Let everything else about an untouched explicit zero be the int's: `Value(0) // 2` is 0."""
    for name in sorted(
        set(dir(int)) - set(dir(object)) - set(vars(ZeroValue)) - {"__getnewargs__"}
    ):
        if callable(getattr(int, name)):
            setattr(ZeroValue, name, _asking_zero(name))
    ZeroValue.__format__ = _asking_zero("__format__")


def _asking_zero(name: str) -> Callable[..., Any]:
    return lambda self, *arguments: getattr(0, name)(*map(plain, arguments))


install()
_install_zero()
