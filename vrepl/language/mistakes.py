"""Says what is wrong with a command before it is asked, and with which of its words.

It knows command lines only; what lines of Python are going to do is told by previews.
"""

from __future__ import annotations

from vrepl.language.commandlines import command_line
from vrepl.language.diagnose import diagnose
from vrepl.language.records import Diagnostic, Span
from vrepl.language.replay import Replay
from vrepl.session.session import Session

__all__ = ["mistake"]

# Grammar, unknown name, no node. That two nodes are not connected is an answer, and no mistake.
_CODES = frozenset({"V101", "V102", "V103"})


def mistake(line: str, session: Session) -> Diagnostic | None:
    """What is wrong with a command line; None for a right one, and for any other text.

    Args:
        line: What was typed, the percent sign left out or not.
        session: Whose names are meant.

    Example:
        >>> found = mistake("%slope d wrt q", Session.over({}))
        >>> found.message, found.span.column
        ('No name "d" here; %nodes lists the names', 7)
        >>> mistake("d = q", Session.over({})) is None
        True
    """
    names = session.registry.namespace()
    asked = command_line(line, bare=True, is_name=names.__contains__)
    if asked is None or "\n" in line or asked.marker == "%%":
        return None
    sign = "" if asked.marker else "%"
    text = f"{line[: asked.start]}{sign}{line[asked.start :]}"
    for found in diagnose(Replay(text, session)):
        if found.code in _CODES and found.severity == "error":
            span = found.span.moved(0, -len(sign))
            start = max(span.column, 0)
            return Diagnostic(found.code, found.severity, found.message, Span(1, start, *span[2:]))
    return None
