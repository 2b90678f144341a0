"""Measures, shortens and neutralises text by terminal cells.

It knows characters; where the text goes is left to the painters.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

__all__ = ["cell_width", "clean", "pad", "shorten", "shorten_middle", "wrapped"]

NARROWEST = 4  # cells; below that an end says no more than a beginning

# Controls, format characters (bidi marks, joiners), surrogates, private and unassigned code
# points, line and paragraph separators: none has a width a terminal and we would agree on.
HARMFUL = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    from wcwidth import wcwidth

    harmless = unicodedata.category(character) not in HARMFUL and wcwidth(character) >= 0
    selector = "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"
    # Flags are pairs of letters and skin tones change the sign before them: terminals disagree.
    selector = selector or "\U0001f1e6" <= character <= "\U0001f1ff"
    selector = selector or "\U0001f3fb" <= character <= "\U0001f3ff"
    if harmless and not selector:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def clean(text: str) -> str:
    r"""*text* with every control, bidi or invisible character shown as its escape.

    Example:
        >>> print(clean("a\x1b[31m\n"))
        a\x1b[31m\n
    """
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(map(_shown, text))
    if shown and cell_width(shown[0]) == 0:  # a combining mark would land on what precedes it
        return shown[0].encode("unicode_escape").decode("ascii") + shown[1:]
    return shown


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    from wcwidth import wcwidth

    if unicodedata.category(character) == "Mc":  # takes a cell beside its letter: का
        return 1
    return max(0, wcwidth(character))


def cell_width(text: str) -> int:
    """How many terminal cells *text* takes; *text* is clean.

    Example:
        >>> cell_width("ab"), cell_width("数")
        (2, 2)
    """
    return len(text) if text.isascii() else sum(map(_character_width, text))


def shorten(text: str, limit: int, ellipsis: str = "…") -> str:
    """*text*, or its beginning and an ellipsis when it is wider than *limit* cells.

    Example:
        >>> shorten("x1*w1 + x2*w2", 8)
        'x1*w1 +…'
    """
    if cell_width(text) <= limit:
        return text
    room = limit - cell_width(ellipsis)
    if room < 0:
        return ellipsis[: max(0, limit)]
    kept = 0
    for position, character in enumerate(text):
        kept += _character_width(character)
        if kept > room:
            return text[:position].rstrip().removesuffix(ellipsis).rstrip() + ellipsis
    return text


def shorten_middle(text: str, limit: int, ellipsis: str = "…") -> str:
    """*text*, or its beginning and its end with an ellipsis between, in *limit* cells.

    Example:
        >>> shorten_middle("model.layers[0].w[1]", 12)
        'mod…[0].w[1]'
    """
    room = limit - cell_width(ellipsis)
    if cell_width(text) <= limit or room < NARROWEST:
        return shorten(text, limit, ellipsis)
    end, kept = len(text), 0
    while end and kept + _character_width(text[end - 1]) <= room * 3 // 4:
        end -= 1
        kept += _character_width(text[end])
    head = shorten(text, limit - kept, ellipsis).removesuffix(ellipsis)
    return head + ellipsis + text[end:]


def pad(text: str, width: int, right: bool = False) -> str:
    """*text* with blanks up to *width* cells, after it or (*right*) before it.

    Example:
        >>> pad("数", 4), pad("1", 3, right=True)
        ('数  ', '  1')
    """
    blanks = " " * (width - cell_width(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, width: int) -> list[str]:
    """*text* in lines of at most *width* cells, broken at blanks and further lines indented.

    Example:
        >>> wrapped("the sum over 3 paths", 12)
        ['the sum over', '  3 paths']
    """
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1].strip() else lines[-1] + word
        if cell_width(joined) > width and lines[-1].strip():
            lines.append(f"  {word}")
        else:
            lines[-1] = joined
    return [shorten(line, width) for line in lines]
