"""Writes a graph as Mermaid text, for pages that draw it: wikis, forges, Markdown cells.

It knows Mermaid's flowcharts and what their labels must not contain; looks are left to Mermaid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vrepl.core.graph import Graph, Node
from vrepl.render.bounds import missing, more
from vrepl.render.cells import clean
from vrepl.render.numbers import short
from vrepl.render.readable import readable
from vrepl.render.svg import lines_of, operator_text

__all__ = ["draw"]

# Written as codes: Mermaid's own signs, those of HTML, and what Markdown takes for emphasis; at the
# start also what begins a list there, "-" or "1.", which labels may not contain. Blanks in a row or
# at an end would be lost.
_SPECIAL = re.compile(r"[^\w .,:=+()…·]|_|^[-+*. ]|\.(?= )|(?<= ) | $")
_CODES = {" ": "#160;"}  # a blank that stays
NO_BREAK = (
    "#8288;"  # a sign without width: a backslash and an n would break the line, even as codes
)


def draw(graph: Graph) -> str:
    """*graph* as a flowchart from left to right: boxes for values, circles for operations.

    Args:
        graph: What to write; a large one is folded.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> a = Node(0, "a", "2.0", 2.0, "", ())
        >>> print(draw(Graph((a, Node(1, "y", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2)))
        flowchart LR
          n0["a<br/>data 2.0"]
          n1["y<br/>data #45;2.0"]
          n1op(("#45;")) --> n1
          n0 -- "-1.0" --> n1op
        <BLANKLINE>
    """
    return "\n".join(["flowchart LR", *_lines(readable(graph)), ""])


def _lines(graph: Graph) -> Iterator[str]:
    for node in graph.nodes:
        label = "<br/>".join(map(_label, lines_of(node)))
        yield f'  n{node.index}["{label}"]'
        if node.symbol:
            yield f'  n{node.index}op(("{_label(operator_text(node))}")) --> n{node.index}'
        yield from _edges(node)
    if missing(graph):
        yield f"  %% {more(missing(graph))}"


def _edges(node: Node) -> Iterator[str]:
    for edge in node.edges:
        if edge.source is not None:
            local = edge.local_derivative
            written = "" if local is None else f'-- "{short(local)}" '
            yield f"  n{edge.source} {written}--> n{node.index}op"


def _label(text: str) -> str:
    """Text whose every character stands for itself between quotes."""
    shown = _SPECIAL.sub(lambda found: _CODES.get(found[0], f"#{ord(found[0])};"), clean(text))
    return shown.replace("#92;n", f"#92;{NO_BREAK}n")
