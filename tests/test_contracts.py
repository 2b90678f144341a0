"""Contracts of the house: who imports whom, what is public, what an operator row promises."""

from __future__ import annotations

import ast
import builtins
import doctest
import graphlib
import importlib
import inspect
import math
import operator
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import vrepl
from vrepl.core.operators import BY_NAME, BY_SYMBOL, BY_UFUNC, OPERATORS, Operator
from vrepl.core.rows import ATOM, ONE_LIST, TWO_LISTS
from vrepl.core.rules import evaluate, local_derivative, vocabulary
from vrepl.core.value import FloatValue, IntValue, Value

HOUSE = Path(vrepl.__file__).parent

# Which rooms a room may import, besides itself; "vrepl" is the package's own __init__.
FLOORS = {
    "core": set(),
    "session": {"core"},
    "render": {"core"},
    "language": {"core", "session", "render"},
    "fronts": {"core", "session", "render", "language", "vrepl"},
    "__main__": {"fronts"},
    "vrepl": {"core"},
}
# What vrepl/__init__.py may reach for besides, inside its functions only.
ON_USE = {"render", "fronts"}
# Libraries from outside; the standard library is open to every room.
LIBRARIES = {
    "core": {"mpmath", "numpy"},  # in functions only, for who has them: they are no dependencies
    "render": {"graphviz", "typst", "wcwidth"},
    "fronts": {"IPython", "lsprotocol", "prompt_toolkit", "pygls", "pygments", "traitlets"},
}
HEAVY = {"IPython", "numpy", "graphviz", "prompt_toolkit", "pygls", "ctypes"}

LONGEST_FILE = 500
LONGEST_FUNCTION = 50
FILES = sorted(HOUSE.rglob("*.py"))


class Imported(NamedTuple):
    """One import statement's target: a dotted module, and how it is imported."""

    module: str
    line: int
    is_lazy: bool
    is_for_types: bool


def module_name(path: Path) -> str:
    parts = ("vrepl", *path.relative_to(HOUSE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def room(module: str) -> str:
    """The room of one of our modules: 'core' for 'vrepl.core.value'."""
    _, *rest = module.split(".")
    return rest[0] if rest else "vrepl"


def is_ours(module: str) -> bool:
    return module.partition(".")[0] == "vrepl"


def imports(path: Path) -> Iterator[Imported]:
    """Every import of a file, wherever it stands."""
    waiting = [(ast.parse(path.read_text("utf-8")), False, False)]
    while waiting:
        node, lazy, types = waiting.pop()
        for target in targets(node, path):
            yield Imported(target, node.lineno, lazy, types)
        lazy = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        types = types or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        waiting += [(child, lazy, types) for child in ast.iter_child_nodes(node)]


def targets(node: ast.AST, path: Path) -> list[str]:
    """The modules an import statement names; `from vrepl import core` names vrepl.core."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    home = node.module or ""
    if node.level:
        package = ("vrepl", *path.relative_to(HOUSE).parts)[: -node.level]
        home = ".".join([*package, *([home] if home else [])])
    submodules = [f"{home}.{alias.name}" for alias in node.names]
    return [name if name in MODULES else home for name in submodules]


def rooms_of(path: Path) -> tuple[str, set[str]]:
    here = room(module_name(path))
    return here, FLOORS[here] | {here}


def by_path(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


every_file = pytest.mark.parametrize("path", FILES, ids=by_path)
# __main__ is a program: importing it runs it.
every_module = pytest.mark.parametrize("name", sorted(MODULES.keys() - {"vrepl.__main__"}))
every_row = pytest.mark.parametrize("row", OPERATORS, ids=lambda row: row.name)


# ---------------------------------------------------------------- floors


@every_file
def test_a_room_imports_only_the_floors_below(path: Path) -> None:
    here, open_rooms = rooms_of(path)
    wrong = [
        f"{by_path(path)}:{line} imports {module}"
        for module, line, lazy, types in imports(path)
        if is_ours(module)
        and room(module)
        not in open_rooms | (ON_USE if here == "vrepl" and (lazy or types) else set())
    ]
    assert not wrong, f"{here} may import {sorted(open_rooms)} only: {wrong}"


@every_file
def test_a_room_imports_only_its_libraries(path: Path) -> None:
    here, _ = rooms_of(path)
    allowed = LIBRARIES.get(here, set()) | sys.stdlib_module_names
    wrong = [
        f"{by_path(path)}:{line} imports {module}"
        for module, line, _, _ in imports(path)
        if not is_ours(module) and module.split(".")[0] not in allowed
    ]
    assert not wrong


@pytest.mark.parametrize("here", sorted(FLOORS))
def test_a_room_has_no_import_cycle(here: str) -> None:
    edges = {
        name: {
            found.module
            for found in imports(path)
            if room(found.module) == here and is_ours(found.module) and not found.is_for_types
        }
        for name, path in MODULES.items()
        if room(name) == here
    }
    list(graphlib.TopologicalSorter(edges).static_order())


def test_rooms_have_no_import_cycle() -> None:
    list(graphlib.TopologicalSorter(FLOORS).static_order())


def test_importing_vrepl_stays_light() -> None:
    script = f"import sys, vrepl; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


# ---------------------------------------------------------------- public names


def is_twin(name: str) -> bool:
    """Whether a module's names are another one's, which need not be installed."""
    return name.startswith("vrepl.core.twins.")


@every_module
def test_public_names_exist_and_are_documented(name: str) -> None:
    if is_twin(name):
        return
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            written = inspect.getdoc(thing) or ""
            # dataclass() writes a signature where there is no docstring
            has_none = not written or written.startswith(f"{public}(")
            assert not has_none, f"{name}.{public} has no docstring"


@every_module
def test_modules_say_what_they_are_for_and_what_is_public(name: str) -> None:
    tree = ast.parse(MODULES[name].read_text("utf-8"))
    assert ast.get_docstring(tree), f"{name} has no docstring"
    defines = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if any(not node.name.startswith("_") for node in defines) and not is_twin(name):
        assert hasattr(importlib.import_module(name), "__all__"), f"{name} has no __all__"


def test_dir_shows_the_public_names() -> None:
    assert set(vrepl.__all__) <= set(dir(vrepl))
    assert len(vrepl.__all__) == len(set(vrepl.__all__))


# ---------------------------------------------------------------- sizes and loose ends


@every_file
def test_files_read_without_much_scrolling(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= LONGEST_FILE
    long = [
        f"{by_path(path)}:{node.lineno} {node.name}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long, f"more than {LONGEST_FUNCTION} lines: {long}"


@every_file
def test_no_loose_ends(path: Path) -> None:
    words = ("TO" + "DO", "FIX" + "ME")
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    assert [f"{by_path(path)}:{n}" for n, line in lines if any(w in line for w in words)] == []


# ---------------------------------------------------------------- the operator table


def test_operators_are_told_apart_by_name_by_symbol_and_by_ufunc() -> None:
    assert len(BY_NAME) == len(BY_SYMBOL) == len(OPERATORS)
    assert len(BY_UFUNC) == sum(bool(row.ufunc) for row in OPERATORS)


def in_python(row: Operator):
    """Python's own function for a row; the row's formula where Python has none."""
    hosts = (math, builtins) if row.is_function else (operator,)
    found = (getattr(host, row.symbol if row.is_function else row.name, None) for host in hosts)
    function = next(filter(None, found), evaluate(row))
    return lambda *operands: function(*arranged(row, operands))


def arranged(row: Operator, operands: tuple) -> list:
    """The operands as the row's function takes them."""
    if row.takes == TWO_LISTS:
        return [operands[: len(operands) // 2], operands[len(operands) // 2 :]]
    # min and max take a single operand in a list only
    listed = row.takes == ONE_LIST or (row.symbol in ("min", "max") and len(operands) == 1)
    return [operands] if listed else list(operands)


def applied(row: Operator, *operands):
    """The row as a user applies it: by vrepl's function, else by Python's operator."""
    if not row.is_offered:
        return in_python(row)(*operands)
    return getattr(vrepl, row.symbol)(*arranged(row, operands))


@every_row
def test_a_row_is_a_function_or_a_python_operator(row: Operator) -> None:
    if row.is_offered:
        assert row.symbol in vrepl.__all__
        function = getattr(vrepl, row.symbol)
        assert function.__name__ == row.symbol
        assert callable(getattr(Value, row.symbol))
    else:
        assert row.method
        assert callable(getattr(operator, row.name, None) or getattr(builtins, row.symbol))


@every_row
@pytest.mark.parametrize("kind", [FloatValue, IntValue, *IntValue.__subclasses__()])
def test_a_row_installs_its_methods(row: Operator, kind: type) -> None:
    for name in filter(None, (row.method, row.reflected)):
        assert getattr(kind, name) not in (getattr(float, name), getattr(int, name)), name
    assert bool(row.reflected) == (bool(row.method) and not row.is_function and row.arity > 1)


@every_row
def test_a_row_documents_itself(row: Operator) -> None:
    assert row.summary
    if row.is_offered:
        function = getattr(vrepl, row.symbol)
        examples = doctest.DocTestParser().get_doctest(
            function.__doc__, {row.symbol: function}, row.name, None, None
        )
        assert examples.examples
        assert doctest.DocTestRunner().run(examples).failed == 0


@every_row
def test_a_row_records_what_numpy_calls_it(row: Operator) -> None:
    if row.ufunc:
        ufunc = getattr(np, row.ufunc)
        assert isinstance(ufunc, np.ufunc)
        assert ufunc.__name__ == row.ufunc
        for sample in row.samples:
            if len(sample) != ufunc.nin:
                continue  # NumPy's take two at a time
            node = ufunc(*map(Value, sample))
            assert (node._op, len(node._prev)) == (row.symbol, len(sample))
            assert math.isclose(node.data, evaluate(row)(*sample), rel_tol=1e-12)


@every_row
def test_a_row_uses_only_names_it_may(row: Operator) -> None:
    operands = set(row.parameters)
    assert names_in(row.forward) <= operands | vocabulary().keys()
    operands |= {"a", "i"} if row.takes else set()
    for formula in row.partials:
        assert names_in(formula) <= operands | {"y"} | vocabulary().keys()


def names_in(formula: str) -> set[str]:
    names = [n for n in ast.walk(ast.parse(formula, mode="eval")) if isinstance(n, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}  # [x for x in args]
    return {node.id for node in names} - stored


@every_row
def test_a_row_is_set_in_latex(row: Operator) -> None:
    operands = [(rf"{{x_{{{i}}}}}", 10) for i in range(row.arity or 4)]
    text, level = row.in_latex(*operands)
    assert all(operand in text for operand, _ in operands) and not set("<>") & set(text)
    assert text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right")
    assert 0 < level <= ATOM
    assert row.in_latex(*((x, ATOM) for x, _ in operands))[0].count("(") <= text.count("(")


@every_row
def test_a_row_computes_what_python_computes(row: Operator) -> None:
    assert row.samples
    for sample in row.samples:
        node = applied(row, *map(Value, sample))
        assert isinstance(node, Value)
        assert node._op == row.symbol
        assert node.data == in_python(row)(*sample) == evaluate(row)(*sample)


@every_row
def test_a_row_computes_the_same_from_either_side(row: Operator) -> None:
    if row.arity == 2 and not row.whole:  # Python asks the first operand only
        for a, b in row.samples:
            expected = in_python(row)(a, b)
            assert applied(row, Value(a), b).data == applied(row, a, Value(b)).data == expected


@every_row
def test_a_row_agrees_with_finite_differences(row: Operator) -> None:
    for sample in row.samples:
        assert row.takes or len(sample) == row.arity
        assert not set(sample) & set(row.kinks), "a sample stands on a kink"
        y = evaluate(row)(*sample)
        for position in steppable(row, sample):
            exact = local_derivative(row, position, sample, y)
            assert math.isclose(exact, measured(row, sample, position), rel_tol=1e-7, abs_tol=1e-8)


def steppable(row: Operator, sample: tuple[float, ...]) -> list[int]:
    """The operands that may take a small step."""
    return [i for i, name in enumerate(row.operand_names(len(sample))) if name != row.whole]


def measured(row: Operator, sample: tuple[float, ...], position: int) -> float:
    """The central difference; the step is the cube root of the machine epsilon, scaled."""
    h = 6e-6 * max(abs(sample[position]), 1.0)
    above, below = list(sample), list(sample)
    above[position] += h
    below[position] -= h
    return (evaluate(row)(*above) - evaluate(row)(*below)) / (above[position] - below[position])
