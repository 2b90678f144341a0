"""Who is shown a node as `Value(data=2.5)`, and who is given the number's own text.

It looks at the code that asks; what a node says is left to `value`.
"""

from __future__ import annotations

import dis
import linecache
import re
import sys
from collections.abc import Mapping
from functools import cache
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

from vrepl.core.callers import is_library, is_numpy_asking, module_of

__all__ = ["Session", "called_to_show"]

# People read `Value(data=2.5)` through these modules, and through code of their own. Any other
# library that calls repr() gets the number's own text, for it may write a file, where PyYAML would
# put `!!float 'value(data=2.5)'`, or a message about a number that somebody passed.
SHOWING: Final = frozenset(
    {"vrepl", "IPython", "ipykernel", "pprint", "reprlib", "collections", "doctest", "code", "pdb"}
) | {"bdb", "traceback", "pytest", "_pytest", "hypothesis", "rich", "dataclasses"}
# These show to whoever calls them: people, or a library that makes a message of it.
_WRITING: Final = frozenset({"pprint", "reprlib"})
# In a session these write messages, which are the same as without vrepl: `KeyError: 3`.
_TELLING: Final = frozenset({"traceback", "IPython.core.ultratb", "IPython.core.tbtools"}) | {
    "ipykernel.zmqshell",
    "ipykernel.ipkernel",
}
# So do these, and what they print is printed.
_PRINTING: Final = frozenset({"pytest", "_pytest", "hypothesis", "rich"})
_PROMPT: Final = "_ipy_display_hook", "rich.pretty"  # where `rich` shows results at the prompt
_PARTS: Final = frozenset({"__repr__", "__str__", "__format__"})
_WRAPPING: Final = frozenset({"reprlib", "dataclasses"})  # they keep a repr from going in circles
# What asks for a repr, where text is all there is to tell by.
_REPR: Final = re.compile(r"repr|ascii|![ra]\b|%[ra]\b")
_CONVERTED: Final = (2, 3)  # `!r` and `!a` in the bytecode of an f-string
_MOST_SITES: Final = 5_000


class Session:
    """Whether this process runs sessions, whose numbers become nodes without anybody's asking.

    There `str([x])`, `f"{xs}"` and `print(xs)` write numbers, as files and services expect them;
    only what says `repr` shows nodes. Code that knows `Value` is shown them as in a script.
    """

    is_on = False


def called_to_show() -> bool:
    """Whether the code that called our caller shows its results to people."""
    asking: FrameType | None = sys._getframe(2)
    if is_numpy_asking(asking):  # type: ignore[arg-type]
        return False
    is_written = False
    while asking is not None and (_writes(asking) or (Session.is_on and _is_part(asking))):
        # What pprint prints is printed.
        is_written = is_written or (_writes(asking) and module_of(asking) == "reprlib")
        asking = asking.f_back
    if asking is None:
        return False
    module = module_of(asking)
    if not _is_showing(module) or not Session.is_on:
        return _is_showing(module)
    top = module.partition(".")[0]
    if top in _PRINTING:
        return top == "rich" and _is_prompt(asking)
    if top in SHOWING or is_library(module) or is_written:
        return module not in _TELLING
    return _knows_values(asking.f_globals) or _says_repr(asking)


def _writes(frame: FrameType) -> bool:
    """Whether a frame writes objects for whoever called it, who says what for."""
    return module_of(frame) in _WRITING and frame.f_code.co_name != "wrapper"


def _is_prompt(frame: FrameType | None) -> bool:
    while frame is not None:
        if (frame.f_code.co_name, module_of(frame)) == _PROMPT:
            return True
        frame = frame.f_back
    return False


@cache
def _is_showing(module: str) -> bool:
    return module.partition(".")[0] in SHOWING or not is_library(module)


def _is_part(frame: FrameType) -> bool:
    """Whether a frame works out the text of an object, which decides about its parts."""
    name, module = frame.f_code.co_name, module_of(frame)
    return (name in _PARTS and _is_showing(module)) or (name == "wrapper" and module in _WRAPPING)


def _knows_values(names: Mapping[str, Any]) -> bool:
    found, module = names.get("Value"), names.get("vrepl")
    is_ours = type(found) is type and found.__module__ == "vrepl.core.value"
    return is_ours or (type(module) is ModuleType and module.__name__ == "vrepl")


_sites: dict[tuple[int, int], tuple[CodeType, bool]] = {}


def _says_repr(frame: FrameType) -> bool:
    """Whether the expression that *frame* is working out asks for a repr."""
    code, place = frame.f_code, frame.f_lasti
    known = _sites.get((id(code), place))
    if known is not None and known[0] is code:
        return known[1]
    if len(_sites) >= _MOST_SITES:
        _sites.clear()
    found = _reads_as_repr(code, place)
    _sites[id(code), place] = code, found  # the code is kept, so that its id stays its own
    return found


def _reads_as_repr(code: CodeType, place: int) -> bool:
    operation = dis.opname[code.co_code[place]]
    argument = code.co_code[place + 1]
    if operation == "FORMAT_VALUE":
        return argument & 3 in _CONVERTED
    if operation == "CONVERT_VALUE":
        return argument in _CONVERTED
    if operation.startswith("FORMAT_"):
        return False
    positions = list(code.co_positions())[place // 2]
    return _REPR.search(_text(code, *positions)) is not None


def _text(
    code: CodeType, first: int | None, last: int | None, start: int | None, end: int | None
) -> str:
    """What stands in the source at a place; the names of the code where there is none."""
    lines = linecache.getlines(code.co_filename)
    if None in (first, last, start, end) or last > len(lines):  # type: ignore[operator]
        return " ".join(code.co_names)
    encoded = [line.encode() for line in lines[first - 1 : last]]  # type: ignore[operator]
    encoded[-1] = encoded[-1][:end]
    encoded[0] = encoded[0][start:]
    return b"".join(encoded).decode(errors="replace")
