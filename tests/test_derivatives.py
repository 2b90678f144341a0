"""Slopes of slopes, gradients, Jacobians, Hessians and forward sweeps; and graphs kept as text."""

import json
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vrepl
from vrepl import NotConnected, StorageError, Value, derivative, dumps, loads
from vrepl.core.derivatives import gradient, hessian, jacobian, tangent
from vrepl.core.operators import OPERATORS

X, Y = 0.7, 1.3
SECOND = [
    ("x*x*y", lambda x, y: x * x * y, ((2 * Y, 2 * X), (2 * X, 0.0))),
    ("x/y", lambda x, y: x / y, ((0.0, -1 / Y**2), (-1 / Y**2, 2 * X / Y**3))),
    ("exp(x*y)", lambda x, y: vrepl.exp(x * y),
     ((Y * Y * math.exp(X * Y), (1 + X * Y) * math.exp(X * Y)),
      ((1 + X * Y) * math.exp(X * Y), X * X * math.exp(X * Y)))),
    ("sin(x)+log(y)", lambda x, y: vrepl.sin(x) + vrepl.log(y),
     ((-math.sin(X), 0.0), (0.0, -1 / Y**2))),
    ("sqrt(x*y)", lambda x, y: vrepl.sqrt(x * y),
     ((-math.sqrt(Y) / 4 / X**1.5, 1 / 4 / math.sqrt(X * Y)),
      (1 / 4 / math.sqrt(X * Y), -math.sqrt(X) / 4 / Y**1.5))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "expected"), SECOND, ids=[row[0] for row in SECOND])
def test_hessians(name, function, expected):
    x, y = Value(X), Value(Y)
    found = hessian(function(x, y), wrt=[x, y])
    for row, wanted in zip(found, expected, strict=True):
        assert row == pytest.approx(wanted, rel=1e-13, abs=1e-15)


SMOOTH = [
    (row, sample)
    for row in OPERATORS
    for sample in row.samples
    if row.partials[0] and row.arity <= 2 and not set(sample) & set(row.kinks)
]


@pytest.mark.parametrize(("row", "sample"), SMOOTH, ids=[f"{r.name}{s}" for r, s in SMOOTH])
def test_every_rule_can_be_differentiated_again(row, sample):
    from vrepl.core.value import apply

    step = 1e-6

    def first_at(at):
        operands = [Value(x) for x in at]
        return gradient(apply(row, *operands), operands)[0]

    operands = [Value(x) for x in sample]
    [first] = derivative(apply(row, *operands), operands[:1])
    assert first.data == first_at(sample)
    second = jacobian([first], operands)[0][0]
    above, below = (first_at((sample[0] + s, *sample[1:])) for s in (step, -step))
    assert second == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-6)


def test_any_order_and_whole_numbers():
    n = Value(3)
    slopes = [n**4 * 0.5]
    for _ in range(5):
        slopes.append(derivative(slopes[-1], [n])[0])
        if not gradient_or_none(slopes[-1], n):
            break
    assert [s.data for s in slopes] == [40.5, 54.0, 54.0, 36.0, 12.0]
    z = Value(0.0)
    cube = z**3
    for expected in (0.0, 0.0, 6.0):
        [cube] = derivative(cube, [z])
        assert cube.data == expected


def gradient_or_none(output, wrt):
    try:
        return gradient(output, [wrt])[0]
    except NotConnected:
        return None


def test_slopes_by_inner_nodes_and_of_constants():
    a, b = Value(2.0), Value(5.0)
    inner = a * b
    assert gradient(inner * inner, [inner, a]) == (20.0, 100.0)
    assert derivative(a + b, [a])[0].data == 1.0 and hessian(a + b, [a, b]) == ((0, 0), (0, 0))
    with pytest.raises(NotConnected):
        gradient(a * 2, [b])
    assert jacobian([a * b, b], wrt=[a, b]) == ((5.0, 2.0), (0.0, 1.0))


@given(st.lists(st.sampled_from("+-*/t"), min_size=1, max_size=12), st.randoms())
def test_forward_and_reverse_agree(operations, random):
    leaves = [Value(random.uniform(0.5, 2)) for _ in range(3)]
    nodes = list(leaves)
    for operation in operations:
        a, b = random.choice(nodes), random.choice(nodes)
        made = {"+": a + b, "-": a - b, "*": a * b, "/": a / (abs(b) + 1), "t": vrepl.tanh(a)}
        nodes.append(made[operation])
    reverse = jacobian([nodes[-1]], leaves)[0]
    forward = [tangent(nodes[-1], [leaf], [1.0]) for leaf in leaves]
    assert forward == pytest.approx(reverse, rel=1e-12, abs=1e-12)
    together = tangent(nodes[-1], leaves, [1.0, 2.0, -1.0])
    assert together == pytest.approx(reverse[0] + 2 * reverse[1] - reverse[2], rel=1e-9, abs=1e-9)


def test_forward_meets_zero_and_infinity_as_reverse_does():
    a = Value(0.0)
    root = vrepl.sqrt(a)
    for output in (root * 0.0, 0.0 * (root * 2.0), vrepl.sqrt(a * a), root + a, root * a):
        forward, reverse = tangent(output, [a], [1.0]), gradient(output, [a])[0]
        assert forward == reverse or (forward != forward and reverse != reverse)
    assert tangent(root * a, [a], [0.0]) == 0.0  # what does not move makes no nan


def test_nothing_is_stored_on_nodes():
    a = Value(2.0)
    y = a**3
    before = pickle.dumps(a), a.grad, y.grad
    gradient(y, [a]), hessian(y, [a]), tangent(y, [a], [1.0])
    assert (pickle.dumps(a), a.grad, y.grad) == before


def test_a_graph_is_kept_whole():
    a, n = Value(0.1, label="a"), Value(3)
    y = vrepl.tanh(a * n) / 7 - 2**53 * n + a
    y.label = "y"
    y.backward()
    twin = loads(dumps(y))
    originals, copies = vrepl.trace(y)[0], vrepl.trace(twin)[0]
    assert [(v.data, type(v.data), v.label, v._op, v.grad) for v in originals] == [
        (v.data, type(v.data), v.label, v._op, v.grad) for v in copies
    ]
    assert not {id(v) for v in originals} & {id(v) for v in copies}
    leaf = next(v for v in copies if v.label == "a")
    assert vrepl.slope(twin, leaf) == vrepl.slope(y, a)
    assert json.loads(dumps(y))["format"] == "vrepl graph"


NUMBERS = [math.inf, -math.inf, -0.0, 5e-324, 10**5000, -(2**70), 0.1, 0]


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
def test_every_number_is_kept(number):
    kept = loads(dumps(Value(number))).data
    assert type(kept) is type(number) and kept == number
    assert math.copysign(1, kept) == math.copysign(1, number) if abs(kept) < 1e300 else True
    assert math.isnan(loads(dumps(Value(math.nan))).data)


def test_a_deep_graph_is_kept():
    y = a = Value(1.0)
    for _ in range(50_000):
        y = y * 1.00001 + a
    assert loads(dumps(y)).data == y.data


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"format": "vrepl graph"}', b"\x80\x04K\x00.", "[" * 100_000,
     '{"format": "vrepl graph", "version": 2}',
     '{"format": "vrepl graph", "version": 1, "root": 0, "nodes": []}',
     '{"format": "vrepl graph", "version": 1, "root": 0, "nodes": [{"value": "__import__(1)"}]}',
     '{"format": "vrepl graph", "version": 1, "root": 0, "nodes": [{"value": 1, "source": "x"}]}',
     '{"format":"vrepl graph","version":1,"root":0,'
     '"nodes":[{"value":1,"op":"+","operands":[0,-1]}]}'],
)  # fmt: skip
def test_a_damaged_text_is_refused_in_one_line(text):
    with pytest.raises(StorageError) as caught:
        loads(text)
    assert "\n" not in str(caught.value)
