"""What the rows compute, in other arithmetic: floats as they are, or a hundred decimal digits.

Each arithmetic runs the same formula text over its own numbers; what is measured with it is left
to `checking`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from vrepl.core.errors import MissingLibrary
from vrepl.core.operators import Operator
from vrepl.core.rules import Number, as_float, compiled_forward, evaluate

__all__ = ["Arithmetic", "Doubles", "Precise", "best_arithmetic"]


DIGITS = 100

# Names of formulas that mean the same function in mpmath.
_MPMATHS = (
    "exp", "expm1", "log1p", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "gamma", "fsum", "degrees",
    "radians", "floor", "ceil", "inf", "nan",
)  # fmt: skip


class Arithmetic(Protocol):
    """Numbers to measure with.

    Attributes:
        words: How precise it is, for messages.
        tolerance: How far a measured slope may be off, relative to its size.
        is_fine: Whether its steps are smaller than anything that happens between two floats.
    """

    @property
    def words(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def tolerance(self) -> float: ...  # noqa: D102
    @property
    def is_fine(self) -> bool: ...  # noqa: D102

    def number(self, x: Number) -> Any:
        """A Python number as a number of this arithmetic, exactly."""

    def step(self, x: Number) -> Any:
        """How far to step away from *x* to measure a slope there."""

    def resolving(self, y: float, slope: float, step: Any) -> AbstractContextManager[Any]:
        """While it holds, a step changes a value of size *y* visibly, where that is possible."""

    def function(self, row: Operator) -> Callable[..., Any]:
        """What *row* computes; raises ArithmeticError or ValueError where it has no real value."""


@dataclass(frozen=True)
class Doubles:
    """Python's floats: about ten digits of a central difference can be trusted.

    Args:
        h: The step; by default 2**-18 of the number's binade, near the cube root of the epsilon.

    Example:
        >>> Doubles().step(2.0), Doubles(h=0.001).step(2.0)
        (7.62939453125e-06, 0.001)
    """

    h: float | None = None
    words: str = "floats"
    tolerance: float = 1e-6
    is_fine: bool = False

    def number(self, x: Number) -> float:
        """The float; inf for a whole number too large for one."""
        return as_float(x)

    def step(self, x: Number) -> float:
        """The step chosen, or the one scaled to *x*."""
        if self.h is not None:
            return self.h
        at = self.number(x)
        return math.ldexp(1.0, (math.frexp(at)[1] if at and math.isfinite(at) else 1) - 19)

    def resolving(self, y: float, slope: float, step: Any) -> AbstractContextManager[Any]:
        """Floats are what they are."""
        return nullcontext()

    def function(self, row: Operator) -> Callable[..., Any]:
        """The row's own function, without the complex results of `**`."""
        own = evaluate(row)

        def function(*operands: Any) -> Any:
            y = own(*operands)
            if isinstance(y, complex):
                raise ValueError("no real value")
            return y

        return function


@cache
def _context() -> Any:
    try:
        import mpmath
    except ImportError:
        raise MissingLibrary("a check in 100 digits", "mpmath", "vrepl[check]") from None
    context = mpmath.mp.clone()
    context.dps = DIGITS
    return context


@dataclass(frozen=True)
class Precise:
    """A hundred decimal digits by mpmath: central differences exact far beyond a float.

    Raises:
        MissingLibrary: mpmath is not installed.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> third = Precise().function(BY_NAME["truediv"])(1, 3)
        >>> str(third)[:30]
        '0.3333333333333333333333333333'
    """

    words: str = "100 digits"
    tolerance: float = 1e-30
    is_fine: bool = True
    mp: Any = field(default_factory=_context)

    def number(self, x: Number) -> Any:
        """The number with a hundred digits."""
        return self.mp.mpf(x)

    def step(self, x: Number) -> Any:
        """35 digits below the number's first."""
        return self.mp.mpf("1e-35") * (abs(self.mp.mpf(x)) if x and math.isfinite(x) else 1)

    def resolving(self, y: float, slope: float, step: Any) -> AbstractContextManager[Any]:
        """More digits where the change is more than fifty digits smaller than the value."""
        change = abs(self.mp.mpf(slope) * step)
        if not self.mp.isfinite(change) or not change or not math.isfinite(y):
            return nullcontext()
        lost = self.mp.log10(max(abs(self.mp.mpf(y)), 1) / change)
        return self.mp.workdps(max(DIGITS, int(lost) + 50))  # type: ignore[no-any-return]

    def function(self, row: Operator) -> Callable[..., Any]:
        """The row's formula over mpmath's functions."""
        return _precise_function(row, self.mp)


def best_arithmetic() -> Arithmetic:
    """A hundred digits where mpmath is installed, else floats.

    Example:
        >>> best_arithmetic().words
        '100 digits'
    """
    return Precise() if find_spec("mpmath") else Doubles()


@cache
def _precise_function(row: Operator, mp: Any) -> Callable[..., Any]:
    names = _vocabulary(mp)
    formula = (
        names[f"row {row.name}"] if f"row {row.name}" in names else compiled_forward(row, names)
    )

    whole = row.parameters.index(row.whole) if row.whole else None

    def function(*operands: Any) -> Any:
        if whole is not None and not mp.isint(operands[whole]):
            raise ValueError("not a whole number")
        y = mp.convert(formula(*map(mp.convert, operands)))
        if not isinstance(y, mp.mpf) or not mp.isfinite(y):
            raise ValueError("no finite real value")
        return y

    return function


@cache
def _vocabulary(mp: Any) -> dict[str, Any]:
    """The names of formulas over mpmath's numbers; mpmath's own, or made from them here."""

    def truncated(a: Any) -> Any:
        return mp.floor(a) if a > 0 else mp.ceil(a)

    def lgamma(a: Any) -> Any:
        if a > 0:
            return mp.loggamma(a)
        return mp.log(mp.pi / abs(mp.sinpi(a))) - mp.loggamma(1 - a)  # DLMF 5.5.3

    def length(parts: Sequence[Any]) -> Any:
        return mp.sqrt(mp.fsum(x * x for x in parts))

    names: dict[str, Any] = {name: getattr(mp, name) for name in _MPMATHS}
    return names | {
        "__builtins__": {}, "abs": abs, "min": min, "max": max, "len": len, "range": range,
        "exp2": lambda a: mp.power(2, a),
        "log": lambda a, b=None: mp.log(a) if b is None else mp.log(a) / mp.log(b),
        "log2": lambda a: mp.log(a) / mp.log(2),
        "cbrt": lambda a: mp.sign(a) * mp.cbrt(abs(a)),
        "pow": mp.power, "ldexp": lambda a, b: a * mp.power(2, b),
        "lgamma": lgamma, "trunc": truncated, "fabs": abs,
        "round": lambda a, b=0: mp.nint(a * mp.power(10, b)) / mp.power(10, b),
        "hypot": lambda *args: length(args),
        "dist": lambda p, q: length([a - b for a, b in zip(p, q, strict=True)]),
        "prod": mp.fprod,
        "sumprod": mp.fdot,
        "copysign": lambda a, b: abs(a) if b >= 0 else -abs(a),
        "fmod": lambda a, b: a - b * truncated(a / b),
        "remainder": lambda a, b: a - b * mp.nint(a / b),
        "fma": lambda a, b, c: a * b + c,
        "sigmoid": lambda a: 1 / (1 + mp.exp(-a)),
        "softplus": lambda a: mp.log1p(mp.exp(a)),
        # By row, where mpmath's numbers do not know the operator or take another convention.
        "row floordiv": lambda a, b: mp.floor(a / b),
        "row mod": lambda a, b: a - b * mp.floor(a / b),
    }  # fmt: skip
