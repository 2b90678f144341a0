"""Knows which name means which node, where it was bound, and how to find what a user refers to.

It asks the namespace at the moment of the question and keeps no node alive; what the names are
for is left to the commands.
"""

from __future__ import annotations

import ast
import builtins
import difflib
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

from vrepl.core.errors import CommandError, UnknownName
from vrepl.core.value import Value, facts_of
from vrepl.session.parts import has_code_for, is_node, is_searched, parts
from vrepl.session.targets import Targets, bound_names

__all__ = ["Place", "Registry", "nearest"]

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
        self._places: MutableMapping[str, Place] = {}
        self._bound: dict[str, int] = {}

    def with_names(self, names: Mapping[str, Any], places: dict[str, Place]) -> Registry:
        """A registry with these names in front of this one's, for text that has not run.

        It notes nothing, neither here nor on a node; names and places may go on changing.

        Example:
            >>> registry = Registry(lambda: {"a": Value(2.0)})
            >>> registry.with_names({"b": Value(3.0)}, {}).names()
            {'a': Value(data=2.0), 'b': Value(data=3.0)}
        """
        other = Registry(lambda: {**self.namespace(), **names})
        other._places = ChainMap(places, self._places)
        return other

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
        if is_node(value):
            self._bound[name] = id(value)
            facts = facts_of(value)
            if not facts.label and not name.startswith("_"):
                facts.label, facts.place = name, place

    def sync(
        self, cell: str, line_of: Callable[[str], int], names: Iterable[str] | None = None
    ) -> None:
        """Note what a finished cell bound where no hook sees it: loops, `global`, `globals()`.

        Args:
            cell: The cell's label.
            line_of: The line that binds a name.
            names: The names it can have bound, where that is known; by default any.
        """
        namespace = self.namespace()
        found = namespace if names is None else {n: namespace[n] for n in names if n in namespace}
        for name, value in list(found.items()):
            if is_node(value) and self._bound.get(name) != id(value) and name[:1] != "_":
                facts = facts_of(value)
                known = facts.place if facts.label == name else None
                self._note(name, value, known or Place(cell, line_of(name)))

    def place(self, name: str) -> Place | None:
        """Where *name* was last bound, None when that was not seen."""
        return self._places.get(name) if name in self.namespace() else None

    def names(self) -> dict[str, Value]:
        """Every name of the session that means a node, oldest first."""
        return {
            name: value
            for name, value in list(self.namespace().items())
            if is_node(value) and name[:1] != "_"
        }

    def references(self) -> dict[int, str]:
        """What to call each node the session can reach, by `id`: `a`, `w[0]`, `n.b`.

        Lists, tuples, dicts and objects of the session's own classes are looked into.
        """
        found: dict[int, str] = {}
        for text, value in self.reachable():
            found.setdefault(id(value), text)
        return found

    def reachable(self) -> Iterator[tuple[str, Value]]:
        """Reference and node for every node within reach, plain names first, nearest first."""
        return _reachable(self.namespace(), self.SEARCHED)

    def find(self, reference: str) -> Any:
        """What a reference means now; nothing is called and no property is read.

        Args:
            reference: A name, or a name followed by `[0]`, `['key']` or `.attribute`.

        Raises:
            UnknownName: The session has no such name.
            CommandError: The text is no reference, or leads nowhere.
        """
        try:
            name, steps = _parsed(reference)
        except ValueError:
            fact = f'"{reference}" is no name; give it one first'
            raise CommandError(f"{fact}, like {self.free_name()} = {reference}") from None
        namespace = self.namespace()
        if name not in namespace:
            if name[:1] != "_" and hasattr(builtins, name):
                raise CommandError(f"{name} is Python's own, not a number; %nodes lists the names")
            raise UnknownName(name, nearest(name, self.names()))
        value, text = namespace[name], name
        for step in steps:
            inside = parts(value)
            if step.startswith("[-") and issubclass(type(value), (list, tuple)):
                step = f"[{len(value) + int(step[1:-1])}]"
            if step not in inside:
                raise self._missing(text, step, value)
            value, text = inside[step], text + step
        return value

    def _missing(self, text: str, step: str, value: Any) -> CommandError:
        """The error for a reference that leads nowhere, or only through code."""
        if has_code_for(value, step):
            return CommandError(
                f"{text}{step} is computed when read; give it a name first, like"
                f" {self.free_name()} = {text}{step}"
            )
        some = ", ".join(f"{text}{part}" for part in list(parts(value))[:3])
        return CommandError(f"{text} has no {step}" + (f"; there is {some}" if some else ""))

    def numbers_in(self, reference: str) -> list[str]:
        """References to the first nodes inside something."""
        inside = parts(self.find(reference)).items()
        return [reference + step for step, part in inside if is_node(part)][:3]

    def free_name(self) -> str:
        """A short name that the session does not use."""
        taken = self.namespace()
        return next((name for name in "xyzuvwpqrs" if name not in taken), "result")


def nearest(name: str, names: Iterable[str]) -> str:
    """The name that was probably meant, '' where none is like it.

    Example:
        >>> nearest("los", ["loss", "d"]), nearest("e", ["a", "d"]), nearest("D", ["a", "d"])
        ('loss', 'd', 'd')
    """
    known = list(names)
    same = [other for other in known if other.lower() == name.lower()]
    if same:
        return same[0]
    close = difflib.get_close_matches(name, known, n=1)
    if not close and len(name) == 1:  # difflib sees no likeness between single letters
        letters = sorted(n for n in known if len(n) == 1)
        close = sorted(letters, key=lambda letter: abs(ord(letter) - ord(name)))
    return close[0] if close else ""


def _parsed(reference: str) -> tuple[str, list[str]]:
    """A reference as its name and the steps after it, in the form that `parts` gives them."""
    refusal = ValueError(reference)
    try:
        node: ast.AST = ast.parse(reference.strip(), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError):
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


def _reachable(namespace: Mapping[str, Any], budget: int) -> Iterator[tuple[str, Value]]:
    """Reference and node for every node within reach, plain names first, nearest first."""
    names = [(n, v) for n, v in list(namespace.items()) if n[:1] != "_" and n not in HOST_NAMES]
    yield from ((name, value) for name, value in names if is_node(value))
    waiting = [(name, value) for name, value in names if is_searched(value)]
    seen = {id(value) for _, value in waiting}
    for text, value in waiting:
        for step, part in parts(value).items():
            budget -= 1
            if budget < 0:
                return
            if is_node(part):
                yield text + step, part
            elif is_searched(part) and id(part) not in seen:
                seen.add(id(part))
                waiting.append((text + step, part))
