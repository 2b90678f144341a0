"""Answers questions about a line of text: what may come next in a command.

It reads the text and asks the session; it runs nothing of the text and knows no front end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vrepl.core.nodes import order
from vrepl.core.value import Value
from vrepl.session.commands import COMMANDS, Command
from vrepl.session.session import Session

__all__ = ["Completion", "Completions", "complete"]

_COMMAND_LINE = re.compile(r"(?:.*=\s*)?%?(?P<name>\w+)\s+(?P<rest>.*)$")


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on: the text, and its kind ('node', 'word' or 'option')."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Completions:
    """What may replace *fragment*, the part of a word left of the cursor."""

    fragment: str
    items: tuple[Completion, ...]
    is_command: bool


def complete(line: str, session: Session) -> Completions:
    """What may come next in a command line; nothing for any other line.

    Args:
        line: The text of the line up to the cursor.
        session: Whose names to offer.

    Example:
        >>> a = Value(2.0)
        >>> session = Session.over({"a": a, "d": a * 3, "e": Value(1.0)})
        >>> [item.text for item in complete("%slope d wrt ", session).items]
        ['a']
    """
    match = _COMMAND_LINE.match(line)
    command = COMMANDS.get(match["name"]) if match else None
    if match is None or command is None or not _is_command(line, command, session):
        return Completions("", (), False)
    words = match["rest"].replace(",", " , ").split(" ")
    fragment = words.pop()
    before = [word for word in words if word]
    found = _next(command, before, session)
    items = tuple(item for item in found if item.text.startswith(fragment))
    return Completions(fragment, items, True)


def _is_command(line: str, command: Command, session: Session) -> bool:
    """With a percent sign always; without one unless the word is a name of the session."""
    if re.match(rf"(?:.*=\s*)?%{command.name}\b", line):
        return True
    return line.startswith(command.name) and command.name not in session.registry.namespace()


def _next(command: Command, before: list[str], session: Session) -> Iterator[Completion]:
    """Everything the grammar allows after the words so far."""
    grammar = command.grammar
    if before and before[-1] in {
        f"--{option.name}" for option in grammar.options if option.argument
    }:
        return
    if grammar.subject and not before:
        yield from _nodes(session.registry.names())
        return
    if "wrt" in before[1:] and before[-1] in ("wrt", ","):
        yield from _nodes(_ancestors(before[0], session))
        return
    if grammar.wrt and "wrt" not in before:
        yield Completion("wrt", "word")
    for option in grammar.options:
        if f"--{option.name}" not in before:
            yield Completion(f"--{option.name}", "option")


def _nodes(names: dict[str, Value]) -> Iterator[Completion]:
    return (Completion(name, "node") for name in names)


def _ancestors(subject: str, session: Session) -> dict[str, Value]:
    """The named nodes that the subject depends on; all names when the subject is no node."""
    names = session.registry.names()
    root = names.get(subject)
    if root is None:
        return names
    behind = {id(node) for node in order(root)} - {id(root)}
    return {name: node for name, node in names.items() if id(node) in behind}
