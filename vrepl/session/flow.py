"""Which names a piece of code binds, to what kinds of values, and where a name is surely bound.

It reads statements of one scope and runs nothing; what loops gain by it is left to ``hoisting``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from vrepl.session.kinds import Kind, Known, kind_of
from vrepl.session.policy import BINDERS, is_calculation, number_of
from vrepl.session.trees import children, everything

__all__ = [
    "COMPREHENSIONS",
    "Binding",
    "Bound",
    "bindings",
    "bound_names",
    "eager_argument",
    "inside",
    "kinds",
    "pairs",
    "sources",
    "stays_plain",
    "targets",
]

COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES: Final = (*_FUNCTIONS, ast.ClassDef)

# Builtins that have read their argument to its end when they return: a generator handed to one
# runs while the names around it are what they were.
_EAGER: Final = frozenset(
    {"sum", "min", "max", "any", "all", "list", "tuple", "set", "frozenset", "sorted", "dict"}
)

_Value: TypeAlias = "ast.expr | Kind"


@dataclass(frozen=True, slots=True)
class Binding:
    """One way in which a name gets a value.

    Attributes:
        name: The name.
        value: The expression it is bound to, or all that is known of the value.
        typed: Whether numbers in the expression become nodes, as in ``n = 2``.
    """

    name: str
    value: _Value
    typed: bool = False

    def kind(self, known: Known) -> Kind:
        """What the name is worth after it."""
        if isinstance(self.value, Kind):
            return self.value
        is_typed = self.typed and not stays_plain(self.name, self.value, known)
        return (_kind_of_source if is_typed else kind_of)(self.value, known)


def stays_plain(name: str, value: ast.expr, known: Known) -> bool:
    """Whether what is bound to a local name has no numbers that become nodes.

    Example:
        >>> known = Known(totals=frozenset({"s"}))
        >>> stays_plain("s", ast.Constant(0), known), stays_plain("k", ast.Constant(2), known)
        (True, False)
    """
    return name in known.plain or (name in known.totals and number_of(value) is not None)


def _kind_of_source(node: ast.expr, known: Known) -> Kind:
    """What a right side is worth in which numbers are wrapped."""
    if type(node) is ast.IfExp:
        return _kind_of_source(node.body, known) | _kind_of_source(node.orelse, known)
    if type(node) is ast.BoolOp:
        return _kinds_of(node.values, known)
    kind = kind_of(node, known)
    if kind is not Kind.REAL and (number_of(node) is not None or is_calculation(node)):
        return Kind.ANY
    return kind


def _kinds_of(nodes: list[ast.expr], known: Known) -> Kind:
    found = Kind.UNSEEN
    for node in nodes:
        found |= _kind_of_source(node, known)
    return found


# --- what binds ----------------------------------------------------------------------------------


def inside(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below that run in the same scope.

    Example:
        >>> def names(text): return [type(n).__name__ for n in inside(ast.parse(text).body[0])]
        >>> names("def f(x=1): return x"), names("a += 1")
        (['Constant'], ['Name', 'Constant'])
    """
    if isinstance(node, _SCOPES):
        return _around(node)
    return children(node)


def _around(node: ast.AST) -> list[ast.AST]:
    """What a definition evaluates in the scope it stands in."""
    parts: list[ast.AST] = list(getattr(node, "decorator_list", ()))
    if isinstance(node, ast.ClassDef):
        return [*parts, *node.bases, *(keyword.value for keyword in node.keywords)]
    arguments = cast("ast.Lambda", node).args
    return [*parts, *arguments.defaults, *(d for d in arguments.kw_defaults if d)]


def parameters(arguments: ast.arguments) -> frozenset[str]:
    """The names of a function's parameters.

    Example:
        >>> node = ast.parse("lambda a, /, b=lambda c: c, *d, e, **f: 0").body[0].value
        >>> sorted(parameters(node.args))
        ['a', 'b', 'd', 'e', 'f']
    """
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [part for part in (arguments.vararg, arguments.kwarg) if part]
    return frozenset(part.arg for part in every)


def bindings(region: Iterable[ast.AST], known: Known) -> list[Binding]:
    r"""Every binding in *region* that runs in its own scope.

    Example:
        >>> code = ast.parse("for i in range(9):\n    a, b = i*2, f()\n    a += 0.5")
        >>> [(b.name, b.kind(Known({"i": Kind.INT})).name) for b in bindings([code], Known())]
        [('i', 'ANY'), ('a', 'INT'), ('b', 'ANY'), ('a', 'REAL')]
    """
    found: list[Binding] = []
    pending: list[ast.AST] = list(region)[::-1]
    while pending:
        node = pending.pop()
        handler = _HANDLERS.get(type(node))
        parts = handler(node, found, known) if handler else inside(node)
        found += _named_by(node)
        pending += list(parts)[::-1]
    return found


def _named_by(node: ast.AST) -> Iterator[Binding]:
    """The names that a node binds without a target: definitions, imports, patterns, `global`."""
    if type(node) is ast.alias:
        yield Binding(node.asname or node.name.partition(".")[0], Kind.ANY)
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from (Binding(name, Kind.ANY) for name in node.names)
    elif type(node) is ast.Name and type(node.ctx) is not ast.Load:
        yield Binding(node.id, Kind.ANY)
    elif (name := BINDERS.get(type(node).__name__)) and type(node) is not ast.arg:
        bound = getattr(node, name)
        yield from (Binding(n, Kind.ANY) for n in (bound,) if n)
    if isinstance(node, _SCOPES):
        for part in everything(node):
            if type(part) is ast.Nonlocal:
                yield from (Binding(n, Kind.ANY) for n in part.names)


def _assigned(node: ast.Assign, found: list[Binding], known: Known) -> list[ast.AST]:
    for target in node.targets:
        found += _paired(target, node.value)
    return [*_rest_of(node.targets), node.value]


def _updated(node: ast.AugAssign, found: list[Binding], known: Known) -> list[ast.AST]:
    if type(node.target) is not ast.Name:
        return [node.target, node.value]
    name = ast.Name(node.target.id, ast.Load())
    found.append(Binding(node.target.id, ast.BinOp(name, node.op, node.value)))
    return [node.value]


def _given(node: Any, found: list[Binding], known: Known) -> list[ast.AST]:
    if node.value is None:
        return []
    found += _paired(node.target, node.value)
    return [*_rest_of([node.target]), node.value]


def _looped(node: Any, found: list[Binding], known: Known) -> list[ast.AST]:
    found += targets(node.target, node.iter, known)
    return [*_rest_of([node.target]), node.iter, *node.body, *node.orelse]


def _comprehended(node: Any, found: list[Binding], known: Known) -> list[ast.AST]:
    """A comprehension has a scope of its own, but for ``:=``."""
    parts = [part for part in everything(node) if type(part) is ast.NamedExpr]
    found += (Binding(part.target.id, Kind.ANY) for part in parts)
    return []


_HANDLERS: Final[Mapping[type[ast.AST], Callable[[Any, list[Binding], Known], list[ast.AST]]]] = {
    ast.Assign: _assigned,
    ast.AugAssign: _updated,
    ast.AnnAssign: _given,
    ast.NamedExpr: _given,
    ast.For: _looped,
    **dict.fromkeys(COMPREHENSIONS, _comprehended),
}


def _paired(target: ast.expr, value: ast.expr) -> Iterator[Binding]:
    """The bindings of one assignment, tuples on both sides taken apart."""
    for part, item in pairs(target, value):
        if type(part) is ast.Name:
            yield Binding(part.id, item, typed=True)
        elif isinstance(part, (ast.Tuple, ast.List)):
            yield from (Binding(name, Kind.ANY) for name in bound_names(part))


def pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each target with what it is given, tuples on both sides taken apart where they fit.

    Example:
        >>> node = ast.parse("a, (b.c, d) = 1, x").body[0]
        >>> [(ast.unparse(t), ast.unparse(v)) for t, v in pairs(node.targets[0], node.value)]
        [('a', '1'), ('(b.c, d)', 'x')]
    """
    pending = [(target, value)]
    while pending:
        target, value = pending.pop()
        parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
        items = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        starred = any(type(part) is ast.Starred for part in (*parts, *items))
        if parts and len(parts) == len(items) and not starred:
            pending += reversed([*zip(parts, items, strict=True)])
        else:
            yield target, value


def sources(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    r"""The names that *node* itself binds to an expression of their own, with that expression.

    Example:
        >>> code = "a = b = 1\nfor i, j in [(2, x)]: pass"
        >>> for node in ast.parse(code).body:
        ...     print([(name, ast.unparse(value)) for name, value in sources(node)])
        [('a', '1'), ('b', '1')]
        [('i', '2'), ('j', 'x')]
    """
    every: list[tuple[ast.expr, ast.expr]] = []
    if type(node) is ast.Assign:
        every = [(target, node.value) for target in node.targets]
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
        every = [(node.target, node.value)] if node.value else []
    elif type(node) is ast.For and isinstance(node.iter, (ast.List, ast.Tuple)):
        every = [(node.target, item) for item in node.iter.elts]
    for target, value in every:
        for part, item in pairs(target, value):
            if type(part) is ast.Name:
                yield part.id, item


def bound_names(target: ast.expr) -> Iterator[str]:
    """The names that a target binds.

    Example:
        >>> list(bound_names(ast.parse("a, (b.c, *d) = x").body[0].targets[0]))
        ['a', 'd']
    """
    for node in everything(target):
        if type(node) is ast.Name and type(node.ctx) is ast.Store:
            yield node.id


def _rest_of(every: list[ast.expr]) -> Iterator[ast.AST]:
    """What is evaluated in targets: ``f(x)`` of ``f(x)[0] = …``."""
    for target in every:
        for node in everything(target):
            if isinstance(node, (ast.Attribute, ast.Subscript)):
                yield from children(node)


def targets(target: ast.expr, iterated: ast.expr, known: Known) -> Iterator[Binding]:
    """The bindings of ``for target in iterated``.

    Example:
        >>> loop = ast.parse("for i, x in enumerate(xs): pass").body[0]
        >>> found = targets(loop.target, loop.iter, Known({}, lambda name: True))
        >>> [(b.name, b.value.name) for b in found]
        [('i', 'INT'), ('x', 'ANY')]
    """
    source, arguments = _called(iterated, known)
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    if source == "range" and type(target) is ast.Name:
        yield Binding(target.id, Kind.INT)
    elif source == "reversed" and len(arguments) == 1:
        yield from targets(target, arguments[0], known)
    elif source == "enumerate" and len(arguments) == 1 and len(parts) == 2:
        yield from targets(parts[0], ast.Call(ast.Name("range", ast.Load()), [], []), known)
        yield from targets(parts[1], arguments[0], known)
    elif source == "zip" and len(arguments) == len(parts):
        for part, argument in zip(parts, arguments, strict=True):
            yield from targets(part, argument, known)
    else:
        yield from (Binding(name, Kind.ANY) for name in bound_names(target))


def _called(node: ast.expr, known: Known) -> tuple[str, list[ast.expr]]:
    """The builtin that *node* calls and its arguments; '' for any other expression."""
    if type(node) is not ast.Call or type(node.func) is not ast.Name or node.keywords:
        return "", []
    starred = any(type(argument) is ast.Starred for argument in node.args)
    return ("", []) if starred or not known.is_library(node.func.id) else (node.func.id, node.args)


def kinds(every: list[Binding], before: Mapping[str, Kind], known: Known) -> dict[str, Kind]:
    r"""What the bound names are worth wherever the code has run any number of times.

    Args:
        every: The bindings.
        before: What names are worth when it starts, where they may be read before they are bound.
        known: What is known of names that are not bound here.

    Example:
        >>> code = ast.parse("s = s + x*0.5\nn = n*2")
        >>> found = kinds(bindings([code], Known()), {"s": Kind.INT, "n": Kind.INT}, Known())
        >>> {name: kind.name for name, kind in found.items()}
        {'s': 'NUMBER', 'n': 'INT'}
    """
    found = {binding.name: before.get(binding.name, Kind.UNSEEN) for binding in every}
    moving = True
    while moving:  # kinds only grow, so this ends
        moving = False
        now = known.but(found)
        for binding in every:
            kind = found[binding.name] | binding.kind(now)
            if kind is not found[binding.name]:
                found[binding.name] = now.names[binding.name] = kind  # type: ignore[index]
                moving = True
    return {name: Kind.ANY if kind is Kind.UNSEEN else kind for name, kind in found.items()}


def eager_argument(node: ast.Call, known: Known) -> ast.GeneratorExp | None:
    """The generator in ``sum(… for …)``, which runs at once.

    Example:
        >>> call = ast.parse("sum(x for x in xs)").body[0].value
        >>> eager_argument(call, Known({}, lambda name: True)) is call.args[0]
        True
    """
    name = node.func.id if type(node.func) is ast.Name else ""
    first = node.args[0] if node.args else None
    if type(first) is ast.GeneratorExp and name in _EAGER and known.is_library(name):
        return first
    return None


# --- what is bound where -------------------------------------------------------------------------


@dataclass(slots=True)
class Bound:
    r"""Walks statements in their order and notes which names are surely bound.

    Attributes:
        at: The names bound when a loop or comprehension starts, by the `id` of its node.
        early: Names that may be read before this code has bound them.

    Example:
        >>> code = ast.parse("a = 1\nfor i in a:\n    b = c\n").body
        >>> bound = Bound()
        >>> sorted(bound.block(code, set())), sorted(bound.at[id(code[1])]), sorted(bound.early)
        (['a'], ['a'], ['c'])
    """

    at: dict[int, frozenset[str]] = field(default_factory=dict)
    early: set[str] = field(default_factory=set)

    def block(self, statements: list[ast.stmt], bound: set[str]) -> set[str]:
        """The names bound after *statements*, those *bound* before among them."""
        for statement in statements:
            self._statement(statement, bound)
        return bound

    def _statement(self, node: ast.stmt, bound: set[str]) -> None:
        blocks = [name for name in _BLOCKS if isinstance(getattr(node, name, None), list)]
        for part in () if isinstance(node, _SCOPES) else children(node):
            if not isinstance(part, (ast.stmt, ast.ExceptHandler, ast.match_case)):
                self._reads(part, bound)
        if isinstance(node, _SCOPES):
            self._reads(node, bound, stored=True)
        if type(node) is ast.AugAssign:
            self.early |= set(bound_names(node.target)) - bound
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            self.at[id(node)] = frozenset(bound)
        if type(node) is ast.If:
            one, other = (self.block(part, set(bound)) for part in (node.body, node.orelse))
            bound |= one & other
            return
        entering = bound | set(_bound_by(node))
        for name in blocks:
            for part in getattr(node, name):
                self._inner(part, entering if name == "body" else set(bound))
        if not isinstance(node, (ast.For, ast.AsyncFor)):
            bound |= set(_bound_by(node))

    def _inner(self, node: ast.AST, bound: set[str]) -> None:
        if isinstance(node, ast.stmt):
            self._statement(node, bound)
            return
        caught = {n.name for n in (node,) if isinstance(n, ast.ExceptHandler) and n.name}
        for part in children(node):
            if not isinstance(part, ast.stmt):
                self._reads(part, bound)
        self.block(node.body, bound | caught)  # type: ignore[attr-defined]

    def _reads(self, node: ast.AST, bound: set[str], stored: bool = False) -> None:
        for part in everything(node):
            if type(part) is ast.Name and (stored or type(part.ctx) is ast.Load):
                if stored or part.id not in bound:
                    self.early.add(part.id)
            elif isinstance(part, COMPREHENSIONS):
                self.at[id(part)] = frozenset(bound)


_BLOCKS: Final = ("body", "handlers", "orelse", "finalbody", "cases")


def _bound_by(node: ast.stmt) -> Iterator[str]:
    """The names that a statement has bound once it is over, or once its body runs."""
    if type(node) is ast.Assign:
        for target in node.targets:
            yield from bound_names(target)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor)):
        yield from bound_names(node.target) if getattr(node, "value", node) else ()
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            yield from bound_names(item.optional_vars) if item.optional_vars else ()
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
