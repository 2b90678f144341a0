"""Which row of the policy's table a number stands in, and what `%literals` says about it."""

from __future__ import annotations

import ast

import pytest

from vrepl.session.literals import POSITIONS, Position
from vrepl.session.positions import literals_of


@pytest.mark.parametrize("position", POSITIONS, ids=lambda position: position.name)
def test_every_number_of_an_example_is_in_its_row(position: Position) -> None:
    found = list(literals_of(ast.parse(position.example), position.example))
    assert {x.position.name for x in found} <= {position.name}
    assert found or position.name == "other constants"
    assert {x.becomes == "plain" for x in found} <= {not position.wrapped}


def test_places_are_counted_in_characters() -> None:
    source = "größe = 's'; 变量 = -2.5; d = 变量*3"
    found = list(literals_of(ast.parse(source), source))
    assert [x.text for x in found] == ["-2.5", "3"]
    assert [source[x.start : x.end] for x in found] == ["-2.5", "3"]


def test_deep_and_large_cells() -> None:
    source = "x = " + " + ".join(["1.5"] * 900)
    assert len(list(literals_of(ast.parse(source), source))) == 900
    source = f"w = [{'1, ' * 5_000}]"
    assert {x.position.name for x in literals_of(ast.parse(source), source)} == {"large list"}


def test_numbers_of_a_function_that_nobody_can_ask_for() -> None:
    lines = (
        "i: int = 2", "j = k = -1", "m, w = 3, 0.5", "u = 2*3 if n else 4", "for p in [5]: n += p",
        "while (q := 7) < i + j + k + m + u + n: pass", "for v in [8, q]: pass", "__t__ = 9",
        "return w",
    )  # fmt: skip
    source = "def f(n):\n    " + "\n    ".join(lines)
    found = {x.text: x for x in literals_of(ast.parse(source), source)}
    plain = {text for text, x in found.items() if x.position.name == "local for tests alone"}
    assert plain == {"2", "-1", "3", "4", "5", "7"}
    assert found["0.5"].becomes == "node"
    assert found["8"].position.name == "for over a mixture"
    assert found["9"].position.name == "dunder name"
