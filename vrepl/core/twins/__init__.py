"""Modules as a session imports them: the real ones but for the functions that meet nodes.

Each twin is a file here, and says that it is the real module, because people print modules, ask for
help about them and send functions that use them to processes without vrepl. What is changed of one,
as tests do that put a function of their own in the place of `math.sin`, is changed of the other.
"""

import sys
from collections.abc import Callable
from functools import wraps
from importlib.machinery import ModuleSpec
from operator import is_
from types import ModuleType
from typing import Any, Final

from vrepl.core.callers import module_of

__all__ = ["follow", "followed", "pass_for"]


class _Spec(ModuleSpec):
    """Where a twin says it was found: where the real module was, but to `importlib.reload`.

    That one looks the name up, and takes nothing else than what stands under it.
    """

    def __init__(self, real: ModuleSpec, key: str) -> None:
        vars(self).update(vars(real), key=key)

    @property
    def name(self) -> str:  # type: ignore[override]
        is_reload = module_of(sys._getframe(1)) == "importlib"
        return str(vars(self)["key" if is_reload else "name"])


_Spec.__name__ = ModuleSpec.__name__


def pass_for(module: ModuleType, twin: dict[str, Any]) -> None:
    """Give a twin all that it does not have, and the name and the place of the real module.

    Messages of imports say those two, and people ask for `__version__`.

    Example:
        >>> import math
        >>> twin = {"__name__": "ours", "sin": round}
        >>> pass_for(math, twin)
        >>> twin["__name__"], twin["sin"](1.6), twin["cos"](0)
        ('math', 2, 1.0)
    """
    key = twin["__name__"]
    own = {name: value for name, value in twin.items() if name[:2] != "__"}
    twin.clear()
    twin.update(vars(module), **own)
    if type(module.__spec__) is ModuleSpec:
        twin["__spec__"] = _Spec(module.__spec__, key)
    if key in sys.modules:
        _PAIRS[key] = _Pair(key, module, twin, own)


def follow() -> None:
    """Do to each twin what was done to its module, and to the module what was done to its twin.

    Nothing tells when that is done, and a module that could tell would be read at half the speed;
    so this is called wherever it may have been: by assignments in a session, by libraries for
    tests, before each cell. It takes 3 us where nothing has changed.

    Example:
        >>> import math
        >>> from vrepl.core.twins import math as twin
        >>> sin, twin.sin = twin.sin, abs
        >>> follow(); math.sin(-2.0)
        2.0
        >>> twin.sin = sin
        >>> follow(); math.sin(0.0)
        0.0
    """
    for pair in _PAIRS.values():
        pair.settle()


def followed(original: Callable[..., Any]) -> Callable[..., Any]:
    """A function that may change modules, with `follow` after it.

    Example:
        >>> import math
        >>> from vrepl.core.twins import math as twin
        >>> tau = math.tau
        >>> followed(setattr)(twin, "tau", 6.0)
        >>> math.tau
        6.0
        >>> followed(setattr)(twin, "tau", tau)
    """

    @wraps(original)
    def changed(*arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        try:
            return original(*arguments, **options)
        finally:
            follow()

    changed.is_followed = True  # type: ignore[attr-defined]
    return changed


_GONE: Final = object()


class _Pair:
    """A module and its twin.

    Attributes:
        key: Where imports find the twin.
        module: The real module.
        found: What imports found under the name of that when this was last looked at.
        twin: The names of the twin.
        instead: The functions that differ, with those of the real module.
        seen: The names of both when they last agreed.
    """

    def __init__(
        self, key: str, module: ModuleType, twin: dict[str, Any], own: dict[str, Any]
    ) -> None:
        real = vars(module)
        self.key = key
        self.module = self.found = module
        self.twin = twin
        self.instead = {name: (real[name], ours) for name, ours in own.items() if name in real}
        self.seen = dict(real), dict(twin)
        self.itself = sys.modules[key]

    def settle(self) -> None:
        """Hand on what has changed."""
        found = sys.modules.get(self.module.__name__, self.module)
        if found is not self.found:  # somebody put another in the place of the real one
            self.found = found
            twin_module = self.itself if found is self.module else found
            # `import a.b as c` asks the table of modules, and then the package.
            sys.modules[self.key] = globals()[self.key.rpartition(".")[2]] = twin_module
        real, twin = vars(self.module), self.twin
        if not (_are_alike(real, self.seen[0]) and _are_alike(twin, self.seen[1])):
            for name in dict.fromkeys((*real, *twin, *self.seen[0], *self.seen[1])):
                if name[:2] != "__":
                    self._settle(name, real, twin)
            self.seen = dict(real), dict(twin)

    def _settle(self, name: str, real: dict[str, Any], twin: dict[str, Any]) -> None:
        original, ours = self.instead.get(name, (_GONE, _GONE))
        value = twin.get(name, _GONE)
        if value is self.seen[1].get(name, _GONE):
            value = real.get(name, _GONE)
            if value is self.seen[0].get(name, _GONE):
                return
        is_ours = value is not _GONE and (value is ours or value is original)
        _put(real, name, original if is_ours else value)
        _put(twin, name, ours if is_ours else value)


def _are_alike(names: dict[str, Any], seen: dict[str, Any]) -> bool:
    """Whether the same names mean the same; no code of theirs runs."""
    return len(names) == len(seen) and all(map(is_, names.values(), seen.values()))


def _put(names: dict[str, Any], name: str, value: Any) -> None:
    if value is _GONE:
        names.pop(name, None)
    else:
        names[name] = value


_PAIRS: Final[dict[str, _Pair]] = {}
