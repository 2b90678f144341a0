"""What the rewritten code of a cell calls while it runs: make a leaf, decide about an argument.

Functions compiled in a session keep calling these for as long as they live, so they need nothing
that an unload takes away.
"""

from __future__ import annotations

from typing import Any

from vrepl.core.nodes import LITERAL
from vrepl.core.value import leaf

__all__ = ["argument", "literal"]


def literal(number: int | float) -> Any:
    """A new leaf for a number that was typed.

    Example:
        >>> literal(2.0)
        Value(data=2.0)
    """
    return leaf(number, LITERAL)


def argument(callee: Any, number: int | float) -> Any:
    """A typed argument: a leaf for what the session itself defined, the number for a library.

    Enums look their members up by number and count as a library.

    Example:
        >>> argument(print, 2.0)
        2.0
    """
    kind = type(callee)
    module = getattr(callee, "__module__", None)
    if kind.__module__ == "enum" or "__main__" not in (module, kind.__module__):
        return number
    return leaf(number, LITERAL)
