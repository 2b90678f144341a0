"""Rewrites a parsed cell so that its numbers become nodes and its bindings are reported.

It knows syntax only: what the support functions do is the session's, calling it is the front's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias, cast

from vrepl.session import hoisting, operations, proof
from vrepl.session.arithmetic import Cell, Place, Scope, is_builtin
from vrepl.session.escapes import unseen
from vrepl.session.flow import COMPREHENSIONS, eager_argument, parameters, sources, stays_plain
from vrepl.session.hoisting import Frame
from vrepl.session.kinds import Known
from vrepl.session.meanings import Meanings
from vrepl.session.policy import (
    ARGUMENT,
    BIND,
    BINDERS,
    ITEMS,
    KIND,
    LITERAL,
    MODULES,
    SHOW,
    SOURCE,
    TAKES_LISTS,
    TRIM,
    TYPED,
    WALKED,
    Want,
    first_parameter,
    is_compiled,
    is_compiler,
    is_plain_block,
    may_bind,
    narrowed,
    number_of,
)
from vrepl.session.rows import POSITIONS, Position
from vrepl.session.targets import Targets, names_any, receives, target_of
from vrepl.session.trees import LOAD, call, copied, everything, location

__all__ = [
    "ARGUMENT", "BIND", "KIND", "LITERAL", "POSITIONS", "SHOW", "TRIM", "TYPED", "Cell", "Position",
    "once", "transform",
]  # fmt: skip


def _say_nothing(reason: str) -> None:
    """The complaint of a caller who asked for none."""


def transform(  # noqa: PLR0913 - one keyword for each fact a host knows about its cell
    tree: ast.AST,
    *,
    cell: str,
    commands: frozenset[str] = frozenset(),
    is_library_name: Callable[[str], bool] = is_builtin,
    bindings: bool = True,
    operators: bool = True,
    shared: bool = False,
    rebound: set[str] | None = None,
    literals: bool = True,
    complain: Callable[[str], None] = _say_nothing,
) -> ast.AST:
    """The tree with its numbers wrapped; *tree* itself when nothing changes or anything fails.

    Args:
        tree: A Module, Expression or Interactive; it is never changed.
        cell: The label that bindings carry.
        commands: Magic names whose answers are shown wherever they stand.
        is_library_name: Whether a bare name means the builtin of that name in the session; names
            the cell itself binds are not asked for.
        bindings: Whether top-level bindings are reported. ``%timeit`` puts its code into a
            function, where a report would be wrong.
        operators: Whether arithmetic is rewritten where a node on its right would be lost.
        shared: Whether the names of the cell are the globals of the functions it defines, and its
            statements are compiled one by one, as IPython does both.
        rebound: Collects the globals that functions of the session bind, from cell to cell.
        literals: Whether numbers become nodes.
        complain: Gets one line when the numbers of a sound cell have to stay plain.

    Example:
        >>> print(ast.unparse(transform(ast.parse("a = 2.0"), cell="3")))
        a = __vrepl_bind__(__vrepl_literal__(2.0), 'a', 1, '3')
    """
    try:
        facts = Cell(cell, commands, is_library_name, bindings, operators, shared, literals)
        return _usable(tree, facts if rebound is None else replace(facts, rebound=rebound))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # MemoryError and RecursionError too: a cell must always run
        try:  # here, because near the recursion limit even calling proof.explain can fail
            proof.explain(error, tree, complain)
        except KeyboardInterrupt:
            raise
        except BaseException:  # what cannot be explained is left unsaid
            pass
        return tree


def once(say: Callable[[str], None]) -> Callable[[str], None]:
    """A complaint that passes each text on to *say* a single time.

    Example:
        >>> complain = once(print)
        >>> complain("too deep"); complain("too deep")
        too deep
    """
    said: set[str] = set()

    def complain(reason: str) -> None:
        if reason not in said:
            said.add(reason)
            say(reason)

    return complain


# --- the walk ------------------------------------------------------------------------------------


def _usable(tree: ast.AST, cell: Cell) -> ast.AST:
    """The rewritten tree once it is known to compile."""
    rewriter = _Rewriter(tree, cell)
    try:
        return rewriter.proved()
    except Exception as error:
        if rewriter.copied and isinstance(error, SyntaxError):
            return _usable(tree, replace(cell, copies=False))
        if not rewriter.asked:
            raise
    # Calls inside calls compile deeper than sums do: the numbers alone may still fit.
    return _Rewriter(tree, replace(cell, operators=False)).proved()


class _Rewriter(Meanings):
    """One walk over one cell with a stack: what is visited is copied, the rest is shared.

    Copying on the way down leaves the given tree as it was without ``copy.deepcopy``, which
    recurses; a table of data is shared whole.
    """

    def __init__(self, tree: ast.AST, cell: Cell) -> None:
        super().__init__()
        self.tree = tree
        self.cell = cell
        self.changed = False
        self.bound: frozenset[str] | None = None
        self.stack: list[Place] = []

    def run(self) -> ast.AST:
        scope = Scope(straight=self.cell.bindings, raw=not self.cell.literals)
        root = self.place(self.tree, scope, None)
        while self.stack:
            node, scope, want = self.stack.pop()
            _HANDLERS.get(type(node), _Rewriter.inside)(self, node, scope, want)
        for complete in self.operated:
            complete()
        self.released()
        if self.cell.shared and self.asked and type(root) is ast.Module:
            root.body = [self.declared(statement) for statement in root.body]
        return root

    def proved(self) -> ast.AST:
        """The new tree once it is known to compile; the given one when nothing changed."""
        new = self.run()
        apart, copied = self.cell.shared, self.copied
        return proof.proved(new, apart, unwarned=copied) if self.changed else self.tree

    def place(self, old: ast.AST, scope: Scope, want: Want | None) -> ast.AST:
        """What takes the place of *old*; its inside is scheduled when it has any."""
        kind = type(old)
        if scope.in_class and isinstance(old, ast.expr):
            return old
        if id(old) in self.plain:
            scope, want = replace(scope, dropped=True), None
        if scope.raw:
            want = None
        if want is not None and (number := number_of(old)) is not None:
            plain = want.fractional and type(number) is int
            return old if plain else self.wrapped(old, number, want)
        if kind not in _WALKED:
            if kind is ast.Global:
                self.cell.rebound.update(cast("ast.Global", old).names)
            return old
        if scope.dropped is not (drops := operations.drops(old, scope.dropped)):
            scope = replace(scope, dropped=drops)
        if isinstance(old, ast.stmt) and scope.frame:
            return self.statement(old, scope, want)
        return self.placed(old, scope, want)

    def statement(self, old: ast.stmt, scope: Scope, want: Want | None) -> ast.AST:
        """What takes the place of a statement in a function."""
        keeps = type(old) in _KEEPING and cast("Frame", scope.frame).hides
        held: list[str] | None = [] if keeps else None
        new = self.placed(old, replace(scope, held=held), want)
        if held is not None:
            self.holding[id(new)] = held
        return new

    def placed(self, old: ast.AST, scope: Scope, want: Want | None) -> ast.AST:
        """What takes the place of something that has an inside."""
        kind = type(old)
        replaced = None if scope.raw else _REPLACED.get(kind)
        if replaced is not None and (made := replaced(self, old, scope, want)) is not None:
            return made
        new = copied(old)
        self.stack.append((new, scope, want and narrowed(want, old)))
        return new

    def field(self, node: ast.AST, name: str, scope: Scope, want: Want | None) -> None:
        """Replaces what *node* holds in a field: a node, a list of nodes or nothing."""
        old = getattr(node, name, None)
        if type(old) is list:
            new = [self.place(item, scope, want) for item in old]
            setattr(node, name, new)
            if scope.frame and new and isinstance(new[0], ast.stmt):
                self.blocks.append(cast("list[ast.stmt]", new))
        elif old is not None:
            setattr(node, name, self.place(old, scope, want))

    def inside(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        """Handles a node as its row in ``WALKED`` says."""
        kind = type(node)
        reached = want.through[kind] if want is not None else ()
        for slot in WALKED[kind]:
            self.field(
                node, slot.field, scope.inside(slot), want if slot.field in reached else slot.want
            )

    # Nodes that need more than their row.

    def expression_statement(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        node = cast("ast.Expr", node)
        if self.is_command(node.value):
            node.value = self.support(SHOW, node.value, node.value)
        else:
            self.inside(node, scope, want)

    def imports(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        """Handles ``import math``: the module is taken from where its functions record."""
        node = cast("ast.Import", node)
        node.names = [self.alias(alias) for alias in node.names]

    def alias(self, old: ast.alias) -> ast.alias:
        """The part of an import for one module, under the name the user expects."""
        if old.name not in MODULES:
            return old
        self.changed = True
        return ast.alias(MODULES[old.name], old.asname or old.name, **location(old))

    def imports_from(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        """Handles ``from math import exp``."""
        node = cast("ast.ImportFrom", node)
        if not node.level and node.module in MODULES:
            node.module = MODULES[node.module]
            self.changed = True

    def assignment(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        node = cast("ast.Assign", node)
        value = node.value
        self.value(node, scope, node.targets)
        targets = tuple(map(target_of, node.targets))
        single = len(targets) == 1 and isinstance(targets[0], str)
        self.report(node, value, scope, cast("str", targets[0]) if single else targets)

    def named(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        """Handles the bindings with one target: ``a: T = …`` and ``(a := …)``."""
        node = cast("ast.AnnAssign | ast.NamedExpr", node)
        if node.value is None:
            return
        value = node.value
        self.value(node, scope, [node.target])
        self.report(node, value, scope, target_of(node.target) or (None,))

    def value(self, node: ast.AST, scope: Scope, targets: list[ast.expr]) -> None:
        self.kept_plain(node, scope)
        received = all(receives(target, scope.receiver) for target in targets)
        self.field(node, "value", scope, SOURCE if received else None)

    def kept_plain(self, node: ast.AST, scope: Scope) -> None:
        """Notes what *node* binds to names whose numbers nobody can ask for."""
        known = scope.known
        if known.plain or known.totals:
            every = (value for name, value in sources(node) if stays_plain(name, value, known))
            self.plain.update((id(value), value) for value in every)

    def iterated(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        """Handles ``for``."""
        self.kept_plain(node, scope)
        self.inside(node, scope, want)

    def report(self, node: Any, value: ast.expr, scope: Scope, targets: Targets) -> None:
        """Wraps the new right side of *node*, *value* being the one the user typed."""
        if scope.straight and names_any(targets) and may_bind(value, targets):
            line = getattr(node, "lineno", 0)
            given = (node.value, targets, line, self.cell.label)
            node.value = self.support(BIND, value, *given)

    def call(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        node = cast("ast.Call", node)
        if eager := eager_argument(node, Known({}, self.is_library)):
            self.eager[id(eager)] = eager
        handed = self.handed_to(node)
        if stand_in := self.stand_in(node, scope):
            node.func = stand_in
            self.changed = True
        else:
            self.field(node, "func", scope, None)
        place = self.compiled_argument if is_compiler(node) else self.place
        node.args = [cast("ast.expr", place(a, scope, handed(a))) for a in node.args]
        node.keywords = [self.keyword(k, scope, handed(k.value)) for k in node.keywords]

    def compiled_argument(self, old: ast.expr, scope: Scope, want: Want | None) -> ast.AST:
        """What takes the place of the f of ``njit(f)``: somebody's bytecode is going to be read."""
        if type(old) in (ast.Lambda, ast.Constant, ast.Starred):
            return old
        return self.support(TYPED, old, self.place(old, scope, want))

    def keyword(self, node: ast.keyword, scope: Scope, want: Want | None) -> ast.keyword:
        new = copied(node)
        self.field(new, "value", scope, want)
        return new

    def handed_to(self, node: ast.Call) -> Callable[[ast.expr], Want | None]:
        """What numbers become in each argument of a call."""
        if type(node.func) is not ast.Name:
            return lambda argument: None
        callee = node.func.id
        if not self.is_library(callee):
            want = replace(ITEMS, callee=callee)
            return lambda argument: want
        lists = ITEMS if callee in TAKES_LISTS else None
        return lambda argument: lists if type(argument) is ast.List else None

    def function(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        node = cast("ast.FunctionDef | ast.AsyncFunctionDef", node)
        receiver = first_parameter(node) if scope.in_class else scope.receiver
        nobody = unseen(node, self.is_library)
        known = Known({}, self.is_library, nobody.names, nobody.totals)
        inside = Scope(receiver=receiver, local=True, known=known, raw=scope.raw)
        if self.cell.operators and not scope.raw and hoisting.has_operations(node.body, known):
            frame = hoisting.frame_of(node, inside.known, scope.frame)
            inside = replace(inside, known=frame.known, sure=frame.parameters, frame=frame)
        self.field(node, "body", inside, None)
        if self.cell.operators and not scope.raw:
            self.decaying(node, nobody)

    def anonymous(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        """Handles a lambda: it runs when names may have changed."""
        names = parameters(cast("ast.Lambda", node).args)
        self.inside(node, replace(scope.later(self.is_library), sure=names), want)

    def block(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        """Handles ``with``: ``vrepl.plain()`` leaves its block as it was typed."""
        self.inside(node, replace(scope, raw=scope.raw or is_plain_block(node)), want)

    def caught(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        """Handles ``except E:``: what it sees of the error has no frames of ours."""
        node = cast("ast.ExceptHandler", node)
        self.inside(node, scope, want)
        first = node.body[0]
        node.body.insert(0, ast.Expr(self.support(TRIM, first), **location(first)))

    def compiled(self, old: ast.AST, scope: Scope, want: Want | None) -> ast.AST | None:
        """A definition that a decorator compiles, as it is; None for any other."""
        return old if is_compiled(old) else None

    def class_body(self, node: ast.AST, scope: Scope, want: Want | None) -> None:
        self.field(node, "body", Scope(in_class=True, raw=scope.raw), None)

    # What the cell asks about.

    def is_command(self, node: ast.expr) -> bool:
        """Whether *node* is ``get_ipython().run_…_magic('name', …)`` for one of the commands."""
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(func=ast.Name(id="get_ipython")),
                    attr="run_line_magic" | "run_cell_magic",
                ),
                args=[ast.Constant(value=str(name)), *_],
            ):
                return name in self.cell.commands
        return False

    def is_library(self, name: str) -> bool:
        if not self.cell.is_library_name(name):
            return False
        if self.bound is None:  # collected when first needed: 0.5 us for each node of the cell
            self.bound = frozenset(_bound_in(self.tree))
        return name not in self.bound and "*" not in self.bound

    # New nodes. All take the location of what they wrap, so tracebacks point at the user's text.

    def wrapped(self, old: ast.AST, number: float, want: Want) -> ast.Call:
        if want.callee is None:
            return self.support(LITERAL, old, number)
        callee = ast.Name(want.callee, LOAD, **location(old))
        return self.support(ARGUMENT, old, callee, number)

    def support(self, name: str, old: ast.AST, *arguments: Any) -> ast.Call:
        """A call of a support function in the place of *old*."""
        self.changed = True
        return call(name, old, *arguments)


_Handler: TypeAlias = Callable[[_Rewriter, ast.AST, Scope, "Want | None"], None]
_HANDLERS: Final[Mapping[type[ast.AST], _Handler]] = {
    ast.Expr: _Rewriter.expression_statement,
    ast.Assign: _Rewriter.assignment,
    ast.Import: _Rewriter.imports,
    ast.ImportFrom: _Rewriter.imports_from,
    ast.AnnAssign: _Rewriter.named,
    ast.NamedExpr: _Rewriter.named,
    ast.For: _Rewriter.iterated,
    ast.Call: _Rewriter.call,
    ast.FunctionDef: _Rewriter.function,
    ast.AsyncFunctionDef: _Rewriter.function,
    ast.ClassDef: _Rewriter.class_body,
    ast.With: _Rewriter.block,
    ast.ExceptHandler: _Rewriter.caught,
    ast.Lambda: _Rewriter.anonymous,
}
_WALKED: Final = WALKED.keys() | _HANDLERS.keys() | {ast.Delete}
# Statements of functions that let go of the operands they kept when they are done.
_KEEPING: Final = frozenset({ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return})
# Nodes in whose place something else may come.
_REPLACED: Final[Mapping[type[ast.AST], Callable[..., ast.AST | None]]] = {
    ast.BinOp: _Rewriter.operation,
    ast.AugAssign: _Rewriter.update,
    ast.Call: _Rewriter.recorded,
    ast.Compare: _Rewriter.identity,
    **dict.fromkeys((ast.Assign, ast.AnnAssign, ast.Delete), _Rewriter.changing),
    ast.FunctionDef: _Rewriter.compiled,
    ast.ClassDef: _Rewriter.compiled,
    **dict.fromkeys((ast.For, ast.AsyncFor, ast.While, *COMPREHENSIONS), _Rewriter.looped),
}


# --- names ----------------------------------------------------------------------------------------


def _bound_in(tree: ast.AST) -> Iterator[str]:
    """Every name bound anywhere in the cell; ``"*"`` for a star import."""
    for node in everything(tree):
        kind = type(node)
        if kind is ast.Name:
            name = cast("ast.Name", node)
            if type(name.ctx) is not ast.Load:
                yield name.id
        elif kind is ast.alias:
            alias = cast("ast.alias", node)
            yield alias.asname or alias.name.partition(".")[0]
        elif (field := BINDERS.get(kind.__name__)) and (bound := getattr(node, field)):
            yield bound
