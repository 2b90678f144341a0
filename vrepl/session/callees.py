"""Functions that a closed loop may call: for data they give data, and run no code but their own.

A function is judged once, by the text of its cell; what that text reads besides its parameters is
looked up whenever a loop that calls it asks. A loop that got its answer calls a function compiled
from the same text, in which nothing has to ask either.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, CellType, CodeType, FunctionType
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary, ref

from vrepl.core.twins import math as mathematics
from vrepl.session.arithmetic import is_builtin
from vrepl.session.closed import ROUNDING, Needs, needs_of_function
from vrepl.session.data import Reading
from vrepl.session.escapes import Unseen, unseen
from vrepl.session.flow import parameters
from vrepl.session.kinds import Known
from vrepl.session.pristine import are_builtins
from vrepl.session.proof import without_warnings
from vrepl.session.trees import everything, location
from vrepl.session.typed import FUTURES

__all__ = ["Called", "reading"]

# A loop that calls more functions than this, directly or through others, asks in each operation.
_MOST_FUNCTIONS: Final = 12
_MATH: Final = "math"
_ROUNDING: Final = [getattr(math, name) for name in ROUNDING & vars(math).keys()]
_SILENT: Final = frozenset(
    f for f in vars(math).values() if type(f) is BuiltinFunctionType and f not in _ROUNDING
)
_KINDS: Final = (BuiltinFunctionType, type(vars(mathematics)["sin"]))

_Function: TypeAlias = "ast.FunctionDef | ast.Lambda"


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is known of a function by its text.

    Attributes:
        needs: What it needs to give data for data; None where that is not known.
        bare: What it needs to give no node for data without nodes; it types none either.
        code: It as it was typed, compiled so that the functions it calls and the module `math` are
            free variables; None where it cannot be.
    """

    needs: Needs | None = None
    bare: Needs | None = None
    code: CodeType | None = None

    def is_recording(self) -> bool:
        """Whether it does otherwise than as typed where there are float nodes."""
        needs = self.needs
        return needs is None or _MATH in needs.modules or "sum" in needs.builtins


@dataclass(slots=True)
class _Callee:
    """One function that a loop calls, and what it finds by names.

    Attributes:
        function: It; not kept alive, as nothing here keeps it.
        judged: What is known of it by its text.
        code: Its code.
        defaults: Its defaults.
        named: Its defaults of parameters that are given by name.
        called: The functions it calls by name, each with the name and where it stands in the
            closure, -1 for a global.
        values: Where the values stand that it reads.
        callers: Of those, where the ones stand whose methods are called.
    """

    function: ref[FunctionType]
    judged: _Judged
    code: CodeType
    defaults: tuple[Any, ...] | None
    named: dict[str, Any] | None
    called: list[tuple[_At, ref[Any]]]
    values: list[_At]
    callers: list[_At]

    def is_as_before(self, bound: Mapping[str, Any]) -> bool:
        """Whether it is made of the same parts, and calls the same functions."""
        function = self.function()
        return (
            function is not None
            and function.__globals__ is bound
            and function.__code__ is self.code
            and function.__defaults__ is self.defaults
            and function.__kwdefaults__ is self.named
            and (not self.called or all(f() is _read(function, at) for at, f in self.called))
        )


@dataclass(slots=True)
class Called:
    """Functions that a loop calls, and what they read besides what they are given.

    Attributes:
        given: The functions that the loop itself calls, not kept alive.
        does: What they and the loop do.
        modules: Names of modules, each with those of the functions that are called of it.
        builtins: Names that have to mean builtins.
        callees: Each function of the session, also those that others call.
        answer: What the loop may call instead of those given.
    """

    given: list[ref[Any]]
    does: Reading
    modules: tuple[tuple[str, tuple[str, ...]], ...]
    builtins: frozenset[str]
    callees: list[_Callee]
    answer: tuple[Any, ...] = ()

    def is_as_before(self, functions: tuple[Any, ...], bound: Mapping[str, Any]) -> bool:
        """Whether the same functions are given, and nothing about them has changed."""
        if len(functions) != len(self.given) or any(
            f is not old() for f, old in zip(functions, self.given, strict=True)
        ):
            return False
        return are_builtins(self.builtins, bound) and all(
            c.is_as_before(bound) for c in self.callees
        )

    def values(self) -> list[Any]:
        """What has to be data."""
        found: list[Any] = []
        for callee in self.callees:
            found += callee.defaults or ()
            found += (callee.named or {}).values()
            found += [_read(callee.function(), at) for at in callee.values]
        return found

    def callers(self) -> list[Any]:
        """Of what has to be data, that whose methods are called."""
        return [_read(c.function(), at) for c in self.callees for at in c.callers]


# Where a function finds something: the name of a global, or a place in its closure.
_At: TypeAlias = "str | int"
_UNBOUND: Final = object()  # no data


def _read(function: Any, at: _At) -> Any:
    if type(at) is str:
        return function.__globals__.get(at)
    try:
        return function.__closure__[at].cell_contents
    except ValueError:
        return _UNBOUND


_found: WeakKeyDictionary[Any, dict[Any, Called | None]] = WeakKeyDictionary()


def reading(functions: tuple[Any, ...], bound: Mapping[str, Any], does: Reading) -> Called | None:
    """What *functions* read when a loop calls them; None where one might give a whole node.

    Args:
        functions: What the loop calls.
        bound: The names of the session.
        does: What the loop itself does.

    Example:
        >>> reading((math.sin,), {}, Reading()).answer
        (<built-in function sin>,)
        >>> reading((math.floor,), {}, Reading()) is None
        True
    """
    if any(type(f) is not FunctionType and type(f) not in _KINDS for f in functions):
        return None  # asking it for its hash could run code of the user
    kept = _found.setdefault(functions[0], {})
    found = kept.get(does)
    if found is None or not found.is_as_before(functions, bound):
        found = kept[does] = _called(functions, bound, does)
    return found


def _called(functions: tuple[Any, ...], bound: Mapping[str, Any], does: Reading) -> Called | None:
    judged: dict[FunctionType, _Judged] = {}
    callees: list[_Callee] = []
    modules: tuple[tuple[str, tuple[str, ...]], ...] = ()
    names: frozenset[str] = frozenset()
    pending = list(functions)
    while pending:
        function = pending.pop()
        if type(function) in _KINDS and function in _SILENT:
            continue
        if type(function) is not FunctionType or function.__globals__ is not bound:
            return None
        if function in judged:
            continue
        found = judged[function] = _judge(function.__code__)
        needs = found.bare if does.nodeless else found.needs
        if needs is None or len(judged) > _MOST_FUNCTIONS:
            return None
        callee = _callee(function, found, needs)
        if callee is None:
            return None
        callees.append(callee)
        names |= needs.builtins.keys()
        modules += needs.functions_of_modules()
        does = does._replace(
            attributes=(*does.attributes, *needs.attributes),
            stores=does.stores or needs.stores,
            calls=does.calls or needs.calls,
        )
        pending += [called() for _, called in callee.called]
    if not are_builtins(names, bound):
        return None
    made = Called(list(map(ref, functions)), does, modules, names, callees)
    made.answer = _answer(functions, callees, does.nodeless)
    return made


def _callee(function: FunctionType, judged: _Judged, needs: Needs) -> _Callee | None:
    free = {name: i for i, name in enumerate(function.__code__.co_freevars)}
    called: list[tuple[_At, ref[Any]]] = []
    for name in needs.functions:
        at = free.get(name, name)
        try:
            called.append((at, ref(_read(function, at))))
        except TypeError:
            return None
    values = [free.get(name, name) for name in needs.data]
    callers = [free.get(name, name) for name in needs.callers]
    parts = function.__code__, function.__defaults__, function.__kwdefaults__
    return _Callee(ref(function), judged, *parts, called, values, callers)


def _answer(functions: tuple[Any, ...], callees: list[_Callee], nodeless: bool) -> tuple[Any, ...]:
    """What a loop may call instead of *functions*: the same, as they were typed."""
    for callee in callees:
        judged = callee.judged
        if judged.bare is None or judged.code is None:
            return functions
        if judged.is_recording() and not nodeless:
            return functions
    cells = {callee.function(): CellType() for callee in callees}
    for callee in callees:
        cells[callee.function()].cell_contents = _typed(callee, cells, nodeless)
    return tuple(cells[f].cell_contents if f in cells else _builtin(f, nodeless) for f in functions)


def _typed(callee: _Callee, cells: Mapping[Any, CellType], nodeless: bool) -> FunctionType:
    function, code = callee.function(), callee.judged.code
    assert function is not None
    assert code is not None
    around = dict(zip(callee.code.co_freevars, function.__closure__ or (), strict=True))
    around[_MATH] = CellType(math)
    for at, called in callee.called:
        name = callee.code.co_freevars[at] if isinstance(at, int) else at
        around[name] = cells.get(called()) or CellType(_builtin(called(), nodeless))
    closure = tuple(around[name] for name in code.co_freevars)
    new = FunctionType(code, function.__globals__, function.__name__, callee.defaults, closure)
    new.__kwdefaults__ = callee.named
    new.__qualname__ = function.__qualname__
    return new


def _builtin(function: Any, nodeless: bool) -> Any:
    return getattr(function, "original", function) if nodeless else function


# --- texts ---------------------------------------------------------------------------------------

_judged: WeakKeyDictionary[CodeType, _Judged] = WeakKeyDictionary()


def _judge(code: CodeType) -> _Judged:
    found = _judged.get(code)
    if found is None:
        found = _Judged()
        node = _parsed(code)
        nobody = unseen(node, is_builtin) if isinstance(node, ast.FunctionDef) else Unseen()
        known = Known({}, is_builtin, nobody.names, nobody.totals)
        needs = node and needs_of_function(node, known)
        if node and needs:
            bare = needs_of_function(node, known, nodeless=True)
            found = _Judged(needs, bare, _compiled(node, code, bare) if bare else None)
        _judged[code] = found
    return found


def _parsed(code: CodeType) -> _Function | None:
    """The function in the text of its cell; None where that is gone or might have changed."""
    text = linecache.cache.get(code.co_filename)
    if text is None or len(text) < 4 or text[1] is not None:  # a file can be edited
        return None
    try:
        with without_warnings():
            tree = ast.parse("".join(text[2]))
    except Exception:  # a cell that is no plain Python
        return None
    found = [node for node in everything(tree) if _is_of(node, code)]
    return found[0] if len(found) == 1 else None  # type: ignore[return-value]


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


def _compiled(node: _Function, code: CodeType, needs: Needs) -> CodeType | None:
    """A function as it was typed, inside another whose parameters are its free variables."""
    if "." in code.co_qualname.replace(".<locals>.", ""):
        return None  # names in a class may be spelled otherwise
    names = {*code.co_freevars, *needs.functions, *([_MATH] if _MATH in needs.modules else [])}
    at = location(node)
    given = ast.arguments([], [ast.arg(n, **at) for n in names], None, [], [], None, [])
    body = ast.Expr(node, **at) if isinstance(node, ast.Lambda) else node
    around = ast.FunctionDef("around", given, [body], [], **at)
    flags = code.co_flags & FUTURES
    try:
        with without_warnings():
            outer = compile(
                ast.Module([around], []), code.co_filename, "exec", flags, dont_inherit=True
            )
    except Exception:
        return None
    inner = [part for part in _codes(next(_codes(outer))) if _is_of(node, part)]
    if len(inner) != 1 or not names.issuperset(inner[0].co_freevars):
        return None  # it reads its own name otherwise than to call itself
    return inner[0].replace(co_qualname=code.co_qualname)


def _codes(code: CodeType) -> Iterator[CodeType]:
    return (part for part in code.co_consts if type(part) is CodeType)
