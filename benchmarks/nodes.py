"""Loops that build nodes, beside the same loops with micrograd's `Value`: time and memory.

On a busy machine: for a counter 10 to 12 times faster on 3.11 and 3.12, and 7 on 3.13, whose
collector comes by less often and so costs micrograd less; 10 to 14 for a weighted sum, 14 to 32 for
Euler steps; 7 to 8 times smaller. Whole nodes are slower because each has a namespace of its own
(`kept_of`), which the collector visits too.
"""

from __future__ import annotations

import gc
import math
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from vrepl.core.nodes import LITERAL
from vrepl.core.value import leaf

__all__ = ["report"]

STEPS = 50_000
ROUNDS = 5
Make = Callable[[float], Any]


def counter(value: Make, steps: int) -> Any:
    """An integer counter: one operation a step."""
    n = value(0)
    for _ in range(steps):
        n += 1
    return n


def accumulate(value: Make, steps: int) -> Any:
    """A weighted sum: two operations a step."""
    s, w = value(0.0), value(2.0)
    for i in range(steps):
        s = s + w * i
    return s


def euler(value: Make, steps: int) -> Any:
    """Euler steps of an oscillator: five operations a step."""
    x, v, dt, k = value(1.0), value(0.0), value(0.001), value(2.0)
    for _ in range(steps):
        x, v = x + v * dt, v - k * x * dt
    return x, v


LOOPS = ((counter, 1), (accumulate, 2), (euler, 5))


def typed(number: float) -> Any:
    """A number as a cell types it."""
    return leaf(number, LITERAL)


def report() -> Iterator[str]:
    """One line for each loop; the garbage collector runs as it does by default."""
    try:
        from micrograd.engine import Value
    except ImportError:
        yield "loops that build nodes: micrograd is missing; pip install --group benchmarks"
        return
    sys.setrecursionlimit(100_000)  # micrograd's chains are let go recursively
    yield f"{'loops that build nodes':28}{'ns/operation':>14}{'micrograd':>11}{'ratio':>8}" + (
        f"{'bytes/operation':>18}{'micrograd':>11}{'ratio':>8}"
    )
    for loop, operations in LOOPS:
        ours, theirs = _times(loop, (typed, Value))
        small, large = (_memory(loop, make) for make in (typed, Value))
        name = (loop.__doc__ or "").partition(":")[0].lower()
        count = STEPS * operations
        yield (
            f"{name:28}{ours / count * 1e9:14.0f}{theirs / count * 1e9:11.0f}{theirs / ours:7.1f}x"
            f"{small / count:18.0f}{large / count:11.0f}{large / small:7.1f}x"
        )


def _times(loop: Callable[[Make, int], Any], makers: tuple[Make, ...]) -> list[float]:
    best = [math.inf] * len(makers)
    for _ in range(ROUNDS):
        for i, make in enumerate(makers):
            gc.collect()
            began = time.process_time()
            kept = loop(make, STEPS)
            best[i] = min(best[i], time.process_time() - began)
            del kept
    return best


def _memory(loop: Callable[[Make, int], Any], make: Make) -> float:
    """The bytes that the result of a loop holds."""
    gc.collect()
    tracemalloc.start()
    kept = loop(make, STEPS)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return held
