"""The operator table: one row per operator, with its formulas as text.

Everything else about an operator (method, reflected method, function, NumPy dispatch, derivative
rule, symbol, domain, documentation, tests) is derived from its row; this module only states facts.
"""

from __future__ import annotations

import math

from vrepl.core.rows import ANY_NUMBER, ATOM, FRACTION, ONE_LIST, SIGNED, TWO_LISTS, Operator

__all__ = ["ATOM", "BY_NAME", "BY_SYMBOL", "BY_UFUNC", "LATER", "OPERATORS", "SIGNED", "Operator"]

_PAIRS = ((2.0, -3.0), (-6.0, 10.0), (0.25, 7.5))
_PARTS = ((7.5, 2.0), (-7.5, 2.0), (7.5, -0.7))
_ANY = ((-2.5,), (-0.3,), (0.5,), (3.0,))
_BROKEN = ((-2.3,), (-0.3,), (0.7,), (41.2,))
_POSITIVE = ((0.2,), (1.5,), (40.0,))
_UNIT = ((-0.9,), (-0.3,), (0.5,))
_BARS = r"\left|<a>\right|"
_MANY = ((2.0, -3.0), (0.25, 7.5, -1.5), (4.0,))


def _infix(  # noqa: PLR0913, PLR0917 - a row has as many facts
    name: str, symbol: str, partials: tuple[str, str], summary: str, precedence: int,
    samples: tuple[tuple[float, ...], ...] = _PAIRS, ufunc: str = "", domain: str = "",
    *, latex: str = "", latex_precedence: int = 0,
) -> Operator:  # fmt: skip
    """A row for a Python operator between two operands, with the methods Python gives it."""
    return Operator(
        name, symbol, f"a {symbol} b", partials, summary, ufunc or name, samples, precedence,
        f"__{name}__", f"__r{name}__", right_to_left=symbol == "**", domain=domain,
        latex=latex, latex_precedence=latex_precedence,
    )  # fmt: skip


def _call(  # noqa: PLR0913, PLR0917
    call: str, partials: tuple[str, ...], summary: str, ufunc: str = "",
    samples: tuple[tuple[float, ...], ...] = _ANY, domain: str = "", kinks: tuple[float, ...] = (),
    *, name: str = "", method: str = "", takes: str = "", forward: str = "", latex: str = "",
    latex_precedence: int = 0, whole: str = "",
) -> Operator:  # fmt: skip
    """A row for a function, written as it is called: `tanh(a)`."""
    symbol = call.partition("(")[0]
    return Operator(
        name or symbol, symbol, forward or call, partials, summary, ufunc, samples,
        method=method, domain=domain, kinks=kinks, takes=takes,
        latex=latex, latex_precedence=latex_precedence, whole=whole,
    )  # fmt: skip


# Precedences follow Python's grammar: + and - 10, * and / 20, unary 30, ** 40.
# Derivatives are the textbook ones (Abramowitz & Stegun 3.3 and 4; NIST DLMF 4, 5, 7) in the form
# that keeps its last bits. The worst error in units of the last place is what the tests measured
# over 20,000 points (bar: 2); a libm that rounds exp, log and pow worse makes it a little larger.
#   division by b: -y/b; -a/b**2 errs more. A quotient below 1e-290 has lost digits: scale a up.
#   power: b - 1 is exact for b >= 1 only, elsewhere b*(y/a); scaled_power where a**b overflows or
#     vanishes and the slope does not; b/a first where b is tiny, because y/a could overflow.
#   log2, log10: one division by a constant; the constants err by 0.1 units.
#   hypot: a/y; where y has lost digits or is too large, everything scaled by 2**600.
#   asin, acos, acosh, atanh: 1 - a*a rounded once.
#   tanh, sigmoid, erf, gamma, cbrt, tan, dist: functions of `special`, with the reasons there.
# At kinks and edges: abs'(0) = relu'(0) = 0, equal operands of min and max share 1, d(x**0)/dx = 0,
# sqrt'(0) = inf, steps (floor, round, //) are flat, and the exponent's slope at a negative base is
# nan. A formula that divides by zero or leaves its domain counts as nan.
# fmt: off
_POWERS = ((2.0, 3.0), (0.5, -1.5), (9.0, 0.5))
_POWER = (
    "0.0 if b == 0 else scaled_power(b, a, b - 1) if b >= 1 else inf if a == 0"
    " else scaled_power(b / a, a, b) if b < 1e-9 else b * (y / a)",
    "scaled_power(log(a), a, b) if a > 0 else 0.0 if a == 0 else nan",
)
_ARITHMETIC: tuple[Operator, ...] = (
    _infix("add", "+", ("1.0", "1.0"), "sum", 10),
    _infix("sub", "-", ("1.0", "-1.0"), "difference", 10, ufunc="subtract"),
    _infix("mul", "*", ("b", "a"), "product", 20, ufunc="multiply",
           latex=r"<a:20> \cdot <b:21>"),
    _infix("truediv", "/",
           ("1 / b", "-y / b if abs(y) > 1e-290 else -(a * 2.0**200 / b) / b / 2.0**200"),
           "quotient", 20, ufunc="divide", latex=r"\frac{<a>}{<b>}", latex_precedence=FRACTION),
    _infix("pow", "**",
           _POWER, "power", 40, _POWERS, "power",
           domain="a >= 0; below it only whole powers are real", latex="<a:41>^{<b>}"),
    _infix("floordiv", "//", ("0.0", "0.0"), "quotient rounded down", 20, _PARTS, "floor_divide",
           latex=r"\left\lfloor\frac{<a>}{<b>}\right\rfloor", latex_precedence=ATOM),
    _infix("mod", "%", ("1.0", "-(a // b)"), "remainder with the sign of b", 20, _PARTS,
           "remainder", latex=r"<a:20> \bmod <b:21>"),
    Operator("neg", "-", "-a", ("-1.0",), "negative", "negative", _ANY, SIGNED, "__neg__"),
    Operator("pos", "+", "+a", ("1.0",), "the number itself", "positive", _ANY, SIGNED, "__pos__"),
    _call("abs(a)", ("1.0 if a > 0 else -1.0 if a < 0 else a * 0.0",), "absolute value", "absolute",
          kinks=(0.0,), method="__abs__", latex=_BARS),
    _call("floor(a)", ("0.0",), "largest whole number not above a", "floor", _BROKEN,
          method="__floor__", latex=r"\left\lfloor <a>\right\rfloor"),
    _call("ceil(a)", ("0.0",), "smallest whole number not below a", "ceil", _BROKEN,
          method="__ceil__", latex=r"\left\lceil <a>\right\rceil"),
    _call("trunc(a)", ("0.0",), "a without its fraction", "trunc", _BROKEN, method="__trunc__"),
    _call("round(a)", ("0.0",), "nearest whole number, halves to even", "rint", _BROKEN,
          method="__round__"),
    _call("round(a, b)", ("0.0", "0.0"), "a rounded to b digits after the point", "",
          ((2.347, 2), (-0.127, 1)), name="round_to", method="__round__", whole="b"),
)

_SHARE = "1 / args.count(y) if a == y else nan if y != y else 0.0"
_OTHER = "args[i - len(args) // 2]"  # the operand's partner in the other list
_LENGTH_SCALE = "(2.0**600 if y < 1 else 2.0**-600)"

# Of any number of operands: one partial holds for each of them, `a`, the i-th of `args`.
_COLLECTING: tuple[Operator, ...] = (
    _call("min(*args)", (_SHARE,), "smallest operand", "minimum", _MANY, takes=ANY_NUMBER,
          forward="min(args)"),
    _call("max(*args)", (_SHARE,), "largest operand", "maximum", _MANY, takes=ANY_NUMBER,
          forward="max(args)"),
    _call("hypot(*args)",
          (f"a / y if 1e-290 < y < inf else a * {_LENGTH_SCALE}"
           f" / hypot(*[x * {_LENGTH_SCALE} for x in args])",),
          "length of a vector", "hypot", _MANY, takes=ANY_NUMBER),
    _call("dist(p, q)",
          (f"direction(a, {_OTHER}, *[x for k in range(len(args) // 2) if k != i % (len(args) // 2)"
           " for x in (args[k], args[k + len(args) // 2])])",),
          "distance of two points", "", ((2.0, -3.0), (1.0, 2.0, 4.0, -1.0)), takes=TWO_LISTS,
          forward="dist(args[: len(args) // 2], args[len(args) // 2 :])"),
    _call("fsum(args)", ("1.0",), "sum, rounded once", "", _MANY, takes=ONE_LIST),
    _call("prod(args)", ("product(args[:i] + args[i + 1 :])",), "product", "", _MANY,
          takes=ONE_LIST),
    _call("sumprod(p, q)", (_OTHER,), "sum of products", "",
          ((2.0, -3.0), (1.0, 2.0, 4.0, -1.0)), takes=TWO_LISTS,
          forward="sumprod(args[: len(args) // 2], args[len(args) // 2 :])"),
)

_FUNCTIONS: tuple[Operator, ...] = (
    _call("exp(a)", ("y",), "e to the power a", "exp", latex="e^{<a>}",
          latex_precedence=40),
    _call("expm1(a)", ("exp(a)",), "exp(a) - 1, exact near 0", "expm1"),
    _call("exp2(a)", ("y * log(2)",), "2 to the power a", "exp2", latex="2^{<a>}",
          latex_precedence=40),
    _call("log(a)", ("1 / a",), "natural logarithm", "log", _POSITIVE, "a > 0",
          latex=r"\ln\left(<a>\right)"),
    _call("log(a, b)", ("log_slope(a, b)", "log_base_slope(a, b)"), "logarithm to base b", "",
          ((8.0, 2.0), (0.3, 7.5)), "a > 0 and b > 0", name="log_base",
          latex=r"\log_{<b>}\left(<a>\right)"),
    _call("log1p(a)", ("1 / (1 + a)",), "log(1 + a), exact near 0", "log1p", _POSITIVE, "a > -1"),
    _call("log2(a)", ("1.4426950408889634 / a",), "logarithm to base 2", "log2", _POSITIVE,
          "a > 0", latex=r"\log_{2}\left(<a>\right)"),
    _call("log10(a)", ("0.4342944819032518 / a",), "logarithm to base 10", "log10", _POSITIVE,
          "a > 0", latex=r"\log_{10}\left(<a>\right)"),
    _call("sqrt(a)", ("0.5 / y if y else inf",), "square root", "sqrt", _POSITIVE, "a >= 0",
          latex=r"\sqrt{<a>}"),
    _call("cbrt(a)", ("cbrt_slope(a)",), "cube root", "cbrt", latex=r"\sqrt[3]{<a>}"),
    _call("sin(a)", ("cos(a)",), "sine, a in radians", "sin", domain="-inf < a < inf"),
    _call("cos(a)", ("-sin(a)",), "cosine, a in radians", "cos", domain="-inf < a < inf"),
    _call("tan(a)", ("sec2(a)",), "tangent, a in radians", "tan", domain="-inf < a < inf"),
    _call("asin(a)", ("1 / sqrt(one_minus_square(a)) if abs(a) != 1 else inf",),
          "angle with sine a", "arcsin", _UNIT, "-1 <= a <= 1", latex=r"\arcsin\left(<a>\right)"),
    _call("acos(a)", ("-1 / sqrt(one_minus_square(a)) if abs(a) != 1 else -inf",),
          "angle with cosine a", "arccos", _UNIT, "-1 <= a <= 1", latex=r"\arccos\left(<a>\right)"),
    _call("atan(a)", ("over_squares(1.0, a)",), "angle with tangent a", "arctan",
          latex=r"\arctan\left(<a>\right)"),
    _call("atan2(a, b)", ("over_squares(b, a)", "-over_squares(a, b)"), "angle of the point (b, a)",
          "arctan2", _PAIRS),
    _call("sinh(a)", ("cosh(a)",), "hyperbolic sine", "sinh"),
    _call("cosh(a)", ("sinh(a)",), "hyperbolic cosine", "cosh"),
    _call("tanh(a)", ("sech2(a)",), "hyperbolic tangent", "tanh"),
    _call("asinh(a)", ("1 / hypot(1.0, a)",), "number with hyperbolic sine a", "arcsinh"),
    _call("acosh(a)",
          ("1 / a if a > 1e9 else 1 / sqrt(-one_minus_square(a)) if a != 1 else inf",),
          "number with hyperbolic cosine a", "arccosh", ((1.1,), (1.5,), (40.0,)), "a >= 1"),
    _call("atanh(a)", ("1 / one_minus_square(a)",), "number with hyperbolic tangent a", "arctanh",
          _UNIT, "-1 < a < 1"),
    _call("erf(a)", ("gaussian(a)",), "error function"),
    _call("erfc(a)", ("-gaussian(a)",), "1 - erf(a), exact far out"),
    _call("gamma(a)", ("gamma_slope(a)",), "gamma function", "", ((0.3,), (1.5,), (-2.5,), (5.0,)),
          "the numbers but 0, -1, -2, … and -inf", latex=r"\Gamma\left(<a>\right)"),
    _call("lgamma(a)", ("digamma(a)",), "log(abs(gamma(a)))", "",
          ((0.3,), (1.6,), (-2.5,), (40.0,)), "the numbers but 0, -1, -2, …",
          latex=r"\ln\left|\Gamma\left(<a>\right)\right|"),
    _call("degrees(a)", ("57.29577951308232",), "a in degrees instead of radians", "degrees"),
    _call("radians(a)", ("0.017453292519943295",), "a in radians instead of degrees", "radians"),
    _call("fabs(a)", ("1.0 if a > 0 else -1.0 if a < 0 else a * 0.0",), "absolute value as a float",
          "fabs", kinks=(0.0,), latex=_BARS),
    _call("copysign(a, b)", ("copysign(1.0, a) * copysign(1.0, b) if a else 0.0", "0.0"),
          "size of a with the sign of b", "copysign", _PAIRS, kinks=(0.0,)),
    _call("fmod(a, b)", ("1.0", "-copysign(abs(a) // abs(b), a / b)"),
          "remainder with the sign of a", "fmod", _PARTS, "-inf < a < inf and b != 0"),
    _call("remainder(a, b)", ("1.0", "-1.0 * round((a - y) / b)"),
          "remainder nearest to 0", "", _PARTS, "-inf < a < inf and b != 0"),
    _call("pow(a, b)", _POWER, "power, always a float", "", _POWERS,
          "a >= 0; below it only whole powers are real", name="float_pow", latex="<a:41>^{<b>}",
          latex_precedence=40),
    _call("ldexp(a, b)", ("scaled_power(1.0, 2.0, b)", "scaled_power(a * log(2), 2.0, b)"),
          "a times 2 to the whole power b", "", ((0.75, 4), (-3.5, -2)),
          latex=r"<a:20> \cdot 2^{<b>}", latex_precedence=20, whole="b"),
    _call("fma(a, b, c)", ("b", "a", "1.0"), "a*b + c, rounded once", "",
          ((2.0, -3.0, 10.0), (0.25, 7.5, -1.5))),
    _call("relu(a)", ("1.0 if a > 0 else a * 0.0 if a != a else 0.0",), "a where positive, else 0",
          kinks=(0.0,), forward="a if not a <= 0 else 0.0"),
    _call("sigmoid(a)", ("sigmoid_slope(a)",), "logistic function 1 / (1 + exp(-a))",
          latex=r"\sigma\left(<a>\right)"),
    _call("softplus(a)", ("sigmoid(a)",), "log(1 + exp(a))"),
)
# fmt: on

LATER = ("fma", "sumprod")  # functions that the `math` of Python 3.11 does not have

OPERATORS: tuple[Operator, ...] = tuple(
    row
    for row in _ARITHMETIC + _COLLECTING + _FUNCTIONS
    if row.name not in LATER or hasattr(math, row.name)
)

BY_NAME = {row.name: row for row in OPERATORS}
BY_SYMBOL = {(row.symbol, row.arity): row for row in OPERATORS}
BY_UFUNC = {row.ufunc: row for row in OPERATORS if row.ufunc}
