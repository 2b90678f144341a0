"""Small hands for syntax trees: copies, places, and calls put where something else stood.

Nothing here knows what a cell means or recurses into it.
"""

from __future__ import annotations

import ast
from typing import Any, Final, TypeVar

__all__ = ["LOAD", "call", "children", "copied", "everything", "location", "newer", "twin"]

_Node = TypeVar("_Node", bound=ast.AST)

LOAD: Final = ast.Load()
_LOCATION: Final = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def copied(node: _Node) -> _Node:
    """A node with the same fields; ``copy.copy`` takes five times as long."""
    new = type(node).__new__(type(node))
    new.__dict__.update(node.__dict__)
    return new


def twin(tree: _Node) -> _Node:
    """The same tree made of new nodes; ``copy.deepcopy`` recurses.

    Code that stands in two branches is two trees, because another transformer may change in place
    what it visits.
    """
    root = copied(tree)
    pending: list[ast.AST] = [root]
    while pending:
        node = pending.pop()
        for name in node._fields:
            # Fields only: traceback libraries leave `parent` on the contexts that all trees share.
            value = node.__dict__.get(name)
            if isinstance(value, ast.AST) and value._fields:
                new = copied(value)
                node.__dict__[name] = new
                pending.append(new)
            elif type(value) is list:
                items = [copied(i) if isinstance(i, ast.AST) else i for i in value]
                node.__dict__[name] = items
                pending += (item for item in items if isinstance(item, ast.AST))
    return root


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below, in order, without contexts and operators; none has any inside.

    ``ast.iter_child_nodes`` takes four times as long.

    Example:
        >>> [type(child).__name__ for child in children(ast.parse("a + f(2)").body[0].value)]
        ['Name', 'Call']
    """
    held = node.__dict__
    found: list[ast.AST] = []
    for name in node._fields:
        value = held.get(name)
        if type(value) is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and value._fields:
            found.append(value)
    return found


def everything(node: ast.AST) -> list[ast.AST]:
    """A node and all below it, as ``ast.walk`` gives them, without contexts and operators."""
    found = [node]
    for part in found:
        if part._fields:
            found += children(part)
    return found


def newer(*names: str) -> tuple[type[ast.AST], ...]:
    """The kinds of nodes that have these names, of those that this Python has.

    Example:
        >>> [kind.__name__ for kind in newer("Constant", "Syntax of a Python to come")]
        ['Constant']
    """
    return tuple(getattr(ast, name) for name in names if hasattr(ast, name))


def location(node: ast.AST) -> dict[str, Any]:
    """Where *node* stands, as keywords; empty when another transformer left it nowhere."""
    held = node.__dict__
    return {name: held[name] for name in _LOCATION if name in held}


def call(name: str, old: ast.AST, *arguments: Any) -> ast.Call:
    """A call of a support function in the place of *old*; what is no tree becomes a constant."""
    at = location(old)
    given = [a if isinstance(a, ast.expr) else ast.Constant(a, **at) for a in arguments]
    return ast.Call(ast.Name(name, LOAD, **at), given, [], **at)
