"""Loops that test once, before they start, in place of once for every operation.

Where a test holds, no whole node can come to the right of a float in the loop, and it runs as
Python wrote it; where it does not, a second copy asks in every operation. This module finds the
names to test; ``closed`` says for which loops it is enough to look at their data, and ``census``
looks; ``arithmetic`` writes the copies.

Ratios to plain Python on 3.11, by ``benchmarks/run.py loops``, in a function and at the top level,
where names that are declared global (see ``arithmetic``) win back more than the tests take:

| loop                                           | function | top     | what is left to test      |
|------------------------------------------------|----------|---------|---------------------------|
| over lists, rows, records, by index, by zip    | 1.0      | 0.6-0.8 | nothing                   |
| comprehensions, ``sum(x*y for …)``             | 1.0      | 1.0     | nothing                   |
| mandelbrot, Euler, Newton, nested, random data | 1.0      | 0.7     | nothing                   |
| sieve, sort, dict, strings, counters, Collatz  | 1.0      | 1.0     | nothing                   |
| ``math.sin(x)*math.exp(-x)``, arrays           | 1.0      | 0.8-1.0 | nothing                   |
| ``s += f(x)``, ``[f(x) for x in xs]``          | 1.0-1.1  | 0.9-1.1 | nothing                   |
| ``fib(n - 1) + fib(n - 2)``                    | 1.25     | 1.25    | the first result          |

Beside whole nodes in named lists and records it takes 2 to 10 us more to ask, which shows in a loop
of 100 us. Loops of fewer steps than ``data.SHORTEST``, and all while a whole node is where
``census`` does not find it, test what arrives on the right instead, 14 ns on 3.11 and 11 on 3.13:
1.3 to 1.7 in a function. Scanning lists before the loop is no better: 18 ns an item with
``set(map(type, xs))``, 10 with ``marshal``, 4.5 with ``math.dist(t, t)`` over a tuple of them;
``s += x`` itself takes 16.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, cast

from vrepl.session import closed, flow
from vrepl.session.escapes import looks_at_itself
from vrepl.session.guards import Guard
from vrepl.session.kinds import Kind, Known, key_of, module_of
from vrepl.session.operations import drops, is_recorded, is_swallowed
from vrepl.session.policy import STAND_INS, TOTAL
from vrepl.session.trees import children, everything

__all__ = ["Frame", "Plan", "frame_of", "has_operations", "plan", "within"]

# More names than this are not tested: the search for those that matter takes time in every cell.
_MOST_NAMES: Final = 12
# Names through which code can bind other names unseen.
_SECRET: Final = frozenset({"exec", "eval", "globals", "locals", "vars", "get_ipython", "setattr"})

_LOOPS: Final = frozenset({ast.For, ast.While, *flow.COMPREHENSIONS})


@dataclass(frozen=True, slots=True)
class Frame:
    """What is known of one function's own names.

    Attributes:
        name: What the function is called.
        names: All of them.
        enclosing: Those of the functions around it.
        bound: Where they are surely bound, by the `id` of a loop or comprehension.
        parameters: Those that are bound from the start and stay so.
        fleeting: Those that may become unbound, or that code of another scope binds.
        known: What they are worth throughout.
        hides: Whether it may have more names: nothing in it looks at those of its frame, and no
            operand kept under one would wait there with it.
    """

    name: str
    names: frozenset[str]
    enclosing: frozenset[str]
    bound: Mapping[int, frozenset[str]]
    parameters: frozenset[str]
    fleeting: frozenset[str]
    known: Known
    hides: bool

    def is_call_of(self, node: ast.AST) -> bool:
        """Whether *node* seems to call the function itself."""
        return type(node) is ast.Call and getattr(node.func, "id", None) == self.name


def frame_of(
    node: ast.FunctionDef | ast.AsyncFunctionDef, known: Known, around: Frame | None
) -> Frame:
    r"""What can be told of the names of a function.

    Args:
        node: The function.
        known: Which names mean builtins where it stands.
        around: The function it stands in.

    Example:
        >>> node = ast.parse("def f(x):\n    for i in range(x):\n        y = i*0.5").body[0]
        >>> frame = frame_of(node, Known({}, lambda name: True), None)
        >>> sorted(frame.names), {name: kind.name for name, kind in frame.known.names.items()}
        (['i', 'x', 'y'], {'i': 'INT', 'y': 'REAL'})
    """
    parameters = flow.parameters(node.args)
    bindings = flow.bindings(node.body, known)
    before = replace(known, names={})
    found = flow.kinds(bindings, dict.fromkeys(parameters, Kind.ANY), before)
    bound = flow.Bound()
    bound.block(node.body, set(parameters))
    parts = [*_everything(node.body)]
    fleeting = set(_fleeting(parts))
    return Frame(
        node.name,
        frozenset(parameters | found.keys()) - set(_declared(node.body)),
        around.names | around.enclosing if around else frozenset(),
        {key: names - fleeting for key, names in bound.at.items()},
        frozenset(parameters - fleeting),
        frozenset(fleeting),
        replace(known, names=found),
        not looks_at_itself(parts) and not _pauses(parts),
    )


def _pauses(parts: Iterable[ast.AST]) -> bool:
    """Whether something in it waits, for as long as it likes, in the middle of a statement."""
    return any(type(part) in (ast.Yield, ast.YieldFrom, ast.Await) for part in parts)


def has_operations(body: Iterable[ast.AST], known: Known) -> bool:
    """Whether it pays to know the names of *body*: it has arithmetic, or loops that call functions.

    Example:
        >>> known = Known({}, lambda name: name == "abs")
        >>> texts = "f(x)[0]", "f(x*y)", "[abs(x) for x in xs]", "[f(x) for x in xs]"
        >>> [has_operations([ast.parse(text)], known) for text in texts]
        [False, True, False, True]
    """
    loops = False
    called: set[str] = set()
    for part in _everything(body):
        kind = type(part)
        if kind is ast.BinOp or kind is ast.AugAssign:
            return True
        loops = loops or kind in _LOOPS
        if kind is ast.Call:
            called.add(getattr(cast("ast.Call", part).func, "id", ""))
    return loops and any(_may_be_function(name, known) for name in called)


def _may_be_function(name: str, known: Known) -> bool:
    """Whether a function of the session may have that name; nothing is spared for classes."""
    return name[:1].islower() and not known.is_library(name)


def _fleeting(parts: Iterable[ast.AST]) -> Iterator[str]:
    """Names that do not stay bound, or that code of another scope binds."""
    for part in parts:
        if type(part) is ast.Name and type(part.ctx) is ast.Del:
            yield part.id
        elif type(part) is ast.ExceptHandler and part.name:
            yield part.name
        elif isinstance(part, (ast.Global, ast.Nonlocal)):
            yield from part.names


def _declared(body: Iterable[ast.AST]) -> Iterator[str]:
    pending = list(body)
    while pending:
        part = pending.pop()
        if isinstance(part, (ast.Global, ast.Nonlocal)):
            yield from part.names
        pending += flow.inside(part)


def _everything(parts: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for part in parts:
        yield from everything(part)


@dataclass(frozen=True, slots=True)
class Plan:
    """A test before a loop, and what is known in the loop where it holds.

    Attributes:
        test: The test as an expression for the place of a loop; None where nothing needs testing.
        known: What is known then.
        sure: Names that are surely bound then.
        is_closed: Whether nothing in the loop has to ask then.
        is_nodeless: Whether there is no node at all in the loop then.
        functions: The functions that the test answers with, for the loop to call them instead.
        otherwise: A weaker test for where it does not hold.
    """

    test: Callable[[ast.AST], ast.expr | None]
    known: Known
    sure: tuple[str, ...] = ()
    is_closed: bool = False
    is_nodeless: bool = False
    functions: tuple[str, ...] = ()
    otherwise: Plan | None = None


@dataclass(slots=True)
class _Search:
    """The search for the names whose test spares a loop the most tests."""

    node: ast.AST
    known: Known
    bindings: list[flow.Binding]
    early: frozenset[str]
    own: frozenset[str]
    hidden: frozenset[str] = frozenset()
    modules: tuple[str, ...] = ()
    operations: list[tuple[ast.expr, ast.operator, ast.expr]] = field(default_factory=list)
    records: bool = False
    sums: bool = False

    def settled(self, tested: Iterable[str], kind: Kind) -> tuple[list[str], Known]:
        """The names worth testing among *tested*, and what holds in the loop after that test."""
        names = list(tested)
        while True:
            before = {name: self.known.names.get(name, Kind.ANY) for name in self.early}
            before |= dict.fromkeys(names, kind)
            known = self.known.but(dict.fromkeys(names, kind))
            inside = dict.fromkeys(names, kind) | flow.kinds(self.bindings, before, known)
            lost = [name for name in names if not inside[name].within(kind)]
            if not lost:
                return names, self.known.but(inside)
            names = [name for name in names if name not in lost]

    def remaining(self, known: Known) -> int:
        """How many operations still have to ask."""
        return sum(is_swallowed(*operation, known) for operation in self.operations)


def plan(
    node: ast.For | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
    known: Known,
    own: frozenset[str],
    is_shared: Callable[[str], bool],
    replaces: bool = False,
) -> Plan | None:
    r"""The test that spares a loop its tests; None where there is no good one.

    Args:
        node: A loop or a comprehension.
        known: What is known of names around it.
        own: The names of the function that are surely bound here.
        is_shared: Whether a name is a global that nothing rebinds while the loop runs.
        replaces: Whether other functions can be called in it, which need not ask either.

    Example:
        >>> loop = ast.parse("for x in xs:\n    s += x*w").body[0]
        >>> found = plan(loop, Known(), frozenset("sw"), lambda name: False)
        >>> ast.unparse(found.test(loop))
        '__vrepl_float__ is __vrepl_type__(w)'
    """
    search = _searching(node, known, own, replaces)
    if search is None:
        return None
    secret: list[bool] = []  # worked out when first needed

    def may_test(name: str) -> bool:
        if name in own:
            return True
        if not secret:
            every = everything(node)
            secret.append(any(type(p) is ast.Name and p.id in _SECRET for p in every))
        return not secret[0] and is_shared(name)

    modules = (name for name in _modules(search) if may_test(name) and name not in own)
    search.modules = tuple(modules)
    search.known = search.known.but(dict.fromkeys(search.modules, Kind.MODULE))
    return _best(search, may_test)


def _best(search: _Search, may_test: Callable[[str], bool]) -> Plan | None:
    """The tests one behind another, those that spare every operation first."""
    names = [name for name in _names_of(search) if may_test(name)][:_MOST_NAMES]
    numbers, reals = (
        (search.remaining(inside), tested, kind)
        for kind in (Kind.NUMBER, Kind.REAL)
        for tested, inside in (search.settled(names, kind),)
    )
    spared = _plan(search, *reals) if reals[0] < numbers[0] else None
    bare = _closed(search, may_test, nodeless=True) if search.records or search.sums else None
    whole = None if bare and not search.sums else _closed(search, may_test)
    best = _plan(search, *numbers)
    if whole and whole.functions:  # what they do themselves need not ask then either
        ordered = [whole, spared]
    elif numbers[0] == 0:  # arrays are no numbers
        best = best and replace(best, otherwise=whole)
        ordered = [bare, spared]
    else:
        ordered = [bare, spared, whole] if reals[0] == 0 else [bare, whole, spared]
    for found in reversed(ordered):
        best = replace(found, otherwise=best) if found else best
    return best


def _closed(
    search: _Search, may_test: Callable[[str], bool], nodeless: bool = False
) -> Plan | None:
    """The test whether nothing in a loop has to ask; None for a loop that is open."""
    bound = {binding.name for binding in search.bindings} - search.early
    found = closed.needs(search.node, bound, search.known, nodeless)
    if found is None:
        return None
    if not all(map(may_test, (*found.data, *found.counts, *found.functions, *found.modules))):
        return None
    if any(map(search.own.__contains__, found.modules)):
        return None
    known = search.known.but(dict.fromkeys(found.modules, Kind.MODULE))
    # In the order in which the test answers with them.
    functions = sorted(found.functions, key=search.own.__contains__, reverse=True)
    test = partial(closed.question, found, search.own)
    return Plan(test, known, (), True, nodeless, tuple(functions))


def _plan(search: _Search, remaining: int, tested: list[str], kind: Kind) -> Plan | None:
    """One test made as small as it can be; None where it spares nothing."""
    tested, inside = _needed(search, remaining, tested, kind)
    lists = _lists(search, inside)
    if remaining == len(search.operations) and not lists:
        return None
    own = tuple(name for name in tested if name in search.own)
    shared = tuple(name for name in tested if name not in own)
    guard = Guard(kind, own, shared, lists, search.modules)
    return Plan(guard.test, inside.but(dict.fromkeys(lists, Kind.LIST)), shared)


def _modules(search: _Search) -> dict[str, None]:
    """Names of modules whose functions give operands."""
    assigned = {binding.name for binding in search.bindings} | search.hidden
    values = [b.value for b in search.bindings if isinstance(b.value, ast.AST)]
    parts = [*values, *(part for operation in search.operations for part in operation)]
    every = (part for part in _everything(parts) if isinstance(part, ast.expr))
    found = {module_of(part): None for part in every}
    return {name: None for name in found if name and name not in assigned}


def _lists(search: _Search, known: Known) -> tuple[str, ...]:
    """Names of lists whose items stand in operations that still ask, if they are indeed lists."""
    assigned = {binding.name for binding in search.bindings} | search.hidden
    found: dict[str, None] = {}
    for operation in search.operations:
        if not is_swallowed(*operation, known):
            continue
        for part in _operands(operation):
            base = part.value if type(part) is ast.Subscript else None
            if type(base) is ast.Name and base.id not in assigned and base.id in search.own:
                then = known.but({base.id: Kind.LIST})
                if key_of(part, then) and base.id not in known.names:
                    found[base.id] = None
    return tuple(found)


def _operands(operation: tuple[ast.expr, ast.operator, ast.expr]) -> Iterator[ast.expr]:
    """What a calculation is made of besides operators."""
    pending = [operation[0], operation[2]]
    while pending:
        part = pending.pop()
        if type(part) is ast.BinOp:
            pending += (part.left, part.right)
        elif type(part) is ast.UnaryOp:
            pending.append(part.operand)
        else:
            yield part


def within(node: ast.AST, known: Known) -> Known:
    """What is known inside a comprehension, whose targets hide the names around it.

    Example:
        >>> node = ast.parse("[i*x for i, x in enumerate(xs)]").body[0].value
        >>> sorted(within(node, Known({"x": Kind.REAL}, lambda name: True)).names.items())[0]
        ('i', <Kind.INT: 'an exact int, which asks what stands on its right'>)
    """
    bindings = [
        binding
        for part in getattr(node, "generators", ())
        for binding in flow.targets(part.target, part.iter, known)
    ]
    return known.but(flow.kinds(bindings, {}, known))


def _searching(node: ast.AST, known: Known, own: frozenset[str], replaces: bool) -> _Search | None:
    """The search, when any operation in the loop asks at all, or may in what it calls."""
    is_loop = not isinstance(node, flow.COMPREHENSIONS)
    if is_loop and cast("ast.For | ast.While", node).orelse:
        return None  # what follows a loop without a single step reads older names
    known = known if is_loop else within(node, known)
    operations = [o for o in _operations(node, known) if is_swallowed(*o, known)]
    calls = [part for part in everything(node) if type(part) is ast.Call]
    records = any(map(is_recorded, calls))
    names = [part.func.id for part in calls if type(part.func) is ast.Name]
    sums = any(STAND_INS.get(name) == TOTAL and known.is_library(name) for name in names)
    calls_any = replaces and any(_may_be_function(name, known) for name in names)
    if not (operations or records or sums or calls_any):
        return None
    search = _Search(
        node, known, [], frozenset(), own, operations=operations, records=records, sums=sums
    )
    if is_loop:
        bound = flow.Bound()
        bound.block([cast("ast.stmt", node)], set())
        search.bindings = flow.bindings([node], known)
        search.early = frozenset(bound.early)
    targets = (part.target for part in everything(node) if type(part) is ast.comprehension)
    search.hidden = frozenset(name for target in targets for name in flow.bound_names(target))
    return search


def _operations(node: ast.AST, known: Known) -> Iterator[tuple[ast.expr, ast.operator, ast.expr]]:
    """The arithmetic of a loop that its own test can vouch for, but for what nobody sees."""
    pending: list[ast.AST] = [node]
    unseen: set[int] = set()
    while pending:
        part = pending.pop()
        dropped = drops(part, id(part) in unseen)
        if type(part) is ast.BinOp and not dropped:
            yield part.left, part.op, part.right
        elif type(part) is ast.AugAssign and type(part.target) is ast.Name:
            if part.target.id in known.plain:
                unseen.add(id(part.value))
            else:
                yield part.target, part.op, part.value
        elif type(part) is ast.GeneratorExp and part is not node:
            continue
        elif type(part) is ast.Call and (eager := flow.eager_argument(part, known)):
            pending += children(eager)
        unseen.update(id(value) for name, value in flow.sources(part) if name in known.plain)
        below = [part.value] if type(part) is ast.Subscript else flow.inside(part)
        if dropped or isinstance(part, (ast.Compare, ast.FormattedValue)):
            unseen.update(map(id, below))
        pending += below


def _names_of(search: _Search) -> list[str]:
    """The names whose kinds decide about the operations that ask, directly or through others."""
    wanted = [name for o in search.operations for name in _loaded(o)]
    found: dict[str, None] = {}
    values: dict[str, list[ast.AST]] = {}
    for binding in search.bindings:
        if isinstance(binding.value, ast.AST):
            values.setdefault(binding.name, []).append(binding.value)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = None
            wanted += _loaded(values.get(name, ()))
    unknown = (name for name in found if search.known.names.get(name, Kind.ANY) is Kind.ANY)
    return [name for name in unknown if name not in search.hidden]


def _loaded(parts: Iterable[ast.AST]) -> list[str]:
    return [part.id for part in _everything(parts) if type(part) is ast.Name]


def _needed(
    search: _Search, remaining: int, tested: list[str], kind: Kind
) -> tuple[list[str], Known]:
    """The names without which more operations would have to ask."""
    for name in list(tested):
        fewer, inside = search.settled([other for other in tested if other != name], kind)
        if search.remaining(inside) <= remaining:
            tested = fewer
    return search.settled(tested, kind)
