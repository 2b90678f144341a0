"""The gamma function's logarithmic derivatives and its own slope, to the last bit.

Recurrence up to 32 and Stirling's series from there, in the fixed-point numbers of `precise`; left
of zero the reflection that needs no trigonometry. Formulas: NIST DLMF 5.5, 5.11, 5.15, 25.11.
"""

from __future__ import annotations

import math
from functools import cache

from vrepl.core.precise import BITS, ONE, Ratio, exp, fixed, log, pi, quotient, ratio

__all__ = ["digamma", "gamma_slope", "polygamma"]

# From 32 on, 20 terms of Stirling's series leave an error below 2**-150 (DLMF 5.11.2).
FAR = 32
TERMS = 20


@cache
def _bernoulli() -> tuple[Ratio, ...]:
    """B_2, B_4, …, by the recurrence sum of binom(n + 1, k) B_k = 0."""
    from fractions import Fraction  # brings decimal along, which `import vrepl` does without

    found = [Fraction(1)]
    for n in range(1, 2 * TERMS + 1):
        total = sum(math.comb(n + 1, k) * found[k] for k in range(n))
        found.append(Fraction(-total, n + 1))
    return tuple(b.as_integer_ratio() for b in found[2::2])


def _series(x: Ratio, weights: tuple[Ratio, ...]) -> int:
    """The sum of weight_k / x**(2 k), k from 1; x at least `FAR`."""
    n, d = x
    step = (d * d << BITS) // (n * n)
    power, total = step, 0
    for over, under in weights:
        total += power * over // under
        power = power * step >> BITS
        if not power:
            break
    return total


@cache
def _weights(kind: int) -> tuple[Ratio, ...]:
    """The factors of x**-2k in Stirling's series: kind 0 for log gamma / x, 1 for digamma."""
    divisors = (2 * k if kind else 2 * k * (2 * k - 1) for k in range(1, TERMS + 1))
    pairs = zip(_bernoulli(), divisors, strict=True)
    return tuple((n, d * divisor) for (n, d), divisor in pairs)


def _digamma(x: Ratio) -> int:
    """Digamma of a positive fraction, fixed-point (DLMF 5.5.2 and 5.11.2)."""
    n, d = x
    total = 0
    while n < FAR * d:
        total -= (d << BITS) // n
        n += d
    return total + log((n, d)) - (d << BITS) // (2 * n) - _series((n, d), _weights(1))


def _reflected(x: Ratio) -> int:
    """Digamma of a fraction that is no pole.

    DLMF 5.5.4 takes pi / tan(pi x) from digamma(1 - x); the same formula at the fractional part f
    gives that cotangent as digamma(1 - f) - digamma(f).
    """
    n, d = x
    if n > 0:
        return _digamma(x)
    f = n % d
    return _digamma((d - n, d)) + _digamma((f, d)) - _digamma((d - f, d))


def _is_pole(a: float) -> bool:
    return a <= 0 and a == math.floor(a)


def digamma(a: float) -> float:
    """The derivative of log|gamma(a)|, within one unit of the last place, roots included.

    Example:
        >>> digamma(1.0), digamma(1.4616321449683622)
        (-0.5772156649015329, -9.241265521729427e-17)
    """
    if not math.isfinite(a):
        return a if a > 0 else math.nan
    return math.nan if _is_pole(a) else quotient(_reflected(ratio(a)), ONE)


def _gamma(x: Ratio) -> tuple[int, int, int]:
    """gamma of a fraction as (n, d, k): n / d * 2**k."""
    n, d = x
    under, over = 1, 1
    while n < FAR * d:
        under, over, n = under * n, over * d, n + d
    x = n, d
    tail = fixed(x) * _series(x, _weights(0)) >> BITS
    half_log_two_pi = log((2 * pi(), ONE)) // 2
    logarithm = (log(x) * (2 * n - d)) // (2 * d) - fixed(x) + half_log_two_pi + tail
    m, k = exp((logarithm, ONE))
    return m * over, under << BITS, k


def gamma_slope(a: float) -> float:
    """The derivative of gamma, gamma(a) digamma(a), rounded once.

    Example:
        >>> gamma_slope(5.0)
        36.146824042363214
    """
    if not math.isfinite(a) or a > 180:
        return a if a != a or a < 0 else math.inf  # so large a gamma has no float
    if _is_pole(a) or a < -200:
        return math.nan if _is_pole(a) else 0.0
    x = ratio(a)
    n, d, k = _gamma(x)
    return quotient(n * _reflected(x), d << BITS, k)


def _zeta(m: int, x: Ratio) -> int:
    """Hurwitz zeta, the sum of (x + k)**-m, k from 0; Euler-Maclaurin (DLMF 25.11.5)."""
    n, d = x
    total = 0
    while n < (FAR + m) * d:
        total += int(d**m << BITS) // int(n**m)
        n += d
    at_m = int(d**m << BITS) // int(n**m)
    total += at_m * n // ((m - 1) * d) + at_m // 2
    term = (at_m * m * d) // n
    for k, (over, under) in enumerate(_bernoulli(), 1):
        total += term * over // (under * math.factorial(2 * k))
        term = term * ((m + 2 * k - 1) * (m + 2 * k) * d * d) // (n * n)
    return total


def polygamma(order: float, a: float) -> float:
    """The derivative of digamma of the given whole order at a.

    Example:
        >>> polygamma(1, 1.0)
        1.6449340668482264
    """
    n = int(order)
    if n == 0 or not math.isfinite(a):
        return digamma(a) if n == 0 else 0.0 * a if a > 0 else math.nan
    if _is_pole(a):
        return math.nan
    sign = 1 if n % 2 else -1
    if a > 2**40:  # the first two terms hold all digits (DLMF 5.15.8)
        return sign * math.factorial(n - 1) * (1 / a) ** n * (1 + n / (2 * a))
    x = ratio(a)
    return sign * quotient(math.factorial(n) * _periodic_zeta(n + 1, x), ONE)


def _periodic_zeta(m: int, x: Ratio) -> int:
    """Hurwitz zeta on both sides of 0: the sum over all integers less the part below x."""
    n, d = x
    if n > 0:
        return _zeta(m, x)
    f, mirror = n % d, -1 if m % 2 else 1
    return _zeta(m, (f, d)) + mirror * (_zeta(m, (d - f, d)) - _zeta(m, (d - n, d)))
