"""Writes drawings and formulas as LaTeX documents: a graph as a TikZ picture.

It knows LaTeX's signs and the packages it asks for; positions are those of the SVG drawing.
"""

from __future__ import annotations

from collections.abc import Iterator

from vrepl.core.graph import Graph
from vrepl.render.bounds import missing, more
from vrepl.render.cells import clean
from vrepl.render.layout import Box, Route
from vrepl.render.numbers import short
from vrepl.render.svg import ARROW, PADDING, ROW, Figure, ellipse_width, operator_text

__all__ = ["draw", "escaped"]

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "_": r"\_", "%": r"\%", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "-": "{-}", "…": r"\ldots{}",
    ",": "{,}", "?": "{?}", "!": "{!}", "×": r"\texttimes{}", "∂": r"\ensuremath{\partial}",
    "−": r"\textminus{}", "·": r"\textperiodcentered{}",
}  # fmt: skip
# The braces keep `--`, ?` and ,, from becoming one sign.
PREAMBLE = r"""% pdflatex, xelatex or lualatex; the last two also for names in other scripts
\documentclass[tikz,border=6pt]{standalone}
\usepackage{iftex,amsmath,textcomp}
\ifPDFTeX\usepackage[T1]{fontenc}\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}\fi
\definecolor{slope}{HTML}{1565C0}
\definecolor{box}{HTML}{F2F4F7}
"""


def escaped(text: str) -> str:
    r"""*text* as LaTeX shows it letter by letter.

    Example:
        >>> escaped("50% of {a_1}")
        '50\\% of \\{a\\_1\\}'
    """
    return "".join(_ESCAPES.get(letter, letter) for letter in clean(text))


def draw(graph: Graph) -> str:
    r"""*graph* as a LaTeX document with one picture, drawn with TikZ.

    Args:
        graph: What to draw; a large one is folded.

    Example:
        >>> from vrepl.core.graph import Node
        >>> print(draw(Graph((Node(0, "a_1", "2.0", 2.0, "", ()),), 1)).splitlines()[-4])
        \node[line] at (9,9.5) {\strut{}\textbf{a\_1}};
    """
    figure = Figure.of(graph)
    body = "\n".join(_body(figure))
    return (
        f"{PREAMBLE}\\begin{{document}}\n"
        "\\begin{tikzpicture}[x=0.75pt,y=-0.75pt,font=\\ttfamily\\fontsize{9}{9}\\selectfont,\n"
        "  line/.style={anchor=west,inner sep=0pt},\n"
        "  local/.style={anchor=south west,inner sep=1pt,text=slope,font=\\ttfamily\\tiny}]\n"
        f"{body}\n\\end{{tikzpicture}}\n\\end{{document}}\n"
    )


def _body(figure: Figure) -> Iterator[str]:
    layout = figure.layout
    for route in layout.routes:
        yield from _route(figure, route)
    for dot in layout.dots:
        yield f"\\fill ({dot.x},{_middle(dot.y)}) circle[radius=2.2pt];"
    for box in layout.boxes:
        yield from _node(figure, box)
    if missing(figure.graph):
        below = layout.height * ROW + ROW / 2
        yield f"\\node[line] at (0,{below}) {{{escaped(more(missing(figure.graph)))}}};"


def _route(figure: Figure, route: Route) -> Iterator[str]:
    node, box = figure.graph.nodes[route.target], figure.layout.boxes[route.target]
    left = box.x - ARROW - ellipse_width(node)
    points = [(x, _middle(y)) for x, y in route.points]
    x, y = points[-1]
    points += [(left - 10, y), (left, _middle(box.middle))]
    yield f"\\draw {' -- '.join(f'({px},{py})' for px, py in points)};"
    local = node.edges[route.operand].local_derivative
    if local is not None:
        yield f"\\node[local] at ({x + 2},{y}) {{{escaped(short(local))}}};"


def _node(figure: Figure, box: Box) -> Iterator[str]:
    node, lines = figure.graph.nodes[box.index], figure.contents[box.index]
    top, bottom = box.y * ROW, (box.y + box.height) * ROW
    if node.symbol:
        half, y = ellipse_width(node) / 2, _middle(box.middle)
        centre = box.x - ARROW - half
        yield f"\\draw[fill=white] ({centre},{y}) ellipse[x radius={half},y radius=13];"
        yield f"\\node at ({centre},{y}) {{\\strut{{}}{escaped(operator_text(node))}}};"
        yield f"\\draw[-latex] ({centre + half},{y}) -- ({box.x},{y});"
    yield f"\\draw[fill=box,rounded corners=3pt] ({box.x},{top}) rectangle ({box.end},{bottom});"
    for number, line in enumerate(lines):
        colour = "text=slope" if figure.is_slope(node, number) else ""
        text = escaped(line)
        shown = f"\\textbf{{{text}}}" if number == 0 and node.name else text
        style = f"line,{colour}" if colour else "line"
        at = f"({box.x + PADDING},{top + (number + 0.5) * ROW})"
        yield f"\\node[{style}] at {at} {{\\strut{{}}{shown}}};"


def _middle(row: float) -> float:
    return row * ROW + ROW / 2
