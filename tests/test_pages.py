"""Pages as text: well formed whatever the names are, self-contained, readable without scripts.

What scripts do with them, and how they look, is tested in a browser.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sessions import shell_with_vrepl
from test_render_graphs import GRAPHS, chain, graph_of
from test_saving import NAMES

from vrepl import Value
from vrepl.core.graph import Graph
from vrepl.fronts.painting import host_face
from vrepl.render import film, page
from vrepl.render.cells import clean
from vrepl.session.commands import ask
from vrepl.session.registry import Registry
from vrepl.session.session import Session

SCRIPT = re.compile(r"<script(?P<kind>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)


def parsed(markup: str) -> ET.Element:
    """Markup as a strict parser sees it; scripts are no XML, and have to end where they should."""
    bare = SCRIPT.sub("", markup)
    assert "<script" not in bare and "</script" not in bare
    return ET.fromstring(bare)


def hostile(name: str) -> Graph:
    return graph_of([("", []), ("", []), ("*", [0, 1])], [name, "b", f"{name}!"])


def every_part(graph: Graph) -> list[str]:
    return [page.graph(graph, "drawn"), page.player(graph, "told")]


@given(st.text() | st.sampled_from(NAMES))
def test_names_are_text_in_a_page(name: str) -> None:
    for part in every_part(hostile(name)):
        root = parsed(page.document(name, [part]))
        titles = [e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}title")]
        assert not clean(name) or any(clean(name)[:20].strip() in title for title in titles)
        kinds = [script["kind"] for script in SCRIPT.finditer(part)]
        assert sorted(kinds) in ([""], ["", ' type="application/json" class="vrepl-steps"'])


@pytest.mark.parametrize("name", GRAPHS)
def test_a_page_asks_for_nothing_from_elsewhere(name: str) -> None:
    text = page.document(name, every_part(GRAPHS[name])).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|\b(?:src|href|id)=|url\(|@import|fetch\(|eval\(|innerHTML", text)


@pytest.mark.parametrize("name", GRAPHS)
def test_every_box_has_its_facts_at_hand(name: str) -> None:
    root = parsed(page.graph(GRAPHS[name], ""))
    boxes = [e for e in root.iter() if "vrepl-node" in (e.get("class") or "")]
    assert len(boxes) >= len(GRAPHS[name].nodes)
    assert all((box[0].text or "").strip() for box in boxes)
    [drawing] = root.iter("{http://www.w3.org/2000/svg}svg")
    assert drawing.get("role") == "img"
    assert [child.tag.rpartition("}")[2] for child in drawing][:2] == ["title", "desc"]


def test_a_tooltip_says_expression_value_slope_and_place() -> None:
    with shell_with_vrepl() as shell:
        shell.run_cell("a = 2.0; b = -3.0\nd = a*b + 1.5", store_history=True)
        answer = shell.run_line_magic("graph", "d")
    titles = re.findall(
        r'class="vrepl-node"[^>]*><title>(.*?)</title>', page.graph(answer.graph, ""), re.S
    )
    assert titles[0] == "a = 2.0\nslope -3.0\ntyped in In[1]:1"
    assert titles[-1] == "d = a * b + 1.5\ndata -4.5\nslope 1.0\nmade in In[1]:2"
    assert titles[2] == "a * b\ndata -6.0\nslope 1.0\nmade in In[1]:2"


def test_the_steps_of_a_player_are_those_of_the_film() -> None:
    graph = GRAPHS["neuron"]
    [found] = [s["text"] for s in SCRIPT.finditer(page.player(graph, "")) if s["kind"]]
    words = [step["words"] for step in json.loads(found)]
    assert words == [clean(step.words) for step in film.steps(graph)]


def test_a_player_of_a_large_graph_is_bounded() -> None:
    assert len(page.player(chain(2_000), "")) < 300_000


@pytest.mark.parametrize(
    "command", ["graph d", "trace d", "trace d --animate", "slope d", "explain d"]
)
def test_every_answer_is_a_page(command: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    names = {"a": a, "b": b, "d": a * b + 1.5}
    face = host_face(rich=False, write=lambda: None)
    session = Session(Registry(lambda: names), face.paint, lambda cell: "", face.save)
    name, _, words = command.partition(" ")
    ask(session, name, f"{words} -o d.html")
    shown = unescape((tmp_path / "d.html").read_text("utf-8"))
    parsed((tmp_path / "d.html").read_text("utf-8"))
    assert "-3.0" in shown or "<mn>−3.0</mn>" in shown
