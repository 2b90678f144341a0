"""The program from outside: files, pipes, `-c`, exit statuses, and where errors are said to be."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

with pytest.raises(ZeroDivisionError) as _error:
    (1.0).__truediv__(0.0)
DIVIDED = str(_error.value)  # in the words of this Python

SESSION = (
    "a = 2.0; b = -3.0; c = 10\nd = a*b + c\nd\n%slope d wrt a\ns = %slope d wrt a\nfloat(s)\n"
)
SHOWN = """\
Value(data=4.0)
wrt  value  slope of d  measured      h  difference
───  ─────  ──────────  ────────  ─────  ──────────
a      2.0        -3.0      -3.0  3e-08           0
-3.0
"""


@pytest.fixture
def session(tmp_path):
    path = tmp_path / "session.ipy"
    path.write_text(SESSION, encoding="utf-8")
    return path


def test_a_file_a_pipe_and_a_text_print_the_same(run_vrepl, session):
    for arguments, given in (
        (("run", session), ""),
        ((session,), ""),
        (("-c", SESSION), ""),
        (("-",), SESSION),
        ((), SESSION),
        (("run", "-"), SESSION),
    ):
        done = run_vrepl(*arguments, input=given)
        assert (done.stdout, done.stderr, done.returncode) == (SHOWN, "", 0), arguments


@pytest.mark.parametrize(
    ("text", "status", "error"),
    [
        ("a = 2.0\n1/(a*0)\nprint('no')", 1,
         f"<stdin>:2: ZeroDivisionError: {DIVIDED}"),
        ("d = 1.5\n\n%slope e", 1, '<stdin>:3: No name "e" in this session; did you mean "d"?'),
        ("print(1)\n)\n", 1, "<stdin>:2: SyntaxError: unmatched ')'"),
        ("import sys\nsys.exit(3)", 3, ""),
        ("exit(4)", 4, ""),
        ("import sys; sys.exit()", 0, ""),
        ("raise SystemExit('bye')", 1, "bye"),
        ("raise KeyboardInterrupt", 130, "<stdin>:1: KeyboardInterrupt"),
        ("from vrepl import log\nx = -2.0\nlog(x)", 1,
         "<stdin>:3: DomainError: log(x): x = -2.0 lies outside x > 0"),
        ("# %%\na = 1\n# %%\n\nb = a + c", 1, "<stdin>:5: NameError: name 'c' is not defined"),
        ("a = 2.0\n%literals show --cell 1", 1,
         "<stdin>:2: <stdin> is one text without numbered cells; usage: %literals show"),
        ("%slope \\\n d\n", 1, '<stdin>:1: No name "d" in this session; %nodes lists the names'),
    ],
)  # fmt: skip
def test_errors_and_statuses(run_vrepl, text, status, error):
    done = run_vrepl("-", input=text)
    assert done.returncode == status
    assert done.stderr.rstrip("\n").split("\n")[-1] == error
    assert "no" not in done.stdout


def test_an_error_inside_functions_shows_the_way_there(run_vrepl, tmp_path):
    path = tmp_path / "deep.ipy"
    path.write_text("def f(x):\n    return 1/x\n\ndef g(x):\n    return f(x)\na = 0.0\ng(a)\n")
    done = run_vrepl("run", "deep.ipy", cwd=tmp_path)
    assert done.stderr.splitlines() == [
        "Traceback (most recent call last):",
        '  File "deep.ipy", line 7, in <module>',
        "    g(a)",
        '  File "deep.ipy", line 5, in g',
        "    return f(x)",
        '  File "deep.ipy", line 2, in f',
        "    return 1/x",
        f"deep.ipy:2: ZeroDivisionError: {DIVIDED}",
    ]


@pytest.mark.parametrize(
    ("arguments", "fact"),
    [
        (("nowhere.ipy",), "vrepl: nowhere.ipy: No such file or directory"),
        (("run",), "vrepl: run needs a file"),
        (("-c",), "vrepl: -c needs a text"),
        (("--frobnicate",), "vrepl: unknown option --frobnicate"),
        (("frobnicate",), "vrepl: unknown word frobnicate"),
        (("run", "."), "vrepl: .: Is a directory"),
        (("notes.ipynb",), "vrepl: notes.ipynb is a notebook"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(run_vrepl, tmp_path, arguments, fact):
    (tmp_path / "notes.ipynb").write_text("{}")
    done = run_vrepl(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(fact) and done.stderr.count("\n") == 1


def test_a_script_has_what_a_python_script_has(run_vrepl, tmp_path):
    (tmp_path / "helper.py").write_text("twice = lambda x: 2 * x\n")
    (tmp_path / "main.ipy").write_text(
        "import sys, helper\nprint(sys.argv, __name__, __file__)\nhelper.twice(1.5)\n"
    )
    done = run_vrepl("run", "main.ipy", "--flag", "x", cwd=tmp_path)
    assert done.stdout == "['main.ipy', '--flag', 'x'] __main__ main.ipy\n3.0\n", done.stderr


def test_ipythons_own_syntax_works_line_by_line(run_vrepl):
    text = (
        "a = 2.0  # c;\na;\nif a > 1:\n    b = a*2\nelse:\n    b = a\nb\nimport asyncio\n"
        "await asyncio.sleep(0, 3)\nx = !echo hi\nx\n# %%\n%%capture out\nprint(a)\n"
        "# %%\nout.stdout\n"
        "for i in range(2):\n    %slope b wrt a\nb; a\n"
    )
    done = run_vrepl("-", input=text)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:4] == ["Value(data=4.0)", "3", "['hi']", "'2.0\\n'"]
    assert done.stdout.count("slope of b") == 2 and lines[-1] == "Value(data=2.0)"


def test_interrupting_gives_130(tmp_path):
    path = tmp_path / "long.ipy"
    path.write_text("import time\nprint('started', flush=True)\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "vrepl", "run", path.name],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "started\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130 and error == "long.ipy:3: KeyboardInterrupt\n"


def test_a_reader_that_leaves_gets_no_noise(tmp_path):
    command = f'{sys.executable} -m vrepl -c "for i in range(100000): print(i)" | head -1'
    done = subprocess.run(
        command, shell=True, check=True, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"TERM": "dumb"}, {"LC_ALL": "C"}, {"COLUMNS": "40"}],
)
def test_drawings_fit_where_they_go(variables):
    text = "变量 = 2.0\nd = 变量*3\n%graph d\n%slope d\n%nodes"
    done = subprocess.run(
        [sys.executable, "-m", "vrepl", "-c", text], check=True, capture_output=True,
        env={**os.environ, **variables}, timeout=60,
    )  # fmt: skip
    shown = done.stdout.decode()
    assert "\x1b" not in shown and "d" in shown and done.stderr == b""
    if "PYTHONIOENCODING" in variables:
        assert shown.isascii() and "\\u53d8" in shown
    if "TERM" in variables:
        assert "╭" not in shown and "+--" in shown
    if "COLUMNS" in variables:
        assert max(map(len, shown.splitlines())) <= 40


def test_help_lists_every_command(run_vrepl):
    from vrepl.session.commands import COMMANDS

    shown = run_vrepl("--help").stdout
    assert all(f"%{command.grammar.usage}" in shown for command in COMMANDS.values())
    assert run_vrepl("--version").stdout.startswith("vrepl ")


def test_the_installed_program_is_this_one(run_vrepl):
    program = Path(sys.executable).with_name("vrepl")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == run_vrepl("--version").stdout


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("# %%\n%%capture\n1/0\n# %%\nprint('on')\n", "ZeroDivisionError: division by zero"),
        ("get_ipython().run_cell('1/0')\nprint('on')", "ZeroDivisionError: division by zero"),
        ("get_ipython().run_cell(')')\nprint('on')", "SyntaxError: unmatched ')'"),
        ("class A:\n    def __repr__(self):\n        return 1/0\nA()\nprint('on')",
         "ZeroDivisionError: division by zero"),
    ],
)  # fmt: skip
def test_no_error_is_lost(run_vrepl, text, error):
    done = run_vrepl("-", input=text)
    assert done.returncode == 1 and error in done.stderr and "on" not in done.stdout.split()


def test_causes_and_places_of_errors_elsewhere(run_vrepl, tmp_path):
    (tmp_path / "bad.py").write_text("x = 1\ny = = 2\n")
    done = run_vrepl("-c", "import bad", cwd=tmp_path)
    assert done.stderr.endswith("<command>:1: SyntaxError: invalid syntax (bad.py, line 2)\n")
    done = run_vrepl(
        "-c", "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise KeyError(2) from e"
    )
    assert done.stderr.splitlines() == [
        "ZeroDivisionError: division by zero, and after it:",
        "<command>:4: KeyError: 2",
    ]


def test_cells_end_at_the_mark_and_reloading_keeps_places(run_vrepl, tmp_path):
    text = (
        "# %%\n%%writefile out.txt\nhello\n# %%\na = 1.5\n%reload_ext vrepl\nb = 2.5\n%nodes\n"
        "exit\n1/0"
    )
    done = run_vrepl("-", input=text, cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / "out.txt").read_text() == "hello\n"
    assert "<stdin>:5" in done.stdout and "<stdin>:7" in done.stdout


@pytest.mark.parametrize(
    ("given", "status"), [(b"\xef\xbb\xbf1.5\r\n2.5\r\n", 0), (b"\xff\xfe", 2)]
)
def test_standard_input_in_other_encodings(given, status):
    done = subprocess.run(
        [sys.executable, "-m", "vrepl", "-"], input=given, check=False, capture_output=True
    )
    assert done.returncode == status
    assert done.stdout == (b"Value(data=1.5)\nValue(data=2.5)\n" if status == 0 else b"")
    assert done.stderr.count(b"\n") == (0 if status == 0 else 1)


@pytest.mark.parametrize(("redirect", "status"), [("- <&-", 2), ("<&-", 2), ("-c 'a = 1' >&-", 0)])
def test_closed_streams(redirect, status):
    command = f"{sys.executable} -m vrepl {redirect}"
    done = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True)
    assert done.returncode == status and "Traceback" not in done.stderr


def test_a_name_can_be_deleted_everywhere(run_vrepl):
    done = run_vrepl("-", input="a = 1.5\na\n%xdel a\nb = 2.5\nb\na")
    assert done.stdout == "Value(data=1.5)\nValue(data=2.5)\n"
    assert done.stderr == "<stdin>:6: NameError: name 'a' is not defined\n"
