"""The chain rule written out: the paths from one node to another, their products and their sum.

Paths can be exponentially many, so they are counted and summed by sweeps over the graph; only the
few largest are followed one by one. What is found is frozen as text and numbers, for any painter.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vrepl.core.errors import NoRule
from vrepl.core.graph import Expressions, number_text
from vrepl.core.nodes import adjoints, is_constant
from vrepl.core.rules import local_derivative
from vrepl.core.value import Value, plain

__all__ = ["COUNTED", "ChainRule", "Path", "Step", "chain_rule"]

COUNTED = 2**1024  # paths beyond this are not counted exactly: the number has 309 digits
LONGEST_EXPRESSION = 12  # characters of an expression that stands for itself in ∂y/∂(a * b)
MOST_STEPS = 12  # of one path written out; of a longer one the first and last half
SEARCHED = 200_000  # steps taken back from the output, about half a second; else one path is enough
# Sizes of products are compared by logarithms, whose last bits depend on the order of adding.
SAME = 9  # decimals


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path: ∂above/∂below is `derivative`."""

    above: str
    below: str
    derivative: float


@dataclass(frozen=True, slots=True)
class Path:
    """One path, from the output back to the input.

    `steps` are all its edges, or of more than `MOST_STEPS` the first and the last ones; `length`
    counts them, and `product` is the product of all their derivatives.
    """

    steps: tuple[Step, ...]
    length: int
    product: float

    @property
    def left_out(self) -> int:
        """How many edges in the middle are not among the steps."""
        return self.length - len(self.steps)


@dataclass(frozen=True, slots=True)
class ChainRule:
    """∂output/∂wrt as the sum over all paths between them.

    `paths` are the largest ones by the size of their product, largest first; `count` counts all of
    them, exactly up to `COUNTED`, and `total` is the sum over all. `legend` says what '#3' stands
    for: the result of step 3 of the evaluation, as in a trace.

    Example:
        >>> from vrepl.core.nodes import order
        >>> x = Value(3.0, label="x")
        >>> rule = chain_rule(order(x * x), x)
        >>> rule.count, rule.total, [path.product for path in rule.paths]
        (2, 6.0, [3.0, 3.0])
    """

    output: str
    wrt: str
    paths: tuple[Path, ...]
    count: int
    total: float
    legend: tuple[tuple[str, str], ...] = ()

    @property
    def left_out(self) -> int:
        """How many paths are not listed."""
        return self.count - len(self.paths)

    @property
    def rest(self) -> float:
        """What the paths that are not listed sum to."""
        return self.total - math.fsum(path.product for path in self.paths)


def chain_rule(
    ordered: Sequence[Value], wrt: Value, *, texts: Expressions | None = None, most: int = 6
) -> ChainRule:
    """The chain rule for the last node of an ordered graph by *wrt*.

    Args:
        ordered: What `order` returned for the output.
        wrt: A node that it depends on.
        texts: Gives nodes their names.
        most: How many paths to list.

    Raises:
        NoRule: An operation on the way has no derivative rule.
        KeyError: No path leads there.
    """
    total = adjoints(ordered)[id(wrt)]
    ways = _Ways(ordered, wrt)
    root = ordered[-1]
    symbols = _Symbols(ordered, texts or Expressions())
    links = list(ways.largest(root, most))
    paths = sorted((_path(link, symbols) for link in links), key=lambda p: -_size(p.product))
    return ChainRule(
        output=symbols(root),
        wrt=symbols(wrt),
        paths=tuple(paths),
        count=ways.counts[id(root)],
        total=total,
        legend=symbols.legend(),
    )


_Link = tuple[Any, Value, Value, float]  # the links before it, result, operand, derivative


class _Ways:
    """The nodes between *wrt* and the output: how many paths lead to each, how large they get."""

    def __init__(self, ordered: Sequence[Value], wrt: Value) -> None:
        self.wrt = wrt
        self.counts: dict[int, int] = {id(wrt): 1}
        self.sizes: dict[int, float] = {id(wrt): 0.0}
        for node in ordered:
            if node is not wrt:
                self._enter(node)

    def _enter(self, node: Value) -> None:
        edges = self.edges(node)
        if not edges:
            return
        counts, sizes = self.counts, self.sizes
        count = sum(counts[id(operand)] for operand, _ in edges)
        counts[id(node)] = count if count < COUNTED else COUNTED
        sizes[id(node)] = max(_joined(sizes[id(operand)], _logarithm(d)) for operand, d in edges)

    def edges(self, node: Value) -> list[tuple[Value, float]]:
        """The operands that depend on wrt, one for every use, with their local derivatives."""
        made, counts = node._made, self.counts
        used = [i for i in range(1, len(made)) if id(made[i]) in counts]
        if not used:
            return []
        if not made[0].forward:
            raise NoRule(made[0].symbol, len(made) - 1)
        numbers = [x if type(x) is float or type(x) is int else x.data for x in made[1:]]
        return [(made[i], local_derivative(made[0], i - 1, numbers, node.data)) for i in used]

    def largest(self, root: Value, most: int) -> Iterator[_Link]:
        """The paths with the largest products, largest first, each as a chain of links.

        The search goes back from the output and always extends what can still become largest: how
        large is known exactly from the sweep, so nearly nothing else is looked at.
        """
        first, length = self._steepest(root)
        if first is not None and (self.counts[id(root)] == 1 or most * length > SEARCHED):
            yield first
            return
        waiting: list[Any] = [(0.0, 0, 0.0, root, None)]
        pushed = found = 0
        while waiting and found < most and pushed < SEARCHED:
            _, _, size, node, link = heapq.heappop(waiting)
            if node is self.wrt:
                found += 1
                if link is not None:
                    yield link
                continue
            for operand, derivative in self.edges(node):
                pushed += 1
                so_far = _joined(size, _logarithm(derivative))
                at_most = round(_joined(so_far, self.sizes[id(operand)]), SAME)
                # of equals the one that was extended last, so that one path is finished first
                entry = (-at_most, -pushed, so_far, operand, (link, node, operand, derivative))
                heapq.heappush(waiting, entry)

    def _steepest(self, root: Value) -> tuple[_Link | None, int]:
        """A path with the largest product, straight back from the output, and its length."""
        node, length = root, 0
        link: _Link | None = None
        while node is not self.wrt:
            sizes = self.sizes
            operand, derivative = max(
                self.edges(node), key=lambda edge: _joined(sizes[id(edge[0])], _logarithm(edge[1]))
            )
            node, link, length = operand, (link, node, operand, derivative), length + 1
        return link, length


class _Symbols:
    """What to call nodes: by name, by a short expression, else by the step that made them."""

    def __init__(self, ordered: Sequence[Value], texts: Expressions) -> None:
        self._steps = {id(node): step for step, node in enumerate(ordered, 1)}
        self._texts = texts
        self._legend: dict[str, str] = {}

    def __call__(self, node: Value) -> str:
        title = self._title(node)
        if title.startswith("#") and title not in self._legend:
            operands = node._made[1:]
            shown = (number_text(plain(x)) if is_constant(x) else self._title(x) for x in operands)
            bare = (text[1:-1] if text.startswith("(") else text for text in shown)
            made = node._made[0].written(*bare) if operands else number_text(node.data)
            self._legend[title] = made
        return title

    def _title(self, node: Value) -> str:
        name = self._texts.name(node)
        made = "" if name else self._texts.made_by(node)
        if made and len(made) <= LONGEST_EXPRESSION and "…" not in made and len(node._made) > 1:
            return f"({made})"
        return name or f"#{self._steps[id(node)]}"

    def legend(self) -> tuple[tuple[str, str], ...]:
        """The numbers given so far, and how those nodes were made."""
        return tuple(sorted(self._legend.items(), key=lambda entry: int(entry[0][1:])))


def _path(last: _Link, symbols: Callable[[Value], str]) -> Path:
    """A chain of links, which ends at the input, as a path from the output on."""
    links: list[_Link] = []
    link: _Link | None = last
    while link is not None:
        links.append(link)
        link = link[0]
    links.reverse()
    product = 1.0
    for _, _, _, derivative in links:
        product = product * derivative if product else 0.0  # as in the sweep: zero stays zero
    half = MOST_STEPS // 2
    shown = links if len(links) <= MOST_STEPS else [*links[:half], *links[-half:]]
    steps = tuple(Step(symbols(above), symbols(below), d) for _, above, below, d in shown)
    return Path(steps, len(links), product)


def _size(number: float) -> float:
    """How much a product matters; one that is not a number spoils the sum, so it comes first."""
    return math.inf if number != number else abs(number)


def _logarithm(derivative: float) -> float:
    """The logarithm of its size, by which factors add up."""
    size = _size(derivative)
    return math.log(size) if size else -math.inf


def _joined(size: float, other: float) -> float:
    """The logarithm of a product, in which zero times infinity is zero, as in the sweep."""
    return -math.inf if size == -math.inf or other == -math.inf else size + other
