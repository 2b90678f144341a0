"""Writes the chain rule as MathML, which browsers show and screen readers read without help.

It knows MathML's elements; the wording is that of `formulas`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from vrepl.core.chain import ChainRule
from vrepl.render.cells import clean
from vrepl.render.formulas import rest, with_gap
from vrepl.render.numbers import short

__all__ = ["draw"]

_EQUALS, _PLUS, _TIMES, _DOTS = (f'<mo form="infix">{sign}</mo>' for sign in "=+·⋯")


def draw(rule: ChainRule) -> str:
    """The chain rule as a table: a row for every path, in symbols, in numbers, and its product.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.nodes import order
        >>> from vrepl.core.chain import chain_rule
        >>> x = Value(3.0, label="x")
        >>> draw(chain_rule(order(x * x), x)).count("<mtr>")
        3
    """
    rows = "".join(f"<mtr>{''.join(map(_cell, row))}</mtr>" for row in _rows(rule))
    return (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">'
        f'<mtable displaystyle="true">{rows}</mtable></math>'
    )


def _cell(content: str) -> str:
    return f'<mtd style="text-align:left">{content}</mtd>'


def _rows(rule: ChainRule) -> Iterator[list[str]]:
    left = _ratio(rule.output, rule.wrt)
    for number, path in enumerate(rule.paths):
        symbols = with_gap(path, [_ratio(s.above, s.below) for s in path.steps], _DOTS)
        factors = [_number(s.derivative, i) for i, s in enumerate(path.steps)]
        joint = _PLUS if number else _EQUALS
        cells = [left, joint + _TIMES.join(symbols)]
        if path.length > 1:
            cells.append(_EQUALS + _TIMES.join(with_gap(path, factors, _DOTS)))
        cells.append(_EQUALS + _number(path.product))
        yield cells if symbols != [left] else [left, cells[-1]]
        left = ""
    if rule.left_out and rule.paths:
        yield ["", f"{_PLUS}<mtext>{escape(rest(rule))}</mtext>"]
    if rule.count > 1 or not rule.paths:
        yield [left, _EQUALS + _number(rule.total)]
    for symbol, made in rule.legend:
        yield [
            f"<mtext>where&#160;</mtext>{_title(symbol)}",
            f"{_EQUALS}<mtext>{escape(clean(made))}</mtext>",
        ]


def _ratio(above: str, below: str) -> str:
    parts = (f"<mrow><mo>∂</mo>{_title(title)}</mrow>" for title in (above, below))
    return f"<mfrac>{''.join(parts)}</mfrac>"


def _title(title: str) -> str:
    """What a node is called; a letter and a number is a letter with an index."""
    match = re.fullmatch(r"([A-Za-z])_?([0-9]+)", title)
    if match:
        return f"<msub><mi>{match[1]}</mi><mn>{match[2]}</mn></msub>"
    return f"<mi>{escape(clean(title))}</mi>"


def _number(number: float, position: int = 0) -> str:
    """A number; behind a sign of operation its own sign needs parentheses."""
    written = short(number)
    shown = f"<mn>{written.replace('-', '−')}</mn>"
    return f"<mrow><mo>(</mo>{shown}<mo>)</mo></mrow>" if position and written[0] == "-" else shown
