"""`orjson` as a session imports it: `dumps` writes nodes, which the real one refuses.

orjson takes exact floats only, and asks `default` about the rest.
"""

from collections.abc import Callable as _Callable
from typing import Any as _Any

from vrepl.core.twins import pass_for as _pass_for
from vrepl.core.value import Value as _Value
from vrepl.core.value import plain as _plain

_orjson = __import__("orjson")


def dumps(
    obj: _Any, /, default: _Callable[[_Any], _Any] | None = None, option: int | None = None
) -> bytes:
    """Serialize Python objects to JSON."""
    __tracebackhide__ = True
    if default is not None:  # it would be asked about nodes before we are
        return _orjson.dumps(obj, _asking(default), option)  # type: ignore[no-any-return]
    try:
        return _orjson.dumps(obj, None, option)  # type: ignore[no-any-return]
    except TypeError:
        pass
    try:
        return _orjson.dumps(obj, _asking(_refuse), option)  # type: ignore[no-any-return]
    except TypeError as error:
        error.__cause__ = None
        raise


def _asking(default: _Callable[[_Any], _Any]) -> _Callable[[_Any], _Any]:
    def asked(x: _Any) -> _Any:
        return _plain(x) if isinstance(x, _Value) else default(x)

    return asked


def _refuse(x: _Any) -> _Any:
    raise TypeError


_pass_for(_orjson, globals())
