"""What the service answers: plain frozen records that any front end can translate.

Lines count from 1 and columns from 0, in characters; nothing here knows how an answer is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = [
    "Completion",
    "Completions",
    "Diagnostic",
    "Edit",
    "Fix",
    "Fold",
    "Hint",
    "Occurrence",
    "Span",
    "Symbol",
    "Token",
]


class Span(NamedTuple):
    """A stretch of text: lines from 1, columns from 0, the end not included.

    Example:
        >>> Span(1, 2, 1, 5).holds(1, 5), Span(1, 2, 1, 5).holds(2, 3)
        (True, False)
    """

    line: int
    column: int
    end_line: int
    end_column: int

    def holds(self, line: int, column: int) -> bool:
        """Whether a cursor there touches the text, its end included."""
        return (self.line, self.column) <= (line, column) <= (self.end_line, self.end_column)

    def moved(self, lines: int, columns: int = 0) -> Span:
        """The span so many lines further down, and columns to the right."""
        line, column, end_line, end_column = self
        return Span(line + lines, column + columns, end_line + lines, end_column + columns)


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on.

    `kind` is 'node', 'name', 'function', 'word', 'option', 'value' or 'command'; `detail` says
    more in a few words, '' where there is nothing to say.
    """

    text: str
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Completions:
    """What may replace *fragment*, the part of a word left of the cursor."""

    fragment: str
    items: tuple[Completion, ...]
    is_command: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """New text for a stretch of the old."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to mend what a diagnostic found: what it does, and the edits that do it."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A mistake, or what looks like one.

    `severity` is 'error', 'warning' or 'information'; `code` names a row of the table in
    `findings`; `message` is one line: subject, fact, remedy.
    """

    code: str
    severity: str
    message: str
    span: Span
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """What an assignment gives: its value and slopes, to be shown after its last character.

    `slopes` has pairs of name and slope, the steepest first; `text` is all of it in one line.
    """

    span: Span
    name: str
    value: str
    slopes: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a name of the session stands; `role` is 'binding', 'use' or 'command'."""

    name: str
    span: Span
    role: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something that a file defines: a cell, a node, a function, a class or another name."""

    name: str
    kind: str
    span: Span
    selection: Span
    detail: str = ""
    children: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A word with a meaning that its letters alone do not show.

    `kind` is 'command', 'word', 'option', 'number', 'node', 'name' or 'function'.
    """

    span: Span
    kind: str
    is_binding: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that belong together: a cell, or a statement of several lines."""

    line: int
    end_line: int
    kind: str
