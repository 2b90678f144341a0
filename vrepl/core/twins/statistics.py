"""`statistics` as a session imports it: the real module, whose sums of products see plain numbers.

From 3.12 on Python adds products of exact floats and ints more exactly than those of others.
"""

import statistics as _statistics
import sys as _sys
from collections.abc import Iterable as _Iterable
from functools import wraps as _wraps
from typing import Any as _Any

from vrepl.core.value import decayed as _decayed

if hasattr(_statistics, "sumprod"):
    _sumprod = _statistics.sumprod

    @_wraps(_sumprod)
    def _of_numbers(p: _Iterable[_Any], q: _Iterable[_Any], /) -> _Any:
        return _sumprod([*map(_decayed, p)], [*map(_decayed, q)])

    # The functions themselves stay what they are, for whoever holds them already.
    _statistics.sumprod = _of_numbers

# An import gives what is found under the module's name, so the session gets the real one.
_sys.modules[__name__] = _statistics
