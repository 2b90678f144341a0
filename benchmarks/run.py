"""Prints what vrepl costs beside plain IPython and beside micrograd, as ratios of one run.

    python benchmarks/run.py [loops] [nodes] [cells]

Without words all parts run, for about two minutes. Read ratios: the times are this machine's.
"""

from __future__ import annotations

import ast
import platform
import sys
from collections.abc import Iterator
from typing import Any

import cells
import loops
import nodes
from IPython.core.interactiveshell import InteractiveShell

from vrepl.fronts.ipython import load

PARTS = ("loops", "nodes", "cells")


def main(words: list[str]) -> int:
    """Run the parts that are asked for; 2 for an unknown one."""
    if not set(words) <= set(PARTS):
        print(f"usage: python {sys.argv[0]} [{'] ['.join(PARTS)}]", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}")
    for part in words or PARTS:
        print()
        for line in _lines(part):
            print(line, flush=True)
    return 0


def _lines(part: str) -> Iterator[str]:
    if part == "nodes":
        return nodes.report()
    ip = InteractiveShell.instance()
    extension = load(ip)

    def transform(tree: ast.AST) -> Any:
        extension.ip.events.trigger("pre_execute")  # so that the tree counts as that of a cell
        return ip.transform_ast(tree)

    return (loops if part == "loops" else cells).report(transform)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
