"""Films of graphs: each step in words and as a picture, until everything is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render_graphs import GRAPHS, LARGE, graphs, partly_named
from wcwidth import wcswidth

from vrepl.core.graph import Graph, View
from vrepl.fronts import playing
from vrepl.render.cells import cell_width, wrapped
from vrepl.render.film import film, steps, told
from vrepl.render.glyphs import UNICODE
from vrepl.render.numbers import short
from vrepl.render.text import draw


def with_slopes(graph: Graph) -> Graph:
    """The graph with slopes by its own local derivatives."""
    slopes = [0.0] * len(graph.nodes)
    slopes[-1] = 1.0
    for node in reversed(graph.nodes):
        for edge in node.edges:
            if edge.source is not None and edge.local_derivative is not None:
                slopes[edge.source] += slopes[node.index] * edge.local_derivative
    nodes = (replace(node, slope=slopes[node.index]) for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))


@given(graphs().map(with_slopes))
def test_every_node_is_evaluated_after_its_operands_and_swept_after_its_users(
    graph: Graph,
) -> None:
    found = steps(graph)
    when = {(step.index, step.is_sweep): i for i, step in enumerate(found)}
    assert len(found) == len(when) == 2 * len(graph.nodes)
    for node in graph.nodes:
        assert found[when[node.index, False]].words.endswith(f"= {short(node.value)}")
        assert found[when[node.index, True]].words.endswith(f"= {short(node.slope)}")
        for edge in node.edges:
            if edge.source is not None:
                assert when[edge.source, False] < when[node.index, False]
                assert when[edge.source, True] > when[node.index, True]


@given(graphs(6).map(with_slopes))
def test_the_terms_of_a_slope_are_one_for_every_use(graph: Graph) -> None:
    uses = [edge.source for node in graph.nodes for edge in node.edges]
    for step in steps(graph):
        if step.is_sweep and step.index != graph.root.index:
            count = uses.count(step.index)
            assert step.words.count("×") == min(count, 3) and ("…" in step.words) == (count > 3)


@given(partly_named(10).map(with_slopes), st.integers(40, 300), st.booleans())
def test_pictures_take_the_same_room_and_fit(graph: Graph, width: int, ascii_only: bool) -> None:
    pictures = list(film(graph, width=width, height=60, ascii_only=ascii_only) or ())
    assert len({len(picture) for picture in pictures}) <= 1
    for picture in pictures:
        assert len(picture) <= 60
        assert all(0 <= wcswidth(line) <= width for line in picture)
        assert not ascii_only or "".join(picture).isascii()


def light(line: str) -> str:
    """A picture's line with the heavy box drawn as others are."""
    return line.translate(str.maketrans(UNICODE.heavy, UNICODE.box))


@pytest.mark.parametrize("name", ["product_and_sum", "neuron", "crossing", "used_three_times"])
def test_the_last_picture_is_the_whole_drawing(name: str) -> None:
    graph = with_slopes(GRAPHS[name])
    *_, last = film(graph, width=200, height=100)
    whole = draw(replace(graph, view=View(edges=True)), width=200)
    assert [light(line) for line in last[1:]] == whole.splitlines()
    first = next(film(graph, width=200, height=100))
    assert sum("data" in line for line in first) == 1 and "slope" not in "".join(first)
    assert "".join(first).count("┏") == 1


def test_a_large_graph_is_folded_first_and_one_without_room_is_told() -> None:
    graph = LARGE["accumulation"]
    assert len(list(film(graph, width=80, height=24))) == 2 * 3
    assert film(graph, width=20, height=24) is None
    assert film(LARGE["network"], width=80, height=24) is None
    lines = told(graph, width=60, ascii_only=False, lines=20).splitlines()
    assert lines[0] == "evaluation:" and "  … 1,992 more steps" in lines
    assert len(lines) == 2 + 2 * 11 and max(map(wcswidth, lines)) <= 60


def test_without_slopes_only_the_evaluation_is_told() -> None:
    lines = told(GRAPHS["square"], width=80, ascii_only=False, lines=20).splitlines()
    assert lines == ["evaluation:", "  a = 3.0", "  a * a = 9.0"]


def test_playing_waits_between_pictures_and_stays_on_the_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waited: list[float] = []
    playing.play([["a", "b"], ["c", "d"], ["e", "f"]], waited.append)
    printed = capsys.readouterr().out
    assert waited == [playing.SLOWEST] * 2
    assert printed.count("\x1b[2A") == 2 and printed.endswith("e\x1b[K\nf\x1b[K\n\x1b[?25h")
    playing.play([["x"]] * 1_000, waited.append)
    assert sum(waited[2:]) <= playing.LONGEST
    playing.play([], waited.append)


def test_ctrl_c_goes_on_to_the_last_picture(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    playing.play([["a"], ["b"], ["c"]], interrupted)
    printed = capsys.readouterr().out
    assert "b" not in printed and printed.endswith("c\x1b[K\n\x1b[?25h")


@given(st.text(st.sampled_from("ab 数 "), max_size=60), st.integers(8, 30))
def test_wrapped_words_fit_and_stay_in_order(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cell_width(line) <= width for line in lines)
    if max([cell_width(word) for word in text.split()], default=0) <= width - 2:
        assert " ".join(lines).split() == text.split()
