"""Knows which name means which node, where it was bound, and how to find what a user refers to.

It asks the namespace at the moment of the question and keeps no node alive; what the names are
for is left to the commands.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

from vrepl.core.errors import CommandError, UnknownName
from vrepl.core.value import Value, facts_of
from vrepl.session.literals import bound_names
from vrepl.session.policy import Targets

__all__ = ["Place", "Registry"]

# What IPython keeps in the user's namespace for itself.
HOST_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


class Place(NamedTuple):
    """A line of a cell; line 0 when only the cell is known.

    Example:
        >>> str(Place("In[3]", 1)), str(Place("In[3]", 0))
        ('In[3]:1', 'In[3]')
    """

    cell: str
    line: int

    def __str__(self) -> str:
        return f"{self.cell}:{self.line}" if self.line else self.cell


class Registry:
    """The names of a session.

    Args:
        namespace: Gives the user's namespace, as it is now.

    Example:
        >>> a = Value(2.0)
        >>> registry = Registry(lambda: {"a": a})
        >>> registry.find("a") is a
        True
    """

    SEARCHED = 20_000  # objects looked into for `w[0]` and `n.b`: a few milliseconds

    def __init__(self, namespace: Callable[[], MutableMapping[str, Any]]) -> None:
        self.namespace = namespace
        self._places: dict[str, Place] = {}
        self._bound: dict[str, int] = {}

    def bind(self, targets: Targets, value: Any, place: Place) -> None:
        """Note that a statement is about to bind *value*; called while the cell runs."""
        if type(targets) is str:
            self._note(targets, value, place)
        else:
            for name, part in bound_names(targets, value):
                self._note(name, part, place)

    def _note(self, name: str, value: Any, place: Place) -> None:
        self._places.pop(name, None)  # so that the places are in order of binding
        self._places[name] = place
        if isinstance(value, Value):
            self._bound[name] = id(value)
            facts = facts_of(value)
            if not facts.label and not name.startswith("_"):
                facts.label, facts.place = name, place

    def sync(self, cell: str, line_of: Callable[[str], int]) -> None:
        """Note what a finished cell bound where no hook sees it: loops, `global`, `globals()`."""
        namespace = self.namespace()
        for name, value in list(namespace.items()):
            if isinstance(value, Value) and self._bound.get(name) != id(value) and name[:1] != "_":
                self._note(name, value, Place(cell, line_of(name)))
        for name in [name for name in self._places if name not in namespace]:
            del self._places[name]
            self._bound.pop(name, None)

    def place(self, name: str) -> Place | None:
        """Where *name* was last bound, None when that was not seen."""
        return self._places.get(name)

    def names(self) -> dict[str, Value]:
        """Every name of the session that means a node, oldest first."""
        return {
            name: value
            for name, value in list(self.namespace().items())
            if isinstance(value, Value) and name[:1] != "_"
        }

    def references(self) -> dict[int, str]:
        """What to call each node the session can reach, by `id`: `a`, `w[0]`, `n.b`.

        Lists, tuples, dicts and objects of the session's own classes are looked into.
        """
        found: dict[int, str] = {}
        for text, value in _reachable(self.namespace(), self.SEARCHED):
            found.setdefault(id(value), text)
        return found

    def find(self, reference: str) -> Any:
        """What a reference means now; nothing is called and no property is read.

        Args:
            reference: A name, or a name followed by `[0]`, `['key']` or `.attribute`.

        Raises:
            UnknownName: The session has no such name.
            CommandError: The text is no reference, or leads nowhere.
        """
        name, steps = _parsed(reference)
        namespace = self.namespace()
        if name not in namespace:
            raise UnknownName(name, self._suggestion(name))
        value, text = namespace[name], name
        for step in steps:
            parts = _parts(value)
            if step not in parts:
                raise CommandError(f"{text} has no {step}")
            value, text = parts[step], text + step
        return value

    def _suggestion(self, name: str) -> str:
        names = list(self.names())
        close = difflib.get_close_matches(name, names, n=1)
        if not close and len(name) == 1:  # difflib sees no likeness between single letters
            letters = sorted(n for n in names if len(n) == 1)
            close = sorted(letters, key=lambda letter: abs(ord(letter) - ord(name)))
        return close[0] if close else ""


def _parsed(reference: str) -> tuple[str, list[str]]:
    """A reference as its name and the steps after it, in the form that `_parts` gives them."""
    refusal = CommandError(f'"{reference}" is no name; give it one first, like x = {reference}')
    try:
        node: ast.AST = ast.parse(reference.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise refusal from None
    steps: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(f".{node.attr}")
        elif isinstance(node, ast.Subscript) and isinstance(key := _constant(node.slice), str):
            steps.append(key)
        else:
            raise refusal
        node = node.value
    return node.id, steps[::-1]


def _constant(node: ast.AST) -> str | None:
    """`[0]` or `['key']` for a constant subscript."""
    try:
        key = ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
    return f"[{key!r}]" if type(key) in (int, str) else None


def _parts(value: Any) -> Mapping[str, Any]:
    """What can be referred to inside *value*, by the text that refers to it."""
    kind = type(value)
    if kind is list or kind is tuple:
        count = len(value)
        negative = {f"[{i - count}]": item for i, item in enumerate(value)}
        return {**{f"[{i}]": item for i, item in enumerate(value)}, **negative}
    if kind is dict:
        return {f"[{key!r}]": item for key, item in value.items() if type(key) in (int, str)}
    if kind.__module__ == "__main__":
        try:
            attributes = object.__getattribute__(value, "__dict__")
        except AttributeError:
            return {}
        return {f".{name}": item for name, item in attributes.items()}
    return {}


def _reachable(namespace: Mapping[str, Any], budget: int) -> Iterator[tuple[str, Value]]:
    """Reference and node for every node within reach, plain names first, nearest first."""
    names = [(n, v) for n, v in list(namespace.items()) if n[:1] != "_" and n not in HOST_NAMES]
    yield from ((name, value) for name, value in names if isinstance(value, Value))
    waiting = [(name, value) for name, value in names if _is_container(value)]
    seen = {id(value) for _, value in waiting}
    for text, value in waiting:
        for step, part in _parts(value).items():
            if step.startswith("[-"):
                continue
            budget -= 1
            if budget < 0:
                return
            if isinstance(part, Value):
                yield text + step, part
            elif _is_container(part) and id(part) not in seen:
                seen.add(id(part))
                waiting.append((text + step, part))


def _is_container(value: Any) -> bool:
    kind = type(value)
    if kind is list or kind is tuple or kind is dict:
        return True
    return kind.__module__ == "__main__" and not isinstance(value, type)
