"""Functions that a closed loop may call: for data they give data, and run no code but their own.

A function is judged once, by the text of its cell; what that text reads besides its parameters is
looked up whenever a loop that calls it asks.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import Any, Final, NamedTuple, TypeAlias, cast
from weakref import WeakKeyDictionary

from vrepl.core.twins import math as mathematics
from vrepl.session.census import Reading
from vrepl.session.closed import ROUNDING, Needs, needs_of_function
from vrepl.session.flow import parameters
from vrepl.session.kinds import Known
from vrepl.session.trees import everything

__all__ = ["Called", "reading"]

# A loop that calls more functions than this, directly or through others, asks in each operation.
_MOST_FUNCTIONS: Final = 12
_PYTHONS: Final = frozenset(f for f in vars(math).values() if type(f) is BuiltinFunctionType)
_SILENT: Final = _PYTHONS - {getattr(math, name) for name in ROUNDING & vars(math).keys()}
_KINDS: Final = (BuiltinFunctionType, type(vars(mathematics)["sin"]))

_Function: TypeAlias = "ast.FunctionDef | ast.Lambda"


class Called(NamedTuple):
    """What functions read besides what they are given.

    Attributes:
        values: What has to be data.
        callers: Of those, the ones whose methods are called.
        modules: Names of modules.
        does: What they and the loop do.
    """

    values: tuple[Any, ...]
    callers: tuple[Any, ...]
    modules: tuple[str, ...]
    does: Reading


def reading(functions: Iterable[Any], bound: Mapping[str, Any], does: Reading) -> Called | None:
    """What *functions* read when a loop calls them; None where one might give a whole node.

    Args:
        functions: What the loop calls.
        bound: The names of the session.
        does: What the loop itself does.

    Example:
        >>> reading([math.sin], {}, Reading()).values
        ()
        >>> reading([math.floor], {}, Reading()) is None
        True
    """
    pending = list(functions)
    seen: list[FunctionType] = []
    values: list[Any] = []
    callers: list[Any] = []
    modules: tuple[str, ...] = ()
    while pending:
        function = pending.pop()
        if (type(function) in _KINDS and function in _SILENT) or function in seen:
            continue
        if type(function) is not FunctionType or function.__globals__ is not bound:
            return None
        needs = _needs(function.__code__, does.nodeless)
        if (
            needs is None
            or len(seen) == _MOST_FUNCTIONS
            or not needs.builtins.keys().isdisjoint(bound)
        ):
            return None
        seen.append(function)
        read = _Names(function)
        values += read.defaults()
        values += map(read, needs.data)
        callers += map(read, needs.callers)
        pending += map(read, needs.functions)
        modules += tuple(needs.modules)
        does = does._replace(
            attributes=(*does.attributes, *needs.attributes),
            stores=does.stores or needs.stores,
            calls=does.calls or needs.calls,
        )
    return Called(tuple(values), tuple(callers), modules, does)


_UNBOUND: Final = object()  # no data


class _Names:
    """The names around a function."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.cells = dict(
            zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        )

    def __call__(self, name: str) -> Any:
        if name not in self.cells:
            return self.function.__globals__.get(name)
        try:
            return self.cells[name].cell_contents
        except ValueError:
            return _UNBOUND

    def defaults(self) -> Iterator[Any]:
        yield from self.function.__defaults__ or ()
        yield from (self.function.__kwdefaults__ or {}).values()


@dataclass(frozen=True, slots=True)
class _Judged:
    """What two kinds of loops need of a function to call it.

    Attributes:
        other: Where nodes may be in the data.
        nodeless: Where none may be.
    """

    other: Needs | None = None
    nodeless: Needs | None = None


_judged: WeakKeyDictionary[CodeType, _Judged] = WeakKeyDictionary()


def _needs(code: CodeType, nodeless: bool) -> Needs | None:
    found = _judged.get(code)
    if found is None:
        node = _found(code)
        found = _Judged(_of(node, False), _of(node, True)) if node else _Judged()
        _judged[code] = found
    return found.nodeless if nodeless else found.other


def _of(node: _Function, nodeless: bool) -> Needs | None:
    known = Known({}, lambda name: hasattr(builtins, name))
    return needs_of_function(node, known, nodeless)


def _found(code: CodeType) -> _Function | None:
    """The function in the text of its cell; None where that is gone or might have changed."""
    text = linecache.cache.get(code.co_filename)
    if text is None or len(text) < 4 or text[1] is not None:  # a file can be edited
        return None
    try:
        tree = ast.parse("".join(text[2]))
    except Exception:  # a cell that is no plain Python
        return None
    found = [node for node in everything(tree) if _is_of(node, code)]
    return cast("_Function", found[0]) if len(found) == 1 else None


def _is_of(node: ast.AST, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        is_same = code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    elif isinstance(node, ast.FunctionDef):
        lines = [node.lineno, *(part.lineno for part in node.decorator_list)]
        is_same = code.co_name == node.name and min(lines) == code.co_firstlineno
    else:
        return False
    given = code.co_argcount + code.co_kwonlyargcount
    given += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return is_same and parameters(node.args) == set(code.co_varnames[:given])
