"""Colours the words of commands in the `vrepl` shell's prompt; all other lines as IPython does.

It goes by the command table and the names of the session; the colours are IPython's theme's.
"""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from vrepl.language.commandlines import CommandLine, command_line
from vrepl.session.session import Session

__all__ = ["CommandLexer"]

_STYLES = {
    "word": "class:pygments.operator.word",
    "option": "class:pygments.name.attribute",
    "argument": "class:pygments.literal.number",
}
_COMMAND = "class:pygments.keyword"
_NODE = "class:pygments.name.function"


class CommandLexer(Lexer):
    """IPython's lexer, with commands known.

    Args:
        otherwise: The lexer of all other lines.
        session: Gives whose names are meant, None while vrepl is not loaded.
    """

    def __init__(self, otherwise: Lexer, session: Callable[[], Session | None]) -> None:
        self._otherwise = otherwise
        self._session = session

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """The coloured pieces of a line, by its number."""
        ordinary = self._otherwise.lex_document(document)

        def line_of(number: int) -> StyleAndTextTuples:
            try:
                line = document.lines[number]
                session = self._session()
                names = session.registry.namespace() if session is not None else {}
                asked = command_line(line, bare=True, is_name=names.__contains__)
                if session is not None and asked is not None:
                    return _coloured(line, asked, names.__contains__)
            except Exception:  # colours are no reason to lose the prompt
                pass
            return ordinary(number)

        return line_of


def _coloured(line: str, asked: CommandLine, is_name: Callable[[str], bool]) -> StyleAndTextTuples:
    """The line in pieces, what stands between the words left without a colour."""
    found: StyleAndTextTuples = []
    position = 0
    words = [(asked.start, asked.rest_start, _COMMAND)]
    for part in asked.parts:
        style = _STYLES.get(part.role, "")
        if part.is_reference and is_name(part.text.partition("[")[0].partition(".")[0]):
            style = _NODE
        words.append((part.start, part.end, style))
    for start, end, style in words:
        found += [("", line[position:start]), (style, line[start:end])]
        position = end
    return [*found, ("", line[position:])]
