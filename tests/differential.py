"""Runs the same cells in plain IPython and with vrepl, and compares all that can be seen.

Each run is a fork of this process, so both start from the same memory and leave nothing behind.
"""

from __future__ import annotations

import doctest
import os
import pickle
import random
import re
import shutil
import signal
import sys
import tempfile
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SECONDS = 20  # a run that takes longer is stopped; both have to be
MOST_TEXT = 20_000


@dataclass(frozen=True)
class Unit:
    """Cells that belong together, and the names they find in their session."""

    name: str
    cells: Sequence[str]
    names: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What a run showed: an entry for each cell, and one for each name it left."""

    cells: tuple[tuple[str, str, str], ...]  # error type, error text, printed
    names: Mapping[str, tuple[str, str]]  # type, text
    end: str = "finished"


@dataclass(frozen=True)
class Verdict:
    """How two runs compare: `same`, `different`, or `unstable` where plain runs differ already."""

    unit: Unit
    outcome: str
    differences: tuple[str, ...] = ()


# --- comparing -----------------------------------------------------------------------------------


def compared(unit: Unit) -> Verdict:
    """The verdict on one unit."""
    plain, loaded = seen(unit, loaded=False), seen(unit, loaded=True)
    found = tuple(differences(plain, loaded))
    if not found:
        return Verdict(unit, "same")
    again = seen(unit, loaded=False)
    moving = set(differences(plain, again, texts=False))
    left = [text for place, text in differences(plain, loaded, texts=None) if place not in moving]
    return Verdict(unit, "different" if left else "unstable", tuple(left) or found)


def differences(plain: Seen, other: Seen, texts: bool | None = True) -> Iterator[Any]:
    """Where two runs differ: as text, as places (`texts=False`) or both (`texts=None`)."""

    def shown(place: str, a: object, b: object) -> Any:
        text = f"{place}: plain {a!r:.700} vrepl {b!r:.700}"
        return (place, text) if texts is None else text if texts else place

    if plain.end != other.end:
        yield shown("end", plain.end, other.end)
    for number in range(max(len(plain.cells), len(other.cells))):
        a, b = (seen.cells[number : number + 1] for seen in (plain, other))
        if a != b:
            yield shown(f"cell {number + 1}", a, b)
    for name in sorted(plain.names.keys() | other.names.keys()):
        a, b = plain.names.get(name), other.names.get(name)
        if a != b:
            yield shown(f"name {name}", a, b)


# What differs from run to run, or on purpose: nodes show themselves.
_UNSTEADY = [
    (re.compile(r"(?:Value\(data=|np\.float64\()(-?(?:[\d.e+-]+|inf|nan))\)"), r"\1"),
    (re.compile(r"\b0x[0-9a-f]{4,}\b"), "0x"),
    (re.compile(r"(?<=[\[({]) +| +(?=[\])}])"), ""),
    (re.compile(r"\s+"), " "),
]


def steady(text: str) -> str:
    """Text without what differs from run to run, and with nodes shown as plain numbers."""
    for pattern, replacement in _UNSTEADY:
        text = pattern.sub(replacement, text)
    return text.strip()[:MOST_TEXT]


def described(value: object) -> tuple[str, str]:
    """The type and the text of a value, with the types of numbers inside containers."""
    try:
        text = steady(repr(value))
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
    return _kind(value), text


def _kind(value: object, depth: int = 0) -> str:
    from vrepl.core.value import decayed

    value = decayed(value)
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if kind in (list, tuple, set, frozenset) and depth < 4 and len(value) < 1000:  # type: ignore[arg-type]
        inside = [_kind(item, depth + 1) for item in value]  # type: ignore[attr-defined]
        return f"{name}[{', '.join(sorted(inside) if kind in (set, frozenset) else inside)}]"
    if kind is dict and depth < 4 and len(value) < 1000:  # type: ignore[arg-type]
        items = value.items()  # type: ignore[attr-defined]
        return f"{name}[{', '.join(f'{_kind(k)}: {_kind(v, depth + 1)}' for k, v in items)}]"
    dtype = getattr(value, "dtype", None) if "numpy" in name or "pandas" in name else None
    return name if dtype is None else f"{name}[{dtype}]"


# --- running -------------------------------------------------------------------------------------


@cache
def shell() -> Any:
    """The IPython that every run is a fork of."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    ip = InteractiveShell.instance(config=config)
    for line in ("load_ext vrepl", "unload_ext vrepl"):  # imports what loading imports
        ip.run_line_magic(*line.split())
    ip.run_cell("%who", silent=True)  # IPython makes its magics when the first is used
    return ip


def seen(unit: Unit, *, loaded: bool, seconds: int = SECONDS) -> Seen:
    """What one run of a unit shows."""
    ip = shell()
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            try:
                os.setpgid(0, 0)
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(seconds)
                found = _run(ip, unit, loaded, printed)
                answer.write(pickle.dumps(found))
                answer.flush()
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        answer.seek(0)
        data = answer.read()
    if data:
        return pickle.loads(data)  # type: ignore[no-any-return]
    return Seen((), {}, f"ended with {status}")


def _run(ip: Any, unit: Unit, loaded: bool, printed: Any) -> Seen:
    """In the child: run the cells and look at what they did."""
    place = str(Path(tempfile.gettempdir(), f"vrepl-{os.getppid()}"))  # the same for each run
    shutil.rmtree(place, ignore_errors=True)
    os.mkdir(place)
    os.chdir(place)
    _calm(printed)
    if loaded:
        ip.run_line_magic("load_ext", "vrepl")
    ip.user_ns.update(unit.names)
    before = dict(ip.user_ns)
    cells = [_run_cell(ip, cell, printed, place) for cell in unit.cells]
    names = {
        name: described(value)
        for name, value in list(ip.user_ns.items())
        if name[:1] != "_" and before.get(name) is not value and not _is_code(value)
    }
    shutil.rmtree(place, ignore_errors=True)
    return Seen(tuple(cells), names)


def _calm(printed: Any) -> None:
    """Output goes to a file, and what is random is the same in every run."""
    for number in (1, 2):
        os.dup2(printed.fileno(), number)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - for the rest of this process
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = open(number, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
    random.seed(0)
    tempfile._name_sequence = iter(f"name{n}" for n in range(10_000))  # type: ignore[attr-defined]
    tempfile.tempdir = os.getcwd()
    if "numpy" in sys.modules:
        import numpy as np

        np.random.seed(0)
        np.random.bit_generator.randbits = lambda bits: 12345  # the seed of default_rng()


def _is_code(value: object) -> bool:
    return isinstance(value, (types.ModuleType, types.FunctionType, type))


def _run_cell(ip: Any, cell: str, printed: Any, place: str) -> tuple[str, str, str]:
    start = os.lseek(printed.fileno(), 0, os.SEEK_END)
    result = ip.run_cell(cell, store_history=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os.lseek(printed.fileno(), start, os.SEEK_SET)
    text = os.read(printed.fileno(), 2_000_000).decode(errors="replace").replace(place, "PLACE")
    os.lseek(printed.fileno(), 0, os.SEEK_END)
    error = result.error_before_exec or result.error_in_exec
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}" if error is not None else ""
    try:
        message = steady(str(error)) if error is not None else ""
    except Exception as problem:
        message = f"{type(problem).__name__}: {problem}"
    return name, message, steady(text)


# --- corpora -------------------------------------------------------------------------------------


def doctests(module: types.ModuleType, joined: bool = False) -> Iterator[Unit]:
    """The examples of a module: a unit for each docstring, a cell for each example.

    Args:
        module: Where they stand; its names are the session's.
        joined: Whether the examples of a docstring make one cell.
    """
    names = {k: v for k, v in vars(module).items() if k[:2] != "__"}
    for test in _found(module):
        cells = [example.source for example in test.examples]
        if cells:
            yield Unit(test.name, ["\n".join(cells)] if joined else cells, names)


def _found(module: types.ModuleType) -> list[doctest.DocTest]:
    """The module's doctests, those in `__test__` too; nothing where its names resist."""
    try:
        return doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__)
    except Exception as error:
        print(f"no doctests of {module.__name__}: {type(error).__name__}: {error}", file=sys.stderr)
        return []


def file_doctests(path: Path, names: Mapping[str, Any]) -> Iterator[Unit]:
    """The examples of a text or a Python file, as one unit."""
    text = path.read_text(errors="replace")
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return
    if examples:
        yield Unit(path.name, [example.source for example in examples], names)


def verdicts(units: Iterable[Unit]) -> Iterator[Verdict]:
    """The verdict on each unit."""
    return map(compared, units)
