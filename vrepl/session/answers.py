"""Answers: the data that commands hand back, with every fact as an attribute.

An answer says what it consists of (tables, graphs, lines of text); how that looks is decided by
the `paint` callable it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from vrepl.core.chain import ChainRule
from vrepl.core.errors import CommandError
from vrepl.core.graph import Graph, number_text
from vrepl.core.rules import Number

__all__ = [
    "Answer",
    "Column",
    "Figure",
    "Film",
    "ListAnswer",
    "Note",
    "Paint",
    "Part",
    "Save",
    "SavedAnswer",
    "Table",
    "figure",
    "figures",
    "in_full",
    "more",
    "nowhere",
    "rough",
    "shares",
]


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; numeric ones are aligned on the decimal point.

    The cells of a `bar` column are shares from 0 to 1, drawn as bars where there is room. Where
    there is none a `detail` is left out: those of level 1 first, then those of level 2. `role` says
    what its cells are, 'name' or 'slope', for places that take colour.
    """

    title: str
    numeric: bool = False
    bar: bool = False
    detail: int = 0
    role: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Film:
    """A graph to be shown step by step: its evaluation, then the reverse sweep.

    `lines` bounds what is told of it where nothing can move.
    """

    graph: Graph
    lines: int


Part: TypeAlias = Table | Graph | Film | ChainRule | str
Paint: TypeAlias = "Callable[[Answer], dict[str, str]]"
Save: TypeAlias = "Callable[[Answer, str], Answer]"


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


Line = TypeVar("Line")


@dataclass(frozen=True, kw_only=True, repr=False)
class ListAnswer(Answer, Generic[Line]):
    """An answer that can be walked through line by line; it is true even without any."""

    lines: tuple[Line, ...] = ()

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True, repr=False)
class SavedAnswer(Answer):
    """An answer that went into a file; `answer` is what was found out."""

    answer: Answer
    file: str
    size: int

    def parts(self) -> Sequence[Part]:
        """One line."""
        return [f"{self.file} written, {self.size:,} bytes"]


def nowhere(answer: Answer, file: str) -> Answer:
    """What stands for saving where nothing can paint."""
    raise CommandError(f"{file} cannot be written: nothing here paints a {type(answer).__name__}")


def more(count: int, noun: str, remedy: str) -> Note:
    """The line that counts what was left out and says how to see it."""
    return Note(f"… {count:,} more {noun}{'s' if count != 1 else ''}; {remedy}")


class Note(str):
    """A line of words that may be broken where there is little room."""

    __slots__ = ()


class Figure(str):
    """Numbers as text that remembers them, so that a painter can write them in another way.

    Example:
        >>> figure(2 / 3, 4), figure(2 / 3, 4).written("{:.2f}".format)
        ('0.6667', '0.67')
    """

    __slots__ = ("numbers",)
    numbers: tuple[Number | None, ...]

    def written(self, write: Callable[[float], str]) -> str:
        """The same with every float written by *write*; whole numbers stay."""
        return ", ".join(
            write(number) if isinstance(number, float) else in_full(number)
            for number in self.numbers
        )


def in_full(number: Number | None) -> Figure:
    """A number with all its digits; '-' for none."""
    return _figure("-" if number is None else number_text(number), number)


def figure(number: Number | None, digits: int = 10) -> Figure:
    """A number in full where that is short, else to so many significant digits.

    Example:
        >>> [figure(x, 4) for x in (2.0, 3, 1 / 3, 1.0000000000000002, 1e100)]
        ['2.0', '3', '0.3333', '1.0', '1e+100']
    """
    text = in_full(number)
    if number is None or isinstance(number, int) or len(text) <= digits + 2:
        return text
    short = f"{number:.{digits}g}"
    return _figure(short if set(short) & set(".en") else f"{short}.0", number)


def figures(numbers: Sequence[Number | None], digits: int) -> Figure:
    """Several numbers in one cell, with commas between."""
    return _figure(", ".join(figure(number, digits) for number in numbers), *numbers)


def _figure(text: str, *numbers: Number | None) -> Figure:
    found = Figure(text)
    found.numbers = numbers
    return found


def shares(numbers: Sequence[float | None]) -> list[str]:
    """The size of each number as a share of the largest, for a column of bars; '' for none.

    Example:
        >>> shares([-3.0, 1.5, 0.0, float("nan"), None])
        ['1', '0.5', '0', '', '']
    """
    sizes = [abs(x) if x is not None and x == x else None for x in numbers]
    most = max((x for x in sizes if x is not None), default=0.0) or 1.0
    return ["" if x is None else "1" if x == most else f"{x / most:.4g}" for x in sizes]


def rough(number: float | None) -> str:
    """A number where only its size matters; '-' for none."""
    return "-" if number is None or number != number else f"{number:.2g}"
