"""A live session without a front end: cells are rewritten and run as the IPython extension does."""

from __future__ import annotations

import ast
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
def shell_with_vrepl() -> Iterator[Any]:
    """An IPython of its own with vrepl in it, which keeps no history."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    ip = InteractiveShell.instance(config=config)
    ip.run_line_magic("load_ext", "vrepl")
    yield ip
    ip.run_line_magic("unload_ext", "vrepl")
    InteractiveShell.clear_instance()
