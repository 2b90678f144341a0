"""What a rewritten cell calls while it runs: make a leaf, decide about an argument, ask a node.

Functions compiled in a session keep calling these for as long as they live, so they need nothing
that an unload takes away.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from numbers import Integral
from threading import get_ident
from types import ModuleType
from typing import Any, Final, NamedTuple, TypeAlias

from vrepl.core.blocks import is_plain
from vrepl.core.caches import confuses
from vrepl.core.functions import FUNCTIONS
from vrepl.core.kinds import ValueType
from vrepl.core.nodes import LITERAL
from vrepl.core.operators import Operator
from vrepl.core.payload import writer
from vrepl.core.twins import follow, followed
from vrepl.core.twins import math as mathematics
from vrepl.core.value import FloatValue, IntValue, apply, decayed, leaf, plain, stripped
from vrepl.session import callees, census, data, guards, operations
from vrepl.session.closed import CLOSED, PASS, PASSED
from vrepl.session.policy import FOLLOW, FOLLOWING, HARMLESS, SAME, TOTAL
from vrepl.session.pristine import are_builtins, are_functions, is_module

__all__ = [
    "OPERATIONS",
    "argument",
    "closed",
    "kind",
    "literal",
    "modules_named",
    "numbers",
    "numbers_named",
    "operation",
    "reals_named",
    "same",
    "total",
]


def literal(number: int | float) -> Any:
    """A new leaf for a number that was typed.

    Example:
        >>> literal(2.0)
        Value(data=2.0)
    """
    return number if is_plain() else leaf(number, LITERAL)


def argument(callee: Any, number: int | float) -> Any:
    """A typed argument: a leaf for what the session itself defined, the number for a library.

    Enums look their members up by number and count as a library, and models of Pydantic check what
    they are given and keep a number of their own: of `int | float` the exact type. So does, for
    whole numbers, a cache of results that a library made: it would find f(2) for f(2.0).

    Example:
        >>> argument(print, 2.0)
        2.0
    """
    kind = type(callee)
    module = getattr(callee, "__module__", None)
    if kind.__module__ == "enum" or "__main__" not in (module, kind.__module__):
        return number
    if type(number) is int and confuses(callee):
        return number
    if isinstance(callee, type) and hasattr(callee, "__pydantic_validator__"):
        return number
    return literal(number)


def kind(x: Any) -> Any:
    """`type(x)`, and for a node the type it passes for: `type(x) is float` holds.

    Example:
        >>> kind(literal(2.0)), kind("text")
        (<class 'float'>, <class 'str'>)
    """
    found = type(x)
    return found.native if _class_of(found) is ValueType else found


_class_of: Final = type  # which somebody may have put another in the place of


def same(a: Any, b: Any) -> bool:
    """`a is b` as without nodes: Python has one object for each small whole number.

    Example:
        >>> same(literal(5), literal(5)), same(literal(5), 5), same(literal(350), literal(350))
        (True, True, False)
    """
    if a is b or not (isinstance(a, IntValue) or isinstance(b, IntValue)):
        return a is b
    return plain(a) is plain(b)


_NOTHING: Final = object()
_sum: Final = sum
_LAST_BITS: Final = 1e-14


def total(iterable: Any, /, *start: Any, **named: Any) -> Any:
    """Python's `sum`, and the same number where nodes are added.

    From 3.12 on Python corrects the rounding of floats as it adds them, but of exact floats only.
    The last addition of nodes gets the corrected number where that differs in the last bits only.
    Elsewhere the correction is added as one more constant, so that what the graph says adds up. Of
    an iterator the first item tells whether it is worth keeping the others.

    Example:
        >>> tenths = [literal(0.1) for _ in range(10)]
        >>> total(tenths) == sum([0.1] * 10)
        True
    """
    __tracebackhide__ = True
    if sum is not _sum:
        return sum(iterable, *start, **named)
    items = iterable
    if type(items) is not list and type(items) is not tuple:
        items = iter(items)
        first = next(items, _NOTHING)
        if not isinstance(first, FloatValue):
            return sum(items if first is _NOTHING else chain((first,), items), *start, **named)
        items = [first, *items]
    y = sum(items, *start, **named)
    if type(y) is FloatValue:
        corrected = sum(map(decayed, items), *map(decayed, start), **stripped(named))
        is_new = all(y is not item for item in (*items, *start, *named.values()))
        if is_new and corrected != y:
            if math.isclose(corrected, y, rel_tol=_LAST_BITS):
                writer()(y, corrected)
            elif decayed(y) + (correction := corrected - decayed(y)) == corrected:
                return y + correction
    return y


# One template for all operators: Python's own operation, unless a whole node stands on the right
# of a number that would not ask it. The exact float comes first because it is the usual case.
# What it calls is no global: torch.compile would look for that in the module that it names.
_OPERATION: Final = """
def made(row, apply, IntValue, swallows):
    def {name}(left, right):
        __tracebackhide__ = True
        if type(right) is IntValue and (type(left) is float or swallows(left)):
            return apply(row, left, right)
        {compute}
    return {name}
"""


def operation(row: Operator, in_place: bool = False) -> Callable[[Any, Any], Any]:
    """The function that stands for ``left op right`` in a cell, or for ``left op= right``.

    Args:
        row: A row of the operator table that is written between its operands.
        in_place: Whether *left* may change itself, as a list does.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> operation(BY_NAME["mul"])(0.5, leaf(10))
        Value(data=5.0)
        >>> operation(BY_NAME["mul"])("ab", 2)
        'abab'
    """
    name = operations.names_of(row)[in_place]
    updated = f"left {row.symbol}= right\n        return left"
    compute = updated if in_place else f"return left {row.symbol} right"
    # What Python and ctypes name after the module that computes is the user's, not ours.
    scope: dict[str, Any] = {"__name__": "__main__"}
    text = _OPERATION.format(name=name, compute=compute)
    exec(compile(text, f"<vrepl {row.symbol}{'=' * in_place}>", "exec"), scope)
    function: Callable[[Any, Any], Any] = scope["made"](row, apply, IntValue, _swallows)
    function.__qualname__ = name
    return function


def _swallows(left: Any) -> bool:
    """Whether a number other than an exact float takes any int for a plain one.

    A bool multiplies as an int does. NumPy 1 computes with its scalars, NumPy 2 asks.
    """
    kind = type(left)
    if kind is bool:
        return True
    return kind.__module__ == "numpy" and isinstance(left, (float, Integral))


def numbers(*values: Any) -> bool:
    """Whether all *values* are plain numbers or float nodes: nothing there can give a whole node.

    Example:
        >>> numbers(2, 0.5, leaf(1.5)), numbers(2, leaf(3))
        (True, False)
    """
    for value in values:
        kind = type(value)
        if kind is not float and kind is not int and kind is not FloatValue:
            return False
    return True


_HARMLESS: Final = {int, float, bool, str, type(None)}


def harmless(*values: Any) -> bool:
    """Whether none of *values* is an object that may keep what it is compared with.

    Example:
        >>> harmless(2, leaf(3), "text"), harmless([2])
        (True, False)
    """
    return all(type(value) in _HARMLESS for value in values)


def numbers_named(*names: str) -> bool:
    """Whether the caller's globals of these names are plain numbers or float nodes.

    A name that is not bound is none; nothing is raised, and no code of the user runs.
    """
    bound = sys._getframe(1).f_globals
    return numbers(*[bound.get(name) for name in names])


def reals_named(*names: str) -> bool:
    """Whether the caller's globals of these names are floats or float nodes."""
    bound = sys._getframe(1).f_globals
    for name in names:
        kind = type(bound.get(name))
        if kind is not float and kind is not FloatValue:
            return False
    return True


def modules_named(*names: str) -> bool:
    """Whether the caller's globals of these names are the modules that `import` gives for them."""
    bound = sys._getframe(1).f_globals
    return all(is_module(name, bound) for name in names)


# Functions take longer to ask about, which pays only for a loop of more steps.
_CALLING: Final = 6


def closed(given: tuple[tuple[Any, ...], ...], facts: tuple[Any, ...]) -> bool | tuple[Any, ...]:
    """Whether nothing in a closed loop has to ask, and it pays to know.

    For a loop that calls functions the answer is what it may call instead of them.

    Args:
        given: What names of the function mean: values that have to be data, those that may also
            be whole nodes, of the first those whose methods are called, functions that are
            called, and all others.
        facts: As `vrepl.session.closed.question` writes them: names of more values, counts,
            callers and functions among the globals, modules with their functions, builtins, and
            then the fields of `data.Reading`.
    """
    try:
        return _closed(sys._getframe(1).f_globals, given, facts)
    except Exception:  # no question of ours may fail in the middle of somebody's cell
        return False


def _closed(
    bound: Mapping[str, Any], given: tuple[tuple[Any, ...], ...], facts: tuple[Any, ...]
) -> bool | tuple[Any, ...]:
    values, counts, callers, functions, others = given
    names, counted, calling, called, modules, builtins, *reading = facts
    if not are_builtins(builtins, bound):
        return False
    own = values, counts, others
    if names:
        values += tuple([bound.get(name) for name in names])
    does = data.Reading(*reading)
    calls = bool(functions or called)
    shortest = data.SHORTEST * (_CALLING if calls else 1)
    steps = does.steps
    if steps < shortest:
        steps = data.longest((*values, *counts, *map(bound.get, counted)))
        if steps < shortest:
            return False
    if calling:
        callers += tuple([bound.get(name) for name in calling])
    read = _Read(bound, own, values, callers, modules)
    if not calls:
        return read.is_closed(does, steps, given)
    functions += tuple([bound.get(name) for name in called])
    for nodeless in (True, False)[: 2 - does.nodeless]:
        more = callees.reading(functions, bound, does._replace(nodeless=nodeless))
        kept = *given, values, callers
        if more and read.but(more).is_closed(more.does, steps, kept):
            return more.answer
    return False


_Answer: TypeAlias = "bool | tuple[Any, ...]"
_passed: dict[int, list[_Answer]] = {}


def passing(answer: _Answer) -> _Answer:
    """Keeps what a test answers until the loop behind it takes it, in the same thread."""
    if answer:
        _passed.setdefault(get_ident(), []).append(answer)
    return answer


def passed() -> list[_Answer]:
    """What was passed on last, as something to go through once."""
    waiting = _passed[get_ident()]
    answer = [waiting.pop()]
    if not waiting:
        del _passed[get_ident()]
    return answer


class _Read(NamedTuple):
    """What a loop and the functions it calls read.

    Attributes:
        bound: The names of the session.
        own: What names of the function mean that the loop stands in.
        values: What has to be data.
        callers: Of those, the ones whose methods are called.
        modules: Names of modules, each with those of its functions that are called.
    """

    bound: Mapping[str, Any]
    own: tuple[tuple[Any, ...], ...]
    values: tuple[Any, ...]
    callers: tuple[Any, ...]
    modules: tuple[tuple[str, tuple[str, ...]], ...]

    def but(self, more: callees.Called) -> _Read:
        """The same and what functions read."""
        values, callers = (*self.values, *more.values()), (*self.callers, *more.callers())
        return _Read(self.bound, self.own, values, callers, (*self.modules, *more.modules))

    def is_closed(self, does: data.Reading, steps: int, kept: tuple[tuple[Any, ...], ...]) -> bool:
        """Whether it is all data, and no whole node hides in it.

        Args:
            does: What the loop does with it.
            steps: How many steps the loop takes.
            kept: Other tuples that hold values meanwhile.
        """
        silent = not self.callers or all(type(x) in data.COLLECTIONS for x in self.callers)
        if not silent and not does.calls:
            does = does._replace(calls=True)
        if not _are_data(self.values, does) or not are_functions(self.modules, self.bound):
            return False
        kept = *kept, self.values, self.callers
        shut = census.places(self.bound, self.own, kept, does.nodeless, steps)
        return shut is not None and (not shut or _are_data(self.values, does._replace(shut=shut)))


def _are_data(values: Iterable[Any], does: data.Reading) -> bool:
    return all(data.is_data(x, does) for x in values)


def _functions(module: ModuleType) -> ModuleType:
    """The functions of a module that record or could, whatever is put in their place later."""
    new = ModuleType(module.__name__)
    own = vars(module)
    vars(new).update({name: own[name] for name in FUNCTIONS.keys() & own.keys()})
    return new


# All that rewritten arithmetic refers to, by name.
OPERATIONS: Final[dict[str, Any]] = {
    guards.TYPE: type,
    guards.FLOAT: float,
    guards.INT: int,
    guards.LIST: list,
    guards.NUMBERS: numbers,
    guards.NUMBERS_NAMED: numbers_named,
    guards.REALS_NAMED: reals_named,
    guards.MODULES_NAMED: modules_named,
    guards.MATHEMATICS: mathematics,
    guards.MATH: math,
    guards.RECORDING: _functions(mathematics),
    guards.COMPUTING: _functions(math),
    guards.SUM: sum,
    guards.TEXT: str,
    guards.WHOLE: IntValue,
    SAME: same,
    TOTAL: total,
    CLOSED: closed,
    PASS: passing,
    PASSED: passed,
    FOLLOW: follow,
    HARMLESS: harmless,
    FOLLOWING["setattr"]: followed(setattr),
    FOLLOWING["delattr"]: followed(delattr),
} | {
    operations.names_of(row)[in_place]: operation(row, in_place)
    for row in operations.SYNTAX.values()
    for in_place in (False, True)
}
