"""What a row of the operator table is, and how an application of it is written.

This module knows the shape of a row; the rows themselves are in `operators` and `helpers`.
"""

from __future__ import annotations

import builtins
import math
import re
from dataclasses import dataclass

__all__ = ["ATOM", "FRACTION", "SIGNED", "Operator"]

ATOM = 100  # the precedence of what never needs parentheses: a name, a number, a call
SIGNED = 30  # that of a number with a sign
FRACTION = 35  # that of a fraction in LaTeX: only a power asks for parentheses around it

# Functions that LaTeX has a command for; the names of others are set upright.
_LATEX_COMMANDS = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "min", "max"}
_PLACE = re.compile(r"<(\w+)(?::(\d+))?>")

# How a function of any number of operands takes them: written out, in one list, in two of a size.
ANY_NUMBER, ONE_LIST, TWO_LISTS = "any number", "one list", "two lists"


# eq=False: rows are compared and hashed by identity, which the sweeps do for every operation.
@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    r"""One operator: how it is written, computed and differentiated.

    Formulas are Python expressions over the operands `a`, `b`, `c` and the result `y`, in the
    vocabulary of `math`, `inf`, `nan` and the table's own functions. A row that takes any number
    of operands has one partial for all of them: there `args` are the operands, `i` is the position
    of the one to differentiate by, and `a` is that operand.

    `latex` is needed where the symbol does not say how LaTeX sets the operation: `<a>` stands for
    an operand, `<b:21>` for one in parentheses unless it binds that strongly, `<args>` for all.
    `latex_precedence` says how strongly the result binds there, if not as in Python. `whole` names
    the operand that must be a whole number, and so cannot take a small step.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> BY_NAME["exp"].partials
        ('y',)
        >>> BY_NAME["truediv"].written("a + b", "c")
        '(a + b) / c'
        >>> BY_NAME["dist"].written("a", "b", "c", "d")
        'dist([a, b], [c, d])'
        >>> BY_NAME["truediv"].in_latex(("a + b", 10), ("c", ATOM))
        ('\\frac{a + b}{c}', 35)
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
    takes: str = ""
    latex: str = ""
    latex_precedence: int = 0
    whole: str = ""

    @property
    def arity(self) -> int:
        """How many operands one application takes; 0 stands for any number."""
        return 0 if self.takes else len(self.partials)

    @property
    def is_function(self) -> bool:
        """Whether it is called by name (`tanh(a)`) rather than written with a symbol."""
        return self.symbol.isidentifier()

    @property
    def is_offered(self) -> bool:
        """Whether `vrepl` offers a function; `abs(a)` and `a + b` need none."""
        return self.is_function and not (self.method and hasattr(builtins, self.symbol))

    @property
    def is_from_math(self) -> bool:
        """Whether `math` has a function of this name, whose values are the row's."""
        return self.is_function and callable(getattr(math, self.symbol, None))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names its forward formula uses."""
        return ("args",) if self.takes else ("a", "b", "c")[: self.arity]

    def partial(self, position: int) -> str:
        """The formula of the local derivative by the operand at *position*."""
        return self.partials[0 if self.takes else position]

    def operand_names(self, count: int) -> tuple[str, ...]:
        """What messages call the operands of one application: a, b, c, or args[0], args[1]."""
        return tuple(f"args[{i}]" for i in range(count)) if self.takes else self.parameters

    def written(self, *operands: str, precedences: tuple[int, ...] = ()) -> str:
        """The application as the user would type it, with the parentheses it needs.

        Args:
            operands: The text of each operand.
            precedences: How strongly each operand's text binds; by default worked out from blanks.
        """
        if self.is_function:
            return f"{self.symbol}({self._listed(operands)})"
        levels = precedences or tuple(1 if " " in text else ATOM for text in operands)
        if self.arity == 1:
            return self.symbol + _enclosed(operands[0], levels[0] < self.precedence)
        left_limit, right_limit = self._limits
        left = _enclosed(operands[0], levels[0] < left_limit)
        right = _enclosed(operands[1], levels[1] < right_limit)
        return (
            f"{left}{self.symbol}{right}" if self.right_to_left else f"{left} {self.symbol} {right}"
        )

    @property
    def _limits(self) -> tuple[int, int]:
        """How strongly the operands of an infix operator must bind to go without parentheses."""
        if self.right_to_left:
            return self.precedence + 1, SIGNED  # a**-b needs none
        return self.precedence, self.precedence + 1

    def in_latex(self, *operands: tuple[str, int]) -> tuple[str, int]:
        """The application in LaTeX, and how strongly it binds.

        Args:
            operands: The LaTeX of each operand, and how strongly it binds.
        """
        given = dict(zip(("a", "b", "c"), operands, strict=False))

        def put(place: re.Match[str]) -> str:
            if place[1] == "args":
                return self._listed(tuple(text for text, _ in operands))
            text, level = given[place[1]]
            return rf"\left({text}\right)" if level < int(place[2] or 0) else text

        text = _PLACE.sub(put, self.latex or self._plain_latex)
        return text, self.latex_precedence or self.precedence

    @property
    def _plain_latex(self) -> str:
        """The template that the symbol alone implies."""
        if self.is_function:
            known = self.symbol in _LATEX_COMMANDS
            name = f"\\{self.symbol}" if known else rf"\operatorname{{{self.symbol}}}"
            return rf"{name}\left(<args>\right)"
        if self.arity == 1:
            return f"{self.symbol}<a:{self.precedence}>"
        left, right = self._limits
        return f"<a:{left}> {self.symbol} <b:{right}>"

    def _listed(self, operands: tuple[str, ...]) -> str:
        if self.takes == TWO_LISTS:
            half = (len(operands) + 1) // 2
            return f"[{', '.join(operands[:half])}], [{', '.join(operands[half:])}]"
        # max(x) would look inside of x
        alone = len(operands) == 1 and self.takes == ANY_NUMBER and hasattr(builtins, self.symbol)
        text = ", ".join(operands)
        return f"[{text}]" if alone or self.takes == ONE_LIST else text


def _enclosed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text
