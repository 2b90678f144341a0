"""How tests are written into a cell: types compared by identity, in one chain where it can be.

Which tests are worth their time is left to ``operations`` and ``hoisting``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from vrepl.session.kinds import Kind
from vrepl.session.trees import LOAD, call, location, twin

__all__ = [
    "COMPUTING", "FLOAT", "INT", "LIST", "MATH", "MATHEMATICS", "MODULES_NAMED", "NUMBERS",
    "NUMBERS_NAMED", "REALS_NAMED", "RECORDING", "SUM", "TEXT", "TYPE", "WHOLE", "Guard",
    "compared", "is_int", "is_not_whole", "named", "type_is", "type_of",
]  # fmt: skip

# What tests refer to: the user may have bound `type`, `float` and `str` to anything.
TYPE: Final = "__vrepl_type__"
FLOAT: Final = "__vrepl_float__"
TEXT: Final = "__vrepl_text__"
INT: Final = "__vrepl_int__"
LIST: Final = "__vrepl_list__"
WHOLE: Final = "__vrepl_whole__"  # IntValue
NUMBERS: Final = "__vrepl_numbers__"
NUMBERS_NAMED: Final = "__vrepl_numbers_named__"
REALS_NAMED: Final = "__vrepl_reals__"
MODULES_NAMED: Final = "__vrepl_modules__"
MATHEMATICS: Final = "__vrepl_mathematics__"  # the module that `import math` gives in a session
MATH: Final = "__vrepl_math__"  # the one it gives elsewhere
# Functions of these two, whatever somebody puts in their place.
RECORDING: Final = "__vrepl_recording__"
COMPUTING: Final = "__vrepl_computing__"
SUM: Final = "__vrepl_sum__"


def is_int(kept: ast.NamedExpr) -> ast.Compare:
    """A test that what is kept under a name is an exact int."""
    return compared(named(INT, kept), (ast.Is(), call(TYPE, kept, kept)))


def is_not_whole(kept: ast.NamedExpr) -> ast.Compare:
    """A test that what is kept under a name is no whole node."""
    whole = named(WHOLE, kept)
    return compared(whole, (ast.IsNot(), call(TYPE, kept, kept)))


def type_is(name: ast.Name, kind: str) -> ast.expr:
    """``type(name) is kind``."""
    return compared(type_of(name), (ast.Is(), named(kind, name)))


def type_of(read: ast.expr) -> ast.Call:
    """The type of what a name or an item is read as.

    Example:
        >>> ast.unparse(type_of(ast.Name("x", LOAD)))
        '__vrepl_type__(x)'
    """
    new = ast.Name(read.id, LOAD, **location(read)) if type(read) is ast.Name else twin(read)
    return call(TYPE, read, new)


def named(name: str, old: ast.AST) -> ast.Name:
    """A support name in the place of *old*."""
    return ast.Name(name, LOAD, **location(old))


@dataclass(frozen=True, slots=True)
class Guard:
    """What has to hold before a loop.

    Attributes:
        kind: What the names have to be worth, REAL or NUMBER.
        own: Names of the function, surely bound.
        shared: Names of the session, bound or not.
        lists: Names of the function that have to be exact lists.
        modules: Names that have to mean the modules of that name.
    """

    kind: Kind
    own: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    def test(self, old: ast.AST) -> ast.expr | None:
        """It as an expression for the place of *old*, which never raises; None for no test.

        Example:
            >>> ast.unparse(Guard(Kind.REAL, ("a", "b"), ("c",)).test(ast.parse("a")))
            "__vrepl_float__ is __vrepl_type__(a) is __vrepl_type__(b) and __vrepl_reals__('c')"
        """
        at = location(old)
        tests: list[ast.expr] = []
        for names, kind in ((self.lists, LIST), (self.own, FLOAT)):
            if names:
                read = [ast.Name(name, LOAD, **at) for name in names]
                tests.append(compared(named(kind, old), *((ast.Is(), type_of(n)) for n in read)))
        if self.own and self.kind is Kind.NUMBER:
            numbers = call(NUMBERS, old, *(ast.Name(name, LOAD, **at) for name in self.own))
            tests[-1] = ast.BoolOp(ast.Or(), [tests[-1], numbers], **at)
        if self.modules:
            tests.append(call(MODULES_NAMED, old, *self.modules))
        if self.shared:
            asked = REALS_NAMED if self.kind is Kind.REAL else NUMBERS_NAMED
            tests.append(call(asked, old, *self.shared))
        if len(tests) < 2:
            return tests[0] if tests else None
        return ast.BoolOp(ast.And(), tests, **at)


def compared(first: ast.expr, *rest: tuple[ast.cmpop, ast.expr]) -> ast.Compare:
    """One chain of comparisons, in the place of its first part."""
    operators: list[ast.cmpop] = [operator for operator, _ in rest]
    return ast.Compare(first, operators, [other for _, other in rest], **location(first))
