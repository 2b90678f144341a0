"""The REPL in which every number remembers where it came from.

`%load_ext vrepl` in IPython or Jupyter, or the `vrepl` shell, make typed numbers nodes of a graph;
in a script, `Value` and the functions below do the same by hand.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vrepl.core.blocks import plain
from vrepl.core.derivatives import derivative, gradient, hessian, jacobian, slope, tangent
from vrepl.core.errors import DomainError, NoRule, NotConnected, VreplError
from vrepl.core.functions import FUNCTIONS
from vrepl.core.graph import trace
from vrepl.core.storage import StorageError, dumps, loads
from vrepl.core.value import FloatValue, IntValue, Value

if TYPE_CHECKING:
    from vrepl.core.arrays import replay
    from vrepl.render.dot import draw_dot

__version__ = "0.1.0"
__all__ = [
    "DomainError", "FloatValue", "IntValue", "NoRule", "NotConnected", "StorageError", "Value",
    "VreplError", "derivative", "draw_dot", "dumps", "gradient", "hessian", "jacobian", "loads",
    "plain", "replay", "slope", "tangent", "trace", *FUNCTIONS,
]  # fmt: skip


_ON_USE = {
    "draw_dot": "vrepl.render.dot",
    "replay": "vrepl.core.arrays",
}


def __getattr__(name: str) -> Any:
    """Functions of the operator table, and what needs a library that is loaded only on use."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name in _ON_USE:
        return getattr(import_module(_ON_USE[name]), name)
    raise AttributeError(f"module 'vrepl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ip: Any) -> None:
    """Called by `%load_ext vrepl`."""
    from vrepl.fronts.ipython import load

    load(ip)


def unload_ipython_extension(ip: Any) -> None:
    """Called by `%unload_ext vrepl`."""
    from vrepl.fronts.ipython import unload

    unload(ip)
