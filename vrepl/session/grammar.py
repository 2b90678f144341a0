"""The grammar of command lines: which words a command takes, and what a line of them asks for.

It knows words only; what they mean in a session is left to the commands.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vrepl.core.errors import CommandError

__all__ = [
    "Grammar",
    "Option",
    "Request",
    "Word",
    "choice",
    "count",
    "file",
    "number",
    "words_of",
]

_TOKEN = re.compile(
    r"""\s*(?:(?P<comma>,)
      |(?P<option>--[\w-]+|-[a-z](?=[\s=]|$))=?
      |(?P<quoted>"[^"]*"|'[^']*')(?!\S)
      |(?P<word>(?:[^\s,\[\]]|\[(?:'[^']*'|"[^"]*"|[^\]'"])*\])+))""",
    re.VERBOSE,
)


class Word(str):
    """A word of a command line that knows where it stands in it.

    `kind` is 'word', 'comma' or 'option'; `start` counts characters from the start of the line.
    """

    __slots__ = ("kind", "start")
    kind: str
    start: int

    def __new__(cls, text: str, kind: str, start: int) -> Word:  # noqa: D102 - the class says it
        word = super().__new__(cls, text)
        word.kind, word.start = kind, start
        return word

    @property
    def end(self) -> int:
        """The position after its last character."""
        return self.start + len(self)


def words_of(text: str) -> Iterator[Word]:
    """The words of a line after the command's name, as far as they can be told apart.

    Comments and a final semicolon are no words; text that is no word at all is the last one given,
    with the kind 'nothing'.

    Example:
        >>> [(word, word.kind, word.start) for word in words_of("d wrt w[0], b --h 0.1  # why")]
        ... # doctest: +NORMALIZE_WHITESPACE
        [('d', 'word', 0), ('wrt', 'word', 2), ('w[0]', 'word', 6), (',', 'comma', 10),
         ('b', 'word', 12), ('--h', 'option', 14), ('0.1', 'word', 18)]
    """
    position = 0
    text = re.sub(r"(^|\s)#.*$", "", text).rstrip().removesuffix(";").rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            start = len(text) - len(text[position:].lstrip())
            yield Word(text[start:], "nothing", start)
            return
        position = match.end()
        group = match.lastgroup or "word"
        kind = "word" if group == "quoted" else group
        yield Word(match.group(group), kind, match.start(group))


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `--h H`, how its argument is read, what it is for, and what can be chosen.

    An option without an argument (`argument` is '') is true when it is given.
    """

    name: str
    argument: str
    read: Callable[[str], Any]
    summary: str
    choices: tuple[str, ...] = ()
    dash: str = "--"

    @property
    def flag(self) -> str:
        """The word that gives it."""
        return self.dash + self.name

    @property
    def written(self) -> str:
        """The option with its argument."""
        return f"{self.flag} {self.argument}".rstrip()

    @property
    def usage(self) -> str:
        """As help shows it."""
        return f"[{self.written}]"


@dataclass(frozen=True, slots=True)
class Request:
    """What a command line asks for.

    `wrt` has a tuple for every part between commas; `wrt a a, b` is `(("a", "a"), ("b",))`.
    """

    subject: str = ""
    wrt: tuple[tuple[str, ...], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str, default: Any = None) -> Any:
        """An option's value, *default* when it was not given."""
        return self.options.get(name, default)


@dataclass(frozen=True, slots=True)
class Grammar:
    """The words after a command's name.

    Example:
        >>> grammar = Grammar("slope", subject=True, wrt=True)
        >>> grammar.usage
        'slope NAME [wrt NAME, ...]'
        >>> grammar.parse("d wrt a a, b, b").wrt
        (('a', 'a'), ('b',))
    """

    command: str
    subject: bool = True
    wrt: bool = False
    options: tuple[Option, ...] = ()
    choices: tuple[str, ...] = ()  # words of which one may stand where others have a name

    @property
    def usage(self) -> str:
        """The grammar in one line."""
        parts = [self.command]
        parts += ["NAME"] if self.subject else []
        parts += [f"[{'/'.join(self.choices)}]"] if self.choices else []
        parts += ["[wrt NAME, ...]"] if self.wrt else []
        return " ".join([*parts, *(option.usage for option in self.options)])

    def parse(self, text: str) -> Request:
        """What *text*, the line after the command's name, asks for.

        Raises:
            CommandError: The words do not fit; the usage is in the message.
        """
        words, options = self._read(text)
        subject, wrt = self._subject(words)
        return Request(subject, wrt, options)

    def _read(self, text: str) -> tuple[list[Word], dict[str, Any]]:
        """The words without the options, and the options."""
        words: list[Word] = []
        options: dict[str, Any] = {}
        tokens = words_of(text)
        for token in tokens:
            if token.kind == "nothing":
                raise self.error(f'"{token}" is no name', token)
            if token.kind == "option":
                option = self._option(token)
                options[option.name] = (
                    self._argument(option, token, next(tokens, None)) if option.argument else True
                )
            else:
                words.append(token)
        return words, options

    def _option(self, token: Word) -> Option:
        for option in self.options:
            if token == option.flag:
                return option
        known = [option.flag for option in self.options]
        close = difflib.get_close_matches(token, known, n=1, cutoff=0.4)
        hint = f', did you mean "{close[0]}"' if close else ""
        raise self.error(f'{self.command} has no option "{token}"{hint}', token)

    def _argument(self, option: Option, name: Word, token: Word | None) -> Any:
        if token is None or token.kind != "word":
            raise self.error(f"{option.flag} needs {option.argument}, {option.summary}", name)
        try:
            return option.read(str(token))
        except ValueError as error:
            raise self.error(f"{option.flag} {token} {error}", token) from None

    def _subject(self, words: Sequence[Word]) -> tuple[str, tuple[tuple[str, ...], ...]]:
        cut = words.index("wrt", 1) if "wrt" in words[1:] else len(words)
        before, after = words[:cut], words[cut + 1 :]
        if list(before) == ["wrt"] and after:
            before = ()
        if self.subject and not before:
            raise self.error(f"{self.command} needs a name")
        if before and self.choices and before[0] not in self.choices:
            *most, last = self.choices
            fact = f'{self.command} takes {", ".join(most)} or {last}, not "{before[0]}"'
            raise self.error(fact, before[0])
        if len(before) > (most_words := self.subject + bool(self.choices)):
            raise self.error(self._surplus(before), before[most_words])
        if cut < len(words) and not self.wrt:
            raise self.error(f"{self.command} takes no wrt", words[cut])
        if cut < len(words) and not after:
            raise self.error("wrt needs a name", words[cut])
        return str(before[0]) if before else "", self._listed(after)

    def _surplus(self, words: Sequence[Word]) -> str:
        if self.choices:
            return f'{self.command} takes one word, not "{" ".join(words)}"'
        if not self.subject:
            return f'{self.command} takes no name, and "{words[0]}" was given'
        text = " ".join(words)
        if "," in words:
            return f'{self.command} takes one name before wrt, not "{text}"'
        fact = f'{self.command} takes one name, not "{text}"'
        if ";" in text or "%" in text:
            return f"{fact}; write one command on a line"
        if self.wrt and difflib.get_close_matches(words[1], ["wrt"], cutoff=0.5):
            return f'{fact}; did you mean "wrt" for "{words[1]}"'
        return f"{fact}; give an expression a name first"

    def _listed(self, words: Sequence[Word]) -> tuple[tuple[str, ...], ...]:
        """The names between commas, each once."""
        parts = " ".join(words).split(" , ") if words else []
        if any("," in part.split() or not part.strip() for part in parts):
            fact = f'wrt takes names with commas between, not "{" ".join(words)}"'
            raise self.error(fact, words[0])
        return tuple(dict.fromkeys(tuple(part.split(" ")) for part in parts))

    def error(self, fact: str, word: Word | None = None) -> CommandError:
        """A mistake in a line of this grammar; *word* is the one that does not fit."""
        at = None if word is None else (word.start, word.end)
        return CommandError(fact, f"%{self.usage}", at)


def number(text: str) -> float:
    """Reads an option's argument that is a number and not zero.

    Example:
        >>> number("1e-3")
        0.001
    """
    try:
        value = float(text)
    except ValueError:
        raise ValueError("is no number; write it like 0.001") from None
    if value == 0 or value != value or value in (float("inf"), float("-inf")):
        raise ValueError("is no step; write a small one like 0.001")
    return value


def count(text: str) -> int:
    """Reads an option's argument that counts something.

    Example:
        >>> count("20")
        20
    """
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError("is no count; write a whole number like 20")
    return int(text)


def choice(*choices: str) -> Callable[[str], str]:
    """A reader for an option's argument that is one of some words.

    Example:
        >>> choice("tall", "slim")("slim")
        'slim'
    """

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"is none of {', '.join(choices)}")
        return text

    return read


def file(text: str) -> str:
    """Reads an option's argument that names a file; quotes hold a name with blanks together.

    Example:
        >>> file('"my drawing.svg"')
        'my drawing.svg'
    """
    name = text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
    if not name.strip() or "\0" in name:
        raise ValueError("is no file; write it like d.svg")
    return name
