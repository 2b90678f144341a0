"""Smaller graphs of a graph: what is folded, flattened or drawn again still says the same."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render_graphs import graph_of, graphs, partly_named

from vrepl import Value, tanh
from vrepl.core.folding import behind, flattened, folded, nearest, repeated
from vrepl.core.graph import OLDER, Graph, snapshot
from vrepl.render.bounds import missing


def adjoints(graph: Graph) -> dict[str, float]:
    """The derivative of the root by every named node, by the local derivatives on the edges."""
    found = [0.0] * len(graph.nodes)
    found[-1] = 1.0
    for node in reversed(graph.nodes):
        for edge in node.edges:
            if edge.source is not None and edge.local_derivative is not None:
                found[edge.source] += found[node.index] * edge.local_derivative
    sums: Counter[str] = Counter()
    for node in graph.nodes:
        if node.name:
            sums[node.name] += found[node.index]
    return dict(sums)


def reaches(graph: Graph) -> dict[str, set[str]]:
    """The names that each named node depends on."""
    below: list[set[str]] = []
    for node in graph.nodes:
        sources = [edge.source for edge in node.edges if edge.source is not None]
        own = {graph.nodes[source].name for source in sources} - {""}
        below.append(own.union(*(below[source] for source in sources)))
    return {node.name: below[node.index] for node in graph.nodes if node.name}


def whole(graph: Graph) -> None:
    """Assert that indices, counts and order of *graph* are as in any snapshot."""
    assert [node.index for node in graph.nodes] == list(range(len(graph.nodes)))
    assert all(e.source is None or e.source < n.index for n in graph.nodes for e in n.edges)
    assert missing(graph) == 0


WAYS = {
    "flattened": flattened,
    "folded": folded,
    "functions stay": lambda graph: folded(flattened(graph), functions=True),
    "leaves fold": lambda graph: folded(flattened(graph), leaves=True),
    "repeated": lambda graph: repeated(graph, 1),
    "all of it": lambda graph: repeated(folded(flattened(graph)), 0),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())


@every_way
@given(graph=partly_named())
def test_what_is_left_depends_on_the_same_and_as_much(way, graph: Graph) -> None:
    smaller = way(graph)
    whole(smaller)
    assert smaller.root.title == graph.root.title and smaller.total == graph.total
    before, after = adjoints(graph), adjoints(smaller)
    assert after.keys() <= before.keys()
    for name, slope in after.items():
        assert math.isclose(slope, before[name], rel_tol=1e-9, abs_tol=1e-6), name
    known = set(after)
    for name, below in reaches(smaller).items():
        assert below == reaches(graph)[name] & known


@given(graph=partly_named())
def test_names_stay_and_what_has_none_goes_where_it_leads_to_one_box(graph: Graph) -> None:
    kept = [node for node in folded(graph).nodes if not node.copy]
    assert {n.name for n in graph.nodes} - {""} == {n.name for n in kept} - {""}
    users: dict[int, set[int]] = {}
    smaller = folded(graph)
    for node in smaller.nodes:
        for edge in node.edges:
            if edge.source is not None:
                users.setdefault(edge.source, set()).add(node.index)
    for node in smaller.nodes[:-1]:
        assert node.name or len(users[node.index]) > 1


@given(graphs(), st.integers(0, 3))
def test_a_leaf_is_drawn_again_only_where_it_is_far(graph: Graph, reach: int) -> None:
    copied = repeated(graph, reach)
    # From Python 3.13 on records with the same nan are not equal.
    assert repr(repeated(copied, 100)) == repr(copied)
    for node in copied.nodes:
        assert not (node.copy and node.symbol)
    assert [n.name for n in copied.nodes if not n.copy] == [n.name for n in graph.nodes]


def of_names(graph: Graph) -> list[str]:
    return [node.title for node in graph.nodes]


def leaf(name: str, number: float) -> Value:
    return Value(number, label=name)


def named(node: Value, name: str) -> Value:
    node.label = name
    return node


def test_a_long_sum_is_one_sum() -> None:
    terms = [leaf(f"x{i}", float(i)) for i in range(6)]
    total = terms[0] * 2.0
    for term in terms[1:]:
        total = total + term * Value(2.0)
    graph = flattened(snapshot(total))
    assert len(graph.root.edges) == 6 and not graph.root.folded
    assert [edge.local_derivative for edge in graph.root.edges] == [1.0] * 6
    # the 2.0 of every product stands beside its operator
    assert [len(node.edges) for node in graph.nodes if node.symbol == "*"] == [2] * 6
    whole(graph)


def test_a_sum_with_a_name_or_two_uses_stays() -> None:
    a, b, c = leaf("a", 1.0), leaf("b", 2.0), leaf("c", 3.0)
    assert len(flattened(snapshot(named(a + b, "s") + c)).nodes) == 5
    shared = a + b
    assert len(flattened(snapshot(shared + c + shared)).nodes) == 5  # a, b, a + b, c, all


def test_local_derivatives_of_a_box_are_by_the_chain_rule() -> None:
    x, w, b = leaf("x", 2.0), leaf("w", -3.0), leaf("b", 6.5)
    o = named(tanh(x * w + x * x + b), "o")
    [*_, box] = folded(snapshot(o)).nodes
    slope = 1 - o.data**2
    by_name = {"x": (-3.0 + 4.0) * slope, "w": 2.0 * slope, "b": slope}
    assert [(e.source, e.local_derivative) for e in box.edges] == [
        (i, pytest.approx(by_name[name])) for i, name in enumerate(["x", "w", "b"])
    ]
    assert box.inside == 4 and box.folded and box.symbol == "tanh"


def test_an_operation_without_a_rule_makes_no_number_up() -> None:
    a = leaf("a", 2.0)
    odd = Value(3.0, (a,), "frobnicate")
    box = folded(snapshot(named(odd * 2, "y"))).root
    assert [edge.local_derivative for edge in box.edges] == [None]


def test_a_name_that_means_another_node_now_counts_as_none() -> None:
    x, s = leaf("x", 2.0), leaf("start", 0.0)
    for _ in range(5):
        s = named(s + x * x, f"s{OLDER}")
    assert of_names(folded(snapshot(named(s + x, "s")))) == ["start", "x", "s"]


def test_expanding_a_name_keeps_its_formula() -> None:
    a, b = leaf("a", 2.0), leaf("b", 3.0)
    h = named(tanh(a * b), "h")
    graph = snapshot(named(abs(h * a), "y"))
    assert of_names(folded(graph)) == ["a", "b", "h", "y"]
    assert of_names(folded(graph, keep=behind(graph, "h"))) == ["a", "b", "a * b", "h", "y"]
    assert of_names(folded(graph, keep=behind(graph, "y"))) == ["a", "b", "h", "h * a", "y"]


def test_depth_counts_operations_from_the_root() -> None:
    a = leaf("a", 2.0)
    graph = snapshot(named(-abs(-a), "y"))
    assert of_names(nearest(graph, 100, 1)) == ["abs(-a)", "y"]
    assert missing(nearest(graph, 100, 1)) == 2


def test_a_deep_graph_is_folded_without_recursion() -> None:
    steps = 20_000
    made = [("", []), ("", []), *(("+", [step + 1, 0]) for step in range(steps))]
    deep = graph_of(made, ["x", "start", *[""] * (steps - 1), "total"])
    assert of_names(flattened(deep)) == ["x", "start", "total"]
    box = folded(deep).root
    assert box.inside == steps - 1 and not missing(folded(deep))


def test_results_of_functions_may_stay() -> None:
    a, b = leaf("a", 2.0), leaf("b", 3.0)
    graph = snapshot(named(tanh(a * b) * 2 + tanh(a + b), "y"))
    assert of_names(folded(graph)) == ["a", "b", "y"]
    assert of_names(folded(graph, functions=True)) == ["a", "b", "tanh(a * b)", "tanh(a + b)", "y"]


@pytest.mark.parametrize(("reach", "copies"), [(0, 3), (1, 2), (2, 1), (3, 0)])
def test_a_copy_stands_by_every_use_beyond_reach(reach: int, copies: int) -> None:
    a = leaf("a", 2.0)
    graph = repeated(snapshot(((-a * a) + a) - a), reach)
    assert sum(node.copy for node in graph.nodes) == copies
    assert missing(graph) == 0 and {n.title for n in graph.nodes if n.copy} <= {"a"}
