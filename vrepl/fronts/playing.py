"""Plays pictures in a terminal, each over the one before.

It moves the cursor and waits; what the pictures show is made elsewhere.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence

__all__ = ["can_move", "height", "play"]

SLOWEST = 0.8  # seconds a picture stays
LONGEST = 30.0  # seconds that all of them take
UP, CLEAR_LINE, HIDE, SHOW = "\x1b[{}A", "\x1b[K", "\x1b[?25l", "\x1b[?25h"


def can_move() -> bool:
    """Whether standard output is a terminal that understands cursor movements."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def height() -> int:
    """The lines a picture may have: all of the terminal's but the one for the cursor."""
    return shutil.get_terminal_size((80, 24)).lines - 1


def play(pictures: Sequence[Sequence[str]], wait: Callable[[float], None] = time.sleep) -> None:
    """Show *pictures* one over the other; the last one stays. Ctrl-C goes on to it at once.

    Args:
        pictures: Lines of text, equally many in each.
        wait: What passes the time.
    """
    if not pictures:
        return
    pause = min(SLOWEST, LONGEST / len(pictures))
    out = sys.stdout
    out.write(HIDE)
    try:
        for number, picture in enumerate(pictures):
            _show(picture, over=number > 0)
            if number + 1 < len(pictures):
                wait(pause)
    except KeyboardInterrupt:
        _show(pictures[-1], over=True)
    finally:
        out.write(SHOW)
        out.flush()


def _show(picture: Sequence[str], *, over: bool) -> None:
    begin = "\r" + UP.format(len(picture)) if over else ""
    sys.stdout.write(begin + "".join(f"{line}{CLEAR_LINE}\n" for line in picture))
    sys.stdout.flush()
