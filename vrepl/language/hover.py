"""Says all about one node in one record: value, making, place, slopes, and who uses it.

It asks the session and finds nothing out by running; how the record looks is the front's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vrepl.core.derivatives import leaves
from vrepl.core.errors import NoRule, Stale, VreplError
from vrepl.core.graph import Expressions
from vrepl.core.nodes import adjoints, is_constant, walk
from vrepl.core.rules import Number
from vrepl.core.value import Value, plain
from vrepl.language.replay import Replay
from vrepl.language.sweeps import LARGEST
from vrepl.language.symbols import name_at
from vrepl.session.answers import figure, in_full
from vrepl.session.session import Session

__all__ = ["Inspection", "hover", "inspect"]

SLOPES = 12  # of a record, the steepest
USERS = 8
SEARCHED = 50_000  # nodes looked at for who uses one: some 20 ms


@dataclass(frozen=True, slots=True)
class Inspection:
    """What there is to say about a node.

    Attributes:
        reference: What it was asked about by.
        value: Its number.
        made: Its expression in names; for an input, where it comes from.
        place: Where its name was bound, '' when that is not known.
        slopes: Name and slope for the inputs behind it, the steepest first; none for an input.
        left_out: How many more inputs there are.
        used_by: The named nodes made from it directly.
        note: Why there are no slopes, '' when there are or it is an input.
    """

    reference: str
    value: Number
    made: str
    place: str
    slopes: tuple[tuple[str, float], ...]
    left_out: int
    used_by: tuple[str, ...]
    note: str = ""

    def facts(self, digits: int = 6) -> Iterator[tuple[str, str]]:
        """Headings and texts, in the order to show them.

        Example:
            >>> a = Value(2.0, label="a")
            >>> session = Session.over({"a": a, "d": a * -3.0})
            >>> dict(inspect("d", session).facts())
            {'Value': '-6.0', 'Made by': 'a * -3.0', 'Slopes': 'a -3.0'}
        """
        yield "Value", in_full(self.value)
        yield "Made by", self.made + (f"   in {self.place}" if self.place else "")
        if self.slopes:
            shown = ", ".join(f"{name} {figure(slope, digits)}" for name, slope in self.slopes)
            yield "Slopes", shown + (f", {self.left_out:,} more" if self.left_out else "")
        elif self.note:
            yield "Slopes", self.note
        if self.used_by:
            yield "Used by", ", ".join(self.used_by)


def inspect(reference: str, session: Session) -> Inspection:
    """All about the node that a reference means.

    Args:
        reference: A name, or a name followed by `[0]`, `['key']` or `.attribute`.
        session: Whose names are meant.

    Raises:
        VreplError: The reference means no node; the message says why.

    Example:
        >>> a = Value(2.0, label="a")
        >>> session = Session.over({"a": a, "d": a * a})
        >>> inspect("d", session).slopes, inspect("a", session).used_by
        ((('a', 4.0),), ('d',))
    """
    node = session.node(reference)
    is_input = len(node._made) == 1
    references = session.registry.references()
    references[id(node)] = ""  # its expression is wanted, not its name
    made = node._made[0].summary if is_input else Expressions(references).made_by(node)
    place = session.registry.place(reference)
    slopes, note = ([], "") if is_input else _slopes(reference, node, session)
    return Inspection(
        reference=reference,
        value=plain(node),
        made=made,
        place=str(place) if place else "",
        slopes=tuple(slopes[:SLOPES]),
        left_out=max(0, len(slopes) - SLOPES),
        used_by=tuple(_users(node, session)),
        note=note,
    )


def hover(replay: Replay, line: int, column: int) -> Inspection | None:
    """All about the node under a cursor, None where there is none.

    Args:
        replay: The text. A name that is bound at the cursor means what it is bound to.
        line: The cursor's line, from 1.
        column: Its column, from 0; the end of a name counts as on it.

    Example:
        >>> replay = Replay("%graph a", Session.over({"a": Value(2.0)}))
        >>> hover(replay, 1, 7).value, hover(replay, 1, 2)
        (2.0, None)
    """
    found = name_at(replay, line, column)
    if found is None:
        return None
    try:
        index = replay.at(line) + (found.role == "binding")
        return inspect(found.name, replay.session_before(index))
    except VreplError:
        return None


def _slopes(reference: str, node: Value, session: Session) -> tuple[list[tuple[str, float]], str]:
    """The slopes by the inputs, steepest first; why there are none."""
    for count, _ in enumerate(walk(node)):
        if count >= LARGEST:
            return [], f"more than {LARGEST:,} operations; %slope {reference} works them out"
    try:
        found = adjoints(session.ordered(reference, node))
    except (NoRule, Stale) as error:
        return [], str(error)
    inputs = leaves(node)
    title = session.titles(inputs)
    slopes = [(title(leaf), found[id(leaf)]) for leaf in inputs if id(leaf) in found]
    slopes.sort(key=lambda pair: -abs(pair[1]) if pair[1] == pair[1] else 0.0)
    return slopes, ""


def _users(node: Value, session: Session) -> Iterator[str]:
    """The named nodes between which and *node* no other named one stands."""
    names = session.registry.references()
    budget, count, seen = SEARCHED, 0, {id(node)}
    for reference, user in session.registry.reachable():
        if id(user) in seen or budget < 0 or count == USERS:
            continue
        seen.add(id(user))
        looked_at = {id(user)}
        waiting = [user]
        while waiting and budget >= 0:
            operands = [x for x in waiting.pop()._made[1:] if not is_constant(x)]
            budget -= 1 + len(operands)
            if any(x is node for x in operands):
                count += 1
                yield reference
                break
            new = [x for x in operands if id(x) not in looked_at and id(x) not in names]
            looked_at.update(map(id, new))
            waiting += new
