"""SVG drawings, read back from their XML: every edge starts and ends where it should, in order.

How they look on a white and on a dark page was judged by eye; what can be checked is geometry.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render_graphs import GRAPHS, HOSTILE, chain, graph_of, graphs, joining, web

from vrepl import Value
from vrepl.core.graph import Graph, snapshot
from vrepl.render import page, svg, text
from vrepl.render.cells import clean
from vrepl.render.readable import MOST_BOXES

SVG = "{http://www.w3.org/2000/svg}"
DRAWINGS = Path(__file__).parent / "drawings"
LETTER, HEIGHT = 6.1, 8  # pixels of a letter in the 10 pixel font of the local derivatives


@dataclass(frozen=True)
class Area:
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Area) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True)
class Picture:
    """What a drawing consists of: areas by name, and (title, points, label's area) for edges."""

    boxes: dict[str, Area]
    operations: dict[str, Area]
    edges: list[tuple[str, list[tuple[float, float]], Area | None]]


def number(element: ET.Element, name: str) -> float:
    return float(element.attrib[name])


def picture(drawing: str) -> Picture:
    """*drawing* as its elements say; a node is known by the first line in its box."""
    found = Picture({}, {}, [])
    for group in ET.fromstring(drawing).iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        if box is None:
            found.edges.append(_edge(group))
            continue
        x, y = number(box, "x"), number(box, "y")
        area = Area(x, y, x + number(box, "width"), y + number(box, "height"))
        texts = [t for t in group.findall(f"{SVG}text") if t.get("text-anchor") is None]
        found.boxes[texts[0].text or ""] = area
        if (ellipse := group.find(f"{SVG}ellipse")) is not None:
            x, y = number(ellipse, "cx"), number(ellipse, "cy")
            rx, ry = number(ellipse, "rx"), number(ellipse, "ry")
            found.operations[texts[0].text or ""] = Area(x - rx, y - ry, x + rx, y + ry)
    return found


def _edge(group: ET.Element) -> tuple[str, list[tuple[float, float]], Area | None]:
    title, path, label = group
    places = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.attrib["d"])
    points = [(float(x), float(y)) for x, y in places]
    if not label.text:
        return title.text or "", points, None
    x, y = number(label, "x"), number(label, "y")
    return title.text or "", points, Area(x, y - HEIGHT, x + LETTER * len(label.text), y)


def expected_edges(graph: Graph) -> Iterator[tuple[str, str]]:
    for node in graph.nodes:
        for edge in node.edges:
            if edge.source is not None:
                yield graph.nodes[edge.source].name, node.name


def reads_back(graph: Graph) -> None:
    """Assert that the drawing has the boxes, operations and edges of *graph*, in order."""
    drawn = picture(svg.Figure(graph, standalone=False).svg())
    assert set(drawn.boxes) == {node.name for node in graph.nodes}
    assert set(drawn.operations) == {node.name for node in graph.nodes if node.symbol}
    ends: list[tuple[str, float, str]] = []
    for title, points, _ in drawn.edges:
        result, operand = re.findall(r"∂(\w+)", title)
        box, operation = drawn.boxes[operand], drawn.operations[result]
        assert points[0][0] == box.right and box.top < points[0][1] < box.bottom
        assert points[-1] == (operation.left, (operation.top + operation.bottom) / 2)
        ends.append((result, points[-2][1], operand))
    drawn_edges = [(operand, result) for result, _, operand in sorted(ends)]
    assert sorted(drawn_edges, key=lambda e: e[1]) == sorted(
        expected_edges(graph), key=lambda e: e[1]
    )


def nothing_overlaps(graph: Graph) -> None:
    """Assert that labels are clear of each other, of boxes and operations, and of all lines."""
    drawn = picture(svg.Figure(graph, standalone=False).svg())
    labels = [label for _, _, label in drawn.edges if label is not None]
    solid = [*drawn.boxes.values(), *drawn.operations.values()]
    assert not [pair for pair in combinations(labels, 2) if pair[0].overlaps(pair[1])]
    assert not [pair for pair in combinations(solid, 2) if pair[0].overlaps(pair[1])]
    assert not [(a, b) for a in labels for b in solid if a.overlaps(b)]
    for title, points, _ in drawn.edges:
        for (x, y), (to_x, to_y) in list(pairwise(points))[:-1]:  # the last runs to the ellipse
            line = Area(min(x, to_x), min(y, to_y), max(x, to_x) + 0.1, max(y, to_y) + 0.1)
            assert not [area for area in labels if area.overlaps(line)], title
            assert not [area for area in solid if area.overlaps(line) and area.right != x], title


@given(graphs())
def test_every_edge_is_where_it_belongs(graph: Graph) -> None:
    reads_back(graph)


@given(graphs())
def test_nothing_hides_anything(graph: Graph) -> None:
    nothing_overlaps(graph)


@pytest.mark.parametrize("count", range(1, 8))
def test_an_operation_may_have_many_operands(count: int) -> None:
    reads_back(joining(count))
    nothing_overlaps(joining(count))


@pytest.mark.parametrize("name", GRAPHS)
def test_a_drawing_of_the_table_is_well_formed(name: str) -> None:
    graph = GRAPHS[name]
    for standalone in (False, True):
        root = ET.fromstring(svg.draw(graph, standalone=standalone))
        assert len(root.findall(f".//{SVG}rect")) == len(graph.nodes) + standalone
        used = sum(edge.source is not None for node in graph.nodes for edge in node.edges)
        assert len(picture(svg.draw(graph)).edges) == used


@pytest.mark.parametrize("name", ["crossing", "bounded"])
def test_a_picture_file_looks_as_it_should(name: str) -> None:
    """`VREPL_UPDATE=1` writes the file anew; look at it in a browser before keeping it."""
    file = DRAWINGS / f"{name}.svg"
    drawn = svg.draw(GRAPHS[name], standalone=True).replace("><", ">\n<") + "\n"
    if os.environ.get("VREPL_UPDATE"):
        file.write_text(drawn, "utf-8")
    assert drawn == file.read_text("utf-8")


@given(st.lists(st.text() | st.sampled_from(HOSTILE), min_size=2, max_size=4))
def test_names_are_text_and_nothing_else(names: list[str]) -> None:
    graph = graph_of([*[("", [])] * len(names), ("f", range(len(names)))], [*names, "root"])
    drawing = svg.draw(graph)
    root = ET.fromstring(drawing)
    harmless = {"svg", "title", "desc", "g", "rect", "path", "text", "ellipse", "circle"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= harmless
    shown = {element.text for element in root.iter(f"{SVG}text")}
    assert {clean(name) for name in names if 0 < len(clean(name)) < 10 and name.isascii()} <= shown
    assert "http" not in drawing.replace("http://www.w3.org/2000/svg", "")


def test_two_drawings_share_a_page() -> None:
    drawn = page.graph(GRAPHS["neuron"], "") + page.graph(GRAPHS["square"], "")
    assert not re.findall(r"\b(?:id|href|src|aria-labelledby)=|url\(|@import", drawn)
    assert svg.draw(GRAPHS["neuron"]) == svg.draw(GRAPHS["neuron"])


def test_a_page_lends_its_colours_and_a_file_has_its_own() -> None:
    on_page, alone = (svg.draw(GRAPHS["neuron"], standalone=alone) for alone in (False, True))
    used = set(re.findall(r"var\((--vrepl-\w+), (?:none|currentColor)\)", on_page))
    themed = re.findall(r"(--vrepl-\w+): var\(--jp-[\w-]+, [^;]+\);", page.asset("page.css"))
    assert used <= set(themed)
    assert len(used) == 4 and "#" not in on_page
    assert not re.search(r"var\(|currentColor|color-mix", alone)
    assert alone.count('fill="#ffffff"') == 1 + on_page.count("<ellipse")  # the paper is opaque
    assert "vrepl" not in alone


def test_a_wide_drawing_scrolls_in_its_own_size() -> None:
    drawn = page.graph(chain(60), "")
    width = int(re.search(r'<svg [^>]*width="(\d+)"', drawn)[1])
    assert width > 5_000
    assert 'class="vrepl-figure" hidden="hidden" tabindex="0"' in drawn
    assert ".vrepl-figure svg { display: block; max-width: none; }" in drawn


class Stripped(HTMLParser):
    """A page as a host shows it that drops styles and scripts, as JupyterLab does before trust."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.dropped, self.hidden, self.kept = 0, 0, ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag == "div" and (self.hidden > 0 or "hidden" in dict(attrs))
        self.dropped += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= bool(self.hidden) and tag == "div"
        self.dropped -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        self.kept += "" if self.dropped or self.hidden else data


@pytest.mark.parametrize("name", GRAPHS)
def test_the_text_drawing_remains_where_styles_are_stripped(name: str) -> None:
    drawing = text.draw(GRAPHS[name], width=80)
    drawn = page.graph(GRAPHS[name], drawing)
    assert Stripped(drawn).kept == drawing
    assert (
        ".vrepl-text { display: none; }" in drawn and drawn.count('<pre class="vrepl-text">') == 1
    )


@pytest.mark.parametrize("large", [chain(1_000), web(1_000)], ids=["loop", "web"])
def test_a_large_graph_is_bounded_and_says_so(large: Graph) -> None:
    drawing = svg.draw(large)
    root = ET.fromstring(drawing)
    boxes = [box for box in root.findall(f".//{SVG}rect") if not box.get("stroke-dasharray")]
    assert len(boxes) == MOST_BOXES
    assert f"… {large.total - len(boxes):,} more nodes not shown" in drawing


def test_edges_say_what_they_are() -> None:
    drawing = unescape(svg.draw(GRAPHS["literals"]))
    assert "<title>∂(2.0 * 3.0)/∂(2.0) = 3.0</title>" in drawing
    assert "<title>∂(2.0 * 3.0 + 4)/∂(4) = 1.0</title>" in drawing


def anonymous(steps: int) -> Graph:
    """total = total + x * step, *steps* times, nothing named but x and the last total."""
    x, total = Value(0.5, label="x"), Value(0.0, label="start")
    for step in range(steps):
        total = total + x * 0.5 * step
    total.label = "total"
    return snapshot(total)


def test_what_is_too_large_is_folded_at_its_names() -> None:
    drawing = svg.draw(anonymous(500))
    titles = [t.text for t in ET.fromstring(drawing).iter(f"{SVG}title")]
    assert "1,499 nodes folded into boxes" in drawing
    assert len(titles) == 1 + 3 + 2  # the drawing, its boxes, its edges
    assert any("1,499 more nodes folded in" in (title or "") for title in titles)


def test_a_leaf_far_from_a_use_is_drawn_again_and_is_still_one_node() -> None:
    drawing = svg.draw(anonymous(20))
    copies = re.findall(r'data-node="(\d+)" data-same="(\d+)" data-name="x"', drawing)
    assert copies and len({original for _, original in copies}) == 1
    assert drawing.count(' stroke-dasharray="5 3"') == len(copies)
    assert ">x (again)</text>" in drawing
