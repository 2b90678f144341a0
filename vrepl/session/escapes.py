"""Finds the names of a function whose numbers nobody can ever ask for: counters, bounds, indices.

What is only compared, indexed with or written as text leaves no slope and goes when the function
returns. Which places those are for a number itself is ``policy``'s table; names that hold what
reaches only such places are found here, and code that is not understood sees everything.

So are totals that a function returns: what they start from is overwritten, and is no more asked
for than the constant of ``return 0``.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

from vrepl.session.flow import COMPREHENSIONS, bound_names, eager_argument, pairs, sources
from vrepl.session.harmless import Harmless
from vrepl.session.kinds import Known
from vrepl.session.operations import drops
from vrepl.session.policy import number_of
from vrepl.session.trees import children, everything

__all__ = ["Unseen", "looks_at_itself", "unseen"]

# What shows a function its own frame, or somebody else.
_LOOKING: Final = frozenset(
    {"breakpoint", "currentframe", "dir", "eval", "exec", "f_locals", "get_ipython", "inspect",
     "locals", "set_trace", "vars", "_getframe"}
)  # fmt: skip
# Builtins of whose arguments nothing is left but a plain number, a text or an answer.
_READING: Final = frozenset(
    {"all", "any", "bin", "bool", "chr", "complex", "float", "format", "hash", "hex", "int",
     "isinstance", "len", "oct", "ord", "print", "range", "repr", "str", "type"}
)  # fmt: skip
# Builtins whose result is as good as their arguments.
_HANDING_ON: Final = frozenset({"abs", "divmod", "max", "min", "pow", "round", "sum"})

# With which operators a running total is as if it had not begun.
_NEUTRAL: Final[Mapping[float, Set[type[ast.operator] | None]]] = {
    0: {ast.Add, ast.Sub},
    1: {ast.Mult, ast.Div},
}

# Where a value comes to: names of the function, or somebody who can look at it.
_Reached: TypeAlias = frozenset[str]
_NOBODY: Final[_Reached] = frozenset()
_SOMEBODY: Final[_Reached] = frozenset({""})
_INDEXED: Final[_Reached] = frozenset({"[]"})  # nobody, unless an object computes with its index
_RETURNED: Final[_Reached] = frozenset({"return"})  # somebody, when the function is done with it
# Beside what keeps what it meets, if it is an object of the session: anything, or the parameter n.
# A number that was typed stays plain there all the same, for it has no name to ask by.
_BESIDE: Final = "?"
# What is still to be visited: a node, where its value comes to, and what the targets of
# comprehensions around it are called.
_Place: TypeAlias = "tuple[ast.AST, _Reached, Mapping[str, str]]"


@dataclass(frozen=True, slots=True)
class Unseen:
    """Names of a function whose numbers can be plain, as nobody sees what becomes of them.

    Attributes:
        names: Those it binds.
        parameters: Those of its parameters, where it has loops, that index nothing. Whole numbers
            handed over for them can be made plain, too: nothing changes their `data` meanwhile.
        totals: Names it binds to a number to start from and binds again before it returns them.
        beside: By each of these the others that have to be numbers for that, since they meet.
    """

    names: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()
    totals: frozenset[str] = frozenset()
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def unseen(
    node: ast.FunctionDef | ast.AsyncFunctionDef, is_library: Callable[[str], bool]
) -> Unseen:
    r"""Which names of a function nobody can ask for.

    Args:
        node: The function.
        is_library: Whether a name means the builtin of that name.

    Example:
        >>> code = "def f(n):\n    i, s = 2, 0\n    while i < n:\n        i += 1\n        s += n"
        >>> unseen(ast.parse(code + "\n    return i > s").body[0], lambda name: True).parameters
        ('n',)
        >>> unseen(ast.parse(code + "\n    return s").body[0], lambda name: True)
        Unseen(names=frozenset({'i'}), parameters=(), totals=frozenset({'s'}))
    """
    parts = [part for statement in node.body for part in everything(statement)]
    bound: set[str] = set()
    read: set[str] = set()  # a name that is never read costs nothing as it is
    for part in parts:
        if type(part) is ast.Name:
            (read if type(part.ctx) is ast.Load else bound).add(part.id)
    if not read or looks_at_itself(parts):
        return Unseen()
    args = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    every = [arg.arg for arg in args]
    loops = any(isinstance(part, (ast.While, ast.For, *COMPREHENSIONS)) for part in parts)
    found = _Reaching(is_library, partial(Harmless, parts, node.body, every, is_library), loops)
    found.visit(node.body)
    looked_at = found.coming("")
    seen = looked_at | found.coming("return")
    names = frozenset((bound & read) - seen)
    totals = _NOBODY
    if seen != looked_at:
        totals = _only_among_themselves(_totals(parts) & seen - looked_at, parts, seen)
    if not loops:
        return Unseen(names, (), totals)
    no_numbers = {name for part in parts for name in _collections(part)}
    left_out = seen | found.coming("[]") | found.coming(_BESIDE) | no_numbers
    meeting = {other: found.coming(_BESIDE + other) - {other} for other in every}
    given = tuple(name for name in every if name in read - left_out)
    beside = {n: tuple(other for other in every if n in meeting[other]) for n in given}
    return Unseen(names, given, totals, beside)


def _totals(parts: Iterable[ast.AST]) -> frozenset[str]:
    """The names that are bound to a number to start from, and then to something else."""
    stores = Counter[str]()
    numbers: dict[str, list[float]] = {}
    steps: dict[str, list[type[ast.operator] | None]] = {}
    for part in parts:
        if type(part) is ast.Name and type(part.ctx) is not ast.Load:
            stores[part.id] += 1
        elif type(part) is ast.AugAssign and type(part.target) is ast.Name:
            steps.setdefault(part.target.id, []).append(type(part.op))
        elif type(part) is not ast.For:
            for name, value in sources(part):
                number = number_of(value)
                if number is None:
                    steps.setdefault(name, []).append(_step(name, value))
                else:
                    numbers.setdefault(name, []).append(number)
    return frozenset(
        name
        for name, starts in numbers.items()
        if name in steps and stores[name] == len(starts) + len(steps[name])
        if all(type(number) is int for number in starts) or _are_neutral(starts, steps[name])
    )


def _only_among_themselves(
    totals: Set[str], parts: Iterable[ast.AST], seen: Set[str]
) -> frozenset[str]:
    """Those *totals* whose start no other name keeps that somebody sees."""
    keeping: dict[str, set[str]] = {}
    for part in parts:
        bound = [(name, value) for name, value in sources(part) if name in seen]
        for name, value in bound:
            for held in _handed_on(value):
                keeping.setdefault(held, set()).add(name)
            if number_of(value) is not None:  # one number for all
                keeping.setdefault(name, set()).update(n for n, other in bound if other is value)
    left = set(totals)
    while lost := {name for name in left if not keeping.get(name, set()) <= left}:
        left -= lost
    return frozenset(left)


def _handed_on(value: ast.expr) -> Iterator[str]:
    """The names that an expression may be worth as they are."""
    pending = [value]
    while pending:
        node = pending.pop()
        if type(node) is ast.Name:
            yield node.id
        elif type(node) is ast.IfExp:
            pending += (node.body, node.orelse)
        elif type(node) is ast.BoolOp:
            pending += node.values


def _step(name: str, value: ast.expr) -> type[ast.operator] | None:
    """The operator of ``name + value``; None for another expression."""
    if type(value) is ast.BinOp and type(value.left) is ast.Name and value.left.id == name:
        return type(value.op)
    return None


def _are_neutral(starts: Iterable[float], steps: Iterable[type[ast.operator] | None]) -> bool:
    """Whether a sum starts from 0, or a product from 1: any other float may well be a quantity."""
    first = set(starts)
    return len(first) == 1 and set(steps) <= _NEUTRAL.get(first.pop(), frozenset())


def _collections(node: ast.AST) -> Iterator[str]:
    """The names that *node* takes an item of, or goes through."""
    held = node.value if type(node) is ast.Subscript else getattr(node, "iter", None)
    if type(held) is ast.Name:
        yield held.id


def looks_at_itself(parts: Iterable[ast.AST]) -> bool:
    """Whether any of *parts* may show the names of its frame to anybody.

    Example:
        >>> [looks_at_itself(ast.walk(ast.parse(text))) for text in ("f(x)", "sys._getframe(1)")]
        [False, True]
    """
    return any(_called(part) in _LOOKING for part in parts)


def _called(node: ast.AST) -> str:
    """What a name or an attribute is called."""
    if type(node) is ast.Name:
        return node.id
    return node.attr if type(node) is ast.Attribute else ""


@dataclass(slots=True)
class _Reaching:
    """Follows values through the statements of one function.

    Attributes:
        is_library: Whether a name means the builtin of that name.
        make: Finds which expressions keep nothing they meet, when that is first asked.
        loops: Whether the function has loops, without which nothing is made plain on entry.
        harmless: Those expressions.
        holding: The names whose values come to each place.
    """

    is_library: Callable[[str], bool]
    make: Callable[[], Harmless]
    loops: bool = False
    harmless: Harmless | None = None
    holding: dict[str, set[str]] = field(default_factory=dict)

    def visit(self, body: Iterable[ast.AST]) -> None:
        """Follow every value in *body*."""
        pending: list[_Place] = [(node, _NOBODY, {}) for node in body]
        while pending:
            node, to, called = pending.pop()
            kind = type(node)
            if kind in _FIELDS:
                for name, seen in _FIELDS[kind].items():
                    part = getattr(node, name, None)
                    reached = to if seen is None else seen
                    parts = part if type(part) is list else [part]
                    pending += [(x, reached, called) for x in parts if isinstance(x, ast.AST)]
            else:
                pending += _RULES.get(kind, _unknown)(node, to, called, self)

    def reach(self, names: Iterable[str], to: _Reached) -> None:
        """Note that values of *names* come to a place."""
        for place in to:
            self.holding.setdefault(place, set()).update(names)

    def collect(self, to: _Reached) -> _Reached:
        """Where the items of a collection come to: to somebody, if a name keeps it."""
        kept = {place for place in to - _INDEXED - _RETURNED if place[:1] != _BESIDE}
        if not kept:
            return to
        self.reach(kept, _SOMEBODY)
        return _SOMEBODY

    def beside(self, others: Iterable[ast.expr], called: Mapping[str, str]) -> _Reached:
        """Where a value comes to that meets *others* in an operation, besides its result."""
        found: set[str] = set()
        for other in others if self.loops else ():
            if type(other) is ast.Constant:
                continue
            if self.harmless is None:
                self.harmless = self.make()
            needed = self.harmless.of(other, called)
            found |= {_BESIDE} if needed is None else {_BESIDE + name for name in needed}
        return frozenset(found)

    def coming(self, place: str) -> set[str]:
        """The names whose values come to a place in the end."""
        found: set[str] = set()
        pending = [place]
        while pending:
            new = self.holding.get(pending.pop(), set()) - found
            found |= new
            pending += new
        return found


def _unknown(
    node: ast.AST, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterable[_Place]:
    """Code that runs later, or that is not understood: it sees every name in it."""
    for part in everything(node):
        if type(part) is ast.Name:
            found.reach((part.id, called.get(part.id, part.id)), _SOMEBODY)
        elif isinstance(part, (ast.Global, ast.Nonlocal)):
            found.reach(part.names, _SOMEBODY)
    return ()


def _name(
    node: ast.Name, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterable[_Place]:
    found.reach((called.get(node.id, node.id),), to)
    return ()


def _assigned(
    node: Any, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    targets = node.targets if type(node) is ast.Assign else [node.target]
    yield from ((target, _NOBODY, called) for target in targets)
    if len(targets) == 1 and node.value is not None:
        for target, value in pairs(targets[0], node.value):
            yield value, to | _named_in(target), called
    elif node.value is not None:  # one number for all, so one sees what another may show
        every = frozenset().union(*map(_named_in, targets))
        found.reach(every, every)
        yield node.value, every, called


def _named_in(target: ast.expr) -> _Reached:
    """What is given to a target: it comes to names, and to somebody where it is put elsewhere."""
    names = frozenset(bound_names(target))
    elsewhere = (type(part) in (ast.Attribute, ast.Subscript) for part in everything(target))
    return names | _SOMEBODY if any(elsewhere) else names


def _updated(
    node: ast.AugAssign, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    reached = _named_in(node.target)
    dropped = drops(ast.BinOp(ast.Constant(0), node.op, node.value), False)
    if type(node.op) is ast.MatMult:
        reached |= _SOMEBODY
    yield node.target, _NOBODY, called
    if type(node.target) is ast.Name:
        found.reach(
            (called.get(node.target.id, node.target.id),), found.beside([node.value], called)
        )
    reached = _NOBODY if dropped and _SOMEBODY.isdisjoint(reached) else reached
    yield node.value, reached | found.beside([node.target], called), called


def _looped(
    node: ast.For, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    yield node.target, _NOBODY, called
    yield from ((part, _NOBODY, called) for part in (*node.body, *node.orelse))
    if not isinstance(node.iter, (ast.List, ast.Tuple)):
        yield node.iter, _named_in(node.target), called
        return
    for item in node.iter.elts:
        for target, value in pairs(node.target, item):
            yield value, _named_in(target), called


def _operated(
    node: ast.BinOp, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    reached = _SOMEBODY if type(node.op) is ast.MatMult else to
    reached = _NOBODY if drops(node, False) else reached
    for side, other in ((node.left, node.right), (node.right, node.left)):
        yield side, reached | found.beside([other], called), called


def _compared(
    node: ast.Compare, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    """A comparison; one of identities tells a node from its number, but not beside ``None``."""
    sides = (node.left, *node.comparators)
    by_identity = any(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops)
    told = by_identity and all(type(side) is not ast.Constant for side in sides)
    for i, side in enumerate(sides):
        others = [*sides[max(i - 1, 0) : i], *sides[i + 1 : i + 2]]
        yield side, _SOMEBODY if told else found.beside(others, called), called


def _signed(
    node: ast.UnaryOp, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    yield node.operand, to if isinstance(node.op, (ast.UAdd, ast.USub)) else _NOBODY, called


def _collected(
    node: ast.AST, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    """A display: what stands in it is as good as kept, unless nobody takes the display."""
    inside = found.collect(to)
    yield from ((part, inside, called) for part in children(node))


def _comprehended(
    node: Any, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    if type(node) is ast.GeneratorExp:
        yield from _unknown(node, to, called, found)
        return
    yield from _stepping(node, found.collect(to), called)


def _stepping(node: Any, to: _Reached, called: Mapping[str, str]) -> Iterator[_Place]:
    """What a comprehension does at once, in which its targets are names of their own."""
    first = node.generators[0]
    hidden = {name for part in node.generators for name in bound_names(part.target)}
    inside = {**called, **{name: f"{name} {id(node)}" for name in hidden}}
    for part in node.generators:
        reached = {inside.get(name, name) for name in _named_in(part.target)}
        yield part.iter, frozenset(reached), called if part is first else inside
        yield part.target, _NOBODY, inside
        yield from ((test, _NOBODY, inside) for test in part.ifs)
    for part in children(node):
        if type(part) is not ast.comprehension:
            yield part, to, inside


def _called_on(
    node: ast.Call, to: _Reached, called: Mapping[str, str], found: _Reaching
) -> Iterator[_Place]:
    function = node.func
    name = function.id if type(function) is ast.Name and found.is_library(function.id) else ""
    reached = _SOMEBODY
    if name in _READING or _is_format(function):
        reached = _NOBODY
    elif name in _HANDING_ON and not node.keywords:
        reached = to
    yield function, _SOMEBODY, called
    eager = eager_argument(node, Known({}, found.is_library))
    meeting = name in _HANDING_ON and len(node.args) > 1
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        others = [other for other in node.args if other is not argument] if meeting else []
        to = reached | found.beside(others, called)
        if argument is eager:
            yield from _stepping(argument, to, called)
        else:
            yield argument, to, called


def _is_format(function: ast.expr) -> bool:
    """Whether a text is written with what it is handed: ``'{:3d}'.format``."""
    is_method = type(function) is ast.Attribute and function.attr == "format"
    return is_method and type(function.value) is ast.Constant  # type: ignore[attr-defined]


_Rule: TypeAlias = "Callable[[Any, _Reached, Mapping[str, str], _Reaching], Iterable[_Place]]"
_RULES: Final[Mapping[type[ast.AST], _Rule]] = {
    ast.Name: _name,
    ast.AugAssign: _updated,
    ast.For: _looped,
    ast.BinOp: _operated,
    ast.UnaryOp: _signed,
    ast.Call: _called_on,
    ast.Compare: _compared,
    **dict.fromkeys((ast.Assign, ast.AnnAssign, ast.NamedExpr), _assigned),
    **dict.fromkeys((ast.List, ast.Tuple, ast.Set, ast.Dict), _collected),
    **dict.fromkeys(COMPREHENSIONS, _comprehended),
}

_BLOCKS: Final[Mapping[str, _Reached | None]] = dict.fromkeys(
    ("body", "handlers", "orelse", "finalbody"), _NOBODY
)
_TESTED: Final[Mapping[str, _Reached | None]] = {"test": _NOBODY, **_BLOCKS}
_NOTHING: Final[Mapping[str, _Reached | None]] = {}
_HANDED: Final[Mapping[str, _Reached | None]] = {"value": _SOMEBODY}
_GIVEN: Final[Mapping[str, _Reached | None]] = {"value": _RETURNED}
# Syntax by its fields: what stands there comes to nobody, to somebody, or where the whole does.
_FIELDS: Final[Mapping[type[ast.AST], Mapping[str, _Reached | None]]] = {
    ast.If: _TESTED,
    ast.While: _TESTED,
    ast.Try: _BLOCKS,
    ast.TryStar: _BLOCKS,
    ast.ExceptHandler: {"type": _SOMEBODY, **_BLOCKS},
    ast.With: {"items": _NOBODY, **_BLOCKS},
    ast.withitem: {"context_expr": _SOMEBODY, "optional_vars": _NOBODY},
    ast.Expr: {"value": _NOBODY},
    ast.Assert: {"test": _NOBODY, "msg": _SOMEBODY},
    ast.Raise: {"exc": _SOMEBODY, "cause": _SOMEBODY},
    ast.Delete: {"targets": _SOMEBODY},
    ast.BoolOp: {"values": None},
    ast.IfExp: {"test": _NOBODY, "body": None, "orelse": None},
    ast.Subscript: {"value": None, "slice": _INDEXED},
    ast.Slice: {"lower": None, "upper": None, "step": None},
    ast.Starred: {"value": None},
    ast.JoinedStr: {"values": _NOBODY},
    ast.FormattedValue: {"value": _NOBODY, "format_spec": _NOBODY},
    **dict.fromkeys((ast.Return, ast.Yield), _GIVEN),
    **dict.fromkeys((ast.YieldFrom, ast.Await, ast.Attribute), _HANDED),
    **dict.fromkeys((ast.Constant, ast.Pass, ast.Break, ast.Continue), _NOTHING),
    **dict.fromkeys((ast.Import, ast.ImportFrom), _NOTHING),
}
