"""The command table: one row per command.

Magics, shell words, help, completion and documentation are made from the rows; what a command does,
and what it answers, is in the module `ask_` and its name. Nothing here knows a front end or paints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vrepl.session.answers import Answer
from vrepl.session.ask_check import check
from vrepl.session.ask_explain import explain
from vrepl.session.ask_graph import STYLES, graph
from vrepl.session.ask_literals import CHOICES, literals
from vrepl.session.ask_nodes import nodes
from vrepl.session.ask_slope import slope
from vrepl.session.ask_trace import trace
from vrepl.session.grammar import Grammar, Option, Request, choice, count, file, number
from vrepl.session.session import Session

__all__ = ["COMMANDS", "Command", "ask", "help_text"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its grammar, what it is for, examples, and the function that answers."""

    grammar: Grammar
    summary: str
    examples: tuple[str, ...]
    run: Callable[[Session, Request], Answer]

    @property
    def name(self) -> str:
        """The word that calls it."""
        return self.grammar.command


_STEP = Option("h", "H", number, "the step to measure with")
_FILE = Option("o", "FILE", file, "a file to write it to; its ending says as what", dash="-")
_PATHS = Option("paths", "N", count, "how many paths to write out")
_ROWS = Option("rows", "N", count, "how many lines to show")
_ANIMATE = Option("animate", "", str, "play the evaluation and then the reverse sweep")
_MEMORY = Option("memory", "", str, "what keeps nodes alive, and how much memory they take")
_CELL = Option("cell", "N", count, "the number of the cell to show")
_VIEW = (
    Option("style", "STYLE", choice(*STYLES), f"the first to try: {', '.join(STYLES)}", STYLES),
    Option("depth", "N", count, "only the nodes up to so many operations away"),
    Option("expand", "NAME", str, "draw what is folded into a node"),
    Option("ascii", "", str, "draw with the signs of ASCII"),
)

_COMMANDS = (
    Command(
        Grammar("slope", wrt=True, options=(_STEP, _FILE)),
        "slopes of a node: exact by the chain rule, and measured by a small step",
        (
            "slope d wrt a",
            "slope d",
            "slope d wrt a, b",
            "slope d wrt a a",
            "slope d wrt a --h 0.001",
        ),
        slope,
    ),
    Command(
        Grammar("trace", options=(_ROWS, _ANIMATE, _FILE)),
        "the evaluation of a node step by step, with local derivatives and slopes",
        ("trace d", "trace d --rows 200", "trace d --animate"),
        trace,
    ),
    Command(
        Grammar("explain", wrt=True, options=(_PATHS, _FILE)),
        "the chain rule written out: every path in symbols, in numbers, and their sum",
        ("explain d wrt a", "explain d wrt a, b --paths 3", "explain d wrt a -o d.tex"),
        explain,
    ),
    Command(
        Grammar("check", options=(_STEP, _FILE)),
        "local derivatives and slopes beside central differences; kinks, steps and edges in words",
        ("check d", "check d --h 1e-6"),
        check,
    ),
    Command(
        Grammar("graph", wrt=True, options=(*_VIEW, _FILE)),
        "the graph behind a node, drawn; with wrt only the paths from there, and their slopes",
        ("graph d", "graph d wrt a", "graph d --style tree", "graph d -o d.svg"),
        graph,
    ),
    Command(
        Grammar("nodes", subject=False, options=(_ROWS, _MEMORY, _FILE)),
        "the named nodes of the session: value, how made, where; or what keeps nodes alive",
        ("nodes", "nodes --memory"),
        nodes,
    ),
    Command(
        Grammar("literals", subject=False, choices=CHOICES, options=(_CELL,)),
        "whether typed numbers become nodes, and which of a cell's did",
        ("literals show", "literals show --cell 3", "literals off", "literals on"),
        literals,
    ),
)
COMMANDS: dict[str, Command] = {command.name: command for command in _COMMANDS}


def ask(session: Session, command: str, text: str) -> Answer:
    """The answer to a command line.

    Args:
        session: Whose names are meant.
        command: A command's name.
        text: The words after it.

    Raises:
        VreplError: The line is wrong; the message is one line with the remedy.

    Example:
        >>> from vrepl import Value
        >>> a = Value(2.0)
        >>> float(ask(Session.over({"a": a, "d": a * -3.0}), "slope", "d wrt a"))
        -3.0
    """
    row = COMMANDS[command]
    request = row.grammar.parse(text)
    answer = row.run(session, request)
    name = request.option("o")
    return answer if name is None else session.save(answer, name)


def help_text(command: Command, prefix: str = "%") -> str:
    """What help shows for a command: usage, summary, options, examples.

    Example:
        >>> print(help_text(COMMANDS["nodes"]).splitlines()[0])
        %nodes [--rows N] [--memory] [-o FILE]
    """
    options = [f"  {o.written}  {o.summary}" for o in command.grammar.options]
    examples = [f"  {prefix}{example}" for example in command.examples]
    summary = command.summary[0].upper() + command.summary[1:] + "."
    lines = [f"{prefix}{command.grammar.usage}", "", summary]
    lines += ["", "Options:", *options] if options else []
    return "\n".join([*lines, "", "Examples:", *examples])
