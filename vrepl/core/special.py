"""Functions that formulas use beside `math`'s: slopes whose last bits `math` alone would lose.

Each is a plain function of floats and has a row in `helpers`, so that it can be differentiated
again. Where rounding matters the work is done on exact fractions and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

from vrepl.core.gammas import digamma, gamma_slope, polygamma
from vrepl.core.precise import BITS, ONE, cos_sin, exp, log, pi, quotient, ratio

__all__ = [
    "cbrt_slope", "digamma", "direction", "gamma_slope", "gaussian", "log_base_slope", "log_slope",
    "one_minus_square", "over_squares", "polygamma", "product", "scaled_power", "sec2", "sech2",
    "sigmoid", "sigmoid_slope", "softplus",
]  # fmt: skip


def one_minus_square(a: float) -> float:
    """1 - a*a, rounded once: no cancellation near 1.

    Example:
        >>> one_minus_square(1 - 2.0**-53) == 2.0**-52 - 2.0**-106
        True
    """
    if not math.isfinite(a):
        return 1 - a * a
    n, d = ratio(a)
    return quotient((d - n) * (d + n), d * d)


def over_squares(a: float, b: float) -> float:
    """a / (a*a + b*b), rounded once: squares neither overflow nor vanish.

    Example:
        >>> over_squares(1e-200, 1e-200), over_squares(3.0, 4.0)
        (5e+199, 0.12)
    """
    if not (math.isfinite(a) and math.isfinite(b)):
        return a / (a * a + b * b)
    if not a and not b:
        return math.nan
    (n, d), (m, e) = ratio(a), ratio(b)
    return quotient(n * d * e * e, (n * e) ** 2 + (m * d) ** 2) if n else a * 0.0


def direction(*pairs: float) -> float:
    """(p - q) / sqrt(sum of (p - q)**2) for p, q the first of some pairs, rounded once.

    Args:
        pairs: p1, q1, p2, q2, … in turn.

    Example:
        >>> direction(3.0, 0.0, 5.0, 1.0), direction(1e308, -1e308)
        (0.6, 1.0)
    """
    if not all(map(math.isfinite, pairs)):
        return (pairs[0] - pairs[1]) / math.dist(pairs[::2], pairs[1::2])
    exact = [ratio(x) for x in pairs]
    unit = max(d for _, d in exact)  # all are powers of two
    whole = [n * (unit // d) for n, d in exact]
    gaps = [p - q for p, q in zip(whole[::2], whole[1::2], strict=True)]
    length = math.isqrt(sum(gap * gap for gap in gaps) << 2 * BITS)
    return quotient(gaps[0] << BITS, length) if length else math.nan


def cbrt_slope(a: float) -> float:
    """The derivative of the cube root, 1 / (3 cbrt(a)**2).

    `math.cbrt` errs by up to 4 units, so its error (a - y**3) / (3 y**3) is measured and taken out.

    Example:
        >>> cbrt_slope(8.0), cbrt_slope(0.0)
        (0.08333333333333333, inf)
    """
    if not a or not math.isfinite(a):
        return math.nan if a != a else 0.0 if a else math.inf
    (n, d), (p, q) = ratio(a), ratio(math.cbrt(a))
    estimate = quotient(q * q, 3 * p * p)
    error = quotient(n * q**3 - p**3 * d, 3 * d * p**3)
    return estimate - 2 * error * estimate


def sec2(a: float) -> float:
    """1 / cos(a)**2, the derivative of the tangent, also where cos(a) has lost its digits.

    Example:
        >>> sec2(0.0), sec2(1.0)
        (1.0, 3.4255188208147596)
    """
    if not math.isfinite(a):
        return math.nan
    cosine, _ = cos_sin(a)
    return quotient(1 << 2 * BITS, cosine * cosine)


def sech2(a: float) -> float:
    """1 / cosh(a)**2 = 4 e / (1 + e)**2 with e = exp(-2|a|): neither cancels nor overflows.

    Only e is rounded before the end, and its error counts tanh(a) times.

    Example:
        >>> sech2(0.0), sech2(1000.0)
        (1.0, 0.0)
    """
    e = math.exp(-2 * abs(a))
    if e < 1e-300:  # few digits are left in e; its root has them all
        return (2 * math.exp(-abs(a))) ** 2
    return 4 * _between(e)


def sigmoid_slope(a: float) -> float:
    """The derivative of the logistic function, e / (1 + e)**2 with e = exp(-|a|).

    Example:
        >>> sigmoid_slope(0.0), sigmoid_slope(-1000.0)
        (0.25, 0.0)
    """
    return _between(math.exp(-abs(a)))


def _between(e: float) -> float:
    """e / (1 + e)**2, rounded once."""
    if e < 1e-17 or e != e:
        return e
    n, d = e.as_integer_ratio()
    return n * d / (d + n) ** 2


def sigmoid(a: float) -> float:
    """The logistic function 1 / (1 + exp(-a)), within 1.5 units of the last place.

    The result is that of the plain formula written for either sign, which is what users compare
    with; once in 600 that is 1.5 to 2.1 units off, and then it is the nearest float instead.

    Example:
        >>> sigmoid(0.0), sigmoid(-1000.0), sigmoid(1000.0)
        (0.5, 0.0, 1.0)
    """
    e = math.exp(-a if a >= 0 else a)
    y = (1 if a >= 0 else e) / (1 + e)
    if e < 1e-17 or e != e:
        return y
    n, d = e.as_integer_ratio()
    if y == (d if a >= 0 else n) / (d + n):
        return y  # the sum and the quotient cost nothing; what is left is the error of e
    return _within_a_unit(y, quotient(ONE, ONE + _exp_fixed(-a)))


def softplus(a: float) -> float:
    """log(1 + exp(a)), within 1.5 units of the last place.

    As with `sigmoid`, the plain formula where that is good enough; it was 1.502 units off once in
    60,000, at -1.28.

    Example:
        >>> softplus(0.0), softplus(-1000.0), softplus(1000.0)
        (0.6931471805599453, 0.0, 1000.0)
    """
    y = a + math.log1p(math.exp(-a)) if a > 0 else math.log1p(math.exp(a))
    if not -3 < a < 3:
        return y
    return _within_a_unit(y, quotient(log((ONE + _exp_fixed(a), ONE)), ONE))


def _exp_fixed(a: float) -> int:
    m, k = exp(ratio(a))
    return m << k if k >= 0 else m >> -k


def _within_a_unit(y: float, nearest: float) -> float:
    """y, unless it is more than a unit of the last place away from the nearest float."""
    return y if abs(y - nearest) <= math.ulp(nearest) else nearest


@cache
def _gaussian_factor() -> int:
    """2 / sqrt(pi), fixed-point."""
    return math.isqrt((4 * ONE * ONE // pi()) << BITS)


def gaussian(a: float) -> float:
    """2 / sqrt(pi) * exp(-a*a), the derivative of erf; a*a is exact here.

    Example:
        >>> gaussian(0.0), gaussian(1.0)
        (1.1283791670955126, 0.4151074974205947)
    """
    if abs(a) > 30 or a != a:
        return a * 0.0 if a != a else 0.0
    n, d = ratio(a)
    m, k = exp((-n * n, d * d))
    return quotient(m * _gaussian_factor(), 1 << 2 * BITS, k)


def log_slope(a: float, b: float) -> float:
    """1 / (a log(b)), the derivative of log(a, b) by a, rounded once.

    Example:
        >>> log_slope(0.25, 2.0)
        5.7707801635558535
    """
    if not (0 < a < math.inf and 0 < b < math.inf):
        return 1 / a / math.log(b)
    n, d = ratio(a)
    return quotient(d << BITS, n * log(ratio(b)))


def log_base_slope(a: float, b: float) -> float:
    """-log(a) / (b log(b)**2), the derivative of log(a, b) by b, rounded once.

    Example:
        >>> log_base_slope(8.0, 2.0)
        -2.1640425613334453
    """
    if not (0 < a < math.inf and 0 < b < math.inf):
        return -math.log(a) / b / math.log(b) ** 2
    n, d = ratio(b)
    return quotient((-log(ratio(a)) * d) << BITS, n * log((n, d)) ** 2)


def scaled_power(c: float, a: float, b: float) -> float:
    """c * a**b, where a**b alone may be too large or too small for a float.

    Then the power is taken in two halves; for a negative `a`, b is whole.

    Example:
        >>> scaled_power(1080.0, 0.5, 1079.0), 1080.0 * 0.5**1079.0
        (1.7e-322, 0.0)
    """
    try:
        power: float = a**b
    except OverflowError:
        power = math.inf if a > 0 or not math.fmod(b, 2) else -math.inf
    if 1e-290 < abs(power) < 1e290 or not c or not a or math.isinf(b):
        return c * power
    try:
        half: float = abs(a) ** (b / 2)
    except OverflowError:
        return c * power
    return c * half * math.copysign(half, power)


def product(numbers: Iterable[float]) -> float:
    """The product of all numbers, rounded once: 160 bits are kept on the way.

    Example:
        >>> product([0.1] * 3), product([])
        (0.0010000000000000002, 1.0)
    """
    factors = list(numbers)
    if not all(map(math.isfinite, factors)):
        return float(math.prod(factors))
    over, exponent = 1, 0
    for factor in factors:
        n, d = ratio(factor)
        over, exponent = over * n, exponent - (d.bit_length() - 1)
        if (excess := over.bit_length() - 2 * BITS) > 0:
            over, exponent = over >> excess, exponent + excess
    return quotient(over, 1, max(exponent, -4000)) if over else 0.0
