"""Tells a graph of any size in a few lines: what it is made of, in groups of equal structure.

It walks a million nodes with lists of numbers and keeps none of the nodes; how the lines look is
left to the painters.
"""

from __future__ import annotations

import gc
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vrepl.core.value import Value

__all__ = ["Group", "Outline", "outline"]

MOST_GROUPS = 12  # more do not fit a screen together with what stands around them
FEW = 8  # formulas that are told apart even when no two are alike
DEEPEST = 12  # operations inside each other that still count as one formula
LISTED = 8  # names and operators told
WRITTEN = 3  # operations inside each other that are written out; deeper ones become '…'
JOINED = frozenset("+*")  # a chain of these is one sum or product of many
PLURALS = {"+": "sums", "*": "products"}

VALUE, CONSTANT = 0, 1  # the shapes of what a formula is made of


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that are made alike: each by one formula, of operands from the same groups.

    `made` is the formula with its operands left out ('tanh(sum of 8 products, 1 value)'), '' for
    leaves; `names` are the first and the last name among them; `operands` are the positions of
    other groups in `Outline.groups`, and `repeats` tells whether they also use one another.
    """

    count: int
    made: str
    names: tuple[str, ...] = ()
    operands: tuple[int, ...] = ()
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole graph in few words; `groups` begin with the root's, and others follow their users.

    `operations` counts applications by symbol and `leaves` counts leaves; `depth` is the number
    of edges on the longest path; `steepest` are the names of inputs with the largest slopes,
    `named` counts such names.
    """

    leaves: int
    operations: tuple[tuple[str, int], ...]
    depth: int
    groups: tuple[Group, ...]
    steepest: tuple[tuple[str, float | None], ...]
    named: int


def outline(
    ordered: Sequence[Value],
    name: Callable[[Value], str],
    slopes: Mapping[int, float],
) -> Outline:
    """The outline of an ordered graph.

    A formula reaches from a node down to the next nodes that have a name or several uses; what is
    between is part of it. Then formulas are grouped: first those of one shape, then apart again
    where their operands come from different groups, as long as few groups remain.

    Args:
        ordered: What `order` returned.
        name: What to call a node; '' for one that has no name of its own.
        slopes: The slope of the last node by others, by `id`.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.nodes import order
        >>> x, total = Value(2.0, label="x"), Value(0.0, label="start")
        >>> for _ in range(100):
        ...     total = total + x * 3.0
        >>> [group.made for group in outline(order(total), lambda node: node.label, {}).groups]
        ['sum of 100 products, 1 value', '']
    """
    # Millions of small lists are made and none is garbage: looking for it took half of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        return _outline(ordered, name, slopes)
    finally:
        if collects:
            gc.enable()


def _outline(
    ordered: Sequence[Value], name: Callable[[Value], str], slopes: Mapping[int, float]
) -> Outline:
    names = {i: text for i, node in enumerate(ordered) if (text := name(node))}
    plan = _Plan(ordered, names)
    shapes = _Shapes(plan, DEEPEST)
    if shapes.deepest > DEEPEST:
        plan.cut_at_functions()
        shapes = _Shapes(plan)
    steepest, named = _steepest(ordered, names, slopes)
    return Outline(
        leaves=plan.symbols[""],
        operations=tuple((s, n) for s, n in plan.symbols.most_common() if s),
        depth=plan.depth,
        groups=_groups(plan, shapes),
        steepest=steepest,
        named=named,
    )


def _steepest(
    ordered: Sequence[Value], names: Mapping[int, str], slopes: Mapping[int, float]
) -> tuple[tuple[tuple[str, float | None], ...], int]:
    """The names of leaves with the largest slopes, of operations without any; and how many."""
    root = len(ordered) - 1
    leaves = [i for i in names if len(ordered[i]._made) == 1 and i != root]
    chosen = leaves or [i for i in names if i != root]
    found = [(names[i], slopes.get(id(ordered[i]))) for i in chosen]
    found.sort(key=lambda pair: -abs(pair[1]) if pair[1] is not None else 0.0)
    return tuple(found[:LISTED]), len(found)


class _Plan:
    """A graph as lists of numbers: who uses whom, and which nodes are more than a step."""

    def __init__(self, ordered: Sequence[Value], names: Mapping[int, str]) -> None:
        self.names = names
        self.signs: list[str] = []
        self.operands: list[Sequence[int]] = []
        # A constant is operand -1: what is counted of it lands in one more place at the end.
        uses, depths = [0] * (len(ordered) + 1), [0] * (len(ordered) + 1)
        index: dict[int, int] = {}
        get, add, add_sign = index.get, self.operands.append, self.signs.append
        for i, node in enumerate(ordered):
            index[id(node)] = i
            made = node._made
            add_sign(made[0].symbol)
            if len(made) == 1:
                add(())
                continue
            found, deepest = [], 0
            for operand in made[1:]:
                at = get(id(operand), -1)
                found.append(at)
                uses[at] += 1
                if depths[at] > deepest:  # noqa: PLR1730 - max() takes six times as long
                    deepest = depths[at]
            add(found)
            depths[i] = deepest + 1
        self.symbols = Counter(self.signs)
        self.joins = _joins(self.signs, self.operands)
        self.depth = depths[len(ordered) - 1]
        del uses[-1]
        # A unit is what a formula is of: shared, the root, or an operation that has a name.
        self.is_unit = [
            count > 1 or (i in names and bool(self.operands[i])) for i, count in enumerate(uses)
        ]
        self.is_unit[-1] = True
        self.exponents = (
            {
                i: _exponent(node._made[2])
                for i, node in enumerate(ordered)
                if self.signs[i] == "**" and self._is_number(self.operands[i][1])
            }
            if "**" in self.symbols
            else {}
        )

    def _is_number(self, i: int) -> bool:
        """Whether an operand is a number without a name, used in this one place."""
        return i < 0 or not (self.operands[i] or i in self.names or self.is_unit[i])

    def cut_at_functions(self) -> None:
        """Make every result of a function a unit, so that a long chain of them shows as one."""
        functions = {sign for sign in self.symbols if sign.isidentifier()}
        for i, sign in enumerate(self.signs):
            if sign in functions:
                self.is_unit[i] = True

    def users(self) -> list[tuple[int, list[int]]]:
        """Each unit with the units that its formula is of."""
        owner = list(range(len(self.signs)))
        found: list[list[int]] = [[] for _ in owner]
        for i in range(len(owner) - 1, -1, -1):
            for operand in self.operands[i]:
                if operand < 0:
                    continue
                if self.is_unit[operand]:
                    found[owner[i]].append(operand)
                else:
                    owner[operand] = owner[i]
        return [(i, found[i]) for i in range(len(owner)) if self.is_unit[i]]


def _exponent(operand: Any) -> str:
    number = getattr(operand, "data", operand)
    return f"{number:.4g}" if isinstance(number, float) else f"{number}"[:8]


class _Shapes:
    """What formulas look like, each kind with a number; `of` has that of every node.

    It stops as soon as operations stand deeper than *limit* inside each other.
    """

    def __init__(self, plan: _Plan, limit: float = math.inf) -> None:
        self.kinds: list[Any] = ["value", "constant"]
        self.deepest = 0
        self._known: dict[Any, int] = {}
        self._levels = [0, 0]
        self.of = self._shapes(plan, limit)

    def _shapes(self, plan: _Plan, limit: float) -> list[int]:
        shapes = [VALUE] * len(plan.signs)
        terms: dict[int, dict[int, int]] = {}  # of sums and products that go on in their user
        joins, is_unit, signs = plan.joins, plan.is_unit, plan.signs
        exponents = plan.exponents
        simple: dict[tuple[Any, ...], int] = {}  # nearly all are of a kind seen before
        for i, operands in enumerate(plan.operands):
            if not operands:
                continue
            parts = [
                CONSTANT if o < 0 else VALUE if is_unit[o] else -o if o in terms else shapes[o]
                for o in operands
            ]
            sign = signs[i]
            if sign in JOINED:
                goes_on = joins[i] and not is_unit[i]
                if goes_on or min(parts) < 0:
                    joined = _joined(parts, terms)
                    if goes_on:
                        terms[i] = joined
                    else:
                        shapes[i] = self._shape((sign, *sorted(joined.items())))
                    continue
            key = (sign, *parts, exponents.get(i))
            known = simple.get(key)
            if known is None:
                known = simple[key] = self._simple(sign, parts, exponents.get(i))
                if self.deepest > limit:
                    break
            shapes[i] = known
        return shapes

    def _simple(self, symbol: str, parts: list[int], exponent: str | None) -> int:
        if symbol in JOINED:
            return self._shape((symbol, *sorted(_joined(parts, {}).items())))
        if exponent is not None:
            parts = [parts[0], self._text(exponent)]
        return self._shape((symbol, *parts))

    def _text(self, text: str) -> int:
        """The shape of something that is written as it is."""
        if text not in self._known:
            self._known[text] = len(self.kinds)
            self.kinds.append(text)
            self._levels.append(0)
        return self._known[text]

    def _shape(self, kind: tuple[Any, ...]) -> int:
        number = self._known.get(kind)
        if number is None:
            number = self._known[kind] = len(self.kinds)
            self.kinds.append(kind)
            inner = [p[0] if type(p) is tuple else p for p in kind[1:]]
            level = 1 + max(self._levels[p] for p in inner)
            self._levels.append(level)
            self.deepest = max(self.deepest, level)
        return number

    def written(self, shape: int, levels: int = WRITTEN) -> str:
        """A formula in words, without its operands."""
        kind = self.kinds[shape]
        if type(kind) is str:
            return "·" if shape <= CONSTANT else kind
        symbol, *parts = kind
        if symbol in JOINED:
            return self._many(symbol, parts, levels)
        if levels == 0:
            return "…"
        texts = [self.written(part, levels - 1) for part in parts[:4]]
        if len(parts) > len(texts):
            texts = [*texts[:2], "…"]
        if symbol.isidentifier() or len(texts) > 2:
            return f"{symbol}({', '.join(texts)})"
        if len(texts) == 1:
            return f"{symbol}{_enclosed(texts[0])}"
        between = symbol if symbol == "**" else f" {symbol} "
        return f"{_enclosed(texts[0])}{between}{_enclosed(texts[1])}"

    def _many(self, symbol: str, parts: Sequence[tuple[int, int]], levels: int) -> str:
        """A sum or product: written out when of two, else by what it is of."""
        total = sum(count for _, count in parts)
        if total == 2 and levels:
            texts = [
                self.written(shape, levels - 1) for shape, count in parts for _ in range(count)
            ]
            if len("".join(texts)) <= 16:
                return f" {symbol} ".join(_enclosed(t) if symbol == "*" else t for t in texts)
        counts: Counter[str] = Counter()
        for shape, count in parts:
            counts[self._noun(shape)] += count
        nouns = [_counted(count, noun) for noun, count in counts.most_common(3)]
        word = PLURALS[symbol][:-1]
        return f"{word} of {', '.join(nouns)}{', …' if len(counts) > 3 else ''}"

    def _noun(self, shape: int) -> str:
        kind = self.kinds[shape]
        return kind if type(kind) is str else kind[0]


def _counted(count: int, noun: str) -> str:
    if noun in PLURALS:
        noun = PLURALS[noun]
        return f"{count:,} {noun if count != 1 else noun[:-1]}"
    if noun in ("value", "constant"):
        return f"{count:,} {noun}{'' if count == 1 else 's'}"
    return f"{count:,} {noun if noun.isidentifier() else f'({noun})'}"


def _enclosed(text: str) -> str:
    return f"({text})" if (" " in text and not text.endswith(")")) or " + " in text else text


def _joins(signs: Sequence[str], operands: Sequence[Sequence[int]]) -> list[bool]:
    """For every node of one use whether it is a sum within a sum, or a product within a product."""
    joins = [False] * len(signs)
    for sign, found in zip(signs, operands, strict=True):
        if sign in JOINED:
            for operand in found:
                if operand >= 0 and signs[operand] == sign:
                    joins[operand] = True
    return joins


def _joined(parts: Sequence[int], terms: dict[int, dict[int, int]]) -> dict[int, int]:
    """The terms of a sum; those of sums within it are taken over, the largest as it is."""
    joined: dict[int, int] = {}
    for part in parts:
        if part >= 0:
            joined[part] = joined.get(part, 0) + 1
            continue
        inner = terms.pop(-part)
        if len(inner) > len(joined):
            joined, inner = inner, joined
        for shape, count in inner.items():
            joined[shape] = joined.get(shape, 0) + count
    return joined


def _groups(plan: _Plan, shapes: _Shapes) -> tuple[Group, ...]:
    """The units by shape, told apart by their operands while few groups remain; the root first."""
    units = plan.users()
    place = {i: position for position, (i, _) in enumerate(units)}
    operands = [[place[o] for o in found] for _, found in units]
    colours = _numbered([shapes.of[i] for i, _ in units])
    if max(colours) >= MOST_GROUPS:
        colours = _numbered([plan.signs[i] for i, _ in units])
    return _described(plan, shapes, [i for i, _ in units], operands, _told_apart(colours, operands))


def _told_apart(colours: list[int], operands: Sequence[Sequence[int]]) -> list[int]:
    """The colours, finer where operands differ in colour; as they were where that has no end.

    The steps of a loop would come off one by one, which tells less than that they are alike: most
    groups have to have several members.
    """
    if _longest_run(colours, operands) >= MOST_GROUPS:
        return colours
    finest = colours
    while max(finest) < MOST_GROUPS and 2 * (max(finest) + 1) <= max(len(colours), FEW):
        keys = (
            (c, frozenset(finest[o] for o in found))
            for c, found in zip(finest, operands, strict=True)
        )
        finer = _numbered(list(keys))
        if max(finer) == max(finest):
            return finest
        finest = finer
    return colours


def _longest_run(colours: Sequence[int], operands: Sequence[Sequence[int]]) -> int:
    """The most formulas of one colour that use one another; each would be a group of its own."""
    runs = [1] * len(colours)
    for i, found in enumerate(operands):
        colour = colours[i]
        for operand in found:
            if colours[operand] == colour and runs[operand] >= runs[i]:
                runs[i] = runs[operand] + 1
    return max(runs)


def _numbered(keys: Sequence[Any]) -> list[int]:
    numbers: dict[Any, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _described(
    plan: _Plan,
    shapes: _Shapes,
    units: Sequence[int],
    operands: Sequence[Sequence[int]],
    colours: Sequence[int],
) -> tuple[Group, ...]:
    members: dict[int, list[int]] = {}
    used: dict[int, set[int]] = {}
    for position in range(len(units) - 1, -1, -1):
        colour = colours[position]
        members.setdefault(colour, []).append(units[position])
        used.setdefault(colour, set()).update(colours[o] for o in operands[position])
    order = {colour: number for number, colour in enumerate(members)}
    return tuple(
        Group(
            count=len(inside),
            made=shapes.written(shapes.of[inside[0]]) if plan.operands[inside[0]] else "",
            names=_ends([plan.names[i] for i in reversed(inside) if i in plan.names]),
            operands=tuple(sorted(order[c] for c in used[colour] - {colour})),
            repeats=colour in used[colour],
        )
        for colour, inside in members.items()
    )


def _ends(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names[:1] + names[-1:])) if names else ()
