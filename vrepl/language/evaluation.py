"""Evaluates an expression without running it: numbers, arithmetic and known functions only.

Anything else comes out as `Unknown`, with the reason; no attribute of a foreign object is read and
nothing of it is called.
"""

from __future__ import annotations

import ast
import builtins
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vrepl.core.errors import DomainError
from vrepl.core.nodes import LITERAL
from vrepl.core.value import apply, leaf, plain
from vrepl.language.known import (
    COMPARISONS,
    LARGEST,
    LONGEST_INT,
    OTHERS,
    SIGNS,
    Unknown,
    bits,
    cutting,
    function,
    is_container,
    is_data,
    is_key,
    is_node,
    is_number,
    is_sequence,
    members,
    method,
)
from vrepl.language.statements import place_of
from vrepl.session import guards, policy
from vrepl.session.operations import SYNTAX
from vrepl.session.support import total

__all__ = ["Budget", "Evaluator", "Problem", "Stopped"]

_SUMS: Final = {policy.TOTAL: total, guards.SUM: sum}
_DIGITS: Final = 400  # round() to so many digits at most; whole numbers would take for ever


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a line is going to raise, or to lose.

    `kind` is 'division', 'domain', 'overflow' or 'cut'; `node` is where, `fact` is what Python
    says, and `function` the one that would keep the graph.
    """

    kind: str
    node: ast.AST
    fact: str = ""
    function: str = ""


class Stopped(Exception):
    """The statement raises here, so nothing after it in the statement happens."""


class Exhausted(Exception):
    """The budget is used up."""


@dataclass(slots=True)
class Budget:
    """How much may be computed for one answer.

    Args:
        steps: Parts of expressions that may be evaluated.
        seconds: Time that may pass, from the moment the budget is made.
    """

    steps: int = 200_000
    seconds: float = 1.0
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends = time.monotonic() + self.seconds

    def spend(self, steps: int = 1) -> None:
        """Use up some of it.

        Raises:
            Exhausted: Nothing is left.
        """
        before = self.steps
        self.steps -= steps
        if self.steps < 0 or (before >> 8 != self.steps >> 8 and time.monotonic() > self.ends):
            raise Exhausted


@dataclass(slots=True)
class Evaluator:
    """Evaluates expressions over a namespace.

    Args:
        lookup: Gives what a name means; raises `KeyError` where it means nothing.
        budget: How much may be computed.
        bind: Gets what `:=` binds.
    """

    lookup: Callable[[str], Any]
    budget: Budget
    bind: Callable[[str, Any], None]
    problems: list[Problem] = field(default_factory=list)
    fresh: set[int] = field(default_factory=set)  # nodes made here, which may be given a label
    called: set[tuple[int, ...]] = field(default_factory=set)  # calls that have been worked out
    local: dict[str, Any] = field(default_factory=dict)
    has_grads: bool = False  # whether the gradients that nodes have now are those they have then
    has_attributes: bool = False  # the same of the attributes of objects

    def value(self, node: ast.expr) -> Any:
        """What an expression gives.

        Raises:
            Stopped: Evaluating it raises; the problem has been noted.
        """
        self.budget.spend()
        handler = _HANDLERS.get(type(node))
        return Unknown("") if handler is None else handler(self, node)

    # Names and displays.

    def constant(self, node: Any) -> Any:
        """A number, a text, a truth value or None."""
        kind = type(node.value)
        return Unknown("") if kind in (complex, bytes, type(...)) else node.value

    def name(self, node: Any) -> Any:
        """What a name means: in a comprehension, the namespace, the builtins."""
        name = node.id
        if name in self.local:
            return self.local[name]
        try:
            return self.lookup(name)
        except KeyError:
            if name in _SUMS:
                return _SUMS[name]
            return getattr(builtins, name, Unknown(f"{name} is not defined"))

    def listed(self, node: Any) -> Any:
        """A list or tuple, its starred parts laid out."""
        items: list[Any] = []
        for element in node.elts:
            if type(element) is ast.Starred:
                inner = self.value(element.value)
                if not is_sequence(inner) or len(inner) > LARGEST:
                    return Unknown("")
                items += inner
            else:
                items.append(self.value(element))
        return items if type(node) is ast.List else tuple(items)

    def dictionary(self, node: Any) -> Any:
        """A dict with keys that can be referred to."""
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            known = Unknown("") if key is None else self.value(key)
            item = self.value(value)
            if not is_key(known):
                return Unknown("")
            found[known] = item
        return found

    def walrus(self, node: Any) -> Any:
        """A value that gets a name on the way."""
        value = self.value(node.value)
        self.bind(node.target.id, value)
        return value

    def subscript(self, node: Any) -> Any:
        """An item of a list, tuple or dict."""
        holder = self.value(node.value)
        if type(node.slice) is ast.Slice or not is_container(holder):
            return Unknown("")
        key = self.value(node.slice)
        key = plain(key) if is_number(key) else key
        if type(holder) is dict:
            return holder.get(key, Unknown("")) if is_key(key) else Unknown("")
        if type(key) is int and -len(holder) <= key < len(holder):
            return holder[key]
        return Unknown("")

    def attribute(self, node: Any) -> Any:
        """A module's function or constant, or the plain number or gradient of a node."""
        holder = self.value(node.value)
        inside = members(holder)
        if inside is not None:
            return inside.get(node.attr, Unknown(""))
        if is_node(holder) and node.attr == "data":
            return plain(holder)
        if is_node(holder) and node.attr == "grad" and self.has_grads:
            return holder.grad
        return Unknown("")

    # Operations.

    def operation(self, node: Any) -> Any:
        """A chain of operations; it is the left side that is deep, and it is walked in a loop."""
        spine = [node]
        while type(spine[-1].left) is ast.BinOp:
            spine.append(spine[-1].left)
        left = self.value(spine[-1].left)
        for operation in reversed(spine):
            self.budget.spend()
            right = self.value(operation.right)
            left = self.operated(operation, left, right)
        return left

    def operated(self, node: ast.BinOp | ast.AugAssign, left: Any, right: Any) -> Any:
        """`left op right`, with what Python or vrepl would make of it."""
        kind = type(node.op)
        if not (is_number(left) and is_number(right)):
            return _as_unknown(left, right)
        if _is_too_long(kind, left, right):
            return Unknown("the number is too long to work out beforehand")
        row = SYNTAX.get(kind)
        if row is not None:
            return self.applied(node, apply, row, left, right)
        other = OTHERS.get(kind)
        if other is None:
            return Unknown("")
        return self.applied(node, other, plain(left), plain(right))

    def sign(self, node: Any) -> Any:
        """A sign, `not` or `~`."""
        operand = self.value(node.operand)
        if not is_number(operand):
            return _as_unknown(operand)
        return self.applied(node, SIGNS[type(node.op)], operand)

    def comparison(self, node: Any) -> Any:
        """A comparison, or a chain of them."""
        left = self.value(node.left)
        for operator, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.value(comparator)
            compare = COMPARISONS.get(type(operator))
            if compare is None or not (is_number(left) and is_number(right)):
                return Unknown("")
            if not compare(plain(left), plain(right)):
                return False
            left = right
        return True

    def either(self, node: Any) -> Any:
        """`and` and `or`."""
        goes_on = type(node.op) is ast.And
        value: Any = Unknown("")
        for part in node.values:
            value = self.value(part)
            truth = truth_of(value)
            if truth is None:
                return Unknown("")
            if truth is not goes_on:
                return value
        return value

    def condition(self, node: Any) -> Any:
        """`x if test else y`; only the side that is taken."""
        truth = truth_of(self.value(node.test))
        if truth is None:
            return Unknown("which side is taken is only known when it runs")
        return self.value(node.body if truth else node.orelse)

    # Calls.

    def call(self, node: Any) -> Any:
        """What a known function gives."""
        callee_node = node.func
        name = callee_node.id if type(callee_node) is ast.Name else ""
        if name == policy.LITERAL:
            return self.new(leaf(node.args[0].value, LITERAL))
        if name == policy.ARGUMENT:
            return self.argument(node)
        callee, first = self.callee(callee_node)
        arguments = [*first, *self.arguments(node)]
        options = {k.arg: self.value(k.value) for k in node.keywords}
        named = function(callee)
        given = [*arguments, *options.values()]
        if not named or None in options or not all(map(is_data, given)):
            return Unknown("" if named else "what the call gives is only known when it runs")
        if sum(map(_size, given)) > LONGEST_INT:
            return Unknown("the numbers are too long to work out beforehand")
        if named == "round" and any(type(x) is int and abs(x) > _DIGITS for x in given[1:]):
            return Unknown("")
        if cutting(callee) and any(map(is_node, given)):
            self.problems.append(Problem("cut", node, function=cutting(callee)))
        self.called.add(place_of(node))
        result = self.applied(node, callee, *arguments, **options)
        return result if is_data(result) else Unknown("")

    def argument(self, node: Any) -> Any:
        """A number typed as an argument: a leaf for the session's own functions."""
        callee, number = node.args
        known = self.value(callee)
        if type(known) is Unknown and known.kind == "function":
            return self.new(leaf(number.value, LITERAL))
        return number.value

    def arguments(self, node: Any) -> list[Any]:
        """The positional arguments, starred ones laid out."""
        found: list[Any] = []
        for argument in node.args:
            if type(argument) is ast.Starred:
                inner = self.value(argument.value)
                found += inner if is_sequence(inner) else [Unknown("")]
            else:
                found.append(self.value(argument))
        return found

    def callee(self, node: ast.expr) -> tuple[Any, list[Any]]:
        """What is called, and the node whose method it is."""
        if type(node) is ast.Attribute:
            holder = self.value(node.value)
            if is_node(holder):
                known = method(node.attr)
                return (known, [holder]) if known else (Unknown(""), [])
            inside = members(holder)
            return (inside.get(node.attr, Unknown("")) if inside else Unknown(""), [])
        return self.value(node), []

    def applied(
        self, node: ast.AST, compute: Callable[..., Any], *given: Any, **options: Any
    ) -> Any:
        """What a known function gives, or the note that it raises."""
        try:
            result = compute(*given, **options)
        except ZeroDivisionError as error:
            self.stop("division", node, str(error))
        except OverflowError as error:
            self.stop("overflow", node, str(error.args[-1]))
        except DomainError as error:
            self.stop("domain", node, str(error))
        except ValueError as error:
            self.stop("domain", node, str(error))
        except (TypeError, AttributeError):
            return Unknown("")
        if type(result) is complex:
            return Unknown("")
        return result if compute in (max, min) else self.new(result)

    def new(self, result: Any) -> Any:
        """The result, noted as a node that nobody else has."""
        if is_node(result):
            self.fresh.add(id(result))
        return result

    def stop(self, kind: str, node: ast.AST, fact: str) -> None:
        """Note that the statement raises here, and leave it."""
        self.problems.append(Problem(kind, node, fact))
        raise Stopped


def _size(given: Any) -> int:
    """The bits of all whole numbers in an argument."""
    return sum(map(bits, given)) if is_container(given) else bits(given)


def truth_of(value: Any) -> bool | None:
    """Whether a test holds; None where only running it would tell."""
    if is_number(value):
        return bool(plain(value))
    if value is None or is_container(value) or type(value) is str:
        return bool(value)
    return None


def _as_unknown(*operands: Any) -> Unknown:
    """The reason of the first operand that is not known."""
    return next((x for x in operands if type(x) is Unknown), Unknown(""))


def _is_too_long(kind: type[ast.AST], left: Any, right: Any) -> bool:
    """Whether a whole result would be so long that computing it could hang."""
    size = bits(left)
    if kind is ast.Mult:
        return size + bits(right) > LONGEST_INT
    if kind is ast.Pow and size and bits(right):
        return size * abs(plain(right)) > LONGEST_INT if bits(right) < 64 else size > 1
    return max(size, bits(right)) > LONGEST_INT


_Handler = Callable[[Evaluator, Any], Any]
_HANDLERS: Final[Mapping[type[ast.AST], _Handler]] = {
    ast.Constant: Evaluator.constant,
    ast.Name: Evaluator.name,
    ast.List: Evaluator.listed,
    ast.Tuple: Evaluator.listed,
    ast.Dict: Evaluator.dictionary,
    ast.NamedExpr: Evaluator.walrus,
    ast.Subscript: Evaluator.subscript,
    ast.Attribute: Evaluator.attribute,
    ast.BinOp: Evaluator.operation,
    ast.UnaryOp: Evaluator.sign,
    ast.Compare: Evaluator.comparison,
    ast.BoolOp: Evaluator.either,
    ast.IfExp: Evaluator.condition,
    ast.Call: Evaluator.call,
}
