"""The command `nodes`: the named nodes of a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrepl.core.graph import Expressions
from vrepl.core.rules import Number
from vrepl.core.value import Value, plain
from vrepl.session.answers import Answer, Column, Part, Table, figure, more
from vrepl.session.grammar import Request
from vrepl.session.session import Session

__all__ = ["NodeLine", "NodesAnswer", "nodes"]

NODE_LINES = 100


@dataclass(frozen=True, slots=True)
class NodeLine:
    """One named node: its value, how it was made, and where its name was bound."""

    name: str
    value: Number
    made: str
    place: str


@dataclass(frozen=True, kw_only=True, repr=False)
class NodesAnswer(Answer):
    """The named nodes of the session, in order of their first binding."""

    lines: tuple[NodeLine, ...]
    left_out: int

    def __iter__(self) -> Iterator[NodeLine]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __bool__(self) -> bool:
        return True

    def parts(self) -> Sequence[Part]:
        """One table, or a line that says how to get a first node."""
        if not self.lines:
            return ["No named nodes yet; type a = 2.0"]
        columns = (
            Column("name"),
            Column("value", numeric=True),
            Column("made by"),
            Column("where"),
        )
        rows = tuple((n.name, figure(n.value), n.made, n.place) for n in self.lines)
        note = [more(self.left_out, "node", "ask for a larger --rows")] if self.left_out else []
        return [Table(columns, rows), *note]


def nodes(session: Session, request: Request) -> Answer:
    """The named nodes, oldest binding first."""
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
