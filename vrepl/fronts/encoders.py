"""Lets encoders that take exact numbers only write nodes, whoever calls them: Plotly, say.

Each is tried as it is first; that stays so after an unload, as the nodes do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final, NamedTuple

from vrepl.core.value import Value, plain, stripped

__all__ = ["ENCODING", "meet_encoder"]


class _Encoder(NamedTuple):
    """A function that writes, or checks, data made of exact types.

    Attributes:
        module: Where it comes from.
        function: Its name there.
        hook: Its option for a function that is asked about all else; '' where it has none.
    """

    module: str
    function: str
    hook: str = ""


_ENCODERS: Final = (
    _Encoder("orjson", "dumps", "default"),
    _Encoder("ormsgpack", "packb", "default"),
    _Encoder("msgspec._core", "json_encode", "enc_hook"),
    _Encoder("msgspec._core", "msgpack_encode", "enc_hook"),
    _Encoder("msgspec._core", "to_builtins", "enc_hook"),
    _Encoder("msgspec._core", "convert"),
    _Encoder("rtoml", "dumps"),
    _Encoder("rtoml", "dump"),
)
ENCODING: Final = tuple(dict.fromkeys(encoder.module for encoder in _ENCODERS))


def meet_encoder(module: ModuleType) -> None:
    """Put ours in the place of the encoders of *module*, once, all over its package.

    Example:
        >>> import math
        >>> meet_encoder(math)  # which has none
    """
    package = module.__name__.partition(".")[0]
    loaded = [m for name, m in list(sys.modules.items()) if name.partition(".")[0] == package]
    for encoder in _ENCODERS:
        original = getattr(module, encoder.function, None)
        if encoder.module != module.__name__ or not callable(original):
            continue
        if hasattr(original, "encoder"):
            continue
        ours = _asking(original, encoder) if encoder.hook else _stripping(original, encoder)
        for part in (module, *loaded):
            for name, held in list(vars(part).items()):
                if held is original:
                    setattr(part, name, ours)


def _asking(original: Callable[..., Any], encoder: _Encoder) -> Callable[..., Any]:
    """For an encoder that asks: it hears numbers for nodes, and from others about all else."""

    @wraps(original)
    def encode(obj: Any, /, *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        hook = arguments[0] if arguments else options.pop(encoder.hook, None)
        rest = arguments[1:]
        if hook is None:
            try:
                return original(obj, None, *rest, **options) if rest else original(obj, **options)
            except TypeError:
                hook = _refuse
        asked = _answering(hook)
        try:
            if rest:
                return original(obj, asked, *rest, **options)
            return original(obj, **{encoder.hook: asked}, **options)
        except TypeError as error:
            if hook is _refuse:
                error.__cause__ = error.__context__ = None
            raise

    encode.encoder = encoder  # type: ignore[attr-defined]
    return encode


def _answering(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def asked(x: Any) -> Any:
        __tracebackhide__ = True
        return plain(x) if isinstance(x, Value) else hook(x)

    return asked


def _refuse(x: Any) -> Any:
    raise TypeError(f"Encoding objects of type {type(x).__name__} is unsupported")


def _stripping(original: Callable[..., Any], encoder: _Encoder) -> Callable[..., Any]:
    """For an encoder that asks nobody: what it refuses it is given once more, without nodes."""

    @wraps(original)
    def encode(obj: Any, *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        try:
            return original(obj, *arguments, **options)
        except Exception:
            pass
        return original(stripped(obj), *arguments, **options)

    encode.encoder = encoder  # type: ignore[attr-defined]
    return encode
