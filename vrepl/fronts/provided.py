"""What rewritten code calls, put where it finds it: among the builtins.

What the functions do belongs to the session; some of them ask the shell that they run in.
"""

from __future__ import annotations

import builtins
from contextlib import suppress
from typing import Any, Final

from IPython.display import display

from vrepl.core.showing import Session
from vrepl.fronts import tracebacks
from vrepl.session import policy, support
from vrepl.session.targets import Targets
from vrepl.session.typed import as_typed

__all__ = ["EXTENSION", "provide"]

# The attribute of a shell that holds what is loaded into it.
EXTENSION: Final = "_vrepl_extension"


def provide() -> None:
    """Put the support functions where `%reset` does not reach and `%who` does not look."""
    provided = {
        policy.LITERAL: support.literal,
        policy.ARGUMENT: support.argument,
        policy.BIND: _bind,
        policy.SHOW: _show,
        policy.TRIM: _trim,
        policy.KIND: support.kind,
        policy.TYPED: as_typed,
        **support.OPERATIONS,
    }
    for name, function in provided.items():
        setattr(builtins, name, function)
    Session.is_on = True


def _bind(value: Any, targets: Targets, line: int, cell: str) -> Any:
    """Report a binding to the shell it runs in, and hand the value on."""
    extension = _running()
    if extension is not None:
        extension.bind(targets, value, line, cell)
    return value


def _show(answer: Any) -> None:
    """Display a command's answer; nothing for a command that has none."""
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
