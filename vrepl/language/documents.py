"""Splits a text into cells and statements, one by one, so that a mistake in one spoils no other.

It looks at brackets, quotes and indentation only; what a statement says is left to `statements`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from vrepl.language.commandlines import command_line, is_escaped

__all__ = ["CELL", "Chunk", "chunks_of", "has_cells", "is_session"]

CELL = re.compile(r"#\s*%%|#\s*In\[")
_CELL_MAGIC = re.compile(r"%%\w")
_SPECIAL = re.compile(r"[\[\](){}'\"\\]")
_PIECE = re.compile(
    r"""(?P<comment>\#.*)
      |(?P<triple>'''|\"\"\")
      |(?P<string>'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?)
      |(?P<open>[(\[{])
      |(?P<close>[)\]}])
      |(?P<continued>\\$)""",
    re.VERBOSE,
)
_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One statement, or several on one line, with the lines that belong to it.

    `kind` is 'python', 'command', 'escaped' (a line that only IPython understands) or 'magic'
    (a cell that a cell magic takes whole); `line` is its first line, from 1; `cell` counts cells.
    """

    kind: str
    text: str
    line: int
    cell: int = 0

    @property
    def end_line(self) -> int:
        """Its last line."""
        return self.line + self.text.count("\n")


def has_cells(text: str) -> bool:
    r"""Whether a text is divided by `# %%` marks.

    Example:
        >>> has_cells("# %% first\na = 2.0"), has_cells("a = 2.0  # %%")
        (True, False)
    """
    return any(CELL.match(line) for line in text.splitlines())


def is_session(text: str, path: str = "") -> bool:
    """Whether a file is a session, where numbers become nodes, and no plain Python program.

    Example:
        >>> is_session("a = 2.0", "first.ipy"), is_session("a = 2.0", "first.py")
        (True, False)
    """
    if not path.endswith(".py"):
        return True
    return has_cells(text) or any(command_line(line) for line in text.splitlines())


def chunks_of(text: str) -> list[Chunk]:
    r"""The statements of a text in order; comments and blank lines between them belong to none.

    Example:
        >>> [(chunk.kind, chunk.line) for chunk in chunks_of("a = (2.0\n +1)\n%graph a\nb = a")]
        [('python', 1), ('command', 3), ('python', 4)]
    """
    return list(_Splitter(lines_of(text)).chunks())


def lines_of(text: str) -> list[str]:
    """The lines as editors and Python count them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@dataclass(slots=True)
class _Splitter:
    """One pass over the lines of a text.

    `budget` is how many lines may be read in vain, looking for the end of what never ends.
    """

    lines: Sequence[str]
    budget: int = 20_000

    def chunks(self) -> Iterator[Chunk]:
        at, cell, is_fresh = 0, 0, True
        while at < len(self.lines):
            line = self.lines[at]
            if _is_silent(line):
                if CELL.match(line):
                    cell, is_fresh = cell + 1, True
                at += 1
                continue
            kind, end = self.extent(at, is_fresh)
            is_fresh = False
            yield Chunk(kind, "\n".join(self.lines[at:end]), at + 1, cell)
            at = end

    def extent(self, at: int, is_fresh: bool) -> tuple[str, int]:
        """What kind of chunk begins at a line, and the line after it."""
        lines = self.lines
        if is_fresh and _CELL_MAGIC.match(lines[at]):
            return "magic", self.cell_end(at)
        if is_escaped(lines[at]):
            end = at + 1
            while lines[end - 1].endswith("\\") and end < len(lines):
                end += 1
            is_command = end == at + 1 and command_line(lines[at]) is not None
            return "command" if is_command else "escaped", end
        return "python", self.python_end(at)

    def cell_end(self, at: int) -> int:
        lines = self.lines
        end = next((i for i in range(at, len(lines)) if CELL.match(lines[i])), len(lines))
        while end > at + 1 and not lines[end - 1].strip():
            end -= 1
        return end

    def python_end(self, at: int) -> int:
        """The line after a statement: its brackets are closed and nothing indented follows.

        A bracket or a string that is never closed takes only its own line, so that what follows
        can still be read.
        """
        end = self.logical_end(at)
        if end is None:
            return at + 1
        is_decorator = self.lines[at].startswith("@")
        following = end
        while following < len(self.lines):
            line = self.lines[following]
            if _is_silent(line):
                if CELL.match(line):
                    break
                following += 1
                continue
            if line[0] not in " \t" and not is_decorator and not _CONTINUES.match(line):
                break
            is_decorator = is_decorator and line[0] == "@"
            logical = self.logical_end(following)
            if logical is None:
                break
            end = following = logical
        return end

    def logical_end(self, at: int) -> int | None:
        """The line after the logical line that begins at *at*; None when it is never finished."""
        lines = self.lines
        if not _SPECIAL.search(lines[at]):
            return at + 1
        depth, quote = 0, ""
        last = min(len(lines), at + max(1, self.budget))
        for i in range(at, last):
            if i > at and not quote and CELL.match(lines[i]):
                last = i
                break
            depth, quote, continued = _after(lines[i], depth, quote)
            if depth <= 0 and not quote and not continued:
                return i + 1
        self.budget -= last - at
        return None


def _is_silent(line: str) -> bool:
    """Whether a line holds nothing but blanks and a comment."""
    return line.lstrip()[:1] in ("", "#")


@lru_cache(maxsize=4096)
def _after(line: str, depth: int, quote: str) -> tuple[int, str, bool]:
    """Open brackets, an open triple quote, and whether the line goes on, after a line."""
    position = 0
    if quote:
        position = _closed(line, quote, 0)
        if position < 0:
            return depth, quote, False
    continued = False
    while match := _PIECE.search(line, position):
        position = match.end()
        kind = match.lastgroup
        if kind == "comment":
            break
        if kind == "triple":
            closed = _closed(line, match[0], position)
            if closed < 0:
                return depth, match[0], False
            position = closed
        depth += (kind == "open") - (kind == "close")
        continued = kind == "continued"
    return max(depth, 0), "", continued


def _closed(line: str, quote: str, position: int) -> int:
    """Where a triple-quoted string ends, -1 when it goes on."""
    while (found := line.find(quote, position)) >= 0:
        before = line[:found]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return found + len(quote)
        position = found + 1
    return -1
