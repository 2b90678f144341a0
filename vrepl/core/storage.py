"""Keeps a whole graph as JSON text and makes it again: values, names, operations, gradients.

The text is data and nothing else; reading it runs no code. Pickle, in contrast, writes the plain
number, so that a file opens where vrepl is not installed.
"""

from __future__ import annotations

import json
from typing import Any

from vrepl.core.errors import VreplError
from vrepl.core.nodes import CONSTANT, EXPLICIT, LITERAL, order
from vrepl.core.rules import Number
from vrepl.core.value import Value, facts_of, leaf, plain, remade

__all__ = ["FORMAT", "VERSION", "StorageError", "dumps", "loads", "read", "written"]

FORMAT = "vrepl graph"
VERSION = 1
_SOURCES = {source.name: source for source in (LITERAL, EXPLICIT, CONSTANT)}


class StorageError(VreplError, ValueError):
    """A text is no stored graph, or one that does not hold together."""


def dumps(root: Value) -> str:
    """The graph behind *root* as JSON text.

    The text is an object with `format`, `version`, `root` (an index) and `nodes`, operands before
    results. A node has `value` and either `source` (a leaf) or `op` with `operands`, each an index
    or `{"constant": number}`; `label` and `grad` where there are any. Floats are written in full,
    whole numbers as text, because JSON readers round them, and so are inf and nan.

    Args:
        root: The node to keep.

    Example:
        >>> a = Value(2.0, label="a")
        >>> loads(dumps(a * 3))._prev[0].label
        'a'
    """
    nodes = order(root)
    index = {id(node): i for i, node in enumerate(nodes)}
    stored = [_stored(node, index) for node in nodes]
    text = {"format": FORMAT, "version": VERSION, "root": len(nodes) - 1, "nodes": stored}
    return json.dumps(text, separators=(",", ":"), allow_nan=False)


def loads(text: str | bytes) -> Value:
    """The graph that `dumps` wrote, made of new nodes.

    Args:
        text: What `dumps` gave.

    Returns:
        The root; slopes and further arithmetic are as with the original.

    Raises:
        StorageError: The text is something else, or damaged; the message says where.

    Example:
        >>> loads("[]")
        Traceback (most recent call last):
            ...
        vrepl.core.storage.StorageError: this is no vrepl graph; dumps writes them
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"this is no JSON: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise StorageError("this is no vrepl graph; dumps writes them")
    if data.get("version") != VERSION:
        raise StorageError(f"version {data.get('version')} is not known here; this reads {VERSION}")
    nodes: list[Value] = []
    for i, stored in enumerate(_checked(data, "nodes", list)):
        try:
            nodes.append(_remade(stored, nodes))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise StorageError(f"node {i} is damaged: {error}") from None
    root = _checked(data, "root", int)
    if not 0 <= root < len(nodes):
        raise StorageError(f"root {root} is no node; there are {len(nodes)}")
    found: Value = nodes[root]
    return found


def _checked(data: dict[str, Any], key: str, kind: type) -> Any:
    if type(data.get(key)) is not kind:
        raise StorageError(f"{key} is missing or of the wrong kind")
    return data[key]


def _stored(node: Value, index: dict[int, int]) -> dict[str, Any]:
    made, *operands = node._made
    facts = facts_of(node)
    stored: dict[str, Any] = {"value": written(node.data)}
    if operands:
        stored["op"] = made.symbol
        stored["operands"] = [
            index[id(x)] if id(x) in index else {"constant": written(plain(x))} for x in operands
        ]
    else:
        stored["source"] = made.name
    if facts.label:
        stored["label"] = facts.label
    if facts.grad is not None:
        stored["grad"] = written(facts.grad)
    return stored


def _remade(stored: Any, nodes: list[Value]) -> Value:
    number = read(stored["value"])
    if "op" in stored:
        operands = [_operand(x, nodes) for x in stored["operands"]]
        node = remade(number, str(stored["op"]), operands)
    elif stored["source"] == EXPLICIT.name:
        node = Value(number)
    else:
        node = leaf(number, _SOURCES[stored["source"]])
    if "label" in stored:
        node.label = stored["label"]
    if "grad" in stored:
        node.grad = read(stored["grad"])
    return node


def _operand(stored: Any, nodes: list[Value]) -> Any:
    if isinstance(stored, dict):
        return read(stored["constant"])
    if type(stored) is not int or stored < 0:
        raise ValueError(f"operand {stored!r} is no node")
    return nodes[stored]


def written(number: Number) -> float | str:
    """A number for JSON, which has no inf and nan, and whose readers round large ints: text.

    Example:
        >>> written(0.5), written(10), written(float("inf"))
        (0.5, '0xa', 'inf')
    """
    if isinstance(number, int):
        return f"{number:#x}"  # hexadecimal, since decimal text stops at 4,300 digits
    return number if number - number == 0 else repr(number)


def read(stored: Any) -> Number:
    """The number that `written` wrote.

    Example:
        >>> read("0xa"), read(2)
        (10, 2.0)
    """
    if type(stored) is float or type(stored) is int:
        return float(stored)
    if stored in ("inf", "-inf", "nan"):
        return float(stored)
    return int(stored, 16)
