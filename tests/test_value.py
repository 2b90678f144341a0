"""Value is a real number that remembers: arithmetic, decay, data, copies, files."""

import copy
import gc
import io
import json
import math
import operator
import pickle
import plistlib
import struct
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import yaml

import vrepl
from vrepl import DomainError, FloatValue, IntValue, Value
from vrepl.core.errors import WholeNumber

PAIRS = [(2.0, -3.0), (7, 2), (7, 2.5), (2.5, 7), (-1.5, 4)]
BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv,
    operator.mod,
]  # fmt: skip
PLAIN_BINARY = [operator.lt, operator.eq, operator.ge]


def test_a_value_is_the_number_it_holds():
    a, n = Value(2.5), Value(3)
    assert isinstance(a, float) and isinstance(a, FloatValue)
    assert isinstance(n, int) and isinstance(n, IntValue)
    assert json.dumps({"a": a, "n": [n]}) == '{"a": 2.5, "n": [3]}'
    assert list(range(n)) == [0, 1, 2] and "abc"[Value(1)] == "b"
    assert f"{a:.2f} {a} {n:03d}" == "2.50 2.5 003" and "%.1f %d" % (a, n) == "2.5 3"
    assert math.sin(a) == math.sin(2.5) and struct.pack("d", a) == struct.pack("d", 2.5)
    assert hash(a) == hash(2.5) and {2.5: "x"}[a] == "x" and "run" + str(n) == "run3"


def test_the_type_of_a_value_equals_the_native_type():
    assert type(Value(2.0)) == float and type(Value(2)) in (str, int)  # noqa: E721
    assert {float: "f", int: "i"}[type(Value(2))] == "i"
    assert type(Value(2.0)) != int and type(Value(2.0)) != type(Value(2))  # noqa: E721
    assert type(type(Value(2.0))(7)) is float and type(type(Value(2))(7.9)) is int


def test_repr_is_exact_and_str_is_the_number():
    assert repr(Value(4.0)) == "Value(data=4.0)" and repr([Value(4)]) == "[Value(data=4)]"
    assert str(Value(4.0)) == "4.0" and f"{Value(4)!s}" == "4"


@pytest.mark.parametrize("function", BINARY)
@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_arithmetic_gives_pythons_number_and_type_and_the_operands_in_order(function, x, y):
    if function is operator.pow and x < 0 and not float(y).is_integer():
        pytest.skip("complex in Python; see the domain test")
    expected = function(x, y)
    for a, b in [(Value(x), Value(y)), (Value(x), y)]:
        result = function(a, b)
        assert isinstance(result, Value) and type(result.data) is type(expected)
        assert result.data == expected
        assert [operand.data for operand in result._prev] == [x, y]
        assert result._prev[0] is a


@pytest.mark.parametrize("function", BINARY)
def test_a_plain_number_on_the_left_keeps_the_graph(function):
    for x, y in [(2.0, -3.0), (7, 2), (2, 0.5)]:
        b = Value(y)
        result = function(x, b)
        assert result.data == function(x, y) and result._prev[1] is b


@pytest.mark.parametrize("function", PLAIN_BINARY)
@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_other_operators_give_plain_results(function, x, y):
    result = function(Value(x), Value(y))
    assert result == function(x, y) and not isinstance(result, Value)
    assert function(x, Value(y)) == function(x, y)


def test_integer_operations_are_exact_and_plain_where_python_has_no_graph():
    big = Value(2**53 + 1)
    assert (big - 2**53).data == 1 and (Value(3) * Value(4)).data == 12
    assert type((Value(2) ** -1).data) is float and pow(Value(7), 2, 5) == 4
    assert Value(6) & 3 == 2 and ~Value(1) == -2 and Value(1) << 4 == 16
    assert not isinstance(Value(6) & Value(3), Value)


def test_unary_operators_record():
    a = Value(-2.5)
    assert [(v.data, v._op) for v in (-a, +a, abs(a))] == [(2.5, "-"), (-2.5, "+"), (2.5, "abs")]
    assert abs(Value(-3)).data == 3 and type(abs(Value(-3)).data) is int


def test_what_is_drawn_is_what_was_typed():
    a, b = Value(6.0), Value(4.0)
    for result, symbol in ((a / b, "/"), (a - b, "-"), (a**b, "**"), (a * a, "*"), (a + b, "+")):
        assert result._op == symbol and all(operand._op == "" for operand in result._prev)
    square = a * a
    assert len(square._prev) == 2 and square._prev[0] is square._prev[1] is a


def test_division_by_zero_and_domains_raise_as_python():
    with pytest.raises(ZeroDivisionError, match=r"^(float )?division by zero$"):
        Value(1.0) / 0.0
    with pytest.raises(DomainError, match=r"^log\(x\): x = -2.0 lies outside x > 0$"):
        vrepl.log(Value(-2.0, label="x"))
    with pytest.raises(ValueError, match="only whole powers are real"):
        Value(-8.0) ** (1 / 3)
    with pytest.raises(OverflowError):
        vrepl.exp(Value(710.0))
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \+: 'float' and 'str'"):
        Value(1.0) + "1"


@pytest.mark.parametrize("x", ["3", None, [1], 2j, Decimal(1), object()])
def test_value_refuses_what_is_no_real_number(x):
    with pytest.raises(TypeError, match="Value needs a real number"):
        Value(x)


def test_value_takes_every_real_number():
    assert Value(True).data == 1 and type(Value(np.float32(0.5)).data) is float
    assert Value(np.int64(3)).data == 3 and Value(Fraction(1, 2)).data == 0.5
    inner = Value(2.0)
    assert Value(inner) is not inner and Value(inner)._prev == ()


def test_nodes_by_hand_and_their_mistakes():
    a, b = Value(2.0), Value(-3.0)
    made = Value(-6.0, (a, b), "*")
    made.backward()
    assert (a.grad, b.grad) == (-3.0, 2.0)
    with pytest.raises(TypeError, match='operation "wiggle" with 1 operand has no derivative rule'):
        Value(1.0, (a,), "wiggle").backward()
    with pytest.raises(TypeError, match="an operation needs both"):
        Value(1.0, (a,))
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Mine", (Value,), {})


def test_others_decide_about_themselves():
    a = Value(2.0)
    assert a * Fraction(1, 2) == 1.0 and Fraction(1, 2) + a == 2.5
    assert Decimal(2) * Value(3) == 6 and [0] * Value(2) == [0, 0] and "ab" * Value(2) == "abab"
    assert a * 1j == 2j and a + True == 3.0


def test_numpy_functions_of_scalars_record_and_arrays_stay_arrays():
    v, n = Value(0.5), Value(3)
    recorded = np.tanh(v)
    assert isinstance(recorded, Value) and recorded._op == "tanh" and recorded._prev[0] is v
    assert recorded.data == np.tanh(0.5)
    for result in (v * np.float64(2), np.float64(2) * v, np.add(v, 2), np.int64(2) * v):
        assert isinstance(result, Value) and any(operand is v for operand in result._prev)
    for make in (lambda x: np.arange(3, dtype="u1") * x, lambda x: np.float32([1.5]) + x):
        assert make(n).dtype == make(3).dtype and (make(n) == make(3)).all()
    array = np.arange(3, dtype="u1")
    array += n
    assert array.dtype == np.uint8 and array.tolist() == [3, 4, 5]
    assert np.array([v]).dtype == float and type(np.sum([v, v])) is np.float64
    assert np.full(2, v).tolist() == [0.5, 0.5] and np.where([True], v, 0.0)[0] == 0.5
    assert isinstance(v * np.float32(2), np.float32)


def test_data_of_a_float_reaches_c_code():
    w = Value(1.0)
    doubled = w * 2
    w.data = -0.0
    assert math.copysign(1, w) == -1 and str(w) == "-0.0"
    w.data -= 2.5
    assert (w.data, "%.2f" % w, math.fabs(w), np.array([w])[0]) == (-2.5, "-2.50", 2.5, -2.5)
    assert doubled.data == 2.0 and type(w.data) is float
    w.data = Value(3)
    assert w.data == 3.0 and type(w.data) is float


def test_an_explicit_zero_counts_as_the_int_until_it_is_stepped():
    p = Value(0)
    assert repr(p) == "Value(data=0)" and type(p.data) is int and type(p) == int  # noqa: E721
    assert f"{p:03d} {p}" == "000 0" and list(range(p)) == [] and [5][p] == 5
    assert type((p + 2).data) is int and (p + (2**53 + 1)).data == 2**53 + 1
    assert type((p // 2).data) is int and divmod(7, Value(2)) == (3, 1) and not p and hash(p) == 0
    assert type(pickle.loads(pickle.dumps(p))) is int and type(copy.deepcopy(p).data) is int
    p.data -= 0.1 * 3
    assert p.data == -0.1 * 3 and repr(p) == f"Value(data={-0.1 * 3!r})"
    assert p < 0 and p == -0.1 * 3 and hash(p) == hash(p.data) and bool(p) and float(p) == p.data
    assert f"{p:.2f}" == "-0.30" and round(p) == 0 and math.sin(p) == math.sin(p.data)
    assert np.array([p])[0] == p.data and json.dumps(p) == repr(p.data)
    for made in (p * 2, 2 * p, 2.0 * p, p + Value(1.0), Value(1.0) - p, -p, p**2, abs(p)):
        assert any(operand is p for operand in made._prev)
    assert (2.0 * p).data == 2.0 * p.data and (2 - p).data == 2 - p.data and p // 1 == -1.0
    loss = p * p
    loss.backward()
    assert p.grad == 2 * p.data
    q = copy.deepcopy(Value(0))
    q.data -= 0.5
    assert q.data == -0.5


def test_a_whole_number_of_a_session_stays_whole():
    from vrepl.session.support import literal

    c = literal(10)
    c.label = "c"
    with pytest.raises(
        WholeNumber, match=r"^c = 10 is a whole number and stays one; type it as 10.0"
    ):
        c.data -= 0.5
    assert c.data == 10
    with pytest.raises(TypeError, match=r"make it Value\(3.0\)"):
        Value(3).data = 2.5


def test_numbers_leave_as_numbers():
    a, n = Value(2.5), Value(3) * 2
    assert pickle.loads(pickle.dumps([a, n])) == [2.5, 6]
    assert [type(x) for x in pickle.loads(pickle.dumps([a, n]))] == [float, int]
    assert b"vrepl" not in pickle.dumps([a, n])
    assert yaml.safe_dump({"a": a, "n": n}) == "a: 2.5\nn: 6\n" == yaml.dump({"a": a, "n": n})
    assert plistlib.loads(plistlib.dumps({"a": a, "n": n})) == {"a": 2.5, "n": 6}
    stream = io.StringIO()
    __import__("csv").writer(stream).writerow([a, n])
    assert stream.getvalue() == "2.5,6\r\n"


def test_copy_is_the_node_and_deepcopy_a_graph_of_its_own():
    a = Value(2.0, label="a")
    d = a * a + 3
    a.grad = 5
    assert copy.copy(a) is a
    model = {"a": a, "d": d, "again": [a], "plain": 1.5}
    twin = copy.deepcopy(model)
    assert twin["a"] is not a and twin["again"][0] is twin["a"] is twin["d"]._prev[0]._prev[1]
    assert (twin["a"].label, twin["a"].grad, twin["a"].data) == ("a", 5.0, 2.0)
    twin["a"].data = 9.0
    assert a.data == 2.0 and copy.deepcopy(2.5) == 2.5
    twin["d"].backward()
    assert a.grad == 5.0


def test_equal_numbers_stay_two_nodes():
    a, b = Value(2.0), Value(2.0)
    nodes, edges = vrepl.trace(a * b)
    assert len(nodes) == 3 and len(edges) == 2 and nodes[0] is a and nodes[1] is b
    (a * b * 3).backward()
    assert (a.grad, b.grad) == (6.0, 6.0)


def test_constants_are_operands_but_no_inputs():
    a = Value(3.0)
    y = 2 * a + 1
    first = y._prev
    assert [operand.data for operand in first] == [6.0, 1] and y._prev[1] is first[1]
    y.backward()
    assert a.grad == 2.0
    assert [node.data for node in vrepl.trace(y)[0]] == [2, 3.0, 6.0, 1, 7.0] or len(
        vrepl.trace(y)[0]
    ) == 5


def test_sum_and_min_and_comparisons_with_python_builtins():
    xs = [Value(1.5), Value(0.5), Value(2)]
    assert sum(xs).data == 4.0 and min(xs) is xs[1] and sorted(xs)[0] is xs[1] and max(xs) is xs[2]
    sum(xs).backward()
    assert [x.grad for x in xs] == [1.0, 1.0, 1.0]


def test_a_million_deep_chain_lives_and_dies():
    code = """
import copy, pickle, vrepl
from vrepl.session.commands import ask
from vrepl.session.session import Session
x = vrepl.Value(1.0, label="x")
y = x
for _ in range(500_000):
    y = y * 1.0000001 + 0.5
session = Session.over({"x": x, "y": y})
assert vrepl.slope(y, x) > 1 and abs(pickle.loads(pickle.dumps(y)) - y.data) == 0
assert repr(y).startswith("Value(") and hash(y) == hash(y.data) and y == y.data
for line in ("slope y", "slope y wrt x", "trace y", "graph y", "nodes"):
    command, _, rest = line.partition(" ")
    assert len(str(ask(session, command, rest).parts())) < 2_000_000
twin = copy.deepcopy(y)
twin.backward()
y.backward()
assert x.grad > 1
del twin, y
print("freed")
k = vrepl.Value(1)
n = k
for _ in range(300_000):
    n = n + 1
del n
z = x
for _ in range(300_000):
    z = z + 1.0
print("leaving with a graph alive")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "freed\nleaving with a graph alive\n"


def test_discarded_results_leave_nothing():
    a = Value(2.0)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20_000):
        a * 3.0 + 1.0
    assert len(gc.get_objects()) - before < 100
