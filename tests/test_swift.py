"""Nodes beside NumPy's floats: the numbers, types and warnings that plain ones give, every bit."""

import itertools
import operator
import random
import warnings
from decimal import Decimal, localcontext

import numpy as np
import pytest

from vrepl import Value
from vrepl.core.value import decayed

NUMBERS = [0.0, -0.0, 1.0, -1.5, 2.0, 3, -2, 0, 0.1, 1e-310, 1e-200, 1e200, 1e308]
NUMBERS += [float("inf"), float("-inf"), float("nan"), 2**53 + 1, 10**400]
FUNCTIONS = [np.sqrt, np.exp, np.log, np.log2, np.log10, np.sin, np.cos, np.tan, np.tanh]
FUNCTIONS += [np.arctan, np.sinh, np.cosh, np.abs, np.negative, operator.neg, abs, operator.pos]


def scalar_node(x):
    return Value(1.0) * np.float64(x)


def seen(function, *operands):
    """What came out: type, text and error, and the warnings on the way."""
    with warnings.catch_warnings(record=True) as met, np.errstate(all="warn"):
        warnings.simplefilter("always")
        try:
            y = decayed(function(*operands))
        except Exception as error:
            found = type(error), str(error)
        else:
            found = type(y), repr(y)
    return *found, [(warning.category, str(warning.message)) for warning in met]


def operate(symbol):
    """An operator as it is written; `operator.mul` would not stand on a line of the user's."""
    return eval(f"lambda a, b: a {symbol} b")


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "**"])
def test_arithmetic_is_numpys(symbol):
    function = operate(symbol)
    for a, b in itertools.product(NUMBERS, repeat=2):
        if isinstance(a, float):
            plain = seen(function, np.float64(a), b)
            assert seen(function, scalar_node(a), b) == plain, (a, b)
            assert seen(function, scalar_node(a), Value(b)) == plain or not b, (a, b)
            assert seen(function, np.float64(a), Value(b)) == plain or not b, (a, b)
        if isinstance(b, float):
            plain = seen(function, a, np.float64(b))
            assert seen(function, a, scalar_node(b)) == plain, (a, b)
            assert seen(function, Value(a), np.float64(b)) == plain or not a, (a, b)
            assert seen(function, Value(a), scalar_node(b)) == plain or not a, (a, b)


@pytest.mark.parametrize("symbol", ["<", ">=", "==", "!="])
def test_numpys_floats_on_the_left_compare_as_numpys(symbol):
    function = operate(symbol)
    for a, b in itertools.product(NUMBERS, repeat=2):
        if isinstance(a, float) and b:
            plain = seen(function, np.float64(a), b)
            assert seen(function, scalar_node(a), b) == plain, (a, b)
            assert seen(function, scalar_node(a), Value(b)) == plain, (a, b)
            assert seen(function, np.float64(a), Value(b)) == plain, (a, b)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_functions_are_numpys(function):
    for x in [x for x in NUMBERS if isinstance(x, float)] + [700.0, 1e10, -1e10, 1e-120]:
        assert seen(function, scalar_node(x)) == seen(function, np.float64(x)), x


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "c16"])
def test_a_power_is_rounded_as_the_operator_rounds_it(dtype):
    numbers = random.Random(0)
    array = np.array([numbers.uniform(1, 5) for _ in range(500)], dtype)
    for exponent in (0.5, 2.0, -0.5, numbers.uniform(-4, 4)):
        for base in (array, *array[:200]):
            plain, node = base**exponent, base ** Value(exponent)
            assert np.array_equal(plain, node) and plain.dtype == node.dtype, (base, exponent)
            assert np.array_equal(np.power(base, exponent), np.power(base, Value(exponent)))
    if dtype in ("f8", "c16"):
        changed, same = array.copy(), array.copy()
        changed **= Value(0.5)
        same **= 0.5
        assert np.array_equal(changed, same)


def test_nodes_know_their_operands_and_slopes():
    a, k = Value(2.0), Value(3)
    x = np.float64(0.5)
    d = (a * x + k) ** 2 / (x - a) - -(k * x)
    d.backward()
    # ((a x + k)**2 / (x - a))' by hand at 2, 3, 0.5
    assert a.grad == pytest.approx(2 * 4 * 0.5 / -1.5 + 16 / 2.25)
    assert k.grad == pytest.approx(2 * 4 / -1.5 + 0.5)
    root = np.sqrt(d * d)
    assert root._prev[0]._prev == (d, d) and type(decayed(root)) is np.float64
    assert all(type(decayed(operand)) in (float, int, np.float64) for operand in (x * a)._prev)


def test_arrays_warn_where_the_user_stands_whatever_numpy_was_told(recwarn):
    array = np.array([1.0, 1e308])
    asked = [lambda: Value(10.0) * array, lambda: array * Value(10.0), lambda: array / Value(0)]
    for ask, plain in zip(
        asked, [lambda: 10.0 * array, lambda: array * 10.0, lambda: array / 0], strict=True
    ):
        assert seen(ask) == seen(plain)
        recwarn.clear()
        ask()
        assert [warning.filename for warning in recwarn] == [__file__]
        for mode in ("raise", "ignore"):
            with np.errstate(all=mode):
                assert _shown(ask) == _shown(plain)
    assert np.geterr() == {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    assert np.geterrcall() is None


def _shown(function):
    try:
        return repr(function())
    except FloatingPointError as error:
        return str(error)


def test_arrays_of_objects_run_in_the_context_of_the_session():
    with localcontext() as context:
        context.prec = 5
        thirds = np.array([Decimal(1), Decimal(2)]) / 3
        assert list(Value(3) * thirds) == [Decimal("0.99999"), Decimal("2.0000")]
        assert list(thirds * Value(3)) == list(thirds * 3)
