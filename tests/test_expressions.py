"""Random expressions: what is written reads back as the same graph, and paths sum to adjoints."""

from __future__ import annotations

import ast
import math
from functools import reduce

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vrepl import Value, slope, tangent
from vrepl.core.functions import FUNCTIONS
from vrepl.core.graph import snapshot
from vrepl.core.nodes import adjoints, is_constant, order
from vrepl.core.operators import OPERATORS, Operator
from vrepl.core.rows import ANY_NUMBER, ONE_LIST, TWO_LISTS
from vrepl.core.rules import local_derivative
from vrepl.core.value import apply, plain
from vrepl.session.literals import ARGUMENT, LITERAL, transform
from vrepl.session.support import OPERATIONS, argument, literal

LEAVES = {"a": 2.0, "b": -3.0, "c": 0.5, "n": 4, "e": -1.5}
CONSTANTS = st.sampled_from([1, 2.0, -3, 0.25, -1.5])


# Half of the operations are written with a symbol: those need parentheses.
ROWS = st.one_of(
    st.sampled_from([row for row in OPERATORS if not row.is_function]), st.sampled_from(OPERATORS)
)


@st.composite
def expressions(draw: st.DrawFn, size: int) -> Value:
    """A node over named leaves; sub-expressions are often shared."""
    made = [Value(number, label=name) for name, number in LEAVES.items()]
    rows = draw(st.lists(ROWS, min_size=1, max_size=size))
    for row in rows:
        node = applied(draw, row, made)
        if node is not None:
            made.append(node)
    assume(len(made) > len(LEAVES))
    return made[-1]


def applied(draw: st.DrawFn, row: Operator, made: list[Value]) -> Value | None:
    """The row on some of the nodes made so far; None outside its domain."""
    count = row.arity or draw(st.sampled_from([2, 4] if row.takes == TWO_LISTS else [1, 2, 3]))
    # `round` asks what is rounded, and never the number of digits.
    asked = count if row.is_offered or row.reflected else 1
    position = draw(st.integers(0, asked - 1))
    operands = [
        draw(st.sampled_from(made[::-1]))
        if i == position or draw(st.booleans())
        else draw(CONSTANTS)
        for i in range(count)
    ]
    try:
        node = apply(row, *operands)
    except (ArithmeticError, ValueError, TypeError):
        return None
    usable = isinstance(node, Value) and abs(node.data) < 1e6
    return node if usable else None


def same_graph(one, other) -> bool:
    """Operation for operation the same, with the same numbers; constants by their number."""
    pairs, seen = [(one, other)], set()
    while pairs:
        x, y = pairs.pop()
        if (id(x), id(y)) in seen:
            continue
        seen.add((id(x), id(y)))
        if repr(plain(x)) != repr(plain(y)):
            return False
        if is_constant(x) or is_constant(y):
            if not (is_constant(x) and is_constant(y)):
                return False
            continue
        if x._made[0] is not y._made[0] or len(x._made) != len(y._made):
            return False
        pairs.extend(zip(x._made[1:], y._made[1:], strict=True))
    return True


def typed(text: str, names: dict) -> Value:
    """What a session makes of the text, which keeps `0.5 * n` with a whole n in the graph."""
    tree = transform(ast.parse(text, mode="eval"), cell="", bindings=False)
    support = {LITERAL: literal, ARGUMENT: argument, **OPERATIONS}
    return eval(compile(tree, "<typed>", "eval"), {**names, **support})


@settings(max_examples=300, deadline=None)
@given(expressions(size=5))
def test_what_is_written_reads_back_as_the_same_graph(node: Value) -> None:
    text = snapshot(node).root.expression
    assume("…" not in text and len(node._made) > 1)
    leaves = {leaf.label: leaf for leaf in order(node) if leaf.label}
    names = {"round": round, "abs": abs, **vars(math), **FUNCTIONS, **leaves}
    again = typed(text, names)
    assert same_graph(node, again), f"{text} gives {again!r}"


def test_python_never_asks_the_number_of_digits() -> None:
    """So no session makes a node of a plain number rounded to that many digits."""
    assert type(round(2.347, Value(2))) is float
    assert type(round(Value(2.347), 2)) is type(Value(2.35))


def test_a_wrong_text_would_be_noticed() -> None:
    a, b = Value(2.0), Value(-3.0)
    assert same_graph(a - (b - 1), a - (b - 1))
    assert not same_graph(a - (b - 1), a - b - 1)
    assert not same_graph(a * b, b * a) and not same_graph(a * 2, a * Value(2))


def paths(ordered: list[Value], source: Value) -> list[float]:
    """The product of local derivatives along every path from *source* to the last node."""
    products: dict[int, list[float]] = {id(source): [1.0]}
    for node in ordered:
        row, *operands = node._made
        numbers = [plain(x) for x in operands]
        for i, operand in enumerate(operands):
            for product in () if is_constant(operand) else products.get(id(operand), ()):
                local = local_derivative(row, i, numbers, node.data)
                products.setdefault(id(node), []).append(product * local)
    return products.get(id(ordered[-1]), [])


@settings(max_examples=300, deadline=None)
@given(expressions(size=9))
def test_the_products_along_all_paths_sum_to_the_adjoint(node: Value) -> None:
    ordered = order(node)
    found = adjoints(ordered)
    for other in ordered:
        products = paths(ordered, other)
        assume(len(products) < 2000)
        assert products, "everything behind a node leads to it"
        if all(map(math.isfinite, products)):
            size = math.fsum(map(abs, products))
            off = abs(math.fsum(products) - found[id(other)])
            assert off <= 4 * math.ulp(size) * len(ordered)
            forward = tangent(node, [other], [1.0])
            assert abs(forward - found[id(other)]) <= 4 * math.ulp(size) * len(ordered)
            assert slope(node, other) == found[id(other)]


def test_shared_paths_are_counted_once_each() -> None:
    a = Value(3.0)
    b = a + a
    node = reduce(lambda x, _: x * b, range(3), a)
    assert len(paths(order(node), a)) == 7
    assert math.fsum(paths(order(node), a)) == slope(node, a) == 4 * 8 * 27.0


@pytest.mark.parametrize("row", OPERATORS, ids=lambda row: row.name)
def test_a_call_reads_back_whatever_it_takes(row: Operator) -> None:
    nodes = [Value(x, label=name) for x, name in zip(row.samples[0], "abcd", strict=False)]
    node = apply(row, *nodes)
    names = {n.label: n for n in nodes}
    again = eval(snapshot(node).root.expression, {**vars(math), **FUNCTIONS, **names})
    assert same_graph(node, again)
    assert (row.takes in (ANY_NUMBER, ONE_LIST, TWO_LISTS)) == (row.arity == 0)
