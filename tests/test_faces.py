"""The golden table through every face: a prompt, a kernel, an editor; all give equal answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from golden import ROWS, Row
from IPython.core.completer import provisionalcompleter
from jupyter_client.manager import start_new_kernel
from lsprotocol import types
from prompt_toolkit.document import Document
from prompt_toolkit.validation import ValidationError
from sessions import Live, shell_with_vrepl
from test_lsp import Desk, Editor, at, of

from vrepl.fronts.shell import CommandValidator
from vrepl.language.preview import Previewer
from vrepl.render.cells import shorten
from vrepl.session.answers import figure

SECONDS = 60
MISTAKES = ("V101", "V102", "V103")  # what a command cannot be asked with


def rows(column: str) -> Any:
    """The rows that say something in a column."""
    found = [row for row in ROWS if getattr(row, column) is not None]
    return pytest.mark.parametrize("row", found, ids=lambda row: row.typed.replace("\n", "; "))


def offset(row: Row) -> int:
    return len(row.typed.partition("|")[0])


class Prompt:
    """Asks IPython in this process."""

    def __init__(self) -> None:
        self.shells = ExitStack()
        self.ip = self.shells.enter_context(shell_with_vrepl())
        self.session = ""

    def start(self, session: str) -> None:
        if session != self.session:
            self.ip.run_line_magic("reset", "-f -s")
            assert self.ip.run_cell(session, store_history=True).success
            self.session = session

    def offers(self, row: Row) -> list[tuple[str, str]]:
        self.start(row.session)
        with provisionalcompleter():
            found = list(self.ip.Completer.completions(row.text, offset(row)))
        return [(item.text, item.type) for item in found]

    def facts(self, row: Row, name: str) -> str:
        self.start(row.session)
        return self.ip.object_inspect_mime(name)["text/plain"]  # type: ignore[no-any-return]

    def close(self) -> None:
        self.shells.close()


class Kernel:
    """Asks a kernel by messages, as a notebook does."""

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        self.session = ""
        self.run("%load_ext vrepl")

    def run(self, code: str) -> None:
        reply = self.client.execute_interactive(code, timeout=SECONDS)
        assert reply["content"]["status"] == "ok"

    def start(self, session: str) -> None:
        if session != self.session:
            self.run("%reset -f -s")
            self.run(session)
            self.session = session

    def offers(self, row: Row) -> list[tuple[str, str]]:
        self.start(row.session)
        reply = self.client.complete(row.text, offset(row), reply=True, timeout=SECONDS)["content"]
        kinds = reply["metadata"]["_jupyter_types_experimental"]
        assert [item["text"] for item in kinds] == reply["matches"]
        return [(item["text"], item["type"]) for item in kinds]

    def facts(self, row: Row, name: str) -> str:
        self.start(row.session)
        reply = self.client.inspect(row.text, offset(row), reply=True, timeout=SECONDS)["content"]
        return reply["data"]["text/plain"]  # type: ignore[no-any-return]

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def prompt() -> Iterator[Prompt]:
    found = Prompt()
    yield found
    found.close()


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    found = Kernel()
    yield found
    found.close()


@pytest.fixture(params=["prompt", "kernel"])
def ipython(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    found = Desk()
    yield found
    found.close()


@rows("offers")
def test_completions_in_ipython(row: Row, ipython: Prompt | Kernel) -> None:
    found = ipython.offers(row)
    assert " ".join(text for text, _ in found) == row.offers
    kinds = {kind for text, kind in found if text[:1] != "-" and text != "wrt"}
    assert kinds <= {"node"}


@rows("facts")
def test_inspection_in_ipython(row: Row, ipython: Prompt | Kernel) -> None:
    name = re.search(r"\w+$", row.typed.partition("|")[0])
    assert name is not None and row.facts is not None
    shown = re.sub(r"\x1b[^m]*m", "", ipython.facts(row, name[0]))
    if row.facts:
        assert shown_facts(shown) == row.facts
    else:
        assert "Made by" not in shown  # no node: what Python itself says


def shown_facts(text: str) -> tuple[str, ...]:
    """The facts as they are written in columns, without the place."""
    found = re.findall(r"^(Value|Made by|Slopes|Used by):? +(.*)$", text, re.MULTILINE)
    return tuple(f"{head}: {fact.partition('   in ')[0]}" for head, fact in found)


FILE = "file:///folder/session.ipy"


def in_the_editor(row: Row, desk: Desk, ask: Callable[[Editor, int, int], Any]) -> None:
    """Session and text are one file; `ask` gets the cursor's line and column, both from 0."""
    line, column = row.cursor

    async def test(editor: Editor) -> None:
        await editor.open(f"{row.session}\n{row.text}", FILE)
        await ask(editor, line + row.session.count("\n"), column)

    desk(test)


@rows("offers")
def test_completions_in_an_editor(row: Row, desk: Desk) -> None:
    async def ask(editor: Editor, line: int, column: int) -> None:
        found = await editor.ask("completion", at(line, column, FILE, types.CompletionParams))
        assert " ".join(item.label for item in found.items) == row.offers

    in_the_editor(row, desk, ask)


@rows("facts")
def test_hover_in_an_editor(row: Row, desk: Desk) -> None:
    async def ask(editor: Editor, line: int, column: int) -> None:
        found = await editor.ask("hover", at(line, column, FILE))
        assert shown_facts(found.contents.value if found else "") == row.facts

    in_the_editor(row, desk, ask)


@rows("found")
def test_diagnostics_in_an_editor(row: Row, desk: Desk) -> None:
    first = row.session.count("\n") + 1

    async def ask(editor: Editor, line: int, column: int) -> None:
        found = [d for d in editor.published[FILE] if d.range.start.line >= first]
        told = [f"{d.code}:{d.range.start.character} {d.message}" for d in found]
        assert told == [*(row.found or ())]

    in_the_editor(row, desk, ask)


@rows("hints")
def test_hints_in_an_editor(row: Row, desk: Desk) -> None:
    first = row.session.count("\n") + 1
    last = first + row.text.count("\n") + 1

    async def ask(editor: Editor, line: int, column: int) -> None:
        lines = types.Range(types.Position(first, 0), types.Position(last, 0))
        found = await editor.ask("inlay_hint", of(types.InlayHintParams, FILE, range=lines))
        assert [hint.label.strip() for hint in found or ()] == [*(row.hints or ())]

    in_the_editor(row, desk, ask)


@rows("found")
def test_mistakes_at_the_prompt_of_the_shell(row: Row) -> None:
    session = Live().run(row.session).session
    expected = [told for told in row.found or () if told.startswith(MISTAKES)]
    told = []
    try:
        CommandValidator(lambda: session).validate(Document(row.text))
    except ValidationError as error:
        told = [f":{error.cursor_position} {error.message}"]
    whole = [re.fullmatch(r"V\d+(:\d+ )(.*)", text) for text in expected]
    assert told == [match[1] + shorten(match[2], 79) for match in whole if match]


@rows("hints")
def test_previews_say_what_hints_say(row: Row) -> None:
    found = Previewer(Live().run(row.session).session).preview(row.text, SECONDS)
    hints = row.hints or ()
    if not hints:
        assert found is None
        return
    assert found is not None and found.is_final
    parts = [f"{name} {figure(slope, 6)}" for name, slope in found.slopes]
    word = "slope" if len(parts) == 1 else "slopes"
    text = f"= {figure(found.value, 6)}" + (f"   {word} {', '.join(parts)}" if parts else "")
    target = found.target.rpartition(" = ")[2]
    assert hints[-1] == (f"{target} {text}" if len(hints) > 1 else text)
