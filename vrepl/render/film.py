"""Shows a graph step by step: first how it is evaluated, then how slopes are swept back through it.

It makes the steps, their words and their pictures; when to show which is left to the fronts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrepl.core.graph import Graph, Node
from vrepl.render.cells import clean, shorten
from vrepl.render.glyphs import ASCII, UNICODE, Glyphs
from vrepl.render.ink import Ink, plain
from vrepl.render.numbers import short
from vrepl.render.text import SLIM, TALL, Boxes, in_fewer_boxes

__all__ = ["Step", "film", "steps", "told"]

MOST_BOXES = 40  # more fill several screens
TERMS = 3  # of a sum that are written out


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the node it is about, whether it belongs to the reverse sweep, and its words."""

    index: int
    is_sweep: bool
    words: str


def steps(graph: Graph, glyphs: Glyphs = UNICODE) -> list[Step]:
    """The steps of an evaluation, operands first, and then of the reverse sweep, the root first.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> a = Node(0, "a", "a", 2.0, "", (), 4.0)
        >>> y = Node(1, "y", "a * a", 4.0, "*", (Edge(0, 2.0, 2.0), Edge(0, 2.0, 2.0)), 1.0)
        >>> for step in steps(Graph((a, y), 2)):
        ...     print(step.words)
        a = 2.0
        y = a * a = 4.0
        slope of y by y = 1.0
        slope of y by a = 1.0 × 2.0 + 1.0 × 2.0 = 4.0
    """
    forth = [Step(node.index, False, _evaluated(node)) for node in graph.nodes]
    if graph.root.slope is None:
        return forth
    terms: dict[int, list[str]] = {node.index: [] for node in graph.nodes}
    back = []
    for node in reversed(graph.nodes):
        back.append(Step(node.index, True, _swept(graph, node, terms[node.index], glyphs)))
        for edge in node.edges:
            if edge.source is not None and node.slope is not None:
                local = "?" if edge.local_derivative is None else short(edge.local_derivative)
                terms[edge.source].append(f"{short(node.slope)} {glyphs.times} {local}")
    return forth + back


def _evaluated(node: Node) -> str:
    made = f"{node.expression} = " if node.symbol and node.name else ""
    return f"{_title(node)} = {made}{short(node.value)}"


def _swept(graph: Graph, node: Node, terms: Sequence[str], glyphs: Glyphs) -> str:
    begin = f"slope of {_title(graph.root)} by {_title(node)}"
    if node.slope is None:
        return f"{begin} is not known"
    written = [*terms[:TERMS], glyphs.ellipsis] if len(terms) > TERMS else terms
    return " = ".join(filter(None, [begin, " + ".join(written), short(node.slope)]))


def _title(node: Node) -> str:
    return node.name or (node.expression if node.symbol else short(node.value))


def told(graph: Graph, *, width: int, ascii_only: bool, lines: int) -> str:
    """The steps as text, one a line, for where nothing can move; what is left out is counted.

    Args:
        graph: What to tell.
        width: The most cells of a line.
        ascii_only: Use no characters beyond ASCII for signs.
        lines: About how many steps to tell, half of them from the evaluation.
    """
    glyphs = ASCII if ascii_only else UNICODE
    found = steps(graph, glyphs)
    parts = [[s.words for s in found if s.is_sweep == is_sweep] for is_sweep in (False, True)]
    written = []
    for heading, part in zip(("evaluation:", "reverse sweep:"), parts, strict=True):
        most = max(2, lines // 2)
        rest = len(part) - most
        kept = part if rest <= 0 else [*part[: most // 2], "", *part[most // 2 - most :]]
        gap = f"{glyphs.ellipsis} {rest:,} more steps" if rest > 0 else ""
        written += [heading, *(f"  {line or gap}" for line in kept)] if part else []
    return "\n".join(_line(line, width, glyphs) for line in written)


def _line(words: str, width: int, glyphs: Glyphs) -> str:
    return shorten(clean(words).replace("…", glyphs.ellipsis), width, glyphs.ellipsis)


def film(
    graph: Graph, *, width: int, height: int, ascii_only: bool = False, ink: Ink = plain
) -> Iterator[list[str]] | None:
    r"""The pictures of a graph as it is evaluated and swept, each of equally many lines.

    A graph that is too large is folded first.

    Args:
        graph: What to show.
        width: The most cells of a line.
        height: The most lines of a picture.
        ascii_only: Use no characters beyond ASCII.
        ink: Shows the roles of names and slopes.

    Returns:
        The pictures, the words of the step above each; None when no boxes fit.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> graph = Graph((a, Node(1, "y", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2)
        >>> print("\n".join(next(film(graph, width=80, height=24))))
        a = 2.0
        ┏━━━━━━━━━━┓               ╭───────────╮
        ┃ a        ┃               │ y         │
        ┃ data 2.0 ┃──────────(-)─▶│           │
        ┗━━━━━━━━━━┛               ╰───────────╯
    """
    glyphs = ASCII if ascii_only else UNICODE
    for fewer in (graph, *in_fewer_boxes(graph, (), False)):
        for form in (*TALL, *SLIM) if len(fewer.nodes) <= MOST_BOXES else ():
            boxes = Boxes.of(fewer, form, glyphs, edges=True)
            if boxes.layout.width > width:
                boxes = Boxes.of(fewer, form, glyphs)
            if boxes.layout.width <= width and boxes.layout.height < height:
                return _pictures(boxes, width, ink)
    return None


def _pictures(boxes: Boxes, width: int, ink: Ink) -> Iterator[list[str]]:
    known: set[tuple[int, bool]] = set()
    for step in steps(boxes.graph, boxes.glyphs):
        known.add((step.index, step.is_sweep))
        rows = boxes.rows(lambda index, is_slope: (index, is_slope) in known, step.index, ink)
        yield [_line(step.words, width, boxes.glyphs), *rows]
