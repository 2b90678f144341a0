"""The IPython extension: hooks the literal transformer, the registry and the commands into a shell.

It translates between IPython and the session and adds nothing of its own; terminal, kernel and
script runner all load this one. Everything it hooks in is taken out again by `unload`.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import os
import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

from IPython.core.completer import SimpleCompletion, context_matcher
from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from vrepl.core.errors import VreplError
from vrepl.core.limit import Limit
from vrepl.core.twins import follow
from vrepl.fronts import tracebacks
from vrepl.fronts.arrivals import meet_libraries
from vrepl.fronts.config import VRepl
from vrepl.fronts.debugging import StepOver
from vrepl.fronts.inspection import Inspections
from vrepl.fronts.painting import host_face
from vrepl.fronts.provided import EXTENSION, provide
from vrepl.fronts.raw import without_suffixes
from vrepl.fronts.uncaught import Uncaught
from vrepl.fronts.warned import Warned
from vrepl.session import census, literals
from vrepl.session.answers import Answer
from vrepl.session.commands import COMMANDS, Command, ask, help_text
from vrepl.session.proof import without_warnings
from vrepl.session.registry import Place, Registry
from vrepl.session.session import Session
from vrepl.session.targets import Targets

if TYPE_CHECKING:
    from vrepl.fronts.live import LivePreview
    from vrepl.language.records import Completions

__all__ = ["Cells", "Extension", "load", "loaded", "unload"]


class Cells(Protocol):
    """Which cell is running, and the text of those that ran."""

    def starting(self) -> None:
        """A cell is about to be parsed."""

    def label(self) -> str:
        """The running cell's label."""

    def source(self, label: str) -> str:
        """A cell's text, '' when it is gone."""


class HistoryCells:
    """Cells as IPython numbers them: `In[3]`.

    `execution_count` inside a running cell is N in IPython 8 and N + 1 in 9, so the number is
    taken from the input history, which has grown by one exactly when the cell is stored.
    """

    def __init__(self, ip: Any) -> None:
        self._ip = ip
        self._length = len(self._history) - 1  # a %load_ext runs inside a stored cell

    @property
    def _history(self) -> list[str]:
        return self._ip.history_manager.input_hist_parsed  # type: ignore[no-any-return]

    def starting(self) -> None:
        self._length = len(self._history)

    def label(self) -> str:
        stored = len(self._history) > self._length
        return f"In[{len(self._history) - 1 if stored else self._ip.execution_count}]"

    def source(self, label: str) -> str:
        try:
            return self._history[int(label[3:-1])]
        except (ValueError, IndexError):
            return ""


class Extension:
    """vrepl in one shell.

    Args:
        ip: The shell. Cells are called by IPython's numbers, unless it has `session_cells`.
    """

    def __init__(self, ip: Any) -> None:
        self.ip = ip
        self.settings = VRepl(parent=ip)
        self._last_error = tracebacks.LastError()
        self._step_over = StepOver()
        self._uncaught = Uncaught()
        self._warned = Warned()
        self.limit = Limit(lambda: self.settings.nodes)
        self.cells: Cells = getattr(ip, "session_cells", None) or HistoryCells(ip)
        self.registry = Registry(lambda: self.ip.user_ns)
        rich = "text/html" in ip.display_formatter.active_types
        self.face = host_face(rich=rich, write=self.settings.write, takes_colour=self._is_colourful)
        self.session = Session(self.registry, self.face.paint, self.cells.source, self.face.save)
        self._complain = literals.once(_say)
        self._rebound: set[str] = set()
        self._tree: ast.AST = ast.Module([], [])
        self._is_cell = False
        self._is_first_cell = True
        self._replaced: dict[str, Any] = {}
        self._is_active = True
        self._methods = {"transform_ast": self._transform, "showtraceback": self._show_traceback}
        self._magics = {name: _magic(self, command) for name, command in COMMANDS.items()}
        self._matcher = _matcher(self)
        self._inspections = Inspections(ip, self.session)
        self._live = self._live_preview()

    def install(self) -> None:
        """Hook into the shell."""
        self.settings.install(self.ip)
        self._inspections.install()
        if self._live is not None:
            self._live.install()
        self.limit.install()
        self._step_over.install()
        self._uncaught.install()
        self._warned.install()
        self.ip.display_formatter.mimebundle_formatter.for_type(Answer, self._show)
        self.ip.events.register("pre_execute", self._cell_starts)
        self.ip.events.register("post_execute", self._cell_ended)
        self.ip.Completer.custom_matchers.append(self._matcher)
        self.ip.input_transformers_cleanup.append(without_suffixes)
        line_magics = self.ip.magics_manager.magics["line"]
        self._replaced = {name: line_magics.get(name) for name in self._magics}
        line_magics.update(self._magics)
        census.KEEPERS.append(ref(self, census.KEEPERS.remove))
        census.begin()
        for name, method in self._methods.items():
            setattr(self.ip, name, method)

    def remove(self) -> None:
        """Leave the shell as it was found; what compiled code needs stays: support and shipping."""
        self._is_active = False
        census.KEEPERS.remove(ref(self))
        self.settings.remove(self.ip)
        self._inspections.remove()
        if self._live is not None:
            self._live.remove()
        self.limit.remove()
        self._step_over.remove()
        self._uncaught.remove()
        self._warned.remove()
        self.ip.display_formatter.mimebundle_formatter.pop(Answer, None)
        _remove(self.ip.Completer.custom_matchers, self._matcher)
        _remove(self.ip.input_transformers_cleanup, without_suffixes)
        for event, hook in (("pre_execute", self._cell_starts), ("post_execute", self._cell_ended)):
            if hook in self.ip.events.callbacks[event]:
                self.ip.events.unregister(event, hook)
        line_magics = self.ip.magics_manager.magics["line"]
        for name, method in self._methods.items():
            if vars(self.ip).get(name) == method:
                delattr(self.ip, name)
        for name, magic in self._magics.items():
            if line_magics.get(name) is magic:
                _restore(line_magics, name, self._replaced[name])

    def shown_results(self) -> list[Any]:
        """Every reference IPython keeps to a result, but for those in the user's namespace."""
        last = getattr(self.ip.last_execution_result, "result", None)
        hook = vars(self.ip.displayhook)
        named = (hook.get(name) for name in ("_", "__", "___"))
        return [last, *named, *self.ip.user_ns_hidden.values(), *_timed()]

    def _transform(self, tree: ast.AST) -> ast.AST:
        """IPython's method, and after it our part.

        It is no entry of `ast_transformers`: while there is one, IPython fills in locations with
        a function that recurses, and cells of about 1,000 terms fail that run without it.
        """
        tree = type(self.ip).transform_ast(self.ip, tree)
        return self.visit(tree) if self._is_active else tree

    def visit(self, tree: ast.AST) -> ast.AST:
        """The tree of a cell, or of what `%time` and its like run, with its numbers wrapped."""
        is_cell, self._is_cell = self._is_cell, False
        label = self.cells.label()
        if is_cell:
            self._tree = tree
            self.session.switch.cells.append(label)
        return literals.transform(
            tree,
            cell=label,
            commands=frozenset(COMMANDS),
            is_library_name=self._is_library_name,
            literals=self.session.switch.is_on,
            bindings=is_cell,  # %timeit and %time hand over code that runs elsewhere
            shared=is_cell and self.ip.user_ns is self.ip.user_global_ns,
            rebound=self._rebound,
            complain=self._complain,
        )

    def bind(self, targets: Targets, value: Any, line: int, cell: str) -> None:
        """A statement of a cell is about to bind a value."""
        self.registry.bind(targets, value, Place(cell, line))

    def _is_library_name(self, name: str) -> bool:
        return hasattr(builtins, name) and name not in self.ip.user_ns

    def _live_preview(self) -> LivePreview | None:
        """The preview beside the typing, in a terminal that can draw one."""
        if getattr(self.ip, "pt_app", None) is None or os.environ.get("TERM", "dumb") == "dumb":
            return None
        from vrepl.fronts.live import LivePreview  # prompt_toolkit takes 150 ms to import
        from vrepl.language.preview import Previewer

        return LivePreview(self.ip, Previewer(self.session, self._is_magic), self.settings)

    def _is_magic(self, name: str) -> bool:
        """Whether a bare word is a command of IPython: `ls`, `who`."""
        return name in self.ip.magics_manager.magics["line"]

    def _is_colourful(self) -> bool:
        return str(self.ip.colors).lower() != "nocolor"

    def _show(self, answer: Answer) -> dict[str, str]:
        """What IPython displays of an answer; what code makes of it, `repr` or a file, is plain."""
        return self.face.show(answer)

    def _forget_nodes(self) -> None:
        if self._live is not None:
            self._live.forget()

    def _cell_starts(self) -> None:
        self._forget_nodes()
        follow()
        self._is_cell = True
        self.cells.starting()

    def _cell_ended(self) -> None:
        self._forget_nodes()
        if reached := self.limit.resume():
            _say(
                f"{reached:,} nodes were alive, so this cell went on with plain numbers;"
                " %config VRepl.nodes says how many may be"
            )
        self._last_error.age()
        self.registry.sync(self.cells.label(), self._line_of, self._names_bound())
        if self._is_first_cell:
            self._is_first_cell = False
            self._warn_of_plain_numbers()

    def _names_bound(self) -> set[str] | None:
        """The names the cell can have bound; None where a call may have bound any."""
        names: set[str] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, (ast.Call, ast.alias, ast.MatchAs, ast.MatchStar, ast.Await)):
                return None
        return names

    def _line_of(self, name: str) -> int:
        """The last line of the cell that binds *name*, 0 when none is seen."""
        lines = (
            getattr(node, "lineno", 0)
            for node in ast.walk(self._tree)
            if (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))
            or (isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name == name)
            or (isinstance(node, ast.alias) and (node.asname or node.name) == name)
        )
        return max(lines, default=0)

    def _show_traceback(self, exc_tuple: Any = None, *arguments: Any, **options: Any) -> Any:
        """IPython's method without our frames: it always shows the last frame, hidden or not."""
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        tracebacks.trim(error)
        shown = type(self.ip).showtraceback(self.ip, exc_tuple, *arguments, **options)
        if isinstance(error, UsageError) and (command := _nearest_command(str(error))):
            _say(f"did you mean %{command}?")
        return shown

    def _warn_of_plain_numbers(self) -> None:
        """The cell that loaded vrepl was parsed before: its own numbers are plain."""
        text = self.cells.source(self.cells.label())
        if "load_ext" not in text:
            return
        try:
            with without_warnings():
                tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        if literals.transform(tree, cell="", bindings=False, operators=False) is not tree:
            _say("numbers in the cell that loads vrepl stay plain; type them in a cell after it")


def load(ip: Any) -> Extension:
    """Load vrepl into a shell; loading twice changes nothing."""
    extension = loaded(ip)
    if extension is None:
        extension = Extension(ip)
        provide()
        meet_libraries()
        extension.install()
        setattr(ip, EXTENSION, extension)
    return extension


def loaded(ip: Any) -> Extension | None:
    """The extension in a shell, None when it is not loaded."""
    extension: Extension | None = vars(ip).get(EXTENSION)
    return extension


def unload(ip: Any) -> None:
    """Take vrepl out of a shell again; nodes and functions made so far keep working."""
    extension = loaded(ip)
    if extension is not None:
        extension.remove()
        delattr(ip, EXTENSION)


def _nearest_command(problem: str) -> str:
    """The command that was meant where IPython knows no magic of a name, '' for none."""
    missing = re.match(r"Line magic function `%(\w+)` not found", problem)
    close = difflib.get_close_matches(missing[1], COMMANDS, n=1, cutoff=0.7) if missing else []
    return close[0] if close else ""


def _magic(extension: Extension, command: Command) -> Callable[[str], Answer]:
    def magic(line: str) -> Answer:
        __tracebackhide__ = True
        try:
            answer = ask(extension.session, command.name, line)
            extension.face.play(answer)
            return answer
        except VreplError as error:
            # Exactly UsageError: IPython shows it as one line, and any subclass with its traceback.
            raise UsageError(str(error)) from None

    magic.__name__ = command.name
    magic.__doc__ = help_text(command)
    marked: Callable[[str], Answer] = no_var_expand(magic)
    return marked


def _matcher(extension: Extension) -> Any:
    @context_matcher(identifier="vrepl", priority=100)  # type: ignore[untyped-decorator]
    def vrepl_matcher(context: Any) -> Any:
        found = _completions(extension, context)
        items = [SimpleCompletion(text=item.text, type=item.kind) for item in found.items]
        return {
            "completions": _All(items) if found.is_command else items,
            "matched_fragment": found.fragment,
            "suppress": found.is_command,
            "ordered": True,
        }

    return vrepl_matcher


class _All(list[SimpleCompletion]):
    """All there is to offer: where it is empty, IPython would offer what others know instead."""

    def __len__(self) -> int:
        return max(1, super().__len__())


def _completions(extension: Extension, context: Any) -> Completions:
    from vrepl.language import service  # a script never asks

    line, column = context.cursor_line + 1, context.cursor_position
    try:
        replay = service.typed(context.full_text, extension.session)
        return service.complete_at(replay, line, column, bare=True)
    except Exception:  # completion runs between keystrokes: nothing there may disturb the prompt
        return service.Completions("", (), False)


def _timed() -> list[Any]:
    """What `%timeit` holds of the session's names while it runs: all of them a second time."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "timeit" and "conflict_globs" in frame.f_code.co_varnames:
            names = frame.f_locals
            return [*names.get("conflict_globs", {}).values(), names.get("var_val")]
        frame = frame.f_back
    return []


def _say(fact: str) -> None:
    print(f"vrepl: {fact}", file=sys.stderr)


def _remove(items: list[Any], item: Any) -> None:
    """Remove by identity: equality of other people's hooks is theirs."""
    items[:] = _without(items, item)


def _without(items: list[Any], item: Any) -> Iterator[Any]:
    return (other for other in list(items) if other is not item)


def _restore(table: dict[str, Any], name: str, before: Any) -> None:
    if before is None:
        del table[name]
    else:
        table[name] = before
