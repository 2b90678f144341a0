"""The command `nodes`: the named nodes of a session, and what keeps nodes alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrepl.core.graph import Expressions
from vrepl.core.rules import Number
from vrepl.core.value import Value, plain
from vrepl.session.answers import Answer, Column, ListAnswer, Note, Part, Table, figure, more
from vrepl.session.grammar import Request
from vrepl.session.holders import Holder, Holdings, holdings
from vrepl.session.session import Session

__all__ = ["MemoryAnswer", "NodeLine", "NodesAnswer", "nodes"]

NODE_LINES = 100


@dataclass(frozen=True, slots=True)
class NodeLine:
    """One named node: its value, how it was made, and where its name was bound."""

    name: str
    value: Number
    made: str
    place: str


@dataclass(frozen=True, kw_only=True, repr=False)
class NodesAnswer(ListAnswer[NodeLine]):
    """The named nodes of the session, in order of their first binding."""

    left_out: int

    def parts(self) -> Sequence[Part]:
        """One table, or a line that says how to get a first node."""
        if not self.lines:
            return ["No named nodes yet; type a = 2.0"]
        columns = (
            Column("name", role="name"),
            Column("value", numeric=True),
            Column("made by", detail=2),
            Column("where", detail=1),
        )
        rows = tuple((n.name, figure(n.value), n.made, n.place) for n in self.lines)
        note = [more(self.left_out, "node", "ask for a larger --rows")] if self.left_out else []
        return [Table(columns, rows), *note]


@dataclass(frozen=True, kw_only=True, repr=False)
class MemoryAnswer(Answer):
    """Who holds the nodes of the session, and how much memory they take.

    Attributes:
        holdings: All of it.
        rows: How many lines are shown.
    """

    holdings: Holdings
    rows: int

    def __iter__(self) -> Iterator[Holder]:
        return iter(self.holdings.holders)

    def __len__(self) -> int:
        return len(self.holdings.holders)

    def __bool__(self) -> bool:
        return True

    def parts(self) -> Sequence[Part]:
        """One table, and a line for what none of the holders holds."""
        holders = [holder for holder in self.holdings.holders if holder.nodes]
        shared = self.holdings.shared
        shown = [*holders[: self.rows], *([shared] if shared.nodes else [])]
        columns = (
            Column("held only by"),
            Column("nodes", numeric=True),
            Column("memory", numeric=True),
        )
        rows = tuple((h.name, f"{h.nodes:,}", _memory(h.size)) for h in shown)
        notes = []
        if len(holders) > self.rows:
            notes.append(more(len(holders) - self.rows, "holder", "ask for a larger --rows"))
        if elsewhere := self.holdings.elsewhere:
            are = "nodes are" if elsewhere > 1 else "node is"
            fact = f"{elsewhere:,} more {are} held by functions, generators or libraries"
            notes.append(Note(fact))
        return [Table(columns, rows), *notes] if shown else notes or ["No nodes are held"]


def _memory(size: int) -> str:
    """A size as people write it: 1,234 bytes as 1.2 kB."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"


def nodes(session: Session, request: Request) -> Answer:
    """The named nodes, oldest binding first; with `--memory` what keeps nodes alive."""
    if request.option("memory", None) is not None:
        held = holdings(session.registry.namespace())
        return MemoryAnswer(
            holdings=held, rows=request.option("rows", NODE_LINES), paint=session.paint
        )
    names = session.registry.names()
    rows = request.option("rows", NODE_LINES)
    texts = Expressions(session.registry.references())
    first: dict[int, str] = {}
    lines = [
        NodeLine(name, plain(node), _made(name, node, first, texts), _place(session, name, node))
        for name, node in list(names.items())[:rows]
    ]
    return NodesAnswer(lines=tuple(lines), left_out=max(0, len(names) - rows), paint=session.paint)


def _made(name: str, node: Value, first: dict[int, str], texts: Expressions) -> str:
    """How a named node was made: its expression, its source, or whose alias it is."""
    other = first.setdefault(id(node), name)
    if other != name:
        return f"the same node as {other}"
    return texts.made_by(node) if len(node._made) > 1 else node._made[0].summary


def _place(session: Session, name: str, node: Value) -> str:
    place = session.registry.place(name)
    return str(place) if place else "-"
