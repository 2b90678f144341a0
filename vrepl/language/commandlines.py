"""Reads a line as a command: which one it is, where its words stand, and what each is for.

It goes by the command table and its grammars; what the words mean in a session is left to others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vrepl.session.commands import COMMANDS, Command
from vrepl.session.grammar import Word, words_of

__all__ = ["CommandLine", "Part", "command_line", "is_escaped"]

LONGEST = 10_000  # characters of a line that is read as a command
_TARGET = r"(?:(?P<target>[^\W\d]\w*)\s*=\s*)?"
_MARKED = re.compile(rf"(?P<indent>\s*){_TARGET}(?P<marker>%%?)(?P<name>[^\W\d]\w*)(?P<rest>.*)$")
_BARE = re.compile(r"(?P<indent>\s*)(?P<target>)(?P<marker>)(?P<name>[^\W\d]\w*)(?P<rest>\s+.*)$")
# What makes `slope …` Python and no command: an operation, a comparison, an assignment.
_PYTHON = re.compile(r"\s+(?:[=+*/%<>!&|^@,.:)(\[-](?!-)|(?:if|in|is|and|or|not|for|else)\b)")
# A line that only IPython understands.
_ESCAPED = re.compile(r"(?:[\w.,\s\[\]'\"]+=\s*)?[%!]|[?/;,]|%{0,2}[^\W\d][\w.*]*\?\??$")


@dataclass(frozen=True, slots=True)
class Part:
    """A word of a command line and what it is for.

    `role` is 'subject', 'wrt', 'word' (the grammar's own), 'comma', 'option', 'argument' or
    'surplus'; `start` counts from the start of the line.
    """

    text: str
    role: str
    start: int
    option: str = ""

    @property
    def end(self) -> int:
        """The position after its last character."""
        return self.start + len(self.text)

    @property
    def is_reference(self) -> bool:
        """Whether it names something of the session."""
        return self.role in ("subject", "wrt")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command as it was typed: `marker` is '%', '%%' or '', `target` the name before '='.

    Example:
        >>> line = command_line("s = %slope d wrt a --h 0.1")
        >>> line.target, [(part.text, part.role) for part in line.parts]
        ... # doctest: +NORMALIZE_WHITESPACE
        ('s', [('d', 'subject'), ('wrt', 'word'), ('a', 'wrt'), ('--h', 'option'),
         ('0.1', 'argument')])
    """

    command: Command
    target: str
    target_start: int
    marker: str
    start: int
    rest: str
    rest_start: int
    parts: tuple[Part, ...]

    @property
    def end(self) -> int:
        """The position after the command's name."""
        return self.rest_start

    @property
    def subject(self) -> str:
        """The reference that the command is about, '' where it has none yet."""
        return next((part.text for part in self.parts if part.role == "subject"), "")


def _no_name(name: str) -> bool:
    return False


def command_line(
    line: str, *, bare: bool = False, is_name: Callable[[str], bool] = _no_name
) -> CommandLine | None:
    """The command that a line asks for, None for any other line.

    Args:
        line: One line, or its part left of the cursor.
        bare: Whether commands are known without the percent sign, as at a prompt.
        is_name: Whether the session has a name, which then comes before a command without a sign.

    Example:
        >>> command_line("slope d wrt a"), command_line("%time d") is None
        (None, True)
        >>> command_line("slope d wrt a", bare=True).subject
        'd'
    """
    if len(line) > LONGEST:
        return None
    match = _MARKED.match(line)
    if match is None and bare:
        match = _BARE.match(line)
        if match and (_PYTHON.match(match["rest"]) or is_name(match["name"])):
            return None
    command = COMMANDS.get(match["name"]) if match else None
    if match is None or command is None:
        return None
    start = match.end("rest") - len(match["rest"])
    target = match["target"] or ""
    return CommandLine(
        command=command,
        target=target,
        target_start=match.start("target"),
        marker=match["marker"],
        start=match.start("marker"),
        rest=match["rest"],
        rest_start=start,
        parts=tuple(_parts(command, match["rest"], start)),
    )


def is_escaped(line: str) -> bool:
    """Whether a line is IPython's and no Python: a magic, a shell line, a question.

    Example:
        >>> is_escaped("%matplotlib"), is_escaped("files = !ls"), is_escaped("d?"), is_escaped("d")
        (True, True, True, False)
    """
    return _ESCAPED.match(line.strip()) is not None


def _parts(command: Command, rest: str, start: int) -> Iterator[Part]:
    """Each word with its role, in the order of the line."""
    grammar = command.grammar
    options = {option.flag: option for option in grammar.options}
    subjects = int(grammar.subject or bool(grammar.choices))
    is_after_wrt, waiting = False, ""
    for word in words_of(rest):
        if waiting and word.kind == "word":
            role, waiting_for = "argument", waiting
        else:
            waiting_for = ""
            role = _role(word, grammar.wrt and not is_after_wrt and not subjects, is_after_wrt)
            if role == "subject" and not subjects:
                role = "surplus"
            elif role == "subject" and grammar.choices:
                role, subjects = ("choice" if word in grammar.choices else "surplus"), 0
        subjects -= role == "subject"
        is_after_wrt = is_after_wrt or (role == "word")
        option = options.get(word) if role == "option" else None
        waiting = option.name if option and option.argument else ""
        name = option.name if option else ""
        yield Part(str(word), role, start + word.start, waiting_for or name)


def _role(word: Word, takes_wrt: bool, is_after_wrt: bool) -> str:
    if word.kind != "word":
        return {"comma": "comma", "option": "option"}.get(word.kind, "surplus")
    if is_after_wrt:
        return "wrt"
    return "word" if takes_wrt and word == "wrt" else "subject"
