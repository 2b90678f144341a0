"""What commands may ask: the names of a session, its painter, and the text of its cells.

It finds nodes and says why there is none; what to do with them is left to the commands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from vrepl.core.errors import CommandError, Stale, UnknownName
from vrepl.core.graph import OLDER, Expressions
from vrepl.core.nodes import order
from vrepl.core.tape import stale_leaf
from vrepl.core.value import Value
from vrepl.session.answers import Paint, Save, nowhere
from vrepl.session.parts import is_node
from vrepl.session.reasons import Reasons, is_plain_number
from vrepl.session.registry import Registry
from vrepl.session.switch import Switch

__all__ = ["Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """What commands may ask: the names, the painter and the text of cells.

    Example:
        >>> session = Session.over({"a": Value(2.0)})
        >>> session.node("a")
        Value(data=2.0)
    """

    registry: Registry
    paint: Paint
    source: Callable[[str], str]
    save: Save = nowhere
    switch: Switch = field(default_factory=Switch)

    @classmethod
    def over(cls, namespace: dict[str, Any]) -> Session:
        """A session of these names, for use without a front end."""
        return cls(Registry(lambda: namespace), lambda answer: {"text/plain": ""}, lambda cell: "")

    @property
    def reasons(self) -> Reasons:
        """Explains missing connections."""
        return Reasons(self.registry, self.source)

    def node(self, reference: str) -> Value:
        """The node a reference means.

        Raises:
            UnknownName: There is no such name.
            CommandError: It is no node, with the likely reason.
        """
        found = self.number(reference)
        if not is_node(found):
            raise CommandError(self.reasons.plain(reference, found))
        return found

    def ordered(self, reference: str, root: Value) -> list[Value]:
        """The graph behind a node, operands first.

        Raises:
            Stale: A leaf was set since, so that the numbers of the graph do not fit together.
        """
        nodes = order(root)
        leaf = stale_leaf(nodes)
        if leaf is not None:
            raise Stale(reference, self.titles([leaf])(leaf), leaf.data)
        return nodes

    def unconnected(self, output: str, root: Any, name: str, node: Any) -> str:
        """Why no path leads from one number of the session to another."""
        if isinstance(root, Value) and not isinstance(node, Value):
            older = self.reasons.older(output, root, name, node)
            if older:
                return older
        for reference, value in ((output, root), (name, node)):
            if not isinstance(value, Value):
                return self.reasons.plain(reference, value)
        return self.reasons.apart(output, root, name, node)

    def wrt(self, output: str, name: str) -> Any:
        """The number that *name* means, for a question about *output*.

        Raises:
            CommandError: It means none; where it did when *output* was made, that is told.
        """
        try:
            return self.number(name)
        except (UnknownName, CommandError) as error:
            root = self.registry.find(output)
            lost = self.reasons.lost(output, root, name) if is_node(root) else ""
            if not lost:
                raise
            gone = "is no name any more" if isinstance(error, UnknownName) else "is no number now"
            raise CommandError(f"{name} {gone}, but {lost}") from None

    def number(self, reference: str) -> Any:
        """The node or plain number a reference means."""
        found = self.registry.find(reference)
        if is_node(found) or is_plain_number(found):
            return found
        if reference == "_" and found == "":
            raise CommandError("there is no last result yet; type a line that gives a number")
        kind = type(found).__name__
        article = "an" if kind[:1] in "aeiou" else "a"
        fact = f"{reference} is {article} {kind}, not a number"
        inside = next(iter(self.registry.numbers_in(reference)), "")
        remedy = f"{inside} is one" if inside else "%nodes lists the names"
        raise CommandError(f"{fact}; {remedy}")

    def names(self, nodes: Sequence[Value]) -> dict[int, str]:
        """What to call nodes, by `id`; `a (older)` for one whose name means another now.

        Every node that has a name or a label is in it, so that nobody need look at the nodes again.
        """
        found = self.registry.references()
        names = self.registry.namespace()
        for node in nodes:
            label = node.label
            if label and id(node) not in found:
                found[id(node)] = label + OLDER if label in names else label
        return found

    def titles(self, nodes: Sequence[Value]) -> Callable[[Value], str]:
        """A function giving what to call a node: its name, else how it was made."""
        texts = Expressions(self.names(nodes))
        return lambda node: texts.name(node) or texts.made_by(node)
