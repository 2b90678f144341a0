"""Turns answers into the MIME types a host can show: tables, drawings and lines, top to bottom.

It knows the shapes that answers are made of and which painter draws each; what the answers mean
is not its business.
"""

from __future__ import annotations

import html
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from vrepl.core.chain import ChainRule
from vrepl.core.graph import Graph
from vrepl.fronts import playing
from vrepl.render import film, formulas, ink, latex, page, svg, table, text
from vrepl.render.cells import clean, wrapped
from vrepl.session.answers import Answer, Figure, Film, Note, Part, Table, figure

__all__ = ["Face", "host_face"]

FEWER_DIGITS = (6, 4, 3)  # tried in turn where a table is too wide


@dataclass(frozen=True, slots=True)
class Face:
    """What the place where answers appear can show.

    Args:
        width: Columns of a line, asked anew for every answer.
        encoding: What text output must fit into, asked anew too.
        rich: Whether HTML and SVG can be shown.
        write: Gives how the user wants floats written in tables, None for as many digits as mean
            something.
        colour: Whether a terminal shows the answer and takes colour, asked anew too.
    """

    width: Callable[[], int]
    encoding: Callable[[], str]
    rich: bool
    write: Callable[[], Callable[[float], str] | None] = lambda: None
    colour: Callable[[], bool] = lambda: False

    def paint(self, answer: Answer) -> dict[str, str]:
        """The answer in every MIME type this face shows; never fails.

        Example:
            >>> from vrepl.session.ask_nodes import NodesAnswer
            >>> face = Face(width=lambda: 80, encoding=lambda: "utf-8", rich=False)
            >>> face.paint(NodesAnswer(lines=(), left_out=0))
            {'text/plain': 'No named nodes yet; type a = 2.0'}
        """
        try:
            return self._painted(answer)
        except Exception as error:  # a drawing must not cost the user the session
            fact = f"{type(answer).__name__} could not be drawn: {error}"
            return {"text/plain": fact}

    def show(self, answer: Answer) -> dict[str, str]:
        """What `paint` gives, in colour where that is welcome: for the screen, never for code."""
        try:
            return self._painted(answer, ink.coloured if self.colour() else ink.plain)
        except Exception:  # `paint` says why
            return self.paint(answer)

    def _painted(self, answer: Answer, inks: ink.Ink = ink.plain) -> dict[str, str]:
        parts = [self._written(part) for part in answer.parts()]
        bundle = {"text/plain": "\n".join(self._text(part, inks) for part in parts)}
        if self.rich:
            bundle["text/html"] = "\n".join(map(self._html, parts))
            rules = [part for part in parts if isinstance(part, ChainRule)]
            if rules:
                bundle["text/latex"] = "\n".join(f"$$\n{latex.draw(r)}\n$$" for r in rules)
            drawings = [part for part in parts if isinstance(part, Graph)]
            if drawings:
                bundle["image/svg+xml"] = svg.draw(drawings[0], standalone=True)
        return bundle

    def save(self, answer: Answer, name: str) -> Answer:
        """Write an answer to a file, in full, whatever this face itself can show.

        Raises:
            VreplError: The file cannot be written, for the reason in the message.
        """
        from vrepl.fronts import saving  # every painter there is

        face = Face(
            width=lambda: saving.WIDTH, encoding=lambda: "utf-8", rich=True, write=self.write
        )
        return saving.save(answer, name, face._painted)

    def _html(self, part: Part) -> str:
        if isinstance(part, Table):
            return table.html(part.columns, part.rows)
        if isinstance(part, Graph):
            return page.graph(part, self._text(part))
        if isinstance(part, Film):
            return page.player(part.graph, self._text(part))
        if isinstance(part, ChainRule):
            return page.formula(part, self._text(part))
        return f"<p>{html.escape(clean(part))}</p>"

    def play(self, answer: Answer) -> None:
        """Play the films of an answer where this face is a terminal on which things can move.

        Ctrl-C ends a film early; the terminal is as before then.
        """
        if self.rich or not playing.can_move():
            return
        try:
            for part in answer.parts():
                if isinstance(part, Film):
                    playing.play(list(self._pictures(part) or ()))
        except Exception as error:  # what does not move is told in words all the same
            print(f"vrepl: the film could not be played: {error}", file=sys.stderr)

    def _pictures(self, part: Film) -> Iterator[list[str]] | None:
        encoding = self.encoding()
        return film.film(
            _fitting_graph(part.graph, encoding),
            width=self.width(),
            height=playing.height(),
            ascii_only=not _takes_boxes(encoding),
            ink=ink.coloured if self.colour() else ink.plain,
        )

    def _written(self, part: Part) -> Part:
        """A table with its numbers as the user wants them."""
        write = self.write()
        if write is None or not isinstance(part, Table):
            return part
        return _rewritten(part, write)

    def _fitted(self, part: Table, width: int) -> Table:
        """A table whose headings and numbers fit: in six digits, without details, in fewer yet."""
        digits = FEWER_DIGITS if self.write() is None else ()
        parts = [part, *(_rewritten(part, partial(figure, digits=n)) for n in digits)]
        for one in parts[:2]:  # six digits and bars tell more than ten digits
            if table.fits(one.columns, one.rows, width, bars=True):
                return one
        levels = sorted({column.detail for column in part.columns} - {0})
        candidates = parts[:2] if levels else parts
        for level in levels:
            candidates += [_without_details(one, level) for one in parts[1:] or parts]
        fitting = (one for one in candidates if table.fits(one.columns, one.rows, width))
        return next(fitting, candidates[-1])

    def _text(self, part: Part, inks: ink.Ink = ink.plain) -> str:
        encoding = self.encoding()
        width, ascii_only = self.width(), not _takes_boxes(encoding)
        if isinstance(part, Table):
            part = self._fitted(part, width)
            rows = [[_fitting(cell, encoding) for cell in row] for row in part.rows]
            titles = tuple(replace(c, title=_fitting(c.title, encoding)) for c in part.columns)
            return table.text(titles, rows, width=width, ascii_only=ascii_only, ink=inks)
        if isinstance(part, Film):
            graph = _fitting_graph(part.graph, encoding)
            return film.told(graph, width=width, ascii_only=ascii_only, lines=part.lines)
        if isinstance(part, Graph):
            graph = _fitting_graph(part, encoding)
            return text.draw(graph, width=width, ascii_only=ascii_only, ink=inks)
        if isinstance(part, ChainRule):
            plain = not _encodes("∂·…", encoding)
            drawn = formulas.text(part, width=width, ascii_only=ascii_only or plain)
            return "\n".join(_fitting(line, encoding) for line in drawn.split("\n"))
        line = _fitting(clean(part), encoding)
        return "\n".join(wrapped(line, width)) if isinstance(part, Note) else line


def _rewritten(part: Table, write: Callable[[float], str]) -> Table:
    """A table with its numbers written in another way."""
    rows = (
        tuple(cell.written(write) if isinstance(cell, Figure) else cell for cell in row)
        for row in part.rows
    )
    return replace(part, rows=tuple(rows))


def _without_details(part: Table, level: int) -> Table:
    """A table without its columns up to a level of detail."""
    kept = [i for i, column in enumerate(part.columns) if not 0 < column.detail <= level]
    rows = (tuple(row[i] for i in kept) for row in part.rows)
    return Table(tuple(part.columns[i] for i in kept), tuple(rows))


def _fitting(words: str, encoding: str) -> str:
    """The words with what the encoding lacks written as escapes, so that printing cannot fail."""
    if words.isascii():
        return words
    if _encodes(words, encoding):
        return words
    return words.replace("…", "...").encode(encoding, "backslashreplace").decode(encoding)


def _fitting_graph(graph: Graph, encoding: str) -> Graph:
    """The graph with every name and expression in it fitting."""

    def fit(words: str) -> str:
        return _fitting(words, encoding)

    nodes = (
        replace(
            node,
            name=fit(node.name),
            expression=fit(node.expression),
            edges=tuple(
                e if e.name.isascii() else replace(e, name=fit(e.name)) for e in node.edges
            ),
        )
        for node in graph.nodes
    )
    outline = graph.outline
    if outline is not None:
        groups = (replace(g, names=tuple(map(fit, g.names))) for g in outline.groups)
        steepest = tuple((fit(name), slope) for name, slope in outline.steepest)
        outline = replace(outline, groups=tuple(groups), steepest=steepest)
    expand = tuple(map(fit, graph.view.expand))
    view = replace(graph.view, subject=fit(graph.view.subject), expand=expand)
    return replace(graph, nodes=tuple(nodes), outline=outline, view=view)


def _encodes(words: str, encoding: str) -> bool:
    try:
        words.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _takes_boxes(encoding: str) -> bool:
    return _encodes("─│╭●▶×", encoding) and os.environ.get("TERM") != "dumb"


def host_face(
    *,
    rich: bool,
    write: Callable[[], Callable[[float], str] | None],
    takes_colour: Callable[[], bool] = lambda: True,
) -> Face:
    """The face of this process's standard output; 80 columns where it is no terminal.

    Args:
        rich: Whether the host shows HTML and SVG beside text.
        write: Gives how the user wants floats written in tables.
        takes_colour: Whether the host's own settings are for colour.
    """

    def colour() -> bool:
        wanted = not rich and not os.environ.get("NO_COLOR") and takes_colour()
        return wanted and playing.can_move()

    return Face(_columns, _encoding, rich, write, colour)


def _columns() -> int:
    return max(20, shutil.get_terminal_size((80, 24)).columns)


def _encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "utf-8"
