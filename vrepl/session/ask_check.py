"""The command `check`: local derivatives and slopes beside central differences, and what is odd.

How differences are taken and judged is left to `checking`; here is what is compared, and in which
words the findings are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from vrepl.core.checking import VERDICTS, Finding, check_locals, check_slopes
from vrepl.core.nodes import is_constant
from vrepl.core.precision import Arithmetic, Doubles, Precise, best_arithmetic
from vrepl.core.value import Value, plain
from vrepl.session.answers import (
    Answer,
    Column,
    ListAnswer,
    Note,
    Part,
    Table,
    figure,
    in_full,
    more,
)
from vrepl.session.grammar import Request
from vrepl.session.session import Session

__all__ = ["CheckAnswer", "CheckLine", "check"]

CHECK_LINES = 40
NOTES = 12
OPERATIONS = {True: 40_000, False: 400_000}  # runs of a row, by `is_fine`: about a second


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One comparison: of `subject` by `wrt`, a local derivative or (`is_slope`) a slope.

    `left` and `right` are the slopes of the two sides where they differ.
    """

    subject: str
    wrt: str
    is_slope: bool
    exact: float
    measured: float | None
    verdict: str
    left: float | None = None
    right: float | None = None

    @property
    def is_refuted(self) -> bool:
        """Whether the exact number cannot be right."""
        return VERDICTS[self.verdict][1]

    @property
    def words(self) -> str:
        """What was found, as a sentence."""
        what = "slope" if self.is_slope else "local derivative"
        found = VERDICTS[self.verdict][0].format(wrt=self.wrt)
        fact = f"{what} of {self.subject} by {self.wrt}: {found}"
        sides = ""
        if self.verdict == "kink" and self.left is not None and self.right is not None:
            sides = f" ({figure(self.left, 6)} on the left, {figure(self.right, 6)} on the right)"
        return f"{fact}{sides}; {in_full(self.exact)} is taken"


@dataclass(frozen=True, kw_only=True, repr=False)
class CheckAnswer(ListAnswer[CheckLine]):
    """All comparisons behind one output; true when nothing is refuted.

    `arithmetic` says in what the differences were taken, `left_out` how many comparisons were not
    made because they would have taken too long.
    """

    output: str
    arithmetic: str
    remedy: str
    left_out: int

    def __bool__(self) -> bool:
        return not self.refuted

    @property
    def refuted(self) -> tuple[CheckLine, ...]:
        """The comparisons whose exact number cannot be right."""
        return tuple(line for line in self.lines if line.is_refuted)

    @property
    def odd(self) -> tuple[CheckLine, ...]:
        """Everything but plain agreement: kinks, steps, edges, and what is refuted."""
        return tuple(line for line in self.lines if line.verdict != "agrees")

    def parts(self) -> Sequence[Part]:
        """The result in words, what is odd in words, then the tables."""
        return [Note(self._summary()), *map(Note, self._notes()), *self._tables()]

    def _summary(self) -> str:
        if not self.lines:
            return f"{self.output} depends on no input: there is nothing to check"
        counts = Counter(line.verdict for line in self.lines)
        agree = counts.pop("agrees", 0)
        total = len(self.lines)
        subject = f"all {total:,}" if agree == total else f"{agree:,} of {total:,}"
        others = ", ".join(f"{n:,} {verdict}" for verdict, n in counts.items())
        measured = f"central differences in {self.arithmetic}{self.remedy}"
        return f"{self.output}: {subject} local derivatives and slopes agree with {measured}" + (
            f"; {others}" if others else ""
        )

    def _notes(self) -> list[str]:
        odd = sorted(self.odd, key=lambda line: not line.is_refuted)
        notes = [line.words for line in odd[:NOTES]]
        if len(odd) > NOTES:
            notes.append(more(len(odd) - NOTES, "remark", "the answer's .odd has them all"))
        if self.left_out:
            notes.append(
                more(self.left_out, "comparison", "they would take too long; check a node below")
            )
        return notes

    def _tables(self) -> list[Part]:
        halves = (
            ("local derivative of", [line for line in self.lines if not line.is_slope]),
            ("slope of", [line for line in self.lines if line.is_slope]),
        )
        parts: list[Part] = []
        for title, lines in halves:
            shown = _first(lines, CHECK_LINES)
            if shown:
                parts.append(_table(title, shown))
            if len(lines) > len(shown):
                parts.append(more(len(lines) - len(shown), "line", "the answer's .lines has all"))
        return parts


def _first(lines: list[CheckLine], limit: int) -> list[CheckLine]:
    """The first lines in order, but every refuted one before the others."""
    ranked = sorted(lines, key=lambda line: (not line.is_refuted, line.verdict == "agrees"))
    kept = set(map(id, ranked[:limit]))
    return [line for line in lines if id(line) in kept]


def _table(title: str, lines: Iterable[CheckLine]) -> Table:
    columns = (
        Column(title),
        Column("by"),
        Column("exact", numeric=True),
        Column("measured", numeric=True, detail=1),
        Column("finding"),
    )
    rows = (
        (x.subject, x.wrt, figure(x.exact, 12), figure(x.measured, 12), x.verdict) for x in lines
    )
    return Table(columns, tuple(rows))


def check(session: Session, request: Request) -> Answer:
    """Every local derivative and slope behind a node beside its central difference."""
    root = session.node(request.subject)
    ordered = session.ordered(request.subject, root)
    h = request.option("h")
    arithmetic = best_arithmetic() if h is None else Doubles(h=h, words=f"floats, h = {h:g}")
    found, left_out = _findings(ordered, arithmetic)
    title = session.titles(ordered)
    return CheckAnswer(
        output=request.subject,
        lines=tuple(_line(finding, request.subject, title) for finding in found),
        arithmetic=arithmetic.words,
        remedy="" if h is not None or isinstance(arithmetic, Precise) else _REMEDY,
        left_out=left_out,
        paint=session.paint,
    )


_REMEDY = ' (pip install "vrepl[check]" for 100 digits)'


def _findings(ordered: Sequence[Value], arithmetic: Arithmetic) -> tuple[list[Finding], int]:
    """As many comparisons as there is time for, and how many are left out.

    Local derivatives come first; then slopes by leaves, by named nodes, by the others.
    """
    budget = OPERATIONS[arithmetic.is_fine]
    edges = sum(sum(not is_constant(x) for x in node._made[1:]) for node in ordered)
    affordable = ordered[: max(1, budget // 10)]
    found = list(check_locals(affordable, arithmetic))
    below = sorted(ordered[:-1], key=lambda node: (len(node._made) > 1, not node.label))
    each = 5 * len(ordered)  # five runs of at most the whole graph
    wanted = below[: max(budget // each, each <= 10 * budget)]  # one takes some seconds at most
    found += chain(check_slopes(ordered, wanted, arithmetic) if wanted else ())
    return found, edges + len(below) - len(found)


def _line(finding: Finding, output: str, title: Callable[[Value], str]) -> CheckLine:
    is_slope = finding.position is None
    return CheckLine(
        subject=output if is_slope else title(finding.node),
        wrt=title(finding.wrt) if isinstance(finding.wrt, Value) else str(plain(finding.wrt)),
        is_slope=is_slope,
        exact=finding.exact,
        measured=finding.measured,
        verdict=finding.verdict,
        left=finding.left,
        right=finding.right,
    )
