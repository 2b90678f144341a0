"""Tells whether this is a Python whose threads run at the same time.

There each thread counts references for itself, and the garbage collector has one generation.
"""

from __future__ import annotations

import sysconfig
from functools import cache

__all__ = ["is_free_threaded"]


@cache
def is_free_threaded() -> bool:
    """Whether Python was built so; one that has been given its lock back works alike inside.

    Example:
        >>> import sys
        >>> is_free_threaded() == ("free-threading" in sys.version)
        True
    """
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
