"""Lets functions of a session travel: to processes of joblib, Dask, Spark and Ray, and to files.

They are sent by cloudpickle, which is given each function as it was typed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from vrepl.session.typed import as_typed

__all__ = ["Shipping"]

# The copies of cloudpickle that libraries bring along, and how each makes a function of data.
_PICKLERS: Final = ("", "joblib.externals.", "pyspark.", "ray.")
_METHOD: Final = "_dynamic_function_reduce"


class Shipping:
    """What is changed in the picklers that are loaded."""

    def __init__(self) -> None:
        self._changed: dict[type, tuple[Any, Any]] = {}

    def look(self) -> None:
        """Meet picklers that were imported since."""
        for place in _PICKLERS:
            module = sys.modules.get(f"{place}cloudpickle.cloudpickle")
            pickler = getattr(module, "CloudPickler", None)
            if pickler is not None and pickler not in self._changed:
                self._change(pickler)

    def remove(self) -> None:
        """Leave the picklers as they were found, unless somebody else has changed them since."""
        for pickler, (ours, original) in self._changed.items():
            if vars(pickler).get(_METHOD) is ours:
                setattr(pickler, _METHOD, original)
        self._changed.clear()

    def _change(self, pickler: type) -> None:
        original = vars(pickler).get(_METHOD)
        if original is not None:
            ours = _sending(original)
            setattr(pickler, _METHOD, ours)
            self._changed[pickler] = ours, original


def _sending(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def reduced(pickler: Any, function: Any) -> Any:
        return original(pickler, as_typed(function))

    return reduced
