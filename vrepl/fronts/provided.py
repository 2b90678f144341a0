"""What rewritten code calls, put where it finds it: in this process and in those it is sent to.

What the functions do belongs to the session; a pickler by value takes a function's code along to
another process, but no builtins.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from contextlib import suppress
from types import CodeType
from typing import Any, Final

from vrepl.fronts import tracebacks
from vrepl.session import policy, support
from vrepl.session.targets import Targets

__all__ = ["EXTENSION", "carry", "provide", "rebuilt"]

# The attribute of a shell that holds what is loaded into it.
EXTENSION: Final = "_vrepl_extension"

# Packages that pickle functions by value, joblib's for its worker processes.
_PICKLERS: Final = (
    "cloudpickle", "joblib.externals.cloudpickle", "pyspark.cloudpickle", "ray.cloudpickle",
)  # fmt: skip


def provide() -> None:
    """Put the support functions where `%reset` does not reach and `%who` does not look."""
    provided = {
        policy.LITERAL: support.literal,
        policy.ARGUMENT: support.argument,
        policy.BIND: _bind,
        policy.SHOW: _show,
        policy.TRIM: _trim,
        policy.KIND: support.kind,
        policy.IMPORTED: carry,
        **support.OPERATIONS,
    }
    for name, function in provided.items():
        setattr(builtins, name, function)


def carry() -> None:
    """Let functions of the session find the support functions in the processes they are sent to.

    Each pickler that is loaded by now is told once, and keeps it: code that was compiled may be
    sent after an unload, too.
    """
    for name in _PICKLERS:
        pickler = getattr(sys.modules.get(name), "CloudPickler", None)
        table = getattr(pickler, "dispatch_table", {})
        reduced = table.get(CodeType)
        if reduced is not None and not isinstance(reduced, _Carried):
            table[CodeType] = _Carried(reduced)


class _Carried:
    """How code is pickled: as before, and where it was rewritten, with a provision."""

    def __init__(self, reduced: Callable[[CodeType], Any]) -> None:
        self.reduced = reduced

    def __call__(self, code: CodeType) -> Any:
        made = self.reduced(code)
        if any(name.startswith("__vrepl_") for name in code.co_names) and len(made) == 2:
            return rebuilt, made
        return made


def rebuilt(make: Callable[..., CodeType], arguments: tuple[Any, ...]) -> CodeType:
    """Code that was rewritten, in a process that may not have met any before."""
    provide()
    return make(*arguments)


def _bind(value: Any, targets: Targets, line: int, cell: str) -> Any:
    """Report a binding to the shell it runs in, and hand the value on."""
    extension = _running()
    if extension is not None:
        extension.bind(targets, value, line, cell)
    return value


def _show(answer: Any) -> None:
    """Display a command's answer; nothing for a command that has none."""
    from IPython.display import display  # a worker process has nothing to display

    if answer is not None:
        display(answer)


def _trim() -> None:
    """Take our frames out of the error that a cell has caught."""
    with suppress(Exception):  # an exception class may do anything when it is looked at
        tracebacks.trim()


def _running() -> Any:
    from IPython.core.getipython import get_ipython

    ip = get_ipython()
    return None if ip is None else vars(ip).get(EXTENSION)
