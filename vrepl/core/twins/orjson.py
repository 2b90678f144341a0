"""`orjson` as a session imports it: `dumps` writes nodes, which the real one refuses.

orjson takes exact floats only, and asks `default` about the rest.
"""

from collections.abc import Callable as _Callable
from importlib import import_module as _import_module
from typing import Any as _Any

from vrepl.core.value import Value as _Value
from vrepl.core.value import plain as _plain

_orjson = _import_module("orjson")
globals().update({name: value for name, value in vars(_orjson).items() if name[:2] != "__"})

__doc__ = str(_orjson.__doc__)


def dumps(
    obj: _Any, /, default: _Callable[[_Any], _Any] | None = None, option: int | None = None
) -> bytes:
    """Serialize Python objects to JSON."""
    __tracebackhide__ = True
    try:
        return _orjson.dumps(obj, default, option)  # type: ignore[no-any-return]
    except TypeError:
        pass

    def asked(x: _Any) -> _Any:
        if isinstance(x, _Value):
            return _plain(x)
        if default is None:
            raise TypeError
        return default(x)

    try:
        return _orjson.dumps(obj, asked, option)  # type: ignore[no-any-return]
    except TypeError as error:
        if default is None:
            error.__cause__ = None
        raise
