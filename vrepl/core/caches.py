"""What Python's caches of results, `functools.cache` and `lru_cache`, make of whole nodes.

They keep a lone exact int apart from all else that is equal to it, a whole node among that. The
caches themselves, as a session imports them, are `twins.functools`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import CO_VARARGS
from typing import Any

__all__ = ["confuses", "takes_one"]


def takes_one(function: Callable[..., Any]) -> bool:
    """Whether a function can be called with a single number and nothing else.

    Example:
        >>> takes_one(lambda x, y=1: x), takes_one(lambda x, y: x), takes_one(lambda x, *, y: x)
        (True, False, False)
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return True
    if code.co_kwonlyargcount > len(getattr(function, "__kwdefaults__", None) or ()):
        return False
    if code.co_flags & CO_VARARGS:
        return True
    needed = code.co_argcount - len(getattr(function, "__defaults__", None) or ())
    return bool(code.co_argcount) and needed <= 1


def confuses(function: Any) -> bool:
    """Whether a function is a cache that finds for a whole node what it keeps for a float.

    Those that a session makes do not: they have a way of their own to tell their parameters.

    Example:
        >>> confuses(functools.cache(lambda x: x)), confuses(functools.cache(lambda x, y: x))
        (True, False)
    """
    if type(function) is not functools._lru_cache_wrapper:
        return False
    told = getattr(function, "cache_parameters", None)
    if told is None or isinstance(getattr(told, "__self__", None), dict):
        return False
    return not told()["typed"] and takes_one(function.__wrapped__)
