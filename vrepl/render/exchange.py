"""Writes a `Graph` snapshot as JSON for other programs, and reads it back.

The format is that of `vrepl.core.storage` with what a snapshot knows besides, so that `vrepl.loads`
makes a live graph of a file that leaves nothing out.
"""

from __future__ import annotations

import json
from typing import Any

from vrepl.core.graph import Edge, Graph, Node
from vrepl.core.storage import FORMAT, VERSION, StorageError, read, written

__all__ = ["dumps", "loads"]


def dumps(graph: Graph) -> str:
    """*graph* as JSON text.

    An object with `format` ("vrepl graph"), `version` (1), `root` (an index into `nodes`), `total`
    (how many nodes the whole graph has) and `nodes`, operands before results. A node has

    * `value`: a float; a whole number is text, "0xa", and so are "inf", "-inf" and "nan";
    * `op` (its symbol) with `operands`, each an index into `nodes`, `{"constant": value}` or, for a
      node that is not in this file, `{"left_out": value}`, with its `label` if it has one;
    * or, for a leaf, `source` ("explicit");
    * `local_derivatives`: one per operand, null where there is none;
    * `label` (its name), `expression` (how it was made, in names), `slope` (of the root by this
      node) and `place` (where it was typed), each where known.

    Example:
        >>> graph = Graph((Node(0, "a", "2.0", 2.0, "", ()),), 1)
        >>> loads(dumps(graph)) == graph
        True
    """
    text = {
        "format": FORMAT,
        "version": VERSION,
        "root": len(graph.nodes) - 1,
        "total": graph.total,
        "nodes": [_stored(node) for node in graph.nodes],
    }
    return json.dumps(text, indent=1, allow_nan=False, ensure_ascii=True) + "\n"


def loads(text: str | bytes) -> Graph:
    """The snapshot that `dumps` wrote.

    Args:
        text: What `dumps` gave.

    Raises:
        StorageError: The text is something else, or damaged; the message says where.

    Example:
        >>> loads("[]")
        Traceback (most recent call last):
            ...
        vrepl.core.storage.StorageError: this is no vrepl graph; %graph NAME -o FILE.json writes one
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"this is no JSON: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT or not data.get("nodes"):
        raise StorageError("this is no vrepl graph; %graph NAME -o FILE.json writes one")
    if data.get("version") != VERSION:
        raise StorageError(f"version {data.get('version')} is not known here; this reads {VERSION}")
    nodes: list[Node] = []
    for stored in data["nodes"]:
        try:
            nodes.append(_remade(stored, nodes))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise StorageError(f"node {len(nodes)} is damaged: {error}") from None
    return Graph(tuple(nodes), int(data.get("total", len(nodes))))


def _stored(node: Node) -> dict[str, Any]:
    stored: dict[str, Any] = {"value": written(node.value)}
    if node.symbol:
        stored["op"] = node.symbol
        stored["operands"] = [_operand(edge) for edge in node.edges]
        stored["local_derivatives"] = [
            None if edge.local_derivative is None else written(float(edge.local_derivative))
            for edge in node.edges
        ]
    else:
        stored["source"] = "explicit"
    if node.name:
        stored["label"] = node.name
    stored["expression"] = node.expression
    if node.slope is not None:
        stored["slope"] = written(float(node.slope))
    if node.place:
        stored["place"] = node.place
    return stored


def _operand(edge: Edge) -> Any:
    if edge.source is not None:
        return edge.source
    if not edge.left_out:
        return {"constant": written(edge.value)}
    return {"left_out": written(edge.value)} | ({"label": edge.name} if edge.name else {})


def _remade(stored: Any, nodes: list[Node]) -> Node:
    if not isinstance(stored, dict):
        raise ValueError("it is no object")
    operands = stored.get("operands", [])
    locals_ = stored.get("local_derivatives", [None] * len(operands))
    edges = tuple(_edge(o, d, nodes) for o, d in zip(operands, locals_, strict=True))
    slope = stored.get("slope")
    return Node(
        index=len(nodes),
        name=str(stored.get("label", "")),
        expression=str(stored.get("expression", "")),
        value=read(stored["value"]),
        symbol=str(stored.get("op", "")),
        edges=edges,
        slope=None if slope is None else float(read(slope)),
        place=str(stored.get("place", "")),
    )


def _edge(operand: Any, local: Any, nodes: list[Node]) -> Edge:
    derivative = None if local is None else float(read(local))
    if not isinstance(operand, dict):
        if type(operand) is not int or not 0 <= operand < len(nodes):
            raise ValueError(f"operand {operand!r} is no node before it")
        return Edge(operand, nodes[operand].value, derivative)
    left_out = "left_out" in operand
    value = read(operand["left_out" if left_out else "constant"])
    return Edge(None, value, derivative, left_out, str(operand.get("label", "")))
