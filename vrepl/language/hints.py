"""What each assignment of a text gives: its value and its slopes, to be shown beside it.

Slopes are by the named inputs, the steepest first; a graph too large for that shows its value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vrepl.core.errors import NoRule
from vrepl.core.nodes import adjoints, is_constant, order
from vrepl.core.value import Value, plain
from vrepl.language.known import is_key, is_node, is_sequence
from vrepl.language.records import Hint, Span
from vrepl.language.replay import Replay, Step
from vrepl.language.stores import NUMBER
from vrepl.session.answers import figure

__all__ = ["hints"]

MOST_SLOPES: Final = 4
LARGEST_GRAPH: Final = 2_000  # nodes; about 2 ms
NODES: Final = 60_000  # in all the graphs of one answer
DIGITS: Final = 6
_ITEMS: Final = 256


def hints(replay: Replay, first: int = 1, last: int | None = None) -> tuple[Hint, ...]:
    r"""The hints of a range of lines.

    Args:
        replay: The text.
        first: The first line, from 1.
        last: The last line; the text's by default.

    Example:
        >>> [hint.text for hint in hints(Replay("a = 2.0\nd = a*-3.0"))]
        ['= -6.0   slope a -3.0']
    """
    found: list[Hint] = []
    registry = replay.session.registry
    names: dict[str, Any] = dict(registry.names())
    titles = registry.references()
    budget = NODES
    for step in replay.steps:
        if last is not None and step.chunk.line > last:
            break
        names.update(step.writes)
        titles.update(_titles(step.writes))
        if step.chunk.end_line < first:
            continue
        for hint, size in _of_step(replay, step, names, titles, budget):
            budget -= size
            found.append(hint)
    return tuple(found)


def _titles(writes: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """What to call the nodes that a step bound, by `id`; the simplest reference comes last."""
    for name, value in writes.items():
        if is_sequence(value) and len(value) <= _ITEMS:
            yield from ((id(x), f"{name}[{i}]") for i, x in enumerate(value) if is_node(x))
        if type(value) is dict and len(value) <= _ITEMS:
            keyed = ((key, x) for key, x in value.items() if is_key(key) and is_node(x))
            yield from ((id(x), f"{name}[{key!r}]") for key, x in keyed)
    yield from ((id(x), name) for name, x in writes.items() if is_node(x) and name[:1] != "_")


def _of_step(
    replay: Replay, step: Step, names: Mapping[str, Any], titles: Mapping[int, str], budget: int
) -> Iterator[tuple[Hint, int]]:
    """The hints of one step, each with the number of nodes that was looked at."""
    bound = [m for m in step.statement.mentions if m.is_binding and is_node(names.get(m.name))]
    computed = {m.name: names[m.name] for m in bound if len(names[m.name]._made) > 1}
    computed = {name: node for name, node in computed.items() if step.writes.get(name) is node}
    stored = step.outcome.stored
    computed |= {name: x for name, x in stored.items() if is_node(x) and len(x._made) > 1}
    computed |= {name: x for name, x in stored.items() if name.endswith(NUMBER)}
    chunk = step.chunk
    end = len(chunk.text.rpartition("\n")[2])
    place = Span(chunk.end_line, end, chunk.end_line, end)
    for name, node in computed.items():
        by_leaf: list[tuple[Value, float]] = []
        size = 0
        if is_node(node):
            by_leaf, size = _by_leaf(replay, node, min(LARGEST_GRAPH, budget))
        budget -= size
        value = figure(plain(node), DIGITS)
        slopes = _named(by_leaf, node, {**names, **stored}, titles)
        text = _text(name, value, slopes, len(computed))
        yield Hint(place, name, value, slopes, text), size


def _by_leaf(replay: Replay, node: Value, limit: int) -> tuple[list[tuple[Value, float]], int]:
    """The slopes by the leaves, none where that is too much; how many nodes were looked at."""
    before = len(replay.forward)
    found = replay.forward.slopes(node, limit)
    if found is not None:
        return found, len(replay.forward) - before
    size = _size(node, limit)
    if size > limit:
        return [], size
    ordered = order(node)
    try:
        adjoint = adjoints(ordered)
    except NoRule:
        return [], size
    leaves = (leaf for leaf in ordered if len(leaf._made) == 1)
    return [(leaf, adjoint.get(id(leaf), 0.0)) for leaf in leaves], size


def _size(node: Value, limit: int) -> int:
    """How many nodes stand behind a node, counted no further than makes a difference."""
    seen = {id(node)}
    waiting = [node]
    while waiting and len(seen) <= limit:
        for operand in waiting.pop()._made[1:]:
            if not is_constant(operand) and id(operand) not in seen:
                seen.add(id(operand))
                waiting.append(operand)
    return len(seen)


def _named(
    by_leaf: list[tuple[Value, float]],
    node: Value,
    names: Mapping[str, Any],
    titles: Mapping[int, str],
) -> tuple[tuple[str, str], ...]:
    """The slopes by the named inputs, the steepest first."""
    inputs = ((_title(leaf, names, titles), slope) for leaf, slope in by_leaf if leaf is not node)
    named = [pair for pair in inputs if pair[0]]
    named.sort(key=lambda pair: -abs(pair[1]) if pair[1] == pair[1] else 0.0)
    return tuple((title, figure(slope, DIGITS)) for title, slope in named)


def _title(leaf: Value, names: Mapping[str, Any], titles: Mapping[int, str]) -> str:
    title = titles.get(id(leaf)) or leaf.label
    if (title.isidentifier() or title in names) and names.get(title) is not leaf:
        return f"{title} (older)"
    return title


def _text(name: str, value: str, slopes: tuple[tuple[str, str], ...], count: int) -> str:
    """One line, worded as previews are."""
    head = f"{name} = {value}" if count > 1 else f"= {value}"
    shown = [f"{title} {slope}" for title, slope in slopes[:MOST_SLOPES]]
    shown += ["…"] if len(slopes) > MOST_SLOPES else []
    word = "slope" if len(slopes) == 1 else "slopes"
    return f"{head}   {word} {', '.join(shown)}" if shown else head
