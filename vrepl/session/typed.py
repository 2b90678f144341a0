"""Functions as they were typed, for compilers and processes that know none of our names.

What a session defines asks nodes by names that only this process has; here the same function is
compiled again from the text of its cell. Who has to be given it is decided elsewhere.
"""

from __future__ import annotations
import __future__

import ast
import linecache
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, Final

from vrepl.session.proof import without_warnings

__all__ = ["FUTURES", "as_typed"]

_OURS: Final = ("__vrepl_", "vrepl.core.twins.")
FUTURES: Final = sum(getattr(__future__, n).compiler_flag for n in __future__.all_feature_names)


def as_typed(function: Any) -> Any:
    """The function as it was typed; itself where nothing was rewritten or its text is gone.

    Defaults, attributes and the variables around it are shared with it.

    Example:
        >>> as_typed(len) is len, as_typed(as_typed) is as_typed
        (True, True)
    """
    if type(function) is not FunctionType or not _is_rewritten(function.__code__):
        return function
    code = _found(function.__code__)
    around = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    if code is None or not around.keys() >= set(code.co_freevars):
        return function
    cells = tuple(around[name] for name in code.co_freevars)
    name, defaults = function.__name__, function.__defaults__
    new = FunctionType(code, function.__globals__, name, defaults, cells)
    new.__kwdefaults__ = function.__kwdefaults__
    # From 3.14 on annotations are worked out when somebody asks, and may fail until then.
    is_lazy = getattr(function, "__annotate__", None) is not None
    annotations = "__annotate__" if is_lazy else "__annotations__"
    for attribute in (annotations, "__qualname__", "__module__", "__doc__"):
        setattr(new, attribute, getattr(function, attribute))
    vars(new).update(vars(function))
    return new


def _is_rewritten(code: CodeType) -> bool:
    return any(name.startswith(_OURS) for part in _inside(code) for name in part.co_names)


def _inside(code: CodeType) -> Iterator[CodeType]:
    """A piece of code and all that it defines."""
    pending = [code]
    while pending:
        part = pending.pop()
        yield part
        pending += (constant for constant in part.co_consts if type(constant) is CodeType)


def _found(code: CodeType) -> CodeType | None:
    """The same code in the text it came from, compiled as it stands there."""
    text = "".join(linecache.getlines(code.co_filename))
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | (code.co_flags & FUTURES)
    try:
        with without_warnings():
            whole = compile(text, code.co_filename, "exec", flags, dont_inherit=True)
    except Exception:  # the text is gone, or another's
        return None
    found = [part for part in _inside(whole) if _marks(part) == _marks(code)]
    if len(found) > 1:  # lambdas in one line
        found = [part for part in found if _span(part) == _span(code)]
    return found[0] if found else None


def _marks(code: CodeType) -> tuple[Any, ...]:
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return code.co_name, code.co_firstlineno, parameters


def _span(code: CodeType) -> tuple[Any, Any]:
    """Where what it runs starts and ends in the text."""
    known = [place for place in code.co_positions() if None not in place and place[3]]
    starts = [(line, column) for line, _, column, _ in known]
    ends = [(line, column) for _, line, _, column in known]
    return min(starts, default=None), max(ends, default=None)
