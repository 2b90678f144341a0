"""The part of a cell's rewriting that looks after what names mean: builtins, modules, objects.

Builtins that tell a node from a number have stand-ins, what is changed of a module is changed of
its twin, and small whole numbers are the same object. The walk itself is left to ``literals``.
"""

from __future__ import annotations

import ast
from typing import Any, Final, cast

from vrepl.session import guards
from vrepl.session.arithmetic import Arithmetic, Scope
from vrepl.session.guards import compared, named
from vrepl.session.policy import (
    FOLLOW,
    FOLLOWING,
    MODULES,
    SAME,
    STAND_INS,
    TOTAL,
    Want,
    narrowed,
    number_of,
)
from vrepl.session.trees import copied, everything, location, twin

__all__ = ["Meanings"]

# What tests mean by a builtin that something else is called for.
_BUILTINS: Final = {"type": guards.TYPE, "sum": guards.SUM}


class Meanings(Arithmetic):
    """What a walk over a cell knows about the meanings of names; the walk supplies the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.aliases: set[str | None] | None = None

    def stand_in(self, node: ast.Call, scope: Scope) -> ast.expr | None:
        """What is called for a builtin that tells a node from a float, or that changes modules."""
        name = node.func.id if type(node.func) is ast.Name else ""
        if not (node.args and (name in STAND_INS or name in FOLLOWING) and self.is_library(name)):
            return None
        if name in FOLLOWING:
            is_far = not self.may_be_module(node.args[0], scope)
            return None if is_far else named(FOLLOWING[name], node.func)
        is_class_made = name == "type" and (len(node.args) > 1 or node.keywords)
        needs_none = scope.nodeless and STAND_INS[name] == TOTAL
        if is_class_made or needs_none or type(node.args[0]) is ast.Starred:
            return None
        instead = named(STAND_INS[name], node.func)
        if not scope.local:
            return instead
        # By the time that a function runs, its name may mean something else.
        test = compared(copied(node.func), (ast.Is(), named(_BUILTINS[name], node.func)))
        return ast.IfExp(test, instead, node.func, **location(node.func))

    def changing(self, old: ast.AST, scope: Scope, want: Want | None) -> ast.AST | None:
        """An assignment to an attribute of what may be a module, and after it what follows that."""
        as_it_is = old if type(old) is ast.Delete else None
        targets = cast("Any", old).targets if hasattr(old, "targets") else [cast("Any", old).target]
        if type(targets[0]) is ast.Name and len(targets) == 1:  # as mostly
            return as_it_is
        held = (part for target in targets for part in everything(target))
        bases = (part.value for part in held if type(part) is ast.Attribute)
        if not any(self.may_be_module(base, scope) for base in bases):
            return as_it_is
        new = old
        if as_it_is is None:
            new = copied(old)
            self.stack.append((new, scope, want and narrowed(want, old)))
        follow = ast.Expr(self.support(FOLLOW, old), **location(old))
        always = ast.Constant(True, **location(old))
        return ast.If(always, [cast("ast.stmt", new), follow], [], **location(old))

    def may_be_module(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a name may mean a module that has a twin: any may, outside of functions."""
        if type(node) is not ast.Name:
            return False
        if scope.straight or node.id in MODULES:
            return True
        if self.aliases is None:
            found = (part for part in everything(self.tree) if type(part) is ast.alias)
            self.aliases = {part.asname for part in found if part.name in MODULES}
        return node.id in self.aliases

    def identity(self, old: ast.Compare, scope: Scope, want: Want | None) -> ast.expr | None:
        """What takes the place of ``a is b``: Python keeps each small whole number once.

        People ask that at the top level; what loops and functions compare is objects, for which
        asking would take as long as the step of a list of nodes they walk along.
        """
        if len(old.ops) > 1 or type(old.ops[0]) not in (ast.Is, ast.IsNot):
            return None
        pair = (old.left, old.comparators[0])
        if any(type(number_of(side)) is int for side in pair):
            return self.identity_of_number(old, pair, scope)
        if not scope.straight:
            return None
        if any(type(side) is not ast.Name for side in pair):
            return None
        same = self.support(SAME, old, *pair)
        return same if type(old.ops[0]) is ast.Is else ast.UnaryOp(ast.Not(), same, **location(old))

    def identity_of_number(
        self, old: ast.Compare, pair: tuple[ast.expr, ast.expr], scope: Scope
    ) -> ast.expr | None:
        """What takes the place of ``n is 3``: itself, since Python warns of it, or the number."""
        names = [side for side in pair if type(side) is ast.Name]
        if len(names) != 1 or scope.in_class:
            return None
        same: ast.expr = self.support(SAME, old, *(twin(side) for side in pair))
        if type(old.ops[0]) is ast.Is:
            return ast.BoolOp(ast.Or(), [twin(old), same], **location(old))
        other = ast.UnaryOp(ast.Not(), same, **location(old))
        return ast.BoolOp(ast.And(), [twin(old), other], **location(old))
