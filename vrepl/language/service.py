"""The language service: questions about a text in a session, answered with plain records.

Every front end asks here; the work is done by the modules beside it, and none of them runs any of
the text or knows a front end.
"""

from __future__ import annotations

from vrepl.language import completion
from vrepl.language.completion import complete
from vrepl.language.diagnose import diagnose
from vrepl.language.documents import is_session, lines_of
from vrepl.language.hints import hints
from vrepl.language.records import Completion, Completions, Diagnostic
from vrepl.language.replay import Replay
from vrepl.language.symbols import (
    CannotRename,
    define,
    folds,
    name_at,
    references,
    rename,
    symbols,
    tokens,
)
from vrepl.session.session import Session

__all__ = [
    "CannotRename",
    "Completion",
    "Completions",
    "Diagnostic",
    "Replay",
    "complete",
    "complete_at",
    "define",
    "diagnose",
    "folds",
    "hints",
    "name_at",
    "opened",
    "references",
    "rename",
    "symbols",
    "tokens",
]


def opened(text: str, path: str = "", previous: Replay | None = None) -> Replay:
    r"""A file, read without running it.

    Args:
        text: What is in it.
        path: Its path, which tells plain Python programs from sessions.
        previous: The file before the last edit, which makes this a matter of milliseconds.

    Example:
        >>> diagnose(opened("a = 2.0\nd = a/0", "first.ipy"))[0].code
        'V301'
    """
    name = path.replace("\\", "/").rpartition("/")[2] or "session"
    return Replay(text, cell=name, is_session=is_session(text, path), previous=previous)


def typed(text: str, session: Session, cell: str = "this cell") -> Replay:
    """What is being typed into a live session, before it is run.

    Args:
        text: The cell as far as it is typed.
        session: The session, which is looked at and not touched.
        cell: What messages call the cell.

    Example:
        >>> from vrepl.core.value import Value
        >>> replay = typed("d = a*3", Session.over({"a": Value(2.0)}))
        >>> [hint.text for hint in hints(replay)]
        ['= 6.0   slope a 3.0']
    """
    return Replay(text, session, cell=cell)


def complete_at(replay: Replay, line: int, column: int, *, bare: bool = False) -> Completions:
    r"""What may come next at a cursor.

    Args:
        replay: The text.
        line: The cursor's line, from 1.
        column: Its column, from 0.
        bare: Whether commands are known without the percent sign, as at a prompt.

    Example:
        >>> [item.text for item in complete_at(opened("a = 2.0\n%slope "), 2, 7).items]
        ['a']
    """
    lines = lines_of(replay.text)
    before = lines[line - 1][:column] if line <= len(lines) else ""
    session = replay.session_before(replay.at(line))
    return completion.complete(before, session, bare=bare)
