"""Answers `d?`, `d??` and Shift-Tab with what the language service knows of a node.

It hooks into the inspector that terminal and kernel share, and leaves all other objects to it.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from vrepl.core.errors import VreplError
from vrepl.session.commands import ask
from vrepl.session.parts import is_node
from vrepl.session.session import Session

if TYPE_CHECKING:
    from vrepl.language.hover import Inspection

__all__ = ["Inspections"]

Section: TypeAlias = list[tuple[str, str]]
Hook: TypeAlias = Callable[[Any], Section | None]


class Inspections:
    """The hooks in one shell's inspector.

    Args:
        ip: The shell.
        session: Whom to ask.
    """

    def __init__(self, ip: Any, session: Session) -> None:
        self._inspector = ip.inspector
        self._session = session
        self._before: dict[str, Any] = {}
        self._hooks: dict[str, Hook] = {
            "text/plain": self._hook("text/plain", _text),
            "text/html": self._hook("text/html", _html),
        }

    def install(self) -> None:
        """Hook into the inspector."""
        table = self._inspector.mime_hooks
        self._before = {mime: table.get(mime) for mime in self._hooks}
        table.update(self._hooks)

    def remove(self) -> None:
        """Leave the inspector as it was found."""
        table = self._inspector.mime_hooks
        for mime, hook in self._hooks.items():
            if table.get(mime) is hook:
                if self._before[mime] is None:
                    del table[mime]
                else:
                    table[mime] = self._before[mime]

    def _hook(self, mime: str, write: Callable[[Inspection, str], Section]) -> Hook:
        def hook(data: Any) -> Section | None:
            found = self._found(data) if is_node(data.obj) else None
            if found is not None:
                return write(found, self._drawing(found) if data.detail_level else "")
            before = self._before.get(mime)
            return None if before is None else before(data)

        return hook

    def _found(self, data: Any) -> Inspection | None:
        """The record, None where the name means something else by now."""
        from vrepl.language.hover import inspect  # only who asks waits for it

        try:
            return inspect(data.info_dict["name"], self._session)
        except VreplError:
            return None

    def _drawing(self, found: Inspection) -> str:
        """The graph behind it, as text."""
        try:
            return repr(ask(self._session, "graph", found.reference))
        except VreplError as error:
            return str(error)


def _text(found: Inspection, drawing: str) -> Section:
    return [*found.facts(), *([("Graph", drawing)] if drawing else [])]


def _html(found: Inspection, drawing: str) -> Section:
    rows = "".join(
        f'<tr><th style="text-align:left">{html.escape(head)}</th>'
        f'<td style="text-align:left">{html.escape(body)}</td></tr>'
        for head, body in found.facts()
    )
    graph = f"<pre>{html.escape(drawing)}</pre>" if drawing else ""
    return [(html.escape(found.reference), f"<table>{rows}</table>{graph}")]
