"""Counts the nodes that are alive and stops recording while there are too many.

It asks the garbage collector, which passes by anyway, and costs an operation nothing; what is said
about it, and when recording goes on, is left to the front ends.
"""

from __future__ import annotations

import _thread
import gc
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from vrepl.core import methods
from vrepl.core.collector import STRIDE, Pace, alive
from vrepl.core.nodes import Recording
from vrepl.core.threads import is_free_threaded

__all__ = ["Limit"]

# Asking how much memory is taken takes at most this share of the time (0.1 ms for a million
# blocks), however often the collector comes by; so does counting nodes that are known to be too
# many, for each cell that begins anew.
_SHARE = 0.05
# Seconds after which an interrupt that came while we looked is tried again.
_AGAIN = 0.002
# A node takes two blocks of memory at least: itself, and how it was made.
_BLOCKS = 2


class Limit:
    """Watches how many nodes are alive, and keeps the collector from going through them too often.

    Args:
        most: Gives the number of nodes from which operations give plain numbers.

    Example:
        >>> limit = Limit(lambda: 1000)
        >>> limit.look()
        >>> limit.reached
        0
    """

    def __init__(self, most: Callable[[], int]) -> None:
        self.most = most
        self.reached = 0
        self._next = 0.0
        self._enough = 0
        self._full = sys.maxsize  # blocks with which there are still too many
        self._count = 0
        self._due = 0.0
        self._pace = Pace()
        self._hook = self._unraisable
        self._replaced = sys.unraisablehook

    def install(self) -> None:
        """Begin to watch."""
        is_free_threaded()  # imports, which an import that is interrupted by the collector forbids
        gc.callbacks.append(self._collected)
        self._replaced, sys.unraisablehook = sys.unraisablehook, self._hook

    def remove(self) -> None:
        """Watch no more, and let operations record."""
        gc.callbacks[:] = [other for other in gc.callbacks if other != self._collected]
        if sys.unraisablehook == self._hook:
            sys.unraisablehook = self._replaced
        self._pace.stop()
        self.resume()

    def resume(self) -> int:
        """Let operations record again; how many nodes were alive when they stopped, 0 for never."""
        reached, self.reached, self._enough = self.reached, 0, 0
        if reached and not Recording.is_on:
            methods.record(True)
        return reached

    def look(self) -> None:
        """Stop recording when too many nodes are alive."""
        began = time.perf_counter()
        blocks = sys.getallocatedblocks()
        self._next = began + (time.perf_counter() - began) / _SHARE
        most = self.most()
        if not Recording.is_on or blocks < max(self._enough, _BLOCKS * most):
            return
        if blocks < self._full or began >= self._due:
            self._count = alive(STRIDE if most > 100 * STRIDE else 1)
            now = time.perf_counter()
            self._due = now + (now - began) / _SHARE
        count = self._count
        if count > most:
            self.reached = count
            self._full = blocks - _BLOCKS * (count - most)
            methods.record(False)
        else:  # before so many more blocks are taken, there cannot be too many
            self._enough = blocks + max(_BLOCKS * (most - count), most // 8)

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        """Called by the garbage collector; the youngest generation says nothing about growth."""
        if not info["generation"] and not is_free_threaded():
            return
        self._pace.collected(phase, info["generation"])
        if phase == "stop" and time.perf_counter() >= self._next:
            self.look()

    def _unraisable(self, problem: sys.UnraisableHookArgs, /) -> None:
        """Python drops what is raised in `_collected`; the user's Ctrl-C must not be lost.

        It often comes there: Python hands an interrupt on when a collection is over, and a loop
        that builds nodes makes it collect all the time.
        """
        # From 3.14 on the function it came from is only named.
        is_own = problem.object == self._collected or repr(self._collected) in str(problem.err_msg)
        if is_own and isinstance(problem.exc_value, KeyboardInterrupt):
            _thread.start_new_thread(_interrupt, ())
        else:
            self._replaced(problem)


def _interrupt() -> None:
    time.sleep(_AGAIN)
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:  # a signal wakes a thread that waits, too
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
