"""Which expressions of a function are worth numbers or texts, which keep nothing they meet.

An object of the session may keep what it is compared or added with, and show it to anybody; what
that means for the names of a function is told by ``escapes``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from vrepl.session.flow import COMPREHENSIONS, bindings, targets
from vrepl.session.kinds import Kind, Known

__all__ = ["Harmless"]

# Builtins that give numbers and texts of Python's own, and those that do for such.
_GIVING: Final = frozenset({"bool", "float", "hash", "id", "int", "len", "ord", "repr", "str"})
_KEEPING: Final = frozenset({"abs", "max", "min", "pow", "round"})
# What an expression is worth depends on these parts of it.
_PARTS: Final[Mapping[type[ast.AST], tuple[str, ...]]] = {
    ast.BinOp: ("left", "right"),
    ast.UnaryOp: ("operand",),
    ast.BoolOp: ("values",),
    ast.IfExp: ("body", "orelse"),
    ast.Compare: ("left", "comparators"),
    ast.NamedExpr: ("value",),
    ast.Tuple: ("elts",),
    ast.List: ("elts",),
    ast.Set: ("elts",),
    ast.Constant: (),
    ast.JoinedStr: (),
}


class Harmless:
    r"""What the names of one function are worth, whatever is going to be asked about.

    Args:
        parts: All that the function is made of.
        body: Its statements.
        given: Its parameters.
        is_library: Whether a name means the builtin of that name.

    Example:
        >>> body = ast.parse("for i in range(n):\n    j = i*n + f(i)\nm = i + k").body
        >>> parts = [part for node in body for part in ast.walk(node)]
        >>> found = Harmless(parts, body, ["n", "k"], lambda name: name == "range")
        >>> [found.of(ast.Name(name)) for name in ("i", "j", "n")]
        [frozenset(), None, frozenset({'n'})]
        >>> found.of(ast.Name("m"))
        frozenset({'k'})
    """

    def __init__(
        self,
        parts: Iterable[ast.AST],
        body: Iterable[ast.AST],
        given: Iterable[str],
        is_library: Callable[[str], bool],
    ) -> None:
        self._is_library = is_library
        self._told: dict[int, frozenset[str] | None] = {}
        self._called: Mapping[str, str] | None = None
        self._is_moving = True
        known = Known({}, is_library)
        every: list[tuple[str, Any]] = [(b.name, b.value) for b in bindings(body, known)]
        for part in parts:
            if isinstance(part, COMPREHENSIONS):
                for generator in part.generators:
                    found = targets(generator.target, generator.iter, known)
                    every += ((f"{b.name} {id(part)}", b.value) for b in found)
        self._worth: dict[str, frozenset[str] | None] = dict.fromkeys(dict(every), frozenset())
        self._worth |= {name: frozenset({name}) for name in given}
        self._settle(every)
        self._is_moving = False

    def _settle(self, every: list[tuple[str, Any]]) -> None:
        moving = True
        while moving:  # what names depend on only grows, so this ends
            moving = False
            for name, value in every:
                before = self._worth[name]
                after = before if before is None else _both(before, self._of_value(value))
                if after != before:
                    self._worth[name] = after
                    moving = True

    def _of_value(self, value: Any) -> frozenset[str] | None:
        if isinstance(value, Kind):
            return None if value is Kind.ANY else frozenset()
        return self.of(value)

    def of(self, node: ast.expr, called: Mapping[str, str] | None = None) -> frozenset[str] | None:
        """The parameters that have to be numbers for *node* to be harmless; None if it may not be.

        Args:
            node: An expression.
            called: What the targets of comprehensions around it are called.
        """
        # Whoever asks about a calculation asks about all its parts, too.
        if self._is_moving or called is not self._called:
            self._told, self._called = {}, called
        told = self._told
        pending: list[ast.expr] = [node]
        while pending:
            parts = self._parts(pending[-1])
            missing = [part for part in parts or () if id(part) not in told]
            if missing:
                pending += missing
                continue
            part = pending.pop()
            worth: frozenset[str] | None = None if parts is None else frozenset()
            if type(part) is ast.Name:
                worth = self._worth.get((called or {}).get(part.id, part.id))
            for below in parts or ():
                worth = _both(worth, told[id(below)])
            told[id(part)] = worth
        return told[id(node)]

    def _parts(self, node: ast.expr) -> list[ast.expr] | None:
        """What the worth of *node* depends on; None where it may be worth anything."""
        if type(node) is ast.Name:
            return []
        if type(node) is ast.Call:
            return self._arguments(node)
        fields = _PARTS.get(type(node))
        if fields is None:
            return None
        found: list[ast.expr] = []
        for field in fields:
            below = getattr(node, field)
            found += below if type(below) is list else (below,)
        return found

    def _arguments(self, node: ast.Call) -> list[ast.expr] | None:
        """What a call is worth depends on; None for one that may give anything."""
        name = node.func.id if type(node.func) is ast.Name else ""
        if not self._is_library(name) or node.keywords:
            return None
        if name in _GIVING:
            return []
        many = len(node.args) > (name in ("max", "min"))  # max(xs) gives an item of xs
        starred = any(type(argument) is ast.Starred for argument in node.args)
        return node.args if name in _KEEPING and many and not starred else None


def _both(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    return None if first is None or second is None else first | second
