"""Keeps Python's collector from going through the nodes again and again while more are made.

Python collects everything whenever a quarter more objects have come. Nodes hold each other by the
hundred thousand and are in no cycle, so that finds nothing, and takes most of the time of a loop
that builds them: of 2 million, made in 3.6 s on 3.11, 3.2 s.
"""

from __future__ import annotations

import gc
import sys
import time
from typing import Final

from vrepl.core.value import FloatValue, IntValue

__all__ = ["STRIDE", "Pace", "alive"]

# Every STRIDE-th tracked object is looked at. Measured on 3.11: 6 million objects are listed in
# 0.14 s, and looking at all of them would take 0.29 s more.
STRIDE: Final = 97

# A collection that takes less time than this, in seconds, nobody notices.
_SHORT: Final = 0.02
# Collections of everything take at most this share of the time while there are many nodes, if one
# takes the longer the more blocks of memory there are.
_SHARE: Final = 0.1
# A collection is slow because of nodes where at least this part of all objects are; beside each
# stands how it was made.
_PART: Final = 0.1
_OLDEST: Final = 2
# So many collections of what is younger have to come before all is collected; never, that is.
_NEVER: Final = 2**30


def alive(stride: int = 1) -> int:
    """How many nodes there are, wherever they are held.

    Args:
        stride: Look at every *stride*-th object only; the answer is an estimate then.

    Example:
        >>> from vrepl import Value
        >>> before = alive()
        >>> kept = [Value(2.0) for _ in range(1000)]
        >>> alive() - before
        1000
    """
    return _counted(stride)[0]


def _counted(stride: int) -> tuple[int, int]:
    """How many nodes there are, and how many objects the collector goes through."""
    every = gc.get_objects()
    found = 0
    for thing in every[::stride]:
        kind = type(thing)
        if kind is FloatValue or kind is IntValue:
            found += 1
    return found * stride, len(every)


class Pace:
    """Lets the collector rest from collecting everything, for a multiple of what it last took.

    It sets the third of the collector's thresholds meanwhile, so what calls `gc.collect` collects
    everything as ever. What somebody else sets stays, but for that one where it was read from us.

    Example:
        >>> pace = Pace()
        >>> pace.collected("start", 2)
        >>> pace.collected("stop", 2)
        >>> pace.is_resting()
        False
    """

    def __init__(self) -> None:
        self._began = self._ended = self._until = 0.0
        self._took = 0.0
        self._blocks = 1
        self._is_resting = False
        self._before = gc.get_threshold()

    def is_resting(self) -> bool:
        """Whether the collector waits before it collects everything again."""
        return self._is_resting

    def collected(self, phase: str, generation: int) -> None:
        """Take note of a collection. It is called in the midst of one, so it imports nothing.

        Args:
            phase: "start" or "stop".
            generation: What is collected: 2 is everything.
        """
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        elif self._is_resting:
            if now >= self._until:
                self._go_on(now)
        elif gc.get_threshold()[_OLDEST] == _NEVER:
            self._restore()  # somebody read it while we rested, and set it again later
        elif generation == _OLDEST and now - self._began > _SHORT and _are_many_nodes():
            self._rest(now)

    def stop(self) -> None:
        """Give the collector its threshold back, unless somebody has set another."""
        if self._is_resting:
            self._is_resting = False
            self._restore()

    def _restore(self) -> None:
        """Set the third threshold alone: `gc.set_threshold(1000)` has set the first meanwhile."""
        now = gc.get_threshold()
        if now[_OLDEST] == _NEVER:
            gc.set_threshold(*now[:_OLDEST], self._before[_OLDEST])

    def _rest(self, now: float) -> None:
        self._blocks = sys.getallocatedblocks()
        self._took, self._ended = now - self._began, now
        self._until = now + self._took / _SHARE
        self._before = gc.get_threshold()
        self._is_resting = True
        gc.set_threshold(*self._before[:_OLDEST], _NEVER)

    def _go_on(self, now: float) -> None:
        """Rest no more, unless so much has come meanwhile that it would take too long again."""
        expected = self._took * sys.getallocatedblocks() / self._blocks
        self._until = self._ended + expected / _SHARE
        if now >= self._until:
            self.stop()


def _are_many_nodes() -> bool:
    nodes, objects = _counted(STRIDE)
    return nodes > _PART * objects
