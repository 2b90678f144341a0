"""What keeps the nodes of a session alive: names, containers, results, the last error.

It counts and asks no node anything; how the counts are shown is left to the command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vrepl.core.collector import alive
from vrepl.core.nodes import size_of
from vrepl.core.value import Value
from vrepl.session.parts import is_node, is_searched, parts
from vrepl.session.registry import HOST_NAMES

__all__ = ["Holder", "Holdings", "holdings"]

_SEARCHED: Final = 200_000  # objects looked into for nodes: some tenths of a second
_SHARED: Final = -1


@dataclass(frozen=True, slots=True)
class Holder:
    """Something that keeps nodes alive.

    Attributes:
        name: What it is called; all names of one and the same object.
        nodes: How many nodes nothing else here holds: they go when it goes.
        size: The bytes they take.
    """

    name: str
    nodes: int
    size: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """Who holds what.

    Attributes:
        holders: The holders, those of most nodes first.
        shared: Nodes that several of them hold, and the bytes these take.
        elsewhere: Nodes that none of them holds: closures, generators, objects of libraries.
    """

    holders: tuple[Holder, ...]
    shared: Holder
    elsewhere: int


def holdings(namespace: Mapping[str, Any]) -> Holdings:
    """Who holds the nodes of a session.

    Args:
        namespace: The names of the session, IPython's `Out` among them.

    Example:
        >>> a = Value(2.0)
        >>> found = holdings({"d": a * 3, "ws": [Value(0.5), a]})
        >>> [(holder.name, holder.nodes) for holder in found.holders], found.shared.nodes
        ([('d', 1), ('ws', 1)], 1)
    """
    roots = _roots(namespace)
    owners: dict[int, int] = {}
    nodes: dict[int, Value] = {}
    for number, (_, held) in enumerate(roots):
        _claim(held, number, owners, nodes)
    counts = [0] * (len(roots) + 1)  # the last is for those that are shared, whose number is -1
    sizes = [0] * (len(roots) + 1)
    for key, number in owners.items():
        counts[number] += 1
        sizes[number] += size_of(nodes[key])
    lines = [Holder(roots[i][0], counts[i], sizes[i]) for i in range(len(roots))]
    lines.sort(key=lambda holder: -holder.nodes)
    shared = Holder("several names", counts[-1], sizes[-1])
    return Holdings(tuple(lines), shared, max(0, alive() - len(nodes)))


def _claim(
    held: Iterable[Value], number: int, owners: dict[int, int], nodes: dict[int, Value]
) -> None:
    """Enter all that *held* depends on; what another holder reached before is shared."""
    stack = list(held)
    while stack:
        node = stack.pop()
        key = id(node)
        owner = owners.get(key)
        if owner in (number, _SHARED):
            continue
        owners[key] = number if owner is None else _SHARED
        nodes[key] = node
        stack += [operand for operand in node._made[1:] if is_node(operand)]


def _roots(namespace: Mapping[str, Any]) -> list[tuple[str, list[Value]]]:
    """What can hold nodes, with the nodes found in it; one entry for all names of one object."""
    names: dict[int, list[str]] = {}
    found: dict[int, list[Value]] = {}
    budget = _SEARCHED
    for name, value in _held(namespace):
        key = id(value)
        names.setdefault(key, []).append(name)
        if key not in found:
            found[key] = list(_nodes_in(value, budget))
    roots = [(_title(names[key]), held) for key, held in found.items() if held]
    error = list(_in_last_error())
    return [*roots, ("the last error", error)] if error else roots


def _title(names: list[str]) -> str:
    """The names of one object; IPython's `_` and `_3` only where there is no other."""
    own = [name for name in names if name[:1] != "_"]
    return ", ".join(own or names)


def _held(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every name of the session and every result it keeps."""
    for name, value in list(namespace.items()):
        if name not in HOST_NAMES and name[:1] != "_":
            yield name, value
    results = namespace.get("Out")
    if isinstance(results, dict):
        yield from ((f"Out[{number}]", value) for number, value in list(results.items()))
    yield from ((name, namespace[name]) for name in ("_", "__", "___") if name in namespace)


def _nodes_in(value: Any, budget: int) -> Iterator[Value]:
    """The nodes that an object is or contains."""
    waiting = [value]
    seen = {id(value)}
    for thing in waiting:
        if is_node(thing):
            yield thing
        elif is_searched(thing):
            for part in parts(thing).values():
                budget -= 1
                if budget < 0:
                    return
                if id(part) not in seen:
                    seen.add(id(part))
                    waiting.append(part)


def _in_last_error() -> Iterator[Value]:
    """The nodes in the frames of the last error, which `%debug` looks at."""
    error = getattr(sys, "last_value", None)
    trace = getattr(error, "__traceback__", None)
    while trace is not None:
        if trace.tb_frame.f_code.co_name != "<module>":
            for value in list(trace.tb_frame.f_locals.values()):
                yield from _nodes_in(value, 1_000)
        trace = trace.tb_next
