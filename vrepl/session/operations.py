"""Arithmetic that Python would finish without asking the node on its right, and how it is asked.

``0.5 * c`` with a whole ``c`` is computed by ``float.__mul__``, which takes any int and returns a
plain float; ``True * c`` and, in NumPy 1, its scalars do the same. Such an operation becomes a
call of a support function, or keeps standing behind a test that shows it to be safe.

Which operations can go wrong, told from syntax alone: the right side may be a whole node and the
left side may be a float. Exceptions are made only where the result is the same for all numbers:
a division, or arithmetic with a float literal, gives no whole number; an ``x`` on the right of
arithmetic over the same ``x`` alone (``3*x**2 - 4*x``) finds a node on its left already.

Measured on CPython 3.11 / 3.13, ns for one ``a * b`` of floats in a function (plain 16 / 22):
support call 39 / 44; ``a * b if a is not IntValue is not type(b) else …`` 30 / 36 (without
naming a, for a literal left, 27 / 31); the same test written with ``and`` 33 / 38; with
``isinstance(a, float)`` 58 / 55. ``s += a*b`` (plain 22 / 24): two calls 79 / 81, one test of all
types 44 / 45. At the top level of a cell, where each name is looked up in three dicts (plain
47 / 57): call 87 / 94, test 101 / 128; names are tested all the same, because the operation then
runs in the user's frame and NumPy's warnings name the user's line. Longer tests are for functions.

Loops over plain data, 20,000 steps, ms on 3.11: plain, support calls only, and as here (3.13 agrees
within a tenth of these ratios):

| in a function               | plain | calls | here |      |
|-----------------------------|-------|-------|------|------|
| ``s += x*w``, floats        | 0.45  | 1.80  | 0.86 | 1.9x |
| ``s += x*w``, ints          | 0.55  | 1.93  | 0.98 | 1.8x |
| ``sum(x*w for …)``          | 0.53  | 1.09  | 0.83 | 1.6x |
| ``s += xs[i]*ws[i]``        | 0.51  | 1.88  | 1.88 | 3.7x |
| ``3*x**2 - 4*x + 5``        | 1.67  | 2.22  | 1.62 | 1.0x |
| fib(20)                     | 0.65  | 0.98  | 0.97 | 1.5x |
| sieve of 50,000             | 1.33  | 1.32  | 1.33 | 1.0x |
| mandelbrot, 30 x 30 x 50    | 1.95  | 7.88  | 3.19 | 1.6x |
| Euler, three products       | 0.90  | 3.92  | 2.09 | 2.3x |
| building a string           | 2.07  | 2.28  | 2.26 | 1.1x |
| arrays of 1,000, 5 operators| 0.57  | 0.65  | 0.65 | 1.1x |
| top level: ``s += x*w``     | 1.31  | 3.32  | 3.74 | 2.9x |
| top level: Euler            | 2.14  | 6.65  | 7.35 | 3.4x |
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final, TypeAlias

from vrepl.core.operators import Operator
from vrepl.session.kinds import (
    NO_NUMBERS,
    NOTHING_KNOWN,
    SIGNS,
    SYNTAX,
    Kind,
    Known,
    kind_of,
)
from vrepl.session.trees import LOAD, call, location, twin

__all__ = [
    "FLOAT",
    "FLOATS_NAMED",
    "INT",
    "NUMBERS",
    "NUMBERS_NAMED",
    "SYNTAX",
    "TEXT",
    "TYPE",
    "WHOLE",
    "calculation",
    "drops",
    "guard",
    "is_swallowed",
    "name_of",
    "names_of",
    "safe",
    "type_is",
]

# What tests refer to: the user may have bound `type`, `float` and `str` to anything.
TYPE: Final = "__vrepl_type__"
FLOAT: Final = "__vrepl_float__"
TEXT: Final = "__vrepl_text__"
INT: Final = "__vrepl_int__"
WHOLE: Final = "__vrepl_whole__"  # IntValue
NUMBERS: Final = "__vrepl_numbers__"
NUMBERS_NAMED: Final = "__vrepl_numbers_named__"
FLOATS_NAMED: Final = "__vrepl_floats_named__"

# Arithmetic of exact floats that neither raises nor runs anybody's code.
_TOTAL: Final = frozenset({ast.Add, ast.Sub, ast.Mult})
# Longer calculations are not tested as a whole, and cost no more to look at than this.
_LONGEST: Final = 24
_MOST_NAMES: Final = 4

_Part: TypeAlias = "ast.expr | ast.operator | ast.unaryop"


def name_of(row: Operator) -> str:
    """The support function for ``left op right``.

    Example:
        >>> name_of(SYNTAX[ast.Mult])
        '__vrepl_operate_mul__'
    """
    return f"__vrepl_operate_{row.name}__"


def names_of(row: Operator) -> tuple[str, str]:
    """The support functions for ``left op right`` and for ``left op= right``.

    Example:
        >>> names_of(SYNTAX[ast.Mult])[1]
        '__vrepl_update_mul__'
    """
    return name_of(row), f"__vrepl_update_{row.name}__"


# --- what can go wrong ---------------------------------------------------------------------------


def is_swallowed(
    left: ast.expr,
    operator: ast.operator,
    right: ast.expr,
    known: Known = NOTHING_KNOWN,
) -> bool:
    """Whether a node on the right may be lost, as far as syntax and what is known of names tell.

    Example:
        >>> def asked(text): return is_swallowed(*map(vars(ast.parse(text).body[0].value).get,
        ...                                           ("left", "op", "right")))
        >>> asked("x * y"), asked("2 * x"), asked("x * 2"), asked("x * (y / z)"), asked("x * x")
        (True, False, False, False, False)
    """
    return (
        type(operator) in SYNTAX
        and _may_be_float(left, known)
        and kind_of(right, known) is Kind.ANY
        and not _is_one_name(left, right)
    )


def drops(node: ast.AST, around: bool) -> bool:
    """Whether no slope passes out of arithmetic directly below *node*.

    Args:
        node: What is entered.
        around: Whether that holds for *node* itself.

    Example:
        >>> drops(ast.parse("x << n").body[0].value, False)  # gives a plain number
        True
        >>> drops(ast.parse("'%d' % n").body[0].value, False)  # writes a text
        True
    """
    if type(node) is ast.BinOp:
        return around or type(node.op) not in SYNTAX.keys() | {ast.MatMult} or _is_text(node.left)
    return around and type(node) is ast.UnaryOp


def _is_text(node: ast.expr) -> bool:
    return type(node) is ast.JoinedStr or (
        type(node) is ast.Constant and type(node.value) in (str, bytes)
    )


def _may_be_float(left: ast.expr, known: Known) -> bool:
    """Whether a left side may be a number that takes whole numbers for granted."""
    while type(left) is ast.UnaryOp and type(left.op) in SIGNS:
        left = left.operand
    if type(left) is ast.Constant:
        return type(left.value) in (float, bool)
    return type(left) not in NO_NUMBERS and kind_of(left, known) is not Kind.INT


def _is_one_name(left: ast.expr, right: ast.expr) -> bool:
    """Whether both sides are arithmetic over one and the same name and numbers."""
    first = calculation(left)
    second = calculation(right) if first else ()
    names = {part.id for part in (*first, *second) if type(part) is ast.Name}
    return len(names) == 1 and any(type(part) is ast.Name for part in first) and bool(second)


# --- tests ---------------------------------------------------------------------------------------


def calculation(node: ast.expr) -> tuple[_Part, ...]:
    """Names, numbers and operators in the order Python meets them; empty for anything else.

    Example:
        >>> [type(part).__name__ for part in calculation(ast.parse("a + 2*b").body[0].value)]
        ['Name', 'Constant', 'Name', 'Mult', 'Add']
    """
    parts: list[_Part] = []
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop()
        if type(part) is ast.BinOp and type(part.op) in SYNTAX:
            pending += (part.op, part.right, part.left)
        elif type(part) is ast.UnaryOp and type(part.op) in SIGNS:
            pending += (part.op, part.operand)
        elif isinstance(part, (ast.Name, ast.operator, ast.unaryop)) or _is_number(part):
            parts.append(part)  # type: ignore[arg-type]
        else:
            return ()
        if len(parts) + len(pending) > _LONGEST:
            return ()
    return tuple(parts)


def _is_number(node: ast.AST) -> bool:
    return type(node) is ast.Constant and type(node.value) in (int, float, bool)


def safe(
    sides: tuple[ast.expr, ast.operator, ast.expr],
    local: bool,
    known: Known = NOTHING_KNOWN,
    sure: frozenset[str] = frozenset(),
) -> ast.expr | None:
    """A test that holds only where Python's own operation loses no node; None without a good one.

    It looks names up in the order in which the operation would, so an unbound name is the same
    error at the same place.

    Args:
        sides: The left side, what is written between, and the right side.
        local: Whether the code stands in a function, where several tests cost less than a call.
        known: What is known of names.
        sure: Names that are surely bound, so that the order does not matter.

    Example:
        >>> sides = ast.parse("a * b").body[0].value
        >>> ast.unparse(safe((sides.left, sides.op, sides.right), False))
        'a is not __vrepl_whole__ is not __vrepl_type__(b)'
    """
    left, operator, right = sides
    if type(right) is ast.Name:
        if type(left) is ast.Name and left.id not in sure:
            whole = _named(WHOLE, right)
            return _compared(twin(left), (ast.IsNot(), whole), (ast.IsNot(), _type_of(right)))
        if type(left) is ast.Name or (
            len(calculation(left)) in (1, 2) and not _names(calculation(left))
        ):
            return _compared(_named(WHOLE, right), (ast.IsNot(), _type_of(right)))
    if not (local and calculation(left) and calculation(right)):
        return None
    parts = (*calculation(left), *calculation(right), operator)
    unknown = [n for n in _names(parts) if known.names.get(n.id, Kind.ANY) is Kind.ANY]
    if 0 < len(unknown) <= _MOST_NAMES and sure.issuperset(n.id for n in unknown):
        return _deciding(ast.BinOp(left, operator, right), unknown, known)
    return _all_alike(parts)


def _deciding(operation: ast.BinOp, unknown: list[ast.Name], known: Known) -> ast.expr | None:
    """A test of the types that decide whether anything in a calculation has to ask."""

    def is_quiet(names: list[ast.Name], kind: Kind) -> bool:
        then = known.but({name.id: kind for name in names})
        return not any(is_swallowed(o.left, o.op, o.right, then) for o in _operations(operation))

    if not is_quiet(unknown, Kind.REAL):
        return None
    names = unknown
    for name in unknown:
        fewer = [other for other in names if other is not name]
        if fewer and is_quiet(fewer, Kind.REAL):
            names = fewer
    types = [(ast.Is(), _type_of(name)) for name in names]
    floats = _compared(_named(FLOAT, names[0]), *types)
    if not is_quiet(names, Kind.INT):
        return floats
    ints = _compared(_named(INT, names[0]), *((ast.Is(), _type_of(name)) for name in names))
    return ast.BoolOp(ast.Or(), [floats, ints], **location(operation.left))


def _operations(root: ast.expr) -> Iterator[ast.BinOp]:
    for node in ast.walk(root):
        if type(node) is ast.BinOp:
            yield node


def _all_alike(parts: tuple[_Part, ...]) -> ast.expr | None:
    """A test that a calculation holds numbers of one type, which get along without being asked.

    Where an operation comes before the last name is looked up, only exact floats will do, and only
    operators that cannot fail: anything else could be seen to happen too late.
    """
    names = _names(parts)
    if not 0 < len(names) <= _MOST_NAMES:
        return None
    early = parts[: parts.index(names[-1])]
    operators = [type(part) for part in early if isinstance(part, ast.operator)]
    types = [(ast.Is(), _type_of(name)) for name in names]
    if any(operator not in _TOTAL for operator in operators):
        return None
    if operators or any(isinstance(part, ast.unaryop) for part in early):
        return _compared(_named(FLOAT, names[0]), *types)
    if any(type(part) is ast.Constant and type(part.value) is not int for part in parts):
        return _compared(_named(WHOLE, names[0]), (ast.IsNot(), types[0][1]), *types[1:])
    return _compared(types[0][1], *types[1:]) if len(names) > 1 else None


def _names(parts: tuple[_Part, ...]) -> list[ast.Name]:
    """Each name where it is first looked up."""
    first: dict[str, ast.Name] = {}
    for part in parts:
        if type(part) is ast.Name:
            first.setdefault(part.id, part)
    return list(first.values())


def type_is(name: ast.Name, kind: str) -> ast.expr:
    """``type(name) is kind``."""
    return _compared(_type_of(name), (ast.Is(), _named(kind, name)))


def _type_of(name: ast.Name) -> ast.Call:
    return call(TYPE, name, ast.Name(name.id, LOAD, **location(name)))


def _named(name: str, old: ast.AST) -> ast.Name:
    return ast.Name(name, LOAD, **location(old))


def guard(own: tuple[str, ...], shared: tuple[str, ...], kind: Kind, old: ast.AST) -> ast.expr:
    """A test that names hold what *kind* says, for the place of *old*.

    Args:
        own: Names of the function, surely bound.
        shared: Names of the session, bound or not.
        kind: REAL or NUMBER.
        old: The loop that is tested for.

    Example:
        >>> ast.unparse(guard(("a", "b"), ("c",), Kind.REAL, ast.parse("a")))
        "__vrepl_float__ is __vrepl_type__(a) is __vrepl_type__(b) and __vrepl_floats_named__('c')"
    """
    at = location(old)
    tests: list[ast.expr] = []
    if own:
        names = [ast.Name(name, LOAD, **at) for name in own]
        types = [(ast.Is(), _type_of(name)) for name in names]
        tests.append(_compared(_named(FLOAT, old), *types))
        if kind is Kind.NUMBER:
            numbers = call(NUMBERS, old, *(ast.Name(name, LOAD, **at) for name in own))
            tests = [ast.BoolOp(ast.Or(), [*tests, numbers], **at)]
    if shared:
        tests.append(call(FLOATS_NAMED if kind is Kind.REAL else NUMBERS_NAMED, old, *shared))
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests, **at)


def _compared(first: ast.expr, *rest: tuple[ast.cmpop, ast.expr]) -> ast.Compare:
    operators: list[ast.cmpop] = [operator for operator, _ in rest]
    return ast.Compare(first, operators, [other for _, other in rest], **location(first))
