"""The golden table through the service, live and replayed: the same answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from golden import ROWS, Row
from sessions import Live

from vrepl.language import service
from vrepl.language.hover import Inspection, hover
from vrepl.language.replay import Replay


def live(row: Row) -> Replay:
    """The session has run; the text is being typed into it, on the lines that follow."""
    lines = row.session.count("\n") + 1
    return service.typed("\n" * lines + row.text, Live().run(row.session).session, "session.ipy+")


def replayed(row: Row) -> Replay:
    """Session and text are one file, of which nothing has run."""
    return service.opened(f"{row.session}\n{row.text}", "folder/session.ipy")


def facts_of(found: Inspection | None) -> tuple[str, ...]:
    """All about a node in lines, without its place, which every face calls otherwise."""
    return tuple(
        f"{head}: {fact.partition('   in ')[0]}" for head, fact in (found.facts() if found else ())
    )


PROVIDERS: tuple[Callable[[Row], Replay], ...] = (live, replayed)

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.typed.replace("\n", "; "))
by_both = pytest.mark.parametrize("provider", PROVIDERS)


@by_both
@every_row
def test_a_row(row: Row, provider: Callable[[Row], Replay]) -> None:
    replay = provider(row)
    first = row.session.count("\n") + 2
    line, column = row.cursor
    line += first - 1
    if row.offers is not None:
        found = service.complete_at(replay, line, column)
        assert " ".join(item.text for item in found.items) == row.offers
        assert found.is_command
    if row.found is not None:
        diagnostics = [d for d in service.diagnose(replay) if d.span.line >= first]
        assert [f"{d.code}:{d.span.column} {d.message}" for d in diagnostics] == [*row.found]
    if row.hints is not None:
        assert [hint.text for hint in service.hints(replay, first)] == [*row.hints]
    if row.tokens is not None:
        tokens = [t for t in service.tokens(replay) if t.span.line >= first]
        assert " ".join(f"{t.kind}:{t.span.column}" for t in tokens) == row.tokens
    if row.name is not None:
        place = service.name_at(replay, line, column)
        assert (f"{place.name} {place.role}" if place else "") == row.name
    if row.facts is not None:
        assert facts_of(hover(replay, line, column)) == row.facts


@every_row
def test_where_names_come_from_and_go(row: Row) -> None:
    """In a file; a live session knows its cells by their labels only."""
    replay = replayed(row)
    line, column = row.cursor
    line += row.session.count("\n") + 1
    place = service.name_at(replay, line, column)
    if row.defined is not None:
        span = service.define(replay, place.name, line, column)
        assert span.line == row.defined
        lines = replay.text.split("\n")
        assert lines[span.line - 1][span.column : span.end_column] == place.name
    if row.used is not None:
        places = service.references(replay, place.name)
        assert tuple(place.span.line for place in places) == row.used


def test_every_kind_of_answer_is_in_the_table() -> None:
    kinds = ("offers", "found", "hints", "name", "defined", "used", "tokens", "facts")
    assert all(any(getattr(row, kind) is not None for row in ROWS) for kind in kinds)
