"""Tells where the whole nodes are, without looking at each item of the lists a loop reads.

Every object counts as a reference to its class, so Python knows how many whole nodes there are;
where names of the session, graphs of nodes, and small collections and records hold them all, none
is anywhere else. What a loop may do for that to stay so is ``closed``'s affair.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any, Final, Protocol
from weakref import ref

from vrepl.core.kinds import ValueType
from vrepl.core.nodes import Visits
from vrepl.core.threads import is_free_threaded
from vrepl.core.value import FloatValue, IntValue, ZeroValue
from vrepl.session.data import ATOMS, COLLECTIONS
from vrepl.session.parts import module_of

__all__ = ["KEEPERS", "Keeper", "begin", "places"]

# The classes of nodes that can be accounted for; tuples of the module, for one that a call made
# would be a reference more. A `Value(0)` gives whole nodes when it meets ints.
_COUNTED: Final = ((IntValue,), (IntValue, FloatValue))
_KINDS: Final = tuple((*some, ZeroValue) for some in _COUNTED)
# Nodes are looked for in no more objects than this, nor in a collection of more items: the longest
# list of typed numbers that become nodes has as many.
_MOST_OBJECTS: Final = 2_000
_LONGEST: Final = 256
# Up to so many nodes are accounted for at once. More are, as a count at the top level leaves them
# behind, where that takes at most a twentieth of the time; each takes about so many seconds.
_FEW_NODES: Final = 512
_MOST_NODES: Final = 100_000
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

_SIZED: Final = COLLECTIONS | {Counter, OrderedDict, defaultdict, deque}
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
        memory: What was seen then; None where some of them were in graphs only.
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
        kinds = set(map(id, self.kinds))  # the classes are equal to `float` and `int`
        alive = sum(id(type(x)) in kinds for x in gc.get_objects())
        self.others += self.count() - alive
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
        return _MOST_OBJECTS if alive <= _FEW_NODES else _MOST_OBJECTS + 4 * alive

    def allows(self, alive: int) -> bool:
        """Whether so many nodes may be looked for now."""
        if alive <= _FEW_NODES:
            return True
        now = time.perf_counter()
        if alive > _MOST_NODES or now - self.many < PATIENCE * _EACH * alive:
            return False
        self.many = now
        return True

    def accounted(self, found: _Found) -> frozenset[int] | None:
        """The collections and records that the nodes are in, if all nodes have been found."""
        nodes = found.of(self.counted)
        if len(nodes) != self.count():
            return None
        places = found.places(nodes) if found.inside else _NOWHERE
        counted = nodes | places
        for key, references in _references(found.objects):
            if key in counted and references != found.holders.get(key, references):
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
        result = self.accounted(_search(names, wanted, own, kept, most=self.most()))
        if result is not None:
            given = list(map(id, chain.from_iterable(_given(own, kept))))
            memory = _Memory(self, names, wanted, given)
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
    if memory is not None and memory.alive == alive and memory.holds(names):
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
        shown: What hosts kept besides, by `id`.
        is_whole: Whether each node was seen, but for those that only nodes hold.
        visits: How often somebody had gone from a node to its operands; None if each was seen.
    """

    def __init__(
        self, census: _Census, names: Mapping[str, Any], wanted: list[str], given: Sequence[int]
    ) -> None:
        """Remember what there is, but for references by what a function was *given*, by `id`.

        A list may hold as many later.
        """
        self.alive = census.count()
        nodes = self._find(census, names, wanted)
        self.visits = Visits.count if len(nodes) < self.alive else None
        self.shown = list(map(id, _shown(names)))
        self.seen: dict[str, list[tuple[int, int]]] = {}
        for name in wanted:
            if id(names.get(name)) in self.leading:
                sights = self._sight(names, name)
                self.seen[name] = [(key, n and n - given.count(key)) for key, n in sights]
        self.is_whole = nodes <= {key for sights in self.seen.values() for key, _ in sights}

    def _find(self, census: _Census, names: Mapping[str, Any], wanted: list[str]) -> set[int]:
        # This has references of its own, and goes.
        found = _search(names, wanted, most=census.most())
        nodes = found.of(census.counted)
        self.places = found.places(nodes)
        self.leading = dict.fromkeys(found.around(nodes, found.inside | found.below), False)
        self.leading.update(dict.fromkeys((*nodes, *self.places), True))
        return {key for key in nodes if found.holders[key] > len(found.below.get(key, ()))}

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Whether all is as it was."""
        if self.visits not in (None, Visits.count):
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
        while stack and len(sights) < _MOST_OBJECTS:
            for part in _parts(stack.pop()):
                key = id(part)
                sights.append((key, sys.getrefcount(part) if leading.get(key) else 0))
                if key in leading and key not in met and type(type(part)) is not ValueType:
                    met.add(key)
                    stack.append(part)
        return sights


@dataclass(slots=True)
class _Found:
    """Nodes, collections and records that some values lead to.

    Attributes:
        objects: They, by `id`.
        holders: How many references to each of them are known of.
        inside: Which collections and records each of them is in.
        below: The nodes that each of them is an operand of.
    """

    objects: dict[int, Any] = field(default_factory=dict)
    holders: dict[int, int] = field(default_factory=dict)
    inside: dict[int, list[int]] = field(default_factory=dict)
    below: dict[int, list[int]] = field(default_factory=dict)

    def of(self, kinds: tuple[type, ...]) -> set[int]:
        """Those of some classes."""
        wanted = set(map(id, kinds))  # the classes are equal to `float` and `int`
        return {key for key, x in self.objects.items() if id(type(x)) in wanted}

    def around(self, keys: Iterable[int], outer: Mapping[int, list[int]]) -> set[int]:
        """What objects are in, and what that is in, by *outer*."""
        found: set[int] = set()
        pending = list(keys)
        while pending:
            new = [key for key in outer.get(pending.pop(), ()) if key not in found]
            found.update(new)
            pending += new
        return found

    def places(self, nodes: Iterable[int]) -> frozenset[int]:
        """The collections and records that *nodes* are in, and those that these are in."""
        around = self.around(nodes, self.inside)
        return frozenset(key for key in around if type(self.objects[key]) not in _UNREAD)


def _search(
    names: Mapping[str, Any],
    wanted: Iterable[str],
    own: Collection[tuple[Any, ...]] = (),
    kept: Collection[tuple[Any, ...]] = (),
    most: int = _MOST_OBJECTS,
) -> _Found:
    """Follows names of the session and of a function, and what hosts keep, as far as it is worth.

    Args:
        names: The names of the session.
        wanted: Those to follow.
        own: As in `places`.
        kept: As in `places`.
        most: How many objects to look into.
    """
    found = _Found()
    results: Any = names.get("Out")
    is_table = type(results) is dict
    if is_table:
        found.objects[id(results)] = results  # hosts hold it as they like: it is not counted
    stack = _met(chain(map(names.get, wanted), _shown(names)), found)
    if is_table:
        found.inside |= {id(x): [id(results)] for x in results.values() if id(x) in found.objects}
    for values in _given(own, kept):
        stack += filter(_is_worth, _met(values, found))
    while stack and len(found.objects) < most:
        x = stack.pop()
        parts = _parts(x)
        if _DULL.issuperset(map(id, map(type, parts))):
            continue
        stack += _met(parts, found)
        outer = found.below if type(type(x)) is ValueType else found.inside
        for part in parts:
            if id(part) in found.objects:
                outer.setdefault(id(part), []).append(id(x))
    return found


def _given(
    own: Collection[tuple[Any, ...]], kept: Collection[tuple[Any, ...]]
) -> tuple[tuple[Any, ...], ...]:
    """What holds the values of a function: the tuples, and its names as one more of each of *own*.

    From 3.14 on a name may borrow the reference of a name of the caller, which is one all the same.
    """
    tuples = {id(values): values for values in (*own, *kept)}
    return (*own, *tuples.values())


def _is_worth(x: Any) -> bool:
    """Whether to look into what a function's name means: hardly into the lists it works with."""
    kind = type(x)
    if kind is list or kind is tuple:
        return bool(x) and ValueType in (type(type(x[0])), type(type(x[-1])))
    return True


def _shown(names: Mapping[str, Any]) -> Iterator[Any]:
    """What hosts keep for the user besides the names they give him."""
    results = names.get("Out")
    if type(results) is dict:
        yield from results.values()
    for host in KEEPERS:
        keeper = host()
        yield from keeper.shown_results() if keeper else ()


def _met(values: Iterable[Any], found: _Found) -> list[Any]:
    """Counts a reference to each of *values* that may lead to nodes; gives those that are new."""
    new: list[Any] = []
    for x in values:
        kind = type(x)
        if id(kind) in _DULL or not (id(kind) in _FOLLOWED or _is_own(kind)):
            continue
        key = id(x)
        if key in found.holders:
            found.holders[key] += 1
        elif key not in found.objects:
            found.holders[key] = 1
            found.objects[key] = x
            new.append(x)
    return new


def _is_own(kind: type) -> bool:
    """Whether a class is one of nodes, or of the session's records."""
    if type(kind) is ValueType:
        return True
    module = module_of(kind) if type(kind) is type else None
    return type(module) is str and module == "__main__"


# Only the code of a function gets at what is in its closure.
_UNREAD: Final = frozenset({FunctionType, CellType})
# By `id`, for classes of nodes are equal to `float` and `int`.
_FOLLOWED: Final = frozenset(map(id, (*_SIZED, *_UNREAD, IntValue, FloatValue)))
_DULL: Final = frozenset(map(id, (*ATOMS, type, ModuleType, BuiltinFunctionType)))


def _parts(x: Any) -> Sequence[Any]:
    """What *x* refers to, if it is not too much."""
    kind = type(x)
    if type(kind) is ValueType:
        return x._made[1:]  # type: ignore[no-any-return]
    if kind is FunctionType:
        return x.__closure__ or ()
    if kind in _SIZED and len(x) > _LONGEST:
        return ()
    return gc.get_referents(x)


def _references(objects: Mapping[int, Any]) -> Iterator[tuple[int, int]]:
    """How many references there are to each object besides those of this module."""
    for key, x in objects.items():
        yield key, sys.getrefcount(x) - _OURS


_OURS = 0
_ALONE: Final = {"x": [0.5]}
_OURS = next(_references(_search(_ALONE, _ALONE).objects))[1] - 1  # 3.14 counts one less than 3.13
