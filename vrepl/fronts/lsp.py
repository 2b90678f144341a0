"""The language server: `vrepl lsp` answers editors over standard input and output.

It translates between the protocol and the language service; files are read and never run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from vrepl import __version__
from vrepl.fronts import lsp_records as records
from vrepl.fronts.lsp_records import LEGEND, View
from vrepl.language import service
from vrepl.language.joined import Joined

__all__ = ["Server", "serve", "server"]

_REQUEST_FAILED = -32803  # the protocol's code for a request that is sound and cannot be granted
_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage("python")])
    ]
)
_QUICK_FIX = types.CodeActionKind.QuickFix


class Server(LanguageServer):
    """A language server for session files and notebooks, with one view of each session."""

    def __init__(self) -> None:
        super().__init__(
            "vrepl",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            notebook_document_sync=_NOTEBOOKS,
        )
        self.views: dict[str, View] = {}

    def view(self, uri: str) -> View:
        """What is known about the session that a document belongs to."""
        key = self._key(uri)
        view = self.views.get(key)
        if view is None or uri not in view.joined.addresses:
            view = self.refresh(uri)
        return view

    def refresh(self, uri: str) -> View:
        """Read a session again after a change, and publish what is wrong in it."""
        key = self._key(uri)
        before = self.views.get(key)
        joined = self._joined(uri)
        replay = service.opened(joined.text, key, before.replay if before else None)
        units = self.workspace.position_codec.client_num_units
        view = self.views[key] = View(joined, replay, units)
        self._publish(view, [] if before is None else before.joined.addresses)
        return view

    def forget(self, uri: str) -> None:
        """Let go of a closed file, and take back what was said about it."""
        view = self.views.pop(self._key(uri), None)
        for address in view.joined.addresses if view else ():
            self._say(address, [])

    def _publish(self, view: View, before: Iterable[str]) -> None:
        found: dict[str, list[types.Diagnostic]] = {uri: [] for uri in view.joined.addresses}
        found.update({uri: [] for uri in before if uri not in found})
        for diagnostic in service.diagnose(view.replay):
            uri, item = records.diagnostic(view, diagnostic)
            found[uri].append(item)
        for uri, items in found.items():
            self._say(uri, items)

    def _say(self, uri: str, items: list[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, items))

    def _key(self, uri: str) -> str:
        notebook = self.workspace.get_notebook_document(cell_uri=uri)
        return notebook.uri if notebook is not None else uri

    def _joined(self, uri: str) -> Joined:
        workspace = self.workspace
        notebook = workspace.get_notebook_document(cell_uri=uri)
        if notebook is None:
            source = workspace.get_text_document(uri).source
            return Joined.of([(uri, source)], marked=False)
        cells = [c.document for c in notebook.cells if c.kind == types.NotebookCellKind.Code]
        texts = ((cell, workspace.get_text_document(cell).source) for cell in cells)
        return Joined.of(texts, marked=True)


def server() -> Server:
    """A server that is ready to be started."""
    new = Server()
    for method, answer, *options in _FEATURES:
        new.feature(method, *options)(answer)
    return new


def serve() -> int:
    """Answer an editor on standard input and output until it has had enough; the exit status."""
    logging.basicConfig(level=logging.ERROR)  # to standard error, which editors keep as a log
    server().start_io()
    return 0


# --- what is answered ----------------------------------------------------------------------------


def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """A file was opened."""
    ls.refresh(params.text_document.uri)


def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """A file was edited."""
    ls.refresh(params.text_document.uri)


def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """A file was closed."""
    ls.forget(params.text_document.uri)


def notebook_opened(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    """A notebook was opened."""
    _refresh_notebook(ls, params.notebook_document.uri)


def notebook_changed(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    """Cells of a notebook were edited, added, removed or moved."""
    _refresh_notebook(ls, params.notebook_document.uri)


def notebook_closed(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    """A notebook was closed."""
    ls.forget(params.notebook_document.uri)


def _refresh_notebook(ls: Server, uri: str) -> None:
    notebook = ls.workspace.get_notebook_document(notebook_uri=uri)
    for cell in notebook.cells if notebook is not None else ():
        if cell.kind == types.NotebookCellKind.Code:
            ls.refresh(cell.document)
            return


def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
    """What may come next."""
    view = ls.view(params.text_document.uri)
    line, column = view.cursor(params)
    found = service.complete_at(view.replay, line, column)
    items = [records.completion(view, params, found.fragment, item) for item in found.items]
    return types.CompletionList(is_incomplete=False, items=items)


def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """What is known about the word under the cursor, with its drawing."""
    return records.hover(ls.view(params.text_document.uri), params)


def definition(ls: Server, params: types.DefinitionParams) -> types.Location | None:
    """The statement that bound the name under the cursor."""
    view = ls.view(params.text_document.uri)
    line, column = view.cursor(params)
    place = service.name_at(view.replay, line, column)
    span = service.define(view.replay, place.name, line, column) if place else None
    return view.location(span) if span else None


def references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
    """Every place where the name under the cursor stands."""
    view = ls.view(params.text_document.uri)
    place = service.name_at(view.replay, *view.cursor(params))
    with_bindings = params.context.include_declaration
    return [
        view.location(other.span)
        for other in (service.references(view.replay, place.name) if place else ())
        if with_bindings or other.role != "binding"
    ]


def highlight(ls: Server, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    """The same in the part that is looked at."""
    view = ls.view(params.text_document.uri)
    place = service.name_at(view.replay, *view.cursor(params))
    found = []
    for other in service.references(view.replay, place.name) if place else ():
        location = view.location(other.span)
        if location.uri == params.text_document.uri:
            writes = other.role == "binding"
            kind = types.DocumentHighlightKind.Write if writes else types.DocumentHighlightKind.Read
            found.append(types.DocumentHighlight(location.range, kind))
    return found


def prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.Range | None:
    """The name that would be renamed."""
    view = ls.view(params.text_document.uri)
    place = service.name_at(view.replay, *view.cursor(params))
    return view.location(place.span).range if place else None


def rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit:
    """The edits that give the name under the cursor another one in the whole session."""
    view = ls.view(params.text_document.uri)
    place = service.name_at(view.replay, *view.cursor(params))
    if place is None:
        raise JsonRpcException("no name of the session stands here", _REQUEST_FAILED)
    try:
        return records.edit(view, service.rename(view.replay, place.name, params.new_name))
    except service.CannotRename as error:
        raise JsonRpcException(str(error), _REQUEST_FAILED) from None


def symbols(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """The outline of a document."""
    view = ls.view(params.text_document.uri)
    return records.symbols(view, params.text_document.uri, service.symbols(view.replay))


def tokens(ls: Server, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """What the words of a document mean, for colours."""
    view = ls.view(params.text_document.uri)
    return records.tokens(view, params.text_document.uri, service.tokens(view.replay))


def inlays(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Value and slopes of each assignment in a range."""
    view = ls.view(params.text_document.uri)
    first, last = view.lines_in(params.text_document.uri, params.range)
    return [records.inlay(view, hint) for hint in service.hints(view.replay, first, last)]


def folds(ls: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    """What can be folded."""
    view = ls.view(params.text_document.uri)
    return records.folds(view, params.text_document.uri, service.folds(view.replay))


def actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The quick fixes for what is wrong in a range."""
    view = ls.view(params.text_document.uri)
    return list(_fixes(view, params))


def _fixes(view: View, params: types.CodeActionParams) -> Iterator[types.CodeAction]:
    wanted = params.context.only
    if wanted and not any(str(_QUICK_FIX.value).startswith(str(kind)) for kind in wanted):
        return
    first, last = view.lines_in(params.text_document.uri, params.range)
    for diagnostic in service.diagnose(view.replay):
        if first <= diagnostic.span.end_line and diagnostic.span.line <= last:
            _, item = records.diagnostic(view, diagnostic)
            for fix in diagnostic.fixes:
                edit = records.edit(view, fix.edits)
                yield types.CodeAction(
                    fix.title, kind=_QUICK_FIX, diagnostics=[item], is_preferred=True, edit=edit
                )


_Feature = tuple[str, Callable[..., Any]] | tuple[str, Callable[..., Any], Any]
_FEATURES: tuple[_Feature, ...] = (
    (types.TEXT_DOCUMENT_DID_OPEN, opened),
    (types.TEXT_DOCUMENT_DID_CHANGE, changed),
    (types.TEXT_DOCUMENT_DID_CLOSE, closed),
    (types.NOTEBOOK_DOCUMENT_DID_OPEN, notebook_opened),
    (types.NOTEBOOK_DOCUMENT_DID_CHANGE, notebook_changed),
    (types.NOTEBOOK_DOCUMENT_DID_CLOSE, notebook_closed),
    (
        types.TEXT_DOCUMENT_COMPLETION,
        completion,
        types.CompletionOptions(trigger_characters=["%", " ", ",", "[", "-"]),
    ),
    (types.TEXT_DOCUMENT_HOVER, hover),
    (types.TEXT_DOCUMENT_DEFINITION, definition),
    (types.TEXT_DOCUMENT_REFERENCES, references),
    (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, highlight),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, prepare_rename),
    (types.TEXT_DOCUMENT_RENAME, rename, types.RenameOptions(prepare_provider=True)),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, symbols),
    (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, tokens, LEGEND),
    (types.TEXT_DOCUMENT_INLAY_HINT, inlays),
    (types.TEXT_DOCUMENT_FOLDING_RANGE, folds),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        actions,
        types.CodeActionOptions(code_action_kinds=[_QUICK_FIX]),
    ),
)
