"""How long the language service takes to read a session file again after an edit.

    python benchmarks/language.py [LINES]

Times are of the processor, the best of several runs, next to a yardstick (Python parsing the same
text), because machines differ: what should stay is the ratio. The goal is 20 ms for 300 lines.
"""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable

from vrepl import Value
from vrepl.language import service
from vrepl.session.session import Session

RUNS = 7


def session(count: int) -> list[str]:
    """A session of so many lines in which nearly every line depends on those above it."""
    lines = ["from vrepl import tanh", "w = [0.5, -1.2]", "a0 = 2.0", "b0 = -3.0"]
    for i in range(1, (count - len(lines)) // 2 + 1):
        lines.append(f"a{i} = a{i - 1}*0.{i % 7 + 3} + b{i - 1}/2  # step {i}")
        lines.append(f"b{i} = tanh(a{i - 1}*w[0] + {i % 5}.5) - b{i - 1}**2/10")
    return lines


def best(work: Callable[[], object]) -> float:
    """The shortest time of several runs, in milliseconds."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def edited(lines: list[str], at: int) -> float:
    """Time after an edit of one line: reading, looking for mistakes, hints of 50 lines."""
    number = 0

    def once() -> float:
        nonlocal number
        number += 1
        changed = [*lines[:at], f"{lines[at]} + {number}.25", *lines[at + 1 :]]
        before = service.opened("\n".join(lines), "bench.ipy")
        start = time.process_time()
        after = service.opened("\n".join(changed), "bench.ipy", before)
        service.diagnose(after)
        service.hints(after, 100, 150)
        return time.process_time() - start

    return 1000 * min(once() for _ in range(RUNS))


def live(size: int) -> dict[str, float]:
    """Times of answers in a live session of so many nodes."""
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    node = a
    for _ in range(size):
        node = node + b
    other = Value(5.0, label="other")
    session = Session.over({"a": a, "b": b, "d": node, "other": other})
    line = "%slope d wrt other"
    return {
        "completion after wrt": best(lambda: service.complete("%slope d wrt ", session)),
        "diagnostics of a command": best(lambda: service.diagnose(service.typed(line, session))),
        "hint of a line": best(lambda: service.hints(service.typed("e = d*2", session))),
    }


def main() -> None:
    """Print a line for each measurement."""
    lines = session(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
    text = "\n".join(lines)
    replay = service.opened(text, "bench.ipy")
    yardstick = best(lambda: ast.parse(text))
    measured = {
        "parsed by Python": yardstick,
        "edited in the last line": edited(lines, len(lines) - 1),
        "edited in the middle": edited(lines, len(lines) // 2 // 2 * 2),
        "edited in the first number": edited(lines, 2),
        "hints of all lines again": best(lambda: service.hints(replay)),
        "names for colours": best(lambda: service.tokens(replay)),
    }
    print(f"{len(lines)} lines, milliseconds")
    for name, milliseconds in measured.items():
        print(f"{name:28} {milliseconds:8.2f} {milliseconds / yardstick:6.1f}x")
    for size in (10, 1_000, 100_000):
        print(f"\nlive session of {size:,} nodes, milliseconds")
        for name, milliseconds in live(size).items():
            print(f"{name:28} {milliseconds:8.2f}")


if __name__ == "__main__":
    main()
