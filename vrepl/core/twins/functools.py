"""`functools` as a session imports it: what it remembers for a number, it finds for a node.

Only what remembers results differs.
"""

import functools as _functools
from collections.abc import Callable as _Callable
from typing import Any as _Any

from vrepl.core.caches import takes_one as _takes_one
from vrepl.core.twins import pass_for as _pass_for


def _remembering(function: _Callable[..., _Any], maxsize: _Any, typed: bool) -> _Any:
    """The function with its cache.

    Python keeps a lone exact int apart from all else that is equal to it, a node among them. Kept
    by type, which a node's is like an int's, both are one; any other call has a key that is equal.
    """
    made = _functools.lru_cache(maxsize, typed or _takes_one(function))(function)
    facts = made.cache_parameters() | {"typed": typed}
    made.cache_parameters = facts.copy
    return made


def lru_cache(maxsize: _Any = 128, typed: bool = False) -> _Any:
    """Least-recently-used cache decorator."""
    if callable(maxsize) and isinstance(typed, bool):
        return _remembering(maxsize, 128, typed)
    _functools.lru_cache(maxsize, typed)  # a mistake is told in Python's words
    return lambda function: _remembering(function, maxsize, typed)


def cache(user_function: _Callable[..., _Any], /) -> _Any:
    """Simple lightweight unbounded cache. Sometimes called "memoize"."""
    return _remembering(user_function, None, False)


lru_cache.__doc__, cache.__doc__ = _functools.lru_cache.__doc__, _functools.cache.__doc__
_pass_for(_functools, globals())
