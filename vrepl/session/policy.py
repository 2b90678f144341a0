"""Which numbers of a cell become nodes: positions and syntax as tables, and the questions beside.

Rewriting by these tables is left to ``literals``, and making the nodes to the session.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from vrepl.session.operations import SYNTAX
from vrepl.session.rows import LARGEST_DISPLAY
from vrepl.session.targets import Targets
from vrepl.session.trees import newer

__all__ = [
    "ARGUMENT",
    "BIND",
    "BINDERS",
    "CALCULATION",
    "COMPILERS",
    "DISPLAYS",
    "FOLLOW",
    "FOLLOWING",
    "HARMLESS",
    "ITEMS",
    "KIND",
    "LITERAL",
    "MODULES",
    "SAME",
    "SHOW",
    "SOURCE",
    "STAND_INS",
    "TAKES_LISTS",
    "TOTAL",
    "TRIM",
    "TYPED",
    "WALKED",
    "Want",
    "count_of",
    "first_parameter",
    "is_calculation",
    "is_compiled",
    "is_compiler",
    "is_mixed",
    "is_plain_block",
    "may_bind",
    "narrowed",
    "number_of",
]

# The leading and trailing underscores keep the names clear of name mangling inside classes.
LITERAL: Final = "__vrepl_literal__"
BIND: Final = "__vrepl_bind__"
ARGUMENT: Final = "__vrepl_argument__"
SHOW: Final = "__vrepl_show__"
TRIM: Final = "__vrepl_trim__"
KIND: Final = "__vrepl_kind__"
SAME: Final = "__vrepl_same__"
TOTAL: Final = "__vrepl_total__"
TYPED: Final = "__vrepl_typed__"
FOLLOW: Final = "__vrepl_follow__"
HARMLESS: Final = "__vrepl_harmless__"
# Builtins that may change a module, and what is called for them where they may be handed one.
FOLLOWING: Final = {"setattr": "__vrepl_setattr__", "delattr": "__vrepl_delattr__"}

# Modules that have a twin, by the name that a session imports them under: the functions of `math`
# record there, and the others take nodes for numbers.
MODULES: Final = {
    name: f"vrepl.core.twins.{name}"
    for name in ("functools", "math", "marshal", "msgpack", "statistics", "torch")
}

# Template strings keep what is in them as it is; Python has them from 3.14 on.
_TEMPLATE: Final = newer("TemplateStr")
_INTERPOLATION: Final = newer("Interpolation")

# Builtins that tell a node from a float, and what is called for them: `type(x)` is compared by
# identity, and from 3.12 on Python corrects the rounding of a `sum` of exact floats.
STAND_INS: Final = {"type": KIND} | ({"sum": TOTAL} if sys.version_info >= (3, 12) else {})

_NUMBERS: Final = (int, float)  # compared by exact type: a bool is an int

# What compiles a function from its bytecode, in which it would meet names of ours: Numba's, by the
# last part of the name, and `torch.compile`. JAX's `jit` and NumPy's `vectorize` show no nodes to
# what they run either.
COMPILERS: Final = frozenset({"jit", "njit", "vectorize", "guvectorize", "cfunc", "stencil"}) | {
    "jitclass"
}

# Builtins that hand the items of a list on unchanged, so the list may hold nodes.
TAKES_LISTS: Final = frozenset({"zip", "enumerate", "map", "filter", "sum", "list", "tuple"}) | {
    "reversed",
    "iter",
}


@dataclass(frozen=True, slots=True)
class Want:
    """How numbers met below a place become nodes, and how far below.

    Attributes:
        through: Node types the wish passes, with the fields it reaches.
        callee: The name that decides when it runs; None makes the node outright.
        pure: The display must hold constants alone.
        counted: The numbers of the display around were counted already.
        fractional: Whole numbers alone stay as they are.
    """

    through: Mapping[type[ast.AST], tuple[str, ...]]
    callee: str | None = None
    pure: bool = False
    counted: bool = False
    fractional: bool = False

    def inside(self) -> Want:
        """The wish below a display whose numbers were counted."""
        return self if self.counted else replace(self, counted=True)


@dataclass(frozen=True, slots=True)
class Slot:
    """A field to walk.

    Attributes:
        want: What numbers in it become.
        repeated: Its code runs any number of times: no place for bindings to be reported.
        local: Its code runs in a frame of its own.
        dropped: Arithmetic directly in it is only compared, printed or counted.
        unnamed: Python allows no `:=` in it.
    """

    field: str
    want: Want | None = None
    repeated: bool = False
    local: bool = False
    dropped: bool = False
    unnamed: bool = False


DISPLAYS: Final[Mapping[type[ast.AST], tuple[str, ...]]] = {
    ast.List: ("elts",),
    ast.Tuple: ("elts",),
    ast.Dict: ("values",),
    ast.Starred: ("value",),
}
CALCULATIONS: Final[Mapping[type[ast.AST], tuple[str, ...]]] = {
    ast.BinOp: ("left", "right"),
    ast.UnaryOp: ("operand",),
}
COMPREHENSIONS: Final[Mapping[type[ast.AST], tuple[str, ...]]] = {
    ast.ListComp: ("elt",),
    ast.DictComp: ("value",),
}
_ARMS: Final = {ast.IfExp: ("body", "orelse"), ast.BoolOp: ("values",)}

LINE: Final = Want({ast.Expr: ("value",), **CALCULATIONS}, fractional=True)
CALCULATION: Final = Want(CALCULATIONS)  # below a node known to be made of numbers alone
SOURCE: Final = Want({**DISPLAYS, **CALCULATIONS, **COMPREHENSIONS, **_ARMS})
ITEMS: Final = Want(DISPLAYS)
ITERATED: Final = Want(DISPLAYS, pure=True)

SIGNS: Final = frozenset({ast.UAdd, ast.USub})


def _slots(*fields: str) -> tuple[Slot, ...]:
    return tuple(Slot(field) for field in fields)


def _comprehension(*fields: str) -> tuple[Slot, ...]:
    return tuple(Slot(field, repeated=True) for field in (*fields, "generators"))


_BLOCKS: Final = _slots("body", "handlers", "orelse", "finalbody")
_FOR: Final = (Slot("iter", ITERATED), Slot("body", repeated=True), Slot("orelse"))

# What is walked. A field or node type that is not here is left alone with everything below it,
# which is also the answer to syntax that does not exist yet. Assignments, calls, functions and
# classes have their own handlers in ``literals``.
WALKED: Final[dict[type[ast.AST], tuple[Slot, ...]]] = {
    ast.Module: (Slot("body", LINE),),
    ast.Interactive: (Slot("body", LINE),),
    ast.Expression: (Slot("body", LINE),),
    ast.Expr: _slots("value"),
    ast.AugAssign: _slots("value"),
    ast.Return: _slots("value"),
    ast.Assert: _slots("test", "msg"),
    ast.Raise: _slots("exc", "cause"),
    ast.If: _slots("test", "body", "orelse"),
    ast.While: (Slot("test", repeated=True), Slot("body", repeated=True), Slot("orelse")),
    ast.For: _FOR,
    ast.AsyncFor: _FOR,
    ast.With: _slots("items", "body"),
    ast.AsyncWith: _slots("items", "body"),
    ast.withitem: _slots("context_expr"),
    ast.Try: _BLOCKS,
    ast.TryStar: _BLOCKS,
    ast.ExceptHandler: _slots("body"),
    ast.Match: _slots("subject", "cases"),
    ast.match_case: _slots("guard", "body"),
    ast.List: _slots("elts"),
    ast.Tuple: _slots("elts"),
    ast.Set: _slots("elts"),
    ast.Dict: _slots("keys", "values"),
    ast.Starred: _slots("value"),
    ast.BinOp: _slots("left", "right"),
    ast.UnaryOp: _slots("operand"),
    ast.BoolOp: _slots("values"),
    ast.Compare: (Slot("left", dropped=True), Slot("comparators", dropped=True)),
    ast.IfExp: _slots("test", "body", "orelse"),
    ast.Lambda: (Slot("body", repeated=True, local=True),),
    ast.ListComp: _comprehension("elt"),
    ast.SetComp: _comprehension("elt"),
    ast.GeneratorExp: (Slot("elt", repeated=True, local=True), Slot("generators", repeated=True)),
    ast.DictComp: _comprehension("key", "value"),
    ast.comprehension: (Slot("iter", ITERATED, unnamed=True), Slot("ifs")),
    ast.Await: _slots("value"),
    ast.Yield: _slots("value"),
    ast.YieldFrom: _slots("value"),
    ast.JoinedStr: _slots("values"),
    ast.FormattedValue: (Slot("value", dropped=True),),
    **dict.fromkeys(_TEMPLATE, _slots("values")),
    **dict.fromkeys(_INTERPOLATION, _slots("value")),
    ast.Attribute: _slots("value"),
    ast.Subscript: _slots("value"),
    ast.keyword: _slots("value"),
}

# Expressions that never give a number, so that no binding is worth reporting.
NEVER_NUMBERS: Final[frozenset[type[ast.AST]]] = frozenset(
    {ast.Lambda, ast.JoinedStr, ast.Compare, ast.Set, ast.SetComp, ast.GeneratorExp, *_TEMPLATE}
)

# Where a name is bound, and in which field: such a name is no builtin in this cell.
BINDERS: Final[dict[str, str]] = {
    "FunctionDef": "name",
    "AsyncFunctionDef": "name",
    "ClassDef": "name",
    "arg": "arg",
    "ExceptHandler": "name",
    "MatchAs": "name",
    "MatchStar": "name",
    "MatchMapping": "rest",
    "TypeVar": "name",
    "ParamSpec": "name",
    "TypeVarTuple": "name",
}


def number_of(node: ast.AST) -> int | float | None:
    """The number a literal stands for, its sign included; None for anything else."""
    if type(node) is ast.UnaryOp and type(node.op) in SIGNS:
        inner = node.operand
        if type(inner) is ast.Constant and type(inner.value) in _NUMBERS:
            number = cast("float", inner.value)
            return -number if type(node.op) is ast.USub else number
    elif type(node) is ast.Constant and type(node.value) in _NUMBERS:
        return cast("float", node.value)
    return None


def narrowed(want: Want, node: ast.AST) -> Want | None:
    """What is left of a wish when the walk goes below *node*."""
    kind = type(node)
    if kind not in want.through:
        return None
    if kind in CALCULATIONS and want is not CALCULATION:
        return CALCULATION if is_calculation(node, want.fractional) else None
    if kind in DISPLAYS and not want.counted:
        fits = count_of(node) <= LARGEST_DISPLAY and not (want.pure and is_mixed(node))
        return want.inside() if fits else None
    return want


def is_calculation(node: ast.AST, fractional: bool = False) -> bool:
    """Whether *node* is made of numbers and + - * / ** alone, one at least a float if need be."""
    pending = [node]
    found = not fractional
    while pending:
        part = pending.pop()
        if type(part) is ast.BinOp and type(part.op) in SYNTAX:
            pending += (part.left, part.right)
        elif type(part) is ast.UnaryOp and type(part.op) in SIGNS:
            pending.append(part.operand)
        elif (number := number_of(part)) is None:
            if not _is_raw(part):
                return False
        else:
            found = found or type(number) is float
    return found


def _is_raw(node: ast.AST) -> bool:
    """Whether *node* is a raw number: ``2 .real``, which was typed as ``2r``."""
    return type(node) is ast.Attribute and node.attr == "real" and type(node.value) is ast.Constant


def _items(node: ast.AST, through: Mapping[type[ast.AST], tuple[str, ...]]) -> Iterator[ast.AST]:
    """What lies below a display, the displays inside it opened."""
    pending = [node]
    while pending:
        part = pending.pop()
        fields = through.get(type(part))
        if fields is None or number_of(part) is not None:
            yield part
            continue
        for field in fields:
            value = getattr(part, field)
            pending += value if type(value) is list else (value,)


def count_of(node: ast.AST) -> int:
    """Numbers held by a display, counted no further than makes a difference."""
    found = 0
    for item in _items(node, SOURCE.through):
        found += number_of(item) is not None
        if found > LARGEST_DISPLAY:
            break
    return found


def is_mixed(node: ast.AST) -> bool:
    """Whether a display holds other things than constants."""
    return any(number_of(i) is None and type(i) is not ast.Constant for i in _items(node, DISPLAYS))


def may_bind(value: ast.expr, targets: Targets) -> bool:
    """Whether a right side may give numbers: a report costs 0.1 us, so most others get none."""
    kind = type(value)
    if kind is ast.Constant:
        return number_of(value) is not None
    if kind in DISPLAYS or kind in COMPREHENSIONS:
        unpacked = isinstance(targets, tuple) and any(isinstance(t, tuple) for t in targets)
        return unpacked or 0 < count_of(value) <= LARGEST_DISPLAY
    return kind not in NEVER_NUMBERS


def is_plain_block(node: ast.AST) -> bool:
    """Whether *node* is ``with vrepl.plain():``."""
    match node:
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Attribute() as called))]):
            owner = called.value
            return called.attr == "plain" and type(owner) is ast.Name and owner.id == "vrepl"
    return False


def is_compiled(node: ast.AST) -> bool:
    """Whether *node* defines what a decorator compiles: ``@njit`` or ``@numba.njit(…)``."""
    return any(map(is_compiler, getattr(node, "decorator_list", ())))


def is_compiler(node: ast.expr) -> bool:
    """Whether *node* is what compiles a function, or a call of it that sets options.

    Example:
        >>> [is_compiler(ast.parse(text).body[0].value) for text in ("nb.jit", "njit(f)", "f(jit)")]
        [True, True, False]
    """
    called = node.func if type(node) is ast.Call else node
    if type(called) is ast.Attribute:
        of_torch = called.attr == "compile" and getattr(called.value, "id", "") == "torch"
        return of_torch or called.attr in COMPILERS
    return getattr(called, "id", "") in COMPILERS


def first_parameter(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """The name a method gives its object."""
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    parameters = [*node.args.posonlyargs, *node.args.args]
    return parameters[0].arg if parameters and not static else None
