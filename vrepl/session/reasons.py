"""Says why a number is not connected to a node, from the graph and from the line that made it.

It reads source text and the registry; it runs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

from vrepl.core.derivatives import leaves
from vrepl.core.errors import VreplError
from vrepl.core.functions import FUNCTIONS
from vrepl.core.graph import number_text
from vrepl.core.nodes import adjoints, order
from vrepl.core.value import Value, facts_of
from vrepl.session.parts import is_node
from vrepl.session.proof import without_warnings
from vrepl.session.registry import Registry

__all__ = ["Reasons", "is_plain_number"]


def is_plain_number(x: Any) -> bool:
    """Whether *x* is a real number without a graph.

    Example:
        >>> is_plain_number(2.0), is_plain_number(Value(2.0)), is_plain_number("2")
        (True, False, False)
    """
    return issubclass(type(x), (int, float)) and not is_node(x)


@dataclass(frozen=True, slots=True)
class Reasons:
    """Explains missing connections.

    Args:
        registry: The session's names.
        source: The text of a cell by its label, '' when it is not known any more.
    """

    FARTHEST: ClassVar[int] = 100  # names followed back

    registry: Registry
    source: Callable[[str], str]

    def plain(self, name: str, number: Any) -> str:
        """Why *name* is a plain number: what cut it from the graph, as far as its line shows."""
        fact = f"{name} = {number_text(number)} is a plain number, not a node"
        cut = self._cut(name)
        if cut:
            return f"{fact}: {cut}"
        place = self.registry.place(name)
        where = f" in {place}" if place else ""
        return f"{fact}: nothing in its line{where} keeps a graph"

    def apart(self, output: str, root: Value, wrt: str, node: Value) -> str:
        """Why no path leads from *node* to *root*."""
        if any(id(root) == id(behind) for behind in order(node)):
            return f"it is the other way round, {wrt} depends on {output}"
        if older := self.older(output, root, wrt, node):
            return older
        if len(root._made) == 1:
            return f"{output} is an input itself"
        cut = self._cut(output, wrt)
        if cut:
            return cut
        names = self.registry.references()
        used = [names.get(id(leaf)) or leaf.label for leaf in leaves(root)]
        used = [name for name in used if name]
        more = f" and {len(used) - 5} more" if len(used) > 5 else ""
        return (
            f"{output} depends on {', '.join(used[:5])}{more}" if used else "it has no named input"
        )

    def older(self, output: str, root: Value, wrt: str, node: Any) -> str:
        """Which other node was called *wrt* when *output* was made; '' for none."""
        other = [behind for behind in order(root) if behind.label == wrt and behind is not node]
        if not other:
            return ""
        was, number = other[-1], number_text(other[-1].data)
        then = facts_of(was).place
        if not then:
            return f"{output} was made from another node that is called {wrt} (= {number})"
        now = self.registry.place(wrt)
        again = f"{wrt} was bound again since" + (f", in {now}" if now else "")
        fact = f"{output} was made from an older {wrt} (= {number}); {again}"
        return f"{fact}; by {self._slope(output, root, wrt, was)}".removesuffix("; by ")

    def lost(self, output: str, root: Value, wrt: str) -> str:
        """Which node was called *wrt*, now that the name means no number; '' for none."""
        was = next((node for node in reversed(order(root)) if node.label == wrt), None)
        if was is None:
            return ""
        fact = f"{output} was made from an older {wrt} (= {number_text(was.data)})"
        return f"{fact}; by {self._slope(output, root, wrt, was)}".removesuffix("; by ")

    def _slope(self, output: str, root: Value, wrt: str, was: Value) -> str:
        """The slope by an older node, in words; '' where it cannot be told."""
        then = facts_of(was).place
        try:
            slope = adjoints(order(root))[id(was)]
        except (VreplError, ArithmeticError, ValueError, KeyError):
            return ""
        listed = f" (%slope {output} lists it)" if len(was._made) == 1 else ""
        made = f", of {then}," if then else ""
        return f"the older {wrt}{made} the slope is {number_text(slope)}{listed}"

    def _cut(self, name: str, operand: str = "") -> str:
        """The call that gave a plain number on the way to *name*, with its remedy.

        The search goes from the line that made *name* to the lines that made the plain numbers
        it reads, nearest first.
        """
        names = [name]
        for reading in names:  # grows while it is walked
            place = self.registry.place(reading)
            if place is None or not place.line or len(names) > self.FARTHEST:
                continue
            statement = _statement(self.source(place.cell), place.line, reading)
            for call in _calls(statement):
                if self._leaves_the_graph(call, operand):
                    return f"{_text(call)} in {place} leaves the graph{_remedy(call)}"
            for part in _plain_parts(statement):
                if part.value.id in self.registry.names() and operand in ("", part.value.id):
                    return f"{_text(part)} in {place} is the plain number of {part.value.id}"
            names += [n for n in _read(statement) if n not in names and self._is_plain(n)]
        return ""

    def _is_plain(self, name: str) -> bool:
        return is_plain_number(self.registry.namespace().get(name))

    def _leaves_the_graph(self, call: ast.Call, operand: str) -> bool:
        """Whether a call takes a node and is not known to keep it."""
        nodes: Mapping[str, Any] = self.registry.names()
        read = {
            n.id for argument in call.args for n in ast.walk(argument) if isinstance(n, ast.Name)
        }
        if operand and operand not in read:
            return False
        return bool(read & set(nodes)) and not self._keeps(call.func)

    def _keeps(self, callee: ast.expr) -> bool:
        """Whether the callee is the session's own or vrepl's; what it is, not what it is called."""
        names = self.registry.namespace()
        function = None
        if isinstance(callee, ast.Name):
            function = names.get(callee.id)
        elif isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name):
            module = names.get(callee.value.id)
            function = vars(module).get(callee.attr) if type(module) is ModuleType else None
        home = getattr(function, "__module__", None) or ""
        return home == "__main__" or home.partition(".")[0] == "vrepl"


def _statement(text: str, line: int, name: str) -> ast.stmt | None:
    """The statement that binds *name* on *line*, as far as the text is Python."""
    for tree in _parsed(text, line):
        for node in ast.walk(tree):
            if isinstance(node, _BINDING) and node.lineno <= line <= (node.end_lineno or line):
                stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
                if any(n.id == name and isinstance(n.ctx, ast.Store) for n in stored):
                    return node
    return None


_BINDING = (ast.Assign, ast.AugAssign, ast.AnnAssign)


def _parsed(text: str, line: int) -> Iterator[ast.AST]:
    """The whole text, or the line alone where magics beside it are no Python."""
    try:
        with without_warnings():
            tree = ast.parse(text)
        yield tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        lines = text.splitlines()[line - 1 : line]
        try:
            with without_warnings():
                tree = ast.parse("".join(lines).strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        yield ast.increment_lineno(tree, line - 1)


def _calls(statement: ast.stmt | None) -> Iterator[ast.Call]:
    if statement is not None:
        yield from (node for node in ast.walk(statement) if isinstance(node, ast.Call))


def _plain_parts(statement: ast.stmt | None) -> Iterator[Any]:
    """`a.data` and `a.grad`, with the node's name as their value."""
    if statement is not None:
        for node in ast.walk(statement):
            is_part = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if is_part and node.attr in ("data", "grad"):  # type: ignore[attr-defined]
                yield node


def _read(statement: ast.stmt | None) -> Iterator[str]:
    """The names a statement reads."""
    if statement is not None:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id


def _text(call: ast.expr) -> str:
    try:
        text = ast.unparse(call)
    except RecursionError:  # a long sum in an argument
        text = "a call"
    return text if len(text) <= 40 else f"{text[:39]}…"


def _remedy(call: ast.Call) -> str:
    """A function of the table under another module's name has a twin that records."""
    callee = call.func
    name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
    if name in FUNCTIONS:
        return f"; vrepl's {name} keeps it (from vrepl import {name})"
    return ""
