"""The operator table: one row per operator, with its formulas as text.

Everything else about an operator (method, reflected method, function, NumPy dispatch, derivative
rule, symbol, domain, documentation, tests) is derived from its row; this module only states facts.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ATOM", "BY_NAME", "BY_SYMBOL", "BY_UFUNC", "OPERATORS", "SIGNED", "Operator"]

ATOM = 100  # the precedence of what never needs parentheses: a name, a number, a call
SIGNED = 30  # that of a number with a sign


# eq=False: rows are compared and hashed by identity, which the sweeps do for every operation.
@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One operator: how it is written, computed and differentiated.

    Formulas are Python expressions over the operands `a`, `b` and the result `y`, in the
    vocabulary of `math`, `inf`, `nan` and the table's own functions.

    Example:
        >>> BY_NAME["truediv"].partials
        ('1 / b', '-y / b')
        >>> BY_NAME["truediv"].written("a + b", "c")
        '(a + b) / c'
    """

    name: str
    symbol: str
    forward: str
    partials: tuple[str, ...]
    summary: str
    ufunc: str
    samples: tuple[tuple[float, ...], ...]
    precedence: int = ATOM
    method: str = ""
    reflected: str = ""
    right_to_left: bool = False
    domain: str = ""
    kinks: tuple[float, ...] = ()

    @property
    def arity(self) -> int:
        """How many operands one application takes."""
        return len(self.partials)

    @property
    def is_function(self) -> bool:
        """Whether it is called by name (`tanh(a)`) rather than written with a symbol."""
        return self.symbol.isidentifier()

    @property
    def is_offered(self) -> bool:
        """Whether `vrepl` offers it as a function and a method; Python has the others."""
        return self.is_function and not self.method

    @property
    def parameters(self) -> tuple[str, ...]:
        """The operand names its formulas use."""
        return ("a", "b", "c")[: self.arity]

    def written(self, *operands: str, precedences: tuple[int, ...] = ()) -> str:
        """The application as the user would type it, with the parentheses it needs.

        Args:
            operands: The text of each operand.
            precedences: How strongly each operand's text binds; by default worked out from blanks.
        """
        levels = precedences or tuple(1 if " " in text else ATOM for text in operands)
        if self.is_function:
            return f"{self.symbol}({', '.join(operands)})"
        if self.arity == 1:
            return self.symbol + _enclosed(operands[0], levels[0] < self.precedence)
        left_limit = self.precedence + (1 if self.right_to_left else 0)
        right_limit = SIGNED if self.right_to_left else self.precedence + 1  # a**-b needs none
        left = _enclosed(operands[0], levels[0] < left_limit)
        right = _enclosed(operands[1], levels[1] < right_limit)
        return (
            f"{left}{self.symbol}{right}" if self.right_to_left else f"{left} {self.symbol} {right}"
        )


def _enclosed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


_PAIRS = ((2.0, -3.0), (-6.0, 10.0), (0.25, 7.5))
_ANY = ((-2.5,), (-0.3,), (0.5,), (3.0,))
_POSITIVE = ((0.2,), (1.5,), (40.0,))

# Precedences follow Python's grammar: + and - 10, * and / 20, unary 30, ** 40.
# Derivative formulas are the textbook ones in the form that keeps its last bits:
#   division by b: -y/b errs by 0.93 ulp at worst where -a/b**2 errs by more;
#   tanh: 4e/(1+e)^2 with e = exp(-2|a|) neither cancels nor overflows, as 1 - y*y and cosh do;
#   sigmoid: s(a)*s(-a) does not cancel, as y*(1-y) does;
#   power: b - 1 is exact only for b >= 1, elsewhere b*(y/a) is the better form.
# At kinks and edges: abs'(0) = relu'(0) = 0, d(x**0)/dx = 0, sqrt'(0) = inf, and the exponent's
# slope at a negative base is nan.
OPERATORS: tuple[Operator, ...] = (
    Operator("add", "+", "a + b", ("1.0", "1.0"), "sum", "add", _PAIRS, 10, "__add__", "__radd__"),
    Operator(
        "sub",
        "-",
        "a - b",
        ("1.0", "-1.0"),
        "difference",
        "subtract",
        _PAIRS,
        10,
        "__sub__",
        "__rsub__",
    ),
    Operator(
        "mul", "*", "a * b", ("b", "a"), "product", "multiply", _PAIRS, 20, "__mul__", "__rmul__"
    ),
    Operator(
        "truediv",
        "/",
        "a / b",
        ("1 / b", "-y / b"),
        "quotient",
        "divide",
        _PAIRS,
        20,
        "__truediv__",
        "__rtruediv__",
    ),
    Operator(
        "pow",
        "**",
        "a ** b",
        (
            "0.0 if b == 0 else b * a**(b - 1) if b >= 1 else b * (y / a) if a else inf",
            "y * log(a) if a > 0 else 0.0 if a == 0 else nan",
        ),
        "power",
        "power",
        ((2.0, 3.0), (0.5, -1.5), (9.0, 0.5)),
        40,
        "__pow__",
        "__rpow__",
        right_to_left=True,
        domain="a >= 0; below it only whole powers are real",
    ),
    Operator("neg", "-", "-a", ("-1.0",), "negative", "negative", _ANY, SIGNED, "__neg__"),
    Operator("pos", "+", "+a", ("1.0",), "the number itself", "positive", _ANY, SIGNED, "__pos__"),
    Operator(
        "abs",
        "abs",
        "abs(a)",
        ("1.0 if a > 0 else -1.0 if a < 0 else a * 0.0",),
        "absolute value",
        "absolute",
        _ANY,
        method="__abs__",
        kinks=(0.0,),
    ),
    Operator("exp", "exp", "exp(a)", ("y",), "e to the power a", "exp", _ANY),
    Operator(
        "log", "log", "log(a)", ("1 / a",), "natural logarithm", "log", _POSITIVE, domain="a > 0"
    ),
    Operator(
        "sqrt",
        "sqrt",
        "sqrt(a)",
        ("0.5 / y if y else inf",),
        "square root",
        "sqrt",
        _POSITIVE,
        domain="a >= 0",
    ),
    Operator(
        "sin", "sin", "sin(a)", ("cos(a)",), "sine, a in radians", "sin", _ANY, domain="finite a"
    ),
    Operator(
        "cos", "cos", "cos(a)", ("-sin(a)",), "cosine, a in radians", "cos", _ANY, domain="finite a"
    ),
    Operator(
        "tanh",
        "tanh",
        "tanh(a)",
        ("4 * exp(-2 * abs(a)) / (1 + exp(-2 * abs(a))) ** 2",),
        "hyperbolic tangent",
        "tanh",
        _ANY,
    ),
    Operator(
        "relu",
        "relu",
        "a if not a <= 0 else 0.0",
        ("1.0 if a > 0 else a * 0.0 if a != a else 0.0",),
        "a where positive, else 0",
        "",
        _ANY,
        kinks=(0.0,),
    ),
    Operator(
        "sigmoid",
        "sigmoid",
        "1 / (1 + exp(-a)) if a >= 0 else exp(a) / (1 + exp(a))",
        ("sigmoid(a) * sigmoid(-a)",),
        "logistic function 1 / (1 + exp(-a))",
        "",
        _ANY,
    ),
)

BY_NAME = {row.name: row for row in OPERATORS}
BY_SYMBOL = {(row.symbol, row.arity): row for row in OPERATORS}
BY_UFUNC = {row.ufunc: row for row in OPERATORS if row.ufunc}
