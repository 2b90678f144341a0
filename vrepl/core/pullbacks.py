"""Compiles a row's partials into one function that passes an adjoint on to the operands.

It is the inner step of the reverse sweep: the row's text, inlined, on plain floats. Whatever is
not plain goes the slow way through `rules`, which says what holds at the edges.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from vrepl.core.rows import Operator
from vrepl.core.rules import local_derivative, names_in, vocabulary

if TYPE_CHECKING:
    from vrepl.core.value import Value

__all__ = ["Pullback", "pass_on", "pullback"]

Pullback: TypeAlias = "Callable[[Value, tuple[Any, ...], float, dict[int, float]], None]"


@cache
def pullback(row: Operator) -> Pullback:
    """The function that adds `adjoint * local derivative` to what is found for each operand.

    Called as `pull(node, made, adjoint, found)`; *made* is the node's own, *found* is keyed by
    `id`. Rows of any number of operands, and those made by hand, are passed on one by one.

    Example:
        >>> from vrepl import Value
        >>> a, b = Value(2.0), Value(-3.0)
        >>> y, found = a * b, {}
        >>> pullback(y._made[0])(y, y._made, 1.0, found)
        >>> found[id(a)], found[id(b)]
        (-3.0, 2.0)
    """
    if row.takes or not row.forward or not all(row.partials):
        return pass_on
    scope = {**vocabulary(), **_HELPERS}
    exec(compile(_text(row), f"<vrepl pullback of {row.name}>", "exec"), scope)
    return scope["pull"]  # type: ignore[no-any-return]


def pass_on(
    node: Value, made: tuple[Any, ...], adjoint: float, found: MutableMapping[int, float]
) -> None:
    """The same for any row and any numbers, by `local_derivative`; a zero adjoint stays zero."""
    row, *operands = made
    if adjoint == 0.0:
        for operand in operands:
            if type(operand) is not float and type(operand) is not int:
                found.setdefault(id(operand), 0.0)
        return
    numbers = [x if type(x) is float or type(x) is int else x.data for x in operands]
    for position, operand in enumerate(operands):
        if operand is not numbers[position]:
            local = local_derivative(row, position, numbers, node.data)
            found[id(operand)] = found.get(id(operand), 0.0) + adjoint * local


_HELPERS = {
    "__builtins__": {
        "type": type, "float": float, "int": int, "isinstance": isinstance, "id": id,
        "ArithmeticError": ArithmeticError, "ValueError": ValueError,
    },
    "_pos": float.__pos__, "_slow": pass_on,
}  # fmt: skip

# An operand as a float: read from a float node without asking it; a whole number that no float
# holds goes the slow way. Types are compared by identity because hashing a ValueType runs Python.
_READ = """
        if type(_{x}) is float:
            {x} = _{x}
            _is_{x} = False
        elif isinstance(_{x}, float):
            {x} = _pos(_{x})
            _is_{x} = True
        else:
            {x} = float(_{x})
            _is_{x} = type(_{x}) is not int
            if {x} != _{x}:
                return _slow(_node, _made, _adjoint, _found)"""
_NEVER_READ = """
        _is_{x} = type(_{x}) is not float and type(_{x}) is not int"""
_LOCAL = """
        if _is_{x}:
            _part_{x} = _adjoint * ({partial})"""
_ADD = """
    if _is_{x}:
        _key = id(_{x})
        _found[_key] = _found[_key] + _part_{x} if _key in _found else _part_{x} + 0.0"""


def _text(row: Operator) -> str:
    """The source of a row's pullback.

    Every part is computed before any is added, so the slow way can still take over.
    """
    operands = row.parameters
    used = set().union(*map(names_in, row.partials))
    read = [(_READ if x in used else _NEVER_READ).format(x=x) for x in operands]
    if "y" in used:
        read.append(_READ.format(x="y"))
    named = zip(operands, row.partials, strict=True)
    local = [_LOCAL.format(x=x, partial=partial) for x, partial in named]
    return "".join(
        [
            "def pull(_node, _made, _adjoint, _found):",
            "\n    if _adjoint == 0.0: return _slow(_node, _made, _adjoint, _found)",
            f"\n    _row, {', '.join(f'_{x}' for x in operands)} = _made",
            "\n    _y = _node",
            "\n    try:",
            *read,
            *local,
            "\n    except (ArithmeticError, ValueError):"
            "\n        return _slow(_node, _made, _adjoint, _found)",
            *(_ADD.format(x=x) for x in operands),
        ]
    )
