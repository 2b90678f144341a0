"""What a store goes into: an item of a list or dict, an attribute of an object, a node's number.

It says what the place is called and what stands there; nothing is ever put into it.
"""

from __future__ import annotations

import ast
from typing import Any, Final

from vrepl.core.value import plain
from vrepl.language.evaluation import Evaluator
from vrepl.language.known import Unknown, is_container, is_key, is_node, is_number
from vrepl.session.parts import is_searched, parts, takes

__all__ = ["NUMBER", "Stored", "place_of_store"]

NUMBER: Final = ".data"
Stored = tuple[str, Any]  # what the place is called, and what stands there


def place_of_store(target: ast.expr, evaluator: Evaluator) -> Stored | None:
    """The place that a target means, None where storing may do more than keep the object.

    Args:
        target: The target of an assignment.
        evaluator: Gives what the names in it mean.
    """
    if type(target) is ast.Subscript:
        return _item(target, evaluator)
    if type(target) is ast.Attribute:
        return _attribute(target, evaluator)
    return None


def _item(target: ast.Subscript, evaluator: Evaluator) -> Stored | None:
    holder = evaluator.value(target.value)
    if type(target.slice) is ast.Slice or type(holder) is tuple or not is_container(holder):
        return None
    key = evaluator.value(target.slice)
    key = plain(key) if is_number(key) else key
    if not is_key(key):
        return None
    base = ast.unparse(target.value)
    if type(holder) is dict:
        return f"{base}[{key!r}]", holder.get(key, Unknown(""))
    if type(key) is not int or not -len(holder) <= key < len(holder):
        return None
    return f"{base}[{key % len(holder)}]", holder[key]


def _attribute(target: ast.Attribute, evaluator: Evaluator) -> Stored | None:
    holder = evaluator.value(target.value)
    name = ast.unparse(target)
    if is_node(holder):
        return (name, plain(holder)) if f".{target.attr}" == NUMBER else None
    step = f".{target.attr}"
    if type(holder) is Unknown or not is_searched(holder) or not takes(holder, step):
        return None
    held = parts(holder).get(step) if evaluator.has_attributes else None
    return name, held if is_number(held) else Unknown("")
