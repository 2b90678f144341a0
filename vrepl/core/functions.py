"""The functions of the operator table as plain callables: `exp`, `tanh`, `relu` and the rest.

They record when handed a Value and otherwise give what `math` gives; each is made from its rows.
"""

from __future__ import annotations

import builtins
import inspect
import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import chain, groupby
from pkgutil import resolve_name
from types import BuiltinFunctionType
from typing import Any, Final, Self

import vrepl.core.methods  # noqa: F401  (gives Values their operators)
from vrepl.core.errors import DomainError
from vrepl.core.helpers import HELPERS
from vrepl.core.kinds import ValueType, maker
from vrepl.core.nodes import Recording
from vrepl.core.operators import OPERATORS, Operator
from vrepl.core.rows import ANY_NUMBER, ONE_LIST, TWO_LISTS
from vrepl.core.rules import compiled_partial, evaluate, vocabulary
from vrepl.core.value import FloatValue, Value, apply

__all__ = ["FUNCTIONS", "differentiable_partial", "recording", "recording_vocabulary"]


def _function(rows: tuple[Operator, ...]) -> Callable[..., Any]:
    """The function of the rows that share a name; they differ in their number of operands."""
    function = _collecting(rows[0]) if rows[0].takes else _counting(rows)
    function.__name__ = function.__qualname__ = rows[0].symbol
    function.__module__ = "vrepl"
    function.__doc__ = "\n".join(map(_documentation, rows))
    return function


def _counting(rows: tuple[Operator, ...]) -> Callable[..., Any]:
    by_arity = {row.arity: row for row in rows}
    alone = _alone(by_arity[1]) if 1 in by_arity else None
    takes = " or ".join(f"{n} operand{'s' if n > 1 else ''}" for n in sorted(by_arity))

    def function(*operands: Any) -> Any:
        __tracebackhide__ = True
        if alone is not None and len(operands) == 1 and (node := alone(operands[0])) is not None:
            return node
        row = by_arity.get(len(operands))
        if row is None:
            raise TypeError(f"{rows[0].symbol}() takes {takes}, got {len(operands)}")
        return apply(row, *operands)

    return function


def _alone(row: Operator) -> Callable[[Any], Any]:
    """What makes the node of a function of one float node; None where `apply` has to be asked.

    Measured: a sine takes a sixth of the time that it takes in `apply`.
    """
    compute, new, plain = evaluate(row), maker(FloatValue), float.__pos__

    def made(x: Any) -> Any:
        if type(x) is not FloatValue or not Recording.is_on:
            return None
        try:
            y = compute(plain(x))
        except (ArithmeticError, ValueError):
            return None  # `apply` meets it again and says which operand it was
        if type(y) is not float:
            return None
        node = new(y)
        node._made = (row, x)
        return node

    return made


def _collecting(row: Operator) -> Callable[..., Any]:
    """A function of any number of operands, called as Python's own is called."""

    def function(*arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        if row.takes != ANY_NUMBER or (hasattr(builtins, row.symbol) and len(arguments) == 1):
            arguments = tuple(map(_listed, arguments))  # an iterator can be read only once
        operands = _operands(row, arguments, options)
        if not any(isinstance(x, Value) for x in operands):
            return _original(row)(*arguments, **options)
        return apply(row, *operands)

    return function


def _operands(
    row: Operator, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, ...]:
    """The operands of a call that may record; none where Python's own function answers.

    That is where it is called in a way of its own (`max(xs, key=f)`) or wrongly.
    """
    if set(options) == {"start"} and row.takes == ONE_LIST:
        arguments = ([options["start"], *arguments[0]],) if len(arguments) == 1 else ()
    elif options:
        return ()
    lists = [argument for argument in arguments if type(argument) is list]
    if row.takes == TWO_LISTS:
        paired = len(arguments) == len(lists) == 2 and len(lists[0]) == len(lists[1])
        return (*lists[0], *lists[1]) if paired else ()
    if len(lists) == len(arguments) == 1:
        return tuple(lists[0])
    alone = len(arguments) == 1 and hasattr(builtins, row.symbol)  # max(5) is an error
    return arguments if row.takes == ANY_NUMBER and not alone else ()


def _listed(argument: Any) -> Any:
    try:
        return list(argument)
    except TypeError:
        return argument


def _original(row: Operator) -> Callable[..., Any]:
    host = builtins if hasattr(builtins, row.symbol) else math
    return getattr(host, row.symbol)  # type: ignore[no-any-return]


def _documentation(row: Operator) -> str:
    """The docstring a row implies; its example is the row's last sample."""
    sample = row.samples[-1]
    domain = f" for {row.domain}" if row.domain else ""
    names = "y is the result" + ("; args are all operands, a the i-th" if row.takes else "")
    return (
        f"{row.summary[0].upper()}{row.summary[1:]}{domain}.\n\n"
        f"Its local derivative is {'; '.join(row.partials)} ({names}).\n\n"
        f"Example:\n    >>> {row.written(*map(repr, sample))}\n    {evaluate(row)(*sample)!r}\n"
    )


def _by_symbol() -> dict[str, Callable[..., Any]]:
    offered = [row for row in OPERATORS if row.is_offered]
    groups = groupby(sorted(offered, key=lambda row: row.symbol), lambda row: row.symbol)
    rows = {symbol: tuple(group) for symbol, group in groups}
    return {row.symbol: _function(rows[row.symbol]) for row in offered}


FUNCTIONS: dict[str, Callable[..., Any]] = _by_symbol()


@cache
def recording_vocabulary() -> dict[str, Any]:
    """The vocabulary of formulas, with functions that record when handed nodes.

    Example:
        >>> recording_vocabulary()["cos"](Value(0.0))
        Value(data=1.0)
    """
    return {**vocabulary(), **FUNCTIONS, **{row.name: _helper(row) for row in HELPERS}}


def _helper(row: Operator) -> Callable[..., Any]:
    if row.takes == ONE_LIST:
        return lambda operands: apply(row, *operands)
    return lambda *operands: apply(row, *operands)


@cache
def differentiable_partial(row: Operator, position: int) -> Callable[..., Any]:
    """The local derivative as a function of nodes, whose result can be differentiated again.

    Args:
        row: The operator.
        position: Which operand to differentiate by, from 0.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> from vrepl import slope
        >>> a = Value(0.5)
        >>> slope(differentiable_partial(BY_NAME["sin"], 0)(a, vrepl.sin(a)), a) == -math.sin(0.5)
        True
    """
    return compiled_partial(row, position, recording_vocabulary())


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
        if name in FUNCTIONS and type(original) is BuiltinFunctionType
    }


# Measured on 3.11, ns for sin of a float: math.sin 24, this 95, with `*operands` alone 116, asking
# `isinstance(operand, Value)` first 203: a metaclass makes isinstance slow. `Builtin` adds 29.
_TWIN: Final = """
def function(x=NOTHING, y=NOTHING, /, *others, **options):
    __tracebackhide__ = True
    kind = type(x)
    if (kind is float or kind is int) and {usual} and not options:
        return original({arguments})
    operands = tuple([operand for operand in (x, y) if operand is not NOTHING]) + others
    for operand in operands:
        if isinstance(operand, Value):
            try:
                return record(*operands, **options)
            except DomainError:
                break  # `math` speaks in its own words
    return original(*operands, **options)
"""
_ALONE: Final = {"usual": "y is NOTHING", "arguments": "x"}
# Of numbers in lists. Those of plain numbers take no longer than without us, so of a long one only
# both ends are looked at, and of an iterator the first item.
_LISTED: Final = """
def function(*arguments, **options):
    __tracebackhide__ = True
    if {iterates} and len(arguments) == 1 and not options and iter_is(arguments[0]):
        items = arguments[0]
        first = next(items, NOTHING)
        if first is NOTHING:
            return original(())
        arguments = ([first, *items] if is_node(first) else chain((first,), items),)
    for argument in arguments:
        kind = type(argument)
        if (kind is list or kind is tuple) and argument and holds_nodes(argument):
            try:
                return record(*arguments, **options)
            except DomainError:
                break
    return original(*arguments, **options)
"""
_LONGEST: Final = 256  # items of a list that are all looked at
_PAIRED: Final = {
    "usual": "(type(y) is float or type(y) is int) and not others",
    "arguments": "x, y",
}


class Builtin(partial[Any]):
    """A function that passes for a builtin one of `math` with everybody who looks at it.

    Pickle writes where the builtin one is found, so what it wrote can be read without vrepl. A
    library with a table of functions, as Numba has, finds the builtin one's row.

    Example:
        >>> import math
        >>> sin = recording(vars(math))["sin"]
        >>> sin, sin == math.sin, sin.__module__
        (<built-in function sin>, True, 'math')
    """

    original: Callable[..., Any]
    # `inspect`, `pydoc` and IPython ask `isinstance(f, BuiltinFunctionType)`, which believes this.
    __class__ = property(lambda self: BuiltinFunctionType)
    # What `inspect` is told, from 3.13 on, before it looks into a partial function.
    __signature__ = property(lambda self: inspect.signature(self.original))

    def __repr__(self) -> str:
        return repr(self.original)

    def __eq__(self, other: object) -> bool:
        return other is self or other is self.original

    def __hash__(self) -> int:
        return hash(self.original)

    def __reduce__(self) -> Any:
        return resolve_name, (f"{self.original.__module__}:{self.original.__name__}",)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


__test__ = {"Builtin": Builtin.__doc__}  # doctest looks for a class where its __module__ says it is
for _attribute in ("__name__", "__qualname__", "__module__"):
    setattr(Builtin, _attribute, getattr(BuiltinFunctionType, _attribute))

# What a builtin function says about itself, and `inspect` reads its signature from.
_SAYS: Final = (
    "__name__",
    "__qualname__",
    "__module__",
    "__self__",
    "__doc__",
    "__text_signature__",
)


def _is_iterator(x: Any) -> bool:
    return hasattr(type(x), "__next__")


def _is_node(x: Any) -> bool:
    return type(type(x)) is ValueType


def _holds_nodes(items: list[Any] | tuple[Any, ...]) -> bool:
    """Whether there is a node in a list; in a long one, at its ends."""
    if len(items) > _LONGEST:
        return _is_node(items[0]) or _is_node(items[-1])
    return ValueType in map(type, map(type, items))


@cache  # a module that is loaded again has the same functions
def _twin(record: Callable[..., Any], original: Callable[..., Any]) -> Builtin:
    rows = [row for row in OPERATORS if row.is_offered and row.symbol == original.__name__]
    if rows[0].takes in (ONE_LIST, TWO_LISTS):
        text = _LISTED.format(iterates=rows[0].takes == ONE_LIST)
    else:
        text = _TWIN.format(**(_PAIRED if {row.arity for row in rows} == {2} else _ALONE))
    scope: dict[str, Any] = {"__name__": __name__, "chain": chain}
    scope |= {"NOTHING": object(), "Value": Value, "DomainError": DomainError}
    scope |= {"iter_is": _is_iterator, "is_node": _is_node, "holds_nodes": _holds_nodes}
    scope |= {"record": record, "original": original}
    exec(compile(text, f"<vrepl {original.__name__}>", "exec"), scope)
    twin = Builtin(scope["function"])
    twin.original = original
    vars(twin).update({name: getattr(original, name, None) for name in _SAYS})
    return twin
