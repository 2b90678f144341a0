"""Runs the same cells in plain IPython and with vrepl, and compares all that can be seen.

Every run is a fork of one small process without threads, so that all start from the same memory
and leave nothing behind. `python differential.py MODULE ...` runs the doctests of modules, of whole
packages too (`numpy.*`), and prints what differs.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import os
import pickle
import pkgutil
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import types
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SECONDS = 20  # a run that takes longer is stopped; both have to be
MOST_TEXT = 20_000


@dataclass(frozen=True)
class Unit:
    """Cells that belong together.

    Attributes:
        name: What it is called.
        cells: What is run.
        module: A module whose names the session has from the start.
        preloaded: Modules that are imported before the process is forked.
    """

    name: str
    cells: Sequence[str]
    module: str = ""
    preloaded: Sequence[str] = ()


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
    (re.compile(r"\b0x[0-9a-fA-F]{4,}\b|(?<=at )[0-9a-f]{12}\b|\b1[34]\d{13}\b"), "0x"),
    (re.compile(r"\b\d[\d.]*(?:e[+-]?\d+)? (?:ns|[uµμ]s|ms|s|min)\b"), "TIME"),
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
    with contextlib.redirect_stdout(io.StringIO()):
        ip.run_cell("%who", silent=True)  # IPython makes its magics when the first is used
    return ip


def seen(unit: Unit, *, loaded: bool, seconds: int = SECONDS) -> Seen:
    """What one run of a unit shows."""
    ip = shell()
    for module in filter(None, (unit.module, *unit.preloaded)):
        importlib.import_module(module)
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
    else:
        _forget_encoders()
    if unit.module:
        given = vars(sys.modules[unit.module])
        ip.user_ns.update({name: given[name] for name in given if name[:2] != "__"})
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


def _forget_encoders() -> None:
    """Take out of libraries what a load leaves there, which shows in tracebacks."""
    from vrepl.fronts.arrivals import Arrivals
    from vrepl.fronts.encoders import ENCODING

    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Arrivals)]
    packages = {name.partition(".")[0] for name in ENCODING}
    for module in [m for name, m in sys.modules.items() if name.partition(".")[0] in packages]:
        for name, function in list(vars(module).items()):
            if hasattr(function, "encoder"):
                setattr(module, name, function.__wrapped__)


def _is_code(value: object) -> bool:
    code = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
    return isinstance(value, code)


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


def snippets(path: Path, preloaded: Sequence[str] = ()) -> Iterator[Unit]:
    """The units of a file: blank lines between them, and lines of `# %%` between their cells."""
    for number, text in enumerate(path.read_text("utf-8").strip().split("\n\n"), 1):
        cells = [cell.strip("\n") for cell in text.split("# %%\n")]
        yield Unit(f"{path.stem} {number}", cells, preloaded=preloaded)


def doctests(module: types.ModuleType, joined: bool = False) -> Iterator[Unit]:
    """The examples of a module: a unit for each docstring, a cell for each example.

    Args:
        module: Where they stand; its names are the session's.
        joined: Whether the examples of a docstring make one cell.
    """
    for test in _found(module):
        cells = [example.source for example in test.examples]
        if cells:
            yield Unit(test.name, ["\n".join(cells)] if joined else cells, module.__name__)


def _found(module: types.ModuleType) -> list[doctest.DocTest]:
    """The module's doctests, those in `__test__` too; nothing where its names resist."""
    try:
        return doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__)
    except Exception as error:
        print(f"no doctests of {module.__name__}: {type(error).__name__}: {error}", file=sys.stderr)
        return []


def modules(name: str) -> Iterator[types.ModuleType]:
    """A module, or with `.*` behind its name a package and all that can be imported of it."""
    package = importlib.import_module(name.removesuffix(".*"))
    yield package
    if name.endswith(".*"):
        inside = pkgutil.walk_packages(package.__path__, f"{package.__name__}.", lambda _: None)
        for found in inside:
            if not re.search(r"\.(_*tests?|testing|conftest|__main__|setup)\b|\.test_", found.name):
                with contextlib.suppress(BaseException):  # a package holds all kinds of scripts
                    yield importlib.import_module(found.name)


# --- the process that is forked ------------------------------------------------------------------


class Runner:
    """A process of its own that compares units; close it when done."""

    def __init__(self) -> None:
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **one_thread, "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"},
        )

    def compared(self, unit: Unit) -> Verdict:
        """The verdict on a unit."""
        assert self.process.stdin and self.process.stdout
        pickle.dump(unit, self.process.stdin)
        self.process.stdin.flush()
        return pickle.load(self.process.stdout)  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(SECONDS)


def serve() -> None:
    """Answer units on standard input with verdicts on standard output, until there are no more."""
    with open(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        while True:
            try:
                unit = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            pickle.dump(compared(unit), answers)
            answers.flush()


def report(units: Iterable[Unit]) -> Counter[str]:
    """Compare units, print what differs, and count."""
    count: Counter[str] = Counter()
    met: set[str] = set()
    for unit in units:
        text = "\n".join(unit.cells)
        if text not in met:
            met.add(text)
            verdict = compared(unit)
            count[verdict.outcome] += 1
            if verdict.outcome != "same":
                print(f"== {verdict.outcome} {unit.name}", *verdict.differences, sep="\n    ")
    return count


def main(arguments: Sequence[str]) -> None:
    """What the command line asks for."""
    if list(arguments) == ["--serve"]:
        serve()
        return
    found = (module for name in arguments for module in modules(name))
    print(dict(report(unit for module in found for unit in doctests(module))))


if __name__ == "__main__":
    import differential  # under its own name, by which pickle knows its classes

    os.environ.setdefault("IPYTHONDIR", tempfile.mkdtemp(prefix="vrepl-ipython-"))
    differential.main(sys.argv[1:])
