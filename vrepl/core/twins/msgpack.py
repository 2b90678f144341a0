"""`msgpack` as a session imports it: nodes are numbers to it with `strict_types=True` too.

Only what packs differs from the real module.
"""

from collections.abc import Callable as _Callable
from typing import Any as _Any

from vrepl.core.twins import pass_for as _pass_for
from vrepl.core.value import Value as _Value
from vrepl.core.value import plain as _plain

_msgpack: _Any = __import__("msgpack")


def _asking(default: _Callable[[_Any], _Any] | None) -> _Callable[[_Any], _Any]:
    def asked(x: _Any) -> _Any:
        if isinstance(x, _Value):
            return _plain(x)
        return x if default is None else default(x)

    return asked


class Packer(_msgpack.Packer):  # type: ignore[misc]
    """MessagePack Packer."""

    def __init__(self, *arguments: _Any, default: _Any = None, **options: _Any) -> None:
        super().__init__(*arguments, default=_asking(default), **options)


def packb(o: _Any, **options: _Any) -> bytes:
    """Pack object `o` and return packed bytes."""
    __tracebackhide__ = True
    return _msgpack.packb(o, **_asked(options))  # type: ignore[no-any-return]


def pack(o: _Any, stream: _Any, **options: _Any) -> None:
    """Pack object `o` and write it to `stream`."""
    __tracebackhide__ = True
    _msgpack.pack(o, stream, **_asked(options))


def _asked(options: dict[str, _Any]) -> dict[str, _Any]:
    return options | {"default": _asking(options.get("default"))}


dump, dumps = pack, packb


_pass_for(_msgpack, globals())
