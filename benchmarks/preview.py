"""How long a key takes at a prompt: the preview of a growing line, over graphs of several sizes.

    python benchmarks/preview.py

Times are of the processor, in milliseconds, the worst key and the median, next to a yardstick: one
whole reverse sweep of the same graph. A key may take 16 ms; slopes of a large graph are worked out
in slices, and `keys` says after how many asks they are there.
"""

from __future__ import annotations

import time
from statistics import median

from vrepl import Value
from vrepl.core.nodes import adjoints, order
from vrepl.language.hover import inspect
from vrepl.language.preview import Previewer
from vrepl.session.session import Session

TEXT = "e = big*a + b*c - big/3.0"
SIZES = (10, 1_000, 5_000, 20_000, 100_000)


def session(size: int) -> Session:
    """A session with a node behind which stand so many others."""
    a, b, c = (Value(x, label=n) for n, x in {"a": 2.0, "b": -3.0, "c": 10.0}.items())
    big = a
    for i in range(size):
        big = big + (b if i % 2 else c)
    return Session.over({"a": a, "b": b, "c": c, "big": big})


def timed(work: object, *arguments: object) -> float:
    """Milliseconds of one call."""
    start = time.process_time()
    work(*arguments)  # type: ignore[operator]
    return 1000 * (time.process_time() - start)


def report(size: int) -> str:
    """A line for one size."""
    asked = session(size)
    big = asked.registry.namespace()["big"]
    sweep = min(timed(lambda: adjoints(order(big))) for _ in range(3))
    previewer = Previewer(asked)
    previewer.preview("a*b")  # compiles the formulas
    previewer.forget()
    keys = [timed(previewer.preview, TEXT[:end]) for end in range(1, len(TEXT) + 1)]
    while not previewer.preview(TEXT).is_final:
        keys.append(timed(previewer.preview, TEXT))
    warm = [timed(previewer.preview, TEXT + "*1.5"[:end]) for end in range(1, 5)]
    shown = "with slopes" if previewer.preview(TEXT).slopes else "value alone"
    inspection = timed(inspect, "big", asked)
    return (
        f"{size:9,} {max(keys):9.2f} {median(keys):9.2f} {max(warm):9.2f} {len(keys):6}"
        f" {sweep:9.2f} {inspection:9.2f}  {shown}"
    )


def main() -> None:
    """Print a line for each size."""
    print(f"keys of {TEXT!r}, milliseconds")
    print("    nodes     worst    median     known   keys  one sweep   inspect")
    for size in SIZES:
        print(report(size))


if __name__ == "__main__":
    main()
