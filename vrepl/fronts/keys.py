"""The keys of the `vrepl` shell: questions about the name under the cursor, and a list of them all.

They are rows of one table; what the commands do is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.filters import is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output

from vrepl.core.errors import VreplError
from vrepl.session.commands import COMMANDS, ask
from vrepl.session.session import Session

__all__ = ["KEYS", "Key", "bindings", "help_lines", "name_under_cursor"]

_REFERENCE = re.compile(r"[^\W\d]\w*(?:\[(?:-?\d+|'[^']*'|\"[^\"]*\")\]|\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the command that it asks about the name under the cursor; '' for this list.

    F2 is IPython's: it opens the text in an editor.
    """

    name: str
    command: str


KEYS = (Key("f1", ""), Key("f3", "graph"), Key("f4", "slope"), Key("f5", "trace"))

# What IPython offers besides, for those who come without knowing it.
_IPYTHON = (
    ("Tab", "completes"),
    ("Right", "takes the grey suggestion"),
    ("Up", "earlier lines that begin alike"),
    ("Ctrl-R", "searches earlier lines"),
    ("F2", "opens the text in an editor"),
)
_SETTINGS = (
    "%config TerminalInteractiveShell.editing_mode = 'vi'",
    "%config VRepl.preview = 'inlay'",
)


def help_lines() -> list[str]:
    """What F1 shows.

    Example:
        >>> help_lines()[1]
        '  F3      %graph NAME under the cursor'
    """
    asked = [
        (key.name.upper(), f"%{key.command} NAME under the cursor" if key.command else "")
        for key in KEYS
    ]
    rows = [(key, what or "this list") for key, what in (*asked, *_IPYTHON)]
    lines = [f"  {key:<6}  {what}" for key, what in rows]
    return [*lines, *(f"  {setting}" for setting in _SETTINGS)]


def name_under_cursor(line: str, column: int) -> str:
    """The name or reference that a cursor stands on or just behind, '' for none.

    Example:
        >>> name_under_cursor("d = w[0]*a", 6), name_under_cursor("d = w[0]*a", 10)
        ('w[0]', 'a')
    """
    found = (m for m in _REFERENCE.finditer(line) if m.start() <= column <= m.end())
    return next((match[0] for match in found), "")


def bindings(session: Callable[[], Session | None]) -> KeyBindings:
    """The keys as prompt_toolkit takes them.

    Args:
        session: Gives whom to ask, None while vrepl is not loaded.
    """
    made = KeyBindings()
    for key in KEYS:
        made.add(key.name, filter=~is_searching)(_pressed(key, session))
    return made


def _pressed(key: Key, session: Callable[[], Session | None]) -> Callable[[KeyPressEvent], Any]:
    def pressed(event: KeyPressEvent) -> Any:
        document = event.app.current_buffer.document
        name = name_under_cursor(document.current_line, document.cursor_position_col)
        text = _answer(key, name, session())
        return run_in_terminal(lambda: _print(text, event.app.output))

    return pressed


def _print(text: str, output: Output) -> None:
    """Write above the prompt; `print` would go through IPython's own detour, and come late."""
    output.write_raw("".join(f"{line}\r\n" for line in text.split("\n")))
    output.flush()


def _answer(key: Key, name: str, session: Session | None) -> str:
    """What is printed above the prompt; whatever goes wrong is said there too."""
    if not key.command:
        return "\n".join(help_lines())
    if session is None or key.command not in COMMANDS:
        return f"%{key.command} is not loaded; %load_ext vrepl brings it"
    if not name:
        return f"{key.name.upper()} asks %{key.command} of a name; put the cursor on one"
    try:
        return f"%{key.command} {name}\n{ask(session, key.command, name)!r}"
    except VreplError as error:
        return str(error)
    except Exception as error:  # between two keys nothing may end the prompt
        return f"%{key.command} {name} failed: {error}"
