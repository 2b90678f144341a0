"""The shell and stock IPython in a real terminal: keys go in, the screen is read back."""

import os
import sys
import time

import pexpect
import pyte
import pytest


class Terminal:
    """A program on a pseudo terminal, and the screen it draws."""

    def __init__(self, *command, rows=40, columns=80, **variables):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        environment = {**os.environ, "TERM": "xterm-256color", **variables}
        environment.pop("COLUMNS", None)
        self.child = pexpect.spawn(
            command[0], list(command[1:]), dimensions=(rows, columns), env=environment, timeout=30
        )

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, wanted, seconds=60):
        """Read until *wanted* is on the screen; answers the cursor query that prompts wait for."""
        end = time.monotonic() + seconds
        while wanted not in self.text():
            assert time.monotonic() < end, f"no {wanted!r} on\n{self.text()}"
            try:
                data = self.child.read_nonblocking(65536, 0.2)
            except pexpect.TIMEOUT:
                continue
            if b"\x1b[6n" in data:
                cursor = self.screen.cursor
                self.child.send(f"\x1b[{cursor.y + 1};{cursor.x + 1}R")
            self.stream.feed(data)
        return self.text()

    def type(self, line, number):
        """Type a line at prompt *number* and wait for the next prompt; what is on the screen."""
        self.wait_for(f"In [{number}]:")
        self.child.send(line + "\r")
        return self.wait_for(f"In [{number + 1}]:")

    def clear(self):
        self.child.send("\x0c")

    def close(self):
        self.child.close(force=True)


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
    assert 'UsageError: No name "e" in this session; did you mean "d"?' in screen.type(
        "%slope e", first + 5
    )


def test_the_shell(terminal):
    screen = terminal(sys.executable, "-m", "vrepl")
    assert "numbers remember where they came from" in screen.wait_for("In [1]:")
    play(screen, 1)


def test_stock_ipython(terminal):
    screen = terminal(sys.executable, "-m", "IPython", "--no-banner")
    screen.type("%load_ext vrepl", 1)
    play(screen, 2)


def test_the_shell_at_forty_columns(terminal):
    screen = terminal(sys.executable, "-m", "vrepl", columns=40)
    screen.type("a = 2.0; b = -3.0; d = a*b", 1)
    screen.clear()
    shown = screen.type("%slope d", 2)
    assert "-3.0    -3.0  3e-08" in shown and "\nb" in shown
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
