"""Writes the chain rule as text: each path in symbols, then in numbers, then the sum.

It knows how formulas are worded, also for `latex` and `mathml`; which paths there are and what they
sum to is in the `ChainRule`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrepl.core.chain import COUNTED, ChainRule, Path
from vrepl.render.cells import cell_width, clean
from vrepl.render.numbers import short

__all__ = ["counted", "rest", "text", "with_gap"]


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs of formulas in text."""

    partial: str = "∂"
    times: str = " · "
    ellipsis: str = "…"


UNICODE, ASCII = Signs(), Signs("d", " * ", "...")


# ---------------------------------------------------------------- what every form says


def counted(count: int) -> str:
    """A number of paths in words; an int of hundreds of digits is told by its size.

    Example:
        >>> counted(1), counted(12_000), counted(10**40)
        ('1 path', '12,000 paths', 'about 10**40 paths')
    """
    if count >= COUNTED:
        return f"more than 10**{len(str(COUNTED)) - 1} paths"
    if count >= 10**24:
        return f"about 10**{len(str(count)) - 1} paths"
    return f"{count:,} path{'' if count == 1 else 's'}"


def rest(rule: ChainRule) -> str:
    """What is not listed and what it sums to, '' when all is listed."""
    if not rule.left_out:
        return ""
    return f"{counted(rule.left_out).replace(' path', ' more path')}: {short(rule.rest)}"


def with_gap(path: Path, factors: Sequence[str], gap: str) -> list[str]:
    """What stands for each step of a path, with *gap* in the middle where steps are left out."""
    half = len(factors) // 2
    return [*factors[:half], gap, *factors[half:]] if path.left_out else list(factors)


# ---------------------------------------------------------------- text


def text(rule: ChainRule, *, width: int = 80, ascii_only: bool = False) -> str:
    """The chain rule as lines of text, none wider than *width* where that can be had.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.nodes import order
        >>> from vrepl.core.chain import chain_rule
        >>> a = Value(2.0, label="a")
        >>> d = a * -3.0 + 10
        >>> d.label = "d"
        >>> print(text(chain_rule(order(d), a)))
        ∂d/∂a = ∂d/∂(a * -3.0) · ∂(a * -3.0)/∂a
              = 1.0 · (-3.0)
              = -3.0
    """
    signs = ASCII if ascii_only else UNICODE
    head = _ratio(rule.output, rule.wrt, signs)
    if not rule.paths or not rule.paths[0].steps:
        lines = [f"{head} = {short(rule.total)}"]
        lines += [f"  over {counted(rule.count)}"] if rule.count > 1 else []
    elif rule.count == 1:
        lines = list(_equations(rule.paths[0], head, signs, width))
    else:
        lines = list(_sum(rule, head, signs, width))
    where = [
        line
        for symbol, made in rule.legend
        for line in _wrapped(f"  {symbol} = ", clean(made).split(" "), " ", width)
    ]
    written = [*lines, *(["where", *where] if where else [])]
    return "\n".join(written if not ascii_only else [_plain(line) for line in written])


def _plain(line: str) -> str:
    return line.replace("…", "...")


def _ratio(above: str, below: str, signs: Signs) -> str:
    return f"{signs.partial}{clean(above)}/{signs.partial}{clean(below)}"


def _equations(path: Path, head: str, signs: Signs, width: int) -> Iterator[str]:
    """Symbols, numbers and product of one path, one below the other behind *head*."""
    symbols, numbers = _symbols(path, signs), _numbers(path, signs)
    rows = [symbols, numbers, [short(path.product)]]
    if path.length == 1:
        rows = rows[2:] if head == symbols[0] else [symbols, rows[2]]
    for row in rows:
        yield from _wrapped(f"{head} = ", row, signs.times, width)
        head = " " * cell_width(head)


def _sum(rule: ChainRule, head: str, signs: Signs, width: int) -> Iterator[str]:
    """Every path listed with its product, then all of them summed."""
    listed = f", the {len(rule.paths)} largest of them" if rule.left_out else ", the largest first"
    yield from _wrapped(
        head, f" is the sum over {counted(rule.count)}{listed}:".split(" "), " ", width
    )
    for number, path in enumerate(rule.paths, 1):
        yield from _wrapped(f"{number:>3}. ", _symbols(path, signs), signs.times, width)
        if path.length > 1:
            yield from _wrapped("   = ", _numbers(path, signs), signs.times, width)
        yield f"   = {short(path.product)}"
    products = [_signed(short(path.product), i) for i, path in enumerate(rule.paths)]
    others = [f"({rest(rule)})"] if rule.left_out else []
    yield from _wrapped(f"{head} = ", [*products, *others], " + ", width)
    yield f"{' ' * cell_width(head)} = {short(rule.total)}"


def _symbols(path: Path, signs: Signs) -> list[str]:
    ratios = [_ratio(step.above, step.below, signs) for step in path.steps]
    return with_gap(path, ratios, _gap(path, signs))


def _numbers(path: Path, signs: Signs) -> list[str]:
    factors = [_signed(short(step.derivative), i) for i, step in enumerate(path.steps)]
    return with_gap(path, factors, _gap(path, signs))


def _gap(path: Path, signs: Signs) -> str:
    return f"{signs.ellipsis} {path.left_out:,} more {signs.ellipsis}"


def _signed(number: str, position: int) -> str:
    """A number behind a sign of operation: a sign of its own needs parentheses there."""
    return f"({number})" if position and number.startswith("-") else number


def _wrapped(head: str, parts: Sequence[str], joint: str, width: int) -> Iterator[str]:
    """The parts joined, in as many lines as they need, indented as the first one is."""
    line, indent = head, " " * cell_width(head)
    for i, part in enumerate(parts):
        piece = part if i == 0 else joint + part
        if i and cell_width(line) + cell_width(piece) > width and line.strip():
            yield line.rstrip()
            line = indent + piece.lstrip()
        else:
            line += piece
    yield line
