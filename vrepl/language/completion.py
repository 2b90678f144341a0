"""What may come next: words of a command by its grammar, and names of the session elsewhere.

It reads the text left of the cursor and asks the session; nothing of the text is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vrepl.core.functions import FUNCTIONS
from vrepl.core.graph import number_text
from vrepl.core.nodes import is_constant
from vrepl.core.value import Value, plain
from vrepl.language.commandlines import CommandLine, Part, command_line
from vrepl.language.known import is_node
from vrepl.language.records import Completion, Completions
from vrepl.session.commands import COMMANDS
from vrepl.session.grammar import Option
from vrepl.session.session import Session

__all__ = ["complete", "reached"]

_NOTHING = Completions("", (), False)
_COMMAND_START = re.compile(r"\s*(?:[^\W\d]\w*\s*=\s*)?(?P<fragment>%\w*)$")
_NAME = re.compile(r"(?<![\w.])(?P<fragment>[^\W\d]\w*)?$")
_STRING_OR_COMMENT = re.compile(r"#.*|'(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?")


def complete(line: str, session: Session, *, bare: bool = True) -> Completions:
    """What may come next after a line's text up to the cursor.

    Args:
        line: The text of the line up to the cursor.
        session: Whose names to offer.
        bare: Whether commands are known without the percent sign, as at a prompt.

    Example:
        >>> a = Value(2.0)
        >>> session = Session.over({"a": a, "d": a * 3, "e": Value(1.0)})
        >>> [item.text for item in complete("%slope d wrt ", session).items]
        ['a']
    """
    names = session.registry.namespace()
    asked = command_line(line, bare=bare, is_name=names.__contains__)
    if asked is not None and asked.rest:
        return _in_command(asked, line, session)
    match = _COMMAND_START.match(line)
    if match:
        return Completions(match["fragment"], tuple(_commands(match["fragment"])), False)
    return _in_python(line, session)


def _commands(fragment: str) -> Iterator[Completion]:
    for name, command in COMMANDS.items():
        if f"%{name}".startswith(fragment):
            yield Completion(f"%{name}", "command", command.summary)


def _in_command(asked: CommandLine, line: str, session: Session) -> Completions:
    """What the grammar allows at the end of the line; nothing else, even if that is nothing."""
    fragment = re.split(r"[\s,]", asked.rest)[-1]
    end = len(line) - len(fragment)
    parts = [part for part in asked.parts if part.end <= end]
    if line[parts[-1].end if parts else asked.rest_start : end].strip():
        return Completions("", (), True)  # a comment has begun, or words that are none
    found = _next(asked, parts, fragment, session)
    items = tuple(item for item in found if item.text.startswith(fragment))
    return Completions(fragment, items, True)


def _next(
    asked: CommandLine, before: list[Part], fragment: str, session: Session
) -> Iterator[Completion]:
    """Everything the grammar allows after the words so far."""
    grammar = asked.command.grammar
    last = before[-1] if before else None
    if last is not None and last.role == "option":
        option = next((o for o in grammar.options if o.name == last.option), None)
        if option is None or option.argument:
            yield from _choices(option)
            return
    given = {part.option for part in before if part.role == "option"}
    subject = next((part.text for part in before if part.role == "subject"), "")
    if grammar.subject and not subject:
        yield from _nodes(_subjects(fragment, session))
        return
    if not before:
        for word in grammar.choices:
            yield Completion(word, "word")
    if last is not None and last.role in ("word", "comma"):
        asked_for = {part.text for part in before if part.role == "wrt"}
        found = _behind(subject, fragment, session)
        yield from _nodes({name: node for name, node in found.items() if name not in asked_for})
        return
    if grammar.wrt and all(part.role != "word" for part in before):
        yield Completion("wrt", "word", "slopes by these inputs only")
    for option in grammar.options:
        if option.name not in given:
            yield Completion(option.flag, "option", option.summary)


def _choices(option: Option | None) -> Iterator[Completion]:
    for choice in option.choices if option else ():
        yield Completion(choice, "value")


def _nodes(names: dict[str, Value]) -> Iterator[Completion]:
    return (Completion(name, "node", number_text(plain(node))) for name, node in names.items())


def _subjects(fragment: str, session: Session) -> dict[str, Value]:
    """The named nodes; inside lists and objects only once such a reference has been begun."""
    if "[" in fragment or "." in fragment:
        return {text: node for node, text in _references(session)}
    return session.registry.names()


def _references(session: Session) -> Iterator[tuple[Value, str]]:
    for text, node in session.registry.reachable():
        yield node, text


def _behind(subject: str, fragment: str, session: Session) -> dict[str, Value]:
    """What the subject depends on, by name; every name when the subject is no node."""
    try:
        root = session.registry.find(subject)
    except Exception:  # what cannot be found is the command's to complain about
        return {}
    if not is_node(root):
        return session.registry.names()
    candidates = {text: node for node, text in _references(session) if node is not root}
    found = reached(root, {id(node) for node in candidates.values()})
    return {text: node for text, node in candidates.items() if id(node) in found}


def reached(root: Value, wanted: set[int]) -> set[int]:
    """Which of the wanted nodes lie behind *root*; the walk ends when all of them are found.

    Args:
        root: The result.
        wanted: Nodes by their `id`.
    """
    found: set[int] = set()
    seen = {id(root)}
    waiting = [root]
    while waiting and len(found) < len(wanted):
        for operand in waiting.pop()._made[1:]:
            key = id(operand)
            if key not in seen and not is_constant(operand):
                seen.add(key)
                waiting.append(operand)
                if key in wanted:
                    found.add(key)
    return found


def _in_python(line: str, session: Session) -> Completions:
    """Names of nodes, and functions of the table that the session has, where a name may stand."""
    for text in _STRING_OR_COMMENT.finditer(line):
        if text.end() == len(line) and not (len(text[0]) > 1 and text[0][-1] == text[0][0]):
            return _NOTHING
    match = _NAME.search(line)
    fragment = match["fragment"] if match else None
    if not fragment:
        return _NOTHING
    items = [item for item in _nodes(session.registry.names()) if item.text.startswith(fragment)]
    functions = [
        Completion(name, "function")
        for name in FUNCTIONS
        if name.startswith(fragment) and name in session.registry.namespace()
    ]
    return Completions(fragment, (*items, *functions), False)
