"""What a statement may have changed that it does not bind: numbers set, lists filled, globals.

Where that cannot be told, everything it could have reached counts as unknown from there on.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from vrepl.core.functions import FUNCTIONS
from vrepl.core.nodes import order
from vrepl.language.known import (
    LARGEST,
    Unknown,
    is_container,
    is_harmless,
    is_node,
    is_sequence,
    members,
)
from vrepl.language.statements import ANYTHING, FREE, MUTATORS, NONE, Call, Statement, Store

__all__ = ["Later", "changed", "puts", "sets_grads", "stores"]

# Methods of Values that leave every number as it is, and of lists that do.
_QUIET: Final = frozenset({"backward", "index", "count", "copy", "keys", "values", "items", "get"})
_UNREAD: Final = frozenset({"grad", "label"})  # no number is computed from them
_FILLING: Final = MUTATORS | {"shuffle", "heapify", "heappush", "heappop", "insort"}


@dataclass(slots=True)
class Later:
    """What the functions defined so far do once they are called.

    `is_open` says that one was called that may have bound any name.
    """

    names: set[str] = field(default_factory=set)
    sets_numbers: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class _Reach:
    """What a statement reaches: every name, all nodes, all containers, some objects and names."""

    everything: bool = False
    nodes: bool = False
    containers: bool = False
    objects: tuple[Any, ...] = ()
    names: frozenset[str] = frozenset()

    def __or__(self, other: _Reach) -> _Reach:
        return _Reach(
            self.everything or other.everything,
            self.nodes or other.nodes,
            self.containers or other.containers,
            (*self.objects, *other.objects),
            self.names | other.names,
        )


_NOTHING: Final = _Reach()
_EVERYTHING: Final = _Reach(everything=True)
_NUMBERS: Final = _Reach(nodes=True, containers=True)


def changed(
    statement: Statement,
    called: Collection[tuple[int, ...]],
    names: Callable[[], Mapping[str, Any]],
    lookup: Callable[[str], Any],
    later: Later,
) -> dict[str, Unknown]:
    """The names that a statement may have changed without binding them.

    Args:
        statement: The statement, which has been evaluated already.
        called: Where the calls stand that have been worked out, and so change nothing.
        names: Gives every name there is.
        lookup: What one name means; `KeyError` for none.
        later: What the functions so far do; those of this statement are added.
    """
    facts = statement.changes
    if facts is NONE and not statement.is_free:
        return {}
    later.names |= facts.later_globals
    later.sets_numbers = later.sets_numbers or facts.sets_later
    reach = _EVERYTHING if statement.is_free else _NOTHING
    for store in facts.stores:
        reach = reach | _stored(store, _found(store.base, lookup))
    for call in facts.calls:
        if call.place in called:
            continue
        reach = reach | _called(call, lookup, later)
    later.is_open = later.is_open or reach.everything
    return _names_of(reach, names()) if reach != _NOTHING else {}


def sets_grads(statement: Statement) -> bool:
    """Whether a statement may set the `.grad` of nodes."""
    facts = statement.changes
    attributes = {store.attribute for store in facts.stores}
    attributes.update(call.attribute for call in facts.calls)
    return statement.is_free or facts.sets_later or bool(attributes & {"grad", "backward"})


def stores(statement: Statement) -> bool:
    """Whether a statement puts something into an object, where it can be read again."""
    return any(store.attribute not in _UNREAD for store in statement.changes.stores)


def puts(statement: ast.stmt) -> bool:
    """The same of a statement's own targets."""
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return any(
        isinstance(part, ast.Subscript)
        or (isinstance(part, ast.Attribute) and part.attr not in _UNREAD)
        for target in targets
        if target is not None
        for part in ast.walk(target)
        if not isinstance(getattr(part, "ctx", None), ast.Load)
    )


def _found(name: str, lookup: Callable[[str], Any]) -> Any:
    try:
        return lookup(name)
    except KeyError:
        return None if name else Unknown("")


def _stored(store: Store, target: Any) -> _Reach:
    if store.attribute == "data":
        return _Reach(objects=(target,)) if is_node(target) else _Reach(nodes=True)
    if store.attribute in _UNREAD:
        return _NOTHING
    if store.attribute == "[]":
        return _Reach(objects=(target,)) if is_container(target) else _Reach(containers=True)
    return _NOTHING  # an attribute of an object: no number and no list is changed by it


def _called(call: Call, lookup: Callable[[str], Any], later: Later) -> _Reach:
    if not call.attribute and call.base in FREE:
        return _EVERYTHING
    arguments = [_found(name, lookup) for name in call.arguments]
    hands_on = any(map(_is_own_function, arguments))
    own = _own(later)
    kind, holder = _callee(call, lookup)
    unknown = [x for x in arguments if type(x) is Unknown and not x.kind]
    lists = tuple(x for x in arguments if is_container(x))
    # What is unknown may be one of the lists that are known.
    given = _Reach(objects=lists, containers=bool(unknown) and call.attribute in _FILLING)
    return {
        "harmless": own if hands_on else _NOTHING,
        "container": _Reach(objects=(holder,)),
        "some container": given | own | _Reach(containers=True),
        "library": given | own if hands_on else given,
        "own": given | own,
    }[kind]


def _callee(call: Call, lookup: Callable[[str], Any]) -> tuple[str, Any]:
    """What kind of thing is called, and whose method it is."""
    if call.attribute:
        holder = _found(call.base, lookup) if call.base else Unknown("")
        # (a*b + c).tanh() has no base; what makes its number is a call of its own.
        is_quiet = call.attribute in (_QUIET if call.base else _QUIET | FUNCTIONS.keys())
        if is_quiet or is_node(holder) or members(holder) is not None:
            return "harmless", holder
        if is_container(holder):
            return "container", holder
        if type(holder) is Unknown and call.attribute in MUTATORS:
            return "some container", holder
        return "library" if _is_library(holder) else "own", holder
    try:
        callee = lookup(call.base)
    except KeyError:
        callee = getattr(builtins, call.base, Unknown(""))
    if is_harmless(callee):
        return "harmless", None
    return "library" if _is_library(callee) else "own", None


def _is_own_function(x: object) -> bool:
    """Whether *x* is a function of the session, which whoever gets it may call."""
    if type(x) is Unknown:
        return x.kind == "function"
    return type(x) is FunctionType and not _is_library(x)


def _is_library(x: object) -> bool:
    """Whether *x* is a module or comes from one: it changes no more than the lists it is given."""
    kind = type(x)
    if kind is Unknown:
        return x.kind in ("module", "import")  # type: ignore[attr-defined]
    if kind is FunctionType or kind is BuiltinFunctionType:
        return x.__module__ != "__main__"
    return kind is ModuleType


def _own(later: Later) -> _Reach:
    """What a call of the session's own functions may reach."""
    if ANYTHING in later.names:
        return _EVERYTHING
    numbers = _NUMBERS if later.sets_numbers else _NOTHING
    return numbers | _Reach(names=frozenset(later.names))


def _names_of(reach: _Reach, names: Mapping[str, Any]) -> dict[str, Unknown]:
    """The names behind which something reached stands."""
    unknown = Unknown("what is called on the way may have changed it")
    found = dict.fromkeys(reach.names, unknown)
    wanted = {id(thing) for thing in reach.objects}
    has_node = any(map(is_node, reach.objects))
    for name, value in names.items():
        if reach.everything:
            is_hit = True
        elif is_node(value):
            is_hit = reach.nodes or (has_node and _depends(value, wanted))
        elif is_container(value):
            is_hit = reach.containers or reach.nodes or _holds(value, wanted, has_node)
        else:
            is_hit = False
        if is_hit and not name.startswith("__"):
            found[name] = unknown
    return found


def _depends(value: Any, wanted: set[int]) -> bool:
    return any(id(node) in wanted for node in order(value))


def _holds(value: Any, wanted: set[int], has_node: bool) -> bool:
    """Whether a container is one of the objects, or holds one of them at any depth."""
    waiting, seen = [value], 0
    while waiting:
        thing = waiting.pop()
        seen += 1
        if id(thing) in wanted:
            return True
        if seen > LARGEST:
            return True  # too much to look through: better unknown than wrong
        waiting.extend(_items(thing))
        if has_node and is_node(thing) and _depends(thing, wanted):
            return True
    return False


def _items(thing: Any) -> Iterator[Any]:
    if type(thing) is dict:
        yield from dict.values(thing)
    elif is_sequence(thing):
        yield from thing
