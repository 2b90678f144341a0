"""Takes vrepl's own frames out of tracebacks, so that they end on the line the user typed.

How a traceback is printed is left to the host.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

__all__ = ["GENERATED", "LastError", "is_ours", "trim"]


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs vrepl's own code, the generated operators included."""
    name = frame.f_globals.get("__name__", "")
    is_named = isinstance(name, str) and name.partition(".")[0] == "vrepl"
    # Twins bear other names.
    return is_named or frame.f_code.co_filename.startswith((_OURS, GENERATED))


GENERATED = "<vrepl "  # how the names of files begin that generated code does not come from
# Where vrepl's files are.
_OURS = f"{Path(__file__).parents[1]}{os.sep}"


class LastError:
    """Lets the numbers go that the last error holds, once it is old.

    Python keeps the last error and with it every local name of the functions it came through,
    for ``%debug``; with nodes among them that can be a graph of millions. Its text and its lines
    stay.

    Example:
        >>> LastError().age()
    """

    CELLS = 10  # after so many cells more, nobody debugs it

    def __init__(self) -> None:
        self._error = 0  # an id: most exceptions cannot be referred to weakly
        self._age = 0

    def age(self) -> None:
        """Another cell has run."""
        error = getattr(sys, "last_value", None)
        if not isinstance(error, BaseException):
            return
        if id(error) != self._error:
            self._error, self._age = id(error), 0
        self._age += 1
        if self._age > self.CELLS:
            for problem in _chain(error):
                _empty(problem.__traceback__)


def _empty(entry: TracebackType | None) -> None:
    """Let the local names of a traceback go."""
    traceback.clear_frames(entry)
    while entry is not None:
        # Until 3.12 a frame keeps a copy of its names for those who asked; asking renews it.
        _ = entry.tb_frame.f_locals
        entry = entry.tb_next


def trim(error: BaseException | None = None) -> None:
    """Cut our frames out of an exception and of those it came from, in place.

    Args:
        error: The exception; by default the one that is being handled.
    """
    for problem in _chain(sys.exception() if error is None else error):
        entry = problem.__traceback__
        while entry is not None and is_ours(entry.tb_frame):
            entry = entry.tb_next
        if entry is not None:
            problem.__traceback__ = entry
            _trim_chain(entry)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        problem = waiting.pop()
        if problem is None or id(problem) in seen:
            continue
        seen.add(id(problem))
        waiting += [problem.__cause__, problem.__context__]
        if isinstance(problem, BaseExceptionGroup):
            waiting += problem.exceptions
        yield problem


def _trim_chain(entry: TracebackType) -> None:
    """Skip our entries behind the first one."""
    while entry.tb_next is not None:
        if is_ours(entry.tb_next.tb_frame):
            entry.tb_next = entry.tb_next.tb_next
        else:
            entry = entry.tb_next
