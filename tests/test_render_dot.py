"""DOT drawings, as text and as the real `dot` reads them: labels, edges and their order.

Without the `dot` program only the text is looked at.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

import pytest
from test_render_graphs import GRAPHS, HOSTILE, Made, chain, graph_of

from vrepl import Value, draw_dot
from vrepl.core.graph import Graph, snapshot
from vrepl.render import graphviz_program, page, svg, text
from vrepl.render.cells import clean
from vrepl.render.dot import digraph

# A machine that checks changes has to have it: there the tests run, and fail without.
needs_dot = pytest.mark.skipif(
    not (shutil.which("dot") or os.environ.get("CI")), reason="the program dot is not installed"
)
TEXT = "{http://www.w3.org/2000/svg}text"
NAMES = (*HOSTILE, "{", "a\\", '\\"', "\\N\\G\\l", "&#65;", "<b>x</b>", "<f0> x", "数値", "🙂", "+")

PRODUCT_AND_SUM = """\
digraph {
	graph [ordering=in rankdir=LR]
	n0 [label="{ a | data 2.0000 | grad -3.0000 }" shape=record]
	n1 [label="{ b | data -3.0000 | grad 2.0000 }" shape=record]
	n2 [label="{ e | data -6.0000 | grad 1.0000 }" shape=record]
	n2op [label="*"]
	n2op -> n2
	n0 -> n2op
	n1 -> n2op
	n3 [label="{ c | data 10.0000 | grad 1.0000 }" shape=record]
	n4 [label="{ d | data 4.0000 | grad 1.0000 }" shape=record]
	n4op [label="+"]
	n4op -> n4
	n2 -> n4op
	n3 -> n4op
}
"""
SQUARE_LESS_ONE = """\
digraph {
	graph [ordering=in rankdir=LR]
	n0 [label="{ a | data 3.0000 }" shape=record]
	n1 [label="{ data 9.0000 }" shape=record]
	n1op [label="*"]
	n1op -> n1
	n0 -> n1op:nw
	n0 -> n1op:sw
	n2 [label="{ data -8.0000 }" shape=record]
	n2op [label="-"]
	n2op -> n2
	n2c0 [label="{ data 1.0000 }" shape=record]
	n2c0 -> n2op:nw
	n1 -> n2op:sw
}
"""


def test_the_source_is_what_it_should_be() -> None:
    assert digraph(GRAPHS["product_and_sum"]).source == PRODUCT_AND_SUM
    a = Value(3.0, label="a")
    assert draw_dot(1 - a * a).source == SQUARE_LESS_ONE


def run(graph: Graph, form: str) -> str:
    done = subprocess.run(
        ["dot", f"-T{form}"],
        input=digraph(graph).source,
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout


def arrivals(graph: Graph) -> dict[str, list[str]]:
    """For every node that `dot` drew, where its edges come from, from the top down."""
    ends: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for line in run(graph, "plain").splitlines():
        kind, *words = line.split()
        if kind == "node":
            ends[words[0]] += []
        elif kind == "edge":
            points = words[3 : 3 + 2 * int(words[2])]
            ends[words[1]].append((-float(points[-1]), words[0]))
    return {name: [tail for _, tail in sorted(found)] for name, found in ends.items()}


def expected(graph: Graph) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in graph.nodes:
        name = f"n{node.index}"
        found[name] = [f"{name}op"] * bool(node.symbol)
        if node.symbol:
            found[f"{name}op"] = [
                f"{name}c{place}" if edge.source is None else f"n{edge.source}"
                for place, edge in enumerate(node.edges)
            ]
        for place, edge in enumerate(node.edges):
            if edge.source is None:
                found[f"{name}c{place}"] = []
    return found


@needs_dot
@pytest.mark.parametrize("name", GRAPHS)
def test_dot_draws_every_edge_in_the_order_of_operands(name: str) -> None:
    assert arrivals(GRAPHS[name]) == expected(GRAPHS[name])


@needs_dot
@pytest.mark.parametrize("seed", range(40))
def test_dot_keeps_the_order_in_random_graphs(seed: int) -> None:
    chance = random.Random(seed)
    made: list[Made] = [("", []) for _ in range(chance.randint(2, 4))]
    for number in range(len(made), len(made) + chance.randint(2, 9)):
        operands = [chance.choice([None, *range(number)]), number - 1]
        made.append((chance.choice("-/+*"), chance.sample(operands, 2)))
    graph = graph_of(made)
    assert arrivals(graph) == expected(graph)


@needs_dot
@pytest.mark.parametrize("name", NAMES)
def test_dot_shows_a_name_letter_by_letter(name: str) -> None:
    graph = snapshot(-Value(2.0, label=name))
    root = ET.fromstring(run(graph, "svg"))
    shown = ["".join(element.itertext()).replace("\xa0", " ") for element in root.iter(TEXT)]
    assert shown == [clean(name), "data 2.0000", "-", "data -2.0000"]


@needs_dot
@pytest.mark.parametrize("symbol", ["<b>x</b>", "\\N", "{a|b}", "&lt;", '"', "new\nline", "%"])
def test_dot_shows_a_symbol_letter_by_letter(symbol: str) -> None:
    graph = graph_of([("", []), (symbol, [0])])
    root = ET.fromstring(run(graph, "svg"))
    assert clean(symbol) in ["".join(element.itertext()) for element in root.iter(TEXT)]


def test_a_deep_graph_is_written_without_recursion() -> None:
    graph = chain(20_000)
    source = digraph(graph).source
    assert source.count("shape=record") == len(graph.nodes)
    assert source.count(" -> ") == 3 * 20_000


def test_what_a_snapshot_leaves_out_is_shown_as_left_out() -> None:
    source = digraph(GRAPHS["bounded"]).source
    assert source.count('label="…"') == sum(
        e.left_out for n in GRAPHS["bounded"].nodes for e in n.edges
    )


# ---------------------------------------------------------------- the program, and its replacements

PROGRAMS = {
    "hangs": ("sleep 600", "it took longer than"),
    "hangs with children": ("sleep 600 & sleep 600; wait", "it took longer than"),
    "ignores signals": ("trap '' TERM INT HUP; while :; do sleep 1; done", "it took longer than"),
    "fails": ("echo '<svg/>'; exit 3", "it failed with status 3"),
    "prints rubbish": ("echo rubbish", "what it wrote is no SVG"),
    "prints another kind": ("echo '<html/>'", "what it wrote is no SVG"),
    "prints bytes": ("printf '\\377\\376'", "what it wrote is no SVG"),
    "prints nothing": ("exit 0", "what it wrote is no SVG"),
    "prints without end": ("yes", "it wrote too much"),
    "leaves a child behind": ("sleep 9 & echo rubbish", "what it wrote is no SVG"),
}


def replace_dot(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(graphviz_program, "PATIENCE", 1.0)
    monkeypatch.setattr(graphviz_program, "LONGEST", 5_000_000)


def shown_in_a_notebook() -> str:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    bundle = draw_dot(a * b)._repr_mimebundle_()
    assert list(bundle) == ["image/svg+xml"]
    ET.fromstring(bundle["image/svg+xml"].encode())
    return bundle["image/svg+xml"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_notebook_shows_the_drawing_whatever_dot_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, reason = PROGRAMS[name]
    replace_dot(tmp_path, script, monkeypatch)
    shown = shown_in_a_notebook()
    assert f"drawn without dot: {reason}" in shown
    assert ">data 2.0</text>" in shown


def test_a_notebook_shows_the_drawing_without_dot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "drawn without dot: it is not installed" in shown_in_a_notebook()
    (tmp_path / "dot").write_text("no program")
    (tmp_path / "dot").chmod(0o755)
    assert "drawn without dot: it does not start" in shown_in_a_notebook()


def test_a_dot_that_works_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_dot(
        tmp_path, 'cat >"$0.given"; echo \'<svg xmlns="http://www.w3.org/2000/svg"/>\'', monkeypatch
    )
    assert shown_in_a_notebook().strip() == '<svg xmlns="http://www.w3.org/2000/svg"/>'
    assert (tmp_path / "dot.given").read_text().startswith("digraph {")


@needs_dot
def test_the_real_dot_is_used() -> None:
    assert "Generated by graphviz" in shown_in_a_notebook()


def test_nothing_else_of_ours_starts_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    for graph in GRAPHS.values():
        svg.draw(graph)
        page.graph(graph, text.draw(graph))
        assert digraph(graph).source
