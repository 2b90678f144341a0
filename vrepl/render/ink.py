"""Roles of text in terminal drawings, and the colours that can show them besides the words.

It knows how names and slopes look in colour; whether a terminal takes colour is left to the fronts.
Painters measure first and ink last, so that no width ever counts an escape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from vrepl.render.cells import cell_width

__all__ = ["NAME", "SLOPE", "Ink", "Run", "coloured", "inked", "plain", "width"]

NAME, SLOPE = "name", "slope"
# A terminal's own colours, so that its theme decides: the bright blue is read on black and white.
ESCAPES = {NAME: "\x1b[1m", SLOPE: "\x1b[94m"}
RESET = "\x1b[0m"

Ink = Callable[[str, str], str]  # (text, role) -> what to print


class Run(NamedTuple):
    """A piece of a line and its role, '' for none."""

    text: str
    role: str = ""


def plain(text: str, role: str) -> str:
    """*text* as it is.

    Example:
        >>> plain("slope -3.0", SLOPE)
        'slope -3.0'
    """
    return text


def coloured(text: str, role: str) -> str:
    r"""*text* with the escapes of its role around it, blanks at its ends left outside.

    Example:
        >>> coloured(" -3.0 ", SLOPE), coloured("data", "")
        (' \x1b[94m-3.0\x1b[0m ', 'data')
    """
    core = text.strip(" ")
    if not core or role not in ESCAPES:
        return text
    before, after = text.split(core, 1)
    return f"{before}{ESCAPES[role]}{core}{RESET}{after}"


def width(runs: Iterable[Run]) -> int:
    """How many terminal cells the runs take.

    Example:
        >>> width([Run("a", NAME), Run(" = 2.0")])
        7
    """
    return sum(cell_width(run.text) for run in runs)


def inked(runs: Iterable[Run], ink: Ink) -> str:
    """The runs as one text.

    Example:
        >>> inked([Run("a", NAME), Run(" = 2.0")], plain)
        'a = 2.0'
    """
    return "".join(ink(text, role) for text, role in runs)
