"""What an assignment binds: its targets as constants, and which name gets which part of a value.

Whether that is worth reporting, and to whom, is left to ``literals`` and the registry.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeAlias, cast

__all__ = ["Target", "Targets", "bound_names", "names_any", "receives", "target_of"]

Target: TypeAlias = "str | tuple[Target, ...] | None"
Targets: TypeAlias = "str | tuple[Target, ...]"


def receives(target: ast.expr, receiver: str | None) -> bool:
    """Whether all that *target* binds are names or attributes of the method's own object."""
    match target:
        case ast.Name(id=name):
            return not _is_dunder(name)
        case ast.Attribute(value=ast.Name(id=name)):
            return name == receiver
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(receives(part, receiver) for part in parts)
        case ast.Starred(value=part):
            return receives(part, receiver)
    return False


def target_of(node: ast.expr) -> Target:
    """A target as a constant, written as ``bound_names`` reads it."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(map(target_of, parts))
        case ast.Starred(value=ast.Name(id=name)):
            return f"*{name}"
        case ast.Starred():
            return "*"
    return None


def names_any(target: Target) -> bool:
    """Whether a target names anything worth reporting; ``__version__`` is not."""
    if isinstance(target, tuple):
        return any(map(names_any, target))
    return target is not None and target not in ("", "*") and not _is_dunder(target)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def bound_names(targets: Targets, value: object) -> Iterator[tuple[str, object]]:
    """The names a binding binds, each with its object, as far as that can be told in advance.

    A string is one name. A tuple lists the targets of ``a = b = …`` from left to right, each a
    name, None for what is no name (``self.w``, ``xs[0]``), or a tuple of the same kind for an
    unpacking, where ``"*r"`` collects the rest into a list. Only exact lists and tuples of a
    fitting length are looked into: no iterator is consumed.

    Example:
        >>> list(bound_names(("t", ("a", ("b", "*r"))), (1, [2, 3, 4])))
        [('t', (1, [2, 3, 4])), ('a', 1), ('b', 2), ('r', [3, 4])]
    """
    every = (targets,) if isinstance(targets, str) else targets
    pending = [(target, value) for target in reversed(every)]
    while pending:
        target, part = pending.pop()
        if isinstance(target, tuple):
            pending.extend(reversed(list(_unpacked(target, part))))
        elif target:
            yield target, part


def _unpacked(targets: tuple[Target, ...], value: object) -> Iterable[tuple[Target, object]]:
    """Pairs of an unpacking; nothing when *value* is no list or tuple of a fitting length."""
    if type(value) not in (list, tuple):
        return ()
    items = cast("list[object] | tuple[object, ...]", value)
    star = next((i for i, t in enumerate(targets) if isinstance(t, str) and t[:1] == "*"), None)
    if star is None:
        return zip(targets, items, strict=True) if len(targets) == len(items) else ()
    tail = len(targets) - star - 1
    if len(items) < star + tail:
        return ()
    end = len(items) - tail
    rest = cast("str", targets[star])[1:]
    return [
        *zip(targets[:star], items[:star], strict=True),
        (rest, list(items[star:end])),
        *zip(targets[star + 1 :], items[end:], strict=True),
    ]
