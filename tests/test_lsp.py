"""The language server through a client over its standard input and output, as editors run it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

FILE = "file:///folder/first.ipy"
TEXT = """\
# %% numbers
a = 2.0
b = -3.0; c = 10
d = a*b + c
# %% questions
%slope d wrt a
print(f'{d:.2f}')
"""
SECONDS = 60  # no answer takes long; a machine may be busy


class Editor:
    """One client with one server."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.published: dict[str, list[types.Diagnostic]] = {}
        self.messages: list[str] = []
        self.version = 0
        self.news = asyncio.Event()

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:  # it must be a function
            self.published[params.uri] = list(params.diagnostics)
            self.news.set()

        client.feature(types.WINDOW_SHOW_MESSAGE)(lambda p: self.messages.append(p.message))
        client.feature(types.WINDOW_LOG_MESSAGE)(lambda p: self.messages.append(p.message))

    async def told(self, action: Callable[[], None]) -> None:
        """Do something that makes the server publish."""
        self.news.clear()
        action()
        await asyncio.wait_for(self.news.wait(), SECONDS)

    async def open(self, text: str, uri: str = FILE) -> None:
        item = types.TextDocumentItem(uri, "python", 0, text)
        params = types.DidOpenTextDocumentParams(item)
        await self.told(lambda: self.client.text_document_did_open(params))

    async def change(self, text: str, uri: str = FILE) -> None:
        self.version += 1
        whole = types.TextDocumentContentChangeWholeDocument(text)
        document = types.VersionedTextDocumentIdentifier(self.version, uri)
        params = types.DidChangeTextDocumentParams(document, [whole])
        await self.told(lambda: self.client.text_document_did_change(params))

    async def ask(self, name: str, params: Any) -> Any:
        request = getattr(self.client, f"text_document_{name}_async")
        return await asyncio.wait_for(request(params), SECONDS)


@asynccontextmanager
async def editor(encodings: list[str] | None = None) -> AsyncIterator[Editor]:
    client = LanguageClient("editor", "1")
    found = Editor(client)
    await client.start_io(sys.executable, "-m", "vrepl", "lsp")
    general = types.GeneralClientCapabilities(position_encodings=encodings)
    capabilities = types.ClientCapabilities(general=general)
    params = types.InitializeParams(capabilities=capabilities, process_id=None, root_uri=None)
    found.server = await asyncio.wait_for(client.initialize_async(params), SECONDS)
    client.initialized(types.InitializedParams())
    try:
        yield found
    finally:  # whatever happened, the server must go
        await asyncio.wait_for(client.shutdown_async(None), SECONDS)
        client.exit(None)
        await asyncio.wait_for(client.stop(), SECONDS)


class Desk:
    """One editor for many tests, each with files of its own, in a thread that runs its loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.context = editor()
        self.editor = self.wait(self.context.__aenter__())

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(2 * SECONDS)

    def __call__(self, test: Callable[[Editor], Coroutine[Any, Any, None]]) -> None:
        self.wait(test(self.editor))
        assert self.editor.messages == []  # where a handler's exception would be told

    def close(self) -> None:
        self.wait(self.context.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(SECONDS)
        self.loop.close()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    found = Desk()
    yield found
    found.close()


def at(line: int, character: int, uri: str = FILE, kind: type = types.HoverParams, **more: Any):
    document = types.TextDocumentIdentifier(uri)
    return kind(text_document=document, position=types.Position(line, character), **more)


def of(kind: type, uri: str = FILE, **more: Any):
    return kind(text_document=types.TextDocumentIdentifier(uri), **more)


def lines(first: int, last: int) -> types.Range:
    return types.Range(types.Position(first, 0), types.Position(last, 0))


def spot(place: types.Range) -> tuple[int, int, int]:
    assert place.start.line == place.end.line
    return place.start.line, place.start.character, place.end.character


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """The text after edits on single lines, in UTF-16 units."""
    rows = text.split("\n")
    for edit in sorted(edits, key=lambda e: (e.range.start.line, -e.range.start.character)):
        line, start, end = spot(edit.range)
        row = rows[line].encode("utf-16-le")
        rows[line] = (row[: 2 * start] + edit.new_text.encode("utf-16-le") + row[2 * end :]).decode(
            "utf-16-le"
        )
    return "\n".join(rows)


def test_a_session_file_in_an_editor(desk: Desk) -> None:
    desk(_a_session_file)


async def _a_session_file(editor: Editor) -> None:
    await editor.open(TEXT)
    assert editor.published[FILE] == []

    hints = await editor.ask("inlay_hint", of(types.InlayHintParams, range=lines(0, 7)))
    assert [(h.position.line, h.label.strip()) for h in hints] == [
        (3, "= 4.0   slopes a -3.0, b 2.0, c 1.0"),
    ]
    hover = await editor.ask("hover", at(3, 0))
    assert "Value     4.0\nMade by   a * b + c   in first.ipy:4" in hover.contents.value
    assert "Slopes    a -3.0, b 2.0, c 1.0" in hover.contents.value and "─▶" in hover.contents.value
    assert spot(hover.range) == (3, 0, 1)
    hover = await editor.ask("hover", at(5, 2))
    assert "%slope NAME" in hover.contents.value

    found = await editor.ask("definition", at(5, 13, kind=types.DefinitionParams))
    assert (found.uri, spot(found.range)) == (FILE, (1, 0, 1))
    context = types.ReferenceContext(include_declaration=True)
    found = await editor.ask("references", at(3, 0, kind=types.ReferenceParams, context=context))
    assert [spot(place.range) for place in found] == [(3, 0, 1), (5, 7, 8), (6, 9, 10)]
    found = await editor.ask("document_highlight", at(3, 0, kind=types.DocumentHighlightParams))
    assert [place.range.start.line for place in found] == [3, 5, 6]

    outline = await editor.ask("document_symbol", of(types.DocumentSymbolParams))
    assert [cell.name for cell in outline] == ["numbers", "questions"]
    assert [(s.name, s.detail) for s in outline[0].children] == [
        ("a", "2.0"), ("b", "-3.0"), ("c", "10"), ("d", "4.0"),
    ]  # fmt: skip
    folds = await editor.ask("folding_range", of(types.FoldingRangeParams))
    assert [(fold.start_line, fold.end_line) for fold in folds] == [(0, 3), (4, 6)]

    tokens = await editor.ask("semantic_tokens_full", of(types.SemanticTokensParams))
    legend = editor.server.capabilities.semantic_tokens_provider.legend.token_types
    assert _read(tokens.data, legend)[-5:] == [
        (5, 0, "macro"), (5, 7, "variable"), (5, 9, "keyword"), (5, 13, "variable"),
        (6, 9, "variable"),
    ]  # fmt: skip


def _read(data: list[int], legend: list[str]) -> list[tuple[int, int, str]]:
    line = start = 0
    found = []
    for i in range(0, len(data), 5):
        ahead, across, _, kind, _ = data[i : i + 5]
        line, start = line + ahead, across + (0 if ahead else start)
        found.append((line, start, legend[kind]))
    return found


def test_mistakes_are_published_and_can_be_mended(desk: Desk) -> None:
    desk(_mistakes)


async def _mistakes(editor: Editor) -> None:
    text = "loss = 2.0\n%graph los\nx = loss/(loss - 2)\n__import__('os').abort()\n"
    await editor.open(text)
    found = editor.published[FILE]
    assert [(d.code, d.severity, spot(d.range)) for d in found] == [
        ("V102", types.DiagnosticSeverity.Error, (1, 7, 10)),
        ("V301", types.DiagnosticSeverity.Error, (2, 4, 19)),
    ]
    assert found[0].message == 'No name "los" here; did you mean "loss"?'
    context = types.CodeActionContext(diagnostics=found)
    here = of(types.CodeActionParams, range=found[0].range, context=context)
    [action] = await editor.ask("code_action", here)
    assert (action.title, action.kind) == ("Write loss", types.CodeActionKind.QuickFix)
    await editor.change(applied(text, action.edit.changes[FILE]))
    assert [d.code for d in editor.published[FILE]] == ["V301"]
    await editor.change("loss = 2.0\n")
    assert editor.published[FILE] == []


def test_completion_takes_the_place_of_what_is_typed(desk: Desk) -> None:
    desk(_completion)


async def _completion(editor: Editor) -> None:
    text = TEXT + "%slope d wrt a, \n%graph alp\nalpha = 1.0\n%tr\nz = d*al\n"
    await editor.open(text)

    async def offered(line: int) -> list[tuple[str, tuple[int, int, int]]]:
        row = text.split("\n")[line]
        found = await editor.ask("completion", at(line, len(row), kind=types.CompletionParams))
        return [(item.label, spot(item.text_edit.range)) for item in found.items]

    assert await offered(7) == [("b", (7, 16, 16)), ("c", (7, 16, 16))]
    assert await offered(8) == []  # bound further down
    assert await offered(10) == [("%trace", (10, 0, 3))]
    assert await offered(11) == [("alpha", (11, 6, 8))]


def test_a_name_is_renamed_everywhere_or_not_at_all(desk: Desk) -> None:
    desk(_rename)


async def _rename(editor: Editor) -> None:
    await editor.open(TEXT)
    place = await editor.ask("prepare_rename", at(5, 7, kind=types.PrepareRenameParams))
    assert spot(place) == (5, 7, 8)
    found = await editor.ask("rename", at(5, 7, kind=types.RenameParams, new_name="loss"))
    changed = applied(TEXT, found.changes[FILE])
    assert changed == (
        TEXT.replace("d = ", "loss = ").replace("slope d ", "slope loss ").replace("{d:", "{loss:")
    )
    for new_name in ("a", "not a name", "class", ""):
        with pytest.raises(JsonRpcException):
            await editor.ask("rename", at(5, 7, kind=types.RenameParams, new_name=new_name))


@pytest.mark.parametrize(("encoding", "wide"), [("utf-16", 2), ("utf-8", 4)])
def test_positions_are_counted_as_the_editor_counts(encoding: str, wide: int) -> None:
    async def test(editor: Editor) -> None:
        assert editor.server.capabilities.position_encoding == encoding
        await editor.open("𝒳 = 2.0\ns = '𝒳𝒳'; d = 𝒳*3; e = f'{d}'\n%graph 𝒳q\n")
        two = len("s = ''; d = ") + 2 * wide
        found = await editor.ask("definition", at(1, two, kind=types.DefinitionParams))
        assert spot(found.range) == (0, 0, wide)
        [diagnostic] = editor.published[FILE]
        assert spot(diagnostic.range) == (2, 7, 7 + wide + 1)

    async def run() -> None:
        async with editor([encoding]) as found:
            await test(found)

    asyncio.run(run())


def test_a_notebook_is_one_session(desk: Desk) -> None:
    desk(_notebook)


async def _notebook(editor: Editor) -> None:
    cells = {"c1": "a = 2.0\nd = a*3", "md": "# about", "c2": "%slope d wrt a", "c3": "%graph x"}
    kinds = types.NotebookCellKind
    notebook = types.NotebookDocument(
        uri="file:///n.ipynb",
        notebook_type="jupyter-notebook",
        version=1,
        cells=[
            types.NotebookCell(kinds.Markup if uri == "md" else kinds.Code, f"cell:{uri}")
            for uri in cells
        ],
    )
    items = [types.TextDocumentItem(f"cell:{uri}", "python", 0, t) for uri, t in cells.items()]
    params = types.DidOpenNotebookDocumentParams(notebook, items)
    await editor.told(lambda: editor.client.notebook_document_did_open(params))
    while "cell:c3" not in editor.published:
        await asyncio.sleep(0.01)
    assert editor.published["cell:c1"] == editor.published["cell:c2"] == []
    [found] = editor.published["cell:c3"]
    assert (found.code, spot(found.range)) == ("V102", (0, 7, 8))
    place = await editor.ask("definition", at(0, 7, "cell:c2", types.DefinitionParams))
    assert (place.uri, spot(place.range)) == ("cell:c1", (1, 0, 1))
    hints = await editor.ask("inlay_hint", of(types.InlayHintParams, "cell:c1", range=lines(0, 2)))
    assert [h.position.line for h in hints] == [1]
    found = await editor.ask("rename", at(0, 7, "cell:c2", types.RenameParams, new_name="loss"))
    assert {uri: len(edits) for uri, edits in found.changes.items()} == {"cell:c1": 1, "cell:c2": 1}
    outline = await editor.ask("document_symbol", of(types.DocumentSymbolParams, "cell:c1"))
    assert [symbol.name for symbol in outline] == ["a", "d"]


def test_a_plain_program_is_left_plain(desk: Desk) -> None:
    async def test(editor: Editor) -> None:
        uri = "file:///folder/plain.py"
        await editor.open("import math\nfrom vrepl import Value\na = Value(2.0)\n", uri)
        await editor.change(
            "import math\nfrom vrepl import Value\na = Value(2.0)\nb = math.sin(a)\nc = 2.0*3\n",
            uri,
        )
        [found] = editor.published[uri]
        assert (found.code, found.severity) == ("V201", types.DiagnosticSeverity.Warning)
        hints = await editor.ask("inlay_hint", of(types.InlayHintParams, uri, range=lines(0, 9)))
        assert not hints

    desk(test)


def test_what_is_closed_is_forgotten(desk: Desk) -> None:
    async def test(editor: Editor) -> None:
        await editor.open("%graph x\n")
        assert editor.published[FILE] != []
        params = of(types.DidCloseTextDocumentParams)
        await editor.told(lambda: editor.client.text_document_did_close(params))
        assert editor.published[FILE] == []

    desk(test)


def test_without_pygls_one_line_says_what_to_install(run_vrepl, tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError('no', name='pygls')")
    done = subprocess.run(
        [sys.executable, "-m", "vrepl", "lsp"],
        cwd=tmp_path,
        input="",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "vrepl: lsp needs pygls; install it with: pip install 'vrepl[lsp]'\n"
    assert run_vrepl("lsp", "now").stderr.startswith("vrepl: lsp takes no now")
