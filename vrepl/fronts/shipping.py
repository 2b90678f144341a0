"""Lets functions of a session travel: to processes of joblib, Dask, Spark and Ray, and to files.

They are sent by cloudpickle, which is given each function as it was typed. That stays so after an
unload, as the functions themselves do.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from vrepl.session.typed import as_typed

__all__ = ["PICKLERS", "meet_pickler"]

# The copies of cloudpickle that libraries bring along, and how each makes a function of data.
PICKLERS: Final = tuple(
    f"{place}cloudpickle.cloudpickle" for place in ("", "joblib.externals.", "pyspark.", "ray.")
)
_METHOD: Final = "_dynamic_function_reduce"


def meet_pickler(module: ModuleType) -> None:
    """Give functions as they were typed to the copy of cloudpickle that *module* is.

    Example:
        >>> import math
        >>> meet_pickler(math)  # which has no pickler
    """
    pickler = getattr(module, "CloudPickler", None)
    original = vars(pickler).get(_METHOD) if isinstance(pickler, type) else None
    if original is not None and not hasattr(original, "as_typed"):
        setattr(pickler, _METHOD, _sending(original))


def _sending(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def reduced(pickler: Any, function: Any) -> Any:
        return original(pickler, as_typed(function))

    reduced.as_typed = True  # type: ignore[attr-defined]
    return reduced
