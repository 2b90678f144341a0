"""Meets libraries that have to know nodes, those that are loaded and those that ever will be.

What a library is told stays so after an unload, as the nodes do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from vrepl.core.methods import meet_numpy
from vrepl.fronts.encoders import ENCODING, meet_encoder
from vrepl.fronts.patching import PATCHERS, meet_patcher
from vrepl.fronts.shipping import SENDERS, meet_sender

__all__ = ["Arrivals", "meet_libraries"]

# What is done once a module has been loaded.
_MEETINGS: Final[Mapping[str, Callable[[ModuleType], None]]] = {
    "numpy": lambda module: meet_numpy(),
    **dict.fromkeys(SENDERS, meet_sender),
    **dict.fromkeys(PATCHERS, meet_patcher),
    **dict.fromkeys(ENCODING, meet_encoder),
}


def meet_libraries() -> None:
    """Meet the libraries that are loaded, and have the others met as they are imported.

    Example:
        >>> meet_libraries()
        >>> meet_libraries()  # again changes nothing
        >>> sum(isinstance(finder, Arrivals) for finder in sys.meta_path)
        1
    """
    for name, meet in _MEETINGS.items():
        if (module := sys.modules.get(name)) is not None:
            meet(module)
    if not any(isinstance(finder, Arrivals) for finder in sys.meta_path):
        sys.meta_path.insert(0, Arrivals())


class Arrivals:
    """What Python asks first where a module is: it finds what the others find, and meets it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module is that has to be met, None for any other."""
        if name not in _MEETINGS:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find and find(name, path, target)
            if spec is not None:
                with suppress(AttributeError):  # a loader that is nobody's to change
                    _await(spec.loader, _MEETINGS[name])
                return spec
        return None


def _await(loader: Any, meet: Callable[[ModuleType], None]) -> None:
    """Meet what a loader loads, once it has run its code."""
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        run(module)
        meet(module)

    loader.exec_module = exec_module
