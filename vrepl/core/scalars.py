"""NumPy's numbers as nodes: a node that is an `np.float64`, and NumPy's warnings in their place.

NumPy is imported where it is needed, by which time it is loaded; what a node is belongs to `value`.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from contextvars import Context
from functools import cache
from opcode import opmap
from types import FrameType
from typing import Any, Final

from vrepl.core.callers import module_of
from vrepl.core.kinds import ValueType
from vrepl.core.rows import Operator
from vrepl.core.swift import Kinds

__all__ = ["computed", "float64_class", "is_operating"]

_DEFAULT: Final = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
_NUMERIC: Final = "biufc"  # letters of dtypes whose arithmetic runs nobody's code

_COMPARISONS: Final = ("__eq__", "__ge__", "__gt__", "__le__", "__lt__", "__ne__")

# Values have functions of these names, which take several numbers; NumPy's look into one array.
_OWN = ("max", "min", "prod")


def float64_class(base: Any, **body: Any) -> Any:
    """A class of nodes that came from an `np.float64` and stay one for everybody else.

    Args:
        base: `Value`.
        body: Methods beside those that *base* has.

    Example:
        >>> import numpy as np
        >>> from vrepl import Value
        >>> y = Value(2.0) * np.float64(0.5)
        >>> y, y.dtype, isinstance(y, np.float64)
        (Value(data=1.0), dtype('float64'), True)
    """
    import numpy as np

    # No slots: Python refuses them beside float64 in a class whose type is not `type`.
    body |= {"__module__": base.__module__, "native": np.float64, "__class__": np.float64}
    body |= {name: getattr(np.float64, name) for name in _OWN}
    body |= {name: _comparison(np.float64, name) for name in _COMPARISONS}
    body |= {"__new__": np.float64.__new__, "__hash__": np.float64.__hash__}
    kind = ValueType(np.float64.__name__, (base, np.float64), body)
    kind.__module__ = np.float64.__module__
    return kind


def _comparison(float64: Any, name: str) -> Callable[[Any, Any], Any]:
    """A comparison for nodes that are NumPy's floats.

    Beside a whole node NumPy would take both for arrays, in 2.7 us; this takes 0.3. NumPy 1 takes
    a node and a very large number for objects, which ask each other without an end.
    """
    native = getattr(float64, name)

    def compare(self: Any, other: Any) -> Any:
        kind = type(other)
        if kind is Kinds.whole:
            other = int.__pos__(other)
        elif kind is Kinds.real:
            other = float.__pos__(other)
        return native(float64(self), other)

    return compare


def computed(
    by: Operator | str, function: Callable[..., Any], *numbers: Any, **options: Any
) -> Any:
    """`function(*numbers, **options)`, with NumPy's warnings given the line of the user's code.

    NumPy names the line that calls it, which would be ours.

    Args:
        by: The row that is computed, or the name of NumPy's function.
        function: What computes.
        numbers: NumPy's and Python's.
        options: As NumPy's functions take them.
    """
    import numpy as np

    modes = np.geterr()
    watched = _watched()
    if not options and modes == _DEFAULT and watched.serves(numbers):
        met = watched.met
        y = watched.run(function, *numbers)
    else:
        met = []
        asked = {kind: "call" for kind, mode in modes.items() if mode == "warn"}
        with np.errstate(call=lambda text, _: met.append(text), **asked):  # type: ignore[arg-type]
            y = function(*numbers, **options)
    if met:
        _warn(by, y, met)
    return y


def _warn(by: Operator | str, y: Any, met: list[str]) -> None:
    """Warn where the user's code stands of what NumPy *met*; forget it then."""
    import numpy as np

    texts, met[:] = tuple(met), ()
    for text in texts:
        where = by if isinstance(by, str) else by.ufunc
        is_scalar = not isinstance(y, np.ndarray)
        if is_scalar and (not isinstance(by, str) or is_operating(sys._getframe(3))):
            where = f"scalar {where}"
        warnings.warn(f"{text} encountered in {where}", RuntimeWarning, stacklevel=_users())


class _Watched(threading.local):
    """A context in which NumPy tells us what it would warn of, kept from one call to the next.

    To enter it takes 0.1 us, where `np.errstate` takes 3. Nothing but NumPy's own code runs in it:
    the context variables of the user's session have no values there.

    Attributes:
        met: What NumPy told since this was emptied.
    """

    def __init__(self) -> None:
        import numpy as np

        self.met: list[str] = []
        self._is_busy = False
        self._context = Context()
        before = np.geterr(), np.geterrcall()
        self._context.run(np.seterr, divide="call", over="call", invalid="call")
        self._context.run(np.seterrcall, lambda text, _: self.met.append(text))
        # NumPy 1 knows no contexts, and is asked the slow way.
        self._is_used = (np.geterr(), np.geterrcall()) == before
        if not self._is_used:
            np.seterr(**before[0])
            np.seterrcall(before[1])
        self._numbers = {kind for kind in np.ScalarType if np.dtype(kind).kind in _NUMERIC}
        self._array = np.ndarray

    def serves(self, numbers: tuple[Any, ...]) -> bool:
        """Whether no code but NumPy's own runs for *numbers*."""
        for x in numbers:
            kind = type(x)
            if kind is self._array:
                if x.dtype.kind not in _NUMERIC:
                    return False
            elif kind not in self._numbers:
                return False
        return self._is_used and not self._is_busy

    def run(self, function: Callable[..., Any], *numbers: Any) -> Any:
        """What the function gives; `met` has what NumPy tells of it."""
        self._is_busy = True
        try:
            return self._context.run(function, *numbers)
        finally:
            self._is_busy = False


@cache
def _watched() -> _Watched:
    return _Watched()


def is_operating(frame: FrameType) -> bool:
    """Whether a frame is at `a + b`, not at `np.add(a, b)`.

    NumPy names them differently in warnings, and `a ** b` rounds otherwise than `np.power(a, b)`.
    """
    return frame.f_code.co_code[frame.f_lasti] == opmap["BINARY_OP"]


def _users() -> int:
    """How many frames above our caller the first one stands that is not vrepl's."""
    depth = 1
    frame = sys._getframe(1)
    while frame.f_back and _is_ours(frame):
        frame = frame.f_back
        depth += 1
    return depth


def _is_ours(frame: FrameType) -> bool:
    return module_of(frame).split(".")[0] == "vrepl" or frame.f_code.co_filename[:7] == "<vrepl "
