"""Answers: the data that commands hand back, with every fact as an attribute.

An answer says what it consists of (tables, graphs, lines of text); how that looks is decided by
the `paint` callable it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from vrepl.core.graph import Graph, number_text
from vrepl.core.rules import Number

__all__ = [
    "Answer",
    "Column",
    "Paint",
    "Part",
    "Table",
    "figure",
    "in_full",
    "more",
    "rough",
]


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; numeric ones are aligned on the decimal point."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


Part: TypeAlias = Table | Graph | str
Paint: TypeAlias = "Callable[[Answer], dict[str, str]]"


def _unpainted(answer: Answer) -> dict[str, str]:
    return {"text/plain": object.__repr__(answer)}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command found out.

    `paint` turns it into MIME types; it is called only when the answer is shown.
    """

    paint: Paint = field(default=_unpainted, repr=False, compare=False)

    def parts(self) -> Sequence[Part]:
        """What to show, top to bottom."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.paint(self)["text/plain"]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.paint(self)


def more(count: int, noun: str, remedy: str) -> str:
    """The line that counts what was left out and says how to see it."""
    return f"… {count:,} more {noun}{'s' if count != 1 else ''}; {remedy}"


def in_full(number: Number | None) -> str:
    """A number with all its digits; '-' for none."""
    return "-" if number is None else number_text(number)


def figure(number: Number | None, digits: int = 10) -> str:
    """A number in full where that is short, else to so many significant digits."""
    text = in_full(number)
    if number is None or isinstance(number, int) or len(text) <= digits + 2:
        return text
    return f"{number:.{digits}g}"


def rough(number: float | None) -> str:
    """A number where only its size matters; '-' for none."""
    return "-" if number is None or number != number else f"{number:.2g}"
