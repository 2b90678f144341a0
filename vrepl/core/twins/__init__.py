"""Modules as a session imports them: the real ones but for the functions that meet nodes.

`math` is made here and calls itself `math`, because people print it, ask for help about it and send
functions that use it to processes without vrepl; each other twin is a file of its own.
"""

import math as _math
import sys
from types import ModuleType
from typing import Any

from vrepl.core.functions import recording

__all__ = ["math", "pass_for"]


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
    own = {name: value for name, value in twin.items() if name[:2] != "__"}
    twin.clear()
    twin.update(vars(module), **own)


math = ModuleType(_math.__name__)
vars(math).update(recording(vars(_math)))
pass_for(_math, vars(math))
sys.modules[f"{__name__}.math"] = math
