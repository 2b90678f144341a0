"""The command `graph`: the graph behind one output, drawn, or the part of it behind some inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from vrepl.core.errors import CommandError, NoRule, NotConnected
from vrepl.core.folding import nearest
from vrepl.core.graph import OLDER, Graph, View, snapshot
from vrepl.core.nodes import adjoints
from vrepl.core.outline import outline
from vrepl.core.paths import MANY, between, count_paths
from vrepl.core.value import Value
from vrepl.session.answers import Answer, Note, Part, figure
from vrepl.session.grammar import Request
from vrepl.session.session import Session

__all__ = ["STYLES", "GraphAnswer", "graph"]

STYLES = ("tall", "slim", "folded", "tree", "summary")
GRAPH_NODES = 5_000  # frozen for a drawing: a few tenths of a second


@dataclass(frozen=True, slots=True)
class Route:
    """The paths that lead from one input to the output: how many, and the slope they add up to."""

    wrt: str
    paths: int
    slope: float | None


@dataclass(frozen=True, kw_only=True, repr=False)
class GraphAnswer(Answer):
    """The graph behind one output, ready to be drawn; `graph` is the snapshot.

    `routes` says of every input that was asked for how it leads to the output.
    """

    output: str
    graph: Graph
    routes: tuple[Route, ...] = ()

    def parts(self) -> Sequence[Part]:
        """The graph, and a line on the paths from each input."""
        return [self.graph, *map(self._told, self.routes)]

    def _told(self, route: Route) -> Note:
        begin = f"slope of {self.output} by {route.wrt}"
        if route.slope is None:
            return Note(f"{begin}: an operation on the way has no rule")
        begin += f" = {figure(route.slope, 6)}"
        if route.paths == 1:
            return Note(f"{begin}, the product of the numbers along its path")
        count = f"{route.paths:,}" if route.paths < MANY else "very many"
        remedy = f"%explain {self.output} wrt {route.wrt} writes them out"
        return Note(f"{begin}, the sum over {count} paths; {remedy}")


def graph(session: Session, request: Request) -> Answer:
    """The snapshot to draw, with slopes where every operation has a rule."""
    root = session.node(request.subject)
    ordered = session.ordered(request.subject, root)
    names = session.names(ordered)
    try:
        slopes = adjoints(ordered)
    except NoRule:
        slopes = {}  # an operation made by hand: the picture is right all the same
    inputs = [_input(session, request.subject, root, ordered, part) for part in request.wrt]
    among = between(ordered, [node for _, node in inputs]) if inputs else ordered
    drawn = snapshot(root, names=names, slopes=slopes, limit=GRAPH_NODES, among=among)
    drawn = replace(drawn, outline=outline(among, _current(names), slopes))
    routes = (Route(n, count_paths(among, node), slopes.get(id(node))) for n, node in inputs)
    return GraphAnswer(
        output=request.subject,
        graph=_viewed(drawn, request),
        routes=tuple(routes),
        paint=session.paint,
    )


def _current(names: Mapping[int, str]) -> Callable[[Value], str]:
    """What a node is called now; '' where its name means another one."""
    current = {key: name for key, name in names.items() if not name.endswith(OLDER)}
    return lambda node: current.get(id(node), "")


def _input(
    session: Session, output: str, root: Value, ordered: Sequence[Value], part: tuple[str, ...]
) -> tuple[str, Value]:
    """One input that `wrt` names.

    Raises:
        NotConnected: The output does not depend on it; the reason is in the message.
    """
    if len(part) > 1:
        raise CommandError(
            f"graph draws first slopes only; ask %slope {output} wrt {' '.join(part)}"
        )
    [name] = part
    node = session.node(name)
    if node is root:
        raise CommandError(f"no path leads from {output} to itself; its slope by itself is 1")
    if all(other is not node for other in ordered):
        raise NotConnected(output, name, session.reasons.apart(output, root, name, node))
    return name, node


def _viewed(graph: Graph, request: Request) -> Graph:
    """The snapshot with what the options ask of its drawing.

    Raises:
        CommandError: There is no name to expand.
    """
    expand = request.option("expand", "")
    named = [node for node in graph.nodes if node.name == expand]
    if expand and not named:
        raise CommandError(f"{request.subject} has no node {expand} to expand among those drawn")
    if expand and named[0].is_leaf:
        raise CommandError(f"{expand} is an input; there is nothing folded into it to expand")
    view = View(
        style=request.option("style", "auto"),
        edges=bool(request.wrt),
        expand=(expand,) if expand else (),
        subject=request.subject,
        ascii_only=request.option("ascii", False),
    )
    depth = request.option("depth")
    if depth is not None:
        graph = replace(nearest(graph, GRAPH_NODES, depth), outline=None)
    return replace(graph, view=view)
