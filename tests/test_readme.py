"""Every code block of README.md is run, and prints what the README shows.

| tag       | what is in the block                     | what happens to it                       |
|-----------|------------------------------------------|------------------------------------------|
| `sh`      | commands that set up an environment      | each is one that `.ci/run` runs          |
| `console` | `$ vrepl …` and what it prints           | run in `examples/`, output compared      |
| `ipython` | `In [1]: …`, `Out[1]: …`, printed text   | replayed in IPython, output compared     |
| `text`    | the same; or a picture without a prompt  | the same; or printed by another block    |
| `python`  | a script                                 | run, one after another in one namespace  |
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from IPython.core.interactiveshell import InteractiveShell
from sessions import shell_with_vrepl

from vrepl.core.functions import FUNCTIONS
from vrepl.core.operators import LATER
from vrepl.core.value import Value
from vrepl.render import svg
from vrepl.session.commands import COMMANDS, ask
from vrepl.session.session import Session

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")

FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
PROMPT = re.compile(r"In \[\d+\]: ?")
CONTINUED = re.compile(r" *\.\.\.: ?")


class Block(NamedTuple):
    """A fenced block, and the HTML comment right above it, '' when there is none."""

    tag: str
    text: str
    line: int
    mark: str


def blocks() -> Iterator[Block]:
    for fence in FENCE.finditer(README):
        above = README[: fence.start()]
        mark = re.search(r"<!-- (.+) -->\n\n?\Z", above)
        line = above.count("\n") + 1
        yield Block(fence[1].strip(), fence[2], line, mark[1] if mark else "")


BLOCKS = list(blocks())


class Cell(NamedTuple):
    source: str
    output: str


def cells(transcript: str) -> Iterator[Cell]:
    """The inputs of a transcript, each with what was printed below it."""
    for part in re.split(r"^(?=In \[\d+\]: ?)", transcript, flags=re.MULTILINE)[1:]:
        first, *rest = part.splitlines()
        source = [PROMPT.sub("", first, count=1)]
        while rest and CONTINUED.match(rest[0]):
            source.append(CONTINUED.sub("", rest.pop(0), count=1))
        yield Cell("\n".join(source), trimmed("\n".join(rest)))


def trimmed(text: str) -> str:
    """Without blanks at the ends of lines, and without blank lines at either end."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


@pytest.fixture
def ipython() -> Iterator[InteractiveShell]:
    """IPython with vrepl loaded, at the first prompt."""
    with shell_with_vrepl() as shell:
        yield shell


def check_session(block: Block, request: pytest.FixtureRequest) -> None:
    """Replay the cells in IPython; each must print what stands below it."""
    ipython, capsys = (request.getfixturevalue(name) for name in ("ipython", "capsys"))
    session = list(cells(block.text))
    assert session, "a session begins with a prompt"
    for cell in session:
        capsys.readouterr()
        ipython.run_cell(cell.source, store_history=True)
        printed = capsys.readouterr()
        assert trimmed(printed.out + printed.err) == cell.output, cell.source


def check_text(block: Block, request: pytest.FixtureRequest) -> None:
    """A session, or a picture that a session, a command or an example prints."""
    if PROMPT.match(block.text):
        check_session(block, request)
        return
    sessions = [cell.output for other in BLOCKS for cell in cells(other.text)]
    consoles = [other.text for other in BLOCKS if other.tag == "console"]
    examples = [path.read_text("utf-8") for path in (ROOT / "tests" / "transcripts").glob("*.txt")]
    shown = trimmed(block.text)
    assert any(shown in trimmed(text) for text in (*sessions, *consoles, *examples))


def check_console(block: Block, request: pytest.FixtureRequest) -> None:
    """Run each `$ vrepl …` line in examples/."""
    first, *parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert parts and not first, "a console block begins with `$ vrepl …`"
    for part in parts:
        command, _, expected = part.partition("\n")
        program, *arguments = shlex.split(command, comments=True)
        assert program == "vrepl"
        done = request.getfixturevalue("run_vrepl")(*arguments, cwd=ROOT / "examples")
        assert trimmed(done.stdout + done.stderr) == trimmed(expected)


def check_python(block: Block, request: pytest.FixtureRequest) -> None:
    """Run the script after those above it, in their namespace."""
    namespace = {"__name__": "__main__"}
    for script in BLOCKS[: BLOCKS.index(block) + 1]:
        if script.tag == "python":
            lines_above = "\n" * script.line  # so that a traceback has the README's line
            exec(compile(lines_above + script.text, "README.md", "exec"), namespace)


def check_sh(block: Block, request: pytest.FixtureRequest) -> None:
    """The command is one line, and `.ci/run` runs it."""
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    assert f'run_readme_command "{block.mark}"' in ci, "no <!-- mark --> that .ci/run knows"
    [command] = block.text.splitlines()
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")


CHECKS = {
    "console": check_console,
    "ipython": check_session,
    "python": check_python,
    "sh": check_sh,
    "text": check_text,
}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.tag}-line-{block.line}")
def test_a_block_does_what_it_shows(block: Block, request, monkeypatch) -> None:
    assert block.tag in CHECKS, "no way to run a block with this tag"
    monkeypatch.chdir(ROOT / "examples")
    CHECKS[block.tag](block, request)


def test_every_fence_belongs_to_a_block() -> None:
    assert BLOCKS
    assert README.count("```") == 2 * len(BLOCKS), "a fence is not closed or is indented"


def test_there_are_two_setup_commands() -> None:
    commands = {block.mark: block.text for block in BLOCKS if block.tag == "sh"}
    assert commands.keys() == {"first command", "test command"}
    assert ".venv/bin/vrepl run examples/" in commands["first command"]
    assert commands["test command"].endswith("&& .venv/bin/pytest\n")


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_picture_is_what_the_first_example_draws() -> None:
    a, b, c = (Value(number, label=name) for name, number in {"a": 2.0, "b": -3.0, "c": 10}.items())
    answer = ask(Session.over({"a": a, "b": b, "c": c, "d": a * b + c}), "graph", "d")
    drawing = svg.draw(answer.graph, standalone=True) + "\n"
    picture = ROOT / "examples" / "first.svg"
    if os.environ.get("VREPL_UPDATE"):
        picture.write_text(drawing, "utf-8")
    assert picture.read_text("utf-8") == drawing, "VREPL_UPDATE=1 draws it anew"


def test_the_table_of_commands_is_that_of_the_program() -> None:
    rows = [f"| `%{row.grammar.usage}` | {row.summary} |" for row in COMMANDS.values()]
    expected = "\n".join(["| command | answer |", "|---|---|", *rows])
    assert f"\n{expected}\n\n" in README, f"README.md should have\n{expected}"


def test_the_functions_are_those_of_the_operator_table() -> None:
    everywhere = [name for name in FUNCTIONS if name not in LATER]  # some Pythons have more
    assert f"`{' '.join(everywhere)}`" in " ".join(README.split())
