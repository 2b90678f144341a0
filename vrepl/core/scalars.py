"""NumPy's numbers as nodes: a node that is an `np.float64`, and NumPy's warnings in their place.

NumPy is imported where it is needed, by which time it is loaded; what a node is belongs to `value`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from opcode import opmap
from types import FrameType
from typing import Any, Final

from vrepl.core.callers import module_of
from vrepl.core.kinds import ValueType
from vrepl.core.rows import Operator

__all__ = ["COMPARING", "QUIET", "computed", "float64_class", "quiet"]

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
    body |= {"__module__": base.__module__, "native": np.float64}
    body |= {name: getattr(np.float64, name) for name in _OWN}
    body["__new__"] = np.float64.__new__
    kind = ValueType(np.float64.__name__, (base, np.float64), body)
    kind.__module__ = np.float64.__module__
    return kind


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

    met: list[str] = []
    asked = {kind: "call" for kind, mode in np.geterr().items() if mode == "warn"}
    with np.errstate(call=lambda text, _: met.append(text), **asked):  # type: ignore[arg-type]
        y = function(*numbers, **options)
    for text in met:
        where = by if isinstance(by, str) else by.ufunc
        is_scalar = not isinstance(y, np.ndarray)
        if is_scalar and (not isinstance(by, str) or _is_operating(sys._getframe(2))):
            where = f"scalar {where}"
        warnings.warn(f"{text} encountered in {where}", RuntimeWarning, stacklevel=_users())
    return y


# Arithmetic that NumPy's floats do as Python's, bit for bit, and between these bounds without a
# warning in any setting. Such an operation takes 3.5 us, asking NumPy 10.
QUIET: Final[Mapping[str, Callable[[float, float], float]]] = {
    "add": float.__add__,
    "sub": float.__sub__,
    "mul": float.__mul__,
    "truediv": float.__truediv__,
}
_SMALLEST: Final = 1e-300
_LARGEST: Final = 1e300


# Functions that never warn.
COMPARING: Final = frozenset({"equal", "not_equal", "less", "less_equal", "greater"}) | {
    "greater_equal"
}


def quiet(row: Operator, a: float, b: float) -> float | None:
    """What a row of `QUIET` gives, where NumPy could have nothing to warn of; else None.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> quiet(BY_NAME["mul"], 2.0, 0.5), quiet(BY_NAME["truediv"], 1.0, 0.0)
        (1.0, None)
    """
    if not b and row.name == "truediv":
        return None
    y = QUIET[row.name](a, b)
    return y if _SMALLEST < y < _LARGEST or -_SMALLEST > y > -_LARGEST else None


def _is_operating(frame: FrameType) -> bool:
    """Whether a frame is at `a + b`, not at `np.add(a, b)`: NumPy names them differently."""
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
