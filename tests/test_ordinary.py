"""Ordinary Python stays ordinary: code units run in plain IPython and with vrepl, and are compared.

What is known to differ is listed at the end with its reason, and checked to differ still.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from differential import Runner, Unit, doctests, snippets
from hypothesis import HealthCheck, given, settings
from test_literals_programs import AVAILABLE, DEEP, ERRORS, PRELUDE, STATEMENTS

from vrepl.session.rows import POSITIONS

SNIPPETS = sorted(Path(__file__).parent.glob("snippets/*.txt"))
# Libraries with which every run tests; the others are optional.
TESTED = {
    "numpy",
    "yaml",
    "mpmath",
    "msgpack",
    "orjson",
}  # with which every run tests; the others are optional
THREADED = {"polars", "torch"}  # their threads would not survive a fork, so each run imports them


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    runner = Runner()
    yield runner
    runner.close()


def same(runner: Runner, *cells: str, **options: str) -> None:
    check(runner, Unit("unit", cells, **options))


def check(runner: Runner, unit: Unit) -> None:
    """The unit runs alike; a unit whose plain runs differ is a unit to be mended."""
    verdict = runner.compared(unit)
    assert verdict.outcome == "same", "\n".join(verdict.differences)


# --- code beside libraries -----------------------------------------------------------------------


def units_of_snippets() -> Iterator[object]:
    for path in SNIPPETS:
        name, _, version = path.stem.partition("-")
        if version and sys.version_info < tuple(map(int, version.split("."))):
            continue  # Python as it will be
        is_library = name not in ("python", "ipython")
        preloaded = [name] if is_library and name not in THREADED else []
        missing = is_library and name not in TESTED and importlib.util.find_spec(name) is None
        reason = f"{name} is not installed; the group `ordinary` brings all but torch"
        marks = [pytest.mark.skip(reason=reason)] if missing else []
        for unit in snippets(path, preloaded):
            yield pytest.param(unit, id=unit.name, marks=marks)


@pytest.mark.parametrize("unit", list(units_of_snippets()))
def test_code_as_people_write_it(runner: Runner, unit: Unit) -> None:
    check(runner, unit)


# --- the whole language --------------------------------------------------------------------------

# What the examples of the table of positions find: enough for most of them to run.
BEFORE = """\
from types import SimpleNamespace
a = x = y = 2.5; b = c = 1; xs = [1.5, 2, 3]; ys = {(2.5): 1, 0: 2}; obj = SimpleNamespace(m=max)
ax = SimpleNamespace(x=1); A = {1: int, 2: float, 3: str}
def f(*arguments, **options): return arguments, sorted(options.items())
def n(*arguments): return len(arguments)
def cached(size): return lambda function: function
"""


@pytest.mark.parametrize("position", POSITIONS, ids=lambda position: position.name)
def test_every_position(runner: Runner, position: object) -> None:
    example = position.example  # type: ignore[attr-defined]
    same(runner, BEFORE, example, f"def inner():\n    {example}".replace("\n", "\n    "))


@pytest.mark.parametrize("form", AVAILABLE)
def test_every_form(runner: Runner, form: str) -> None:
    same(runner, AVAILABLE[form])


@pytest.mark.parametrize("sources", [ERRORS[:9], ERRORS[9:18], ERRORS[18:]])
def test_errors_read_the_same(runner: Runner, sources: list[str]) -> None:
    same(runner, *sources)


@pytest.mark.parametrize("form", DEEP)
def test_large_and_deep(runner: Runner, form: str) -> None:
    """Cells of any length run as without us: IPython itself fails only where it fails alone."""
    same(runner, "y = 1\ndef f(x): return f", *(DEEP[form](n) for n in (300, 930, 3_000)))


def test_a_table_of_data(runner: Runner) -> None:
    numbers = ", ".join(f"{n}.5" for n in range(20_000))
    same(runner, f"data = [{numbers}]", "len(data), sum(data), type(data[7]) is float, data[:3]")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STATEMENTS)
def test_random_programs(runner: Runner, program: str) -> None:
    check(runner, Unit("random", [PRELUDE, program, "a, b, c, log"]))


# --- doctests ------------------------------------------------------------------------------------

# Quick ones that show many types and errors; `python differential.py NAME ...` runs any others.
MODULES = ["statistics", "fractions", "heapq", "difflib", "textwrap", "collections", "_pydecimal",
           "test.test_unpack", "test.test_unpack_ex", "test.test_genexps"]  # fmt: skip
SAMPLES = {"numpy.polynomial.polynomial": 5, "numpy.lib._function_base_impl": 5, "numpy.linalg": 3}


def units_of_doctests() -> Iterator[object]:
    for name in [*MODULES, *SAMPLES]:
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            continue  # a Python without its tests
        module = importlib.import_module(name)
        for number, unit in enumerate(doctests(module)):
            if number % SAMPLES.get(name, 4 if name == "_pydecimal" else 1) == 0:
                yield pytest.param(unit, id=unit.name)


@pytest.mark.parametrize("unit", list(units_of_doctests()))
def test_doctests(runner: Runner, unit: Unit) -> None:
    check(runner, unit)


# --- known differences ---------------------------------------------------------------------------

# What shows that a number is a node: reason -> cells, the last of which differs.
KNOWN = {
    "a node is an object of its own": [
        "x = y = 1; z = 1\ndef same(a, b): return a is b",
        "same(x, z)",
    ],
    "a node shows itself": ["x = 2.5", "len(repr(x))"],
    "a node is larger": ["import sys; x = 2.5", "sys.getsizeof(x)"],
    "pickle writes an object's making": ["import pickle; x = 2.5", "pickle.dumps(x)"],
    "a library may ask for the exact type": [
        "x = 2.5; ask = eval('lambda x: type(x) is float')",
        "ask(x)",
    ],
    "code is rewritten": ["def f(x, y): return x * y", "f.__code__.co_names"],
    "caches tell numbers apart by type": [
        "from functools import cache\n@cache\ndef f(x): return x\nf(True)",
        "f(1.0)",
    ],
    "a node has a graph": ["x = 2.5", "hasattr(x, 'backward')"],
}


@pytest.mark.parametrize("reason", KNOWN)
def test_known_differences_are_all(runner: Runner, reason: str) -> None:
    verdict = runner.compared(Unit(reason, KNOWN[reason]))
    assert [text.partition(":")[0] for text in verdict.differences] == [
        f"cell {len(KNOWN[reason])}"
    ]
