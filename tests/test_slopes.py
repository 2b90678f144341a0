"""Slopes: exact, measured, edges, gradients over calls, and the walk beneath them."""

import math
import threading

import pytest

import vrepl
from vrepl import NotConnected, Value, slope
from vrepl.core.derivatives import default_step, leaves, measure
from vrepl.core.graph import snapshot
from vrepl.core.nodes import adjoints, order


def test_the_first_expression():
    a, b, c = Value(2.0), Value(-3.0), Value(10)
    d = a * b + c
    assert [slope(d, x) for x in (a, b, c, d)] == [-3.0, 2.0, 1.0, 1.0]
    assert all(x.grad == 0.0 for x in (a, b, c, d)), "slope must not touch grad"


def test_shared_nodes_and_paths_beyond_counting():
    a = Value(3.0)
    b = a + a
    c = b + b
    assert slope(c, a) == 4.0 and slope(a / a, a) == 0.0 and slope(a - a, a) == 0.0
    x = a
    for _ in range(60):
        x = x + x
    assert slope(x, a) == 2.0**60


def test_backward_as_in_pytorch():
    a = Value(3.0)
    inner = a * 2
    y = inner * a
    y.backward()
    assert (a.grad, inner.grad, y.grad) == (12.0, 3.0, 1.0)
    y.backward()
    assert (a.grad, inner.grad, y.grad) == (24.0, 3.0, 1.0), "leaves add up, inner nodes do not"
    a.grad = 0
    y.backward()
    assert a.grad == 12.0
    leaf = Value(1.0)
    leaf.backward()
    leaf.backward()
    assert leaf.grad == 2.0


EDGES = [
    ("abs at 0", abs, 0.0, 0.0),
    ("relu at 0", vrepl.relu, 0.0, 0.0),
    ("relu below", vrepl.relu, -1.0, 0.0),
    ("sqrt at 0", vrepl.sqrt, 0.0, math.inf),
    ("zero times sqrt at 0", lambda a: vrepl.sqrt(a) * 0.0, 0.0, 0.0),
    ("x**0 at 0", lambda a: a**0, 0.0, 0.0),
    ("x**0.5 at 0", lambda a: a**0.5, 0.0, math.inf),
    ("0**y", lambda a: 0.0**a, 2.0, 0.0),
    ("negative base", lambda a: a**3.0, -2.0, 12.0),
    ("exponent of a negative base", lambda a: (-2.0) ** a, 3.0, math.nan),
    ("1e308 * 10", lambda a: a * 10, 1e308, 10.0),
    ("tanh far out", vrepl.tanh, 800.0, 0.0),
    ("sigmoid far out", vrepl.sigmoid, -800.0, 0.0),
    ("power of a tiny base", lambda a: a**2.0, 1e-200, 2e-200),
    ("huge int", lambda a: a * 10**400, 1, math.inf),
]


@pytest.mark.parametrize(("name", "function", "at", "expected"), EDGES, ids=[e[0] for e in EDGES])
def test_edges(name, function, at, expected):
    a = Value(at)
    found = slope(function(a), a)
    assert found == expected or (math.isnan(found) and math.isnan(expected))


def test_an_undefined_slope_never_spoils_another():
    base, exponent = Value(-2.0), Value(3.0)
    y = base**exponent
    assert y.data == -8.0 and slope(y, base) == 12.0 and math.isnan(slope(y, exponent))


def test_not_connected_is_an_error_and_not_zero():
    a, b = Value(2.0, label="a"), Value(2.0, label="b")
    with pytest.raises(NotConnected, match="is not connected to b"):
        slope(a * 3, b)
    assert slope(a * 0 + b, a) == 0.0


def test_measured_slopes_and_their_steps():
    a, b = Value(2.0), Value(-3.0)
    d = a * b + 10
    by_hand = ((2.0 + 0.001) * -3.0 + 10 - (2.0 * -3.0 + 10)) / 0.001
    assert measure(d, a, 0.001).slope == by_hand and measure(d, a, 0.001).h == 0.001
    assert measure(d, a).slope == -3.0
    assert measure(d, d).slope == 1.0 and measure(d, Value(1.0)).slope == 0.0
    far = Value(1e17)
    stuck = measure(far * 2, far, 1e-6)
    assert stuck.slope is None and "is 1e+17 itself" in stuck.reason
    assert measure(far * 2, far).slope == 2.0
    edge = measure(vrepl.log(Value(1e-300, label="x") * 1.0), leaves(d)[0])
    assert edge.slope == 0.0
    x = Value(1.0)
    assert "no value one step away" in measure(vrepl.log(x), x, -2.0).reason
    huge = Value(10**400)
    assert "too large" in measure(huge * 2, huge).reason


@pytest.mark.parametrize("x", [2.0, -3.0, 1e17, 1e-300, 5e-324, 0.0, 0.001])
def test_the_default_step_changes_the_number_exactly(x):
    h = default_step(x)
    assert h > 0 and x + h != x and (x + h) - x == h


def test_order_is_evaluation_order_without_constants():
    a, b = Value(2.0), Value(3.0)
    d = (a - b) * (b + 1) * 2
    assert [node._op for node in order(d)] == ["", "", "-", "+", "*", "*"]
    assert order(d)[0] is a and order(d)[1] is b
    assert set(adjoints(order(d))) == {id(node) for node in order(d)}


def test_slopes_of_a_shared_graph_in_threads():
    x = Value(1.0)
    ys = []
    for k in range(8):
        y = x
        for _ in range(2000):
            y = y + x * k
        ys.append(y)
    found = [0.0] * 8

    def work(k):
        for _ in range(5):
            found[k] = slope(ys[k], x)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1.0 + 2000.0 * k for k in range(8)]


EXPRESSIONS = [
    "a * b + c", "(a + b) * c", "a - (b - c)", "a / (b / c)", "a / b / c", "(a**b)**c", "a**b**c",
    "-a**b", "(-a)**b", "-(a + b)", "tanh(a * b + c)", "a * -3.0", "2 * a", "a**-1.5", "(-2.0)**b",
    "abs(a - b) / 2", "a + b + c - (a + b)", "--a", "+a * b",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_reads_as_it_was_typed(text):
    names = {x: Value(v, label=x) for x, v in (("a", 0.5), ("b", 2.0), ("c", 3.0))}
    names["tanh"] = vrepl.tanh
    graph = snapshot(eval(text, names))
    assert graph.root.expression == text


def test_a_long_expression_is_shortened_and_bounded():
    x = Value(1.0, label="x")
    y = x
    for _ in range(10_000):
        y = y * 2 + x
    expression = snapshot(y, limit=3).root.expression
    assert len(expression) <= 60 and expression.endswith("+ x") and "…" in expression


def test_a_bounded_snapshot_keeps_the_nearest_and_counts_the_rest():
    x = Value(1.0, label="x")
    y = x
    for _ in range(100):
        y = y * 2
    graph = snapshot(y, limit=10)
    assert len(graph.nodes) == 10 and graph.total == 101 and graph.root.value == y.data
    assert [edge.left_out for edge in graph.nodes[0].edges] == [True, False]
