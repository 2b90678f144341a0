"""`Value`: a real Python float or int that remembers the operation and operands it came from.

This module makes nodes and lets them decay to plain numbers where Python or a library needs
plain numbers; `methods` gives them the table's operators, graphs and slopes come from `nodes`.
"""

from __future__ import annotations

import numbers
import operator
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from vrepl.core import payload
from vrepl.core.errors import DomainError, WholeNumber
from vrepl.core.kinds import ValueType, maker
from vrepl.core.nodes import (
    CONSTANT,
    EXPLICIT,
    Facts,
    Kept,
    Recording,
    Source,
    Visits,
    adjoints,
    is_constant,
    order,
)
from vrepl.core.operators import BY_SYMBOL, Operator
from vrepl.core.rules import Number, broken_condition, evaluate
from vrepl.core.scalars import computed, float64_class
from vrepl.core.showing import called_to_show
from vrepl.core.swift import SWIFT, Kinds

__all__ = [
    "FloatValue", "IntValue", "Value", "ZeroValue", "apply", "decayed", "facts_of",
    "is_number", "leaf", "numpy_node", "plain", "recorded", "remade", "stripped",
]  # fmt: skip


class Value:
    """A number that remembers how it was made.

    `Value(2.0)` is a real float, `Value(2)` a real int. Python's operators between numbers, `abs`,
    `round` and vrepl's functions give Values that know their operands; comparisons, bit operations
    and everything else give plain results.

    Args:
        data: A real number; another Value gives a new leaf with its number.
        _children: The operands, for a node made by hand.
        _op: The operation's symbol, for a node made by hand.
        label: A name to draw it with.

    Raises:
        TypeError: *data* is no real number.

    Example:
        >>> a, b, c = Value(2.0), Value(-3.0), Value(10)
        >>> d = a * b + c
        >>> d
        Value(data=4.0)
        >>> d.backward()
        >>> a.grad, b.grad, c.grad
        (-3.0, 2.0, 1.0)
    """

    __slots__ = ()
    native: ClassVar[type]
    if TYPE_CHECKING:
        _made: tuple[Any, ...]
        _facts: Facts

    def __new__(  # noqa: D102 - the class says it
        cls, data: Any, _children: Iterable[Any] = (), _op: str = "", label: str = ""
    ) -> Value:
        children = tuple(_children)
        if bool(children) != bool(_op):
            raise TypeError(
                f"Value with {len(children)} children and _op {_op!r}: an operation needs both;"
                " give both, or neither for a leaf"
            )
        made = (_row(_op, len(children)), *map(_operand, children)) if _op else (EXPLICIT,)
        number = _real(data)
        node = _new(number, made)
        if type(number) is int and number == 0 and not children:
            node = _new(0.0, made)
            _become(node, ZeroValue)
        if label:
            node.label = label
        return node

    def __init_subclass__(cls, **options: Any) -> None:
        if cls.__module__ != __name__:
            raise TypeError(
                f"class {cls.__name__}(Value): Value makes floats and ints and cannot be"
                " subclassed; keep a Value as an attribute, or set functions on Value itself"
            )

    @property
    def data(self) -> Number:
        """The plain number."""
        number: Number = plain(self)
        return number

    @data.setter
    def data(self, number: Any) -> None:
        self._set_data(plain(number))
        facts_of(self).is_set = True

    def _set_data(self, number: Number) -> None:
        raise NotImplementedError  # FloatValue and IntValue each have their own

    @property
    def grad(self) -> float:
        """What `backward` left here: d(root)/d(this), summed over calls on a leaf; 0.0 before."""
        facts = getattr(self, "_facts", None)
        return 0.0 if facts is None or facts.grad is None else facts.grad

    @grad.setter
    def grad(self, number: Any) -> None:
        facts_of(self).grad = None if number is None else float(number)

    @property
    def label(self) -> str:
        """The first name it was given, '' without one."""
        facts = getattr(self, "_facts", None)
        return "" if facts is None else facts.label

    @label.setter
    def label(self, text: str) -> None:
        facts_of(self).label = str(text)

    @property
    def _prev(self) -> tuple[Value, ...]:
        """The operands in order, one entry per use; a constant is given as a leaf of its own."""
        Visits.count += 1
        made = self._made
        if any(not isinstance(operand, Value) for operand in made[1:]):
            operands = (x if isinstance(x, Value) else _new(x, (CONSTANT,)) for x in made[1:])
            self._made = (made[0], *operands)  # type: ignore[misc]
        return self._made[1:]

    @property
    def _op(self) -> str:
        """The operation's symbol, '' for a leaf."""
        return self._made[0].symbol  # type: ignore[no-any-return]

    def backward(self) -> None:
        """Set `.grad` on every node this one depends on, to d(self)/d(node).

        As in PyTorch, leaves add to the gradient they have and inner nodes start afresh, so a
        training loop sets `p.grad = 0` on its parameters between steps.

        Example:
            >>> a = Value(3.0)
            >>> (a * a).backward()
            >>> a.grad
            6.0
        """
        nodes = order(self)
        found = adjoints(nodes)
        for node in nodes:
            kept = node.grad if len(node._made) == 1 else 0.0
            facts_of(node).grad = kept + found[id(node)]

    def __repr__(self) -> str:
        text = repr(plain(self))
        return f"Value(data={text})" if called_to_show() else text

    def __str__(self) -> str:
        return repr(plain(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        number = decayed(self)
        kind = type(number)
        return (kind, (number,)) if kind in _NUMBERS else number.__reduce_ex__(protocol)

    def __copy__(self) -> Value:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        for node in order(self):
            if id(node) not in memo:
                memo[id(node)] = _copied(node, memo)
        return memo[id(self)]  # type: ignore[no-any-return]


_become = vars(object)["__class__"].__set__  # classes of nodes have another `__class__`


class FloatValue(Value, float, metaclass=ValueType):
    """A Value that is a float. Calling it gives a plain float, as `type(v)(x)` should.

    Example:
        >>> isinstance(Value(2.0), float), type(type(Value(2.0))(3))
        (True, <class 'float'>)
    """

    __slots__ = ("_facts", "_made")
    native = float
    __class__ = float  # type: ignore[assignment]  # what `x.__class__ is float` asks
    __new__ = float.__new__  # type: ignore[assignment]  # in C, and not that of Value

    def _set_data(self, number: Number) -> None:
        payload.writer()(self, float(number))


def _remake(node: Any, made: tuple[Any, ...]) -> None:
    node.__dict__.made = made


class IntValue(Value, int, metaclass=ValueType):
    """A Value that is an int, exact at any size. Calling it gives a plain int.

    Example:
        >>> (Value(2) ** 100).data == 2**100
        True
    """

    native = int
    __class__ = int  # type: ignore[assignment]
    __new__ = int.__new__  # type: ignore[assignment]
    _made = property(operator.attrgetter("__dict__.made"), _remake)  # read in 55 ns, a slot in 25

    def _set_data(self, number: Number) -> None:
        made = self._made[0]
        raise WholeNumber(
            self.label, plain(self), explicit=made is EXPLICIT, made_by=self._op and made.symbol
        )


class ZeroValue(FloatValue):
    """What `Value(0)` makes: where parameters start, so it can be stepped although it was whole.

    It counts as the int 0 in all arithmetic and becomes an ordinary float node when its `.data`
    is set. It is laid out as a float from the start because an int's digits cannot become a
    fraction, and `2.0 * p` would go on reading the old digits in C.

    Example:
        >>> p = Value(0)
        >>> p.data -= 0.5
        >>> p, 2.0 * p
        (Value(data=-0.5), Value(data=-1.0))
    """

    __slots__ = ()
    native = int  # type: ignore[assignment]
    __class__ = int  # type: ignore[assignment]
    numerator, denominator = 0, 1

    def _set_data(self, number: Number) -> None:
        FloatValue._set_data(self, number)
        _become(self, FloatValue)

    def __index__(self) -> int:
        return 0


# doctest looks for a class where its __module__ says it is.
__test__ = {kind.__name__: kind.__doc__ for kind in (FloatValue, IntValue, ZeroValue)}
for _kind in (FloatValue, IntValue, ZeroValue):
    # Errors and `type(x)` say what they say without vrepl: "'float' object is not iterable".
    _kind.__name__ = _kind.__qualname__ = _kind.native.__name__
    _kind.__module__, _kind.__doc__ = "builtins", _kind.native.__doc__

_NUMBERS: Final = (int, float)
Kinds.real, Kinds.whole = FloatValue, IntValue
_new_float = maker(FloatValue)
_new_int = maker(IntValue)


def _new(number: Number, made: tuple[Any, ...]) -> Value:
    kind = type(number)
    node: Any
    if kind is float:
        node = _new_float(number)
        node._made = made
    elif kind is int:
        node = _new_int(number)
        node.__dict__ = kept = Kept()
        kept.made = made
    else:
        node = numpy_node(number)
        node._made = made
    return node  # type: ignore[no-any-return]


def leaf(number: Number, source: Source = EXPLICIT) -> Value:
    """A new leaf holding *number*, an exact int or float.

    Example:
        >>> leaf(2.0)
        Value(data=2.0)
    """
    return _new(number, (source,))


def remade(number: Number, symbol: str, operands: Iterable[Any]) -> Value:
    """A node as it was before: its number is taken as it is, not computed again."""
    made = tuple(map(_operand, operands))
    return _new(number, (_row(symbol, len(made)), *made))


_float_of = float.__pos__
_int_of = int.__pos__


def plain(number: Any) -> Any:
    """The plain int or float of a Value; anything else as it is.

    Example:
        >>> type(plain(Value(2)))
        <class 'int'>
    """
    kind = type(number)
    if kind is FloatValue:
        return _float_of(number)
    if kind is IntValue:
        return _int_of(number)
    if kind is ZeroValue:
        return 0
    return _float_of(number) if issubclass(kind, Value) else number


def decayed(number: Any) -> Any:
    """What others are given for a Value: its number, of the type it has without vrepl.

    Example:
        >>> import numpy as np
        >>> decayed(Value(2.0) * np.float64(0.5))
        np.float64(1.0)
    """
    y = plain(number)
    return y if y is number else type(number).native(y)


def numpy_node(number: Any) -> Any:
    """A node that is one of NumPy's floats, how it was made being still to come.

    Example:
        >>> import numpy as np
        >>> isinstance(numpy_node(0.5), np.float64)
        True
    """
    kind = Kinds.scalar
    if kind is None:
        kind = float64_class(Value, _set_data=vars(FloatValue)["_set_data"])
        Kinds.scalar, Kinds.native = kind, kind.native
    return kind.native.__new__(kind, number)


def apply(row: Operator, *operands: Any) -> Any:
    """The operator of *row* on *operands*: a node where they are numbers, else what Python gives.

    Args:
        row: A row of the operator table.
        operands: Values, plain numbers or anything that Python's operator accepts.

    Raises:
        DomainError: The result does not exist as a real number.
        ArithmeticError: As plain Python, with Python's message.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> apply(BY_NAME["sqrt"], Value(9.0))
        Value(data=3.0)
    """
    __tracebackhide__ = True
    is_numpy = False
    for operand in operands:
        is_numpy = is_numpy or type(operand).__module__ == "numpy"
    try:
        if is_numpy:
            is_scalar = type(operands[0]) is Kinds.native and row.name in SWIFT
            if is_scalar and (node := SWIFT[row.name](*operands)) is not None:
                return node
            y = computed(row, evaluate(row), *map(decayed, operands))
            if type(y).__name__ == "ndarray":
                return y
        else:
            y = evaluate(row)(*map(decayed, operands))
    except ValueError:
        if is_numpy or not row.domain:  # NumPy has rules of its own: no int ** -1
            raise
        raise _domain_error(row, operands) from None
    if not any(isinstance(operand, Value) for operand in operands):
        return y
    is_left = isinstance(y, complex) and not any(isinstance(x, complex) for x in operands)
    if is_left and any(map(_is_explicit, operands)):
        raise _domain_error(row, operands)
    return recorded(row, operands, y) if all(map(is_number, operands)) else y


def _is_explicit(x: Any) -> bool:
    """Whether *x* was made to be a node; a typed number gives a complex one as Python's does."""
    return isinstance(x, Value) and x._made[0] is EXPLICIT


def recorded(row: Operator, operands: tuple[Any, ...], y: Any) -> Any:
    """The node for a result that is a Python or NumPy number; any other result unchanged.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> recorded(BY_NAME["mul"], (Value(2.0), 3), 6.0), recorded(BY_NAME["mul"], (2, "a"), "aa")
        (Value(data=6.0), 'aa')
    """
    if not Recording.is_on:
        return y
    kind = type(y)
    if kind is float or kind is int or (kind.__module__ == "numpy" and isinstance(y, float)):
        return _new(y, (row, *map(_operand, operands)))
    return y


def is_number(x: Any) -> bool:
    """Whether *x* may stand beside a node: a node, an int, float or bool, or a NumPy scalar."""
    if isinstance(x, Value):
        return True
    kind = type(x)
    if kind is float or kind is int or kind is bool:
        return True
    return kind.__module__ == "numpy" and isinstance(x, numbers.Real)


def _operand(x: Any) -> Any:
    """What `_made` keeps for an operand: the node itself, or an exact int or float."""
    return x if isinstance(x, Value) else _real(x)


def _real(x: Any) -> Number:
    kind = type(x)
    if kind is float or kind is int:
        return x  # type: ignore[no-any-return]
    if isinstance(x, Value):
        return plain(x)  # type: ignore[no-any-return]
    if isinstance(x, numbers.Integral):
        return int(x)
    if isinstance(x, numbers.Real):
        return float(x)
    raise TypeError(f"Value needs a real number, not {kind.__name__} {x!r:.40}; convert it first")


@cache
def _row(symbol: str, arity: int) -> Operator:
    """The table's row for a symbol, or one without formulas for an operation made by hand."""
    known = BY_SYMBOL.get((symbol, arity)) or BY_SYMBOL.get((symbol, 0))
    return known or Operator(symbol, symbol, "", ("",) * arity, "made by hand", "", ())


def _domain_error(row: Operator, operands: tuple[Any, ...]) -> Exception:
    """The error in the user's names; a constant is called by its number."""
    parameters = row.operand_names(len(operands))
    position, condition = broken_condition(row, tuple(map(plain, operands)))
    labels = {
        parameter: x.label or "…"
        for x, parameter in zip(operands, parameters, strict=True)
        if isinstance(x, Value)
    }
    names = [labels.get(p, str(x)) for x, p in zip(operands, parameters, strict=True)]
    domain = re.sub(r"\b[abc]\b", lambda match: labels.get(match[0], match[0]), condition)
    return DomainError(row.written(*names), names[position], plain(operands[position]), domain)


def facts_of(node: Value) -> Facts:
    """A node's label, place and gradient, to read or to set."""
    facts: Facts | None = getattr(node, "_facts", None)
    if facts is None:
        facts = node._facts = Facts()  # type: ignore[misc]
    return facts


def _copied(node: Value, memo: dict[int, Any]) -> Value:
    """A copy of one node whose operands are the copies in *memo*."""
    operands = (x if is_constant(x) else memo[id(x)] for x in node._made[1:])
    made = (node._made[0], *operands)
    copy = Value(0) if type(node) is ZeroValue else _new(decayed(node), made)
    old: Facts | None = getattr(node, "_facts", None)
    if old is not None:
        new = facts_of(copy)
        new.label, new.grad = old.label, old.grad
    return copy


def stripped(x: Any) -> Any:
    """*x* with the nodes in its lists, tuples and dicts made plain."""
    if isinstance(x, Value):
        return decayed(x)
    if type(x) in (list, tuple):
        return type(x)(map(stripped, x))
    return {key: stripped(item) for key, item in x.items()} if type(x) is dict else x
