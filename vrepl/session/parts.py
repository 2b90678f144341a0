"""Looks inside lists, dicts and objects without running any of their code.

It knows what Python itself stores; properties, `__getattr__` and `__getitem__` are never asked.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType, SimpleNamespace
from typing import Any

from vrepl.core.kinds import is_library
from vrepl.core.value import Value

__all__ = ["has_code_for", "is_searched", "parts"]


def parts(value: Any) -> Mapping[str, Any]:
    """What can be referred to inside *value*, by the text that refers to it.

    Example:
        >>> sorted(parts({"k": 1, 2: 3}))
        ["['k']", '[2]']
        >>> parts(SimpleNamespace(w=0.5))
        {'.w': 0.5}
    """
    if isinstance(value, Value):
        return {}
    found = _attributes(value)
    if isinstance(value, (list, tuple)):
        items = list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)
        fields = vars(type(value)).get("_fields", ()) if isinstance(value, tuple) else ()
        for i, item in enumerate(items):
            found[f"[{i}]"] = item
            if i < len(fields):
                found[f".{fields[i]}"] = item
    elif isinstance(value, dict):
        pairs = dict.items(value)
        found.update((f"[{k!r}]", item) for k, item in pairs if type(k) in (int, str))
    return found


def has_code_for(value: Any, step: str) -> bool:
    """Whether *step* might give something if code were run: a property, `__getitem__`.

    Example:
        >>> has_code_for(range(3), "[0]"), has_code_for([], ".w")
        (True, False)
    """
    kind = type(value)
    if step[0] == "[":
        own = not isinstance(value, (list, tuple, dict))
        return own and any("__getitem__" in vars(base) for base in kind.__mro__)
    wanted = {step[1:], "__getattr__"}
    return any(wanted & set(vars(base)) for base in kind.__mro__)


def is_searched(value: Any) -> bool:
    """Whether nodes inside *value* are named after it: containers and the user's own objects."""
    kind = type(value)
    if kind is list or kind is tuple or kind is dict:
        return True
    return not isinstance(value, (type, ModuleType)) and _is_own(kind.__module__)


def _attributes(value: Any) -> dict[str, Any]:
    """Slots and the instance's dictionary, read through Python's own descriptors."""
    found: dict[str, Any] = {}
    for base in type(value).__mro__:
        for name, member in vars(base).items():
            if type(member) is MemberDescriptorType and name != "__dict__":
                found.update(_slot(value, name, member))
    holder = next((vars(b)["__dict__"] for b in type(value).__mro__ if "__dict__" in vars(b)), None)
    if isinstance(holder, (GetSetDescriptorType, MemberDescriptorType)):
        held = holder.__get__(value)
        found.update((f".{name}", item) for name, item in held.items() if type(name) is str)
    return found


def _slot(value: Any, name: str, member: MemberDescriptorType) -> Iterator[tuple[str, Any]]:
    try:
        yield f".{name}", member.__get__(value)
    except AttributeError:  # a slot that was never filled
        return


@cache
def _is_own(module: str) -> bool:
    """Whether a module is the user's: not Python's, and not installed with a package."""
    if module in ("__main__", SimpleNamespace.__module__):
        return True
    path = getattr(sys.modules.get(module), "__file__", None)
    return bool(path) and not is_library(module)
