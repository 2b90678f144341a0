"""Tells where the whole nodes are, without looking at each item of the lists a loop reads.

Every object counts as a reference to its class, so Python knows how many whole nodes there are;
where names of the session, graphs of nodes, and small collections and records hold them all, none
is anywhere else. What a loop may do for that to stay so is ``closed``'s affair.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, Protocol
from weakref import ref

from vrepl.core.kinds import ValueType
from vrepl.core.nodes import Visits
from vrepl.core.threads import is_free_threaded
from vrepl.core.value import FloatValue, IntValue, ZeroValue
from vrepl.session.holding import MOST_OBJECTS, Found, given, parts_of, references, search

__all__ = ["KEEPERS", "Keeper", "begin", "places"]

# The classes of nodes that can be accounted for; tuples of the module, for one that a call made
# would be a reference more. A `Value(0)` gives whole nodes when it meets ints.
_COUNTED: Final = ((IntValue,), (IntValue, FloatValue))
_KINDS: Final = tuple((*some, ZeroValue) for some in _COUNTED)
# Up to so many nodes are accounted for at once. More are, as a count at the top level leaves them
# behind, where that takes at most a twentieth of the time; each takes about so many seconds. The
# cell that happens to ask waits for all of it: 0.2 s for the most, and 0.8 s for 90 000.
_FEW_NODES: Final = 512
_MOST_NODES: Final = 30_000
_EACH: Final = 6e-6
# Places are looked for again after so many times the time it took, for loops start often, or at
# once for a loop of which each step would take ten times its share of that time.
PATIENCE: Final = 20.0
_SHARE: Final = 3e-9  # seconds
# Modules that are still to be imported come to know the classes, so nodes are counted again as soon
# as that seems to have happened, up to so many times, while there is no more memory to look at than
# they and their data are wont to take, which are 0.05 s.
_SOON: Final = 5
_FEW_BLOCKS: Final = 2_000_000

_FROZEN: Final = gc.get_freeze_count()  # 3.12 starts with some


class Keeper(Protocol):
    """A host that keeps results it has shown."""

    def shown_results(self) -> Iterable[Any]:
        """Each reference it has to a result, but for those of the session's names and of `Out`."""


# The hosts there are; each takes itself out again.
KEEPERS: list[ref[Keeper]] = []


class _Pace:
    """When something that takes its time may be done again.

    Attributes:
        due: When it may for any loop.
        took: How long it took.
    """

    def __init__(self) -> None:
        self.due = 0.0
        self.took = 0.0

    def allows(self, steps: int) -> bool:
        """Whether it may be done for a loop of so many steps."""
        return self.took <= steps * _SHARE or time.perf_counter() >= self.due

    def note(self, began: float) -> None:
        """It has been done."""
        now = time.perf_counter()
        self.took = now - began
        self.due = now + self.took * PATIENCE


class _Census:
    """How many nodes of some classes there are, told from the references to the classes.

    Attributes:
        counted: The classes whose nodes can be accounted for.
        kinds: The classes.
        others: References that are no node's own.
        recounts: How often the nodes were counted.
        recounted: When they were counted last.
        pace: How long that took for each block of memory there was, in seconds.
        many: When many nodes were looked for last.
        checks: When places may be looked for under the names that led to nodes last time.
        searches: When they may be looked for under all names.
        names: The names that led to nodes when all of them were found.
        memory: What was seen then; None where some of them were held where it does not look.
    """

    def __init__(self, counted: tuple[type, ...], kinds: tuple[type, ...]) -> None:
        self.counted = counted
        self.kinds = kinds
        self.others = 0
        self.recounts = 0
        self.recounted = self.pace = 0.0
        self.many = time.perf_counter()
        self.checks = _Pace()
        self.searches = _Pace()
        self.names: list[str] = []
        self.memory: _Memory | None = None

    def recount(self) -> None:
        """Look at every object there is, if that takes half a per cent of the time, or is short."""
        began = time.perf_counter()
        blocks = sys.getallocatedblocks()
        is_soon = self.recounts < _SOON and blocks < _FEW_BLOCKS
        if not is_soon and began - self.recounted < 10 * PATIENCE * self.pace * blocks:
            return
        if gc.get_freeze_count() != _FROZEN:
            return  # frozen objects are not shown
        # By `id`, for the classes are equal to `float` and `int`.
        every = list(map(id, map(type, gc.get_objects())))
        self.others += self.count() - sum(every.count(id(kind)) for kind in self.kinds)
        self.recounts += 1
        self.recounted = time.perf_counter()
        self.pace = (self.recounted - began) / blocks

    def count(self) -> int:
        """The number of nodes, or more, when somebody else came to know their class."""
        found = -self.others
        for kind in self.kinds:
            found += sys.getrefcount(kind)
        return found

    def most(self) -> int:
        """In how many objects nodes are looked for."""
        alive = self.count()
        return MOST_OBJECTS if alive <= _FEW_NODES else MOST_OBJECTS + 4 * alive

    def allows(self, alive: int) -> bool:
        """Whether so many nodes may be looked for now."""
        if alive <= _FEW_NODES:
            return True
        now = time.perf_counter()
        if alive > _MOST_NODES or now - self.many < PATIENCE * _EACH * alive:
            return False
        self.many = now
        return True

    def accounted(self, found: Found) -> frozenset[int] | None:
        """The collections and records that the nodes are in, if all nodes have been found."""
        nodes = found.of(self.counted)
        if len(nodes) != self.count():
            return None
        places = found.places(nodes) if found.inside else _NOWHERE
        counted = nodes | places
        for key, count in references(found.objects):
            if key in counted and count != found.holders.get(key, count):
                return None
        return places

    def found(
        self,
        names: Mapping[str, Any],
        wanted: list[str],
        own: Collection[tuple[Any, ...]],
        kept: Collection[tuple[Any, ...]],
    ) -> frozenset[int] | None:
        """The same, looked for under the *wanted* names, and remembered."""
        result = self.accounted(
            search(_roots(names, wanted), names.get("Out"), own, kept, self.most())
        )
        if result is not None:
            held = list(map(id, chain.from_iterable(given(own, kept))))
            memory = _Memory(self, names, wanted, own, held)
            self.memory = memory if memory.is_whole else None
            self.names = list(memory.seen)
        return result


@cache
def _census(floats: bool) -> _Census:
    census = _Census(_COUNTED[floats], _KINDS[floats])
    census.recount()
    return census


def begin() -> None:
    """Count the nodes there are, while other objects are few: later that might take seconds."""
    if not is_free_threaded():
        for floats in (False, True):
            _census(floats)


_NOWHERE: Final[frozenset[int]] = frozenset()


def places(
    names: Mapping[str, Any],
    own: Collection[tuple[Any, ...]] = (),
    kept: Collection[tuple[Any, ...]] = (),
    floats: bool = False,
    steps: int = 1_000,
) -> frozenset[int] | None:
    """The collections and records that hold whole nodes, by `id`; None if not all are known.

    Besides, whole nodes have only names and graphs to hold them.

    Args:
        names: The names of the session.
        own: What names of a function mean; each is held by one of these tuples, too.
        kept: Other tuples that hold values meanwhile.
        floats: Whether float nodes matter too.
        steps: How many steps the loop takes that the answer is for.

    Example:
        >>> from vrepl.core.value import leaf
        >>> places({"xs": iter([leaf(4)])}) is None  # nobody looks into an iterator
        True
    """
    if is_free_threaded():
        return None  # which is always safe
    census = _census(floats)
    alive = census.count()
    if not alive:
        return _NOWHERE
    memory = census.memory
    if memory is not None and memory.alive == alive and memory.holds(names, own):
        return memory.places
    if not census.checks.allows(steps) or not census.allows(alive):
        return None
    began = time.perf_counter()
    found = census.found(names, census.names, own, kept)
    census.checks.note(began)
    if found is None and census.searches.allows(steps):
        began = time.perf_counter()
        found = census.found(names, list(names), own, kept)
        census.searches.note(began)
        if found is None:
            census.recount()
    return found


class _Memory:
    """What led to the nodes when all of them were found, and what references there were to them.

    While that is the same, the nodes are where they were: the graphs of nodes hold what they held,
    and all else that holds nodes is compared.

    Attributes:
        alive: How many nodes there were.
        places: The collections and records they were in, by `id`.
        leading: What led to them, the nodes and places with True: references to these count.
        seen: What was seen under each name that leads to nodes.
        owned: The nodes that names of the function meant, with the references to them.
        shown: What hosts kept besides, by `id`.
        is_whole: Whether each node was seen, but for those that only nodes hold.
        visits: How often somebody had gone from a node to its operands; None if each was seen.
    """

    def __init__(
        self,
        census: _Census,
        names: Mapping[str, Any],
        wanted: list[str],
        own: Collection[tuple[Any, ...]],
        given: Sequence[int],
    ) -> None:
        """Remember what there is, but for references by what a function was *given*, by `id`.

        A list may hold as many later.
        """
        self.alive = census.count()
        nodes, exposed = self._find(census, names, wanted)
        self.owned = _owned(own)
        owned = {key for key, _ in self.owned}
        self.visits = Visits.count if len(exposed | owned) < self.alive else None
        self.shown = list(map(id, _shown(names)))
        self.seen: dict[str, list[tuple[int, int]]] = {}
        for name in wanted:
            if id(names.get(name)) in self.leading:
                sights = self._sight(names, name)
                self.seen[name] = [(key, n and n - given.count(key)) for key, n in sights]
        met = owned.union(key for sights in self.seen.values() for key, _ in sights)
        self.is_whole = exposed <= met and len(nodes | owned) == self.alive

    def _find(
        self, census: _Census, names: Mapping[str, Any], wanted: list[str]
    ) -> tuple[set[int], set[int]]:
        """The nodes that the names lead to, and those that not only other nodes hold."""
        # This has references of its own, and goes.
        found = search(_roots(names, wanted), names.get("Out"), most=census.most())
        nodes = found.of(census.counted)
        self.places = found.places(nodes)
        self.leading = dict.fromkeys(found.around(nodes, found.inside | found.below), False)
        self.leading.update(dict.fromkeys((*nodes, *self.places), True))
        below = found.below
        return nodes, {key for key in nodes if found.holders[key] > len(below.get(key, ()))}

    def holds(self, names: Mapping[str, Any], own: Collection[tuple[Any, ...]]) -> bool:
        """Whether all is as it was."""
        if self.visits not in (None, Visits.count) or self.owned != _owned(own):
            return False
        for name, sights in self.seen.items():
            if self._sight(names, name) != sights:
                return False
        return not self.shown or self.shown == list(map(id, _shown(names)))

    def _sight(self, names: Mapping[str, Any], name: str) -> list[tuple[int, int]]:
        """What a name means and what is in it: each by `id`, with the references to it or 0."""
        leading = self.leading
        x = names.get(name)
        key = id(x)
        sights = [(key, sys.getrefcount(x) if leading.get(key) else 0)]
        if type(type(x)) is ValueType:
            return sights
        stack, met = [x], {key}
        while stack and len(sights) < MOST_OBJECTS:
            for part in parts_of(stack.pop()):
                key = id(part)
                sights.append((key, sys.getrefcount(part) if leading.get(key) else 0))
                if key in leading and key not in met and type(type(part)) is not ValueType:
                    met.add(key)
                    stack.append(part)
        return sights


def _owned(own: Collection[tuple[Any, ...]]) -> list[tuple[int, int]]:
    """The nodes that names of a function mean, by `id`, with the references to them."""
    nodes = (x for values in own for x in values if type(type(x)) is ValueType)
    return [(id(x), sys.getrefcount(x)) for x in nodes]


def _roots(names: Mapping[str, Any], wanted: Iterable[str]) -> Iterator[Any]:
    """What the *wanted* names mean, and what hosts keep."""
    yield from map(names.get, wanted)
    yield from _shown(names)


def _shown(names: Mapping[str, Any]) -> Iterator[Any]:
    """What hosts keep for the user besides the names they give him."""
    results = names.get("Out")
    if type(results) is dict:
        yield from results.values()
    for host in KEEPERS:
        keeper = host()
        yield from keeper.shown_results() if keeper else ()
