"""Makes drawings, tables and formulas parts of an HTML page, a notebook's or one of their own.

Whatever stands in a page comes with its text form, hidden: where a host strips styles and drawings,
as notebooks do before they are trusted, the text is what remains. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files

from vrepl.core.chain import ChainRule
from vrepl.core.graph import Graph
from vrepl.render import film, mathml, svg
from vrepl.render.cells import clean
from vrepl.render.readable import readable

__all__ = ["asset", "document", "figure", "formula", "graph", "player"]

# `hidden` survives where styles are stripped, and `page.css` overrules it where they are not.
_FIGURE = (
    '<div class="vrepl-figure" hidden="hidden" tabindex="0" role="region" aria-label="{label}">'
)


@cache
def asset(name: str) -> str:
    """A style sheet or script of ours, as it goes into a page.

    Example:
        >>> asset("page.css").startswith(".vrepl {")
        True
    """
    return files("vrepl.render").joinpath(name).read_text("utf-8").strip()


def figure(inside: str, *, text: str, label: str, kind: str = "", script: str = "") -> str:
    """Markup in a box that scrolls, never clips, with what replaces it where it is stripped.

    Args:
        inside: The markup.
        text: The same as text.
        label: What it is, for those who do not see it.
        kind: A class by which a script finds it.
        script: The name of an asset that brings it to life.

    Example:
        >>> "<pre" in figure("<svg/>", text="a < b", label="a graph")
        True
    """
    classes = f"vrepl {kind}".strip()
    alive = f"<script>{asset(script)}</script>" if script else ""
    return (
        f'<div class="{classes}"><style>{asset("page.css")}</style>'
        f"{_FIGURE.format(label=escape(clean(label)))}{inside}</div>"
        f'<pre class="vrepl-text">{escape(text)}</pre>{alive}</div>'
    )


def graph(shown: Graph, text: str) -> str:
    """A graph as a drawing whose boxes can be chosen: their paths to the root light up.

    Args:
        shown: What to draw.
        text: The text drawing of it.

    Example:
        >>> from vrepl.core.graph import Node
        >>> graph(Graph((Node(0, "<a>", "2.0", 2.0, "", ()),), 1), "").count("<a>")
        0
    """
    label = f"graph of {shown.root.title}, scrolls sideways"
    return figure(svg.draw(shown), text=text, label=label, kind="vrepl-graph", script="page.js")


def player(shown: Graph, text: str) -> str:
    """A graph that is played step by step: its evaluation, then the reverse sweep.

    Args:
        shown: What to play; a large one is folded.
        text: The steps in words.

    Example:
        >>> from vrepl.core.graph import Node
        >>> player(Graph((Node(0, "<a>", "2.0", 2.0, "", ()),), 1), "").count("<a>")
        0
    """
    fewer = readable(shown, copies=False)
    steps = [
        {"node": s.index, "sweep": s.is_sweep, "words": clean(s.words)} for s in film.steps(fewer)
    ]
    data = json.dumps(steps).replace("<", "\\u003c")
    return figure(
        svg.Figure(fewer, standalone=False).svg()
        + f'<script type="application/json" class="vrepl-steps">{data}</script>',
        text=text,
        label=f"the graph of {shown.root.title}, step by step",
        kind="vrepl-player",
        script="player.js",
    )


def formula(rule: ChainRule, text: str) -> str:
    """The chain rule, set as mathematics.

    Args:
        rule: What to set.
        text: The same as text.

    Example:
        >>> from vrepl.core.chain import ChainRule
        >>> "<math" in formula(ChainRule("<d>", "a", (), 1, 2.0), "")
        True
    """
    label = f"the chain rule for the derivative of {rule.output} by {rule.wrt}"
    return figure(mathml.draw(rule), text=text, label=label)


def document(title: str, parts: Iterable[str]) -> str:
    """A page of its own, light or dark as the reader's system is.

    Args:
        title: What the page is about.
        parts: The markup of its parts, from top to bottom.

    Example:
        >>> document("d", ["<p>text</p>"]).startswith("<!DOCTYPE html>")
        True
    """
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        f"<title>{escape(clean(title))}</title>"
        '<meta name="viewport" content="width=device-width"/>'
        f"<style>{asset('document.css')}</style></head>\n"
        f"<body>{chr(10).join(parts)}</body></html>\n"
    )
