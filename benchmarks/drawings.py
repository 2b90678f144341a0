"""How long drawings take: prints seconds of the processor, and their ratio to building the graph.

Run `python benchmarks/drawings.py [--million]`. Seconds depend on the machine and on what else it
does; the ratios of one run can be compared with those of another.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from vrepl import Value, tanh
from vrepl.fronts.painting import Face
from vrepl.session.ask_graph import GraphAnswer
from vrepl.session.commands import ask
from vrepl.session.session import Session


def network(*sizes: int) -> Value:
    """A perceptron's loss with layers of *sizes*."""
    chance = random.Random(1)
    units = [Value(chance.uniform(-1, 1), label=f"x{i}") for i in range(sizes[0])]
    for layer, size in enumerate(sizes[1:], 1):
        before, units = units, []
        for unit in range(size):
            total = Value(chance.uniform(-1, 1), label=f"b{layer}_{unit}")
            for i, x in enumerate(before):
                total = total + Value(chance.uniform(-1, 1), label=f"w{layer}_{unit}_{i}") * x
            units.append(tanh(total))
            units[-1].label = f"h{layer}_{unit}"
    return (units[0] - 1.0) ** 2


def accumulation(steps: int) -> Value:
    """A loop: total = total + x * step."""
    x, total = Value(2.0, label="x"), Value(0.0, label="start")
    for step in range(steps):
        total = total + x * step
    return total


def recurrence(steps: int) -> Value:
    """A loop: h = tanh(w * h + u * step)."""
    w, u, h = Value(0.5, label="w"), Value(0.3, label="u"), Value(0.0, label="h0")
    for step in range(steps):
        h = tanh(w * h + u * step)
    return h


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """How long *run* keeps the processor busy, and what it gives."""
    start = time.process_time()
    found = run()
    return time.process_time() - start, found


def report(name: str, make: Callable[[], Value], command: str = "d") -> None:
    """Print how long it takes to build a graph, to ask for its drawing, and to paint it."""
    built, root = seconds(make)
    session = Session.over({"d": root})
    asked, answer = seconds(lambda: ask(session, "graph", command))
    assert isinstance(answer, GraphAnswer)
    face = Face(width=lambda: 80, encoding=lambda: "utf-8", rich=False)
    painted, bundle = seconds(lambda: face.paint(answer))
    lines = bundle["text/plain"].count("\n") + 1
    total = asked + painted
    print(
        f"{name:34} {answer.graph.total:9,} nodes  build {built:6.2f} s  ask {asked:6.2f} s"
        f"  paint {painted:5.2f} s  {total / built:6.1f} x build  {lines} lines"
    )


def main() -> None:
    """Measure the drawings that users wait for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--million", action="store_true", help="a million nodes, too")
    million = parser.parse_args().million
    accumulation(100_000)  # so that the first measurement is not of a cold start
    report("perceptron 2-4-1", lambda: network(2, 4, 1))
    report("network 8-21-20-1", lambda: network(8, 21, 20, 1))
    report("network 8-21-20-1, --style tree", lambda: network(8, 21, 20, 1), "d --style tree")
    report("accumulation, 1,000 steps", lambda: accumulation(1_000))
    report("recurrence, 1,000 steps", lambda: recurrence(1_000))
    report("accumulation, 100,000 nodes", lambda: accumulation(50_000))
    report("recurrence, 100,000 nodes", lambda: recurrence(25_000))
    if million:
        report("accumulation, a million nodes", lambda: accumulation(500_000))
        report("recurrence, a million nodes", lambda: recurrence(250_000))


if __name__ == "__main__":
    main()
