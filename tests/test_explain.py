"""The chain rule written out: paths against an enumeration of them all, and how they are set."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_saving import NAMES, tex_letters

from vrepl import Value, exp, tanh
from vrepl.core.chain import COUNTED, ChainRule, Path, Step, chain_rule
from vrepl.core.errors import VreplError
from vrepl.core.nodes import adjoints, is_constant, order
from vrepl.core.rules import local_derivative
from vrepl.core.value import plain
from vrepl.render import formulas, latex, mathml, page
from vrepl.render.cells import cell_width, clean
from vrepl.session.commands import ask
from vrepl.session.session import Session

# ---------------------------------------------------------------- paths


def every_path(root: Value, wrt: Value) -> Iterator[list[float]]:
    """The local derivatives along each path, found the slow way."""
    if root is wrt:
        yield []
        return
    made, *operands = root._made
    numbers = [plain(operand) for operand in operands]
    for position, operand in enumerate(operands):
        if not is_constant(operand):
            local = local_derivative(made, position, numbers, root.data)
            yield from ([local, *rest] for rest in every_path(operand, wrt))


@st.composite
def roots(draw: st.DrawFn) -> tuple[Value, Value]:
    """A small graph in which x is used often, and x."""
    x = Value(draw(st.sampled_from([0.5, -1.25, 2.0, 0.0])), label="x")
    nodes: list[Value] = [x, Value(3.0), Value(-0.75)]
    for _ in range(draw(st.integers(1, 9))):
        a, b = (draw(st.sampled_from([*nodes[-4:], x])) for _ in range(2))
        nodes.append(draw(st.sampled_from([a + b, a - b, a * b, tanh(a), -a, a * 2.0 + b])))
    return nodes[-1] + x, x


@given(roots(), st.integers(1, 8))
def test_paths_are_counted_summed_and_the_largest_are_listed(
    made: tuple[Value, Value], most: int
) -> None:
    root, x = made
    products = [math.prod(path) for path in every_path(root, x)]
    rule = chain_rule(order(root), x, most=most)
    assert rule.count == len(products)
    assert rule.total == adjoints(order(root))[id(x)]
    assert math.isclose(rule.total, math.fsum(products), rel_tol=1e-9, abs_tol=1e-9)
    listed = [abs(path.product) for path in rule.paths]
    largest = sorted(map(abs, products), reverse=True)[:most]
    assert listed == pytest.approx(largest, rel=1e-8, abs=1e-300)
    for path in rule.paths:
        assert path.length == len(path.steps) + path.left_out
        if not path.left_out:
            assert path.product == pytest.approx(math.prod(s.derivative for s in path.steps))


def doubled(x: Value, times: int) -> Value:
    y = x
    for _ in range(times):
        y = y * 0.5 + y * 0.5
    return y


def test_paths_beyond_number_are_counted_exactly() -> None:
    x = Value(1.5, label="x")
    rule = chain_rule(order(doubled(x, 200)), x, most=3)
    assert rule.count == 2**200
    assert rule.total == 1.0
    assert [path.product for path in rule.paths] == [0.5**200] * 3
    assert [path.length for path in rule.paths] == [400] * 3
    assert rule.left_out == 2**200 - 3


def test_a_count_of_hundreds_of_digits_is_a_bound() -> None:
    x = Value(1.5, label="x")
    rule = chain_rule(order(doubled(x, 1_100)), x, most=1)
    assert rule.count == COUNTED
    assert "sum over more than 10**308 paths" in formulas.text(rule)


def test_a_deep_graph_is_no_matter() -> None:
    x = Value(1.5, label="x")
    y = x
    for _ in range(50_000):
        y = y + 0.5
    rule = chain_rule(order(y), x)
    [path] = rule.paths
    assert (rule.count, path.length, path.product) == (1, 50_000, 1.0)
    assert "… 49,988 more …" in formulas.text(rule)


def test_equal_paths_in_a_wide_graph_do_not_slow_the_search() -> None:
    x = Value(0.1, label="x")
    total = x * 0.1
    for _ in range(3_000):
        total = total + x * 0.1
    rule = chain_rule(order(total), x, most=5)
    assert rule.count == 3_001
    assert [path.product for path in rule.paths] == [0.1] * 5


def test_zero_infinite_and_unknown_derivatives_have_their_place() -> None:
    x = Value(0.0, label="x")
    flat, steep = x * 0.0, x**0.5
    rule = chain_rule(order(flat + steep + x), x)
    assert [path.product for path in rule.paths] == [math.inf, 1.0, 0.0]
    spoiled = chain_rule(order(x * math.nan + x * 2.0), x)
    assert math.isnan(spoiled.paths[0].product) and spoiled.paths[1].product == 2.0
    assert math.isnan(spoiled.total)


def test_an_intermediate_node_ends_paths_too() -> None:
    a = Value(2.0, label="a")
    e = a * a
    e.label = "e"
    rule = chain_rule(order(e * e + a), e)
    assert (rule.wrt, rule.count, rule.total) == ("e", 2, 8.0)


# ---------------------------------------------------------------- the command


@pytest.fixture
def session() -> Session:
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10, label="c")
    x = Value(1.5, label="x")
    names = {"a": a, "b": b, "c": c, "d": a * b + c, "x": x, "s": x * x * 2 + tanh(x), "k": 3.0}
    return Session.over(names)


def written(session: Session, line: str) -> str:
    parts = ask(session, "explain", line).parts()
    return "\n".join(p if isinstance(p, str) else formulas.text(p) for p in parts)


D_BY_A = """\
∂d/∂a = ∂d/∂(a * b) · ∂(a * b)/∂a
      = 1.0 · (-3.0)
      = -3.0"""
S_BY_X = """\
∂s/∂x is the sum over 3 paths, the 2 largest of them:
  1. ∂s/∂(x * x * 2) · ∂(x * x * 2)/∂(x * x) · ∂(x * x)/∂x
   = 1.0 · 2.0 · 1.5
   = 3.0
  2. ∂s/∂(x * x * 2) · ∂(x * x * 2)/∂(x * x) · ∂(x * x)/∂x
   = 1.0 · 2.0 · 1.5
   = 3.0
∂s/∂x = 3.0 + 3.0 + (1 more path: 0.1807)
      = 6.1807"""


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("d wrt a", D_BY_A),
        ("d wrt c", "∂d/∂c = 1.0"),
        ("d wrt d", "∂d/∂d = 1.0"),
        ("s wrt x --paths 2", S_BY_X),
        ("d wrt x", "d is not connected to x: d depends on a, b, c"),
        ("d wrt a, x", f"{D_BY_A}\nd is not connected to x: d depends on a, b, c"),
        ("k wrt a", "k is not connected to a: k = 3.0 is a plain number, not a node"),
    ],
)
def test_an_explanation_reads_so(session: Session, line: str, text: str) -> None:
    found = written(session, line)
    assert found == text or (line == "k wrt a" and found.startswith(text))


def test_without_wrt_the_steepest_inputs_are_explained(session: Session) -> None:
    answer = ask(session, "explain", "d")
    assert [rule.wrt for rule in answer] == ["a", "b", "c"]
    assert float(ask(session, "explain", "d wrt a")) == -3.0
    with pytest.raises(TypeError, match="holds 3 chain rules, not one"):
        float(answer)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("d wrt a a", "explain writes first derivatives only, and a a asks for a higher one;"),
        ("d wrt q", 'No name "q" in this session'),
        ("q wrt a", 'No name "q" in this session'),
        ("k", "k = 3.0 is a plain number, not a node"),
        ("d wrt a --paths 0", "--paths 0 is no count; write a whole number like 20; usage:"),
    ],
)
def test_a_mistake_is_one_line(session: Session, line: str, message: str) -> None:
    with pytest.raises(VreplError) as caught:
        ask(session, "explain", line)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


# ---------------------------------------------------------------- how it is set


@given(roots(), st.integers(30, 120))
def test_lines_fit_the_width(made: tuple[Value, Value], width: int) -> None:
    rule = chain_rule(order(made[0]), made[1])
    for ascii_only in (False, True):
        text = formulas.text(rule, width=width, ascii_only=ascii_only)
        steps = [step for path in rule.paths for step in path.steps]
        factors = [step.above + step.below + "∂/∂" for step in steps]
        factor = max(map(cell_width, [*factors, f"({formulas.rest(rule)})"]))
        head = cell_width(rule.output + rule.wrt) + 6
        for line in text.splitlines():
            assert cell_width(line) <= max(width, head + 3 + factor), line
        assert not ascii_only or text.isascii()


@given(roots())
def test_mathml_and_latex_are_well_formed(made: tuple[Value, Value]) -> None:
    rule = chain_rule(order(made[0]), made[1], most=3)
    root = ET.fromstring(mathml.draw(rule))
    assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
    ET.fromstring(page.formula(rule, formulas.text(rule)))
    set_ = latex.draw(rule)
    assert set_.count("{") == set_.count("}")
    assert set_.count(r"\left") == set_.count(r"\right")


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text_in_every_form(name: str) -> None:
    rule = ChainRule("y", name, (Path((Step("y", name, 2.0),), 1, 2.0),), 1, 2.0)
    shown = "".join(ET.fromstring(mathml.draw(rule)).itertext())
    letters = clean(name)
    assert letters in shown or letters.replace("_", "") in shown  # a_1 has an index
    assert letters in formulas.text(rule)
    written = latex.draw(rule)
    bare = written.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}") and "\n" not in latex.expression(name)


@pytest.mark.parametrize(
    ("text", "set_"),
    [
        ("a * b + c", r"a \cdot b + c"),
        ("(a + b) / c", r"\frac{a + b}{c}"),
        ("x1 ** 2", r"x_{1}^{2}"),
        ("-theta", r"-\theta"),
        ("exp(-x)", r"e^{-x}"),
        ("rate", r"\mathit{rate}"),
        ("w[0]", r"\mathit{w[0]}"),
        ("1e-05 * a", r"1 \times 10^{-05} \cdot a"),
        ("a (older)", r"\texttt{a (older)}"),
        ("… + b", r"\texttt{\ldots{} + b}"),
    ],
)
def test_expressions_are_set_as_mathematics(text: str, set_: str) -> None:
    assert latex.expression(text) == set_


@given(st.text())
def test_any_text_becomes_latex(text: str) -> None:
    set_ = latex.expression(text)
    if set_.startswith(r"\texttt{"):
        assert tex_letters(set_.removeprefix(r"\texttt{")[:-1]) == clean(text)


def test_a_document_holds_every_rule() -> None:
    x = Value(0.5, label="x")
    rule = chain_rule(order(exp(x) * x), x)
    assert latex.document([rule, rule]).count(r"\begin{aligned}") == 2
