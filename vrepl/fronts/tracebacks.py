"""Takes vrepl's own frames out of tracebacks, so that they end on the line the user typed.

How a traceback is printed is left to the host.
"""

from __future__ import annotations

import sys
from types import FrameType, TracebackType

__all__ = ["is_ours", "trim"]


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs vrepl's own code, the generated operators included."""
    name = frame.f_globals.get("__name__", "")
    return isinstance(name, str) and name.partition(".")[0] == "vrepl"


def trim(error: BaseException | None = None) -> None:
    """Cut our frames out of an exception and of those it came from, in place.

    Args:
        error: The exception; by default the one that is being handled.
    """
    seen: set[int] = set()
    waiting = [sys.exception() if error is None else error]
    while waiting:
        problem = waiting.pop()
        if problem is None or id(problem) in seen:
            continue
        seen.add(id(problem))
        waiting += [problem.__cause__, problem.__context__]
        if isinstance(problem, BaseExceptionGroup):
            waiting += problem.exceptions
        if problem.__traceback__ is not None:
            _trim_chain(problem.__traceback__)


def _trim_chain(entry: TracebackType) -> None:
    """Skip our entries; the first one stays, since the exception refers to it."""
    while entry.tb_next is not None:
        if is_ours(entry.tb_next.tb_frame):
            entry.tb_next = entry.tb_next.tb_next
        else:
            entry = entry.tb_next
