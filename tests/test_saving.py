"""Files that `-o` writes: every format read back by a parser that is strict, and every refusal.

How the pictures look was judged by eye; that PNG and PDF hold a picture of the right size is read
from their headers.
"""

from __future__ import annotations

import json
import math
import re
import struct
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render_graphs import GRAPHS, HOSTILE, chain, graph_of, graphs

from vrepl import Value, loads, slope
from vrepl.core.errors import CommandError, VreplError
from vrepl.core.graph import Graph
from vrepl.core.storage import StorageError
from vrepl.fronts import saving
from vrepl.fronts.painting import host_face
from vrepl.render import exchange, mermaid, picture, svg, tikz
from vrepl.render.cells import clean
from vrepl.session.commands import ask
from vrepl.session.registry import Registry
from vrepl.session.session import Session

NAMES = (
    *HOSTILE, "1. one", "- x", "a--b", "?`x", "#35;", "`code`", "$x$", "50%", "a_1", "数値", "🙂",
)  # fmt: skip


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose d is a * b + c, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10, label="c")
    names = {"a": a, "b": b, "c": c, "d": a * b + c}
    face = host_face(rich=False, write=lambda: None)
    return Session(Registry(lambda: names), face.paint, lambda cell: "", face.save)


def write(session: Session, name: str, command: str = "graph") -> bytes:
    answer = ask(session, command, f'd -o "{name}"')
    assert repr(answer) == f"{name} written, {Path(name).stat().st_size:,} bytes"
    return Path(name).read_bytes()


# ---------------------------------------------------------------- formats


def test_a_drawing_is_svg_with_colours_of_its_own(session: Session) -> None:
    root = ET.fromstring(write(session, "d.svg"))
    assert root.get("role") == "img" and b"var(" not in write(session, "d.svg")


def test_a_drawing_is_png_in_the_size_of_the_svg(session: Session) -> None:
    data, drawn = write(session, "d.png"), ET.fromstring(write(session, "d.svg"))
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    size = struct.unpack(">II", data[16:24])
    assert size == (2 * int(drawn.get("width")), 2 * int(drawn.get("height")))


def test_a_drawing_is_pdf_of_one_page_in_the_size_of_the_svg(session: Session) -> None:
    data, drawn = write(session, "d.pdf"), ET.fromstring(write(session, "d.svg"))
    assert data[:5] == b"%PDF-" and data.rstrip()[-5:] == b"%%EOF"
    [box] = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", data)
    pixels = [float(side) * 96 / 72 for side in box]
    assert pixels == pytest.approx([int(drawn.get("width")), int(drawn.get("height"))])


def test_a_very_long_drawing_still_becomes_a_png() -> None:
    data = picture.png(chain(148))
    width, _ = struct.unpack(">II", data[16:24])
    assert picture.LARGEST - 2 <= width <= picture.LARGEST


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_a_missing_extra_is_named(
    session: Session, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(VreplError) as caught:
        ask(session, "graph", f"d -o d.{ending}")
    remedy = "needs the extra pictures; install it with: pip install 'vrepl[pictures]'"
    assert str(caught.value) == f"{ending.upper()} {remedy}"
    assert not Path(f"d.{ending}").exists()


def test_json_is_a_snapshot_and_a_live_graph(session: Session) -> None:
    text = write(session, "d.json").decode()
    shown = ask(session, "graph", "d").graph
    read = exchange.loads(text)
    assert (read.nodes, read.total) == (shown.nodes, shown.total)
    d = loads(text)
    assert d == 4.0 and d._op == "+"
    a = d._prev[0]._prev[0]
    assert (a.label, slope(d, a)) == ("a", -3.0)


def test_dot_mermaid_and_text_are_what_the_painters_write(session: Session) -> None:
    shown = ask(session, "graph", "d").graph
    assert write(session, "d.mmd").decode() == mermaid.draw(shown)
    assert b"digraph" in write(session, "d.dot")
    assert "├(×)─▶│" in write(session, "d.txt").decode()


def test_a_page_stands_alone(session: Session) -> None:
    page = write(session, "d.html").decode()
    assert page.startswith('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>')
    assert not re.findall(r"(?:src|href)=|url\(|@import", page)
    assert page.count("<svg ") == 1 and "color-scheme: light dark" in page


@pytest.mark.parametrize("command", ["slope", "trace"])
def test_tables_are_pages_and_text(session: Session, command: str) -> None:
    assert "<table" in write(session, "t.html", command).decode()
    assert "slope of d" in write(session, "t.txt", command).decode()


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "graph d -o d.xyz",
            "d.xyz cannot be written: its ending must be one of"
            " .svg, .png, .pdf, .dot, .mmd, .json, .tex, .html, .txt",
        ),
        ("slope d -o d.svg", "d.svg cannot be written: its ending must be one of .html, .txt"),
        ("graph d -o d", "d cannot be written: its ending must be one of .svg, .png"),
        ("graph d -o no/d.svg", "no/d.svg cannot be written: there is no folder no; make it first"),
        ("graph d -o .", ". cannot be written: it is a folder; name a file in it"),
        ("graph d -o d.svg/x.svg", "d.svg/x.svg cannot be written: Not a directory"),
        ("graph d -o", "-o needs FILE, a file to write it to; its ending says as what; usage:"),
        ('graph d -o ""', '-o "" is no file; write it like d.svg; usage:'),
        ("graph e -o d.svg", 'No name "e" in this session; did you mean "d"?'),
    ],
)
def test_a_refusal_is_one_line(session: Session, line: str, message: str) -> None:
    Path("d.svg").write_text("before")
    command, _, words = line.partition(" ")
    with pytest.raises(VreplError) as caught:
        ask(session, command, words)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)
    assert Path("d.svg").read_text() == "before"


def test_a_file_is_replaced_and_the_ending_may_be_upper_case(session: Session) -> None:
    Path("D.SVG").write_text("before" * 10_000)
    assert write(session, "D.SVG") == write(session, "my d.svg")


def test_a_session_without_a_painter_saves_nothing() -> None:
    with pytest.raises(CommandError, match="nothing here paints"):
        ask(Session.over({"d": Value(2.0) * 3}), "graph", "d -o d.svg")


def test_every_format_is_told_apart_by_its_ending() -> None:
    endings = [row.ending for row in saving.FORMATS]
    assert len({(row.ending, row.of) for row in saving.FORMATS}) == len(endings)
    assert all(row.summary for row in saving.FORMATS)
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    assert all(f"`.{ending}`" in readme for ending in endings), "README names every ending"


# ---------------------------------------------------------------- names are text


def hostile(name: str) -> Graph:
    return graph_of([("", []), ("", []), ("*", [0, 1])], [name, "b", f"{name}!"])


@given(graphs())
def test_json_reads_back_what_it_wrote(graph: Graph) -> None:
    back = exchange.loads(exchange.dumps(graph))
    assert repr(back) == repr(graph)  # nan is not equal to itself


@given(st.text())
def test_json_keeps_any_name(name: str) -> None:
    assert exchange.loads(exchange.dumps(hostile(name))).nodes[0].name == name
    exchange.dumps(hostile(name)).encode("ascii")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is no JSON"),
        ("{}", "this is no vrepl graph"),
        ('{"format": "vrepl graph", "version": 9, "nodes": [1]}', "version 9 is not known"),
        ('{"format": "vrepl graph", "version": 1, "nodes": [1]}', "node 0 is damaged"),
        (
            '{"format": "vrepl graph", "version": 1, "nodes": [{"value": 1, "operands": [0]}]}',
            "node 0 is damaged: operand 0 is no node before it",
        ),
    ],
)
def test_json_of_another_kind_is_refused(text: str, message: str) -> None:
    with pytest.raises(StorageError, match=re.escape(message)):
        exchange.loads(text)


def test_json_says_what_a_bounded_snapshot_leaves_out() -> None:
    graph = GRAPHS["bounded"]
    data = json.loads(exchange.dumps(graph))
    assert data["total"] == graph.total > len(data["nodes"]) == len(graph.nodes)
    assert any("left_out" in str(node.get("operands")) for node in data["nodes"])
    assert exchange.loads(exchange.dumps(graph)) == graph


LIST = re.compile(r"[-+*>] |\d+\. ")  # a label that begins so is refused
MERMAID_LINE = re.compile(
    r"""flowchart\ LR|\s*%%.*
    |\ \ n\d+\["(?P<box>[^"<>]*(?:<br/>[^"<>]*)*)"\]
    |\ \ n\d+op\(\("(?P<operation>[^"<>]*)"\)\)\ -->\ n\d+
    |\ \ n\d+\ (?:--\ "(?P<local>[^"<>]*)"\ )?-->\ n\d+op""",
    re.VERBOSE,
)


def mermaid_labels(source: str) -> list[str]:
    """The labels of a chart as Mermaid shows them; any line of another form is an error."""
    labels: list[str] = []
    for line in source.splitlines():
        match = MERMAID_LINE.fullmatch(line)
        assert match, line
        labels += [text for text in match.groups() if text is not None]
    return [
        re.sub(
            r"#(\d+);", lambda code: chr(int(code[1])), part.replace(mermaid.NO_BREAK, "")
        ).replace("\xa0", " ")
        for label in labels
        for part in label.split("<br/>")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_mermaid_shows_a_name_letter_by_letter(name: str) -> None:
    source = mermaid.draw(hostile(name))
    assert clean(name) in mermaid_labels(source)
    assert not [label for label in re.findall(r'\["([^"]*)', source) if LIST.match(label)]


@given(st.text(max_size=20))
def test_mermaid_shows_any_name(name: str) -> None:
    shown = mermaid_labels(mermaid.draw(hostile(name)))
    assert not name or any(label and clean(name).startswith(label[:-1]) for label in shown)


def tex_letters(source: str) -> str:
    """LaTeX text as it is printed, after a check that its groups are closed and all is known."""
    signs = {
        "textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<",
        "textgreater": ">", "textbar": "|", "textquotedbl": '"', "textquotesingle": "'",
        "textasciigrave": "`", "ldots": "…", "texttimes": "×", "textminus": "−",
        "textperiodcentered": "·",
    }  # fmt: skip
    token = re.compile(r"\\([a-zA-Z]+)\{\}|\\([{}$&#_%])|\{([^\\{}])\}|([^\\{}$&#_%^~])")
    shown, at = "", 0
    source = source.replace(r"\ensuremath{\partial}", "∂")
    while at < len(source):
        match = token.match(source, at)
        assert match, source[at:]
        word, escape, grouped, letter = match.groups()
        shown += signs[word] if word else escape or grouped or letter
        at = match.end()
    return shown


@given(st.text() | st.sampled_from(NAMES))
def test_latex_shows_any_name_letter_by_letter(name: str) -> None:
    assert tex_letters(tikz.escaped(name)) == clean(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_tikz_picture_is_closed(name: str) -> None:
    source = tikz.draw(hostile(name))
    bare = source.replace("\\{", "").replace("\\}", "")
    assert bare.count("{") == bare.count("}")
    nodes = re.findall(r"\\node\[line.*?\] at \([\d.]+,[\d.]+\) \{\\strut\{\}(.*)\};", source)
    plain = [re.sub(r"^\\textbf\{(.*)\}$", r"\1", text) for text in nodes]
    assert len(plain) == sum(len(svg.lines_of(node)) for node in hostile(name).nodes)
    assert clean(name) in [tex_letters(text) for text in plain]


def test_numbers_reach_scripts_with_all_digits() -> None:
    for number in (0.1, 1e-320, 1e300, math.inf, -math.inf):
        text = svg.in_javascript(number)
        assert float(text.replace("Infinity", "inf")) == number
    assert svg.in_javascript(math.nan) == "NaN"
