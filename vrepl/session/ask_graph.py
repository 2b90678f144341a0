"""The command `graph`: the graph behind one output, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vrepl.core.errors import NoRule
from vrepl.core.graph import Graph, snapshot
from vrepl.core.nodes import adjoints
from vrepl.session.answers import Answer, Part
from vrepl.session.grammar import Request
from vrepl.session.session import Session

__all__ = ["GraphAnswer", "graph"]

GRAPH_NODES = 2_000


@dataclass(frozen=True, kw_only=True, repr=False)
class GraphAnswer(Answer):
    """The graph behind one output, ready to be drawn; `graph` is the snapshot."""

    output: str
    graph: Graph

    def parts(self) -> Sequence[Part]:
        """The graph alone."""
        return [self.graph]


def graph(session: Session, request: Request) -> Answer:
    """The snapshot to draw, with slopes where every operation has a rule."""
    root = session.node(request.subject)
    ordered = session.ordered(request.subject, root)
    try:
        slopes = adjoints(ordered)
    except NoRule:
        slopes = {}  # an operation made by hand: the picture is right all the same
    drawn = snapshot(root, names=session.names(ordered), slopes=slopes, limit=GRAPH_NODES)
    return GraphAnswer(output=request.subject, graph=drawn, paint=session.paint)
