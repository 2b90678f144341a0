"""The command `literals`: whether typed numbers become nodes, and which of a cell's numbers did."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrepl.core.errors import CommandError
from vrepl.session.answers import Answer, Column, ListAnswer, Part, Table
from vrepl.session.grammar import Request
from vrepl.session.positions import Literal, literals_of
from vrepl.session.proof import without_warnings
from vrepl.session.session import Session

__all__ = ["CHOICES", "LiteralsAnswer", "literals"]

CHOICES = ("on", "off", "show")
# Lines of the host, which are no Python; an assignment from one, too.
_ESCAPED = re.compile(r"^(\s*)(?:[\w.]+\s*=\s*)?[%!?].*$", re.MULTILINE)
MARK = "^"
# What stands behind a number that was typed as `2r`.
_RAW = re.compile(r"(?<=[\w.]) \.real\b")


@dataclass(frozen=True, kw_only=True, repr=False)
class LiteralsAnswer(ListAnswer[Literal]):
    """Whether typed numbers become nodes, and the numbers of one cell where it was asked for."""

    is_on: bool
    cell: str = ""
    text: str = ""

    def parts(self) -> Sequence[Part]:
        """A line that says how the switch stands; for a cell its text, marked, and the reasons."""
        off = "typed numbers stay plain; %literals on makes them nodes"
        state = "typed numbers become nodes" if self.is_on else off
        if not self.cell:
            return [state]
        if not self.lines:
            return [f"{self.cell} holds no numbers"]
        columns = (
            Column("line", numeric=True),
            Column("number"),
            Column("becomes"),
            Column("where it stands"),
            Column("why"),
        )
        rows = tuple(
            (str(x.line), x.text, x.becomes, x.position.name, x.position.reason) for x in self.lines
        )
        notes = [] if self.is_on else [state]
        return [*self._marked(), Table(columns, rows), *notes]

    def _marked(self) -> Iterator[str]:
        """The text, and below a line the places of the numbers that may become nodes."""
        for number, text in enumerate(self.text.splitlines(), 1):
            marks = [" "] * len(text)
            for x in self.lines:
                if x.line == number and x.position.wrapped:
                    marks[x.start : x.end] = MARK * (x.end - x.start)
            raw = [match.span() for match in _RAW.finditer(text)]
            for start, end in reversed(raw):
                text = f"{text[:start]}r{text[end:]}"
                marks[start:end] = " "
            yield text
            if MARK in marks:
                yield "".join(marks).rstrip()


def literals(session: Session, request: Request) -> Answer:
    """The state of the switch after the word that was given, and a cell's numbers for `show`."""
    asked = request.subject
    if "cell" in request.options and asked != "show":
        raise CommandError("--cell goes with show", "%literals show --cell N")
    if asked in ("on", "off"):
        session.switch.is_on = asked == "on"
    is_on = session.switch.is_on
    if asked != "show":
        return LiteralsAnswer(is_on=is_on, paint=session.paint)
    cell = _cell(session, request)
    text = session.source(cell)
    lines = _literals(text)
    return LiteralsAnswer(is_on=is_on, cell=cell, text=text, lines=lines, paint=session.paint)


def _cell(session: Session, request: Request) -> str:
    """The cell that was asked for, else the last one with numbers."""
    number = request.option("cell")
    if number is not None:
        if not session.source(f"In[{number}]"):
            running = next(reversed(session.switch.cells), "")
            if running and not running.startswith("In["):  # a script
                fact = f"{running} is one text without numbered cells"
                raise CommandError(fact, "%literals show")
            raise CommandError(f"there is no In[{number}]", "%literals show [--cell N]")
        return f"In[{number}]"
    cells = reversed(session.switch.cells)
    found = next((cell for cell in cells if _literals(session.source(cell))), "")
    if not found:
        raise CommandError("no cell with numbers has run yet; type a = 2.0")
    return found


def _literals(text: str) -> tuple[Literal, ...]:
    try:
        with without_warnings():
            tree = ast.parse(_ESCAPED.sub(r"\1pass", text))
        return tuple(literals_of(tree, text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
