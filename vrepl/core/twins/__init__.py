"""Modules as a session imports them: the real ones but for the functions that meet nodes.

`math` is made here and calls itself `math`, because people print it, ask for help about it and send
functions that use it to processes without vrepl; each other twin is a file of its own.
"""

import math as _math
import sys
from types import ModuleType

from vrepl.core.functions import recording

__all__ = ["math"]


def _named_as(original: ModuleType) -> ModuleType:
    """A module in which everything is the original's own, its name and its place too."""
    module = ModuleType(original.__name__)
    vars(module).update(vars(original))
    return module


math = _named_as(_math)
vars(math).update(recording(vars(_math)))
sys.modules[f"{__name__}.math"] = math
