"""What NumPy asks of a node: its functions record or see plain numbers, never an array of nodes.

A node that is one of NumPy's floats comes from `scalars`; what is certain without NumPy is told by
`swift`.
"""

from __future__ import annotations

import operator
import sys
from typing import Any

from vrepl.core.kinds import AskedOfClass, ValueType
from vrepl.core.operators import BY_UFUNC
from vrepl.core.scalars import computed, is_operating
from vrepl.core.swift import COMPARING, Kinds, asked
from vrepl.core.value import decayed, is_number, numpy_node, recorded, stripped

__all__ = ["install"]


def _array_ufunc(_: Any, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """NumPy's functions: a row's ufunc of scalars records, all else sees plain numbers."""
    name = ufunc.__name__
    if method == "__call__" and not options:
        if name in COMPARING:
            return ufunc(*map(decayed, inputs))
        if Kinds.scalar is None:
            numpy_node(0.0)
        if (node := asked(ufunc, *inputs)) is not None:
            return node
    function = getattr(ufunc, method)
    if name == "power" and is_operating(sys._getframe(1)):
        function, options = operator.ipow if options else operator.pow, {}
    options = {name: stripped(option) for name, option in options.items()}
    y = computed(name, function, *map(decayed, inputs), **options)
    row = BY_UFUNC.get(name)
    if type(y).__name__ == "ndarray" or row is None or method != "__call__" or options:
        return y
    return recorded(row, inputs, y) if all(map(is_number, inputs)) else y


def _array_function(_: Any, function: Any, types: Any, args: Any, options: Any) -> Any:
    return function(*stripped(args), **stripped(options))


def install() -> None:
    """Have NumPy ask the classes of nodes.

    Example:
        >>> import numpy as np
        >>> from vrepl import Value
        >>> np.sqrt(Value(9.0)), np.add(Value(2), [1, 2])
        (Value(data=3.0), array([3, 4]))
    """
    ValueType.__array_ufunc__ = AskedOfClass(_array_ufunc)  # type: ignore[attr-defined]
    ValueType.__array_function__ = AskedOfClass(_array_function)  # type: ignore[attr-defined]
