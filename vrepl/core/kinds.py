"""The type of the classes of nodes, which pass for `float` and `int`, and who is told otherwise.

What the nodes themselves are is left to `value`.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Callable
from typing import Any

from vrepl.core.callers import is_numpy_asking, module_of

__all__ = ["AskedOfClass", "ValueType", "maker"]

# The one module that must see FloatValue as a type of its own: it looks up `float` by equality
# and would hand back the same node where deepcopy owes a new graph.
COPIER = "copy"
_CHECKED = (int, float)
# Numba asks the class as NumPy does, and then the number: its functions take nodes for numbers.
NUMBA = "numba.np.ufunc.dufunc"


class ValueType(type):
    """The type of `FloatValue` and `IntValue`: equal to `float` or `int`, and hashed like it.

    `type(v) == float`, `type(v) in (int, float)` and `{float: ...}[type(v)]` therefore hold, and
    `type(v)(x)` gives a plain number; `maker` gives what makes nodes.
    """

    native: Any

    def __eq__(cls, other: object) -> bool:
        if cls is other:
            return True
        if other is not cls.native:
            return False
        asking = sys._getframe(1)
        if module_of(asking) == COPIER:
            return False
        # NumPy's table of classes makes numbers of any size wrap round; what it does not find it
        # checks. A class derived from one of its own it must find.
        return other not in _CHECKED or not is_numpy_asking(asking)

    def __hash__(cls) -> int:
        return hash(cls.native)

    @property
    def dtype(cls) -> Any:
        """What `numpy.dtype` makes of the class; nothing before NumPy is there."""
        numpy = sys.modules.get("numpy")
        if numpy is None:
            raise AttributeError(f"type object '{cls.__name__}' has no attribute 'dtype'")
        return numpy.dtype(cls.native) if cls.native in _CHECKED else cls.native.dtype

    def __call__(cls, *arguments: Any, **options: Any) -> Any:  # noqa: D102
        return cls.native(*arguments, **options)


class AskedOfClass:
    """A function that NumPy finds when it asks the class of a number, and nobody finds otherwise.

    Dask asks the number itself and would leave operations to whatever has `__array_ufunc__`; and a
    class of nodes that is handed to NumPy is no array.

    Example:
        >>> ValueType.example = AskedOfClass(abs)
        >>> class Whole(int, metaclass=ValueType):
        ...     native = int
        >>> Whole.example, [hasattr(x, "example") for x in (ValueType, maker(Whole)(3))]
        (<built-in function abs>, [False, False])
        >>> del ValueType.example
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __get__(self, kind: ValueType | None, owner: type) -> Callable[..., Any]:
        if kind is None or module_of(sys._getframe(1)) == NUMBA:
            raise AttributeError
        return self.function


def maker(kind: ValueType) -> Callable[[Any], Any]:
    """What makes a node of *kind* from its number, without a history yet.

    Measured: 70 ns on 3.11 and 84 on 3.13 where `int.__new__(kind, number)` takes 99 and 107.

    Example:
        >>> class Whole(int, metaclass=ValueType):
        ...     native = int
        >>> type(Whole(2)), type(maker(Whole)(2))
        (<class 'int'>, <class 'vrepl.core.kinds.Whole'>)
    """
    return type.__call__.__get__(kind)  # type: ignore[no-any-return]


def _reduced(kind: ValueType) -> tuple[type, tuple[int | float]]:
    """For pickle: the builtin that a class of nodes passes for."""
    return type, (kind.native(),)


copyreg.pickle(ValueType, _reduced)
