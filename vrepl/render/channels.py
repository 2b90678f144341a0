"""Routes wires through the channel between two layers, each on a vertical track of its own.

It knows rows on the left, rows on the right and the order of tracks between; what a wire carries
and where the channel lies is left to `layout`. Two wires never touch: they cross at right angles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

__all__ = ["Channel", "Wire", "route"]

FORBIDDEN = 1_000_000  # the price of a track order in which two wires would run into each other


@dataclass(frozen=True, slots=True)
class Wire:
    """A vertical line from the row `start`, left of it, to the rows `ends`, right of it.

    `part` is 1 for the second half of a wire that needs two tracks.
    """

    source: int
    start: int
    ends: tuple[int, ...]
    part: int = 0

    @property
    def rows(self) -> tuple[int, ...]:
        """All rows in which it has a horizontal line."""
        return (self.start, *self.ends)

    @property
    def top(self) -> int:
        """Its first row."""
        return min(self.rows)

    @property
    def bottom(self) -> int:
        """Its last row."""
        return max(self.rows)

    @property
    def is_straight(self) -> bool:
        """Whether it needs no track."""
        return self.ends == (self.start,)

    def forks(self) -> Iterator[int]:
        """The rows in which three or four of its lines meet."""
        for row in sorted(set(self.rows)):
            sides = (row == self.start) + (row in self.ends)
            if sides + (row > self.top) + (row < self.bottom) > 2:
                yield row


@dataclass(frozen=True, slots=True)
class Channel:
    """The wires of a channel that need a track, and the track of each."""

    wires: tuple[Wire, ...]
    tracks: tuple[int, ...]

    @property
    def width(self) -> int:
        """How many tracks there are."""
        return max(self.tracks, default=-1) + 1

    def bends(self, source: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The (track, row) corners between the rows *start* and *end* of the wire of *source*."""
        halves = [
            (w, t) for w, t in zip(self.wires, self.tracks, strict=True) if w.source == source
        ]
        for wire, track in sorted(halves, key=lambda half: half[0].part):
            last = wire.ends[0] if len(halves) == 2 and wire.part == 0 else end
            yield track, wire.start
            yield track, last


def route(wires: Sequence[Wire]) -> Channel:
    """The channel of *wires*: no two share a stretch, and few of them cross.

    Args:
        wires: One per source; no two share a start, and no two share an end.

    Example:
        >>> route([Wire(0, 0, (4,)), Wire(1, 4, (0,))]).tracks  # a swap needs a detour
        (0, 2, 4)
    """
    straight = {wire.start for wire in wires if wire.is_straight}
    bent = [wire for wire in wires if not wire.is_straight]
    while True:
        order, stuck = _ordered(bent)
        if stuck is None:
            return Channel(tuple(order), tuple(_packed(order)))
        used = straight.union(*(wire.rows for wire in bent))
        bent = [w for w in bent if w is not stuck] + list(_halves(stuck, used))


def _price(left: Wire, right: Wire) -> int:
    """What it costs to have the track of *left* left of that of *right*."""
    if left.source == right.source:
        return FORBIDDEN if left.part > right.part else 0
    if right.start in left.ends:
        return FORBIDDEN
    crossed = sum(right.top < end < right.bottom for end in left.ends)
    return crossed + (left.top < right.start < left.bottom)


def _ordered(wires: Sequence[Wire]) -> tuple[list[Wire], Wire | None]:
    """The wires from left to right; or, when that is impossible, a wire that is in the way."""
    # By position, since hashing a Wire for every pair took ten times as long.
    prices = [[_price(a, b) if a is not b else 0 for b in wires] for a in wires]
    waiting, order = list(range(len(wires))), list[Wire]()
    while waiting:
        free = [i for i in waiting if all(prices[i][o] < FORBIDDEN for o in waiting)]
        if not free:
            return order, wires[_on_cycle(waiting, prices, wires)]
        chosen = min(free, key=lambda i: sum(prices[i][o] - prices[o][i] for o in waiting))
        waiting.remove(chosen)
        order.append(wires[chosen])
    return order, None


def _on_cycle(waiting: Sequence[int], prices: list[list[int]], wires: Sequence[Wire]) -> int:
    """A wire that would have to be left of itself; one with few ends if there is a choice."""
    seen = [waiting[0]]
    while True:
        before = next(o for o in waiting if prices[seen[-1]][o] >= FORBIDDEN)
        if before in seen:
            return min(
                seen[seen.index(before) :], key=lambda i: (wires[i].part, len(wires[i].ends))
            )
        seen.append(before)


def _halves(wire: Wire, used: set[int]) -> Iterator[Wire]:
    """*wire* as two wires that meet in a row nobody uses."""
    middle = (wire.start + wire.ends[0]) // 2
    row = next(r for step in count() for r in (middle + step, middle - step) if r not in used)
    yield replace(wire, ends=(row,))
    yield replace(wire, start=row, part=1)


def _packed(order: Sequence[Wire]) -> Iterator[int]:
    """The track of each wire: as far left as its order with earlier ones needs."""
    placed: list[tuple[Wire, int]] = []
    for wire in order:
        track = max((t + _distance(w, wire) for w, t in placed), default=0)
        placed.append((wire, track))
        yield track


def _distance(left: Wire, right: Wire) -> int:
    """How many tracks apart; two forks in one row side by side would look joined, so then two."""
    if _price(right, left) >= FORBIDDEN:
        return 2
    apart = left.bottom + 1 < right.top or right.bottom + 1 < left.top
    return 0 if apart else 1
