"""Trees read back: every edge of the graph stands there once, and arrows lead to the right line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render_graphs import GRAPHS, LARGE, graphs
from wcwidth import wcswidth

from vrepl.core.folding import flattened, folded
from vrepl.core.graph import Graph, Node, View
from vrepl.render.glyphs import ASCII, UNICODE, Glyphs, operator_glyph
from vrepl.render.numbers import short
from vrepl.render.text import draw
from vrepl.render.tree import tree


@dataclass
class Line:
    """A line of a tree as it was read, with the lines below it that are its operands."""

    title: str
    facts: list[str]
    arrow: str
    below: list[Line] = field(default_factory=list)


def read(drawing: str, glyphs: Glyphs) -> list[Line]:
    """The lines in their order; each hangs on the last line that stands one level higher."""
    found: list[Line] = []
    levels: list[Line] = []
    for text in drawing.splitlines():
        bars = 0
        while text[bars : bars + 3] in (*glyphs.branches, "   "):
            bars += 3
        title, facts = text[bars:].split(" = ", 1)
        words = facts.split("  ")
        arrow = ""
        if words[-1].endswith((f" {glyphs.above}", f" {glyphs.below}")):
            words[-1], arrow = words[-1].rsplit(" ", 1)
        line = Line(title, words, arrow)
        level = bars // 3
        if level:
            levels[level - 1].below.append(line)
        levels[level:] = [line]
        found.append(line)
    return found


def facts_of(node: Node, glyphs: Glyphs) -> list[str]:
    facts = [short(node.value)]
    facts += [] if node.slope is None else [f"slope {short(node.slope)}"]
    facts += [operator_glyph(node, glyphs)] if node.symbol else []
    return facts + ([f"+{node.inside:,}"] if node.folded else [])


def same(lines: list[Line], graph: Graph, glyphs: Glyphs, edges: bool = False) -> None:
    """Assert that the lines are the edges of *graph*, whose nodes have names of their own."""
    node_of = {node.name: node for node in graph.nodes}
    assert lines[0].title == graph.root.name
    home = {line.title: position for position, line in enumerate(lines) if not line.arrow}
    assert sorted(home) == sorted(node_of)
    assert len(home) == sum(not line.arrow for line in lines), "a node has two lines of its own"
    for position, line in enumerate(lines):
        node = node_of[line.title]
        plain = [fact for fact in line.facts if not fact.startswith("local ")]
        assert plain == facts_of(node, glyphs)
        if line.arrow:
            above = home[line.title] < position
            assert (line.arrow == glyphs.above) == above and not line.below
            continue
        used = [edge for edge in node.edges if edge.source is not None]
        assert [one.title for one in line.below] == [graph.nodes[e.source].name for e in used]
        if edges:
            locals_ = [f"local {short(edge.local_derivative)}" for edge in used]
            assert [one.facts[-1] for one in line.below] == locals_


SETS = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])


@SETS
@given(graph=graphs(), edges=st.booleans())
def test_every_tree_reads_back(graph: Graph, glyphs: Glyphs, edges: bool) -> None:
    drawing = tree(graph, 400, glyphs, edges=edges, whole=True)
    if drawing:
        same(read(drawing, glyphs), graph, glyphs, edges)


@SETS
@pytest.mark.parametrize("name", ["perceptron", "recurrence"])
def test_a_folded_tree_reads_back(name: str, glyphs: Glyphs) -> None:
    graph = folded(flattened(LARGE[name]))
    same(read(tree(graph, 200, glyphs, whole=True), glyphs), graph, glyphs)


@pytest.mark.parametrize("name", ["product_and_sum", "crossing", "neuron"])
def test_an_edge_less_or_another_order_is_seen(name: str) -> None:
    graph = GRAPHS[name]
    named = (replace(node, name=node.name or f"n{node.index}") for node in graph.nodes)
    graph = replace(graph, nodes=tuple(named))
    lines = read(tree(graph, 200, UNICODE), UNICODE)
    same(lines, graph, UNICODE)
    parent = next(line for line in lines if len(line.below) == 2)
    parent.below.reverse()
    with pytest.raises(AssertionError):
        same(lines, graph, UNICODE)
    parent.below.pop()
    with pytest.raises(AssertionError):
        same(lines, graph, UNICODE)


@given(graph=graphs(), width=st.integers(20, 60))
def test_a_tree_that_was_asked_for_fits(graph: Graph, width: int) -> None:
    drawing = draw(replace(graph, view=View("tree")), width=width)
    assert all(wcswidth(line) <= width for line in drawing.splitlines())
    if re.match(r"n\d+ = \S+  \(", drawing):
        assert "no room" not in drawing
