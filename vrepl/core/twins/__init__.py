"""Modules as a session imports them: the real ones but for the functions that meet nodes.

Each twin is a file here, and says that it is the real module, because people print modules, ask for
help about them and send functions that use them to processes without vrepl.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from vrepl.core.callers import module_of

__all__ = ["pass_for"]


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
