"""Several texts that are one session: a file alone, or the cells of a notebook one after another.

It translates lines of the parts into lines of the whole and back; what the texts mean is left to
the service.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vrepl.language.documents import lines_of
from vrepl.language.records import Span

__all__ = ["Joined"]

_MARK = "# %%"


@dataclass(frozen=True, slots=True)
class Joined:
    r"""The parts of a session by their addresses.

    `starts` has the number of lines above each part in the whole text.

    Example:
        >>> joined = Joined.of([("one", "a = 2.0"), ("two", "b = a")], marked=True)
        >>> joined.text
        '# %%\na = 2.0\n# %%\nb = a'
        >>> joined.line_of("two", 1), joined.place(Span(4, 0, 4, 1))
        (4, ('two', Span(line=1, column=0, end_line=1, end_column=1)))
    """

    addresses: tuple[str, ...]
    texts: tuple[str, ...]
    starts: tuple[int, ...]
    marked: bool

    @classmethod
    def of(cls, parts: Iterable[tuple[str, str]], *, marked: bool) -> Joined:
        """The session of these parts, each an address and a text.

        Args:
            parts: The parts in order.
            marked: Whether each part is a cell; a file is not.
        """
        addresses, texts, starts, line = [], [], [], 0
        for address, text in parts:
            line += marked
            addresses.append(address)
            texts.append(text)
            starts.append(line)
            line += len(lines_of(text))
        return cls(tuple(addresses), tuple(texts), tuple(starts), marked)

    @property
    def text(self) -> str:
        """The whole session."""
        if not self.marked:
            return "\n".join(self.texts)
        return "\n".join(f"{_MARK}\n{text}" for text in self.texts)

    def line_of(self, address: str, line: int) -> int:
        """The line of the whole for a line of a part."""
        return self.starts[self.addresses.index(address)] + line

    def place(self, span: Span) -> tuple[str, Span]:
        """The part that a span of the whole lies in, and the span in it."""
        at = max(i for i, start in enumerate(self.starts) if i == 0 or start < span.line)
        return self.addresses[at], span.moved(-self.starts[at])

    def range_of(self, address: str) -> tuple[int, int]:
        """First and last line of a part in the whole."""
        at = self.addresses.index(address)
        return self.starts[at] + 1, self.starts[at] + len(lines_of(self.texts[at]))

    def lines(self, address: str) -> list[str]:
        """The lines of a part."""
        return lines_of(self.texts[self.addresses.index(address)])
