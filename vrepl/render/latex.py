"""Writes the chain rule as LaTeX, for notebooks and papers.

It knows how LaTeX sets names, numbers and expressions; how operators are set is in their rows.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from vrepl.core.chain import ChainRule
from vrepl.core.operators import ATOM, OPERATORS, Operator
from vrepl.render.formulas import rest, with_gap
from vrepl.render.numbers import short
from vrepl.render.tikz import escaped

__all__ = ["document", "draw", "expression"]

GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega"
)
_INFIX = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.USub: "neg", ast.UAdd: "pos",
}  # fmt: skip
_ROWS = {row.name: row for row in OPERATORS}


def draw(rule: ChainRule) -> str:
    r"""The chain rule as LaTeX, for amsmath and MathJax; without the dollar signs.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.nodes import order
        >>> from vrepl.core.chain import chain_rule
        >>> e = Value(-2.0, label="e")
        >>> print(draw(chain_rule(order(e * e), e)).splitlines()[-2])
        &= -4.0
    """
    rows = " \\\\\n".join(_rows(rule))
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def document(rules: Sequence[ChainRule]) -> str:
    r"""A LaTeX document with these formulas.

    Example:
        >>> document([]).splitlines()[-1]
        '\\end{document}'
    """
    blocks = "\n".join(f"\\[\n{draw(rule)}\n\\]" for rule in rules)
    return (
        "\\documentclass{article}\n\\usepackage{iftex,amsmath,textcomp}\n"
        "\\ifPDFTeX\\usepackage[T1]{fontenc}\\fi\n\\pagestyle{empty}\n"
        f"\\begin{{document}}\n{blocks}\n\\end{{document}}\n"
    )


def _rows(rule: ChainRule) -> Iterator[str]:
    """Symbols of all paths, then their numbers, then the sum; lines begin at their sign."""
    left = _ratio(rule.output, rule.wrt) + " "
    for terms in _blocks(rule):
        for i, term in enumerate(terms):
            yield f"{left}&= {term}" if i == 0 else rf"&\quad + {term}"
            left = ""
    yield f"{left}&= {_number(rule.total)}"
    for symbol, made in rule.legend:
        yield rf"\text{{where }} {_title(symbol)} &= {expression(made)}"


def _blocks(rule: ChainRule) -> Iterator[list[str]]:
    """What the derivative equals, one form after the other, each a list of summands."""
    symbols: list[str] = []
    numbers: list[str] = []
    products: list[str] = []
    for path in rule.paths:
        ratios = [_ratio(step.above, step.below) for step in path.steps]
        factors = [_signed(_number(step.derivative), i) for i, step in enumerate(path.steps)]
        symbols.append(r" \cdot ".join(with_gap(path, ratios, r"\cdots")))
        numbers.append(r" \cdot ".join(with_gap(path, factors, r"\cdots")))
        products.append(_signed(_number(path.product), len(products)))
    if not rule.paths:
        return
    others = [rf"\text{{({escaped(rest(rule))})}}"] if rule.left_out else []
    if symbols != [_ratio(rule.output, rule.wrt)]:
        yield [*symbols, *others]
    if any(path.length > 1 for path in rule.paths):
        yield [*numbers, *([_signed(_number(rule.rest), 1)] if others else [])]
    if rule.count > 1:
        yield [" + ".join([*products, *([_signed(_number(rule.rest), 1)] if others else [])])]


def _ratio(above: str, below: str) -> str:
    return rf"\frac{{\partial {_title(above)}}}{{\partial {_title(below)}}}"


def _signed(number: str, position: int) -> str:
    return f"({number})" if position and number.startswith("-") else number


def _number(number: float) -> str:
    """A number as formulas show it: powers of ten raised, infinity as its sign."""
    written = _powers_raised(short(number))
    return written.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")


def _powers_raised(written: str) -> str:
    return re.sub(r"e\+?(-?\d+)$", r" \\times 10^{\1}", written)


def _title(title: str) -> str:
    """What a node is called: a name, a short expression in parentheses, or '#3'."""
    if title.startswith("#"):
        return rf"\#{title[1:]}"
    if title.startswith("(") and title.endswith(")"):
        return rf"\left({expression(title[1:-1])}\right)"
    return expression(title)


def expression(written: str) -> str:
    r"""An expression as LaTeX; what is no Python, such as `…`, is shown letter by letter.

    Example:
        >>> for text in ("a_b / (b + 2.0)", "tanh(x1)", "w[0].b", "a + …"):
        ...     print(expression(text))
        \frac{\mathit{a\_b}}{b + 2.0}
        \tanh\left(x_{1}\right)
        \mathit{w[0].b}
        \texttt{a + \ldots{}}
    """
    try:
        return _set(ast.parse(written, mode="eval").body, written)[0]
    except (SyntaxError, ValueError, KeyError, RecursionError, MemoryError):
        return rf"\texttt{{{escaped(written)}}}"


def _set(node: ast.AST, written: str) -> tuple[str, int]:
    """A parsed expression as LaTeX, and how strongly it binds; it is at most a line long."""
    source = ast.get_source_segment(written, node) or ""
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        return _name(source), ATOM
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return _powers_raised(source), ATOM
    if isinstance(node, ast.BinOp):
        row, operands = _ROWS[_INFIX[type(node.op)]], [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        row, operands = _ROWS[_INFIX[type(node.op)]], [node.operand]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        row, operands = _function(node.func.id, len(node.args)), node.args
    else:
        raise ValueError(written)
    return row.in_latex(*(_set(operand, written) for operand in operands))


def _function(name: str, count: int) -> Operator:
    for row in OPERATORS:
        if row.is_function and row.symbol == name and row.arity in (0, count):
            return row
    raise ValueError(name)


def _name(name: str) -> str:
    """A name: one letter as it is, with a number as its index, Greek ones as their letter."""
    match = re.fullmatch(r"([A-Za-z]|[a-z]+?)_?([0-9]*)", name)
    if match and (len(match[1]) == 1 or GREEK.fullmatch(match[1])):
        letter = match[1] if len(match[1]) == 1 else f"\\{match[1]}"
        return f"{letter}_{{{match[2]}}}" if match[2] else letter
    return rf"\mathit{{{escaped(name)}}}"
