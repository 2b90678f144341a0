"""How a number is written where space is short; every painter asks here.

It knows digits only: alignment and the words around a number are left to the painters.
"""

from __future__ import annotations

import math

__all__ = ["fixed", "short"]

LONGEST_INT = 10**9  # nine digits still read at a glance; longer ones are abbreviated
FIXED_FROM, FIXED_TO = 1e-4, 1e6


def short(number: float) -> str:
    """*number* in few characters: about four decimals, scientific when very small or large.

    Args:
        number: Any int or float, also infinite or not a number.

    Returns:
        Text of at most eleven characters for a float; an int has no decimal point, a float always
        one, unless it is in scientific form.

    Example:
        >>> [short(n) for n in (2, 2.0, -1.5, 0.88137, 1e-9, 1e20, 10**100)]
        ['2', '2.0', '-1.5', '0.8814', '1e-9', '1e20', '1e100']
    """
    if isinstance(number, int):
        return str(int(number)) if abs(number) < LONGEST_INT else _long_int(number)
    number = float(number)
    size = abs(number)
    if not math.isfinite(number) or number == 0:
        return str(number)
    if FIXED_FROM <= size < FIXED_TO:
        digits = f"{number:.{_decimals(size)}f}".rstrip("0")
        if abs(float(digits)) < FIXED_TO:  # 999999.96 rounds to a million, which is written 1e6
            return digits + "0" if digits.endswith(".") else digits
    return _scientific(f"{number:.3e}")


def fixed(number: float) -> str:
    """*number* with four decimals, as the record boxes of a DOT drawing show it.

    Example:
        >>> [fixed(n) for n in (4.0, -3, 1e-9, 1e20)]
        ['4.0000', '-3.0000', '1e-9', '1e20']
    """
    if number and not FIXED_FROM <= abs(number) < LONGEST_INT:
        return short(number)
    return f"{float(number):.4f}"


def _decimals(size: float) -> int:
    power = math.floor(math.log10(size))
    return 3 - power if power < -1 else 4 - max(0, power - 2)


def _long_int(number: int) -> str:
    # By logarithm: str() refuses ints of more than 4300 digits and float() those above 1e308.
    power = math.log10(abs(number))
    whole = math.floor(power + 1e-12)
    mantissa = f"{10 ** (power - whole):.3f}"
    if mantissa == "10.000":
        mantissa, whole = "1.000", whole + 1
    return ("-" if number < 0 else "") + _scientific(f"{mantissa}e{whole}")


def _scientific(text: str) -> str:
    mantissa, power = text.split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
