"""Lets functions of a session travel: to files, to other processes and to other interpreters.

They are sent as they were typed, by cloudpickle, which joblib, Dask, Spark and Ray use, and by
`concurrent.interpreters`, which is given numbers for nodes, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, NamedTuple

from vrepl.core.value import stripped
from vrepl.session.typed import as_typed

__all__ = ["Shipping"]


class _Door(NamedTuple):
    """A method through which things leave.

    Attributes:
        module: Where its class is, once somebody has imported that.
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


class Shipping:
    """What is changed in the classes that are loaded."""

    def __init__(self) -> None:
        self._changed: dict[tuple[type, str], tuple[Any, Any]] = {}

    def look(self) -> None:
        """Meet what was imported since; done before every cell and after its imports."""
        for door in _DOORS:
            kind = getattr(sys.modules.get(door.module), door.kind, None)
            if kind is not None and (kind, door.method) not in self._changed:
                self._change(kind, door)

    def remove(self) -> None:
        """Leave the classes as they were found, unless somebody else has changed them since."""
        for (kind, method), (ours, original) in self._changed.items():
            if vars(kind).get(method) is ours:
                setattr(kind, method, original)
        self._changed.clear()

    def _change(self, kind: type, door: _Door) -> None:
        original = vars(kind).get(door.method)
        if original is not None:
            ours = _sending(original, door.sent)
            setattr(kind, door.method, ours)
            self._changed[kind, door.method] = ours, original


def _sending(original: Callable[..., Any], sent: Callable[[Any], Any]) -> Callable[..., Any]:
    @wraps(original)
    def sending(sender: Any, /, *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        options = {name: sent(x) for name, x in options.items()}
        return original(sender, *map(sent, arguments), **options)

    return sending
