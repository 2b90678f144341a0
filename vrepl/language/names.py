"""Which names of a session a statement binds and reads, and where each of them stands.

It knows Python's scopes: locals of functions, classes and comprehensions are nobody else's. What
the names are bound to is left to `replay`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from vrepl.language.records import Span

__all__ = ["Mention", "Source", "bound_in", "mentions"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_HAS_PLACES_IN_FSTRINGS = sys.version_info >= (3, 12)
_READS_ANNOTATIONS_LATER = sys.version_info >= (3, 14)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name of the session where it stands in a statement.

    `is_straight` says that the place is reached whenever the statement is: it stands in no function
    and under no `try`.
    """

    name: str
    span: Span
    is_binding: bool
    is_straight: bool


class Source:
    """The lines of a statement, and places in them.

    Example:
        >>> Source("é = a").span(ast.parse("é = a").body[0].value)
        Span(line=1, column=4, end_line=1, end_column=5)
    """

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self._is_ascii = text.isascii()
        self._columns: dict[int, list[int]] = {}

    def column(self, line: int, offset: int) -> int:
        """The column of a byte offset, which is how Python's parser counts."""
        if self._is_ascii:
            return offset
        columns = self._columns.get(line)
        if columns is None:
            columns = self._columns[line] = _columns_of(self.lines[line - 1])
        return columns[min(offset, len(columns) - 1)]

    def span(self, node: ast.AST) -> Span:
        """Where a node stands; its first character when its end is not known."""
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line = getattr(node, "end_lineno", None) or line
        end_offset = getattr(node, "end_col_offset", None) or offset
        return Span(line, self.column(line, offset), end_line, self.column(end_line, end_offset))

    def text(self, span: Span) -> str:
        """The text of a span in one line."""
        if span.line == span.end_line:
            return self.lines[span.line - 1][span.column : span.end_column]
        lines = self.lines[span.line - 1 : span.end_line]
        lines[0], lines[-1] = lines[0][span.column :], lines[-1][: span.end_column]
        return " ".join(line.strip() for line in lines)

    def found(self, name: str, line: int, column: int) -> Span | None:
        """The first place of a whole word from a position on, in the same line."""
        if line > len(self.lines):
            return None
        match = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)").search(self.lines[line - 1], column)
        return Span(line, match.start(), line, match.end()) if match else None


def _columns_of(line: str) -> list[int]:
    """The column of every byte of a line, and of its end."""
    sizes = (len(letter.encode(errors="surrogatepass")) for letter in line)
    found = [column for column, size in enumerate(sizes) for _ in range(size)]
    return [*found, len(line)]


@dataclass(slots=True)
class _Walk:
    """One pass over a statement with a stack, names that are local somewhere kept apart."""

    source: Source
    found: list[Mention] = field(default_factory=list)

    def run(self, tree: ast.AST) -> list[Mention]:
        stack: list[tuple[ast.AST, frozenset[str], bool]] = [(tree, frozenset(), True)]
        while stack:
            node, hidden, straight = stack.pop()
            self.note(node, hidden, straight)
            stack.extend(reversed(list(_inside(node, hidden, straight))))
        return self.found

    def note(self, node: ast.AST, hidden: frozenset[str], straight: bool) -> None:
        for name, span, is_binding in self.named(node):
            if name not in hidden and span is not None:
                self.found.append(Mention(name, span, is_binding, straight))

    def named(self, node: ast.AST) -> Iterator[tuple[str, Span | None, bool]]:
        """Names that a node itself binds or reads."""
        source = self.source
        if isinstance(node, ast.Name):
            yield node.id, source.span(node), isinstance(node.ctx, ast.Store)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            at = source.span(node)
            keyword = source.lines[at.line - 1][at.column :]
            skip = re.match(r"(?:async\s+)?(?:def|class)\s+", keyword)
            column = at.column + (skip.end() if skip else 0)
            yield node.name, source.found(node.name, at.line, column), True
        elif isinstance(node, ast.alias) and node.name != "*":
            at = source.span(node)
            name = node.asname or node.name.partition(".")[0]
            column = at.end_column - len(name) if node.asname else at.column
            yield name, Span(at.end_line, column, at.end_line, column + len(name)), True
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            at = source.span(node)
            yield node.name, source.found(node.name, at.line, at.column), True
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            at = source.span(node)
            for name in node.names:
                yield name, source.found(name, at.line, at.column), False
        elif isinstance(node, ast.JoinedStr) and not _HAS_PLACES_IN_FSTRINGS:
            yield from self.in_fstring(node)

    def in_fstring(self, node: ast.JoinedStr) -> Iterator[tuple[str, Span | None, bool]]:
        """Python 3.11 misplaces what stands in an f-string; the names are looked for instead."""
        at = self.source.span(node)
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        for line in range(at.line, at.end_line + 1):
            text = self.source.lines[line - 1]
            start = at.column if line == at.line else 0
            end = at.end_column if line == at.end_line else len(text)
            for word in re.finditer(r"(?<![\w.'\"])[^\W\d]\w*", text):
                is_inside = start <= word.start() < end
                if is_inside and word[0] in names and _is_in_braces(text[start : word.start()]):
                    yield word[0], Span(line, word.start(), line, word.end()), False


def _is_in_braces(before: str) -> bool:
    plain = before.replace("{{", "").replace("}}", "")
    return plain.count("{") > plain.count("}")


def mentions(tree: ast.AST, source: Source) -> tuple[Mention, ...]:
    """The session's names in a statement, in the order of the text.

    Example:
        >>> text = "d = f(a, lambda a: a + b)"
        >>> [m.name for m in mentions(ast.parse(text), Source(text))]
        ['d', 'f', 'a', 'b']
    """
    return tuple(sorted(set(_Walk(source).run(tree)), key=lambda mention: mention.span))


def _inside(
    node: ast.AST, hidden: frozenset[str], straight: bool
) -> Iterator[tuple[ast.AST, frozenset[str], bool]]:
    """What lies below a node, with the names that are local there."""
    if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
        outer, notes = _outside_of_body(node)
        body = node.body if isinstance(node.body, list) else [node.body]
        inner = (hidden | bound_in(body, _parameters(node.args))) - _declared(body)
        yield from ((part, hidden, straight) for part in outer)
        yield from ((part, hidden, straight and not _READS_ANNOTATIONS_LATER) for part in notes)
        yield from ((part, inner, False) for part in body)
    elif isinstance(node, ast.ClassDef):
        own = hidden | bound_in(node.body)
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            yield part, hidden, straight
        for part in node.body:
            if isinstance(part, _FUNCTIONS):  # a method does not see the names of its class
                yield from _inside(part, hidden, False)
            else:
                yield part, own, False
    elif isinstance(node, _COMPREHENSIONS):
        targets = bound_in([generator.target for generator in node.generators])
        first = node.generators[0].iter
        yield first, hidden, straight
        for part in ast.iter_child_nodes(node):
            yield part, hidden | targets, straight
    elif isinstance(node, ast.AnnAssign) and _READS_ANNOTATIONS_LATER:
        yield node.annotation, hidden, False
        yield from ((part, hidden, straight) for part in (node.target, node.value) if part)
    elif isinstance(node, ast.comprehension):
        yield from ((part, hidden, straight) for part in (node.target, *node.ifs))
        yield node.iter, hidden, straight
    elif isinstance(node, ast.JoinedStr) and not _HAS_PLACES_IN_FSTRINGS:
        return
    else:
        straight = straight and not isinstance(node, (ast.Try, ast.TryStar))
        yield from ((part, hidden, straight) for part in ast.iter_child_nodes(node))


def _outside_of_body(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
) -> tuple[list[ast.expr], list[ast.expr]]:
    """What a definition evaluates, and its annotations."""
    arguments = node.args
    defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    if isinstance(node, ast.Lambda):
        return defaults, []
    notes = [a.annotation for a in _all_arguments(arguments) if a.annotation is not None]
    returns = [node.returns] if node.returns is not None else []
    return [*node.decorator_list, *defaults], [*notes, *returns]


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found + [a for a in (arguments.vararg, arguments.kwarg) if a is not None]


def _parameters(arguments: ast.arguments) -> list[str]:
    return [argument.arg for argument in _all_arguments(arguments)]


def bound_in(body: Iterable[ast.AST], names: Iterable[str] = ()) -> frozenset[str]:
    r"""The names that a block binds in its own scope, and those of *names*.

    Example:
        >>> sorted(bound_in(ast.parse("for x in xs:\n    y = x").body))
        ['x', 'y']
    """
    found = set(names)
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
            continue
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        if not isinstance(node, (ast.Lambda, *_COMPREHENSIONS)):
            stack.extend(ast.iter_child_nodes(node))
    return frozenset(found)


def _declared(body: Iterable[ast.AST]) -> frozenset[str]:
    """The names that a block says are the session's."""
    found: set[str] = set()
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Global):
            found.update(node.names)
        elif not isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))
    return frozenset(found)
