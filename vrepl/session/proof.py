"""Shows that a rewritten cell runs, and says in one line why a sound cell stays as it was typed."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, cast

__all__ = ["explain", "proved"]

_MODES: Final[Mapping[type[ast.AST], str]] = {
    ast.Expression: "eval",
    ast.Interactive: "single",
    ast.Module: "exec",
}
_REASONS: Final[Mapping[type[BaseException], str]] = {
    RecursionError: "This cell is nested too deeply to rewrite; its numbers stay plain",
    MemoryError: "Memory ran out while this cell was rewritten; its numbers stay plain",
}
_QUIET: Final = ("ignore", None, SyntaxWarning, None, 0)


def proved(tree: ast.AST, apart: bool = False) -> ast.AST:
    """*tree*; raises what Python raises when it cannot run.

    IPython compiles each statement of a cell *apart*, so one can declare names global that
    another has used before it.

    Only cells that change are proved. Measured on 82 cells of user sessions: walk 0.015 ms, proof
    0.013 ms (medians; 0.08 ms together at most), which is too little to argue a proof away.
    """
    parts = [tree]
    if apart and type(tree) is ast.Module:
        parts = [ast.Module([statement], []) for statement in tree.body]
    with _without_warnings():
        for part in parts:
            compile(
                cast("ast.Module", part),
                "<cell>",
                _MODES[type(part)],
                flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
                dont_inherit=True,
            )
    return tree


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Leaves the warnings of the cell to the compilation that counts.

    ``warnings.catch_warnings`` would also reset the registries that show a warning once per
    place, so each cell would repeat the warnings of the cells before.
    """
    filters = cast("list[object]", warnings.filters)
    filters.insert(0, _QUIET)
    try:
        yield
    finally:
        filters.remove(_QUIET)


def explain(error: BaseException, tree: ast.AST, complain: Callable[[str], None]) -> None:
    """Says why the numbers stay plain, unless Python refuses the cell as it was typed too."""
    proved(tree)
    detail = f"{type(error).__name__}: {error}".splitlines()[0]
    complain(_REASONS.get(type(error), f"The numbers of this cell stay plain ({detail})"))
