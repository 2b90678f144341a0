"""What rewriting costs each cell: the examples and the sessions in `cells/`, cell by cell."""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

__all__ = ["report"]

HERE = Path(__file__).parent
FILES = (*sorted((HERE.parent / "examples").glob("*.ipy")), *sorted((HERE / "cells").glob("*.txt")))
ROUNDS = 10


def cells() -> Iterator[str]:
    """The cells of all files: between empty lines in sessions, after `# %%` in others."""
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".txt":
            yield from (cell for cell in text.split("# %%")[1:])
        else:
            lines = [line for line in text.splitlines() if not line.startswith(("%", "#"))]
            yield from "\n".join(lines).split("\n\n")


def report(transform: Callable[[ast.AST], ast.AST]) -> Iterator[str]:
    """Medians over the cells.

    Args:
        transform: What a session makes of a parsed cell.
    """
    times: dict[str, list[float]] = {"rewrite": [], "Python": [], "compile": []}
    for cell in cells():
        try:
            tree = ast.parse(cell)
        except SyntaxError:  # a line of IPython's own
            continue
        if not tree.body:
            continue
        times["rewrite"].append(_least(lambda tree=tree: transform(tree)))
        times["Python"].append(_least(lambda cell=cell: compile(cell, "<cell>", "exec")))
        new = ast.fix_missing_locations(transform(tree))
        times["compile"].append(
            _least(lambda new=new: [compile(ast.Module([s], []), "", "exec") for s in new.body])
        )
    yield f"{len(times['rewrite'])} cells{'median':>22}{'90 %':>12}{'most':>12}"
    for name, title in (
        ("rewrite", "rewriting"),
        ("compile", "compiling the result"),
        ("Python", "plain: parse, compile"),
    ):
        found = [t * 1e3 for t in times[name]]
        yield f"{title:22}{median(found):8.3f} ms{quantiles(found, n=10)[-1]:9.3f} ms" + (
            f"{max(found):9.3f} ms"
        )


def _least(function: Callable[[], Any]) -> float:
    best = math.inf
    for _ in range(ROUNDS):
        began = time.process_time()
        function()
        best = min(best, time.process_time() - began)
    return best
