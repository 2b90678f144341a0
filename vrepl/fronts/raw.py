"""The suffix of a raw number: `2r` is a plain 2, as in Sage.

It becomes `2 .real`, which is Python, stays plain by the policy, and needs nobody to be understood.
"""

from __future__ import annotations

import re

__all__ = ["without_suffixes"]

_STRING = r'[a-zA-Z]{0,2}(?:"""(?:\\.|[^\\])*?"""' + r"|'''(?:\\.|[^\\])*?'''"
_STRING += r'|"(?:\\.|[^\\"\n])*"' + r"|'(?:\\.|[^\\'\n])*')"
_NUMBER = r"0[xX][\da-fA-F_]+|0[oObB][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?"
_PIECES = re.compile(
    rf"""(?P<other>
        ^[ \t]*[%!?].*$                    # a magic or a command of the system
      | ^[^\S\n]*[\w.,\ \[\]]+=[ \t]*[%!].*$   # files = !ls
      | \#.* | {_STRING} | [^\W\d]\w*
    ) | (?P<number>(?<!\w)(?:{_NUMBER}))r\b""",
    re.VERBOSE | re.MULTILINE,
)
_SUSPECT = re.compile(r"[\da-fA-F._]r\b")


def without_suffixes(lines: list[str]) -> list[str]:
    r"""The lines of a cell with raw numbers written in Python.

    Example:
        >>> without_suffixes(["a = 2r * 0.5r + x2r  # 3r\n"])
        ['a = 2 .real * 0.5 .real + x2r  # 3r\n']
        >>> without_suffixes(["%run 2r\n", "s = '3r'\n"])
        ['%run 2r\n', "s = '3r'\n"]
    """
    text = "".join(lines)
    if not _SUSPECT.search(text) or text.startswith("%%"):
        return lines
    return _PIECES.sub(_written, text).splitlines(keepends=True)


def _written(match: re.Match[str]) -> str:
    number = match["number"]
    return f"{number} .real" if number else match[0]
