"""The table of diagnostics: one row per kind of finding, with its words, its weight and an example.

What a row's message says is filled in by `diagnose`; the documentation of the codes is made from
the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vrepl.language.records import Diagnostic, Fix, Span

__all__ = ["FINDINGS", "Finding", "documentation", "found"]

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of finding.

    Attributes:
        code: What front ends and tests call it.
        name: The same for people.
        message: The line to show; the words in braces are facts.
        remedy: What to do about it.
        severity: 'error' where the line is going to fail, 'warning' where it says something else
            than it seems to.
        example: A session that has it. A line `#: V101:7` says that the next line has this finding
            at column 7.
        path: What the example's file is called; only plain Python needs a `.py`.
    """

    code: str
    name: str
    message: str
    remedy: str
    severity: str
    example: str
    path: str = "example.ipy"


_ROWS: Final = (
    Finding(
        "V101",
        "grammar",
        "{fact}; usage: {usage}",
        "write the command as its usage shows",
        ERROR,
        "a = 2.0\n#: V101:9\n%slope a --step 0.1",
    ),
    Finding(
        "V102",
        "unknown node",
        'No name "{name}" here; {hint}',
        "use a name that is bound above; the quick fix puts in the nearest one",
        ERROR,
        "loss = 2.0\n#: V102:7\n%graph los",
    ),
    Finding(
        "V103",
        "no node",
        "{fact}",
        "ask about a number that remembers how it was made",
        ERROR,
        'text = "two"\n#: V103:7\n%graph text',
    ),
    Finding(
        "V104",
        "not connected",
        "{output} is not connected to {wrt}: {reason}",
        "ask by something that the result was made from",
        ERROR,
        "a = 2.0\nb = 3.0\nd = b*2\n#: V104:13\n%slope d wrt a",
    ),
    Finding(
        "V105",
        "bound again",
        "{output} is not connected to {wrt}: {reason}",
        "compute the result again after the new binding, or give the new number another name",
        ERROR,
        "a = 2.0\nd = a*3\na = 5.0\n#: V105:13\n%slope d wrt a",
    ),
    Finding(
        "V106",
        "no percent sign",
        "In a file a command needs its sign; write %{command}",
        "put a percent sign in front; the quick fix does",
        ERROR,
        "a = 2.0\n#: V106:0\ngraph a",
    ),
    Finding(
        "V201",
        "graph cut",
        "{call}(…) leaves the graph; vrepl's {function} keeps it (from vrepl import {function})",
        "use the function of the same name from vrepl; the quick fix does",
        WARNING,
        "import math\nfrom vrepl import Value\n\na = Value(2.0)\n#: V201:4\nd = math.sin(a)",
        "example.py",
    ),
    Finding(
        "V301",
        "division by zero",
        "This line raises ZeroDivisionError: {fact}",
        "keep the divisor away from zero",
        ERROR,
        "a = 2.0\nb = a - 2\n#: V301:4\nd = a/b",
    ),
    Finding(
        "V302",
        "outside the domain",
        "This line raises {error}: {fact}",
        "keep the operand inside the function's domain",
        ERROR,
        "from vrepl import log\na = -2.0\n#: V302:4\nd = log(a)",
    ),
    Finding(
        "V303",
        "too large",
        "This line raises OverflowError: {fact}",
        "keep the numbers below 1.8e308, say by a logarithm",
        ERROR,
        "a = 10.0\n#: V303:4\nd = a**400",
    ),
    Finding(
        "V401",
        "unknown name",
        'No name "{name}" here; {hint}',
        "bind the name on a line above; the quick fix puts in the nearest one",
        ERROR,
        "loss = 2.0\n#: V401:4\nd = los*3",
    ),
    Finding(
        "V402",
        "used too early",
        "{name} is used here and bound only in line {line}",
        "move the binding up",
        ERROR,
        "a = 2.0\n#: V402:6\nd = a*late\nlate = 3.0",
    ),
    Finding(
        "V501",
        "no Python",
        "This is no Python: {fact}",
        "finish the statement; everything below is read all the same",
        ERROR,
        "a = 2.0\n#: V501:4\nd = (a*\ne = a*2",
    ),
)
FINDINGS: Final[dict[str, Finding]] = {row.code: row for row in _ROWS}


def found(code: str, span: Span, fixes: tuple[Fix, ...] = (), **facts: object) -> Diagnostic:
    """The record for a finding.

    Args:
        code: The row.
        span: Where it was found.
        fixes: Ways to mend it.
        facts: What the row's message needs.

    Example:
        >>> found("V106", Span(1, 0, 1, 5), command="graph").message
        'In a file a command needs its sign; write %graph'
    """
    row = FINDINGS[code]
    return Diagnostic(code, row.severity, row.message.format(**facts), span, fixes)


def documentation() -> str:
    """The page about the codes, in Markdown."""
    parts = [_INTRODUCTION]
    for row in FINDINGS.values():
        kind = "python" if row.path.endswith(".py") else "ipython"
        parts.append(
            f"## {row.code}: {row.name}\n\n"
            f"{row.severity.capitalize()}. Remedy: {row.remedy}.\n\n"
            f"```{kind}\n{row.example}\n```\n"
        )
    return "\n".join(parts)


_INTRODUCTION: Final = """\
# Diagnostics

What editors underline in a session file, and what the shell refuses to run. The text is never run
to find out: what only running it would tell is left alone. In the examples a line `#: V101:8` says
that the next line has that finding at that column.
"""
