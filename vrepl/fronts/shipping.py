"""Lets functions of a session travel: to files, to other processes and to other interpreters.

They are sent as they were typed, by cloudpickle, which joblib, Dask, Spark and Ray use, and by
`concurrent.interpreters`, which is given numbers for nodes, too. That stays so after an unload, as
the functions themselves do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final, NamedTuple

from vrepl.core.value import stripped
from vrepl.session.typed import as_typed

__all__ = ["SENDERS", "meet_sender"]


class _Door(NamedTuple):
    """A method through which things leave.

    Attributes:
        module: Where its class is.
        kind: The class.
        method: The method.
        sent: What it is given for an argument.
    """

    module: str
    kind: str
    method: str
    sent: Callable[[Any], Any]


# The copies of cloudpickle that libraries bring along.
_COPIES: Final = ("", "joblib.externals.", "pyspark.", "ray.")
_INTERPRETER: Final = "concurrent.interpreters", "Interpreter"
_DOORS: Final = (
    *(
        _Door(
            f"{place}cloudpickle.cloudpickle", "CloudPickler", "_dynamic_function_reduce", as_typed
        )
        for place in _COPIES
    ),
    *(_Door(*_INTERPRETER, method, as_typed) for method in ("call", "call_in_thread", "exec")),
    _Door(*_INTERPRETER, "prepare_main", stripped),
)
SENDERS: Final = tuple(dict.fromkeys(door.module for door in _DOORS))


def meet_sender(module: ModuleType) -> None:
    """Change what goes out through the doors of *module*, once.

    Example:
        >>> import math
        >>> meet_sender(math)  # which has no doors
    """
    for door in _DOORS:
        if door.module == module.__name__:
            kind = getattr(module, door.kind, None)
            original = vars(kind).get(door.method) if isinstance(kind, type) else None
            if original is not None and not hasattr(original, "door"):
                setattr(kind, door.method, _sending(original, door))


def _sending(original: Callable[..., Any], door: _Door) -> Callable[..., Any]:
    @wraps(original)
    def sending(sender: Any, /, *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        options = {name: door.sent(x) for name, x in options.items()}
        return original(sender, *map(door.sent, arguments), **options)

    sending.door = door  # type: ignore[attr-defined]
    return sending
