"""The golden table: what is known about a line in a session, whoever asks.

A row is a session that has run, a text that is being typed after it with the cursor at `|`, and the
records that come back. Faces that answer from the same service can run the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vrepl.session.commands import COMMANDS

__all__ = ["ROWS", "Row"]


@dataclass(frozen=True)
class Row:
    """One row; what is not given is not looked at, `()` and `""` say that there is none.

    `offers` are the completions, `found` the diagnostics as `code:column message`, `hints` the
    hints, `name` what stands under the cursor as `name role`, `defined` its line in the session
    and the text together, `used` the lines of its references, `facts` what is known about it, the
    place left out.
    """

    session: str
    typed: str
    offers: str | None = None
    found: tuple[str, ...] | None = None
    hints: tuple[str, ...] | None = None
    name: str | None = None
    defined: int | None = None
    used: tuple[int, ...] | None = None
    tokens: str | None = None
    facts: tuple[str, ...] | None = None
    title: str = field(default="")

    @property
    def text(self) -> str:
        """What is typed, without the cursor."""
        return self.typed.replace("|", "", 1)

    @property
    def cursor(self) -> tuple[int, int]:
        """Line and column of the cursor in the text, from 1 and from 0; its end by default."""
        before = self.typed.partition("|")[0]
        return before.count("\n") + 1, len(before.rpartition("\n")[2])


README = "a = 2.0; b = -3.0; c = 10\nd = a*b + c\ne = 7.0"
WEIGHTS = "from vrepl import tanh\nw = [0.5, -1.2]\nx = 2.0\nn = w[0]*x + w[1]\no = tanh(n)"
HELD = "a = 2.0; b = -3.0\nw = [0.5, 1.5]\np = {'k': 3.0}"
CUT = "import math\na = 2.0\nc = float(a)*2\nd = a*3"
OLDER = "a = 2.0\nd = a*3\na = 5.0"


def after_name(command: str) -> str:
    """What may follow a command and its name: `wrt` and the options."""
    grammar = COMMANDS[command].grammar
    return " ".join(["wrt"] * grammar.wrt + [option.flag for option in grammar.options])


def usage(command: str) -> str:
    return f"usage: %{COMMANDS[command].grammar.usage}"


ROWS = (
    # Completion.
    Row(README, "%slope |", offers="a b c d e"),
    Row(README, "%slope d |", offers=after_name("slope")),
    Row(README, "%slope d wrt |", offers="a b c"),
    Row(README, "%slope d wrt a, |", offers="b c"),
    Row(README, "%slope e wrt |", offers=""),
    Row(README, "%trace d |", offers=after_name("trace")),
    Row(README, "%slope z wrt |", offers=""),
    Row(WEIGHTS, "%slope o wrt |", offers="x n w[0] w[1]"),
    Row(WEIGHTS, "%slope o wrt w|", offers="w[0] w[1]"),
    Row(WEIGHTS, "%slope n wrt |", offers="x w[0] w[1]"),
    Row(OLDER, "%slope d wrt |", offers=""),
    Row(README, "f = d*2\n%slope f wrt |", offers="a b c d"),
    # Diagnostics of commands.
    Row(README, "%slope d wrt a", found=()),
    Row(README, "%graph dd", found=('V102:7 No name "dd" here; did you mean "d"?',)),
    Row(README, "%slope d wrt z", found=('V102:13 No name "z" here; did you mean "e"?',)),
    Row(
        README,
        "%slope d wrt e",
        found=("V104:13 d is not connected to e: d depends on a, b, c",),
    ),
    Row(README, "%slope a wrt d", found=(
        "V104:13 a is not connected to d: it is the other way round, d depends on a",
    )),
    Row(README, "%slope e wrt a", found=("V104:13 e is not connected to a: e is an input itself",)),
    Row(OLDER, "%slope d wrt a", found=(
        "V105:13 d is not connected to a: d was made from an older a (= 2.0);"
        " a was bound again since, in session.ipy:3; by the older a, of session.ipy:1,"
        " the slope is 3.0 (%slope d lists it)",
    )),
    Row(CUT, "%slope c wrt a", found=(
        "V104:13 c is not connected to a: c = 4.0 is a plain number, not a node:"
        " float(a) in session.ipy:3 leaves the graph",
    )),
    Row(CUT, "%graph c", found=(
        "V103:7 c = 4.0 is a plain number, not a node: float(a) in session.ipy:3 leaves the graph",
    )),
    Row(README, "%slope", found=(
        f"V101:1 slope needs a name; {usage('slope')}",
    )),
    Row(README, "%slope d wrt a --h zero", found=(
        f"V101:19 --h zero is no number; write it like 0.001; {usage('slope')}",
    )),
    Row(README, "%trace d --row 3", found=(
        'V101:9 trace has no option "--row", did you mean "--rows"; ' + usage("trace"),
    )),
    Row(WEIGHTS, "%slope o wrt w[0], w[5]", found=(
        "V103:19 w has no [5]; there is w[0], w[1]",
    )),
    Row(WEIGHTS, "%graph w", found=("V103:7 w is a list, not a number; w[0] is one",)),
    # Diagnostics of what is going to happen.
    Row(README, "z = d/(c - 10)", found=(
        "V301:4 This line raises ZeroDivisionError: c - 10 is 0 here",
    )),
    Row(README, "z = 1/0", found=("V301:4 This line raises ZeroDivisionError: 0 is the divisor",)),
    Row("from vrepl import log, sqrt\na = -2.0", "z = 1 + log(a*2)", found=(
        "V302:8 This line raises DomainError: log(…): … = -4.0 lies outside … > 0",
    )),
    Row("from vrepl import log, sqrt\na = -2.0", "z = sqrt(a)", found=(
        "V302:4 This line raises DomainError: sqrt(a): a = -2.0 lies outside a >= 0",
    )),
    Row(README, "z = a*zz", found=("V401:6 No name \"zz\" here; bind it first",)),
    Row("weight = 2.0", "z = 3*weigth", found=(
        'V401:6 No name "weigth" here; did you mean "weight"?',
    )),
    Row(README, "z = a*late\nlate = 2.0", found=(
        "V402:6 late is used here and bound only in line 5",
    )),
    Row(README, "z = (a", found=("V501:4 This is no Python: '(' was never closed",)),
    # Hints.
    Row(README, "f = d*a", hints=("= 8.0   slopes b 4.0, a -2.0, c 2.0",)),
    Row(README, "f = 2.0", hints=()),
    Row(README, "f = d*2; g = f/e", hints=(
        "f = 8.0   slopes a -6.0, b 4.0, c 2.0",
        "g = 1.14286   slopes a -0.857143, b 0.571429, c 0.285714, e -0.163265",
    )),
    Row(WEIGHTS, "loss = (o - 1)**2", hints=(
        "= 1.43371   slopes w[0] -4.60292, w[1] -2.30146, x -1.15073",
    )),
    Row(OLDER, "f = d + a", hints=("= 11.0   slopes a (older) 3.0, a 1.0",)),
    Row(README, "a = a*2", hints=("= 4.0   slope a (older) 2.0",)),
    Row(README, "f = input()", hints=()),
    Row(HELD, "w[0] = w[0] - 0.1*w[1]", hints=("= 0.35   slopes w[0] (older) 1.0, w[1] -0.1",)),
    Row(HELD, "w[-1] *= a", hints=("= 3.0   slopes w[1] (older) 2.0, a 1.5",)),
    Row(HELD, "y = p['k'] = a*b", hints=(
        "y = -6.0   slopes a -3.0, b 2.0", "p['k'] = -6.0   slopes a -3.0, b 2.0",
    )),
    Row(HELD, "p['k'] += a", hints=("= 5.0   slopes p['k'] (older) 1.0, a 1.0",)),
    Row(HELD, "a.data -= 0.1*b", hints=("= 2.3",)),
    Row(HELD, "w[5] = a*b", hints=()),
    Row(HELD, "w[0] = 3.0; e = w[0]*a", hints=()),
    Row(HELD, "w[0], w[1] = a*b, a", hints=()),
    Row(README, "for i in [1, 2]:\n    d = d*i\ng = d*2", hints=()),
    # Names.
    Row(README, "f = d|*2", name="d use", defined=2, used=(2, 4)),
    Row(README, "%slope d| wrt a", name="d command", defined=2, used=(2, 4)),
    Row(README, "%slope d wrt a|", name="a command", defined=1, used=(1, 2, 4)),
    Row(OLDER, "a| = a + d", name="a binding", defined=4, used=(1, 2, 3, 4, 4)),
    Row(OLDER, "a = a| + d", name="a use", defined=3, used=(1, 2, 3, 4, 4)),
    Row(README, "def f(a):\n    return a| + d", name=""),
    Row(README, "f'{d|:.2f}'", name="d use", defined=2, used=(2, 4)),
    # What is known about a name.
    Row(README, "f = d|*2", facts=(
        "Value: 4.0", "Made by: a * b + c", "Slopes: a -3.0, b 2.0, c 1.0",
    )),
    Row(README, "%slope d| wrt a", facts=(
        "Value: 4.0", "Made by: a * b + c", "Slopes: a -3.0, b 2.0, c 1.0",
    )),
    Row(README, "%slope d wrt a|", facts=(
        "Value: 2.0", "Made by: typed as a number in a session", "Used by: d",
    )),
    Row(README, "e|", facts=("Value: 7.0", "Made by: typed as a number in a session")),
    Row(WEIGHTS, "%trace o|", facts=(
        "Value: -0.19737532022490398", "Made by: tanh(n)",
        "Slopes: w[0] 1.92209, w[1] 0.961043, x 0.480521",
    )),
    Row(OLDER, "a = a| + d", facts=("Value: 5.0", "Made by: typed as a number in a session")),
    Row(OLDER, "d|", facts=("Value: 6.0", "Made by: a * 3", "Slopes: a (older) 3.0")),
    Row(CUT, "c|", facts=()),
    # Tokens.
    Row(README, "s = %slope d wrt a --h 0.1", tokens=(
        "name:0 command:4 node:11 word:13 node:17 option:19 number:23"
    )),
    Row(WEIGHTS, "z = tanh(x)*y", tokens="function:4 node:9"),
)  # fmt: skip
