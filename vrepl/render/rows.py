"""Gives every slot of ordered layers its row: near its neighbours, clear of what is above it.

It knows vertical positions only; order comes from `layers`, lines are left to `channels`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from vrepl.render.layers import Net, Slot

__all__ = ["Extent", "closest", "rows_of"]

Extent = tuple[int, int]  # rows taken above and below the middle one
SWEEPS = 24
RAIL_PULL = 8.0  # a bend in a rail disturbs more than a slanted pair of operands


def rows_of(net: Net, extents: Mapping[Slot, Extent], gap: int) -> dict[Slot, int]:
    """The middle row of every slot; neighbours in a layer keep their extents and *gap* apart.

    Exact least squares layer by layer, repeated in both directions, then rounded; at last, lines
    that are off by a little are straightened where there is room.
    """
    floors = [_floors(column, extents, gap) for column in net.columns]
    rows: dict[Slot, float] = {}
    for column, floor in zip(net.columns, floors, strict=True):
        rows.update((s, f - floor[-1] / 2) for s, f in zip(column, floor, strict=True))
    layers = list(zip(net.columns, floors, strict=True))
    for sweep in range(SWEEPS):
        for column, floor in reversed(layers) if sweep % 2 == 0 else layers:
            wishes = [_wish(slot, net, rows) for slot in column]
            rows.update(zip(column, closest(wishes, floor), strict=True))
    whole = _rounded(layers, rows)
    for _ in range(2):
        _straighten(net, layers, whole)
    return whole


def _floors(column: Sequence[Slot], extents: Mapping[Slot, Extent], gap: int) -> list[int]:
    """The highest row each slot could have if the first one had row 0."""
    floors = [0]
    for upper, lower in pairwise(column):
        floors.append(floors[-1] + extents[upper][1] + extents[lower][0] + 1 + gap)
    return floors


def _wish(slot: Slot, net: Net, rows: Mapping[Slot, float]) -> tuple[float, float]:
    """The row *slot* would like, and how much."""
    total = weight = 0.0
    for link in net.entering[slot]:
        pull = RAIL_PULL if link.operand is None else 1.0
        total += pull * (rows[link.source] - link.row)
        weight += pull
    for link in net.leaving[slot]:
        pull = RAIL_PULL if link.operand is None else 1.0
        total += pull * (rows[link.target] + link.row)
        weight += pull
    return (total / weight, weight) if weight else (rows[slot], 1.0)


def closest(wishes: Sequence[tuple[float, float]], floors: Sequence[int]) -> list[float]:
    """The rows nearest to the (row, weight) *wishes* that keep the distances of *floors*.

    Isotonic regression by pooling adjacent violators, on rows measured from the floors.

    Example:
        >>> closest([(5.0, 1.0), (1.0, 1.0)], [0, 2])
        [2.0, 4.0]
    """
    pools: list[tuple[float, float, int]] = []
    for (wish, weight), floor in zip(wishes, floors, strict=True):
        pools.append((wish - floor, weight, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (upper, w, n), (lower, v, m) = pools[-2:]
            pools[-2:] = [((upper * w + lower * v) / (w + v), w + v, n + m)]
    levels = [level for level, _, count in pools for _ in range(count)]
    return [level + floor for level, floor in zip(levels, floors, strict=True)]


def _rounded(
    layers: Sequence[tuple[list[Slot], list[int]]], rows: Mapping[Slot, float]
) -> dict[Slot, int]:
    """Whole rows; rounding above the floors is monotone, so the distances survive it."""
    return {
        slot: round(rows[slot] - floor) + floor
        for column, floors in layers
        for slot, floor in zip(column, floors, strict=True)
    }


def _straighten(
    net: Net, layers: Sequence[tuple[list[Slot], list[int]]], rows: dict[Slot, int]
) -> None:
    """Move slots with a single level neighbour to its row, as far as their own neighbours allow."""
    for column, floors in layers:
        for position, slot in enumerate(column):
            if len(net.entering[slot]) == 1 and net.entering[slot][0].row == 0:
                _move(column, floors, position, rows[net.entering[slot][0].source], rows)
    for column, floors in reversed(layers):
        for position, slot in enumerate(column):
            if len(net.leaving[slot]) == 1 and net.leaving[slot][0].row == 0:
                _move(column, floors, position, rows[net.leaving[slot][0].target], rows)


def _move(
    column: list[Slot], floors: list[int], position: int, row: int, rows: dict[Slot, int]
) -> None:
    if position > 0:
        above = rows[column[position - 1]] - floors[position - 1]
        row = max(row, above + floors[position])
    if position + 1 < len(column):
        below = rows[column[position + 1]] - floors[position + 1]
        row = min(row, below + floors[position])
    rows[column[position]] = row
