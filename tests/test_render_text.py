"""Terminal drawings, compared whole: what each graph of the table looks like where.

The expected drawings are `tests/drawings/NAME.txt`; to write them anew, and to look at them before
they are kept: `VREPL_UPDATE=1 pytest tests/test_render_text.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render_graphs import GRAPHS, HOSTILE, LARGE, LETTERS, chain, graph_of, graphs, web
from wcwidth import wcswidth

from vrepl import Value
from vrepl.core.graph import Graph, snapshot
from vrepl.render.bounds import missing, nearest
from vrepl.render.glyphs import ASCII, UNICODE
from vrepl.render.text import STYLES, draw

DRAWINGS = Path(__file__).parent / "drawings"
ALL = GRAPHS | LARGE
WIDTHS = (40, 80, 120)
CONTROLS = "".join(map(chr, [*range(32), *range(127, 160), 0x202E, 0x200B, 0xFFFE])).replace(
    "\n", ""
)


def sheet(graph: Graph) -> str:
    """All forms of *graph*, each below the styles, glyph sets and widths that give it."""
    forms: dict[str, list[str]] = {}
    for style in STYLES:
        for ascii_only in (False, True):
            for width in WIDTHS if style == "auto" or not ascii_only else (80,):
                drawing = draw(graph, width=width, ascii_only=ascii_only, style=style)
                drawing_set = "ascii" if ascii_only else "unicode"
                forms.setdefault(drawing, []).append(f"{style} {drawing_set} {width}")
    return "\n".join(f"== {', '.join(where)}\n{drawing}\n" for drawing, where in forms.items())


def shown_fully(graph: Graph, drawing: str, width: int, ascii_only: bool) -> bool:
    """Whether *drawing* is no summary, folds no node and leaves none out."""
    glyphs = ASCII if ascii_only else UNICODE
    is_summary = drawing.startswith(
        draw(graph, width=width, ascii_only=ascii_only, style="summary")
    )
    leaves_out = any(line.startswith(glyphs.ellipsis) for line in drawing.splitlines())
    return not (is_summary or leaves_out or "folded" in drawing)


def nodes_in_tree(lines: list[str]) -> int:
    """How many nodes the lines of a tree show; an arrow leads to a line that shows the same one."""
    return sum(" = " in line and not line.endswith(("↑", "↓")) for line in lines)


@pytest.mark.parametrize("name", ALL)
def test_a_drawing_looks_as_it_should(name: str) -> None:
    file = DRAWINGS / f"{name}.txt"
    drawn = sheet(ALL[name])
    if os.environ.get("VREPL_UPDATE"):
        DRAWINGS.mkdir(exist_ok=True)
        file.write_text(drawn, "utf-8")
    assert drawn == file.read_text("utf-8")


def test_every_stored_drawing_has_its_graph() -> None:
    assert {file.stem for file in DRAWINGS.glob("*.txt")} == set(ALL)


WAYS = {
    "width": st.integers(20, 130),
    "ascii_only": st.booleans(),
    "style": st.sampled_from(STYLES),
}


@given(graph=graphs(), **WAYS)
def test_a_drawing_fits_and_shows_every_name(
    graph: Graph, width: int, ascii_only: bool, style: str
) -> None:
    drawing = draw(graph, width=width, ascii_only=ascii_only, style=style)
    lines = drawing.splitlines()
    assert all(wcswidth(line) <= width and line == line.rstrip() for line in lines)
    assert drawing.isascii() or not ascii_only
    if shown_fully(graph, drawing, width, ascii_only):
        words = set("".join(c if c.isalnum() else " " for c in drawing).split())
        assert {node.name for node in graph.nodes} <= words


@given(names=st.lists(st.text(LETTERS, max_size=30) | st.sampled_from(HOSTILE), min_size=3), **WAYS)
def test_any_name_can_be_drawn(names: list[str], width: int, ascii_only: bool, style: str) -> None:
    leaves = [("", []) for _ in range(len(names) // 2 + 1)]
    made = [*leaves, *(("-", [2 * i, 2 * i + 1]) for i in range(len(leaves) - 1))]
    graph = graph_of(made, [*names, *names])
    drawing = draw(graph, width=width, ascii_only=ascii_only, style=style)
    assert not set(CONTROLS) & set(drawing)
    for line in drawing.split("\n"):
        assert 0 <= wcswidth(line) <= width
        assert line == line.rstrip()


@pytest.mark.parametrize("name", HOSTILE)
def test_boxes_stay_in_shape_around_a_hostile_name(name: str) -> None:
    a = Value(2.0, label=name)
    lines = draw(snapshot(-a), width=120).splitlines()
    assert {line.index("data") for line in lines if "data" in line} == {2}
    assert len(set(map(wcswidth, lines))) == 1  # the right side of the last box is straight


@given(graph=graphs(), width=st.integers(40, 130), count=st.integers(1, 6))
def test_a_bounded_drawing_counts_what_it_leaves_out(graph: Graph, width: int, count: int) -> None:
    shown = nearest(graph, count)
    for style in ("tall", "tree"):
        lines = draw(shown, width=width, style=style).splitlines()
        counted = [line for line in lines if line.startswith(f"… {missing(shown)} more node")]
        assert len(counted) == (missing(shown) > 0)


@pytest.mark.parametrize(
    "large", [chain(1_000), web(1_000), chain(50_000)], ids=["loop", "web", "deep"]
)
@pytest.mark.parametrize("style", STYLES)
def test_a_large_graph_is_drawn_on_one_page(large: Graph, style: str) -> None:
    lines = draw(large, width=80, style=style).splitlines()
    assert len(lines) <= 42
    if lines[1].startswith(f"{large.total:,} nodes: "):
        assert style != "tree"
        assert (lines[-1] == f"no room for {style}: summary") == (style not in ("auto", "summary"))
    else:
        [count] = (line.split()[1] for line in lines if line.startswith("… "))
        assert int(count.replace(",", "")) == large.total - nodes_in_tree(lines)
        assert style == "tree"


def test_a_loop_of_python_is_drawn_from_its_end() -> None:
    x, total = Value(2.0, label="x"), Value(0.0, label="start")
    for step in range(50_000):
        total = total + x * step
    graph = snapshot(total, limit=40)
    lines = draw(graph, width=80, style="tree").splitlines()
    assert lines[0].endswith("= 2.5e9  (+)")
    assert lines[-2:] == [
        "   └─ x = 2.0",
        f"… {100_002 - nodes_in_tree(lines):,} more nodes not shown",
    ]


def test_the_number_of_boxes_is_bounded() -> None:
    assert draw(web(19), width=10_000).startswith(" ")  # 39 nodes, the first lines of boxes
    assert draw(web(20), width=10_000).startswith("n40 = ")  # 41 nodes: too many


@pytest.mark.parametrize("style", STYLES)
def test_each_style_is_where_to_begin(style: str) -> None:
    drawing = draw(GRAPHS["product_and_sum"], style=style)
    first = {"tree": "d = 4.0  slope 1.0  (+)", "summary": "d = 4.0  slope 1.0", "slim": "╭──────╮"}
    assert drawing.splitlines()[0] == first.get(style, "╭────────────╮")


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="No drawing style 'round'; there are auto, tall"):
        draw(GRAPHS["square"], style="round")


def test_one_letter_in_ascii_never_becomes_another() -> None:
    graph = GRAPHS["wide_names"]
    assert "学習率" in draw(
        graph, ascii_only=True
    )  # names are the user's own, whatever their script
    assert "…" not in draw(GRAPHS["bounded"], ascii_only=True)
