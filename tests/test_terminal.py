"""The shell and stock IPython in a real terminal: keys go in, the screen is read back."""

import os
import signal
import sys
import time

import pexpect
import pyte
import pytest


class Screen(pyte.Screen):
    """A screen that answers the program's questions: where is the cursor, above all.

    It answers when it comes to the question in what it is given, so the answer is the right one.
    """

    def __init__(self, columns, rows, answer):
        super().__init__(columns, rows)
        self.answer = answer

    def write_process_input(self, data):
        self.answer(data)


class Terminal:
    """A program on a pseudo terminal, and the screen it draws."""

    def __init__(self, *command, rows=40, columns=80, **variables):
        environment = {**os.environ, "TERM": "xterm-256color", **variables}
        environment.pop("COLUMNS", None)
        self.child = pexpect.spawn(
            command[0], list(command[1:]), dimensions=(rows, columns), env=environment, timeout=30
        )
        self.screen = Screen(columns, rows, self.child.send)
        self.stream = pyte.ByteStream(self.screen)

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_until(self, holds, wanted, seconds=60):
        """Read until *holds* of the screen's text; what is on the screen then."""
        end = time.monotonic() + seconds
        while not holds(self.text()):
            assert time.monotonic() < end, f"no {wanted} on\n{self.text()}"
            try:
                self.stream.feed(self.child.read_nonblocking(65536, 0.2))
            except pexpect.TIMEOUT:
                continue
        return self.text()

    def wait_for(self, wanted, seconds=60):
        return self.wait_until(lambda text: wanted in text, repr(wanted), seconds)

    def wait_until_gone(self, unwanted):
        return self.wait_until(lambda text: unwanted not in text, f"screen without {unwanted!r}")

    def prompt(self, number):
        """Wait until the program waits at an empty prompt: all it printed before is drawn."""
        start = f"In [{number}]: "

        def is_waiting(text):
            cursor = self.screen.cursor
            line = self.screen.display[cursor.y]
            return line.startswith(start) and cursor.x == len(start)

        return self.wait_until(is_waiting, start)

    def type(self, line, number):
        """Type a line at prompt *number* and wait for the next prompt; what is on the screen."""
        self.prompt(number)
        self.child.send(line + "\r")
        return self.prompt(number + 1)

    def clear(self):
        """Clear the screen, and wait until that is done: only a prompt is left, at the top."""
        self.child.send("\x0c")
        first = "In [" if self.text().count("In [") else ""
        self.wait_until(lambda text: text.startswith(first), "cleared screen")

    def close(self):
        self.child.kill(signal.SIGKILL)
        self.child.wait()  # on a busy machine longer than `close` would
        self.child.close()


@pytest.fixture
def terminal():
    opened = []

    def start(*command, **options):
        opened.append(Terminal(*command, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def play(screen, first):
    """The session of the README, from prompt *first* on."""
    screen.type("a = 2.0; b = -3.0; c = 10", first)
    screen.type("d = a*b + c", first + 1)
    assert f"Out[{first + 2}]: Value(data=4.0)" in screen.type("d", first + 2)
    shown = screen.type("%slope d wrt a", first + 3)
    assert "a      2.0        -3.0      -3.0  3e-08           0" in shown
    assert shown.count("slope of d") == 1
    screen.clear()
    assert "├(×)─▶│ data -6.0 │─╮" in screen.type("%graph d", first + 4)


def test_the_shell(terminal):
    screen = terminal(sys.executable, "-m", "vrepl")
    assert "numbers remember where they came from" in screen.prompt(1)
    play(screen, 1)
    screen.child.send("%slope e\r")
    screen.wait_for('No name "e" here; did you mean "d"?')
    assert (screen.screen.cursor.x, "Traceback" in screen.text()) == (len("In [6]: %slope "), False)
    screen.child.send("\x0bd\r")
    assert "-3.0" in screen.prompt(7)


def test_stock_ipython(terminal):
    screen = terminal(sys.executable, "-m", "IPython", "--no-banner")
    screen.type("%load_ext vrepl", 1)
    play(screen, 2)
    told = 'UsageError: No name "e" in this session; did you mean "d"?'
    assert told in screen.type("%slope e", 7)


@pytest.mark.parametrize(
    ("columns", "told"),
    [(80, "e = 8.0   slopes b 4.0, a -2.0, c 2.0"), (40, "e = 8.0   slopes b 4.0, a -2.0, c 2.0")],
)
def test_the_preview_in_a_terminal(terminal, columns, told):
    screen = terminal(sys.executable, "-m", "IPython", "--no-banner", columns=columns)
    screen.type("%load_ext vrepl", 1)
    screen.type("a = 2.0; b = -3.0; c = 10", 2)
    screen.type("d = a*b + c", 3)
    screen.prompt(4)
    screen.child.send("e = d*a")
    assert "In [4]: e = d*a\n" in screen.wait_for(told)
    screen.child.send("/0")
    assert told not in screen.wait_for("This line raises ZeroDivisionError: 0")
    screen.child.send("\x03")  # Ctrl-C leaves the line, and the preview with it
    assert "ZeroDivisionError" not in screen.prompt(4)
    screen.child.send("\x12")
    screen.wait_for("I-search backward:")
    screen.child.send("a*b")
    assert "slopes" not in screen.wait_for("In [4]: d = a*b + c")
    screen.child.send("\x07")
    screen.wait_until_gone("I-search")
    screen.child.send("\x1b[200~x = d*a\ny = x*b\x1b[201~")
    screen.wait_for("y = -24.0   slopes a 6.0, c -6.0")
    screen.child.send("\r")
    assert "slopes" not in screen.prompt(5)
    assert "Value(data=-24.0)" in screen.type("y", 5)


def test_the_preview_in_vi_mode(terminal):
    screen = terminal(sys.executable, "-m", "vrepl", columns=40)
    screen.type("a = 2.0; b = -3.0; d = a*b", 1)
    screen.prompt(2)
    screen.child.send("%config TerminalInteractiveShell.editing_mode='vi'\r")
    screen.wait_for("[ins] In [3]:")
    screen.child.send("d*a")
    screen.wait_for("= -12.0   slopes a -12.0, b 4.0")
    screen.child.send("\x1b")
    screen.wait_for("[nav] In [3]: d*a")
    screen.child.send("x")
    screen.wait_until_gone("slopes")
    screen.child.send("ab")
    screen.wait_for("[ins] In [3]: d*b")
    screen.wait_for("= 18.0   slopes b -12.0, a 9.0")


def test_the_shell_at_forty_columns(terminal):
    screen = terminal(sys.executable, "-m", "vrepl", columns=40)
    screen.type("a = 2.0; b = -3.0; d = a*b", 1)
    screen.clear()
    shown = screen.type("%slope d", 2)
    assert "wrt  value  slope of d  measured\n" in shown and "\nb" in shown
    screen.clear()
    drawing = screen.type("%graph d", 3)
    assert "├(×)▶" in drawing or "├(×)─▶" in drawing


def test_a_trace_plays_and_stays(terminal):
    screen = terminal(sys.executable, "-m", "vrepl")
    screen.type("a = 2.0; b = -3.0; d = a*b", 1)
    screen.clear()
    shown = screen.type("%trace d --animate", 2)
    # Pictures came one over the other: what stays is the last one, and then the steps in words.
    assert shown.count("data 2.0") == 1
    assert shown.count("slope of d by a = 1.0 × -3.0 = -3.0") == 2
    assert "┃ slope -3.0 ┃" in shown and "── -3.0 ─╮" in shown
    assert "evaluation:" in shown and "reverse sweep:" in shown
    assert "Out[3]" in screen.type("d", 3)


def test_a_film_can_be_interrupted(terminal):
    screen = terminal(sys.executable, "-m", "vrepl")
    screen.type("a = 2.0; b = -3.0; d = a*b", 1)
    screen.wait_for("In [2]:")
    screen.child.send("%trace d --animate\r")
    screen.wait_for("┏━━━")
    screen.child.send("\x03")
    shown = screen.wait_for("In [3]:")
    assert "┃ slope -3.0 ┃" in shown and "Traceback" not in shown
    assert "Value(data=-6.0)" in screen.type("d", 3)


@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_nothing_moves_on_a_dumb_terminal(term):
    text = "a = 2.0; d = a*a\n%trace d --animate"
    child = pexpect.spawn(
        sys.executable,
        ["-m", "vrepl", "-c", text],
        env={**os.environ, "TERM": term},
        encoding="utf-8",
        timeout=60,
    )
    printed = child.read()
    child.close()
    assert child.exitstatus == 0 and "slope of d by a = 1.0" in printed
    assert ("\x1b[" in printed) == (term != "dumb")
    assert ("evaluation:\r\n  a = 2.0\r\n" in printed) and ("┏" in printed) == (term != "dumb")


def test_leaving_the_shell(terminal):
    screen = terminal(sys.executable, "-m", "vrepl")
    screen.wait_for("In [1]:")
    screen.child.send("exit\r")
    screen.child.expect(pexpect.EOF)
    screen.child.close()
    assert screen.child.exitstatus == 0


def painted(screen):
    """The colours and the boldness of what is on the screen, by its characters."""
    cells = (
        screen.screen.buffer[y][x]
        for y in range(screen.screen.lines)
        for x in range(screen.screen.columns)
    )
    return {(cell.data, cell.fg, cell.bold) for cell in cells if cell.data.strip()}


def drawings(terminal, *options, before=(), **variables):
    """What `%graph d` and `%slope d` put on a cleared screen, as text and as colours."""
    screen = terminal(sys.executable, "-m", "vrepl", *options, **variables)
    number = 1
    for line in ("a = 2.0; b = -3.0; d = a*b", *before):
        screen.type(line, number)
        number += 1
    found = []
    for command in ("%graph d", "%slope d"):
        screen.clear()
        shown = screen.type(command, number).partition("\n")[2].rpartition("In [")[0]
        number += 1
        found.append((shown, painted(screen)))
    return found


BLUE = "brightblue"


def test_slopes_are_blue_and_names_bold_where_the_terminal_takes_it(terminal):
    coloured, plain = drawings(terminal), drawings(terminal, NO_COLOR="1")
    assert [shown for shown, _ in coloured] == [shown for shown, _ in plain]
    assert "slope -3.0" in plain[0][0] and "-3.0" in plain[1][0]
    for (_, inked), (_, bare) in zip(coloured, plain, strict=True):
        assert {character for character, colour, _ in inked if colour == BLUE} >= set("-3.0")
        assert ("b", "default", True) in inked
        assert not any(colour == BLUE for _, colour, _ in bare)


def test_no_colour_under_nocolor(terminal):
    line = "%config TerminalInteractiveShell.colors='nocolor'"
    for shown, inked in drawings(terminal, before=[line]):
        assert "-3.0" in shown
        assert not any(colour == BLUE for _, colour, _ in inked)


def test_no_colour_in_a_dumb_terminal(terminal):
    screen = terminal(sys.executable, "-m", "vrepl", TERM="dumb")
    screen.child.send("a = 2.0; d = a*3\r%graph d\r%slope d\rprint('e' + 'nd')\r")
    assert "slope 3.0" in screen.wait_for("\nend")
    assert not any(colour == BLUE for _, colour, _ in painted(screen))


def test_what_code_and_files_get_has_no_colour(terminal, tmp_path):
    screen = terminal(sys.executable, "-m", "vrepl")
    screen.type("a = 2.0; d = a*3", 1)
    screen.type("g = %graph d", 2)
    told = screen.type("print('escapes', '\\x1b' in str(g), '\\x1b' in repr(g))", 3)
    assert "escapes False False" in told
    screen.type(f"%graph d -o {tmp_path}/d.txt", 4)
    assert "\x1b" not in (tmp_path / "d.txt").read_text(encoding="utf-8")
