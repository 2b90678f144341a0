"""`%check`: every row beside central differences, and the words for what is odd."""

from __future__ import annotations

import math

import pytest
from test_operators_rows import every_row, operands_of

import vrepl
from vrepl import Value
from vrepl.core import checking, precision
from vrepl.core.checking import check_locals, check_slopes
from vrepl.core.nodes import order
from vrepl.core.operators import BY_NAME, Operator
from vrepl.core.precision import Doubles, Precise
from vrepl.core.rules import evaluate
from vrepl.core.value import apply
from vrepl.session.ask_check import CheckAnswer
from vrepl.session.commands import ask
from vrepl.session.session import Session

PRECISE = Precise()


@every_row
def test_the_precise_value_is_the_floats_value(row: Operator) -> None:
    for sample in row.samples:
        exact = PRECISE.function(row)(*sample)
        assert float(exact) == pytest.approx(evaluate(row)(*sample), rel=1e-13)


PIECEWISE = {"floordiv", "mod", "fmod", "remainder", "copysign"}


@every_row
def test_no_row_is_refuted_anywhere(row: Operator) -> None:
    checked = 0
    for operands in (*row.samples, *operands_of(row)[::3]):
        try:
            y = apply(row, *map(Value, operands))
        except (ArithmeticError, ValueError, TypeError):
            continue
        if row.name in PIECEWISE and any(abs(x) < 1e-30 for x in operands):
            continue  # the pieces are shorter than the step; and mpmath has no -0.0
        if isinstance(y, Value) and all(abs(x) < 1e15 for x in operands):
            for finding in check_locals([y], PRECISE):
                assert not finding.is_refuted, finding
                checked += finding.verdict == "agrees"
    assert checked > len(row.samples) / 2 or not any(row.partials)


def findings(root: Value, arithmetic: precision.Arithmetic) -> list[checking.Finding]:
    ordered = order(root)
    return [
        *check_locals(ordered, arithmetic),
        *check_slopes(ordered, ordered[:-1], arithmetic),
    ]


ODD = {
    "abs": (lambda: abs(Value(0.0)), "kink"),
    "relu": (lambda: vrepl.relu(Value(0.0)), "kink"),
    "max": (lambda: vrepl.max(Value(1.0), 1.0), "kink"),
    "sqrt": (lambda: vrepl.sqrt(Value(0.0)), "steep"),
    "cbrt": (lambda: vrepl.cbrt(Value(0.0)), "steep"),
    "asin": (lambda: vrepl.asin(Value(1.0)), "steep"),
    "power": (lambda: Value(0.0) ** 2.5, "edge"),
    "floor": (lambda: math.floor(Value(2.0)), "step"),
    "remainder": (lambda: Value(2.0) % 1, "step"),
    "angle": (lambda: vrepl.atan2(Value(0.0), 0.0), "undefined"),
    "base": (lambda: 2 ** Value(3), "agrees"),
    "infinite": (lambda: Value(math.inf) * 2.0, "unmeasured"),
    "digits": (lambda: round(Value(2.347), Value(2)), "agrees"),
}


@pytest.mark.parametrize("arithmetic", [PRECISE, Doubles()], ids=lambda a: a.words)
@pytest.mark.parametrize("name", ODD)
def test_odd_points_are_told_apart(name: str, arithmetic: precision.Arithmetic) -> None:
    make, verdict = ODD[name]
    found = findings(make(), arithmetic)
    assert found[0].verdict == verdict and not any(f.is_refuted for f in found)


@pytest.mark.parametrize("arithmetic", [PRECISE, Doubles()], ids=lambda a: a.words)
@pytest.mark.parametrize(
    ("name", "partials", "at"),
    [
        ("mul", ("b", "a * 1.00001"), (2.0, 3.0)),
        ("abs", ("2.0",), (0.0,)),
        ("floor", ("1.0",), (2.5,)),
        ("sin", ("-cos(a)",), (0.3,)),
        ("pow", ("1.0", "0.0"), (0.0, 2.5)),
    ],
)
def test_a_wrong_rule_is_refuted(name, partials, at, arithmetic) -> None:
    row = BY_NAME[name]
    wrong = Operator(row.name, row.symbol, row.forward, partials, "wrong", "", row.samples)
    y = apply(wrong, *map(Value, at))
    assert any(finding.is_refuted for finding in check_locals([y], arithmetic))


def test_a_slope_wrong_by_rounding_too_much_is_refuted() -> None:
    row = BY_NAME["tanh"]
    careless = Operator("tanh", "tanh", "tanh(a)", ("1 - y*y",), "careless", "", row.samples)
    assert not any(f.is_refuted for f in check_locals([apply(row, Value(15.0))], PRECISE))
    assert any(f.is_refuted for f in check_locals([apply(careless, Value(15.0))], PRECISE))


def test_floats_that_are_too_coarse_refute_nothing() -> None:
    x = Value(1.0)
    steep = vrepl.sin(x * 1e9) + vrepl.acosh(Value(1 + 2**-52))
    verdicts = {finding.verdict for finding in findings(steep, Doubles())}
    assert "coarse" in verdicts and "differs" not in verdicts
    assert {finding.verdict for finding in findings(steep, PRECISE)} == {"agrees"}
    assert {f.verdict for f in findings(steep, Doubles(h=1e-20))} == {"no step", "coarse"}


def asked(text: str, **names: Value) -> CheckAnswer:
    for name, node in names.items():
        node.label = name
    answer = ask(Session.over(dict(names)), "check", text)
    assert isinstance(answer, CheckAnswer)
    return answer


def test_the_answer_in_words() -> None:
    a, b, z = Value(2.0), Value(-3.0), Value(0.0)
    answer = asked("d", a=a, b=b, z=z, d=a * b + abs(z))
    summary, *rest = answer.parts()
    assert summary == (
        "d: 8 of 10 local derivatives and slopes agree with central differences in 100 digits;"
        " 2 kink"
    )
    assert rest[:2] == [
        "local derivative of abs(z) by z: a kink: the slopes on the two sides differ"
        " (-1.0 on the left, 1.0 on the right); 0.0 is taken",
        "slope of d by z: a kink: the slopes on the two sides differ"
        " (-1.0 on the left, 1.0 on the right); 0.0 is taken",
    ]
    assert answer and len(answer.odd) == 2 and not answer.refuted and len(answer) == 10
    far = Value(1e17)
    answer = asked("y --h 1e-6", x=far, y=far * 3)
    assert "x + h is x itself in floating point; choose a larger h" in str(answer.parts())
    assert asked("x", x=far).parts() == ["x depends on no input: there is nothing to check"]


def test_without_mpmath_floats_are_used_and_the_remedy_named(monkeypatch) -> None:
    monkeypatch.setattr(precision, "find_spec", lambda name: None)
    a = Value(2.0)
    answer = asked("d", a=a, d=a * a)
    assert answer.arithmetic == "floats" and answer
    assert 'pip install "vrepl[check]"' in answer.parts()[0]


def test_a_large_graph_is_checked_as_far_as_there_is_time() -> None:
    x = Value(1.0001)
    y = x
    for _ in range(5_000):
        y = y * 1.00001 + 0.5
    answer = asked("y", x=x, y=y)
    assert answer and answer.left_out > 0
    text = "\n".join(map(str, answer.parts()))
    assert len(text) < 30_000 and f"{answer.left_out:,} more comparisons" in text
