"""The `vrepl` program: reads its arguments and starts the shell or runs a session.

The table of ways to call it is all it knows; the work is done by `shell` and `runner`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vrepl import __version__
from vrepl.session.commands import COMMANDS

__all__ = ["main"]

USAGE = 2
BROKEN_PIPE = 141  # 128 + SIGPIPE, what a shell sees of any program whose reader has gone

_HELP = """\
usage: vrepl                        the shell
       vrepl run FILE [ARGUMENT ...]  run a session file (also: vrepl FILE.ipy)
       vrepl -c TEXT [ARGUMENT ...]   run TEXT
       vrepl - [ARGUMENT ...]         run standard input
       vrepl lsp                      the language server, for editors
       vrepl --version | --help

In a session, numbers that are typed become nodes, and these commands ask about them:

{commands}

Exit status: 0 fine, 1 the session raised, 2 wrong usage, 130 interrupted; sys.exit(n) gives n.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: The words after the program's name; those it was called with by default.

    Returns:
        The exit status.
    """
    try:
        status = _dispatch(list(sys.argv[1:] if arguments is None else arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Python flushes standard output once more at exit; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return 130


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        return _shell() if sys.stdin is not None and sys.stdin.isatty() else _run_input([])
    word, rest = arguments[0], arguments[1:]
    action = _ACTIONS.get(word)
    if action is not None:
        return action(rest)
    if word.startswith("-"):
        return _refuse(f"unknown option {word}")
    if Path(word).suffix in (".ipy", ".py") or Path(word).is_file():
        return _run_file(arguments)
    return _refuse(f"unknown word {word}; to run a file: vrepl run {word}")


def _shell() -> int:
    from vrepl.fronts.shell import start

    return start()


def _run_file(arguments: list[str]) -> int:
    if not arguments:
        return _refuse("run needs a file")
    path = arguments[0]
    if path == "-":
        return _run_input(arguments[1:])
    if Path(path).suffix == ".ipynb":
        return _refuse(f"{path} is a notebook; run it with jupyter, after %load_ext vrepl")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return _refuse(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}")
    except OSError as error:
        return _refuse(f"{path}: {error.strerror}")
    return _run(text, path, arguments[1:], path)


def _run_text(arguments: list[str]) -> int:
    if not arguments:
        return _refuse("-c needs a text")
    return _run(arguments[0], "<command>", arguments[1:])


def _run_input(arguments: list[str]) -> int:
    if sys.stdin is None:
        return _refuse("standard input is closed")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _refuse(f"standard input is not UTF-8 text: {error.reason} at byte {error.start}")
    return _run(text.replace("\r\n", "\n"), "<stdin>", arguments)


def _run(text: str, name: str, arguments: list[str], path: str | None = None) -> int:
    from vrepl.fronts.runner import run

    return run(text, name, arguments, path)


def _lsp(arguments: list[str]) -> int:
    if arguments:
        return _refuse(f"lsp takes no {arguments[0]}")
    try:
        from vrepl.fronts.lsp import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        print("vrepl: lsp needs pygls; install it with: pip install 'vrepl[lsp]'", file=sys.stderr)
        return USAGE
    return serve()


def _help(arguments: list[str]) -> int:
    rows = [(f"%{row.grammar.usage}", row.summary) for row in COMMANDS.values()]
    width = max(len(usage) for usage, _ in rows)
    commands = "\n".join(f"  {usage:{width}}  {summary}" for usage, summary in rows)
    print(_HELP.format(commands=commands), end="")
    return 0


def _version(arguments: list[str]) -> int:
    print(f"vrepl {__version__}")
    return 0


def _refuse(fact: str) -> int:
    print(f"vrepl: {fact} (vrepl --help shows the usage)", file=sys.stderr)
    return USAGE


_ACTIONS = {
    "run": _run_file,
    "lsp": _lsp,
    "-c": _run_text,
    "-": _run_input,
    "-h": _help,
    "--help": _help,
    "-V": _version,
    "--version": _version,
}
