"""Tells whether builtins, modules and the functions of modules are still Python's own.

Sessions and tests put others in their place at any time; what may run while those are there is
left to ``support``.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, MethodType, ModuleType
from typing import Any, Final

from vrepl.core.twins import math as mathematics
from vrepl.session.parts import module_of

__all__ = ["are_builtins", "are_functions", "is_module"]

_BUILTINS: Final = dict(vars(builtins))
_TWINS: Final = {"math": mathematics}
# `random.gauss` is a method of a hidden object, `random.Random` a class.
_LIBRARIES: Final = frozenset({"random", "time"})


def are_builtins(names: Iterable[str], bound: Mapping[str, Any]) -> bool:
    """Whether *names* mean the builtins that Python started with, in a session of these names.

    Example:
        >>> are_builtins(["abs"], {}), are_builtins(["abs"], {"abs": print})
        (True, False)
    """
    now = vars(builtins)
    for name in names:  # noqa: SIM110 - a generator takes three times as long
        if name in bound or now.get(name) is not _BUILTINS.get(name):
            return False
    return True


def is_module(name: str, bound: Mapping[str, Any]) -> bool:
    """Whether a name of the session means the module that `import` gives for it.

    Example:
        >>> is_module("sys", {"sys": sys}), is_module("sys", {"sys": 3}), is_module("sys", {})
        (True, False, False)
    """
    module = bound.get(name)
    return module is not None and (module is sys.modules.get(name) or module is _TWINS.get(name))


def are_functions(modules: Iterable[tuple[str, tuple[str, ...]]], bound: Mapping[str, Any]) -> bool:
    """Whether names mean modules, and these functions of theirs run no code of a session.

    Example:
        >>> import random
        >>> names = {"random": random, "math": mathematics}
        >>> are_functions([("random", ("gauss", "random")), ("math", ("sin",))], names)
        True
    """
    for name, functions in modules:
        real = sys.modules.get(name)
        if not is_module(name, bound) or type(real) is not ModuleType:
            return False
        held = vars(real)
        for function in functions:
            if not _is_own(held.get(function)):
                return False
    return True


def _is_own(function: Any) -> bool:
    kind = type(function)
    if kind is BuiltinFunctionType:
        return True
    holder = type(function.__self__) if kind is MethodType else function
    return type(holder) is type and module_of(holder) in _LIBRARIES
