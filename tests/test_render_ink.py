"""Colour says nothing that the words do not: drawings are the same text with and without it."""

import random
import re

import pytest

from vrepl import Value, tanh
from vrepl.core.graph import Graph, snapshot
from vrepl.core.nodes import adjoints, order
from vrepl.render import ink, table, text
from vrepl.render.film import film
from vrepl.session.answers import Column

ESCAPE = re.compile(r"\x1b\[\d*m")


def graph_of(seed: int, operations: int = 6) -> Graph:
    chance = random.Random(seed)
    nodes = [Value(chance.uniform(-2, 2), label=name) for name in ("a", "数", "wide_name")]
    for number in range(operations):
        left, right = chance.sample(nodes, 2)
        made = chance.choice([left + right, left * right, tanh(left) - right])
        made.label = f"n{number}" if chance.random() < 0.4 else ""
        nodes.append(made)
    return snapshot(nodes[-1], slopes=adjoints(order(nodes[-1])))


def runs(drawn: str, escape: str) -> list[str]:
    return re.findall(re.escape(escape) + r"(.*?)\x1b\[0m", drawn)


@pytest.mark.parametrize("style", ["tall", "slim", "folded", "tree", "summary"])
@pytest.mark.parametrize("width", [30, 80, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_coloured_drawing_is_the_plain_one(style: str, width: int, ascii_only: bool) -> None:
    for seed in range(8):
        graph = graph_of(seed)
        plain = text.draw(graph, width=width, style=style, ascii_only=ascii_only)
        drawn = text.draw(graph, width=width, style=style, ascii_only=ascii_only, ink=ink.coloured)
        assert ESCAPE.sub("", drawn) == plain
        assert "\x1b" not in plain
        assert not any(part.strip(" ") != part for part in runs(drawn, "\x1b[94m"))


@pytest.mark.parametrize("style", ["tall", "slim", "tree"])
def test_names_are_bold_and_slopes_blue_and_nothing_else(style: str) -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    d = a * b + a
    d.label = "d"
    graph = snapshot(d, slopes=adjoints(order(d)))
    drawn = text.draw(graph, style=style, ink=ink.coloured)
    slopes = [re.split(r" +", words)[-1] for words in runs(drawn, "\x1b[94m")]
    names = runs(drawn, "\x1b[1m")
    assert set(names) == {"a", "b", "d"}
    assert set(slopes) == {f"{node.slope}" for node in graph.nodes}
    assert all("slope" in w or "∇" in w for w in runs(drawn, "\x1b[94m"))


def test_a_film_has_the_same_pictures() -> None:
    graph = graph_of(1)
    plain = list(film(graph, width=120, height=50) or ())
    drawn = list(film(graph, width=120, height=50, ink=ink.coloured) or ())
    assert [[ESCAPE.sub("", line) for line in picture] for picture in drawn] == plain
    assert "\x1b[94m" in "".join(drawn[-1]) and "\x1b[94m" not in "".join(drawn[0])


@pytest.mark.parametrize("width", [12, 20, 40, 80])
def test_a_coloured_table_is_the_plain_one(width: int) -> None:
    columns = (
        Column("wrt", role="name"),
        Column("slope", numeric=True, role="slope"),
        Column("|slope|", bar=True, role="slope"),
    )
    rows = [("数値", "-3.25", "1"), ("model.layers[0].w[1]", "10", "0.5"), ("c", "", "")]
    plain = table.text(columns, rows, width=width)
    drawn = table.text(columns, rows, width=width, ink=ink.coloured)
    assert ESCAPE.sub("", drawn) == plain
    assert "-3.25" in runs(drawn, "\x1b[94m") and "数値" in runs(drawn, "\x1b[1m")
