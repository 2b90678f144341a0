"""Looks inside lists, dicts and objects without running any of their code.

It knows what Python itself stores; properties, `__getattr__` and `__getitem__` are never asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType, SimpleNamespace
from typing import Any, TypeGuard

from vrepl.core.callers import is_library
from vrepl.core.value import Value

__all__ = [
    "bases_of", "has_code_for", "is_node", "is_searched", "members_of", "module_of", "parts",
    "takes",
]  # fmt: skip

# A metaclass may answer for its classes with code of its own; `type` tells what is stored. For the
# same reason objects are sorted by their type: `isinstance` reads `__class__`.
bases_of: Callable[[type], tuple[type, ...]] = vars(type)["__mro__"].__get__
members_of: Callable[[type], Mapping[str, Any]] = vars(type)["__dict__"].__get__
module_of: Callable[[type], Any] = vars(type)["__module__"].__get__


def is_node(x: Any) -> TypeGuard[Value]:
    """Whether *x* is a Value, asked without running a line of its code.

    `isinstance` would read `x.__class__`, which may be a property.

    Example:
        >>> is_node(Value(2.0)), is_node(2.0)
        (True, False)
    """
    return issubclass(type(x), Value)


def parts(value: Any) -> Mapping[str, Any]:
    """What can be referred to inside *value*, by the text that refers to it.

    Example:
        >>> sorted(parts({"k": 1, 2: 3}))
        ["['k']", '[2]']
        >>> parts(SimpleNamespace(w=0.5))
        {'.w': 0.5}
    """
    if is_node(value):
        return {}
    found = _attributes(value)
    kind = type(value)
    if issubclass(kind, (list, tuple)):
        items = list.__iter__(value) if issubclass(kind, list) else tuple.__iter__(value)
        fields = members_of(kind).get("_fields") if issubclass(kind, tuple) else ()
        fields = fields if type(fields) is tuple else ()
        for i, item in enumerate(items):
            found[f"[{i}]"] = item
            if i < len(fields):
                found[f".{fields[i]}"] = item
    elif issubclass(kind, dict):
        pairs = dict.items(value)
        found.update((f"[{k!r}]", item) for k, item in pairs if type(k) is int or type(k) is str)
    return found


def has_code_for(value: Any, step: str) -> bool:
    """Whether *step* might give something if code were run: a property, `__getitem__`.

    Example:
        >>> has_code_for(range(3), "[0]"), has_code_for([], ".w")
        (True, False)
    """
    kind = type(value)
    if step[0] == "[":
        own = not issubclass(kind, (list, tuple, dict))
        return own and any("__getitem__" in members_of(base) for base in bases_of(kind))
    wanted = {step[1:], "__getattr__"}
    return any(wanted & set(members_of(base)) for base in bases_of(kind))


def takes(value: Any, step: str) -> bool:
    """Whether `value.name = …` keeps what it is given, and runs no code of the object's class.

    Example:
        >>> takes(SimpleNamespace(), ".w"), takes(Value(2.0), ".data")
        (True, False)
    """
    bases = bases_of(type(value))
    found = [members_of(base).get(step[1:]) for base in bases]
    is_plain = all(x is None or type(x) is MemberDescriptorType for x in found)
    sets = next(base for base in bases if "__setattr__" in members_of(base))
    return is_plain and (sets is object or sets is SimpleNamespace)


def is_searched(value: Any) -> bool:
    """Whether nodes inside *value* are named after it: containers and the user's own objects."""
    kind = type(value)
    if kind is list or kind is tuple or kind is dict:
        return True
    if issubclass(kind, (type, ModuleType)):
        return False
    module = module_of(kind)
    return type(module) is str and _is_own(module)


def _attributes(value: Any) -> dict[str, Any]:
    """Slots and the instance's dictionary, read through Python's own descriptors."""
    found: dict[str, Any] = {}
    bases = bases_of(type(value))
    for base in bases:
        for name, member in members_of(base).items():
            if type(member) is MemberDescriptorType and name != "__dict__":
                found.update(_slot(value, name, member))
    tables = map(members_of, bases)
    holder = next((table["__dict__"] for table in tables if "__dict__" in table), None)
    if type(holder) is GetSetDescriptorType or type(holder) is MemberDescriptorType:
        held = _read(holder, value)
        if type(held) is dict:
            found.update((f".{name}", item) for name, item in held.items() if type(name) is str)
    return found


def _slot(value: Any, name: str, member: MemberDescriptorType) -> Iterator[tuple[str, Any]]:
    held = _read(member, value)
    if held is not _NOTHING:
        yield f".{name}", held


_NOTHING = object()


def _read(descriptor: GetSetDescriptorType | MemberDescriptorType, value: Any) -> Any:
    """What Python's own descriptor finds in an object."""
    try:
        return descriptor.__get__(value)
    except (AttributeError, TypeError):  # a slot never filled, a descriptor of another class
        return _NOTHING


@cache
def _is_own(module: str) -> bool:
    """Whether a module is the user's: not Python's, and not installed with a package."""
    if module in ("__main__", SimpleNamespace.__module__):
        return True
    path = getattr(sys.modules.get(module), "__file__", None)
    return bool(path) and not is_library(module)
