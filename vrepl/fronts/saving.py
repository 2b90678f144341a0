"""Writes answers to files, the ending of whose name says as what: a table with a row per format.

It knows files and endings; how a format is written is left to the painters in `render`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vrepl.core.chain import ChainRule
from vrepl.core.errors import CommandError
from vrepl.core.graph import Graph
from vrepl.render import dot, exchange, latex, mermaid, page, picture, svg, tikz
from vrepl.session.answers import Answer, SavedAnswer

__all__ = ["FORMATS", "Format", "save"]

WIDTH = 100  # columns of a text file

Paint = Callable[[Answer], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file: its ending, what can be written so, and the function that does.

    `of` is `Answer` when the whole answer is written, as painted, else the kind of part that is;
    `extra` is the extra of vrepl that has to be installed for it.
    """

    ending: str
    of: type
    write: Callable[[Any], str | bytes]
    summary: str
    extra: str = ""


def _svg(graph: Graph) -> str:
    return svg.draw(graph, standalone=True) + "\n"


def _dot(graph: Graph) -> str:
    return str(dot.digraph(graph).source)


def _text(painted: dict[str, str]) -> str:
    return painted["text/plain"] + "\n"


def _page(painted: dict[str, str]) -> str:
    title = painted["text/plain"].partition("\n")[0]
    return page.document(title, [painted["text/html"]])


FORMATS = (
    Format("svg", Graph, _svg, "a drawing for browsers and word processors"),
    Format("png", Graph, picture.png, "a drawing in dots", picture.EXTRA),
    Format("pdf", Graph, picture.pdf, "a drawing on a page", picture.EXTRA),
    Format("dot", Graph, _dot, "source for Graphviz"),
    Format("mmd", Graph, mermaid.draw, "source for Mermaid"),
    Format("json", Graph, exchange.dumps, "all facts, for programs"),
    Format("tex", Graph, tikz.draw, "a LaTeX document with a TikZ drawing"),
    Format("tex", ChainRule, lambda rule: latex.document([rule]), "a LaTeX document of formulas"),
    Format("html", Answer, _page, "a page that needs nothing else"),
    Format("txt", Answer, _text, "text, as on a terminal"),
)


def save(answer: Answer, name: str, paint: Paint) -> SavedAnswer:
    """Write *answer* to the file *name*; a file that is there is replaced, as `open` does.

    Args:
        answer: What to write.
        name: The file; `~` is the home folder, and the ending says as what.
        paint: Gives the answer in MIME types, text and HTML among them.

    Raises:
        CommandError: No answer of this kind has that ending, or the file cannot be written.
        MissingExtra: The format needs a package that is not installed.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        raise CommandError(f"{name} cannot be written: it is a folder; name a file in it")
    form = _format(answer, name, path.suffix)
    content = form.write(paint(answer) if form.of is Answer else _part(answer, form))
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CommandError(f"{name} cannot be written: {_reason(path, error)}") from None
    return SavedAnswer(answer=answer, file=name, size=len(data), paint=answer.paint)


def _format(answer: Answer, name: str, suffix: str) -> Format:
    """The row for a file's ending.

    Raises:
        CommandError: There is none; the message lists those there are for such an answer.
    """
    possible = [row for row in FORMATS if row.of is Answer or _part(answer, row) is not None]
    for row in possible:
        if suffix.lower() == f".{row.ending}":
            return row
    endings = ", ".join(f".{row.ending}" for row in possible)
    raise CommandError(f"{name} cannot be written: its ending must be one of {endings}")


def _part(answer: Answer, form: Format) -> Any:
    """The first part of an answer that a format can write, None when there is none."""
    parts: Sequence[Any] = answer.parts()
    return next((part for part in parts if isinstance(part, form.of)), None)


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        return f"there is no folder {path.parent}; make it first"
    return error.strerror or str(error)
