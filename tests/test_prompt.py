"""The prompt in process: keys go through a pipe, and the screen is looked at after each of them."""

import atexit
import builtins

import pyte
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output
from traitlets.config import Config

from vrepl.fronts.ipython import loaded
from vrepl.fronts.keys import KEYS, help_lines
from vrepl.fronts.shell import ShellPrompt
from vrepl.language.preview import Previewer
from vrepl.session.commands import COMMANDS

ENTER, CTRL_G, CTRL_R = "\r", "\x07", "\x12"
LEFT, F1, F3, F4, F5 = "\x1b[D", "\x1bOP", "\x1bOR", "\x1bOS", "\x1b[15~"


class Screen:
    """A terminal of so many columns that keeps what is drawn on it."""

    encoding = "utf-8"

    def __init__(self, columns, rows):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.screen)
        self.answer = None

    def write(self, data):
        self.stream.feed(data)
        if "\x1b[6n" in data:  # where is the cursor? Without an answer no toolbar is drawn
            cursor = self.screen.cursor
            self.answer(f"\x1b[{cursor.y + 1};{cursor.x + 1}R")

    def flush(self):
        pass

    def isatty(self):
        return True

    def fileno(self):
        raise ValueError("no file")

    def lines(self):
        return [line.rstrip() for line in self.screen.display if line.strip()]


class Prompt:
    """IPython's terminal shell on such a screen."""

    def __init__(self, pipe, screen, capsys, **config):
        self.pipe, self.screen, self.capsys = pipe, screen, capsys
        InteractiveShell.clear_instance()
        TerminalInteractiveShell.clear_instance()
        vars(builtins).pop("_", None)
        settings = Config(config)
        settings.HistoryManager.enabled = False
        settings.InteractiveShell.colors = "nocolor"
        settings.TerminalInteractiveShell.simple_prompt = False
        settings.TerminalInteractiveShell.term_title = False
        self.ip = TerminalInteractiveShell.instance(config=settings)

    def run(self, *cells):
        for cell in cells:
            self.capsys.readouterr()
            self.ip.run_cell(cell, store_history=True)
        printed = self.capsys.readouterr()
        return printed.out + printed.err

    def type(self, *keys):
        """Type at a prompt, a key a time; the lines of the screen after each, and the text.

        What is drawn before all slopes are known is left in `partial`.
        """
        self.screen.screen.reset()
        waiting, seen, partial = [*keys], [], []
        self.partial = partial
        app = self.ip.pt_app.app

        def drawn(app):
            if app.is_done or not app.renderer.height_is_known:
                return
            live = getattr(loaded(self.ip), "_live", None)
            found = live._found if live else None
            if found is not None and not found.is_final:
                partial.append(self.screen.lines())
                return  # slopes are on their way, and with them another drawing
            seen.append(self.screen.lines())
            if waiting:
                self.pipe.send_text(waiting.pop(0))
            else:
                app.exit(result=self.ip.pt_app.default_buffer.text)

        app.after_render += drawn
        try:
            text = self.ip.prompt_for_code()
        finally:
            app.after_render -= drawn
        return seen, text

    def last(self, *keys):
        """The screen after the last key."""
        return self.type(*keys)[0][-1]


@pytest.fixture
def opened(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    with create_pipe_input() as pipe:
        made = []

        def start(columns=80, rows=24, **config):
            screen = Screen(columns, rows)
            screen.answer = pipe.send_text
            size = lambda: Size(rows=rows, columns=columns)  # noqa: E731
            session = create_app_session(pipe, Vt100_Output(screen, size))
            session.__enter__()
            made.append((session, Prompt(pipe, screen, capsys, **config)))
            return made[-1][1]

        yield start
        for session, prompt in made:
            session.__exit__(None, None, None)
            prompt.ip.atexit_operations()
            atexit.unregister(prompt.ip.atexit_operations)
    TerminalInteractiveShell.clear_instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def prompt(opened):
    prompt = opened()
    prompt.run("%load_ext vrepl", "a = 2.0; b = -3.0; c = 10", "d = a*b + c")
    return prompt


def test_the_toolbar_follows_every_key(prompt):
    seen, text = prompt.type("e = a", "*", "b", " + c", "*0", "/0")
    assert text == "e = a*b + c*0/0"
    assert [lines[1:] for lines in seen] == [
        [],
        ["e = 2.0"],
        [],
        ["e = -6.0   slopes a -3.0, b 2.0"],
        ["e = 4.0   slopes a -3.0, b 2.0, c 1.0"],
        ["e = -6.0   slopes a -3.0, b 2.0, c 0.0"],
        ["This line raises ZeroDivisionError: 0 is the divisor"],
    ]
    assert all(lines[0].startswith("In [4]:") for lines in seen)


def test_the_toolbar_is_no_bar(prompt):
    rows = []

    def look(app):
        buffer = prompt.screen.screen.buffer
        rows.extend([buffer[y][x] for x in range(80)] for y in range(24))

    prompt.ip.pt_app.app.after_render += look
    prompt.type("d*2")
    prompt.ip.pt_app.app.after_render -= look
    assert any("slopes a -6.0" in "".join(cell.data for cell in row) for row in rows)
    assert not any(cell.reverse for row in rows for cell in row)


def test_the_toolbar_goes_with_the_line(prompt):
    seen, text = prompt.type("d*2", ENTER)
    assert text == "d*2" and len(seen[-1]) == 2
    assert prompt.screen.lines() == ["In [4]: d*2"]


def test_an_inlay_stands_behind_the_text(prompt):
    prompt.run("%config VRepl.preview = 'inlay'")
    seen, _ = prompt.type("e = d", "*a", "/0")
    assert seen[1:] == [
        ["In [5]: e = d  # 4.0   slopes a -3.0, b 2.0, c 1.0"],
        ["In [5]: e = d*a  # 8.0   slopes b 4.0, a -2.0, c 2.0"],
        ["In [5]: e = d*a/0  # This line raises ZeroDivisionError: 0 is the divisor"],
    ]
    prompt.type("e = d*a", ENTER)
    assert prompt.screen.lines() == ["In [5]: e = d*a"]


def test_an_inlay_takes_the_room_there_is(opened):
    prompt = opened(columns=40)
    prompt.run("%load_ext vrepl", "%config VRepl.preview = 'inlay'", "a = 2.0; b = -3.0; c = 10")
    seen, _ = prompt.type("a*b", "*c*c", "*c*c*c*c*c", "*a*a*a")
    assert seen[1:] == [
        ["In [4]: a*b  # -6.0   slopes a -3.0, …"],
        ["In [4]: a*b*c*c  # -600.0"],
        ["In [4]: a*b*c*c*c*c*c*c*c"],
        ["In [4]: a*b*c*c*c*c*c*c*c*a*a*a"],
    ]
    assert all(len(line) < 40 for lines in seen for line in lines)


def test_without_the_private_hook_the_toolbar_shows_it(opened, monkeypatch):
    prompt = opened()
    real = TerminalInteractiveShell._extra_prompt_options
    monkeypatch.setattr(
        TerminalInteractiveShell,
        "_extra_prompt_options",
        lambda self: {k: v for k, v in real(self).items() if k != "input_processors"},
    )
    prompt.run("%load_ext vrepl", "%config VRepl.preview = 'inlay'", "a = 2.0")
    assert prompt.last("a*3") == ["In [4]: a*3", "= 6.0   slope a 3.0"]


def test_it_can_be_switched_off_and_on(prompt):
    prompt.run("%config VRepl.preview = 'off'")
    assert prompt.last("d*2") == ["In [5]: d*2"]
    prompt.run("%config VRepl.preview = 'toolbar'", "%config VRepl.digits = 2", "x = a/3.0")
    assert prompt.last("x*a") == ["In [8]: x*a", "= 1.333333333   slope a 1.3"]


def test_the_setting_of_a_config_file_holds(opened):
    prompt = opened(VRepl=Config(preview="inlay", digits=2))
    prompt.run("%load_ext vrepl", "a = 2.0")
    assert prompt.last("a*3.3333") == ["In [3]: a*3.3333  # 6.6666   slope a 3.3"]


def test_several_lines_are_one_text(prompt):
    pasted = "\x1b[200~x = a*2\ny = x*b\nz = y + c\x1b[201~"
    lines = prompt.last(pasted)
    assert lines == [
        "In [4]: x = a*2",
        "   ...: y = x*b",
        "   ...: z = y + c",
        "z = -2.0   slopes a -6.0, b 4.0, c 1.0",
    ]


def test_the_search_for_earlier_lines_is_left_alone(prompt):
    seen, _ = prompt.type("d*2", CTRL_R, "q", CTRL_G)
    assert seen[1][-1].startswith("= 8.0") and seen[4][-1].startswith("= 8.0")
    assert not any("slopes" in line for lines in seen[2:4] for line in lines)


def test_vi_mode(opened):
    prompt = opened(TerminalInteractiveShell=Config(editing_mode="vi"))
    prompt.run("%load_ext vrepl", "a = 2.0")
    seen, text = prompt.type("a*3", "\x1b", "0", "i", "2*")
    assert text == "2*a*3"
    assert seen[1] == ["[ins] In [3]: a*3", "= 6.0   slope a 3.0"]
    assert seen[3] == ["[nav] In [3]: a*3", "= 6.0   slope a 3.0"]
    assert seen[5] == ["[ins] In [3]: 2*a*3", "= 12.0   slope a 6.0"]


def test_magics_and_other_words_are_no_mistakes(prompt):
    for text in ("ls", "who", "nodes", "%slope e", "a.grad?", "!ls", "pri"):
        assert prompt.last(text) == [f"In [4]: {text}"], text


def test_slopes_that_take_long_appear_by_themselves(prompt):
    prompt.run("big = a*1.0\nfor i in range(4000):\n    big = big*1.0001 + b")
    assert "slopes" in prompt.last("big*2")[-1]
    assert prompt.partial and all(
        lines[-1].startswith("= ") and "slope" not in lines[-1] for lines in prompt.partial
    )


@pytest.mark.parametrize("error", [RecursionError, SystemExit, MemoryError, ZeroDivisionError])
def test_a_failing_preview_costs_nothing_else(prompt, monkeypatch, error):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(Previewer, "preview", fail)
    assert prompt.last("d*2") == ["In [4]: d*2"]
    prompt.run("%config VRepl.preview = 'inlay'")
    assert prompt.last("d*2") == ["In [5]: d*2"]


def test_somebody_elses_toolbar_stands_where_there_is_nothing_to_say(opened):
    prompt = opened()
    prompt.ip.pt_app.bottom_toolbar = "mine"
    prompt.run("%load_ext vrepl", "a = 2.0")
    seen, _ = prompt.type("a", "*", "3")
    assert [lines[-1] for lines in seen] == ["mine", "= 2.0", "mine", "= 6.0   slope a 3.0"]
    prompt.run("%unload_ext vrepl")
    assert prompt.ip.pt_app.bottom_toolbar == "mine"


def test_unloading_leaves_the_prompt_as_it_was(opened):
    prompt = opened()
    session = prompt.ip.pt_app

    def state():
        hooks = list(session.app.before_render._handlers)
        return session.bottom_toolbar, hooks, "_extra_prompt_options" in vars(prompt.ip)

    before = state()
    prompt.run("%load_ext vrepl", "a = 2.0")
    assert prompt.last("a*2")[-1] == "= 4.0   slope a 2.0" and state() != before
    prompt.run("%unload_ext vrepl")
    assert prompt.last("a*2") == ["In [4]: a*2"] and state() == before
    prompt.run("%load_ext vrepl", "%reload_ext vrepl", "%reload_ext vrepl", "%unload_ext vrepl")
    assert state() == before


def test_nodes_are_let_go_when_a_cell_runs(prompt):
    previewer = loaded(prompt.ip)._live._previewer
    prompt.last("d*2")
    assert previewer._sweeps
    prompt.run("1")
    assert not previewer._sweeps and previewer._names is None


def test_a_dumb_terminal_gets_none(opened, monkeypatch):
    prompt = opened()
    monkeypatch.setenv("TERM", "dumb")
    prompt.run("%load_ext vrepl", "a = 2.0")
    assert loaded(prompt.ip)._live is None


# ---------------------------------------------------------------- the shell's own


@pytest.fixture
def shell(opened):
    return equipped(opened())


def equipped(prompt):
    ShellPrompt(prompt.ip).install()
    prompt.run("%load_ext vrepl", "a = 2.0; b = -3.0; c = 10", "d = a*b + c")
    return prompt


@pytest.mark.parametrize(
    ("typed", "message", "under_cursor"),
    [
        ("%slope d wrt q", 'No name "q" here; did you mean "d"?', "q"),
        ("slope e", 'No name "e" here; did you mean "d"?', "e"),
        ("s = %trace d --row 3", 'trace has no option "--row", did you mean "--rows"', "--row 3"),
        ("%graph", "graph needs a name; usage: %graph NAME", "graph"),
    ],
)
def test_a_wrong_command_stays_with_the_cursor_on_the_word(shell, typed, message, under_cursor):
    seen, text = shell.type(typed, ENTER, "|")
    assert seen[2][-1].startswith(message)
    before, _, after = text.partition("|")
    assert before + after == typed and after.startswith(under_cursor)


@pytest.mark.parametrize(
    "typed", ["%slope d wrt a", "%graph d", "d*2", "1/0", "%who", "slope = 2.0", "%foo", "!true",
              "for i in []: pass"],
)  # fmt: skip
def test_everything_else_is_accepted(shell, typed):
    seen, text = shell.type(f"\x1b[200~{typed}\x1b[201~", ENTER)
    assert text == typed and len(seen) == 2


def test_nothing_is_judged_while_it_is_typed(shell):
    seen, _ = shell.type("%slope", " e", " wrt")
    assert not any("name" in line for lines in seen for line in lines)


def printed(prompt, *keys):
    """What keys print above the prompt, and the prompt."""
    lines = prompt.last(*keys)
    start = next(i for i, line in enumerate(lines) if line.startswith("In ["))
    return lines[:start], lines[start:]


def test_keys_ask_about_the_name_under_the_cursor(shell):
    above, prompt = printed(shell, "e = d*a", F4)
    assert above[0] == "%slope a" and above[-1].split()[:3] == ["a", "2.0", "1.0"]
    assert prompt[0].startswith("In [4]: e = d*a") and prompt[1].startswith("e = 8.0")
    above, _ = printed(shell, "d*a", LEFT, LEFT, F3)
    assert above[0] == "%graph d" and any("├(+)─▶" in line for line in above)
    above, _ = printed(shell, "d", F5)
    assert above[0] == "%trace d" and len(above) == 8
    assert printed(shell, "q", F4)[0] == ['No name "q" in this session; did you mean "d"?']
    assert printed(shell, " ", F4)[0] == ["F4 asks %slope of a name; put the cursor on one"]


def test_the_first_key_lists_the_others(shell):
    above, prompt = printed(shell, "d", F1)
    assert above == [line.rstrip() for line in help_lines()] and prompt[0].startswith("In [4]: d")
    assert all(any(line.startswith(f"  {key.name.upper()} ") for line in above) for key in KEYS)
    assert {key.command for key in KEYS} <= {"", *COMMANDS}
    assert all(len(line) <= 40 or "%config" in line for line in above)


def test_keys_work_in_vi_mode_too(opened):
    prompt = equipped(opened(TerminalInteractiveShell=Config(editing_mode="vi")))
    lines = prompt.last("d*a", "\x1b", F4)
    assert "%slope a" in lines and any("[nav] In [4]: d*a" in line for line in lines)


def test_the_right_prompt_counts_and_gives_way(opened):
    prompt = equipped(opened(columns=40))
    seen, _ = prompt.type("e = d*a", "*b*c*d + a*b*c", " + a*b*c*d", ENTER)
    assert seen[0] == ["In [4]:                          4 nodes"]
    assert seen[1][0] == "In [4]: e = d*a                  4 nodes"
    assert seen[2][0] == "In [4]: e = d*a*b*c*d + a*b*c    4 nodes"
    assert seen[3][0] == "In [4]: e = d*a*b*c*d + a*b*c + a*b*c*d"
    assert prompt.screen.lines() == ["In [4]: e = d*a*b*c*d + a*b*c + a*b*c*d"]
    assert all(len(line) <= 40 for lines in seen for line in lines)


def colours(prompt, text):
    """The words of a line that have a colour of their own."""
    prompt.type(text)
    lexer = prompt.ip._extra_prompt_options()["lexer"]
    pieces = lexer.lex_document(Document(text))(0)
    assert "".join(piece[1] for piece in pieces) == text
    return {piece[1]: piece[0].rpartition(".")[2] for piece in pieces if piece[0]}


def test_words_of_commands_have_colours(shell):
    assert colours(shell, "s = %slope d wrt a, q --h 0.1") == {
        "%slope": "keyword", "d": "function", "wrt": "word", "a": "function",
        "--h": "attribute", "0.1": "number",
    }  # fmt: skip
    assert colours(shell, "graph d")["graph"] == "keyword"
    assert "keyword" not in colours(shell, "d = a*b").values()


def test_without_the_extension_the_shell_is_ipython(shell):
    shell.run("%unload_ext vrepl")
    assert shell.last("%slope e") == ["In [5]: %slope e"]
    assert shell.type("%slope e", ENTER)[1] == "%slope e"
    assert printed(shell, "d", F4)[0] == ["%slope is not loaded; %load_ext vrepl brings it"]
    shell.run("%load_ext vrepl")
    assert "4 nodes" in shell.last("d")[0]
