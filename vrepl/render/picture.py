"""Turns an SVG drawing into PNG and PDF with the `typst` package, which brings all it needs.

It knows that package alone: no program and no system library is called, and nothing is fetched.
"""

from __future__ import annotations

from typing import Literal

from vrepl.core.errors import VreplError
from vrepl.core.graph import Graph
from vrepl.render import svg

__all__ = ["EXTRA", "MissingExtra", "pdf", "png"]

EXTRA = "pictures"
_PAGE = b"""#set page(width: auto, height: auto, margin: 0pt)
#set document(title: sys.inputs.title)
#image(bytes(sys.inputs.svg), format: "svg", alt: sys.inputs.title)"""
DOTS = 192  # per inch: two for each pixel of the drawing, as sharp screens show it
# Beyond this a PNG is larger than viewers open; typst gave up at 16,384 and more.
LARGEST = 16_000


class MissingExtra(VreplError, ImportError):
    """A kind of file needs a package that is not installed.

    Example:
        >>> str(MissingExtra("PNG", "pictures"))
        "PNG needs the extra pictures; install it with: pip install 'vrepl[pictures]'"
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the extra {extra}; install it with: pip install 'vrepl[{extra}]'"
        )
        self.what, self.extra = what, extra


def png(graph: Graph) -> bytes:
    """*graph* as a PNG picture on white, two dots for a pixel where that is not too large."""
    return _made(graph, "png")


def pdf(graph: Graph) -> bytes:
    """*graph* as a PDF file of one page, whose text can be searched."""
    return _made(graph, "pdf")


def _made(graph: Graph, form: Literal["png", "pdf"]) -> bytes:
    try:
        import typst
    except ImportError:
        raise MissingExtra(form.upper(), EXTRA) from None
    figure = svg.Figure.of(graph)
    inputs = {"svg": figure.svg(), "title": figure.title}
    largest = max(figure.width, figure.height)
    dots = min(DOTS, 96 * LARGEST / largest)
    return typst.compile(_PAGE, format=form, ppi=dots, sys_inputs=inputs)
