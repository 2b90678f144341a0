"""Lets debuggers step over vrepl's own code, as they step over what Python does in C.

Which code that is, `tracebacks` knows.
"""

from __future__ import annotations

import bdb
from types import FrameType
from typing import Any

from vrepl.fronts.tracebacks import is_ours

__all__ = ["StepOver"]


class StepOver:
    """Python's debugger, from which IPython's and others are made, with our calls left alone.

    Example:
        >>> step_over = StepOver()
        >>> step_over.install()
        >>> step_over.remove()
    """

    def __init__(self) -> None:
        self._replaced = bdb.Bdb.dispatch_call
        self._method = self._dispatching()

    def install(self) -> None:
        """Begin to step over."""
        self._replaced = bdb.Bdb.dispatch_call
        bdb.Bdb.dispatch_call = self._method  # type: ignore[method-assign]

    def remove(self) -> None:
        """Leave the debugger as it was found."""
        if bdb.Bdb.dispatch_call is self._method:
            bdb.Bdb.dispatch_call = self._replaced  # type: ignore[method-assign]

    def _dispatching(self) -> Any:
        def dispatch_call(debugger: bdb.Bdb, frame: FrameType, arg: Any) -> Any:
            if is_ours(frame):
                return None  # what our code calls is a call of its own
            return self._replaced(debugger, frame, arg)

        return dispatch_call
