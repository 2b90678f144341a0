"""Rows of the functions that formulas use and users do not: how `special` is differentiated.

They have the shape of the operator table's rows, so that a slope can be differentiated again by
running its formula on nodes.
"""

from __future__ import annotations

from vrepl.core.rows import ANY_NUMBER, ONE_LIST, Operator

__all__ = ["HELPERS"]


def _helper(
    call: str, partials: tuple[str, ...], summary: str, *samples: tuple[float, ...], takes: str = ""
) -> Operator:
    name = call.partition("(")[0]
    return Operator(name, name, call, partials, summary, "", samples, takes=takes)


# The derivatives are by the chain and product rules from each summary; digamma and polygamma by
# definition. A partial of `polygamma` by its order does not exist.
# fmt: off
HELPERS: tuple[Operator, ...] = (
    _helper("one_minus_square(a)", ("-2 * a",), "1 - a*a", (0.3,), (-2.5,)),
    _helper("over_squares(a, b)",
            ("over_squares(b, a) ** 2 - y * y", "-2 * y * over_squares(b, a)"),
            "a / (a*a + b*b)", (0.3, 2.0), (-5.0, 1.5)),
    _helper("direction(*args)",
            ("(1 - 2 * (i % 2)) * ((i < 2) - y * (args[i - i % 2] - args[i - i % 2 + 1])"
             " / dist(args[::2], args[1::2])) / dist(args[::2], args[1::2])",),
            "first component of a unit vector", (3.0, 0.5, 5.0, 1.0),
            (2.0, -1.0, 0.5, 0.25, 3.0, 1.0), takes=ANY_NUMBER),
    _helper("cbrt_slope(a)", ("-2 * y / (3 * a) if a else nan",), "slope of cbrt", (0.3,), (-8.5,)),
    _helper("sec2(a)", ("2 * tan(a) * y",), "1 / cos(a)**2", (0.3,), (-2.5,)),
    _helper("sech2(a)", ("-2 * tanh(a) * y",), "1 / cosh(a)**2", (0.3,), (-2.5,)),
    _helper("sigmoid_slope(a)", ("-y * tanh(a / 2)",), "slope of sigmoid", (0.3,), (-2.5,)),
    _helper("gaussian(a)", ("-2 * a * y",), "2 / sqrt(pi) * exp(-a*a)", (0.3,), (-2.5,)),
    _helper("digamma(a)", ("polygamma(1, a)",), "slope of log(gamma(a))", (0.3,), (-2.5,), (40.5,)),
    _helper("polygamma(a, b)", ("nan", "polygamma(a + 1, b)"),
            "derivative of digamma of order a at b", (1, 0.3), (2, -2.5)),
    _helper("gamma_slope(a)", ("y * digamma(a) + gamma(a) * polygamma(1, a)",), "slope of gamma",
            (0.3,), (-2.5,), (4.5,)),
    _helper("log_slope(a, b)", ("-y / a", "-y / (b * log(b))"), "1 / (a log(b))", (0.3, 2.0)),
    _helper("log_base_slope(a, b)", ("-1 / (a * b * log(b) ** 2)", "-y * (1 + 2 / log(b)) / b"),
            "-log(a) / (b log(b)**2)", (0.3, 2.0)),
    _helper("scaled_power(a, b, c)", ("scaled_power(1.0, b, c)",
            "scaled_power(a * c, b, c - 1) if c else 0.0",
            "scaled_power(a * log(b), b, c) if b > 0 else 0.0 if b == 0 else nan"),
            "a * b**c", (2.0, 0.5, -1.5)),
    _helper("product(args)", ("product(args[:i] + args[i + 1 :])",), "product",
            (2.0, -3.0, 0.5), takes=ONE_LIST),
)
# fmt: on
