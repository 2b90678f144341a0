"""Every operator's values, edges and records: as Python computes, and as the row says."""

from __future__ import annotations

import builtins
import itertools
import math
import operator
import random

import mpmath
import numpy as np
import pytest
from test_operators_slopes import EXACT, either, errors, sizes, uniform

import vrepl
from vrepl import DomainError, Value, slope
from vrepl.core.derivatives import measure
from vrepl.core.functions import FUNCTIONS, differentiable_partial, recording_vocabulary
from vrepl.core.helpers import HELPERS
from vrepl.core.operators import BY_NAME, OPERATORS, Operator
from vrepl.core.pullbacks import pass_on, pullback
from vrepl.core.rows import ONE_LIST, TWO_LISTS
from vrepl.core.rules import evaluate, local_derivative
from vrepl.core.tape import Tape
from vrepl.core.twins import math as mathematics
from vrepl.core.value import apply, plain
from vrepl.session.support import total

every_row = pytest.mark.parametrize("row", OPERATORS, ids=lambda row: row.name)

EDGES = (
    0.0, -0.0, 1.0, -1.0, 0, 1, True, -3, 0.5, -0.5, 2.5, 5e-324, 1e308, -1e308, math.inf,
    -math.inf, math.nan, 2**53 + 1, 10**400,
)  # fmt: skip


def call(row: Operator, *operands):
    """The row as Python's own function or operator, or vrepl's where Python has none."""
    if row.takes == TWO_LISTS:
        half = len(operands) // 2
        operands = (operands[:half], operands[half:])
    if row.takes == ONE_LIST or (row.symbol in ("min", "max") and len(operands) == 1):
        operands = (operands,)
    return original(row)(*operands)


def original(row: Operator):
    if not row.is_function:
        return getattr(operator, row.name)
    found = (getattr(host, row.symbol, None) for host in (math, builtins))
    return next(filter(None, found), None) or evaluate(row)


def outcome(function, *operands):
    try:
        return function(*operands)
    except (ArithmeticError, ValueError, TypeError) as error:
        kind = type(error)
        return (ValueError if issubclass(kind, ValueError) else kind), str(error)[:30]


def same(found, expected) -> bool:
    """Bit for bit, sign of zero and type included."""
    if isinstance(expected, complex):
        return found[0] is ValueError
    if isinstance(expected, tuple):
        return found[0] is expected[0]
    number = found.data if isinstance(found, Value) else found
    kind = int if type(expected) is bool else type(expected)  # nodes of True count as 1
    if type(number) is int and type(expected) is not float:
        return number == expected  # repr refuses 4,300 digits
    return type(number) is kind and repr(number) == repr(expected)


def operands_of(row: Operator) -> list[tuple]:
    count = row.arity or 3
    r = random.Random(row.name)
    grid = [tuple(r.choice(EDGES) for _ in range(count)) for _ in range(300)]
    edges = [(x,) for x in EDGES] if count == 1 else grid
    drawn = [tuple(draw(r) for draw in EXACT[row.name].draws) for _ in range(200)]
    if row.takes == TWO_LISTS:
        edges = [(*x, x[0]) for x in edges]
    if row.name in ("pow", "round_to"):  # 10**400 to the power 10**400 never ends
        edges = [(a, b) for a, b in edges if type(b) is float or abs(b) < 1000]
    return [*row.samples, *EXACT[row.name].hard, *edges, *drawn]


@every_row
def test_values_and_exceptions_are_pythons(row: Operator) -> None:
    function = FUNCTIONS.get(row.symbol)
    for operands in operands_of(row):
        expected = outcome(call, row, *operands)
        nodes = tuple(map(Value, operands))
        assert same(outcome(apply, row, *nodes), expected), operands
        if function is None:
            assert same(outcome(call, row, *nodes), expected), operands
        elif not row.takes:
            assert same(outcome(function, *nodes), expected), operands
            assert same(outcome(function, *operands), expected) or bool in map(type, operands)
        if row.method and not row.is_function:
            assert same(outcome(call, row, nodes[0], *operands[1:]), expected), operands
        if row.reflected:
            assert same(outcome(call, row, operands[0], nodes[1]), expected), operands


@every_row
def test_no_slope_spoils_a_value_and_every_slope_is_a_float(row: Operator) -> None:
    for operands in operands_of(row):
        y = outcome(evaluate(row), *operands)
        if not isinstance(y, (tuple, complex)):
            for position in range(len(operands)):
                assert type(local_derivative(row, position, operands, y)) is float
            made = apply(row, *map(Value, operands))
            made.backward()
            assert all(type(x.grad) is float for x in made._prev)


@every_row
def test_the_sweep_takes_the_rows_local_derivatives(row: Operator) -> None:
    for operands in operands_of(row):
        try:
            node = apply(row, *map(Value, operands))
        except (ArithmeticError, ValueError, TypeError):
            continue
        if not isinstance(node, Value):
            continue
        for adjoint in (1.0, -2.5, 0.0):
            found: dict[int, float] = {}
            expected: dict[int, float] = {}
            pullback(row)(node, node._made, adjoint, found)
            pass_on(node, node._made, adjoint, expected)
            assert repr(found) == repr(expected), operands
        rest = (plain(x) for x in node._made[2:])  # constants beside a node
        mixed = (row, node._made[1], *rest)
        found, expected = {}, {}
        pullback(row)(node, mixed, 1.0, found)
        pass_on(node, mixed, 1.0, expected)
        assert repr(found) == repr(expected), operands


@every_row
def test_a_node_of_the_row_replays_to_its_value(row: Operator) -> None:
    for sample in row.samples:
        nodes = tuple(map(Value, sample))
        y = apply(row, *nodes)
        assert (y._op, y._prev) == (row.symbol, nodes)
        assert Tape(y, nodes[0]).replay(sample[0]) == y.data
        text = row.written(*map(repr, sample))
        assert eval(text, {**vars(math), **FUNCTIONS}) == y.data, "the text does not mean the value"


@every_row
def test_outside_its_domain_an_operator_says_so(row: Operator) -> None:
    told = row.domain if set("<>=!") & set(row.domain) and ";" not in row.domain else "True"
    for operands in itertools.product(EDGES[:-2], repeat=row.arity or 2):
        names = dict(zip(row.parameters, operands, strict=False)) | {"inf": math.inf}
        inside, found = eval(told, names), outcome(apply, row, *map(Value, operands))
        if any(x != x for x in operands):
            continue  # Python may look at the other operand or not
        if inside:
            assert told == "True" or not isinstance(found, tuple) or found[0] is not ValueError
        else:
            assert found[0] is ValueError or abs(operands[0]) == math.inf, operands


@every_row
def test_kinks_are_where_the_row_says(row: Operator) -> None:
    for kink in row.kinks:
        left, right = (
            local_derivative(row, 0, (x, 1.0)[: row.arity], evaluate(row)(*(x, 1.0)[: row.arity]))
            for x in (math.nextafter(kink, -1), math.nextafter(kink, 1))
        )
        at = (kink, 1.0)[: row.arity]
        assert left != right
        assert local_derivative(row, 0, at, evaluate(row)(*at)) == 0.0


@every_row
def test_numpys_function_has_the_rows_slope(row: Operator) -> None:
    for sample in row.samples:
        if row.ufunc and len(sample) == getattr(np, row.ufunc).nin:
            ours, theirs = tuple(map(Value, sample)), tuple(map(Value, sample))
            apply(row, *ours).backward()
            getattr(np, row.ufunc)(*theirs).backward()
            pairs = zip(ours, theirs, strict=True)
            assert all(math.isclose(a.grad, b.grad, rel_tol=1e-15) for a, b in pairs)


@every_row
def test_slopes_can_be_differentiated_again(row: Operator) -> None:
    """The partial's text run on nodes gives the partial, and its slope is the second derivative."""
    for sample in row.samples:
        for position in range(len(sample)):
            nodes = tuple(map(Value, sample))
            first = differentiable_partial(row, position)(*nodes, apply(row, *nodes))
            y = evaluate(row)(*sample)
            assert float(first) == local_derivative(row, position, sample, y)
            for other, node in enumerate(nodes):
                if row.parameters[other:][:1] != (row.whole,):
                    assert second_slope(first, node) == pytest.approx(
                        measured(row, sample, position, other), rel=1e-6, abs=1e-6
                    )


def second_slope(first, node: Value) -> float:
    if not isinstance(first, Value):
        return 0.0
    node.grad = 0.0
    first.backward()
    return node.grad


def measured(row: Operator, sample: tuple, position: int, other: int) -> float:
    """Central differences of the partial."""
    h = 1e-5 * max(1.0, abs(sample[other]))
    ends = []
    for sign in (1, -1):
        at = [x + sign * h if i == other else x for i, x in enumerate(sample)]
        ends.append(local_derivative(row, position, at, evaluate(row)(*at)))
    return (ends[0] - ends[1]) / (2 * h)


POLYGAMMA = next(row for row in HELPERS if row.name == "polygamma")


def test_a_third_derivative_from_text() -> None:
    a = Value(0.7)
    names = recording_vocabulary()
    second = names["polygamma"](1, a)
    assert slope(second, a) == local_derivative(POLYGAMMA, 1, (1, 0.7), second.data)


# ---------------------------------------------------------------- edges of the notes' table

EDGE_SLOPES = [
    ("pow", (0.0, 0.0), (0.0, 0.0)), ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 0.5), (math.inf, 0.0)), ("pow", (-2.0, 3.0), (12.0, math.nan)),
    ("pow", (10, 400), (math.inf, math.inf)),
    ("pow", (2, 1024), (9.2044473e310, 1.2460659279417838e308)),
    ("sqrt", (0.0,), (math.inf,)), ("cbrt", (0.0,), (math.inf,)), ("asin", (1.0,), (math.inf,)),
    ("acos", (1.0,), (-math.inf,)), ("acosh", (1.0,), (math.inf,)),
    ("abs", (0.0,), (0.0,)), ("abs", (math.nan,), (math.nan,)), ("relu", (0.0,), (0.0,)),
    ("min", (1.0, 1.0), (0.5, 0.5)), ("max", (2, 2.0, 1), (0.5, 0.5, 0.0)),
    ("max", (2**53 + 1, 2**53), (1.0, 0.0)), ("max", (1.0, math.nan), (1.0, 0.0)),
    ("atan2", (0.0, 0.0), (math.nan, math.nan)), ("hypot", (0.0, 0.0), (math.nan, math.nan)),
    ("atan2", (1e-200, 1e-200), (5e199, -5e199)), ("mul", (1e308, 10.0), (10.0, 1e308)),
    ("lgamma", (math.inf,), (math.inf,)),
    ("tanh", (1000.0,), (0.0,)), ("sigmoid", (-1000.0,), (0.0,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "operands", "slopes"), EDGE_SLOPES, ids=str)
def test_edges_follow_the_conventions(name: str, operands: tuple, slopes: tuple) -> None:
    row = BY_NAME[name]
    y = evaluate(row)(*operands)
    found = [local_derivative(row, i, operands, y) for i in range(len(operands))]
    assert found == pytest.approx(list(slopes), rel=1e-15, nan_ok=True, abs=0)


# ---------------------------------------------------------------- values without a Python original


@pytest.mark.parametrize("name", ["relu", "sigmoid", "softplus"])
def test_values_python_lacks_are_near_exact(name: str) -> None:
    exact = {
        "relu": lambda a: max(a, 0),
        "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
        "softplus": lambda a: mpmath.log1p(mpmath.exp(a)),
    }[name]
    r = random.Random(name)
    draw = either(uniform(-40, 40), uniform(-4, 4), sizes(1e-9, 1), uniform(-700, 700))
    with mpmath.workdps(50):
        for a in (-1.2808574644989141, *(draw(r) for _ in range(3000))):
            wanted = exact(mpmath.mpf(a))
            gap = abs(mpmath.mpf(evaluate(BY_NAME[name])(a)) - wanted)
            assert gap <= 1.5 * math.ulp(float(wanted)), a


# ---------------------------------------------------------------- ordinary Python stays ordinary


def test_steps_record_and_stay_whole_numbers() -> None:
    n, a = Value(7), Value(2.5)
    for node in (
        n // 2, n % 4, math.floor(a), math.ceil(a), math.trunc(a), round(a), round(n, -1),
        vrepl.floor(a), vrepl.ceil(a), vrepl.trunc(a), a.floor(), 7 // n,
    ):  # fmt: skip
        assert isinstance(node, Value) and isinstance(node, int) and len(node._prev) > 0
    assert divmod(n, 2) == (3, 1) == divmod(7, Value(2)) and divmod(7.5, a) == (3.0, 0.0)
    assert [y._op for y in (*divmod(n, 2), *divmod(7.5, a))] == ["//", "%"] * 2
    assert type(int(a)) is int and type((n & 3, n << 1)[0]) is int
    assert list(range(math.floor(a))) == [0, 1] and f"{round(a, 1):.2f}" == "2.50"
    with pytest.raises(TypeError, match="unsupported operand"):
        divmod(n, "x")
    with pytest.raises(ZeroDivisionError):
        divmod(n, 0)
    with pytest.raises(OverflowError, match="cannot convert float infinity to integer"):
        vrepl.floor(Value(math.inf))
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        round(Value(math.nan))
    assert "%d and %s" % (n, "x") == "7 and x" and pow(n, 2, 5) == 4


def test_functions_of_many_are_called_as_pythons() -> None:
    a, b, c = Value(3.0), Value(4), Value(1.0)
    assert vrepl.max([a, b]).data == 4 and vrepl.max(a, b, c)._prev == (a, b, c)
    assert vrepl.max(x for x in (a, b))._op == "max" and vrepl.min("bca") == "a"
    assert vrepl.max([a, b], key=lambda x: -x) is a and vrepl.min([], default=a) is a
    assert vrepl.fsum(x for x in (a, b, 0.1)).data == math.fsum([3.0, 4, 0.1])
    assert vrepl.prod([a, b], start=2).data == 24.0 and vrepl.prod([]) == 1
    assert vrepl.hypot(a, b).data == 5.0 and vrepl.hypot() == 0.0
    assert vrepl.dist([a, b], (0.0, c)).data == math.dist([3.0, 4], (0.0, 1.0))
    assert vrepl.log(8, Value(2.0)).data == 3.0 and vrepl.log(Value(8.0), 2)._op == "log"
    for wrong in (
        lambda: vrepl.max(a), vrepl.max, lambda: vrepl.fsum(a), vrepl.prod,
        lambda: vrepl.exp(a, b, c), lambda: vrepl.max([]), lambda: vrepl.dist([a], [b, c]),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            wrong()


def test_functions_of_lists_record_in_a_session() -> None:
    a, b = Value(3.0), Value(4)
    for y in (
        mathematics.fsum([0.1, a]), mathematics.fsum(x for x in (a, b)), mathematics.prod((2, b)),
        mathematics.prod([b], start=a), mathematics.dist([a, 1.0], (0, 0)),
        *([mathematics.sumprod([0.1, a], [2, 3])] if hasattr(math, "sumprod") else []),
    ):  # fmt: skip
        assert any(slope(y, x) for x in y._prev if x in (a, b)), y
    assert type(mathematics.fsum(iter([0.1, 0.2]))) is float and mathematics.prod(iter(())) == 1
    long = [0.5] * 1000
    assert type(mathematics.fsum(long)) is float and mathematics.fsum([a, *long])._op == "fsum"


def test_a_function_of_many_reads_as_typed() -> None:
    from vrepl.core.graph import snapshot

    names = {x: Value(v, label=x) for x, v in (("a", 0.5), ("b", 2.0), ("c", 3.0))}
    for text in (
        "max(a, b, c)", "fsum([a, b, 1.0])", "dist([a, b], [c, 0.0])", "log(a + b, c)",
        "max([a])", "round(a, 2)", "floor(a * b)",
    ):  # fmt: skip
        graph = snapshot(eval(text, {**FUNCTIONS, **names}))
        assert graph.root.expression == text
    many = vrepl.fsum([Value(float(i), label=f"x{i}") for i in range(2000)])
    assert len(snapshot(many, limit=5).root.expression) <= 80
    assert [x.data for x in many._prev[:2]] == [0.0, 1.0]
    assert slope(many, many._prev[7]) == 1.0


def test_an_operand_outside_the_domain_is_named() -> None:
    with pytest.raises(DomainError, match=r"^fmod\(x, 0\): 0 lies outside b != 0$"):
        vrepl.fmod(Value(1.0, label="x"), 0)
    with pytest.raises(DomainError, match=r"^lgamma\(x\): x = -2.0 lies outside the numbers but"):
        vrepl.lgamma(Value(-2.0, label="x"))
    with pytest.raises(DomainError, match=r"^log\(…, base\): base = -2.0 lies outside base > 0$"):
        vrepl.log(Value(2.0), Value(-2.0, label="base"))


def test_a_step_shows_no_slope() -> None:
    a = Value(2.3)
    assert slope(vrepl.floor(a) * 1.5, a) == 0.0 and measure(round(a) * 2.0, a).slope == 0.0
    assert errors(BY_NAME["floor"], (2.3,))[0][0] == 0.0


def test_a_sum_adds_up_in_its_graph() -> None:
    """From 3.12 on Python corrects what it rounded; a node holds what its operands give."""
    y = total([Value(0.3), Value(1e16), Value(1.0), Value(-1e16)])
    assert y.data == sum([0.3, 1e16, 1.0, -1e16])
    assert math.isclose(sum(map(plain, y._prev)), y.data, rel_tol=1e-14)
