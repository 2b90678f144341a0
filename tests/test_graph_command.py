"""The command `graph` from words to drawing: paths, styles, depth, what is expanded, mistakes."""

from __future__ import annotations

import dataclasses

import pytest
from wcwidth import wcswidth

from vrepl import Value, tanh
from vrepl.core.errors import CommandError, NotConnected, UnknownName
from vrepl.core.graph import OLDER
from vrepl.fronts.painting import Face
from vrepl.session.ask_graph import GraphAnswer
from vrepl.session.commands import ask
from vrepl.session.session import Session


def leaf(name: str, number: float) -> Value:
    return Value(number, label=name)


def named(node: Value, name: str) -> Value:
    node.label = name
    return node


@pytest.fixture
def session() -> Session:
    a, b, c, apart = leaf("a", 2.0), leaf("b", -3.0), leaf("c", 10.0), leaf("apart", 1.0)
    d = named(a * b + c, "d")
    h = named(tanh(a * b - c), "h")
    y = named(h * h + a, "y")
    plain = 4.0
    nodes = {node.label: node for node in (a, b, c, apart, d, h, y)}
    return Session.over({**nodes, "plain": plain})


def graph(session: Session, text: str) -> GraphAnswer:
    answer = ask(session, "graph", text)
    assert isinstance(answer, GraphAnswer)
    return answer


def shown(session: Session, text: str, width: int = 80) -> str:
    face = Face(width=lambda: width, encoding=lambda: "utf-8", rich=False)
    painted = dataclasses.replace(session, paint=face.paint)
    return repr(graph(painted, text))


PATH = """
╭────────────╮                ╭───────────╮               ╭───────────╮
│ a          │                │ a * b     │               │ d         │
│ data 2.0   │── -3.0 ──(×b)─▶│ data -6.0 │── 1.0 ──(+c)─▶│ data 4.0  │
│ slope -3.0 │                │ slope 1.0 │               │ slope 1.0 │
╰────────────╯                ╰───────────╯               ╰───────────╯
slope of d by a = -3.0, the product of the numbers along its path
"""


def test_a_path_has_its_local_derivatives_and_calls_the_rest_by_name(session: Session) -> None:
    assert shown(session, "d wrt a") == PATH.strip()
    answer = graph(session, "d wrt a")
    assert [node.title for node in answer.graph.nodes] == ["a", "a * b", "d"]
    assert [(edge.left_out, edge.name) for edge in answer.graph.root.edges] == [
        (False, ""),
        (True, "c"),
    ]


def test_paths_are_counted_and_add_up(session: Session) -> None:
    answer = graph(session, "y wrt a, b")
    assert [(route.wrt, route.paths) for route in answer.routes] == [("a", 3), ("b", 2)]
    for route in answer.routes:
        assert route.slope == pytest.approx(float(ask(session, "slope", f"y wrt {route.wrt}")))
    told = "slope of y by a = 1.0, the sum over 3 paths; %explain y wrt a writes them out"
    assert shown(session, "y wrt a").splitlines()[-1] == told
    for width in (40, 60):
        lines = shown(session, "y wrt a", width).splitlines()
        assert max(map(len, lines)) <= width and told in " ".join(map(str.strip, lines))


def test_very_many_paths_are_not_counted_one_by_one() -> None:
    x = y = leaf("x", 1.0)
    for _ in range(3_000):
        y = y * y
    session = Session.over({"x": x, "y": y})
    assert "the sum over very many paths" in shown(session, "y wrt x")


def test_inputs_that_lead_nowhere_are_refused_with_the_reason(session: Session) -> None:
    with pytest.raises(NotConnected, match="d is not connected to apart"):
        graph(session, "d wrt apart")
    with pytest.raises(CommandError, match="plain"):
        graph(session, "d wrt plain")
    with pytest.raises(UnknownName):
        graph(session, "d wrt nope")
    with pytest.raises(CommandError, match="ask %slope d wrt a a"):
        graph(session, "d wrt a a")


@pytest.mark.parametrize(
    ("style", "first"),
    [
        ("tall", "╭────────────╮"),
        ("slim", "╭──────╮"),
        ("folded", "╭────────────╮"),
        ("tree", "d = 4.0  slope 1.0  (+)"),
        ("summary", "d = 4.0  slope 1.0"),
    ],
)
def test_a_style_is_drawn_when_there_is_room(session: Session, style: str, first: str) -> None:
    drawing = shown(session, f"d --style {style}")
    assert drawing.splitlines()[0] == first and "no room" not in drawing


def test_a_style_without_room_gives_way_and_says_so(session: Session) -> None:
    drawing = shown(session, "y --style tall", width=50)
    assert drawing.splitlines()[-1] == "no room for tall: tree"
    assert shown(session, "d --ascii").isascii()
    assert "╭" in shown(session, "d")


def test_depth_keeps_what_is_near_and_counts_the_rest(session: Session) -> None:
    drawing = shown(session, "d --depth 1")
    assert "(a×b)─▶│ data -6.0" in drawing.replace("slope", "")
    assert drawing.splitlines()[-1] == "… 2 more nodes not shown"
    assert shown(session, "d --depth 9") == shown(session, "d")


def test_a_name_is_expanded_among_folded_ones(session: Session) -> None:
    folded = shown(session, "y --style folded", width=120)
    assert "= tanh(a * b - c)" in folded and "(tanh…)" in folded
    assert "--expand h opens one" in folded
    opened = shown(session, "y --expand h", width=120)
    assert "(tanh…)" not in opened and "a * b - c" in opened and "(+…)" in opened


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("d --style round", "--style round is none of tall, slim, folded, tree, summary"),
        ("d --style", "--style needs STYLE"),
        ("d --depth 0", "--depth 0 is no count"),
        ("d --expand nope", "d has no node nope to expand"),
        ("d --ascci", 'graph has no option "--ascci", did you mean "--ascii"'),
        ("d wrt", "wrt needs a name"),
    ],
)
def test_a_mistake_says_what_is_possible(session: Session, text: str, fact: str) -> None:
    with pytest.raises(CommandError) as caught:
        graph(session, text)
    assert fact in str(caught.value) and "\n" not in str(caught.value)


def test_a_loop_that_binds_one_name_again_and_again_is_one_box() -> None:
    x, total = leaf("x", 2.0), leaf("start", 0.0)
    for step in range(300):
        total = named(total + x * step, "total")
    session = Session.over({"x": x, "total": total})
    answer = graph(session, "total")
    assert sum(node.name == f"total{OLDER}" for node in answer.graph.nodes) == 299
    drawing = shown(session, "total")
    assert "599 nodes folded" in drawing and "│ x " in drawing and "│ total " in drawing


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_large_graph_is_summarised_on_a_screen_with_ways_in(width: int) -> None:
    x, total = leaf("x", 0.5), leaf("start", 0.0)
    for _ in range(10_000):
        total = tanh(total * x + 1.0)
    session = Session.over({"x": x, "total": total})
    lines = shown(session, "total", width).splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= width
    assert lines[1].startswith("30,002 nodes: 2 leaves,")
    [way] = [word for word in " ".join(lines).split(", ") if "--depth" in word]
    assert "%graph total --depth 3" in way
    near = shown(session, "total --depth 3", width)
    assert [line for line in near.splitlines() if line.startswith("… 29,99")]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "text",
    ["損失", "損失 wrt 重み", "損失 --style summary", "損失 --style tree", "損失 --expand 予測"],
)
def test_names_of_any_script_can_be_printed_anywhere(encoding: str, text: str) -> None:
    weight, rate, slope = leaf("重み", 0.5), leaf("学習率🙂", 2.0), leaf("é", -1.0)
    guess = named(tanh(weight * rate) + slope, "予測")
    loss = named(guess * guess - slope, "損失")
    nodes = {node.label: node for node in (weight, rate, slope, guess, loss)}
    face = Face(width=lambda: 60, encoding=lambda: encoding, rich=False)
    session = dataclasses.replace(Session.over(nodes), paint=face.paint)
    for command in ("graph", "trace"):
        asked = text if command == "graph" else "損失 --animate"
        drawing = repr(ask(session, command, asked))
        assert "could not be drawn" not in drawing
        assert drawing.encode(encoding)
        assert all(wcswidth(line) <= 60 for line in drawing.splitlines())
