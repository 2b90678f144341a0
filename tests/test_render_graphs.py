"""The graphs that drawings are tested with: a table of telling ones, and random ones.

What drawings of them must look like is in the tests of each painter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from vrepl import Value, tanh
from vrepl.core.derivatives import gradient
from vrepl.core.graph import Edge, Graph, Node, View, snapshot
from vrepl.core.nodes import adjoints, order
from vrepl.core.outline import outline
from vrepl.core.paths import between
from vrepl.render.bounds import distances, missing, nearest

HOSTILE = (
    "{a|b}<c>",
    "\"q\"&'r'",
    "back\\slash\\N",
    "new\nline",
    "\x1b[31mred",
    "rtl\u202eltr",
    "</svg><script>",
    "&lt;\\",
    " a  b ",
    "]]>\ufffe",
)
# Without the signs of Indic scripts: terminals do not agree on how many cells those take.
LETTERS = st.characters(exclude_categories=["Mc"]).filter(
    lambda letter: unicodedata.combining(letter) != 9 and letter != "\U0001171e"
)
UNARY, BINARY = ("tanh", "abs"), ("+", "-", "*", "/", "**")
NUMBERS = (2.0, -3.0, 0.125, 7, 1e-9, -12345.678, float("nan"), float("-inf"), -0.0, 10**400)


def named(node: Value, name: str) -> Value:
    node.label = name
    return node


def leaf(name: str, number: float) -> Value:
    return Value(number, label=name)


def with_slopes(root: Value, *nodes: Value) -> Graph:
    slopes = dict(zip(map(id, nodes), gradient(root, nodes), strict=True))
    return snapshot(root, slopes={id(root): 1.0, **slopes})


def product_and_sum() -> Graph:
    a, b, c = leaf("a", 2.0), leaf("b", -3.0), leaf("c", 10.0)
    e = named(a * b, "e")
    return with_slopes(named(e + c, "d"), a, b, c, e)


def neuron() -> Graph:
    x1, w1, x2, w2 = leaf("x1", 2.0), leaf("w1", -3.0), leaf("x2", 0.0), leaf("w2", 1.0)
    b = leaf("b", 6.8813735870195432)
    return with_slopes(named(tanh(x1 * w1 + x2 * w2 + b), "o"), x1, w1, x2, w2, b)


def square() -> Graph:
    a = leaf("a", 3.0)
    return snapshot(a * a)


def used_three_times() -> Graph:
    s, k = leaf("s", 1.5), leaf("k", 2.0)
    return snapshot(named((s * s) * k - s, "y"))


def crossing() -> Graph:
    s, k, m = leaf("s", 1.5), leaf("k", 2.0), leaf("m", 3.0)
    t = named(tanh(s), "t")
    return snapshot(named(t * k + (m - t) / t, "y"))


def order_of_operands() -> Graph:
    a, b = leaf("a", 3.0), leaf("b", 4.0)
    return snapshot((a - b) / (b - a))


def literals() -> Graph:
    return snapshot(Value(2.0) * Value(3.0) + Value(4))


def constants() -> Graph:
    a = leaf("a", 4.0)
    return snapshot((2 * a - a**2) / (1 / a + (a - 1)) + 2**a)


def unary() -> Graph:
    return snapshot(abs(-tanh(leaf("a", 0.5))))


def bounded() -> Graph:
    x, total = leaf("x", 2.0), leaf("start", 0.0)
    for step in range(100):
        total = total + x * step
    return snapshot(named(total, "total"), limit=5)


def wide_names() -> Graph:
    rate, mood, accent = leaf("学習率", 0.1), leaf("🙂", -1.0), leaf("e\u0301tat", 2.0)
    return snapshot(named((rate * mood) - accent, "損失 (loss)"))


def hostile_names() -> Graph:
    first, second, third = (leaf(name, 1.0) for name in HOSTILE[:3])
    return snapshot(named(first + second - third, HOSTILE[6]))


def unprintable_names() -> Graph:
    first, second, third = (leaf(name, 1.0) for name in HOSTILE[3:6])
    return snapshot(named(first + second - third, HOSTILE[9]))


def odd_numbers() -> Graph:
    big, tiny, nan = leaf("big", 10**5000), leaf("tiny", 1e-320), leaf("nan", float("nan"))
    return snapshot(tiny * -0.0 - nan * 9.99996 + (big - 10**5000))


def constants_on_either_side() -> Graph:
    a = leaf("a", 4.0)
    return snapshot((1 / a - (a - 1)) ** 2)


def one_leaf() -> Graph:
    return snapshot(leaf("a", 2.0))


Made = tuple[str, Sequence[int | None]]  # a symbol, '' for a leaf, and its operands; None: constant


def graph_of(made: Sequence[Made], names: Sequence[str] = ()) -> Graph:
    """The graph of these nodes, as far as the last one reaches them, named n0, n1, ..."""
    reached = {len(made) - 1}
    for number in reversed(range(len(made))):
        if number in reached:
            reached.update(source for source in made[number][1] if source is not None)
    index = {old: new for new, old in enumerate(sorted(reached))}
    nodes = []
    for old, new in index.items():
        symbol, operands = made[old]
        value, name = NUMBERS[old % len(NUMBERS)], names[new] if names else f"n{old}"
        edges = tuple(_edge(index, source, place) for place, source in enumerate(operands))
        nodes.append(Node(new, name, f"{symbol} of {old}", value, symbol, edges))
    return Graph(tuple(nodes), len(nodes))


def _edge(index: dict[int, int], source: int | None, place: int) -> Edge:
    if source is None:
        return Edge(None, NUMBERS[place], None)
    return Edge(index[source], NUMBERS[source % len(NUMBERS)], source - 100 / 7)


def close_forks() -> Graph:
    """Two rails fork in neighbouring rows; in one column their dots would look joined."""
    leaves: list[Made] = [("", []), ("", [])]
    below: list[Made] = [("abs", [0]), ("-", [0, 1]), ("-", [4, 3])]
    return graph_of([*leaves, ("f", [0, 1, 1]), *below, ("-", [2, 5]), ("-", [0, 6])])


def told(root: Value, **view: object) -> Graph:
    """All that a session tells a drawing of *root*: slopes, an outline, what a command calls it."""
    ordered = order(root)
    slopes = adjoints(ordered)
    known = outline(ordered, lambda node: node.label, slopes)
    drawn = snapshot(root, slopes=slopes)
    return replace(drawn, outline=known, view=View(subject=root.label, **view))


def layered(*sizes: int) -> Value:
    """A perceptron's loss, layers of *sizes*; inputs, parameters and hidden units have names."""
    units = [leaf(f"x{i}", 0.5 + i) for i in range(sizes[0])]
    for layer, size in enumerate(sizes[1:], 1):
        before, units = units, []
        for unit in range(size):
            total = leaf(f"b{layer}{unit}", unit / 4 - 0.5)
            for i, x in enumerate(before):
                total = total + leaf(f"w{layer}{unit}{i}", ((i + 3) * (unit + 2) % 7 - 3) / 4) * x
            units.append(named(tanh(total), f"h{layer}{unit}"))
    return named((units[0] - 1.0) ** 2, "loss")


def perceptron() -> Graph:
    return told(layered(2, 4, 1))


def opened_perceptron() -> Graph:
    return told(layered(2, 4, 1), expand=("h20",))


def network() -> Graph:
    return told(layered(8, 17, 14, 1))


def accumulation() -> Graph:
    x, total = leaf("x", 2.0), leaf("start", 0.0)
    for step in range(1_000):
        total = total + x * step
    return told(named(total, "total"))


def recurrence() -> Graph:
    """Each state of the one before, and of the same two weights: rails along all of it."""
    w, u, h = leaf("w", 0.5), leaf("u", 0.3), leaf("h0", 0.0)
    for step in range(1, 9):
        h = named(tanh(w * h + u * step), f"h{step}")
    return told(h)


def path() -> Graph:
    """The part of y between a and y, with what is beside it called by name."""
    a, b, c = leaf("a", 2.0), leaf("b", -3.0), leaf("c", 0.5)
    y = named(tanh(a * b + c) * a - (b + c), "y")
    ordered = order(y)
    drawn = snapshot(y, slopes=adjoints(ordered), among=between(ordered, [a]))
    return replace(drawn, view=View(edges=True))


GRAPHS: dict[str, Graph] = {
    make.__name__: make()
    for make in (
        product_and_sum,
        neuron,
        square,
        used_three_times,
        crossing,
        order_of_operands,
        literals,
        constants,
        constants_on_either_side,
        unary,
        bounded,
        wide_names,
        hostile_names,
        unprintable_names,
        odd_numbers,
        one_leaf,
        close_forks,
        path,
    )
}


# Those that have too many nodes for a box each.
LARGE: dict[str, Graph] = {
    make.__name__: make()
    for make in (perceptron, opened_perceptron, network, accumulation, recurrence)
}


@st.composite
def graphs(draw: st.DrawFn, most: int = 15) -> Graph:
    """A random graph of up to *most* named nodes; operands and constants in any order."""
    made: list[Made] = [("", [])]
    for number in range(1, draw(st.integers(1, most))):
        symbol = draw(st.sampled_from(("", *UNARY, *BINARY, *BINARY, "-")))
        operand = st.integers(0, number - 1)
        arity = 2 if symbol in BINARY else 1 if symbol else 0
        first = [draw(st.integers(max(0, number - 3), number - 1))] if arity else []
        others = [draw(operand | st.none()) for _ in range(arity - 1)]
        made.append((symbol, draw(st.permutations(first + others))))
    used = {source for _, operands in made for source in operands}
    loose = [number for number in range(len(made)) if number not in used]
    while len(loose) > 1:  # join what is not yet used, so that the last node reaches everything
        made.append((draw(st.sampled_from(BINARY)), [loose.pop(0), loose.pop(0)]))
        loose.append(len(made) - 1)
    return graph_of(made[: loose[0] + 1])


@st.composite
def partly_named(draw: st.DrawFn, most: int = 15) -> Graph:
    """A random graph in which some nodes have no name, so that they can be folded."""
    graph = draw(graphs(most))
    named = draw(st.lists(st.booleans(), min_size=len(graph.nodes), max_size=len(graph.nodes)))
    nodes = (
        node if keeps else replace(node, name="")
        for node, keeps in zip(graph.nodes, named, strict=True)
    )
    return replace(graph, nodes=tuple(nodes))


def joining(count: int) -> Graph:
    """*count* leaves that one operation uses, and then another one in the opposite order."""
    leaves: list[Made] = [("", []) for _ in range(count)]
    return graph_of([*leaves, ("f", range(count)), ("f", [*range(count, -1, -1)])])


def chain(steps: int) -> Graph:
    """total = total + x, *steps* times: deep, and x is far from most of its uses."""
    return graph_of([("", []), ("", []), *(("+", [step + 1, 0]) for step in range(steps))])


def web(operations: int) -> Graph:
    """As many leaves as operations, joined pair by pair: wide rather than deep."""
    leaves: list[Made] = [("", []) for _ in range(operations + 1)]
    return graph_of([*leaves, *(("*", [2 * i, 2 * i + 1]) for i in range(operations))])


@given(graphs())
def test_random_graphs_reach_every_node_from_the_root(graph: Graph) -> None:
    assert sorted(distances(graph)) == list(range(len(graph.nodes)))
    assert all(
        edge.source is None or edge.source < n.index for n in graph.nodes for edge in n.edges
    )


@given(graphs(), st.integers(1, 8))
def test_the_nearest_nodes_are_kept_and_the_others_counted(graph: Graph, count: int) -> None:
    shown = nearest(graph, count)
    assert len(shown.nodes) == min(count, len(graph.nodes))
    assert missing(shown) == len(graph.nodes) - len(shown.nodes)
    assert shown.root.name == graph.root.name
    kept = {node.name: node for node in shown.nodes}
    farthest = max(distances(shown).values())
    for node in graph.nodes:
        assert node.name in kept or distances(graph)[node.index] >= farthest
    for node in kept.values():
        [whole] = [other for other in graph.nodes if other.name == node.name]
        for edge, before in zip(node.edges, whole.edges, strict=True):
            source = None if before.source is None else graph.nodes[before.source].name
            assert edge.left_out == (source is not None and source not in kept)
            assert edge.source is None or shown.nodes[edge.source].name == source
