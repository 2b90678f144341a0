"""Finds the numbers of a cell, and for each the row of the table that says what becomes of it.

The rewriting decides what is wrapped; this module only finds the place's name for a reader.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from vrepl.session.escapes import unseen
from vrepl.session.flow import bound_names
from vrepl.session.literals import ARGUMENT, LITERAL, transform
from vrepl.session.policy import (
    DISPLAYS,
    TAKES_LISTS,
    count_of,
    is_calculation,
    is_compiled,
    is_mixed,
    is_plain_block,
    number_of,
)
from vrepl.session.rows import LARGEST_DISPLAY, POSITIONS, Position
from vrepl.session.targets import receives
from vrepl.session.trees import newer

__all__ = ["Literal", "literals_of"]

_ROWS: Final = {row.name: row for row in POSITIONS}
_OTHER: Final = Position("elsewhere", False, "no rule makes a node of it", "")


class _Step(NamedTuple):
    """One step of the way from a number up to its cell."""

    above: ast.AST
    field: str
    below: ast.AST


@dataclass(frozen=True, slots=True)
class Literal:
    """One number of a cell: its text, where it stands, and what the policy says about the place.

    `start` and `end` count characters of the line from 0.
    """

    text: str
    line: int
    start: int
    end: int
    position: Position
    is_offered: bool = False

    @property
    def becomes(self) -> str:
        """What becomes of it, in a word or two."""
        if self.is_offered:
            return "node or plain"
        return "node" if self.position.wrapped else "plain"


def literals_of(tree: ast.Module, text: str) -> Iterator[Literal]:
    """The numbers of a cell in the order of its text.

    Example:
        >>> source = "a = 2.0; d = 3*a"
        >>> [(x.text, x.becomes, x.position.name) for x in literals_of(ast.parse(source), source)]
        [('2.0', 'node', 'assignment'), ('3', 'plain', 'operand beside a name')]
    """
    wrapped = _wrapped(tree)
    lines = text.splitlines()
    parents = _parents(tree)
    found = [node for node in _numbers(tree) if node.lineno <= len(lines)]
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        kind = wrapped.get((node.lineno, node.col_offset))
        way = list(_way(node, parents))
        name = _wrapped_name(node, way, kind) if kind else _plain_name(way)
        line = lines[node.lineno - 1]
        start, end = (_characters(line, at) for at in (node.col_offset, node.end_col_offset or 0))
        row = _ROWS.get(name, _OTHER)
        yield Literal(line[start:end], node.lineno, start, end, row, kind == ARGUMENT)


def _characters(line: str, offset: int) -> int:
    """How many characters so many bytes are: syntax trees count bytes."""
    return len(line.encode()[:offset].decode(errors="ignore"))


def _wrapped(tree: ast.Module) -> dict[tuple[int, int], str]:
    """Which support function stands where, by line and column."""
    calls = (node for node in ast.walk(transform(tree, cell="", bindings=False, operators=False)))
    return {
        (node.lineno, node.col_offset): node.func.id
        for node in calls
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in (LITERAL, ARGUMENT)
    }


def _parents(tree: ast.AST) -> dict[int, _Step]:
    """Above which field of which node each node stands, by `id`."""
    found: dict[int, _Step] = {}
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    found[id(child)] = _Step(node, name, child)
    return found


def _numbers(tree: ast.AST) -> Iterator[ast.expr]:
    """Every number; one with a sign is found once."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.expr) and number_of(node) is not None:
            yield node
        else:
            pending += ast.iter_child_nodes(node)


def _way(node: ast.AST, parents: dict[int, _Step]) -> Iterator[_Step]:
    """The steps from a number up to its cell."""
    while id(node) in parents:
        step = parents[id(node)]
        yield step
        node = step.above


# --- numbers that stay plain ---------------------------------------------------------------------

# Fields that say enough by themselves.
_FIELDS: Final[dict[tuple[type[ast.AST], str], str]] = {
    (ast.FormattedValue, "value"): "format",
    **{(kind, "value"): "template" for kind in newer("Interpolation")},
    (ast.MatchValue, "value"): "pattern",
    (ast.Compare, "left"): "comparison",
    (ast.Compare, "comparators"): "comparison",
    (ast.Dict, "keys"): "dict key",
    (ast.Set, "elts"): "set element",
    (ast.Return, "value"): "return",
    (ast.Yield, "value"): "yield",
    (ast.Lambda, "body"): "body of a lambda",
    (ast.Assert, "test"): "assertion",
    (ast.Assert, "msg"): "assertion",
    (ast.IfExp, "test"): "test of a condition",
    (ast.If, "test"): "test",
    (ast.While, "test"): "test",
    (ast.comprehension, "ifs"): "test",
    (ast.AugAssign, "value"): "augmented assignment",
    (ast.Attribute, "value"): "raw number",
    (ast.AsyncFor, "iter"): "for over a mixture",
    (ast.comprehension, "iter"): "for over a mixture",
}
# Fields below which nothing is looked into, whatever stands there.
_CLOSED: Final[dict[tuple[type[ast.AST], str], str]] = {
    (ast.Subscript, "slice"): "subscript",
    (ast.FormattedValue, "format_spec"): "format",
    **{(kind, "format_spec"): "format" for kind in newer("Interpolation")},
    (ast.arg, "annotation"): "annotation",
    (ast.AnnAssign, "annotation"): "annotation",
    (ast.FunctionDef, "returns"): "annotation",
    (ast.AsyncFunctionDef, "returns"): "annotation",
    (ast.FunctionDef, "decorator_list"): "decorator",
    (ast.AsyncFunctionDef, "decorator_list"): "decorator",
    (ast.ClassDef, "decorator_list"): "decorator",
    (ast.ClassDef, "bases"): "base and keyword of a class",
    (ast.ClassDef, "keywords"): "base and keyword of a class",
    (ast.ClassDef, "body"): "class body",
}
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_LISTS: Final = (ast.List, ast.Tuple, ast.ListComp, ast.Set)
_BITS: Final = (ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor, ast.Invert)


def _plain_name(way: Sequence[_Step]) -> str:
    """The row of a number that is not wrapped: a closed place, else the innermost that says why."""
    if any(is_plain_block(step.above) for step in way):
        return "plain block"
    if any(is_compiled(step.above) for step in way):
        return "function for a compiler"
    closed = ""
    for step in way:
        if isinstance(step.above, _FUNCTIONS) and step.field == "body":
            break
        closed = _CLOSED.get((type(step.above), step.field), closed)
        if isinstance(step.above, ast.Subscript) and isinstance(step.above.ctx, ast.Store):
            closed = "item assignment"
    if closed:
        return closed
    fields = (_FIELDS.get((type(step.above), step.field)) for step in way)
    return next(filter(None, (name or _asked(way, n) for n, name in enumerate(fields))), "")


def _asked(way: Sequence[_Step], number: int) -> str:
    """The row of a step that has to be looked at more closely."""
    above, field, child = way[number]
    outside = way[number + 1 :]
    name = ""
    match above:
        case ast.arguments():
            of_lambda = isinstance(outside[0].above, ast.Lambda)
            name = "default of a lambda" if of_lambda else "default"
        case ast.BinOp() | ast.UnaryOp():
            name = _operand_name(above, child, outside)
        case ast.Call() if field != "func":
            name = _argument_name(above, child)
        case ast.Expr():
            alone = len(outside) == 1
            name = "line of whole numbers alone" if alone else "line inside a block"
        case ast.For(iter=iterated) if child is iterated:
            name = "for over a mixture" if is_mixed(iterated) else "local for tests alone"
        case ast.Assign(targets=targets):
            name = _target_name(targets, outside)
        case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            name = _target_name([target], outside)
        case ast.List() | ast.Tuple() | ast.Dict() if count_of(above) > LARGEST_DISPLAY:
            name = "large list"
    return name


def _operand_name(above: ast.BinOp | ast.UnaryOp, child: ast.AST, way: Sequence[_Step]) -> str:
    if isinstance(above.op, _BITS):
        return "operator on bits"
    if isinstance(above, ast.UnaryOp):
        return ""
    other = above.right if child is above.left else above.left
    if isinstance(other, ast.Constant) and type(other.value) is complex:
        return "complex arithmetic"
    if isinstance(other, _LISTS) or isinstance(child, _LISTS):
        return "repetition of a list"
    around = [step.above for step in way if isinstance(step.above, ast.BinOp)]
    whole = [above, *around]
    return "" if all(is_calculation(part, False) for part in whole) else "operand beside a name"


def _argument_name(call: ast.Call, child: ast.AST) -> str:
    if not isinstance(call.func, ast.Name):
        return "argument of a method"
    value = child.value if isinstance(child, ast.keyword) else child
    is_display = isinstance(value, tuple(DISPLAYS))
    if not hasattr(builtins, call.func.id):
        return "computed argument"
    if call.func.id in TAKES_LISTS:
        return "tuple for zip, map, …" if is_display else "number for sum, map, …"
    return "list for another builtin" if is_display else "argument of a builtin"


def _target_name(targets: Sequence[ast.expr], way: Sequence[_Step]) -> str:
    if any(isinstance(target, ast.Subscript) for target in targets):
        return "item assignment"
    if any(isinstance(target, ast.Attribute) for target in targets):
        inside = any(isinstance(step.above, _FUNCTIONS) for step in way)
        return "attribute assignment" if inside else "attribute at top level"
    if not all(receives(target, None) for target in targets):
        return "dunder name"
    function = next((step.above for step in way if isinstance(step.above, _FUNCTIONS)), None)
    if function is None:  # `d = [1, x][0]`
        return ""
    totals = unseen(function, lambda name: hasattr(builtins, name)).totals
    is_total = not totals.isdisjoint(name for target in targets for name in bound_names(target))
    return "start of a local total" if is_total else "local for tests alone"


# --- numbers that become nodes -------------------------------------------------------------------

_CONTAINERS: Final = (ast.List, ast.Tuple, ast.Dict)


def _wrapped_name(node: ast.AST, way: Sequence[_Step], kind: str) -> str:
    """The row of a number that is wrapped, or offered to a callee."""
    for number, step in enumerate(way):
        name = _asked_wrapped(node, way, number, kind)
        if name or isinstance(step.above, ast.stmt):
            return name
    return ""


_AROUND: Final[dict[type[ast.AST], str]] = {
    ast.For: "for over numbers",
    ast.AsyncFor: "for over numbers",
    ast.comprehension: "comprehension over numbers",
    ast.IfExp: "arm of a condition",
    ast.BoolOp: "arm of and/or",
    ast.ListComp: "list comprehension element",
    ast.DictComp: "dict comprehension value",
    ast.NamedExpr: "walrus",
    ast.AnnAssign: "annotated assignment",
    ast.Expr: "line of numbers alone",
}


def _asked_wrapped(node: ast.AST, way: Sequence[_Step], number: int, kind: str) -> str:
    above, field, child = way[number]
    match above:
        case ast.Call() if field != "func":
            return _handed_name(child, way[:number], kind)
        case ast.BinOp():
            line = any(isinstance(step.above, ast.Expr) for step in way)
            return "line of numbers alone" if line else "arithmetic of numbers alone"
        case ast.Assign():
            return _assigned_name(node, above, way, number)
    return _AROUND.get(type(above), "")


def _handed_name(child: ast.AST, below: Sequence[_Step], kind: str) -> str:
    if kind != ARGUMENT:
        return "list for zip, map, …"
    starred = isinstance(child, ast.Starred) or (isinstance(child, ast.keyword) and not child.arg)
    if starred:
        return "starred argument"
    if any(isinstance(step.above, _CONTAINERS) for step in below):
        return "list argument"
    return (
        "keyword of a call by name"
        if isinstance(child, ast.keyword)
        else "argument of a call by name"
    )


def _assigned_name(node: ast.AST, above: ast.Assign, way: Sequence[_Step], number: int) -> str:
    target = above.targets[0]
    displays = [step.above for step in way[:number] if isinstance(step.above, _CONTAINERS)]
    if isinstance(target, (ast.Tuple, ast.List)):
        starred = any(isinstance(part, ast.Starred) for part in target.elts)
        name = "starred assignment" if starred else "tuple assignment"
    elif displays:
        name = _display_name(displays[-1])
    elif len(above.targets) > 1:
        name = "chained assignment"
    elif isinstance(target, ast.Attribute):
        name = "attribute of self"
    elif isinstance(node, ast.UnaryOp):
        name = "signed number" if isinstance(node.op, ast.USub) else "number with a plus"
    else:
        local = any(isinstance(step.above, _FUNCTIONS) for step in way[number:])
        name = "local in a function" if local else "assignment"
    return name


def _display_name(display: ast.AST) -> str:
    if not isinstance(display, (ast.List, ast.Tuple)):
        return "dict value"
    if any(isinstance(item, _CONTAINERS) for item in display.elts):
        return "nested list"
    mixed = any(number_of(item) is None for item in display.elts)
    return "list among other items" if mixed else "list"
