"""Functions as they were typed: what compilers read, and what travels to other processes."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest
from IPython.core.interactiveshell import InteractiveShell
from sessions import shell_with_vrepl

from vrepl.fronts.arrivals import Arrivals
from vrepl.session.typed import as_typed

CELL = '''
import math
def f(a, b=2, *, c: float = 0.5):
    """Doc."""
    from math import sin
    w = 3.0
    return [a * b * w + c * k for k in range(2)], sin(a) * math.cos(b)
f.mark = 1
def around(k):
    def inside(x): return x * k + g(x)
    return inside
inside = around(2.5)
w = 2.5; g, h = lambda x: x * w, lambda x: w / x
def many(xs):
    total = 0.0
    for x in xs: total = total + x * g(x)
    return total
'''


@pytest.fixture
def ip() -> Iterator[InteractiveShell]:
    with shell_with_vrepl() as ip:
        yield ip


def names_of(code: CodeType) -> set[str]:
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*map(names_of, inner))


@pytest.mark.parametrize(
    ("name", "given"),
    [("f", (2.5,)), ("inside", (1.5,)), ("g", (3,)), ("h", (3,)), ("many", ([1.5, 2],))],
)
def test_a_function_as_typed_does_the_same_without_us(ip, name, given):
    ip.run_cell(CELL)
    function = ip.user_ns[name]
    typed = as_typed(function)
    assert typed is not function and "__vrepl" not in str(names_of(typed.__code__))
    assert "__vrepl" in str(names_of(function.__code__))
    assert typed(*given) == function(*given) and typed.__name__ == function.__name__
    shared = ("__defaults__", "__kwdefaults__", "__doc__", "__qualname__", "__annotations__")
    assert all(getattr(typed, part) == getattr(function, part) for part in shared)
    assert vars(typed) == vars(function) and typed.__globals__ is function.__globals__


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated at once")
def test_annotations_are_not_worked_out_before_somebody_asks(ip):
    ip.run_cell("def f(x: Later) -> Later: return 0.5 * x")
    typed = as_typed(ip.user_ns["f"])
    assert typed is not ip.user_ns["f"]
    ip.run_cell("class Later: pass")
    assert typed.__annotations__ == dict.fromkeys(("x", "return"), ip.user_ns["Later"])


def test_a_function_whose_text_is_gone_stays_as_it_is(ip):
    ip.run_cell("def f(x): return 0.5 * x")
    function = ip.user_ns["f"]
    function.__code__ = function.__code__.replace(co_filename="<nowhere>")
    assert as_typed(function) is function
    assert as_typed(len) is len and as_typed(names_of) is names_of


def test_what_a_decorator_compiles_has_no_name_of_ours(ip):
    for cell in (
        "class numba:\n    jit = staticmethod(lambda **options: lambda f: f)",
        "njit = lambda f: f",
        "@njit\ndef f(a, b):\n    w = 2.0\n    return a * b * w",
        "@numba.jit(cache=True)\ndef g(a, b):\n    return a * b",
        "def late(a, b): return 2.5 * a * b",
        "h = njit(late)",
        "k = njit(lambda a, b: a * b)",
        "class torch:\n    compile = lambda f: f",
        "@torch.compile\ndef m(a, b): return a * b",
    ):
        ip.run_cell(cell).raise_error()
    for name in "fghkm":
        code = ip.user_ns[name].__code__
        assert "__vrepl" not in str((names_of(code), code.co_consts)), name
    assert "__vrepl" in str(names_of(ip.user_ns["late"].__code__))


@pytest.fixture
def cloudpickle(tmp_path: Path, monkeypatch) -> Iterator[None]:
    """A pickler to be imported, that gives what it is about to send."""
    package = tmp_path / "cloudpickle"
    package.mkdir()
    (package / "__init__.py").write_text("from cloudpickle.cloudpickle import CloudPickler")
    (package / "cloudpickle.py").write_text(
        "class CloudPickler:\n    def _dynamic_function_reduce(self, function): return function"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "cloudpickle"]:
            monkeypatch.delitem(sys.modules, name)

    forget()
    yield
    forget()


SEND = "import cloudpickle; sent = cloudpickle.CloudPickler()._dynamic_function_reduce(f)"


@pytest.mark.parametrize(
    "cells",
    [
        [f"f = lambda x, y: x * y + 2.0\n{SEND}"],
        [
            "def send(f):\n    " + SEND + "\n    return sent",
            "sent = send(f := lambda x, y: x*y + 2.0)",
        ],
        ["import cloudpickle; f = lambda x, y: x * y + 2.0", "%unload_ext vrepl", SEND],
        ["f = lambda x, y: x * y + 2.0", "%unload_ext vrepl", SEND],
    ],
    ids=["in its cell", "within a call", "unloaded", "unloaded before"],
)
def test_picklers_are_given_functions_as_typed(ip, cloudpickle, cells):
    for cell in cells:
        ip.run_cell(cell).raise_error()
    assert "__vrepl" in str(names_of(ip.user_ns["f"].__code__))
    assert "__vrepl" not in str(names_of(ip.user_ns["sent"].__code__))
    assert ip.user_ns["sent"](3.0, 4) == 14.0


def test_picklers_are_changed_once(ip, cloudpickle):
    ip.run_cell("from cloudpickle.cloudpickle import CloudPickler").raise_error()
    method = ip.user_ns["CloudPickler"]._dynamic_function_reduce
    for _ in range(2):
        ip.run_cell("%unload_ext vrepl\n%load_ext vrepl").raise_error()
        assert ip.user_ns["CloudPickler"]._dynamic_function_reduce is method
    assert sum(isinstance(finder, Arrivals) for finder in sys.meta_path) == 1
    module = sys.modules["cloudpickle.cloudpickle"]
    assert not hasattr(module.__loader__, "__dict__") or "exec_module" not in vars(
        module.__loader__
    )
    assert ip.user_ns["CloudPickler"]()._dynamic_function_reduce(builtins.len) is len
