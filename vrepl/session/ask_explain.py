"""The command `explain`: the chain rule written out, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vrepl.core.chain import ChainRule, chain_rule
from vrepl.core.errors import CommandError, NotConnected
from vrepl.core.graph import Expressions, number_text
from vrepl.core.nodes import adjoints
from vrepl.core.value import Value, plain
from vrepl.session.answers import Answer, Part, more
from vrepl.session.grammar import Request
from vrepl.session.session import Session

__all__ = ["ExplainAnswer", "explain"]

EXPLAINED = 5  # inputs explained without being asked for by name
PATHS = 6  # paths written out for each


@dataclass(frozen=True, kw_only=True, repr=False)
class ExplainAnswer(Answer):
    """The chain rule for one output, a `ChainRule` for each input.

    `notes` say of what is not connected why it is not, and `left_out` counts further inputs. With
    a single rule the answer itself is its total.
    """

    output: str
    rules: tuple[ChainRule, ...]
    notes: tuple[str, ...] = ()
    left_out: int = 0

    def __float__(self) -> float:
        if len(self.rules) != 1:
            raise TypeError(f"this answer holds {len(self.rules)} chain rules, not one")
        return self.rules[0].total

    def __iter__(self) -> Iterator[ChainRule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def __bool__(self) -> bool:
        return True

    def parts(self) -> Sequence[Part]:
        """The rules, and a line for everything that has none."""
        asking = f"%explain {self.output} wrt NAME asks for one"
        rest = [more(self.left_out, "input", asking)] if self.left_out else []
        return [*self.rules, *self.notes, *rest]


def explain(session: Session, request: Request) -> Answer:
    """The chain rule for the inputs asked for with `wrt`, else for the steepest leaves."""
    output = request.subject
    wanted = [(name, session.wrt(output, name)) for name in _inputs(request)]
    root = session.number(output) if wanted else session.node(output)
    ordered = session.ordered(output, root) if isinstance(root, Value) else []
    behind = {id(node) for node in ordered}
    notes = [
        str(NotConnected(output, name, session.unconnected(output, root, name, node)))
        for name, node in wanted
        if id(node) not in behind
    ]
    chosen, left_out = [node for _, node in wanted if id(node) in behind], 0
    if not wanted:
        chosen, left_out = _steepest(ordered)
        if not chosen:
            notes.append(f"{output} = {number_text(plain(root))} depends on no input")
    texts = Expressions(session.names(ordered))
    paths = request.option("paths", PATHS)
    return ExplainAnswer(
        output=output,
        rules=tuple(chain_rule(ordered, node, texts=texts, most=paths) for node in chosen),
        notes=tuple(notes),
        left_out=left_out,
        paint=session.paint,
    )


def _inputs(request: Request) -> list[str]:
    """The names after `wrt`.

    Raises:
        CommandError: Several names stand together, which asks for a higher derivative.
    """
    for names in request.wrt:
        if len(names) > 1:
            together = " ".join(names)
            raise CommandError(
                f"explain writes first derivatives only, and {together} asks for a higher one;"
                f" %slope {request.subject} wrt {together} computes it"
            )
    return [name for (name,) in request.wrt]


def _steepest(ordered: Sequence[Value]) -> tuple[list[Any], int]:
    """The leaves with the steepest slopes, and how many others there are."""
    found = adjoints(ordered)
    leaves = [node for node in ordered if len(node._made) == 1]
    leaves.sort(key=lambda leaf: -abs(found[id(leaf)]) if found[id(leaf)] == found[id(leaf)] else 1)
    return leaves[:EXPLAINED], max(0, len(leaves) - EXPLAINED)
