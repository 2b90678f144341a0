"""Who asks: which code called, and whether it was NumPy's in C, which leaves no frame of its own.

What a node answers to whom belongs to `kinds` and `value`.
"""

from __future__ import annotations

import dis
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

__all__ = ["is_library", "is_numpy_asking", "module_of"]

# In C, NumPy runs in the place of these: a call (3.11 may do it in PRECALL), `a[0] = x`,
# `a[1:] = xs`, `a.real = x`.
_RUNNING: Final = ("CALL", "PRECALL", "STORE_SUBSCR", "STORE_SLICE", "STORE_ATTR")
_INTERNAL: Final = "CALL_INTRINSIC"  # among others, Python shows a value so from 3.12 on
_ATTRIBUTES: Final = ("LOAD_ATTR", "LOAD_METHOD")
_CONTAINERS: Final = frozenset({dict, list, set, tuple, str})
_NOTHING: Final = object()
_MOST_SITES: Final = 5_000


def module_of(frame: FrameType) -> str:
    """The name of the module that a frame belongs to, '' where it has none."""
    name = frame.f_globals.get("__name__", "")
    return name if type(name) is str else ""


@cache
def is_library(module: str) -> bool:
    """Whether a module is Python's own or was installed with a package.

    Example:
        >>> is_library("json.encoder"), is_library("__main__")
        (True, False)
    """
    if module == "__main__":  # a program's file is installed, but a session runs in its place
        return False
    if module.partition(".")[0] in sys.stdlib_module_names:
        return True
    path = Path(getattr(sys.modules.get(module), "__file__", None) or "")
    installed = tuple(sysconfig.get_paths().values())
    return str(path).startswith(installed) or "dist-packages" in path.parts


def is_numpy_asking(frame: FrameType) -> bool:
    """Whether what *frame* is just doing runs in NumPy's C code.

    It is read off the code: what is called there, or whose item is set. What cannot be read is
    taken for NumPy's in code of the session, where `type(x)` gives no class of nodes.

    Example:
        >>> import sys
        >>> is_numpy_asking(sys._getframe())
        False
    """
    if "numpy" not in sys.modules:
        return False
    site = _sites.get((id(frame.f_code), frame.f_lasti))
    if site is not None and site.code is frame.f_code:
        if site.names is None:
            return False
        if site.root is not None and site.root is _global(frame, site.names[0]):
            return site.is_numpys
    try:
        return _is_numpy_running(frame)
    except Exception:  # NumPy would not survive it
        return False


@dataclass(slots=True)
class _Site:
    """An instruction, what it reaches for by name, and the global it found there."""

    code: CodeType  # kept, so that its id stays its own
    names: tuple[str, ...] | None
    root: Any = None
    is_numpys: bool = False


_sites: dict[tuple[int, int], _Site] = {}
_last: list[tuple[CodeType, list[dis.Instruction]]] = []


def _is_numpy_running(frame: FrameType) -> bool:
    code, place = frame.f_code, frame.f_lasti
    site = _sites.get((id(code), place))
    if site is None or site.code is not code:
        if len(_sites) >= _MOST_SITES:
            _sites.clear()
        site = _sites[id(code), place] = _Site(code, _names(code, place))
    if site.names is None:
        return False
    found = _followed(frame, site) if site.names else None
    if found is not None:
        return found
    module = module_of(frame)
    return module.partition(".")[0] == "numpy" or not is_library(module)


def _names(code: CodeType, place: int) -> tuple[str, ...] | None:
    """What leads to the callee or the container of an instruction: `np.uint8(x)` -> np, uint8.

    None for an instruction that is neither a call nor an assignment, and for `x.__repr__()`; ()
    where it cannot be read.
    """
    before = []
    for instruction in _instructions(code):
        if instruction.offset == place:
            break
        before.append(instruction)
    else:
        return None  # until 3.12, within an instruction stands who has called a function of Python
    operation = instruction.opname
    if not operation.startswith(_RUNNING) or operation.startswith(_INTERNAL):
        return None
    whole = instruction.positions
    if whole is None or whole.lineno is None:
        return ()
    if _is_repr_by_name(before, whole):
        return None  # from 3.13 on, a method of ours in Python stands there like one in C
    found: dict[Any, str] = {}
    paired = ""  # the second of two names that one instruction loads has no place of its own
    for load in before:
        at = load.positions
        argument = load.argval
        if "_LOAD_" in load.opname and type(argument) is tuple:
            argument, paired = argument
        if at is None or (at[0], at[2]) != (whole[0], whole[2]) or at[1::2] >= whole[1::2]:
            continue
        if load.opname.startswith(("CALL", "BINARY")):
            return ()  # f()[0] = x
        if load.opname in _ATTRIBUTES and not found:
            found[()] = paired
        if load.opname.startswith("LOAD_") and load.opname != "LOAD_CONST":
            found.setdefault(at[1::2], argument)
    names = tuple(found[end] for end in sorted(found)) or (paired,)
    return names if all(names) else ()


def _is_repr_by_name(before: list[dis.Instruction], call: dis.Positions) -> bool:
    """Whether a call is `x.__repr__()`, for any x: what is called begins where the call does."""
    for load in reversed(before):
        at = load.positions
        if load.opname in _ATTRIBUTES and at is not None and at[0::2] == call[0::2]:
            return bool(load.argval == "__repr__")
    return False


def _instructions(code: CodeType) -> list[dis.Instruction]:
    """The instructions of the code that was last read, kept because a cell has many lines."""
    if not _last or _last[0][0] is not code:
        _last[:] = [(code, list(dis.get_instructions(code)))]
    return _last[0][1]


def _followed(frame: FrameType, site: _Site) -> bool | None:
    """Whether the names of *site* lead to something of NumPy's; None where they lead nowhere."""
    first, *attributes = site.names or ()
    root = found = _bound(frame, first)
    if found is _NOTHING:
        return None
    while attributes and not _is_numpys(found):
        kind = type(found)
        if kind in _CONTAINERS or issubclass(kind, type):  # whose methods are Python's
            return False
        held = _held(found)
        name = attributes.pop(0)
        if name not in held:
            return None
        found = held[name]
    is_numpys = _is_numpys(found)
    if found is root is _global(frame, first) and type(root) not in _CONTAINERS:
        site.root, site.is_numpys = root, is_numpys
    return is_numpys


def _bound(frame: FrameType, name: str) -> Any:
    scope = frame.f_locals
    return scope[name] if name in scope else _global(frame, name)


def _global(frame: FrameType, name: str) -> Any:
    found = frame.f_globals.get(name, _NOTHING)
    return frame.f_builtins.get(name, _NOTHING) if found is _NOTHING else found


def _held(x: Any) -> Mapping[str, Any]:
    try:
        return object.__getattribute__(x, "__dict__")  # type: ignore[no-any-return]
    except AttributeError:
        return {}


def _is_numpys(x: Any) -> bool:
    kind = type(x)
    if kind in _CONTAINERS:
        return False
    if issubclass(kind, ModuleType):
        return _begins(vars(x).get("__name__"))
    if any(map(_is_class_of_numpys, kind.__mro__)):
        return True
    if issubclass(kind, type):
        return any(map(_is_class_of_numpys, x.__mro__))
    if kind.__module__ != "builtins":
        return False
    return _begins(getattr(x, "__module__", None)) or _is_numpys_method(x)


def _is_class_of_numpys(kind: type) -> bool:
    return _begins(vars(kind).get("__module__") or kind.__module__)


def _is_numpys_method(x: Any) -> bool:
    holder = getattr(x, "__self__", None)
    return any(map(_is_class_of_numpys, type(holder).__mro__))


def _begins(module: Any) -> bool:
    return type(module) is str and module.partition(".")[0] == "numpy"
