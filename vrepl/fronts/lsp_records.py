"""The service's records as the language server protocol has them: positions, kinds, colours.

Positions count from 0 there, in the units that editor and server agreed on, usually UTF-16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from lsprotocol import types

from vrepl.core.errors import VreplError
from vrepl.core.functions import FUNCTIONS
from vrepl.fronts.painting import Face
from vrepl.language import service
from vrepl.language.documents import lines_of
from vrepl.language.hover import inspect
from vrepl.language.joined import Joined
from vrepl.language.known import Unknown, function, is_node
from vrepl.language.records import Completion, Diagnostic, Edit, Fold, Hint, Span, Symbol, Token
from vrepl.language.replay import Replay
from vrepl.session.commands import COMMANDS, ask, help_text
from vrepl.session.session import Session

__all__ = [
    "LEGEND", "View", "completion", "diagnostic", "edit", "folds", "hover", "inlay", "symbols",
    "tokens",
]  # fmt: skip

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
}
_ITEMS = {
    "node": types.CompletionItemKind.Variable,
    "name": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
    "word": types.CompletionItemKind.Keyword,
    "option": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "command": types.CompletionItemKind.Event,
}
_SYMBOLS = {
    "cell": types.SymbolKind.Namespace,
    "node": types.SymbolKind.Number,
    "function": types.SymbolKind.Function,
    "class": types.SymbolKind.Class,
    "module": types.SymbolKind.Module,
    "name": types.SymbolKind.Variable,
}
# The protocol's standard kinds of words that themes have colours for.
_TOKENS = {
    "command": "macro",
    "word": "keyword",
    "option": "parameter",
    "number": "number",
    "node": "variable",
    "name": "property",
    "function": "function",
}
LEGEND = types.SemanticTokensLegend(
    token_types=list(_TOKENS.values()), token_modifiers=["declaration"]
)
_DRAWING_WIDTH = 90  # columns; what hovers hold without a scroll bar


class Pointing(Protocol):
    """The parameters of a request about a place in a document."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


@dataclass(frozen=True, slots=True)
class View:
    """A session as the server knows it, and the translation of places in it.

    Args:
        joined: The texts of the session.
        replay: What they say.
        units: How many units of the protocol a text is long.
    """

    joined: Joined
    replay: Replay
    units: Callable[[str], int]

    def cursor(self, params: Pointing) -> tuple[int, int]:
        """Line and column in the whole session."""
        uri, position = params.text_document.uri, params.position
        line = self.joined.line_of(uri, position.line + 1)
        return line, self.column(uri, position)

    def column(self, uri: str, position: types.Position) -> int:
        """The column of a position, in characters."""
        lines = self.joined.lines(uri)
        text = lines[position.line] if position.line < len(lines) else ""
        passed = 0
        for column, letter in enumerate(text):
            if passed >= position.character:
                return column
            passed += self.units(letter)
        return len(text)

    def location(self, span: Span) -> types.Location:
        """A span of the whole session where the editor has it."""
        uri, inside = self.joined.place(span)
        lines = self.joined.lines(uri)
        return types.Location(uri, types.Range(
            self._position(lines, inside.line, inside.column),
            self._position(lines, inside.end_line, inside.end_column),
        ))  # fmt: skip

    def _position(self, lines: list[str], line: int, column: int) -> types.Position:
        text = lines[line - 1] if line <= len(lines) else ""
        return types.Position(line - 1, self.units(text[:column]))

    def lines_in(self, uri: str, place: types.Range) -> tuple[int, int]:
        """First and last line of a range in the whole session."""
        first, last = self.joined.range_of(uri)
        return first + place.start.line, min(first + place.end.line, last)


def diagnostic(view: View, found: Diagnostic) -> tuple[str, types.Diagnostic]:
    """A diagnostic, and the document it belongs to."""
    location = view.location(found.span)
    severity = _SEVERITIES[found.severity]
    return location.uri, types.Diagnostic(
        location.range, found.message, severity=severity, code=found.code, source="vrepl"
    )


def completion(
    view: View, params: types.CompletionParams, fragment: str, item: Completion
) -> types.CompletionItem:
    """A way to go on, which takes the place of the fragment before the cursor."""
    end = params.position
    start = types.Position(end.line, end.character - view.units(fragment))
    return types.CompletionItem(
        item.text,
        kind=_ITEMS[item.kind],
        detail=item.detail or None,
        filter_text=item.text,
        text_edit=types.TextEdit(types.Range(start, end), item.text),
    )


def edit(view: View, edits: Iterable[Edit]) -> types.WorkspaceEdit:
    """Edits of a session, by document."""
    changes: dict[str, list[types.TextEdit]] = {}
    for one in edits:
        location = view.location(one.span)
        changes.setdefault(location.uri, []).append(types.TextEdit(location.range, one.text))
    return types.WorkspaceEdit(changes=changes)


def inlay(view: View, hint: Hint) -> types.InlayHint:
    """A hint behind the end of its line."""
    return types.InlayHint(view.location(hint.span).range.end, f" {hint.text}", padding_left=True)


def folds(view: View, uri: str, found: Iterable[Fold]) -> list[types.FoldingRange]:
    """The folds of one document."""
    first, last = view.joined.range_of(uri)
    inside = (fold for fold in found if first <= fold.line <= fold.end_line <= last)
    kind = types.FoldingRangeKind.Region
    return [
        types.FoldingRange(
            fold.line - first, fold.end_line - first, kind=kind if fold.kind == "cell" else None
        )
        for fold in inside
    ]


def symbols(view: View, uri: str, found: Iterable[Symbol]) -> list[types.DocumentSymbol]:
    """The outline of one document; in a notebook the cells are the editor's own."""
    if view.joined.marked:
        found = [child for cell in found for child in (cell.children or ())]
    return [_symbol(view, s) for s in found if view.joined.place(s.selection)[0] == uri]


def _symbol(view: View, symbol: Symbol) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        symbol.name,
        _SYMBOLS[symbol.kind],
        view.location(symbol.span).range,
        view.location(symbol.selection).range,
        detail=symbol.detail or None,
        children=[_symbol(view, child) for child in symbol.children],
    )


def tokens(view: View, uri: str, found: Iterable[Token]) -> types.SemanticTokens:
    """The coloured words of one document, each counted from the one before."""
    kinds = list(_TOKENS)
    data: list[int] = []
    line = start = 0
    for token in found:
        location = view.location(token.span)
        if location.uri != uri:
            continue
        at, end = location.range.start, location.range.end
        ahead = at.character - (start if at.line == line else 0)
        length = end.character - at.character
        data += [at.line - line, ahead, length, kinds.index(token.kind), int(token.is_binding)]
        line, start = at.line, at.character
    return types.SemanticTokens(data)


# --- hover ---------------------------------------------------------------------------------------


def hover(view: View, params: types.HoverParams) -> types.Hover | None:
    """What is known about the word under the cursor, None where nothing is."""
    line, column = view.cursor(params)
    place = service.name_at(view.replay, line, column)
    if place is None:
        return _command_hover(view, line, column)
    # A name that is bound here means what it is bound to.
    index = view.replay.at(line) + (place.role == "binding")
    value = view.replay.names(index).get(place.name)
    text = ""
    if is_node(value):
        text = _node(place.name, view.replay.session_before(index))
    elif type(value) is Unknown and value.why:
        text = f"`{place.name}`: {value.why}"
    elif function(value) in FUNCTIONS:
        text = f"`{place.name}`: {FUNCTIONS[function(value)].__doc__}"
    return _shown(text, view.location(place.span)) if text else None


def _node(name: str, session: Session) -> str:
    """All about a node, and its drawing."""
    face = Face(width=lambda: _DRAWING_WIDTH, encoding=lambda: "utf-8", rich=False)
    try:
        facts = inspect(name, session).facts()
        drawing = repr(ask(replace(session, paint=face.paint), "graph", name))
    except VreplError as error:
        return str(error)
    rows = [f"{heading:8}  {fact}" for heading, fact in facts]
    return "\n".join([f"**{name}**", "", "```text", *rows, "", drawing, "```"])


def _command_hover(view: View, line: int, column: int) -> types.Hover | None:
    """The help of a command."""
    for token in service.tokens(view.replay):
        if token.kind == "command" and token.span.holds(line, column):
            row = lines_of(view.replay.text)[token.span.line - 1]
            command = COMMANDS[row[token.span.column : token.span.end_column].lstrip("%")]
            return _shown(f"```text\n{help_text(command)}\n```", view.location(token.span))
    return None


def _shown(text: str, location: types.Location) -> types.Hover:
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), location.range)
