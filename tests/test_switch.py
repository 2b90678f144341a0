"""Typed numbers that stay plain because somebody asked for it: `%literals`, `plain()`, `2r`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from sessions import Typed, shell_with_vrepl

from vrepl import Value, plain
from vrepl.fronts.raw import without_suffixes
from vrepl.session.support import literal


class Session(Typed):
    """What is typed into a shell with vrepl."""

    def is_node(self, name: str) -> bool:
        return isinstance(self[name], Value)


@pytest.fixture
def session(capsys: pytest.CaptureFixture[str]) -> Iterator[Session]:
    with shell_with_vrepl() as ip:
        yield Session(ip, capsys)


def test_off_and_on(session: Session) -> None:
    assert session.run("a = 2.0", "%literals") == "typed numbers become nodes\n"
    assert session.run("%literals off").startswith("typed numbers stay plain; %literals on")
    session.run("b = 2.0; c = a*3", "%time d = 4.0", "def f(): return [1.5][0]", "e = f()")
    assert [session.is_node(name) for name in "abcde"] == [True, False, True, False, False]
    session.run("%literals on", "b = 2.0", "s = %literals")
    assert session.is_node("b") and session.ip.user_ns["s"].is_on


def test_show_writes_raw_numbers_as_they_were_typed(session: Session) -> None:
    lines = session.run("c = 2r*3.0 + .5r; d = 1.5", "%literals show").splitlines()
    assert lines[:2] == ["c = 2r*3.0 + .5r; d = 1.5", "       ^^^            ^^^"]


def test_show_marks_what_became_a_node_and_says_why_the_rest_did_not(session: Session) -> None:
    session.run("a = 2.0; d = [1, x][0] if 'x' in dir() else 3*a", "print('no numbers')")
    lines = session.run("%literals show").splitlines()
    assert lines[:2] == ["a = 2.0; d = [1, x][0] if 'x' in dir() else 3*a", "    ^^^"]
    assert [line.split()[:3] for line in lines[4:]] == [
        ["1", "2.0", "node"], ["1", "1", "plain"], ["1", "0", "plain"], ["1", "3", "plain"]
    ]  # fmt: skip
    assert "operand beside a name  nobody can name this constant" in lines[-1]
    assert "f(3.0)\n  ^^^\n" in session.run("def f(x): return x", "f(3.0)", "%literals show")
    assert "node or plain" in session.run("%literals show --cell 5")
    assert session.run("%literals show --cell 2") == "In[2] holds no numbers\n"
    answer = session.ip.run_line_magic("literals", "show --cell 1")
    assert [line.text for line in answer] == ["2.0", "1", "0", "3"]


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("%literals of", 'literals takes on, off or show, not "of"; usage: %literals [on/off/'),
        ("%literals on off", 'literals takes one word, not "on off"'),
        ("%literals --cell 3", "--cell goes with show; usage: %literals show --cell N"),
        ("%literals show --cell 77", "there is no In[77]; usage: %literals show [--cell N]"),
        ("%literals show", "no cell with numbers has run yet; type a = 2.0"),
    ],
)
def test_mistakes(session: Session, line: str, fact: str) -> None:
    assert session.run(line).startswith(f"UsageError: {fact}")


def test_a_plain_block(session: Session) -> None:
    session.run(
        "import vrepl\ndef f(): return [0.5][0] * (w := 2.0)\nx = 2.0",
        "with vrepl.plain():\n    a = 2.0; b = [1.5]; c = f(); d = x*3; g = lambda: [2.0]\ne = 2.0",
        "from vrepl import plain\nwith plain():\n    h = 2.5\nk = g()[0]",
    )
    assert [name for name in "abcdehk" if session.is_node(name)] == ["d", "e"]


def test_a_plain_block_ends_whatever_happens() -> None:
    with pytest.raises(ZeroDivisionError), plain(), plain():
        raise ZeroDivisionError
    assert isinstance(literal(2.0), Value)


def test_a_plain_block_is_of_its_own_thread_and_task() -> None:
    found: list[bool] = []

    async def other() -> None:
        found.append(isinstance(literal(2.0), Value))

    async def main() -> None:
        task = asyncio.create_task(other())
        with plain():
            await task
            found.append(isinstance(literal(2.0), Value))

    asyncio.run(main())
    with plain():
        thread = threading.Thread(target=lambda: found.append(isinstance(literal(2.0), Value)))
        thread.start()
        thread.join()
    assert found == [True, False, True]


RAW = {
    "a = 2r": "a = 2 .real",
    "2r**2 + .5r - 1e-3r*0xFFr/1_0r": "2 .real**2 + .5 .real - 1e-3 .real*0xFF .real/1_0 .real",
    "f(3r, k=4.r)": "f(3 .real, k=4. .real)",
    "x2r + a.b3r": "x2r + a.b3r",
    "'2r' + \"3r\" # 4r": "'2r' + \"3r\" # 4r",
    "'''\n2r\n''' + 3r": "'''\n2r\n''' + 3 .real",
    "%run 2r": "%run 2r",
    "files = !ls 2r": "files = !ls 2r",
    "%%bash\necho 2r": "%%bash\necho 2r",
    "x = y %2r": "x = y %2 .real",
    "r'2r' rb'3r' f'{4}r'": "r'2r' rb'3r' f'{4}r'",
    "if x == 2r:\n    y = 3r\n": "if x == 2 .real:\n    y = 3 .real\n",
    "2rx": "2rx",
}


@pytest.mark.parametrize("text", RAW)
def test_raw_suffix(text: str) -> None:
    assert "".join(without_suffixes(text.splitlines(keepends=True))) == RAW[text]


def test_raw_numbers_are_plain_and_of_their_type(session: Session) -> None:
    session.run("a = 2r; b = 0.5r; c = -3r; d = 2.0*3r", "%time e = 4r")
    names = session.ip.user_ns
    assert [type(names[name]) for name in "abce"] == [int, float, int, int]
    assert session.is_node("d") and names["c"] == -3
    assert (
        session.ip.input_transformer_manager.check_complete("def f(x):\n  y = 2r")[0]
        == "incomplete"
    )


def test_the_numbers_of_a_script_are_shown_among_its_commands(run_vrepl, tmp_path):
    script = tmp_path / "s.ipy"
    script.write_text("a = 2.0\nd = a*2\n%slope d\nx = %slope d\n%literals show\n")
    done = run_vrepl("run", str(script))
    assert done.returncode == 0 and "1  2.0     node     assignment" in done.stdout
