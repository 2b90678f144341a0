"""Which loops are closed: what they read is plain data if it was before, whatever they do.

A closed loop runs no code but its own, that of Python's own types and that of functions that are
closed, and no number in it becomes a whole node; so nothing in it has to ask, once ``census`` has
found no such node in its data, and ``callees`` none in what those functions read.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from vrepl.session.flow import (
    bindings,
    bound_names,
    eager_argument,
    parameters,
    sources,
    stays_plain,
)
from vrepl.session.kinds import Known
from vrepl.session.policy import SOURCE, TAKES_LISTS, is_calculation, number_of
from vrepl.session.trees import LOAD, call, children, location

__all__ = [
    "CLOSED",
    "PASS",
    "PASSED",
    "ROUNDING",
    "Needs",
    "needs",
    "needs_of_function",
    "question",
]

CLOSED: Final = "__vrepl_closed__"
# At the top level, where no name of ours may be left, an answer is passed on from one to the other.
PASS: Final = "__vrepl_pass__"
PASSED: Final = "__vrepl_passed__"

# Builtins that call nobody back; what they give is data if their arguments are.
_BUILTINS: Final = frozenset(
    {"abs", "all", "any", "bin", "bool", "chr", "complex", "dict", "enumerate", "float",
     "frozenset", "hash", "hex", "id", "int", "isinstance", "len", "list", "max", "min", "oct",
     "ord", "pow", "print", "range", "repr", "reversed", "set", "slice", "sorted", "str", "sum",
     "tuple", "zip"}
)  # fmt: skip
_LIBRARIES: Final = frozenset({"math", "random", "time"})
# Builtins that make an exception, which only keeps what it is given.
_EXCEPTIONS: Final = frozenset(
    name for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
)  # fmt: skip
# What makes whole nodes of float nodes.
ROUNDING: Final = frozenset({"ceil", "divmod", "floor", "round", "trunc"})
_NODES_OWN: Final = frozenset({"_made", "_prev"})
_COUNTING: Final = frozenset({"len", "range"})  # a range keeps exact ints, whatever it is given
_WRITING: Final = frozenset({"print", "repr", "str"})


@dataclass(slots=True)
class Needs:
    """What has to hold of the values a closed loop starts with.

    Attributes:
        data: Names whose values have to be data.
        counts: Names that may also mean whole nodes: they are compared, indexed or ranged with.
        modules: Names of modules with those of the functions it calls of them.
        attributes: The attributes it reads or sets.
        stores: Whether it sets attributes.
        callers: Names whose methods are called.
        functions: Names of functions it calls that are no builtins.
        builtins: Names of builtins it calls.
        calls: Whether it calls methods of other objects, or writes objects as text.
        steps: How many steps it takes at least, as far as its text says.
        nodeless: Whether no node may be in its data, so that functions of `math` need not ask.
    """

    data: dict[str, None] = field(default_factory=dict)
    counts: dict[str, None] = field(default_factory=dict)
    modules: dict[str, dict[str, None]] = field(default_factory=dict)
    attributes: dict[str, None] = field(default_factory=dict)
    callers: dict[str, None] = field(default_factory=dict)
    functions: dict[str, None] = field(default_factory=dict)
    builtins: dict[str, None] = field(default_factory=dict)
    stores: bool = False
    calls: bool = False
    steps: int = 0
    nodeless: bool = False

    def functions_of_modules(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The modules, each with its functions."""
        return tuple((name, tuple(called)) for name, called in self.modules.items())


class _Open(Exception):
    """A loop is not closed."""


# What is still to be visited: a node, the names that comprehensions around it bind, and whether a
# whole node would do no harm there.
_Place: TypeAlias = "tuple[ast.AST, frozenset[str], bool]"


def needs(
    node: ast.AST, inner: Collection[str], known: Known, nodeless: bool = False
) -> Needs | None:
    r"""What a loop or a comprehension needs to be closed; None for one that is not.

    Args:
        node: The loop.
        inner: The names that it binds before it reads them.
        known: Says which names mean builtins.
        nodeless: Whether no node at all may be in its data.

    Example:
        >>> loop = ast.parse("for i in range(n):\n    s += p.x*xs[i]").body[0]
        >>> found = needs(loop, {"i"}, Known({}, lambda name: True))
        >>> list(found.data), list(found.counts), list(found.attributes)
        (['xs', 'p', 's'], ['n'], ['x'])
        >>> loop = ast.parse("for x in xs:\n    s += x.size()*f(x)").body[0]
        >>> found = needs(loop, {"x"}, Known({}, lambda name: False))
        >>> found.calls, list(found.functions)
        (True, ['f'])
    """
    if type(node) is ast.GeneratorExp:  # it runs at once; those below come with a call
        node = ast.SetComp(node.elt, node.generators)
    return _gathered([node], frozenset(inner), Needs(nodeless=nodeless), known)


def needs_of_function(
    node: ast.FunctionDef | ast.Lambda, known: Known, nodeless: bool = False
) -> Needs | None:
    r"""What a function needs to give data for data; None for one of which that is not known.

    Args:
        node: The function.
        known: Says which names mean builtins.
        nodeless: Whether no node at all may be in its data.

    Example:
        >>> function = ast.parse("def f(x, n):\n    y = x*w\n    return min(y, n)").body[0]
        >>> found = needs_of_function(function, Known({}, lambda name: True))
        >>> list(found.data), list(found.builtins)
        (['w'], ['min'])
        >>> function = ast.parse("def f(x):\n    global w\n    w = 3").body[0]
        >>> needs_of_function(function, Known({}, lambda name: True)) is None
        True
    """
    inner = parameters(node.args)
    if type(node) is ast.Lambda:
        return _gathered([node.body], inner, Needs(nodeless=nodeless), known)
    body = cast("ast.FunctionDef", node).body
    inner = inner.union(binding.name for binding in bindings(body, known))
    return _gathered(body, inner, Needs(nodeless=nodeless), known)


def _gathered(
    region: Iterable[ast.AST], bound: frozenset[str], found: Needs, known: Known
) -> Needs | None:
    pending: list[_Place] = [(node, bound, False) for node in region]
    try:
        while pending:
            part, inner, counted = pending.pop()
            rule = _RULES.get(type(part))
            if rule is None:
                return None
            pending += rule(part, inner, counted, found, known)
    except _Open:
        return None
    for name in found.data:
        found.counts.pop(name, None)
    return found


def _name(
    node: ast.Name, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterable[_Place]:
    if type(node.ctx) is ast.Del:
        raise _Open
    if type(node.ctx) is ast.Load and node.id not in bound:
        (found.counts if counted else found.data)[node.id] = None
    return ()


def _bound(
    node: Any, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterator[_Place]:
    """An assignment, none of whose numbers may become a node of those that must not be there."""
    value = node.iter if type(node) is ast.For else node.value
    plain = frozenset(id(part) for name, part in sources(node) if stays_plain(name, part, known))
    if type(node) is not ast.AugAssign and value is not None and _types_node(value, found, plain):
        raise _Open
    if type(node) is ast.AugAssign and type(node.target) is ast.Name:
        yield ast.Name(node.target.id, ast.Load()), bound, False
    yield from _parts(node, bound, counted, found, known)


def _types_node(value: ast.AST, found: Needs, plain: Collection[int] = ()) -> bool:
    """Whether a number in a right side becomes a node of those that must not be there.

    Numbers in parts of these `id` stay plain.
    """
    pending = [value]
    while pending:
        part = pending.pop()
        if id(part) in plain:
            continue
        number = number_of(part)
        if type(number) is int or (number is not None and found.nodeless):
            return True
        fields = SOURCE.through.get(type(part), ()) if number is None else ()
        if type(part) is not ast.BinOp or is_calculation(part):
            for name in fields:
                inner = getattr(part, name)
                pending += inner if type(inner) is list else (inner,)
    return False


def _comprehended(
    node: Any, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterator[_Place]:
    inside = bound.union(*(bound_names(g.target) for g in node.generators))
    first = node.generators[0]
    for part in children(node):
        if type(part) is not ast.comprehension:
            yield part, inside, False
    if isinstance(node, (ast.ListComp, ast.DictComp)) and _types_node(node, found):
        raise _Open
    for generator in node.generators:
        if generator.is_async or _types_node(generator.iter, found):
            raise _Open
        yield generator.iter, bound if generator is first else inside, False
        yield generator.target, inside, False
        yield from ((test, inside, False) for test in generator.ifs)


def _called(
    node: ast.Call, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterator[_Place]:
    function = node.func
    name = function.id if type(function) is ast.Name else ""
    called = function.attr if type(function) is ast.Attribute else name
    rounds = called in ROUNDING and not found.nodeless and not _keeps_digits(node, name)
    if rounds or _hands_nodes_on(node, name, found):
        raise _Open
    is_builtin = bool(name) and name not in bound and known.is_library(name)
    if name:
        _called_by_name(node, name, is_builtin, bound, found)
    elif type(function) is ast.Attribute and called[:2] != "__":
        yield from _called_of(function.value, called, bound, found)
    else:
        raise _Open
    for argument in _given(node):
        if type(argument) is ast.GeneratorExp:
            if argument is not eager_argument(node, known):
                raise _Open
            yield from _comprehended(argument, bound, False, found, known)
        else:
            if name == "range" and type(number_of(argument)) is int:
                found.steps = max(found.steps, int(number_of(argument) or 0))
            yield argument, bound, is_builtin and name in _COUNTING


def _called_by_name(
    node: ast.Call, name: str, is_builtin: bool, bound: frozenset[str], found: Needs
) -> None:
    """A call of a builtin that calls nobody back, or of a function that has to be closed itself."""
    if is_builtin:
        if name not in _BUILTINS and name not in ROUNDING and name not in _EXCEPTIONS:
            raise _Open
        found.calls = found.calls or name in _WRITING
        found.builtins[name] = None
    elif name in bound or any(_types_node(argument, found) for argument in _given(node)):
        raise _Open
    else:
        found.functions[name] = None


def _called_of(
    base: ast.expr, called: str, bound: frozenset[str], found: Needs
) -> Iterator[_Place]:
    """A call of a module's function, or of a method."""
    inner = base.id if type(base) is ast.Name else ""
    outside = inner and inner not in bound
    if outside and inner in _LIBRARIES:
        found.modules.setdefault(inner, {})[called] = None
        return
    found.callers.update({inner: None} if outside else {})
    found.calls = found.calls or not outside
    yield base, bound, False


def _given(node: ast.Call) -> Iterator[ast.expr]:
    yield from node.args
    yield from (keyword.value for keyword in node.keywords)


def _keeps_digits(node: ast.Call, name: str) -> bool:
    """Whether a call is ``round(x, digits)``, which gives a float for one; None is no digits."""
    if name != "round" or len(node.args) != 2:
        return False
    digits = node.args[1]
    return type(digits) is not ast.Constant or digits.value is not None


def _hands_nodes_on(node: ast.Call, name: str, found: Needs) -> bool:
    """Whether a builtin gives numbers that become nodes in the list it is handed."""
    lists = (part for part in node.args if type(part) is ast.List)
    return name in TAKES_LISTS and any(_types_node(part, found) for part in lists)


def _compared(
    node: ast.Compare, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterator[_Place]:
    yield from ((side, bound, True) for side in (node.left, *node.comparators))


def _item(
    node: ast.Subscript, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterator[_Place]:
    yield node.value, bound, False
    index = node.slice
    parts = children(index) if isinstance(index, (ast.Slice, ast.Tuple)) else [index]
    is_read = type(node.ctx) is ast.Load  # a dict keeps the key it is given
    yield from ((part, bound, is_read) for part in parts)


def _attribute(
    node: ast.Attribute, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterator[_Place]:
    if node.attr[:2] == "__" or node.attr in _NODES_OWN or type(node.ctx) is ast.Del:
        raise _Open
    found.attributes[node.attr] = None
    found.stores = found.stores or type(node.ctx) is ast.Store
    yield node.value, bound, False


def _written(
    node: ast.AST, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterable[_Place]:
    found.calls = True
    return _parts(node, bound, counted, found, known)


def _parts(
    node: ast.AST, bound: frozenset[str], counted: bool, found: Needs, known: Known
) -> Iterator[_Place]:
    yield from ((part, bound, False) for part in children(node))


_Rule: TypeAlias = "Callable[[Any, frozenset[str], bool, Needs, Known], Iterable[_Place]]"
# Syntax that is not here makes a loop an open one.
_RULES: Final[Mapping[type[ast.AST], _Rule]] = {
    ast.Name: _name,
    ast.Call: _called,
    ast.Compare: _compared,
    ast.Subscript: _item,
    ast.Attribute: _attribute,
    ast.FormattedValue: _written,
    **dict.fromkeys((ast.Assign, ast.AugAssign, ast.NamedExpr, ast.For), _bound),
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.DictComp), _comprehended),
    **dict.fromkeys((ast.While, ast.If, ast.Expr, ast.Pass, ast.Break, ast.Continue), _parts),
    **dict.fromkeys((ast.Return, ast.Assert, ast.BinOp, ast.UnaryOp, ast.BoolOp), _parts),
    **dict.fromkeys((ast.IfExp, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Slice), _parts),
    **dict.fromkeys((ast.Starred, ast.Constant, ast.JoinedStr), _parts),
    **dict.fromkeys((ast.Try, ast.ExceptHandler, ast.Raise), _parts),
}


def question(found: Needs, own: frozenset[str], old: ast.AST) -> ast.Call:
    """The question before a loop whether all that it needs holds, in the place of *old*.

    Args:
        found: What it needs.
        own: The names of a function that are surely bound; others are looked up by name.
        old: The loop.

    Example:
        >>> loop = ast.parse("[x*w for x in xs]").body[0].value
        >>> found = needs(loop, (), Known({}, lambda name: True))
        >>> ast.unparse(question(found, frozenset({"xs", "n"}), loop))[:42]
        '__vrepl_closed__(((xs,), (), (), (), (n,))'
    """
    at = location(old)

    def values(names: Iterable[str]) -> ast.Tuple:
        return ast.Tuple([ast.Name(n, LOAD, **at) for n in names if n in own], LOAD, **at)

    def others(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name not in own)

    facts = (
        others(found.data), others(found.counts), others(found.callers), others(found.functions),
        found.functions_of_modules(), tuple(found.builtins),
        tuple(found.attributes), found.stores, found.calls, found.steps, found.nodeless,
    )  # fmt: skip
    given = [values(n) for n in (found.data, found.counts, found.callers, found.functions)]
    rest = sorted(own - found.data.keys() - found.counts.keys())
    return call(CLOSED, old, ast.Tuple([*given, values(rest)], LOAD, **at), facts)
