"""Keeps our frames out of errors that others print: of threads, tests, tasks and other processes.

What the host itself shows of an error, `tracebacks` trims.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

from vrepl.fronts.tracebacks import is_ours, trim

__all__ = ["Uncaught"]

# What all functions of `traceback` take frames through; a private name, the same since 3.11.
_EXTRACTING: Final = "_extract_from_extended_frame_gen"


class Uncaught:
    """What reads tracebacks for whoever prints them, and what prints those of threads in C.

    Example:
        >>> hook = threading.excepthook
        >>> uncaught = Uncaught()
        >>> uncaught.install()
        >>> uncaught.remove()
        >>> threading.excepthook is hook
        True
    """

    def __init__(self) -> None:
        self._extracting: Any = vars(traceback.StackSummary).get(_EXTRACTING)
        self._our_extracting = classmethod(self._extract)
        self._excepthook: Any = threading.excepthook
        self._our_excepthook = self._thread_ended

    def install(self) -> None:
        """Begin to leave our frames out."""
        self._extracting = vars(traceback.StackSummary).get(_EXTRACTING)
        if self._extracting is not None:
            setattr(traceback.StackSummary, _EXTRACTING, self._our_extracting)
        self._excepthook = threading.excepthook
        threading.excepthook = self._our_excepthook

    def remove(self) -> None:
        """Leave Python's modules as they were found, unless somebody has changed them since."""
        if vars(traceback.StackSummary).get(_EXTRACTING) is self._our_extracting:
            setattr(traceback.StackSummary, _EXTRACTING, self._extracting)
        if threading.excepthook is self._our_excepthook:
            threading.excepthook = self._excepthook

    def _extract(
        self, kind: Any, /, frames: Iterator[tuple[FrameType, Any]], **options: Any
    ) -> Any:
        found = list(frames)
        others = [entry for entry in found if not is_ours(entry[0])]
        return self._extracting.__func__(kind, iter(others or found), **options)

    def _thread_ended(self, problem: Any, /) -> None:
        trim(problem.exc_value)
        error = problem.exc_value
        entry = problem.exc_traceback if error is None else error.__traceback__
        facts = problem.exc_type, error, entry, problem.thread
        self._excepthook(threading.ExceptHookArgs(facts))
