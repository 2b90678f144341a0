"""Arithmetic that Python would finish without asking the node on its right, and how it is asked.

``0.5 * c`` with a whole ``c`` is computed by ``float.__mul__``, which takes any int and returns a
plain float; ``True * c`` and, in NumPy 1, its scalars do the same. Such an operation becomes a
call of a support function, or keeps standing behind a test that shows it to be safe. Which types
are known without a test is ``kinds``' and ``flow``'s affair, loops are ``hoisting``'s.

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

An operand that cannot be read twice (a call, an attribute) is kept under a name that no user has,
until its statement ends or raises: 18 ns for the test, where a support call takes 23; such names
show in ``locals()``, so functions that look at their names have none. What loops take is in
``hoisting``.
"""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Iterator
from typing import Final, TypeAlias, cast

from vrepl.core.functions import FUNCTIONS
from vrepl.core.operators import Operator
from vrepl.session.guards import (
    COMPUTING,
    FLOAT,
    INT,
    MATH,
    MATHEMATICS,
    RECORDING,
    WHOLE,
    compared,
    named,
    type_of,
)
from vrepl.session.kinds import (
    NO_NUMBERS,
    NOTHING_KNOWN,
    SIGNS,
    SYNTAX,
    Kind,
    Known,
    key_of,
    kind_of,
)
from vrepl.session.trees import LOAD, everything, location, twin

__all__ = [
    "SYNTAX",
    "calculation",
    "drops",
    "is_recorded",
    "is_settled",
    "is_swallowed",
    "name_of",
    "names_of",
    "safe",
    "unrecorded",
    "unrecording",
]

# Arithmetic of exact floats that neither raises nor runs anybody's code.
_TOTAL: Final = frozenset({ast.Add, ast.Sub, ast.Mult})
# Functions of `math` that have a twin, but for those with the name of a builtin.
_RECORDING: Final = frozenset(
    name for name in FUNCTIONS.keys() & vars(math).keys() if not hasattr(builtins, name)
)

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


def calculation(node: ast.expr, known: Known = NOTHING_KNOWN) -> tuple[_Part, ...]:
    """Names, numbers and operators in the order Python meets them; empty for anything else.

    An item of a list that can be read twice counts as a name.

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
        elif isinstance(part, (ast.operator, ast.unaryop)) or _is_number(part):
            parts.append(part)  # type: ignore[arg-type]
        elif key_of(cast("ast.expr", part), known):
            parts.append(cast("ast.expr", part))
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
    first, second = calculation(left, known), calculation(right, known)
    if len(second) == 1 and _reads(second, known):
        ordered = _reads(first, known)
        if len(first) == 1 and ordered and sure.isdisjoint((*ordered, *_reads(second, known))):
            whole = (ast.IsNot(), named(WHOLE, right))
            return compared(twin(left), whole, (ast.IsNot(), type_of(right)))
        if first and len(first) <= 2 and (len(first) == 1 or not ordered):
            return compared(named(WHOLE, right), (ast.IsNot(), type_of(right)))
    if not (local and first and second):
        return None
    parts = (*first, *second, operator)
    test = _deciding(ast.BinOp(left, operator, right), parts, known, sure)
    has_items = any(type(part) is ast.Subscript for part in parts)
    return test if test or has_items else _all_alike(parts)


def _deciding(
    operation: ast.BinOp, parts: tuple[_Part, ...], known: Known, sure: frozenset[str]
) -> ast.expr | None:
    """A test of the types that decide whether anything in a calculation has to ask.

    It tests names that are surely bound alone, so that those that may not be are looked up in
    their turn.
    """
    reads = _reads(parts, known)
    unknown = [read for key, read in reads.items() if known.names.get(key, Kind.ANY) is Kind.ANY]
    if not 0 < len(unknown) <= _MOST_NAMES:
        return None
    items = [part for part in parts if type(part) is ast.Subscript]
    early = parts[: parts.index(items[-1])] if items else ()
    operators = {type(part) for part in early if isinstance(part, (ast.operator, ast.unaryop))}
    if operators and not (operators <= _TOTAL and len(unknown) == len(reads)):
        return None  # an item could be seen to be read too soon
    floats, ints = (
        None if operators and kind is Kind.INT else _quieting(operation, unknown, kind, known)
        for kind in (Kind.REAL, Kind.INT)
    )
    tested = unknown if operators else floats
    if not tested or not _are_sure(tested, sure):
        return None
    chain: list[tuple[ast.cmpop, ast.expr]] = []
    while (skipped := unknown[0]) not in tested:  # an item is read in its turn all the same
        unknown = unknown[1:]
        if type(skipped) is ast.Subscript:
            chain += [(ast.IsNot(), twin(skipped)), (ast.IsNot(), named(FLOAT, skipped))]
    last = max(unknown.index(read) for read in tested)
    chain += [
        (ast.Is(), type_of(read))
        for read in unknown[: last + 1]
        if read in tested or type(read) is ast.Subscript
    ]
    test = compared(chain[0][1], *chain[1:]) if type(chain[0][0]) is ast.IsNot else None
    test = test or compared(named(FLOAT, tested[0]), *chain)
    if ints is None or not _are_sure(ints, sure):
        return test
    types = [(ast.Is(), type_of(read)) for read in ints]
    other = compared(named(INT, ints[0]), *types)
    return ast.BoolOp(ast.Or(), [test, other], **location(operation.left))


def _are_sure(reads: list[ast.expr], sure: frozenset[str]) -> bool:
    return sure.issuperset(read.id for read in reads if type(read) is ast.Name)


def _quieting(
    operation: ast.BinOp, unknown: list[ast.expr], kind: Kind, known: Known
) -> list[ast.expr] | None:
    """The fewest *unknown* whose being of a kind leaves nothing to ask; None if all do not do."""

    def is_quiet(reads: list[ast.expr]) -> bool:
        then = known.but({key_of(read, known): kind for read in reads})
        return not any(is_swallowed(o.left, o.op, o.right, then) for o in _operations(operation))

    if not is_quiet(unknown):
        return None
    reads = unknown
    for read in unknown:
        fewer = [other for other in reads if other is not read]
        if fewer and is_quiet(fewer):
            reads = fewer
    return reads


def _operations(root: ast.expr) -> Iterator[ast.BinOp]:
    for node in everything(root):
        if type(node) is ast.BinOp:
            yield node


def _all_alike(parts: tuple[_Part, ...]) -> ast.expr | None:
    """A test that a calculation holds numbers of one type, which get along without being asked.

    Where an operation comes before the last name is looked up, only exact floats will do, and only
    operators that cannot fail: anything else could be seen to happen too late.
    """
    names = list(_reads(parts, NOTHING_KNOWN).values())
    if not 0 < len(names) <= _MOST_NAMES:
        return None
    early = parts[: parts.index(names[-1])]
    operators = [type(part) for part in early if isinstance(part, ast.operator)]
    types = [(ast.Is(), type_of(name)) for name in names]
    if any(operator not in _TOTAL for operator in operators):
        return None
    if operators or any(isinstance(part, ast.unaryop) for part in early):
        return compared(named(FLOAT, names[0]), *types)
    if any(type(part) is ast.Constant and type(part.value) is not int for part in parts):
        return compared(named(WHOLE, names[0]), (ast.IsNot(), types[0][1]), *types[1:])
    return compared(types[0][1], *types[1:]) if len(names) > 1 else None


def _reads(parts: tuple[_Part, ...], known: Known) -> dict[str, ast.expr]:
    """Each name, and each item of a list, where it is first read."""
    first: dict[str, ast.expr] = {}
    for part in parts:
        if isinstance(part, (ast.Name, ast.Subscript)):
            first.setdefault(key_of(part, known), part)
    return first


def is_settled(left: ast.expr, right: ast.expr, sure: frozenset[str]) -> bool:
    """Whether *left* is the same before *right* is worked out and after.

    Example:
        >>> def settled(text, *sure):
        ...     sides = ast.parse(text).body[0].value
        ...     return is_settled(sides.left, sides.right, frozenset(sure))
        >>> settled("a*f()", "a"), settled("a*f()"), settled("2.5*f()")
        (True, False, True)
        >>> settled("a*(a := f())", "a")
        False
    """
    if type(left) is ast.Name:
        return left.id in sure and not any(type(x) is ast.NamedExpr for x in everything(right))
    return _is_number(left)


def is_recorded(node: ast.Call) -> bool:
    """Whether a call may mean a function of `math` that records, and could do without.

    Example:
        >>> [is_recorded(ast.parse(t).body[0].value) for t in ("math.sin(x)", "sin(x)", "f(x)")]
        [True, True, False]
    """
    if node.keywords or not 0 < len(node.args) <= 2:
        return False
    if type(node.func) is ast.Attribute and type(node.func.value) is ast.Name:
        return node.func.value.id == "math" and node.func.attr in _RECORDING
    return type(node.func) is ast.Name and node.func.id in _RECORDING


def unrecording(node: ast.Call, known: Known) -> ast.Call | None:
    """The call of Python's own function for one of `math`, where the name is known to mean that.

    Example:
        >>> call = ast.parse("math.sin(x*y)").body[0].value
        >>> ast.unparse(unrecording(call, Known({"math": Kind.MODULE})))
        '__vrepl_math__.sin(x * y)'
    """
    function = node.func
    if type(function) is not ast.Attribute or known.names.get("math") is not Kind.MODULE:
        return None
    plain = ast.Attribute(named(MATH, node), function.attr, LOAD, **location(function))
    return ast.Call(plain, list(node.args), [], **location(node))


def unrecorded(node: ast.Call, known: Known) -> tuple[ast.expr, ast.Call] | None:
    """A test that a call of a `math` function meets no node, and the call that then is the same.

    Measured on 3.11, ns for ``math.sin(x)`` in a function: plain 29, asking inside the function
    that records 104, tested here 47.

    Example:
        >>> test, same = unrecorded(ast.parse("math.sin(x)").body[0].value, NOTHING_KNOWN)
        >>> ast.unparse(test)
        'math is __vrepl_mathematics__ and __vrepl_float__ is __vrepl_type__(x)'
        >>> ast.unparse(same)
        '__vrepl_math__.sin(x)'
    """
    parts = [calculation(argument, known) for argument in node.args]
    reads = _reads(tuple(part for some in parts for part in some), NOTHING_KNOWN)
    unknown = [read for key, read in reads.items() if known.names.get(key) is not Kind.INT]
    if (
        not is_recorded(node)
        or not all(parts)
        or not 0 < len(unknown) <= _MOST_NAMES
        or "" in reads
    ):
        return None
    name = node.func
    holder = MATH
    if type(name) is ast.Attribute:
        attribute, original = name.attr, named(MATHEMATICS, node)
        test: ast.expr | None = compared(twin(name.value), (ast.Is(), original))
        if known.names.get("math") is Kind.MODULE:
            test = None
    else:
        attribute, holder = cast("ast.Name", name).id, COMPUTING
        own = ast.Attribute(named(RECORDING, node), attribute, LOAD, **location(node))
        test = compared(twin(name), (ast.Is(), own))
    floats = compared(named(FLOAT, node), *((ast.Is(), type_of(read)) for read in unknown))
    plain = ast.Attribute(named(holder, node), attribute, LOAD, **location(name))
    same = ast.Call(plain, [twin(argument) for argument in node.args], [], **location(node))
    return ast.BoolOp(ast.And(), [test, floats], **location(node)) if test else floats, same
