"""Diagnostics: files that carry their expectations, and the examples of the table itself."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from vrepl.language import service
from vrepl.language.findings import FINDINGS, Finding, documentation
from vrepl.language.records import Diagnostic

HERE = Path(__file__).parent
FILES = sorted((HERE / "diagnostics").iterdir())
PAGE = HERE.parent / "docs" / "diagnostics.md"

every_row = pytest.mark.parametrize("row", FINDINGS.values(), ids=lambda row: row.code)


def expected(text: str) -> list[str]:
    """What the `#:` lines say about the line below each, as `line: code:column`."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#: "):
            found += [f"{number + 1}: {item}" for item in line.lstrip()[3:].split()]
    return found


def given(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    places = sorted((d.span.line, d.span.column, d.code) for d in diagnostics)
    return [f"{line}: {code}:{column}" for line, column, code in places]


def applied(text: str, diagnostic: Diagnostic) -> str:
    """The text after a diagnostic's first fix."""
    lines = text.split("\n")
    for edit in sorted(diagnostic.fixes[0].edits, key=lambda edit: edit.span, reverse=True):
        span = edit.span
        assert span.line == span.end_line
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column] + edit.text + line[span.end_column :]
    return "\n".join(lines)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_has_the_findings_it_announces(path: Path) -> None:
    text = path.read_text("utf-8")
    diagnostics = service.diagnose(service.opened(text, str(path)))
    assert given(diagnostics) == expected(text)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated at once")
def test_an_annotation_may_name_what_comes_later() -> None:
    text = (
        "def f(x: Later, *y: Never) -> Later: return x\na: Later = 2.0\nclass Later: pass\nb = late"
    )
    diagnostics = service.diagnose(service.opened(text, "text.ipy"))
    assert given(diagnostics) == ["4: V401:4"]


@every_row
def test_a_rows_example_has_it_and_nothing_else(row: Finding) -> None:
    diagnostics = service.diagnose(service.opened(row.example, row.path))
    assert {d.code for d in diagnostics} == {row.code}
    assert given(diagnostics) == expected(row.example)


@every_row
def test_a_row_is_one_line_that_names_its_facts(row: Finding) -> None:
    diagnostic = service.diagnose(service.opened(row.example, row.path))[0]
    assert "\n" not in diagnostic.message and "__vrepl" not in diagnostic.message
    assert diagnostic.severity == row.severity
    assert diagnostic.message[:1].isupper() or diagnostic.message[0].islower()
    assert re.fullmatch(r"V\d{3}", row.code) and row.remedy


@every_row
def test_a_fix_mends_what_was_found(row: Finding) -> None:
    replay = service.opened(row.example, row.path)
    diagnostic = service.diagnose(replay)[0]
    assert bool(diagnostic.fixes) == ("the quick fix" in row.remedy)
    if diagnostic.fixes:
        mended = service.opened(applied(row.example, diagnostic), row.path)
        assert service.diagnose(mended) == ()


@pytest.mark.parametrize("path", sorted((HERE.parent / "examples").glob("*.ipy")), ids=str)
def test_the_examples_have_no_findings(path: Path) -> None:
    assert service.diagnose(service.opened(path.read_text("utf-8"), str(path))) == ()


def test_the_page_is_made_from_the_table() -> None:
    if "VREPL_UPDATE" in os.environ:
        PAGE.write_text(documentation(), "utf-8")
    assert PAGE.read_text("utf-8") == documentation()


def test_every_row_appears_in_the_files_or_is_its_own_example() -> None:
    announced = " ".join(" ".join(expected(path.read_text("utf-8"))) for path in FILES)
    assert [code for code in FINDINGS if code not in announced] == []
