"""What comes back from the rewriting: which tree, when it fails, and what is said about it."""

from __future__ import annotations

import ast
import builtins
import sys
import warnings
from itertools import pairwise
from typing import Any

import pytest

from vrepl.session import literals
from vrepl.session.literals import (
    ARGUMENT,
    BIND,
    LITERAL,
    POSITIONS,
    Position,
    once,
    transform,
)
from vrepl.session.support import OPERATIONS


class Session:
    """A namespace whose support functions return what they get and note the numbers."""

    def __init__(self) -> None:
        self.wrapped: list[float] = []
        support = {
            LITERAL: self.literal,
            ARGUMENT: lambda callee, number: number,
            BIND: lambda value, targets, line, cell: value,
        }
        self.names: dict[str, Any] = {"__builtins__": vars(builtins) | OPERATIONS | support}

    def literal(self, number: float) -> float:
        """Stand-in for making a leaf."""
        self.wrapped.append(number)
        return number


def rewritten(source: str) -> Any:
    """The transformed tree of a cell whose label is 3."""
    return transform(ast.parse(source), cell="3", complain=refuse)


def refuse(reason: str) -> None:
    """A complaint that fails the test."""
    raise SystemExit(reason)


def test_roots() -> None:
    """Module, Expression and Interactive come back as what they were."""
    expression: Any = transform(ast.parse("2*3.0", mode="eval"), cell="3")
    session = Session()
    assert eval(compile(expression, "x", "eval"), session.names) == 2 * 3.0
    assert session.wrapped == [2, 3.0]
    interactive: Any = transform(ast.parse("a = 2", mode="single"), cell="3")
    exec(compile(interactive, "x", "single"), session.names)
    assert session.wrapped == [2, 3.0, 2]


@pytest.mark.parametrize(
    "source", ["", "'doc'", "print(x)", "x", "import ast", "from . import a", "x = 's'", "x[1]"]
)
def test_nothing_to_do(source: str) -> None:
    """A cell without numbers to wrap comes back as the same object."""
    tree = ast.parse(source)
    assert transform(tree, cell="3", complain=refuse) is tree


@pytest.mark.parametrize("position", POSITIONS, ids=lambda position: position.name)
def test_given_tree_is_not_changed(position: Position) -> None:
    """The rewriting works on a copy."""
    tree = ast.parse(position.example)
    before = ast.dump(tree, include_attributes=True)
    transform(tree, cell="3", complain=refuse)
    assert ast.dump(tree, include_attributes=True) == before


def test_tables_of_data_are_shared() -> None:
    """The items of a large list are not copied."""
    tree = ast.parse(f"a = 2.0; w = [{'1, ' * 1000}]")
    new: Any = transform(tree, cell="3", complain=refuse)
    assert new.body[0] is not tree.body[0]
    assert all(a is b for a, b in zip(new.body[1].value.elts, tree.body[1].value.elts, strict=True))


def failing(error: BaseException) -> Any:
    """A callback that raises."""

    def fail(*_: object) -> bool:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no\nidea"), "The numbers of this cell stay plain (ValueError: no)"),
        (SystemExit(3), "The numbers of this cell stay plain (SystemExit: 3)"),
        (RecursionError(), "This cell is nested too deeply to rewrite; its numbers stay plain"),
        (MemoryError(), "Memory ran out while this cell was rewritten; its numbers stay plain"),
    ],
)
def test_failure(error: BaseException, said: str) -> None:
    """Whatever goes wrong, the cell runs as it was typed, and one line says so."""
    tree = ast.parse("a = 2.0; f(3)")
    before = ast.dump(tree)
    reasons: list[str] = []
    for _ in range(2):
        kept = transform(tree, cell="3", is_library_name=failing(error), complain=reasons.append)
        assert kept is tree
    assert ast.dump(tree) == before
    assert reasons == [said, said]


def test_failure_of_the_complaint() -> None:
    """A complaint that fails too changes nothing."""
    tree = ast.parse("f(3)")
    fail = failing(ValueError())
    assert transform(tree, cell="3", is_library_name=fail, complain=fail) is tree


def test_interrupt() -> None:
    """Ctrl-C is the user's."""
    tree = ast.parse("f(3)")
    with pytest.raises(KeyboardInterrupt):
        transform(tree, cell="3", is_library_name=failing(KeyboardInterrupt()))
    fail = failing(ValueError())
    with pytest.raises(KeyboardInterrupt):
        transform(tree, cell="3", is_library_name=fail, complain=failing(KeyboardInterrupt()))


def test_a_tree_that_does_not_compile_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof stands between a mistake of ours and every later cell."""
    reasons: list[str] = []
    monkeypatch.setattr(literals, "LITERAL", 3)
    tree = ast.parse("a = 2.0")
    assert transform(tree, cell="3", complain=reasons.append) is tree
    assert len(reasons) == 1


@pytest.mark.parametrize("source", ["return 1; a = 2.0", "a = 2.0; nonlocal b", "break; a = 1"])
def test_errors_of_the_user_are_left_to_python(source: str) -> None:
    """A cell that Python itself refuses is no reason to complain."""
    tree = ast.parse(source)
    assert transform(tree, cell="3", complain=refuse) is tree


def test_once() -> None:
    """A cause is said a single time."""
    reasons: list[str] = []
    complain = once(reasons.append)
    for reason in "a", "b", "a", "b":
        complain(reason)
    assert reasons == ["a", "b"]


def test_unknown_syntax_is_left_alone() -> None:
    """Nodes of a later Python, or of another transformer, are not looked into."""

    class Novel(ast.expr):
        _fields = ("value",)

    novel = Novel(value=ast.Constant(2.0))
    tree = ast.Module([ast.Expr(novel)], [])
    assert transform(tree, cell="3") is tree


def test_nodes_without_a_location() -> None:
    """Another transformer may leave its nodes nowhere; IPython adds the locations afterwards."""
    value = ast.Constant(2.0)
    tree = ast.Module([ast.Assign([ast.Name("a", ast.Store())], value)], [])
    kept: Any = transform(tree, cell="3")
    code = compile(ast.fix_missing_locations(kept), "x", "exec")
    session = Session()
    exec(code, session.names)
    assert session.names["a"] == value.value


def test_warnings_are_left_to_the_compilation_that_counts() -> None:
    """The proof neither repeats a SyntaxWarning nor forgets which warnings were shown."""
    source = "a = 2.0\na is 1\ndef f():\n  import warnings; warnings.warn('once')\nf()"
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        tree = rewritten(source)
        assert not shown
        before = warnings.filters[:]
        names = Session().names
        exec(compile(tree, "<cell>", "exec"), names)
        rewritten("b = 2.0")
        exec("f()", names)
        assert warnings.filters == before
    assert [str(warning.message)[:6] for warning in shown] == ['"is" w', "once"]


def test_near_the_recursion_limit() -> None:
    """Wherever there is room to call it, the transformer returns a usable tree."""
    tree = ast.parse("a = [[2.0, -1], f(3.0)]\ndef g(): return f(1)")
    outcomes: list[bool] = []

    def descend() -> None:
        try:
            outcomes.append(transform(tree, cell="3") is not tree)
        except RecursionError:
            return
        descend()

    before = sys.getrecursionlimit()
    descend()
    assert outcomes[0] is True
    assert outcomes[-1] is False
    assert all(a >= b for a, b in pairwise(outcomes))
    assert sys.getrecursionlimit() == before
