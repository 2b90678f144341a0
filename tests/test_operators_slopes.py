"""Every operator's slopes against exact ones at 60 digits, at random and at picked points.

`EXACT` is the oracle, written down independently of the rows; a row that is missing there fails.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import NamedTuple

import mpmath
import pytest

from vrepl.core.helpers import HELPERS
from vrepl.core.operators import OPERATORS, Operator
from vrepl.core.rules import evaluate, local_derivative

mp = mpmath.mp.clone()
mp.dps = 60
M = mp.mpf
POINTS = 300
BAR = 2.0  # units of the last place
Draw = Callable[[random.Random], float]


def uniform(low: float, high: float) -> Draw:
    return lambda r: r.uniform(low, high)


def sizes(low: float, high: float, signed: bool = True) -> Draw:
    """Numbers of every size between two, on both sides of zero."""

    def draw(r: random.Random) -> float:
        size = math.exp(r.uniform(math.log(low), math.log(high)))
        return -size if signed and r.random() < 0.5 else size

    return draw


def either(*draws: Draw) -> Draw:
    return lambda r: r.choice(draws)(r)


def near(center: float, low: float = 1e-15, high: float = 1e-2) -> Draw:
    return lambda r: center + sizes(low, high)(r)


class Exact(NamedTuple):
    """The exact partials, where to draw operands from, and points picked by hand."""

    partials: Callable
    draws: tuple[Draw, ...]
    hard: tuple[tuple[float, ...], ...] = ()


def one(partial: Callable, draw: Draw, *hard: float) -> Exact:
    return Exact(lambda a: (partial(a),), (draw,), tuple((x,) for x in hard))


def flat(*numbers: M) -> tuple:
    return (M(0),) * len(numbers)


def power(a: M, b: M) -> tuple:
    return (b * mp.power(a, b - 1) if b else M(0), mp.power(a, b) * mp.log(a) if a > 0 else None)


def extreme(choose: Callable) -> Callable:
    def partials(*args: M) -> tuple:
        best = choose(args)
        return tuple(M(1) / args.count(best) if a == best else M(0) for a in args)

    return partials


def lengths(*args: M) -> tuple:
    length = mp.sqrt(sum(a * a for a in args))
    return tuple(a / length for a in args)


def distances(*args: M) -> tuple:
    half = len(args) // 2
    gaps = [p - q for p, q in zip(args[:half], args[half:], strict=True)]
    directions = lengths(*gaps)
    return (*directions, *(-d for d in directions))


def others(*args: M) -> tuple:
    return tuple(mp.fprod(args[:i] + args[i + 1 :]) for i in range(len(args)))


def angles(a: M, b: M) -> tuple:
    square = a * a + b * b
    return (b / square, -a / square)


def sigmoid(a: M) -> M:
    return 1 / (1 + mp.exp(-a))


def gauss(a: M) -> M:
    return 2 / mp.sqrt(mp.pi) * mp.exp(-a * a)


ANY = either(sizes(1e-6, 1e6), uniform(-3, 3))
WIDE = either(ANY, sizes(1e-300, 1e300))
POSITIVE = either(sizes(1e-300, 1e300, signed=False), near(1.0), uniform(0.1, 3))
UNIT = either(
    uniform(-1, 1),
    sizes(1e-300, 1),
    lambda r: 1 - sizes(1e-16, 1e-2, False)(r),
    lambda r: sizes(1e-16, 1e-2, False)(r) - 1,
)
GAMMA = either(
    uniform(0.1, 30), uniform(-4.9, -0.1), uniform(30, 171), near(1.4616321449683623),
    near(-0.504083008264455), near(-1.573498473162390), sizes(1e-300, 1), uniform(-30, -5),
)  # fmt: skip
FAR_GAMMA = either(GAMMA, uniform(-1e4, -30), sizes(171, 1e300, signed=False))
TINY, MIN, HUGE = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308

EXACT: dict[str, Exact] = {
    "add": Exact(lambda a, b: (M(1), M(1)), (WIDE, WIDE)),
    "sub": Exact(lambda a, b: (M(1), M(-1)), (WIDE, WIDE)),
    "mul": Exact(lambda a, b: (b, a), (WIDE, WIDE)),
    "truediv": Exact(
        lambda a, b: (1 / b, -a / b**2), (WIDE, WIDE),
        ((1e-320, 3e-5), (TINY, 0.5), (1e-300, 1e30), (1e308, 1e-10), (1.0, 3.0), (1e10, 1e305)),
    ),
    "pow": Exact(
        power, (either(sizes(1e-3, 1e3, False), near(1.0)), either(uniform(-8, 8), sizes(1e-9, 1))),
        ((1.5, -1800.0), (1.5, -1750.5), (0.5, 1080.0), (2.0, 1023.5), (1e-308, -1e-5), (TINY, 0.9),
         (1e-200, 2.0), (1e154, 2.0), (0.0, 2.0), (0.0, 1.0), (-2.0, 3.0), (-2.0, -1.0),
         (-1.5, -1801.0), (1 + 2**-52, 2.0**53), (3.0, 0.0), (0.0, 3.0), (1e-310, 0.99)),
    ),
    "floordiv": Exact(flat, (ANY, sizes(1e-2, 1e2))),
    "mod": Exact(
        lambda a, b: (M(1), -mp.floor(a / b)), (ANY, sizes(1e-2, 1e2)),
        ((1.0, 0.1), (-1.0, 0.1), (7.5, -2.0), (2**53 + 1, 2)),
    ),
    "neg": one(lambda a: M(-1), WIDE),
    "pos": one(lambda a: M(1), WIDE),
    "abs": one(mp.sign, WIDE, TINY, -TINY),
    "floor": one(lambda a: M(0), ANY),
    "ceil": one(lambda a: M(0), ANY),
    "trunc": one(lambda a: M(0), ANY),
    "round": one(lambda a: M(0), ANY),
    "round_to": Exact(flat, (ANY, lambda r: r.randrange(-3, 8))),
    "min": Exact(extreme(min), (ANY, ANY, ANY), ((1.0, 1.0), (2.0, 1.0, 1.0), (0.0, -0.0), (3.0,))),
    "max": Exact(extreme(max), (ANY, ANY, ANY), ((1.0, 1.0), (2.0, 2.0, 1.0), (0.0, -0.0), (3.0,))),
    "hypot": Exact(
        lengths, (WIDE, WIDE, WIDE),
        ((1e-200, 1e-200), (1e200, 1e200), (TINY, TINY), (1e308, 1e308), (1.7e308, 1.7e308),
         (3.0, 4.0), (1e-310, 3e-310), (0.0, -1.0), (2.0,)),
    ),
    "dist": Exact(
        distances, (ANY, ANY, ANY, ANY),
        ((TINY, 0.0, 0.0, TINY), (1e308, 1.0, -1e308, 1.0), (1e200, 3.0, 2e200, 1e200)),
    ),
    "fsum": Exact(lambda *args: (M(1),) * len(args), (WIDE,) * 4),
    "prod": Exact(
        others, (ANY,) * 7, ((0.0, 2.0, 3.0), (0.0, 0.0, 3.0), (1e200, 1e200, 1e-300), (0.1,) * 40)
    ),
    "sumprod": Exact(lambda a, b, c, d: (c, d, a, b), (WIDE,) * 4),
    "exp": one(mp.exp, either(uniform(-30, 30), uniform(-745, 709.7), sizes(1e-300, 1)), -745.0),
    "expm1": one(mp.exp, either(uniform(-30, 30), uniform(-745, 709), sizes(1e-300, 1))),
    "exp2": one(
        lambda a: mp.power(2, a) * mp.log(2), either(uniform(-30, 30), uniform(-1074, 1023))
    ),
    "log": one(lambda a: 1 / a, POSITIVE, 1e-308, HUGE),
    "log_base": Exact(
        lambda a, b: (1 / (a * mp.log(b)), -mp.log(a) / (b * mp.log(b) ** 2)),
        (either(sizes(1e-6, 1e6, False), near(1.0)), either(sizes(1e-3, 1e3, False), near(1.0))),
        ((8.0, 2.0), (1e300, 1 + 2**-52), (1 + 2**-52, 1e300), (1e-310, 3.0)),
    ),
    "log1p": one(
        lambda a: 1 / (1 + a), either(sizes(1e-300, 1e300, False), uniform(-0.999, 0), near(0.0)),
        -1 + 2**-53, -0.5,
    ),
    "log2": one(lambda a: 1 / (a * mp.log(2)), POSITIVE, 1e-307, HUGE),
    "log10": one(lambda a: 1 / (a * mp.log(10)), POSITIVE, 1e-307, HUGE),
    "sqrt": one(lambda a: 1 / (2 * mp.sqrt(a)), POSITIVE, TINY, 1e-310, HUGE),
    "cbrt": one(lambda a: 1 / (3 * mp.cbrt(abs(a)) ** 2), WIDE, TINY, 1e-310, HUGE, -8.0),
    "sin": one(mp.cos, either(uniform(-100, 100), WIDE), math.pi / 2, 1e22),
    "cos": one(lambda a: -mp.sin(a), either(uniform(-100, 100), WIDE), math.pi, 1e22),
    "tan": one(
        lambda a: 1 / mp.cos(a) ** 2, either(uniform(-100, 100), WIDE, near(math.pi / 2)),
        math.pi / 2, math.pi, 1e22, 6381956970095103 * 2.0**797,
    ),
    "asin": one(lambda a: 1 / mp.sqrt(1 - a * a), UNIT, 1 - 2**-53, 2**-53 - 1),
    "acos": one(lambda a: -1 / mp.sqrt(1 - a * a), UNIT, 1 - 2**-53, 2**-53 - 1),
    "atan": one(lambda a: 1 / (1 + a * a), WIDE, 1e154, 1e160, -1e200),
    "atan2": Exact(
        angles, (either(ANY, sizes(1e-200, 1e200)),) * 2,
        ((1e-200, 1e-200), (1e200, 1e200), (1e308, 1e308), (3.0, 4.0), (0.0, -1.0), (1e-160, 1.0)),
    ),
    "sinh": one(mp.cosh, either(uniform(-30, 30), uniform(-710, 710), uniform(-2, 2))),
    "cosh": one(
        mp.sinh, either(uniform(-30, 30), uniform(-710, 710), uniform(-2, 2), sizes(1e-300, 1))
    ),
    "tanh": one(
        lambda a: 1 / mp.cosh(a) ** 2,
        either(uniform(-25, 25), uniform(-380, 380), uniform(-2, 2), sizes(1e-300, 1)),
        20.0, 18.9, 355.0, 372.0, -1000.0,
    ),
    "asinh": one(lambda a: 1 / mp.sqrt(a * a + 1), WIDE, HUGE, 1e-200),
    "acosh": one(
        lambda a: 1 / mp.sqrt((a - 1) * (a + 1)),
        either(lambda r: 1 + sizes(2.3e-16, 1e6, False)(r), sizes(2, 1e300, False)),
        1 + 2**-52, 1e9, 1.0000001e9, 1e200, HUGE,
    ),
    "atanh": one(lambda a: 1 / (1 - a * a), UNIT, 1 - 2**-53, 2**-53 - 1),
    "erf": one(gauss, either(uniform(-6, 6), uniform(-27, 27), sizes(1e-300, 1)), 27.0, 26.5, 27.3),
    "erfc": one(lambda a: -gauss(a), either(uniform(-6, 20), uniform(-27, 27)), 27.0, 26.0, 28.0),
    "gamma": one(
        lambda a: mp.gamma(a) * mp.digamma(a), GAMMA,
        1.4616321449683622, 171.0, -0.5, 1e-150, -170.5, -169.99999999999997, 5.0,
    ),
    "lgamma": one(
        mp.digamma, FAR_GAMMA, 1.4616321449683622, 1.4616321449683625, -0.5040830082644554, 1e300,
        TINY, -1e9 - 0.5, -12345678.25, 2.0,
    ),
    "degrees": one(lambda a: 180 / mp.pi, WIDE),
    "radians": one(lambda a: mp.pi / 180, WIDE),
    "fabs": one(mp.sign, WIDE, TINY, -TINY),
    "copysign": Exact(lambda a, b: (mp.sign(a) * (mp.sign(b) or 1), M(0)), (ANY, ANY)),
    "fmod": Exact(
        lambda a, b: (M(1), -mp.sign(a / b) * mp.floor(abs(a / b))), (ANY, sizes(1e-2, 1e2)),
        ((1.0, 0.1), (-1.0, 0.1), (7.5, -2.0), (1e300, 3.0)),
    ),
    "remainder": Exact(
        lambda a, b: (M(1), -mp.nint(a / b)), (ANY, sizes(1e-2, 1e2)),
        ((1.0, 0.1), (5.0, 2.0), (3.0, 2.0)),
    ),
    "float_pow": Exact(
        power, (either(sizes(1e-3, 1e3, False), near(1.0)), either(uniform(-8, 8), sizes(1e-9, 1))),
        ((2.0, 1023.5), (1e-308, -1e-5), (-2.0, 3.0), (3.0, 0.0), (0.0, 3.0)),
    ),
    "ldexp": Exact(
        lambda a, b: (mp.power(2, b), a * mp.power(2, b) * mp.log(2)),
        (WIDE, lambda r: r.randrange(-60, 60)), ((1e-300, 1000), (0.5, 1024), (3.0, -1074)),
    ),
    "fma": Exact(lambda a, b, c: (b, a, M(1)), (WIDE, WIDE, WIDE)),
    "relu": one(lambda a: M(1 if a > 0 else 0), WIDE, TINY, -TINY),
    "sigmoid": one(
        lambda a: sigmoid(a) * sigmoid(-a),
        either(uniform(-40, 40), uniform(-745, 745), sizes(1e-300, 1)),
        36.0, -709.0, 709.0, 745.0, -800.0,
    ),
    "softplus": one(
        sigmoid, either(uniform(-40, 40), uniform(-745, 745), sizes(1e-300, 1)), -745.0, 800.0
    ),
}  # fmt: skip

every_row = pytest.mark.parametrize("row", OPERATORS, ids=lambda row: row.name)


def nearest(exact: M) -> float:
    """The nearest float, by Python's division of whole numbers: right among subnormals too."""
    sign, mantissa, exponent, _ = exact._mpf_
    if not mantissa:
        return 0.0
    mantissa, exponent = int(mantissa), max(int(exponent), -3000)
    try:
        size = (mantissa << exponent) / 1 if exponent > 0 else mantissa / (1 << -exponent)
    except OverflowError:
        size = math.inf
    return -size if sign else size


def error(found: float, exact: M) -> float:
    """How far apart two slopes are, in units of the last place of the exact one."""
    target = nearest(exact)
    if math.isinf(target) or not math.isfinite(found):
        return 0.0 if found == target else math.inf
    return float(abs(M(found) - exact) / M(math.ulp(target)))


def errors(row: Operator, operands: tuple) -> list[tuple[float, str]]:
    try:
        y = evaluate(row)(*operands)
    except (ValueError, OverflowError, ZeroDivisionError):
        return []
    found = []
    for position, exact in enumerate(EXACT[row.name].partials(*map(M, operands))):
        if exact is not None:
            slope = local_derivative(row, position, operands, y)
            assert type(slope) is float
            text = f"d{position} {row.name}{operands}: {slope!r}, exact {mp.nstr(exact, 20)}"
            found.append((error(slope, exact), text))
    return found


def worst(row: Operator, points: int, seed: int) -> tuple[float, str]:
    """The largest error over the picked points and as many random ones."""
    oracle, r = EXACT[row.name], random.Random(f"{row.name} {seed}")
    drawn = [tuple(draw(r) for draw in oracle.draws) for _ in range(points)]
    found = [e for operands in (*oracle.hard, *drawn) for e in errors(row, operands)]
    assert len(found) > points / 2, "most draws lie outside the domain"
    return max(found)


@every_row
def test_slopes_are_exact_to_two_units_of_the_last_place(row: Operator) -> None:
    size, where = worst(row, POINTS, 1)
    assert size <= BAR, f"{size:.3g} units off: {where}"


@pytest.mark.parametrize("text", ["1 - y*y", "1 / cosh(a)**2 * (1 + 1e-15)"])
def test_a_worse_formula_is_noticed(text: str) -> None:
    tanh = next(row for row in OPERATORS if row.name == "tanh")
    careless = Operator("tanh", "tanh", "tanh(a)", (text,), "careless", "", tanh.samples)
    assert worst(careless, POINTS, 1)[0] > BAR


def by_differences(function: Callable, operands: tuple, position: int) -> M:
    """A derivative of a function of exact numbers, by central differences at 60 digits."""

    def along(x: M) -> M:
        return function(*(x if i == position else M(a) for i, a in enumerate(operands)))

    return mp.diff(along, M(operands[position]))


HELPER_VALUES: dict[str, Callable] = {
    "one_minus_square": lambda a: 1 - a * a,
    "over_squares": lambda a, b: a / (a * a + b * b),
    "cbrt_slope": lambda a: 1 / (3 * mp.cbrt(abs(a)) ** 2),
    "sec2": lambda a: 1 / mp.cos(a) ** 2,
    "sech2": lambda a: 1 / mp.cosh(a) ** 2,
    "sigmoid_slope": lambda a: sigmoid(a) * sigmoid(-a),
    "gaussian": gauss,
    "digamma": mp.digamma,
    "polygamma": lambda n, a: mp.polygamma(int(n), a),
    "gamma_slope": lambda a: mp.gamma(a) * mp.digamma(a),
    "log_slope": lambda a, b: 1 / (a * mp.log(b)),
    "log_base_slope": lambda a, b: -mp.log(a) / (b * mp.log(b) ** 2),
    "scaled_power": lambda a, b, c: a * mp.power(b, c),
    "direction": lambda *pairs: distances(*pairs[::2], *pairs[1::2])[0],
    "product": lambda *args: mp.fprod(args),
}


@pytest.mark.parametrize("row", HELPERS, ids=lambda row: row.name)
def test_what_formulas_use_is_exact_and_differentiable(row: Operator) -> None:
    exact = HELPER_VALUES[row.name]
    assert row.samples
    for sample in row.samples:
        y = evaluate(row)(*sample)
        assert error(float(y), exact(*map(M, sample))) <= BAR
        for position in range(len(sample)):
            if row.partial(position) != "nan":
                slope = local_derivative(row, position, sample, y)
                wanted = by_differences(exact, sample, position)
                assert mp.almosteq(M(slope), wanted, rel_eps=M(1e-13)), (row.name, position)
