"""What a statement says, read once and kept: its tree, its names, and what it may change unseen.

All of it follows from the text alone, so the same text is never read twice; places count from the
statement's own first line.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

from vrepl.language.commandlines import CommandLine, command_line, is_escaped
from vrepl.language.documents import Chunk
from vrepl.language.names import Mention, Source, mentions
from vrepl.language.records import Span
from vrepl.session.proof import without_warnings

__all__ = [
    "ANYTHING", "FREE", "MUTATORS", "NONE", "Call", "Changes", "Command", "Fault", "Statement",
    "Store", "parsed", "place_of", "read",
]  # fmt: skip

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_AWAITS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as a prompt takes it
_NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
LONGEST = 100_000  # characters of a statement that is read; anything longer is data


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text is no Python, and where."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Command:
    """A command in a statement, and the line it stands on, from 1."""

    asked: CommandLine
    line: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a name, or of an attribute of one; `base` is '' for anything else.

    `place` is where it stands, as `place_of` gives it.
    """

    base: str
    attribute: str
    arguments: tuple[str, ...]
    place: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Store:
    """A store into something: `a.data = …`, `w[0] = …`; `base` is '' where it is no name."""

    base: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What a statement may change besides the names it binds.

    `later_globals` and `sets_later` are what functions defined here do when they are called.
    """

    calls: tuple[Call, ...] = ()
    stores: tuple[Store, ...] = ()
    later_globals: frozenset[str] = frozenset()
    sets_later: bool = False


NONE: Final = Changes()


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """The facts of one chunk.

    `tree` is None where the text is no Python. `builtins` are the names it mentions that Python
    has too. `is_free` says that it may change anything; `opens`, that it may bind names that
    nobody sees: star imports, `%run`, `exec`.
    """

    kind: str
    source: Source
    tree: ast.Module | None = None
    fault: Fault | None = None
    commands: tuple[Command, ...] = ()
    mentions: tuple[Mention, ...] = ()
    changes: Changes = NONE
    builtins: tuple[str, ...] = ()
    is_free: bool = False
    opens: bool = False

    @property
    def binds(self) -> tuple[str, ...]:
        """The names it binds, each once, in the order of the text."""
        return tuple(dict.fromkeys(m.name for m in self.mentions if m.is_binding))


def read(chunk: Chunk) -> Statement:
    """The facts of a chunk.

    Example:
        >>> read(Chunk("python", "a = b = 2.0", 1)).binds
        ('a', 'b')
    """
    return _read(chunk.kind, chunk.text)


@lru_cache(maxsize=8192)
def _read(kind: str, text: str) -> Statement:
    if kind == "python":
        return _python(text)
    if kind == "command":
        return _command(text)
    return _escaped(kind, text)


def _python(text: str) -> Statement:
    source = Source(text)
    if len(text) > LONGEST:
        return Statement("python", source, is_free=True, opens=True)
    tree, commands, fault = _tree(text, source)
    if tree is None:
        opens = _BINDS_UNSEEN.search(text) is not None
        return Statement("python", source, fault=fault, mentions=_guessed(source), opens=opens)
    try:
        found = (*mentions(tree, source), *_mentions_in(commands))
        changes = _changes(tree)
        return Statement(
            "python",
            source,
            tree,
            commands=commands,
            mentions=found,
            changes=changes,
            builtins=tuple({m.name for m in found if hasattr(builtins, m.name)}),
            opens=_opens(tree, changes),
        )
    except RecursionError:
        return Statement("python", source, is_free=True, opens=True)


# What binds names in a text that cannot be read: assignments, and more that is not looked for.
_ASSIGNED: Final = re.compile(r"(?<![\w.\])])(?P<name>[^\W\d]\w*)\s*(?:[-+*/%]|//|\*\*)?=(?!=)")
_BINDS_UNSEEN: Final = re.compile(r"\b(?:import|def|class|for|with|as|global|case|del|exec)\b|,.*=")


def _guessed(source: Source) -> tuple[Mention, ...]:
    """The names that a text seems to assign that cannot be read."""
    places = ((i, m) for i, line in enumerate(source.lines, 1) for m in _ASSIGNED.finditer(line))
    return tuple(
        Mention(match["name"], Span(i, match.start("name"), i, match.end("name")), True, True)
        for i, match in places
    )


def _tree(text: str, source: Source) -> tuple[ast.Module | None, tuple[Command, ...], Fault | None]:
    """The tree, the commands inside it, or why the text is no Python."""
    try:
        return parsed(text), (), None
    except _NO_PYTHON as error:
        fault = _fault(error, source)
    changed, commands = _without_escapes(source.lines)
    if changed == text:
        return None, (), fault
    try:
        return parsed(changed), commands, None
    except _NO_PYTHON:
        return None, (), fault


def parsed(text: str) -> ast.Module:
    """The tree of a text, with no warning of Python's shown to anybody."""
    with without_warnings():
        return cast("ast.Module", compile(text, "<text>", "exec", _AWAITS, dont_inherit=True))


def _without_escapes(lines: list[str]) -> tuple[str, tuple[Command, ...]]:
    """A block whose magics are replaced by statements, and the commands among them."""
    found: list[Command] = []
    changed: list[str] = []
    for number, line in enumerate(lines, 1):
        if not is_escaped(line):
            changed.append(line)
            continue
        asked = command_line(line)
        if asked is not None:
            found.append(Command(asked, number))
        indent = line[: len(line) - len(line.lstrip())]
        target = line.partition("=")[0].strip() if "=" in line else ""
        changed.append(f"{indent}{target} = ..." if target.isidentifier() else f"{indent}pass")
    return "\n".join(changed), tuple(found)


def _fault(error: BaseException, source: Source) -> Fault:
    message, line, offset = str(error) or type(error).__name__, 1, 1
    if isinstance(error, SyntaxError):
        message, line, offset = error.msg, error.lineno or 1, error.offset or 1
    if isinstance(error, (RecursionError, MemoryError)):
        message = "nested too deeply"
    line = min(max(line, 1), len(source.lines))
    column = min(max(offset - 1, 0), len(source.lines[line - 1]))
    end = len(source.lines[line - 1])
    return Fault(message, Span(line, column, line, max(end, column)))


def _command(text: str) -> Statement:
    asked = command_line(text)
    source = Source(text)
    if asked is None:
        return Statement("escaped", source)
    commands = (Command(asked, 1),)
    return Statement("command", source, commands=commands, mentions=_mentions_in(commands))


def _mentions_in(commands: tuple[Command, ...]) -> tuple[Mention, ...]:
    """The names in commands: what they bind, and what they ask about."""
    found: list[Mention] = []
    for command in commands:
        asked, line = command.asked, command.line
        if asked.target:
            end = asked.target_start + len(asked.target)
            found.append(
                Mention(asked.target, Span(line, asked.target_start, line, end), True, True)
            )
        for part in asked.parts:
            match = re.match(r"[^\W\d]\w*", part.text)
            if part.is_reference and match:
                end = part.start + match.end()
                found.append(Mention(match[0], Span(line, part.start, line, end), False, True))
    return tuple(found)


def _escaped(kind: str, text: str) -> Statement:
    """A line or a cell of IPython's own; the names it binds are all that is known."""
    source = Source(text)
    match = re.match(r"\s*(?:(?P<target>[^\W\d]\w*)\s*=\s*)?%{1,2}(?P<word>\w*)(?P<rest>.*)", text)
    word = match["word"] if match else ""
    target = match["target"] if match else re.match(r"\s*([^\W\d]\w*)\s*=\s*!", text)
    name = target if isinstance(target, str) else (target[1] if target else "")
    found: tuple[Mention, ...] = ()
    span = source.found(name, 1, 0) if name else None
    if span:
        found = (Mention(name, span, True, True),)
    found = (*found, *_in_magic(kind, text, word))
    is_free = word in _OPENING
    return Statement(kind, source, mentions=found, is_free=is_free, opens=is_free)


# Magics that bind names nobody sees, or take some away.
_OPENING: Final = frozenset({
    "autoreload", "cython", "edit", "load", "macro", "pylab", "recall", "rep", "rerun", "reset",
    "reset_selective", "run", "store", "xdel",
})  # fmt: skip
# Functions that may bind, change or delete anything.
FREE: Final = frozenset({
    "__import__", "delattr", "eval", "exec", "get_ipython", "globals", "locals", "setattr", "vars",
})  # fmt: skip
ANYTHING: Final = "*"  # stands for every name among those that a function binds when called
_SEEN: Final = ("math", "vrepl")  # modules whose names are known without importing them


def _opens(tree: ast.Module, changes: Changes) -> bool:
    if any(not call.attribute and call.base in FREE for call in changes.calls):
        return True
    return any(
        isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and node.module not in _SEEN
        for node in tree.body
    )


_RUNS_PYTHON = ("time", "prun", "capture", "timeit")


def _in_magic(kind: str, text: str, word: str) -> Iterator[Mention]:
    """The names in Python code that a magic runs; places are right for whole cells only."""
    if word not in _RUNS_PYTHON:
        return
    if kind == "magic":
        code = "\n" + text.partition("\n")[2]
    else:
        code = text[text.index(word) + len(word) :].lstrip()
    try:
        tree = parsed(code)
    except _NO_PYTHON:
        return
    shift = 0 if kind == "magic" else len(text) - len(code)
    for mention in mentions(tree, Source(code)):
        span = mention.span.moved(0, shift)
        yield Mention(mention.name, span, mention.is_binding and word != "timeit", False)


def _changes(tree: ast.Module) -> Changes:
    """What a statement may change unseen, at once and when its functions are called."""
    calls: list[Call] = []
    stores: list[Store] = []
    later: set[str] = set()
    sets_later = False
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, is_later = stack.pop()
        store = _store(node)
        if store is not None and is_later:
            sets_later = True
        elif store is not None:
            stores.append(store)
        if isinstance(node, ast.Call):
            call = _call(node)
            if not is_later:
                calls.append(call)
            sets_later = sets_later or (is_later and call.attribute in MUTATORS)
            if is_later and not call.attribute and call.base in FREE:
                later.add(ANYTHING)
        if isinstance(node, ast.Global) and is_later:
            later.update(node.names)
        inner = is_later or isinstance(node, _FUNCTIONS)
        stack.extend((child, inner) for child in ast.iter_child_nodes(node))
    found = Changes(tuple(calls), tuple(stores), frozenset(later), sets_later)
    return NONE if found == NONE else found


MUTATORS: Final = frozenset({
    "append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault",
    "sort", "update",
})  # fmt: skip


def _store(node: ast.AST) -> Store | None:
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        return Store(_base(node.value), node.attr)
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return Store(_base(node.value), "[]")
    return None


def _base(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _call(node: ast.Call) -> Call:
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    names = {n.id for value in values for n in ast.walk(value) if isinstance(n, ast.Name)}
    arguments = tuple(sorted(names))
    place = place_of(node)
    if isinstance(node.func, ast.Name):
        return Call(node.func.id, "", arguments, place)
    if isinstance(node.func, ast.Attribute):
        return Call(_base(node.func.value), node.func.attr, arguments, place)
    return Call("", "", arguments, place)


def place_of(node: ast.AST) -> tuple[int, ...]:
    """Where a node begins and ends, which a rewritten tree has in common with the typed one."""
    found = vars(node)
    return (found["lineno"], found["col_offset"], found["end_lineno"], found["end_col_offset"])
