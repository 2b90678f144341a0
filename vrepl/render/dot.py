"""Writes a graph as DOT with the `graphviz` package: boxes for values, ellipses for operations.

In a notebook the drawing shows itself as the `dot` program draws it; where that is missing, slow or
broken, as our own SVG painter does.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from vrepl.core.graph import Edge, Graph, Node, snapshot
from vrepl.core.nodes import order
from vrepl.core.value import Value, facts_of
from vrepl.render import svg
from vrepl.render.cells import clean
from vrepl.render.graphviz_program import CannotDraw, svg_by_dot
from vrepl.render.numbers import fixed

if TYPE_CHECKING:
    import graphviz

__all__ = ["digraph", "draw_dot"]


def draw_dot(root: Value) -> graphviz.Digraph:
    """The graph behind *root* as a Graphviz drawing, left to right.

    A value is a record box `{ name | data 4.0000 | grad -3.0000 }`, without the parts it does not
    have; an operation is an ellipse, and every use of an operand is an edge. A notebook shows it
    with or without Graphviz's programs; `render` and `pipe` need them.

    Args:
        root: The node to draw.

    Example:
        >>> a = Value(2.0, label="a")
        >>> "{ a | data 2.0000 }" in draw_dot(a * a).source
        True
    """
    gradients = ((node, facts_of(node).grad) for node in order(root))
    slopes = {id(node): grad for node, grad in gradients if grad is not None}
    return digraph(snapshot(root, slopes=slopes))


def digraph(graph: Graph) -> graphviz.Digraph:
    """A snapshot as a Graphviz drawing; a node's slope is shown as its grad."""
    drawing = _drawing()(format="svg", graph_attr={"rankdir": "LR", "ordering": "in"})
    drawing.shown = graph
    shared = _has_shared(graph)
    for node in graph.nodes:
        drawing.node(f"n{node.index}", label=_record(node), shape="record")
        if node.symbol:
            operation = f"n{node.index}op"
            drawing.node(operation, label=_escaped(node.symbol))
            drawing.edge(operation, f"n{node.index}")
            ports = (":nw", ":sw") if shared and len(node.edges) == 2 else [""] * len(node.edges)
            for position, (edge, port) in enumerate(zip(node.edges, ports, strict=True)):
                drawing.edge(_operand(drawing, node, position, edge), operation + port)
    return drawing


@cache
def _drawing() -> type[graphviz.Digraph]:
    """The class of our drawings, made on first use because graphviz is imported then."""
    import graphviz

    class Drawing(graphviz.Digraph):  # type: ignore[misc] # graphviz has no annotations
        """A Digraph that a notebook can show without the `dot` program, too."""

        shown: Graph | None = None

        def _repr_image_svg_xml(self) -> str:
            try:
                return svg_by_dot(self.source)
            except CannotDraw as reason:
                if self.shown is None:  # a copy, which may have become another drawing
                    raise
                return svg.draw(self.shown, standalone=True, note=f"drawn without dot: {reason}")

    return Drawing


def _has_shared(graph: Graph) -> bool:
    """Whether a node has several uses, so that operands need ports to arrive in their order.

    Without any, `ordering=in` puts operands one below the other; but a shared one may have to be
    in two places, and of (a - b) / (b - a) `dot` then drew the first difference upside down.
    """
    uses = Counter(edge.source for node in graph.nodes for edge in node.edges)
    return any(count > 1 for source, count in uses.items() if source is not None)


def _operand(drawing: graphviz.Digraph, node: Node, position: int, edge: Edge) -> str:
    """The box an edge starts from; a constant gets one of its own."""
    if edge.source is not None:
        return f"n{edge.source}"
    name = f"n{node.index}c{position}"
    label = "…" if edge.left_out else f"{{ data {fixed(edge.value)} }}"
    drawing.node(name, label=label, shape="record")
    return name


def _record(node: Node) -> str:
    parts = [_escaped(node.name)] if node.name else []
    parts.append(f"data {fixed(node.value)}")
    if node.slope is not None:
        parts.append(f"grad {fixed(node.slope)}")
    return "{ " + " | ".join(parts) + " }"


def _escaped(name: str) -> str:
    """A name whose every character stands for itself in a label.

    `dot` reads entities as HTML does, and drops blanks at the ends of a record's part.
    """
    written = re.sub(r'([{}|<>\\"])', r"\\\1", clean(name).replace("&", "&amp;"))
    return re.sub(r"^ | (?= )| $", "&#160;", written)
