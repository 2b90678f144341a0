"""Runs a session from a file, a pipe or the command line, statement by statement, as at a prompt.

It is an IPython shell without a terminal around it; what a statement means is IPython's and the
extension's business, this module splits, echoes, and reports the first error.
"""

from __future__ import annotations

import ast
import io
import linecache
import os
import re
import sys
import tempfile
import tokenize
import traceback
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

from vrepl.core.errors import VreplError
from vrepl.fronts.ipython import Cells, load
from vrepl.fronts.tracebacks import is_ours

__all__ = ["FAILED", "INTERRUPTED", "run"]

FINE, FAILED, INTERRUPTED = 0, 1, 130

# A line that only IPython understands; continued ones are joined so that lines keep their numbers.
_ESCAPED = re.compile(r"\s*(?:[\w.,\s\[\]'\"]+=\s*)?[%!]")
_CELL = re.compile(r"#\s*%%|#\s*In\[")


class EchoHook(DisplayHook):
    """Shows the value of an expression without `Out[1]:`."""

    prompt_end_newline = True  # nothing stands before a value, so a tall one starts no new line

    def write_output_prompt(self) -> None:
        """Nothing: a script's output is its values."""

    def quiet(self) -> bool:
        """Whether the statement ends in a semicolon; IPython would look at its cell history."""
        return isinstance(self.shell, ScriptShell) and self.shell.is_quiet


class ScriptShell(InteractiveShell):
    """An IPython shell that hands errors to its caller in place of printing them."""

    displayhook_class = Type(EchoHook)
    is_quiet = False
    session_cells: Cells | None = None  # what the extension calls cells, after a reload too
    first_error: BaseException | None = None  # the first one since it was last set to None

    def note(self, error: BaseException | None) -> None:
        """Keep the first error that anything here came upon."""
        self.first_error = self.first_error or error

    def showtraceback(self, exc_tuple: Any = None, *arguments: Any, **options: Any) -> None:
        """Errors of nested cells and of `__repr__` are kept for the runner, not printed."""
        self.note(exc_tuple[1] if exc_tuple else sys.exc_info()[1])

    def showsyntaxerror(self, *arguments: Any, **options: Any) -> None:
        """The same for text that is no Python."""
        self.note(sys.exc_info()[1])

    async def run_code(self, code_obj: Any, result: Any = None, *, async_: bool = False) -> bool:
        """Run compiled code in the session; True when it raised."""
        __tracebackhide__ = True
        try:
            if async_:
                await eval(code_obj, self.user_global_ns, self.user_ns)
            else:
                exec(code_obj, self.user_global_ns, self.user_ns)
        except BaseException as error:  # SystemExit and KeyboardInterrupt decide the exit status
            result.error_in_exec = error
            self.note(error)
            return True
        return False


@dataclass(frozen=True)
class Script:
    """The cells of one file, named by its path."""

    name: str
    text: str

    def starting(self) -> None:
        """Statements need no preparation."""

    def label(self) -> str:
        """Places in a script read `session.ipy:3`."""
        return self.name

    def source(self, label: str) -> str:
        """The whole text: line numbers are the file's."""
        return self.text if label == self.name else ""

    @cached_property
    def lines(self) -> list[str]:
        """The text's lines."""
        return self.text.splitlines()


def run(text: str, name: str, arguments: Sequence[str] = (), path: str | None = None) -> int:
    """Run a session and return its exit status.

    Args:
        text: The session.
        name: What errors and places call it.
        arguments: `sys.argv[1:]` of the session.
        path: Its file, '' entry of `sys.path` being the file's folder; None for a pipe.

    Returns:
        0 when all went well, 1 when the session raised, 130 when it was interrupted, n after
        `sys.exit(n)`.
    """
    with tempfile.TemporaryDirectory(prefix="vrepl-") as folder:
        shell = _shell(folder)
        script = Script(name, text)
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        shell.session_cells = script
        load(shell)
        _prepare(shell, name, arguments, path)
        return _Runner(shell, script).run()


def _shell(folder: str) -> ScriptShell:
    """A shell that reads no profile and leaves no history."""
    os.environ.setdefault("IPYTHON_KITTY_GRAPHICS", "0")  # its probe of the terminal is slow
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell: ScriptShell = ScriptShell.instance(config=config, ipython_dir=folder)
    formatter: Any = shell.display_formatter
    formatter.active_types = ["text/plain"]
    return shell


def _prepare(shell: ScriptShell, name: str, arguments: Sequence[str], path: str | None) -> None:
    """Give the session what a Python script has: argv, its folder on the path, `__file__`."""
    sys.argv = [path or name, *arguments]
    sys.path.insert(0, str(Path(path).resolve().parent) if path else "")
    leave = {"exit": sys.exit, "quit": sys.exit}
    shell.user_ns.update(leave)
    shell.user_ns_hidden.update(leave)
    if path:
        shell.user_ns["__file__"] = path


@dataclass(slots=True)
class _Runner:
    """Runs one script in one shell."""

    shell: ScriptShell
    script: Script

    def run(self) -> int:
        """Run every statement; stop at the first error."""
        with self.shell.builtin_trap, self.shell.display_trap:
            for cell in _cells(self.script.text):
                status = self._run_cell(cell)
                if status is not None:
                    return status
        return FINE

    def _run_cell(self, cell: _Cell) -> int | None:
        """Run one cell's statements; an exit status when that ends the session."""
        try:
            text = self._as_python(cell.text)
        except SyntaxError as mistake:
            return self._report(mistake, cell.line)
        tree, error_ahead = _parsed(text, self.script.name)
        for group in _groups(ast.increment_lineno(tree, cell.line).body):
            if self._leaves(group):
                return FINE
            error = self._run_group(group)
            if error is not None:
                return self._report(error, group[0].lineno)
        if error_ahead is not None:
            error_ahead.lineno = (error_ahead.lineno or 1) + cell.line
            return self._report(error_ahead, error_ahead.lineno)
        return None

    def _leaves(self, group: list[ast.stmt]) -> bool:
        """Whether a line is a bare `exit` or `quit`, as one types it at a prompt."""
        value = group[0].value if isinstance(group[0], ast.Expr) else None
        name = value.id if isinstance(value, ast.Name) else ""
        return name in ("exit", "quit") and self.shell.user_ns.get(name) is sys.exit

    def _as_python(self, text: str) -> str:
        """The cell with IPython's syntax turned into calls, line for line."""
        changed: str = self.shell.transform_cell(text)
        if len(changed.splitlines()) != len(text.splitlines()):
            changed = self.shell.transform_cell(_with_joined_lines(text))
        return changed

    def _run_group(self, group: list[ast.stmt]) -> BaseException | None:
        """Run the statements of one line as a prompt would; the exception when they raise."""
        shell = self.shell
        result = ExecutionResult(ExecutionInfo("", False, False, False, None))
        shell.first_error = None
        shell.last_execution_result = result  # %xdel looks for the object in it
        shell.events.trigger("pre_execute")
        try:
            shell.is_quiet = self._ends_in_semicolon(group[-1])
            tree = shell.transform_ast(ast.Module(group, []))
            shell.displayhook.exec_result = result
            shell.loop_runner(self._statements(tree, result))
        except KeyboardInterrupt as error:
            return error
        finally:
            shell.events.trigger("post_execute")
            if sys.stdout is not None:
                sys.stdout.flush()
        return result.error_in_exec or result.error_before_exec or shell.first_error

    async def _statements(self, tree: ast.Module, result: ExecutionResult) -> None:
        __tracebackhide__ = True
        interactivity = self.shell.ast_node_interactivity
        compiler = self.shell.compile
        name = self.script.name
        await self.shell.run_ast_nodes(tree.body, name, interactivity, compiler, result)

    def _ends_in_semicolon(self, statement: ast.stmt) -> bool:
        lines = self.script.lines[statement.lineno - 1 : statement.end_lineno]
        if not lines or ";" not in lines[-1]:
            return False
        readline = io.StringIO("\n".join(lines)).readline
        try:
            tokens = [t for t in tokenize.generate_tokens(readline) if t.string.strip()]
        except (tokenize.TokenError, SyntaxError):
            return False
        tokens = [token for token in tokens if token.type != tokenize.COMMENT]
        return bool(tokens) and tokens[-1].string == ";"

    def _report(self, error: BaseException, line: int) -> int:
        """Say where and what, on standard error; the exit status it implies."""
        if isinstance(error, SystemExit):
            return _exit_status(error)
        if isinstance(error, BrokenPipeError):
            raise error  # whoever read our output has gone: nothing to say to nobody
        frames = _visible_frames(error.__traceback__)
        own = [frame for frame in frames if frame.filename == self.script.name]
        if len(frames) > 1:
            sys.stderr.write(
                "".join(["Traceback (most recent call last):\n", *traceback.format_list(frames)])
            )
        where = own[-1].lineno if own else line
        is_here = isinstance(error, SyntaxError) and error.filename in (self.script.name, None)
        if is_here:
            where = error.lineno or line  # type: ignore[attr-defined]
        for cause in _causes(error):
            print(f"{_described(cause)}, and after it:", file=sys.stderr)
        print(f"{self.script.name}:{where}: {_described(error, is_here)}", file=sys.stderr)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED


def _causes(error: BaseException) -> list[BaseException]:
    """What an exception came from, the first one first."""
    found: list[BaseException] = []
    cause = error
    while len(found) < 10:
        following = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        if following is None or following in found:
            break
        cause = following
        found.insert(0, cause)
    return found


def _described(error: BaseException, is_here: bool = True) -> str:
    """The error as Python's last line has it; for a command's mistake the fact alone."""
    if isinstance(error, UsageError):
        return str(error)
    if isinstance(error, VreplError):
        return f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg if is_here else error}"
    return "".join(traceback.format_exception_only(error)).strip()


def _exit_status(error: SystemExit) -> int:
    if error.code is None or isinstance(error.code, int):
        return int(error.code or 0)
    print(error.code, file=sys.stderr)
    return FAILED


def _visible_frames(trace: types.TracebackType | None) -> list[traceback.FrameSummary]:
    """The frames of the session and its libraries, without ours and IPython's."""
    seen: list[traceback.FrameSummary] = []
    for frame, line in traceback.walk_tb(trace):
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if (
            not is_ours(frame)
            and module != "IPython"
            and not frame.f_locals.get("__tracebackhide__")
        ):
            seen += traceback.StackSummary.extract(iter([(frame, line)]), lookup_lines=True)
    return seen


@dataclass(frozen=True, slots=True)
class _Cell:
    """A piece of a script that IPython's cell magics apply to; `line` lines stand before it."""

    text: str
    line: int


def _cells(text: str) -> Iterator[_Cell]:
    """The script at its `# %%` marks; the whole of it when there are none."""
    lines = text.splitlines(keepends=True)
    marks = [i for i, line in enumerate(lines) if _CELL.match(line)]
    starts = [0, *(mark + 1 for mark in marks)]
    for start, end in zip(starts, [*marks, len(lines)], strict=True):
        while start < end and not lines[start].strip():  # IPython drops blank lines at the top
            start += 1
        if end > start:
            yield _Cell("".join(lines[start:end]), start)


def _with_joined_lines(text: str) -> str:
    """Backslash-continued magic lines on one line, with blank lines after to keep the count."""
    joined: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        pieces = [line]
        while _ESCAPED.match(line) and pieces[-1].endswith("\\"):
            pieces.append(next(lines, ""))
        joined.append("".join(piece.removesuffix("\\") for piece in pieces[:-1]) + pieces[-1])
        joined += [""] * (len(pieces) - 1)
    return "\n".join(joined) + "\n"


def _parsed(text: str, name: str) -> tuple[ast.Module, SyntaxError | None]:
    """The statements before the first syntax error, which a prompt would run, and the error."""
    error: SyntaxError | None = None
    lines = text.splitlines(keepends=True)
    end = len(lines)
    while True:
        try:
            return ast.parse("".join(lines[:end]), name), error
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            error = error or _as_syntax_error(problem)
            end = min(end, error.lineno or end) - 1


def _as_syntax_error(problem: BaseException) -> SyntaxError:
    """What Python's parser raised for hopeless input, as the syntax error it is."""
    if isinstance(problem, SyntaxError):
        return problem
    return SyntaxError(str(problem) or type(problem).__name__, (None, 1, None, None))


def _groups(statements: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Statements that share a line belong together, as they do at a prompt."""
    group: list[ast.stmt] = []
    for statement in statements:
        if group and statement.lineno > (group[-1].end_lineno or 0):
            yield group
            group = []
        group.append(statement)
    if group:
        yield group
