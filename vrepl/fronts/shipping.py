"""Lets functions of a session travel: to processes of joblib, Dask, Spark and Ray, and to files.

They are sent by cloudpickle, which is given each function as it was typed. That stays so after an
unload, as the functions themselves do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from vrepl.session.typed import as_typed

__all__ = ["Arrivals", "ship"]

# The copies of cloudpickle that libraries bring along, and how each makes a function of data.
_PICKLERS: Final = tuple(
    f"{place}cloudpickle.cloudpickle" for place in ("", "joblib.externals.", "pyspark.", "ray.")
)
_METHOD: Final = "_dynamic_function_reduce"


def ship() -> None:
    """Give functions as they were typed to every pickler that is loaded, or ever will be."""
    for name in _PICKLERS:
        _change(sys.modules.get(name))
    if not any(isinstance(finder, Arrivals) for finder in sys.meta_path):
        sys.meta_path.insert(0, Arrivals())


class Arrivals:
    """What Python asks first where a module is: it finds what the others find, and meets it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a pickler is, None for any other module."""
        if name not in _PICKLERS:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find and find(name, path, target)
            if spec is not None:
                with suppress(AttributeError):  # a loader that is nobody's to change
                    _meet(spec.loader)
                return spec
        return None


def _meet(loader: Any) -> None:
    """Let a loader change the pickler once it has run its code."""
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        run(module)
        _change(module)

    loader.exec_module = exec_module


def _change(module: ModuleType | None) -> None:
    pickler = getattr(module, "CloudPickler", None)
    original = vars(pickler).get(_METHOD) if isinstance(pickler, type) else None
    if original is not None and not hasattr(original, "as_typed"):
        setattr(pickler, _METHOD, _sending(original))


def _sending(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def reduced(pickler: Any, function: Any) -> Any:
        return original(pickler, as_typed(function))

    reduced.as_typed = True  # type: ignore[attr-defined]
    return reduced
