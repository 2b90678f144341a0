"""Where names come from and where they go: definitions, references, renames, outlines, folds.

It goes by the mentions of names in the statements of a replayed text, commands included.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator

from vrepl.core.errors import VreplError
from vrepl.core.graph import number_text
from vrepl.core.value import plain
from vrepl.language.documents import CELL, lines_of
from vrepl.language.known import Unknown, function, is_node
from vrepl.language.names import Mention
from vrepl.language.records import Edit, Fold, Occurrence, Span, Symbol, Token
from vrepl.language.replay import Replay, Step
from vrepl.session.commands import COMMANDS

__all__ = [
    "CannotRename", "define", "folds", "name_at", "references", "rename", "symbols", "tokens",
]  # fmt: skip


class CannotRename(VreplError, ValueError):
    """A name cannot be changed into another without changing what the file means."""


def name_at(replay: Replay, line: int, column: int) -> Occurrence | None:
    """The name under a cursor, None where there is none of the session.

    Args:
        replay: The text.
        line: The cursor's line, from 1.
        column: Its column, from 0; the end of a name counts as on it.

    Example:
        >>> name_at(Replay("a = 2.0"), 1, 1).role
        'binding'
    """
    for step in replay.steps:
        if step.chunk.line <= line <= step.chunk.end_line:
            found = [m for m in _occurrences(step) if m.span.holds(line, column)]
            if found:
                return found[-1]
    return None


def references(replay: Replay, name: str) -> tuple[Occurrence, ...]:
    """Every place where a name stands, from top to bottom.

    Example:
        >>> text = "a = 2.0; d = a*3"
        >>> [place.span.column for place in references(Replay(text), "a")]
        [0, 13]
    """
    return tuple(place for step in replay.steps for place in _occurrences(step, name))


def define(replay: Replay, name: str, line: int, column: int) -> Span | None:
    """Where the name under a cursor was bound: the last place above, else the first one below.

    Args:
        replay: The text.
        name: The name.
        line: The cursor's line, from 1.
        column: Its column, from 0.

    Returns:
        The place, None when the text binds no such name.

    Example:
        >>> define(Replay("a = 2.0; d = a*3"), "a", 1, 13)
        Span(line=1, column=0, end_line=1, end_column=1)
    """
    bindings = [p.span for p in references(replay, name) if p.role == "binding"]
    here = next((span for span in bindings if span.holds(line, column)), None)
    if here is not None:
        return here
    inside = replay.steps[replay.at(line) : replay.at(line) + 1]
    start = inside[0].chunk.line if inside else line
    earlier = [s for s in bindings if s.line < start or (s.line == line and s.column < column)]
    earlier = [s for s in earlier if not _same_assignment(replay, s, line, column)]
    return earlier[-1] if earlier else next(iter(bindings), None)


def _same_assignment(replay: Replay, span: Span, line: int, column: int) -> bool:
    """Whether a binding is the one that the right side under the cursor is evaluated for."""
    for step in replay.steps:
        if step.statement.tree is None or not step.chunk.line <= line <= step.chunk.end_line:
            continue
        shift = step.chunk.line - 1
        for node in step.statement.tree.body:
            whole = step.statement.source.span(node).moved(shift)
            is_assignment = isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign))
            both = whole.holds(line, column) and whole.holds(span.line, span.column)
            if is_assignment and both:
                return True
    return False


def rename(replay: Replay, name: str, new: str) -> tuple[Edit, ...]:
    """The edits that give a name another one in the whole text, commands included.

    Args:
        replay: The text.
        name: The name as it is.
        new: The name to give.

    Raises:
        CannotRename: *new* is no name, or taken, or some line cannot be read.

    Example:
        >>> [edit.span.column for edit in rename(Replay("a = 2.0; d = a*3"), "a", "x")]
        [0, 13]
    """
    if not new.isidentifier() or keyword.iskeyword(new):
        raise CannotRename(f'"{new}" is no name; use letters, digits and underscores')
    if new == name:
        return ()
    for step in replay.steps:
        where = f"line {step.chunk.line}"
        words = _words(step)
        if new in words:
            raise CannotRename(f'"{new}" is taken, in {where}; choose another name')
        if step.statement.fault is not None and name in words:
            raise CannotRename(f"{where} cannot be read, and it uses {name}; mend it first")
    return tuple(Edit(place.span, new) for place in references(replay, name))


def _words(step: Step) -> set[str]:
    """The names in a step, whoever they belong to; all words where it cannot be read."""
    tree = step.statement.tree
    if tree is None:
        return set(re.findall(r"[^\W\d]\w*", step.chunk.text)) - set(COMMANDS)
    nodes = list(ast.walk(tree))
    found = {node.id for node in nodes if isinstance(node, ast.Name)}
    found |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return found | {mention.name for mention in step.statement.mentions}


def _occurrences(step: Step, name: str = "") -> Iterator[Occurrence]:
    """The names of a step at their places in the text; one name only when it is given."""
    lines = {command.line for command in step.statement.commands}
    for mention in step.statement.mentions:
        if name and mention.name != name:
            continue
        is_asked = mention.span.line in lines and not mention.is_binding
        role = "binding" if mention.is_binding else "command" if is_asked else "use"
        yield Occurrence(mention.name, _moved(mention, step), role)


def _moved(mention: Mention, step: Step) -> Span:
    return mention.span.moved(step.chunk.line - 1)


def symbols(replay: Replay) -> tuple[Symbol, ...]:
    """What a text defines, by cells where it has any.

    Example:
        >>> [(s.name, s.kind, s.detail) for s in symbols(Replay("a = 2.0"))]
        [('a', 'node', '2.0')]
    """
    lines = lines_of(replay.text)
    by_cell: dict[int, list[Symbol]] = {}
    for step in replay.steps:
        by_cell.setdefault(step.chunk.cell, []).extend(_defined(step))
    found = by_cell.get(0, [])
    for cell, (start, last) in enumerate(_cells(lines), 1):
        title = re.sub(r"^#\s*(%%|In\[\d*\]:?)\s*", "", lines[start - 1]).strip()
        whole = Span(start, 0, last, len(lines[last - 1]))
        heading = Span(start, 0, start, len(lines[start - 1]))
        children = tuple(by_cell.get(cell, ()))
        found.append(Symbol(title or f"cell {cell}", "cell", whole, heading, "", children))
    return tuple(found)


def _cells(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last line of each cell that begins with a mark."""
    marks = [i for i, line in enumerate(lines, 1) if CELL.match(line)]
    ends = [mark - 1 for mark in marks[1:]] + [len(lines)]
    yield from zip(marks, ends, strict=False)


def _defined(step: Step) -> Iterator[Symbol]:
    chunk = step.chunk
    last = chunk.text.rpartition("\n")[2]
    whole = Span(chunk.line, 0, chunk.end_line, len(last))
    seen: set[str] = set()
    for mention in step.statement.mentions:
        if mention.is_binding and mention.is_straight and mention.name not in seen:
            seen.add(mention.name)
            value = step.writes.get(mention.name)
            kind, detail = _described(value)
            if not (type(value) is not Unknown and callable(value)):
                yield Symbol(mention.name, kind, whole, _moved(mention, step), detail)


def _described(value: object) -> tuple[str, str]:
    if is_node(value):
        return "node", number_text(plain(value))
    if type(value) is Unknown and value.kind in ("function", "class", "module"):
        return value.kind, ""
    return "name", ""


def tokens(replay: Replay) -> tuple[Token, ...]:
    """The words of commands, and the names that mean nodes or functions of the table.

    Example:
        >>> [(t.kind, t.span.column) for t in tokens(Replay("%slope d wrt a"))]
        [('command', 0), ('name', 7), ('word', 9), ('name', 13)]
    """
    found: list[Token] = []
    names: dict[str, object] = dict(replay.session.registry.namespace())
    for step in replay.steps:
        found += _command_tokens(step, names)
        for mention in step.statement.mentions:
            after = step.writes if mention.is_binding else names
            value = after.get(mention.name)
            kind = "node" if is_node(value) else "function" if function(value) else ""
            if kind and step.statement.kind == "python":
                found.append(Token(_moved(mention, step), kind, mention.is_binding))
        names.update(step.writes)
    return tuple(sorted(found, key=lambda token: token.span))


def _command_tokens(step: Step, names: dict[str, object]) -> Iterator[Token]:
    for command in step.statement.commands:
        asked, line = command.asked, command.line + step.chunk.line - 1
        yield Token(Span(line, asked.start, line, asked.end), "command")
        if asked.target:
            end = asked.target_start + len(asked.target)
            yield Token(Span(line, asked.target_start, line, end), "name", True)
        for part in asked.parts:
            name = re.match(r"\w*", part.text)
            is_known = is_node(names.get(name[0] if name else ""))
            kind = _KINDS.get(part.role) or ("node" if is_known else "name")
            if kind != "none":
                yield Token(Span(line, part.start, line, part.end), kind)


_KINDS = {
    "word": "word",
    "option": "option",
    "argument": "number",
    "comma": "none",
    "surplus": "none",
}


def folds(replay: Replay) -> tuple[Fold, ...]:
    r"""Lines that can be folded: cells, and statements of several lines.

    Example:
        >>> folds(Replay("# %% one\na = 2.0\n# %% two\nb = 3.0"))
        ... # doctest: +NORMALIZE_WHITESPACE
        (Fold(line=1, end_line=2, kind='cell'), Fold(line=3, end_line=4, kind='cell'))
    """
    lines = lines_of(replay.text)
    found: list[Fold] = []
    for start, last in _cells(lines):
        while last > start and not lines[last - 1].strip():
            last -= 1
        if last > start:
            found.append(Fold(start, last, "cell"))
    chunks = (step.chunk for step in replay.steps)
    found += [Fold(c.line, c.end_line, "statement") for c in chunks if c.end_line > c.line]
    return tuple(sorted(found, key=lambda fold: (fold.line, -fold.end_line)))
