"""The rows over NumPy arrays: as over single numbers, and through whole graphs."""

from __future__ import annotations

import itertools
import math
import statistics
import warnings

import numpy as np
import pytest
from test_operators_rows import every_row, operands_of

import vrepl
from vrepl import NotConnected, Value, slope
from vrepl.core.arrays import array_partial, array_rule, replay
from vrepl.core.operators import Operator
from vrepl.core.rules import as_float, evaluate, local_derivative


def columns(row: Operator, points: list[tuple]) -> list:
    """The points' operands as one array each; whole operands stay whole numbers."""
    names = row.operand_names(len(points[0]))
    kinds = [int if name == row.whole else float for name in names]
    return [
        np.array(column, kind)
        for column, kind in zip(zip(*points, strict=True), kinds, strict=True)
    ]


def close(found: float, expected: float) -> bool:
    """Within four units of the last place: NumPy's own functions differ from libm's by as much."""
    if math.isnan(expected) or math.isinf(expected):
        return found == expected or (math.isnan(expected) and math.isnan(found))
    return abs(found - expected) <= 4 * math.ulp(expected)


def is_small(x: float) -> bool:
    return type(x) is int and abs(x) < 2**31


@every_row
def test_the_array_rule_is_the_scalar_rule(row: Operator) -> None:
    points, values = [], []
    drawn = operands_of(row)
    count = statistics.mode(map(len, drawn))
    for operands in drawn:
        given = [x if row.whole and i else as_float(x) for i, x in enumerate(operands)]
        if (row.whole and not is_small(given[1])) or len(given) != count:
            continue
        if "radians" in row.summary and abs(given[0]) > 1e22:
            continue  # NumPy may take the remainder by 2 pi less exactly than libm
        try:
            y = evaluate(row)(*given)
        except (ArithmeticError, ValueError):
            continue
        if type(y) is not complex and abs(as_float(y)) < 1e300:
            points.append(tuple(given))
            values.append(y)
    assert len(points) > 5
    arrays = columns(row, points)
    with np.errstate(all="ignore"):
        found = array_rule(row)(*arrays)
        pairs = zip(points, found.tolist(), map(float, values), strict=True)
        assert not [x for x in pairs if not close(x[1], x[2])][:3]
        for i in range(len(arrays)):
            slopes = np.broadcast_to(array_partial(row, i)(*arrays, found), found.shape)
            expected = [local_derivative(row, i, p, y) for p, y in zip(points, values, strict=True)]
            wrong = [
                (p, a, b)
                for p, a, b in zip(points, slopes.tolist(), expected, strict=True)
                if not close(a, b) and abs(b) > 1e-290
            ]
            assert not wrong, wrong[:3]


def test_a_graph_is_replayed_over_many_numbers() -> None:
    a, b = Value(2.0), Value(-3.0)
    hidden = vrepl.tanh(a * b + 10)
    d = vrepl.relu(hidden) * vrepl.hypot(a, b) - a**2 / (b - 1) + vrepl.max(a, 0.5, b)
    at = np.linspace(0.1, 5.0, 20_003).reshape(-1, 1)
    values, slopes = replay(d, wrt=a, at=at)
    assert values.shape == slopes.shape == at.shape
    for i in (0, 77, 8191, 8192, 20_002):
        x = float(at[i, 0])
        x_node = Value(x)
        again = (
            vrepl.relu(vrepl.tanh(x_node * b + 10)) * vrepl.hypot(x_node, b)
            - x_node**2 / (b - 1) + vrepl.max(x_node, 0.5, b)
        )  # fmt: skip
        assert values[i, 0] == pytest.approx(again.data, rel=1e-14)
        assert slopes[i, 0] == pytest.approx(slope(again, x_node), rel=1e-13)
    assert a.data == 2.0 and a.grad == 0.0
    _, by_inner = replay(d, wrt=hidden, at=[0.5, -0.5])
    assert by_inner.tolist() == [math.hypot(2.0, -3.0), 0.0]
    with pytest.raises(NotConnected):
        replay(a * 2, wrt=b, at=[1.0])


def test_outside_a_domain_numpys_inf_and_nan_stand() -> None:
    a = Value(2.0)
    values, slopes = replay(vrepl.sqrt(a) + 1 / a, wrt=a, at=[4.0, -1.0, 0.0])
    assert values.tolist()[0] == 2.25 and slopes.tolist()[0] == 0.25 - 1 / 16
    assert math.isnan(values[1]) and values[2] == math.inf
    flat, by_zero = replay(vrepl.sqrt(a) * 0.0, wrt=a, at=[0.0, 1.0])
    assert flat.tolist() == by_zero.tolist() == [0.0, 0.0]
    whole, _ = replay(vrepl.ldexp(a, 3) + round(a, 1), wrt=a, at=[1.25])
    assert whole.tolist() == [11.2]


EDGES = [0.0, -0.0, 1.5, -3.7, 5e-324, 1e-200, -1e-301, 1e200, -1.7e308, math.inf, -math.inf]


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/"])
@pytest.mark.parametrize("flipped", [False, True])
def test_arithmetic_with_numpys_floats_is_numpys(symbol, flipped):
    """To the last bit, with its warnings in every setting, and as a node of its type."""
    operation = eval(f"lambda a, b: b {symbol} a" if flipped else f"lambda a, b: a {symbol} b")
    for a, b in itertools.product(EDGES, EDGES):
        for under in ("ignore", "warn"):
            told = []
            for left in (np.float64(a), Value(a), Value(1.0) * np.float64(a)):
                with warnings.catch_warnings(record=True) as met, np.errstate(under=under):
                    warnings.simplefilter("always")
                    y = operation(left, np.float64(b))
                number = np.float64(y)
                told.append((number.tobytes(), [str(w.message) for w in met], y.dtype))
            assert told[0] == told[1] == told[2] or math.isnan(number), (a, b, under, told)
            assert told[0][1:] == told[1][1:], (a, b, under, told)
