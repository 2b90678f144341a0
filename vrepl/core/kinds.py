"""The type of the classes of nodes: they pass for `float` and `int`, in comparisons and in pickles.

What the nodes themselves are is left to `value`.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Iterable

__all__ = ["WRITERS", "ValueType", "called_from"]

# Modules that write numbers into files through repr(); they get the number's own text, because a
# file must not depend on vrepl. PyYAML writes `!!float 'value(data=2.5)'` without this.
WRITERS = frozenset(
    {"yaml.representer", "ruamel.yaml.representer", "plistlib", "xmlrpc.client", "toml.encoder"}
)
# The one module that must see FloatValue as a type of its own: it looks up `float` by equality
# and would hand back the same node where deepcopy owes a new graph.
COPIER = "copy"


class ValueType(type):
    """The type of `FloatValue` and `IntValue`: equal to `float` or `int`, and hashed like it.

    `type(v) == float`, `type(v) in (int, float)` and `{float: ...}[type(v)]` therefore hold.
    """

    native: type | None

    def __eq__(cls, other: object) -> bool:
        if cls is other:
            return True
        return other is cls.native and other is not None and not called_from({COPIER})

    def __hash__(cls) -> int:
        return hash(cls.native) if cls.native else type.__hash__(cls)


def called_from(modules: Iterable[str]) -> bool:
    """Whether the code that called our caller lives in one of *modules*."""
    return sys._getframe(2).f_globals.get("__name__", "") in modules


def _reduced(kind: ValueType) -> str | tuple[type, tuple[int | float]]:
    """For pickle: the builtin that a class of nodes passes for."""
    return (type, (kind.native(),)) if kind.native else kind.__qualname__


copyreg.pickle(ValueType, _reduced)  # a string names a global
