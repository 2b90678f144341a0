"""Blocks of code whose typed numbers stay plain; which numbers are typed, a session knows.

A block is of its own thread and task.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["is_plain", "plain"]

_PLAIN: Final = ContextVar("vrepl_plain", default=False)
is_plain: Final = _PLAIN.get


@contextmanager
def plain() -> Iterator[None]:
    """A block in which typed numbers stay plain numbers, and nothing pays for a graph.

    Functions of the session that are called in it give plain numbers for those they hold.
    Nodes that exist already go on remembering.

    Example:
        >>> with plain():
        ...     is_plain()
        True
        >>> is_plain()
        False
    """
    before = _PLAIN.set(True)
    try:
        yield
    finally:
        _PLAIN.reset(before)
