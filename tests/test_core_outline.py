"""Outlines: what a graph of any size is made of, in groups of equal structure."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from vrepl import Value, tanh
from vrepl.core.nodes import adjoints, order
from vrepl.core.outline import MOST_GROUPS, Outline, outline


def leaf(name: str, number: float) -> Value:
    return Value(number, label=name)


def named(node: Value, name: str) -> Value:
    node.label = name
    return node


def outlined(root: Value) -> Outline:
    ordered = order(root)
    return outline(ordered, lambda node: node.label, adjoints(ordered))


def layers(*sizes: int, hidden: str = "h") -> Value:
    """A perceptron's loss with layers of *sizes*; hidden units have names if *hidden* is one."""
    chance = random.Random(1)

    def number(name: str) -> Value:
        return leaf(name, chance.uniform(-1, 1))

    units = [number(f"x{i}") for i in range(sizes[0])]
    for layer, size in enumerate(sizes[1:], 1):
        before, units = units, []
        for unit in range(size):
            total = number(f"b{layer}_{unit}")
            for i, x in enumerate(before):
                total = total + number(f"w{layer}_{unit}_{i}") * x
            units.append(named(tanh(total), f"{hidden}{layer}_{unit}" if hidden else ""))
    return named((units[0] - 1.0) ** 2, "loss")


def told(found: Outline) -> list[tuple[int, str, tuple[str, ...], tuple[int, ...]]]:
    return [(g.count, g.made, g.names, g.operands) for g in found.groups]


def test_layers_of_a_perceptron_are_groups() -> None:
    found = outlined(layers(8, 17, 14, 1))
    assert told(found) == [
        (1, "(· - ·)**2", ("loss",), (1,)),
        (1, "tanh(sum of 14 products, 1 value)", ("h3_0",), (2,)),
        (14, "tanh(sum of 17 products, 1 value)", ("h2_0", "h2_13"), (3,)),
        (17, "tanh(sum of 8 products, 1 value)", ("h1_0", "h1_16"), (4,)),
        (8, "", ("x0", "x7"), ()),
    ]
    weights = 8 * 17 + 17 * 14 + 14
    assert found.leaves == 8 + weights + 17 + 14 + 1
    assert dict(found.operations) == {"*": weights, "+": weights, "tanh": 32, "-": 1, "**": 1}


def test_equal_layers_are_told_apart_by_what_they_are_of() -> None:
    assert [group.count for group in outlined(layers(3, 5, 5, 5, 1)).groups] == [1, 1, 5, 5, 5, 3]


def test_units_without_names_are_found_by_their_uses() -> None:
    assert told(outlined(layers(3, 6, 4, 1, hidden="")))[1] == (
        6,
        "tanh(sum of 3 products, 1 value)",
        (),
        (2,),
    )


def test_a_loop_is_one_sum() -> None:
    x, total = leaf("x", 2.0), leaf("start", 0.0)
    for step in range(1_000):
        total = total + x * step
    found = outlined(named(total, "total"))
    assert told(found) == [
        (1, "sum of 1,000 products, 1 value", ("total",), (1,)),
        (1, "", ("x",), ()),
    ]
    assert found.depth == 1_001
    assert found.steepest == (("x", 499_500.0), ("start", 1.0)) and found.named == 2


def test_steps_that_use_one_another_are_one_group() -> None:
    w, h = leaf("w", 0.5), leaf("h0", 0.1)
    for _ in range(1_000):
        h = tanh(w * h)
    [chain, *_] = outlined(h).groups
    assert chain.count >= 998 and chain.repeats and chain.made == "tanh(· * ·)"

    a, x = leaf("a", 2.0), leaf("x", 1.0)
    for _ in range(500):
        x = 0.5 * (x + a / x)
    [newton, *_] = outlined(x).groups
    assert (newton.count, newton.repeats) == (500, True)


def test_exponents_are_part_of_a_formula_and_other_numbers_are_not() -> None:
    a = [leaf(f"a{i}", 2.0) for i in range(4)]
    squares = a[0] ** 2 + a[1] ** 2 + a[2] ** 3.5 + a[3] * 7
    assert outlined(squares).groups[0].made == "sum of 3 (**), 1 product"
    assert outlined((a[0] - 7.0) ** 2).groups[0].made == "(· - ·)**2"


def test_deep_and_wide_graphs_are_outlined_without_recursion() -> None:
    deep = leaf("a", 0.5)
    for _ in range(50_000):
        deep = -(tanh(deep))
    found = outlined(deep)
    assert found.depth == 100_000 and len(found.groups) <= MOST_GROUPS
    wide = sum((leaf(f"x{i}", 1.0) * leaf(f"y{i}", 1.0) for i in range(20_000)), Value(0.0))
    assert outlined(wide).groups[0].made == "sum of 20,000 products, 1 value"


UNARY = [tanh, abs, lambda x: -x]
BINARY = [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: abs(a) ** 2]


@st.composite
def roots(draw: st.DrawFn) -> Value:
    nodes = [leaf(f"x{i}", 0.5) for i in range(draw(st.integers(1, 4)))]
    for _ in range(draw(st.integers(0, 25))):
        operand = st.sampled_from(nodes[-6:] + nodes[:3])
        if draw(st.booleans()):
            made = draw(st.sampled_from(UNARY))(draw(operand))
        else:
            operands = draw(operand), draw(operand | st.sampled_from([2.0, 3.0]))
            made = draw(st.sampled_from(BINARY))(*operands)
        nodes.append(named(made, draw(st.sampled_from(["", "", "n"]))))
    return nodes[-1]


@settings(max_examples=60)
@given(roots())
def test_every_graph_has_an_outline_that_adds_up(root: Value) -> None:
    ordered = order(root)
    found = outlined(root)
    assert found.leaves + sum(count for _, count in found.operations) == len(ordered)
    assert 1 <= len(found.groups) <= MOST_GROUPS
    assert found.groups[0].count >= 1 and (len(ordered) == 1) == (found.groups[0].made == "")
    for position, group in enumerate(found.groups):
        assert all(0 <= other < len(found.groups) for other in group.operands)
        assert position not in group.operands
    reached, waiting = {0}, [0]
    while waiting:
        fresh = set(found.groups[waiting.pop()].operands) - reached
        reached |= fresh
        waiting += fresh
    assert reached == set(range(len(found.groups)))
