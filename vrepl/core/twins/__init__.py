"""Modules as a session imports them, where theirs would refuse a node that is a number to others.

They are the real ones but for the functions named in each.
"""

from types import ModuleType
from typing import Any

__all__ = ["pass_for"]


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
