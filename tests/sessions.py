"""A live session without a front end: cells are rewritten and run as the IPython extension does."""

from __future__ import annotations

import ast
import atexit
import builtins
import contextlib
from collections.abc import Iterator
from typing import Any

from vrepl.session import literals, support
from vrepl.session.commands import COMMANDS
from vrepl.session.registry import Place, Registry
from vrepl.session.session import Session


class Live:
    """Names, places and cell texts of a session that really runs.

    Cells are run statement by statement; commands and other magics are left out, which binds
    nothing.
    """

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.texts: dict[str, str] = {}
        self.registry = Registry(lambda: self.names)
        self.session = Session(self.registry, lambda answer: {"text/plain": ""}, self.source)

    def source(self, cell: str) -> str:
        return self.texts.get(cell, "")

    def run(self, text: str, cell: str = "session.ipy") -> Live:
        """Run a cell to its end, or to its first error."""
        lines = ["" if line.lstrip().startswith("%") else line for line in text.split("\n")]
        self.texts[cell] = "\n".join(lines)
        provided = {
            literals.LITERAL: support.literal,
            literals.ARGUMENT: support.argument,
            literals.BIND: self._bind,
            **support.OPERATIONS,
        }
        self.names.update(provided)
        try:
            for statement in ast.parse(self.texts[cell]).body:
                self._run(statement, cell)
        finally:
            for name in provided:
                self.names.pop(name, None)
            self.names.pop("__builtins__", None)
        return self

    def _run(self, statement: ast.stmt, cell: str) -> None:
        bound = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
        tree = literals.transform(
            ast.Module([statement], []),
            cell=cell,
            commands=frozenset(COMMANDS),
            is_library_name=lambda name: hasattr(builtins, name) and name not in self.names,
        )
        exec(compile(tree, cell, "exec"), self.names)
        self.registry.sync(cell, lambda name: statement.lineno, bound)

    def _bind(self, value: Any, targets: Any, line: int, cell: str) -> Any:
        self.registry.bind(targets, value, Place(cell, line))
        return value

    def run_as_far_as_it_goes(self, text: str) -> Live:
        """The same for a text that may raise."""
        with contextlib.suppress(Exception):
            self.run(text)
        return self


@contextlib.contextmanager
def bare_shell() -> Iterator[Any]:
    """An IPython of its own, which keeps no history."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    InteractiveShell.clear_instance()
    vars(builtins).pop("_", None)  # doctests leave it there, and IPython then keeps its own away
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    ip = InteractiveShell.instance(config=config)
    yield ip
    ip.atexit_operations()
    atexit.unregister(ip.atexit_operations)
    InteractiveShell.clear_instance()


@contextlib.contextmanager
def shell_with_vrepl() -> Iterator[Any]:
    """The same with vrepl in it."""
    with bare_shell() as ip:
        ip.extension_manager.load_extension("vrepl")
        yield ip
        ip.extension_manager.unload_extension("vrepl")


class Typed:
    """Cells typed into a shell; `run` gives what the last one printed."""

    def __init__(self, ip: Any, capsys: Any) -> None:
        self.ip = ip
        self.capsys = capsys
        self.result: Any = None

    def run(self, *cells: str) -> str:
        for cell in cells:
            self.capsys.readouterr()
            self.result = self.ip.run_cell(cell, store_history=True)
        printed = self.capsys.readouterr()
        return str(printed.out + printed.err)

    def __getitem__(self, name: str) -> Any:
        return self.ip.user_ns[name]
