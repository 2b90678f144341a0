"""Names in every way that Python binds them: what the registry knows when the cell has run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sessions import shell_with_vrepl

from vrepl import Value
from vrepl.fronts.ipython import loaded

# cells -> the names that mean nodes afterwards, with the cell and line that bound each last.
BINDINGS = {
    "a = 2.0; b = a": {"a": "1:1", "b": "1:1"},
    "a = b = c = 2.0": {"a": "1:1", "b": "1:1", "c": "1:1"},
    "a, (b, [c, *d]) = 1.0, (2.0, [3.0, 4.0])": {"a": "1:1", "b": "1:1", "c": "1:1"},
    "a = 1.0\nb = 2.0\na, b = b, a": {"a": "1:3", "b": "1:3"},
    "a = 2.0 ¶ a += 1": {"a": "2:1"},
    "a = 2.0 ¶ a *= a; a -= 1; a **= 2; a /= 3": {"a": "2:1"},
    "(a := 2.0)\nif (b := a*3) > 1: pass": {"a": "1:1", "b": "1:2"},
    "c = [(a := x*2) for x in [1.0, 2.0]]": {"a": "1:1"},
    "a: float = 2.0\nb: int": {"a": "1:1"},
    "for a in [1.0, 2.0]:\n    b = a*2": {"a": "1:1", "b": "1:2"},
    "for a, (b, *c) in [(1.0, [2.0, 3.0])]: pass": {"a": "1:1", "b": "1:1"},
    "from contextlib import nullcontext as held\nb = [3.0]\nwith held(b) as (a,): pass": {
        "a": "1:3"
    },
    "import types, sys\nm = types.ModuleType('m'); w = [2.0]; m.a = w[0]; sys.modules['m'] = m ¶ "
    "from m import a": {"a": "2:1"},
    "def f():\n    global a\n    a = 2.0\nf()": {"a": "1:3"},
    "def f(): globals()['a'] = [2.0][0]\nf()": {},
    "a = 1.0\nb = [2.0]\nglobals()['a'] = b.pop()": {"a": "1:1"},
    "exec('a = x', {**globals(), 'x': 1})": {},
    "a = 2.0; b = 3.0 ¶ del a": {"b": "1:1"},
    "a = 2.0 ¶ a = 'text'": {},
    "a = 2.0 ¶ a = 5.0 ¶ a = None ¶ a = 7.0": {"a": "4:1"},
    "a = 2.0\nb = a/0\nc = 3.0": {"a": "1:1"},
    "a = 2.0 ¶ a, b = 3.0, 1/0": {"a": "1:1"},
    "try:\n    a = 2.0; 1/0\nexcept ZeroDivisionError:\n    b = 3.0\nfinally:\n    c = 4.0": {
        "a": "1:2", "b": "1:4", "c": "1:6"
    },
    "a = 2.0\nd = a*3\na = 5.0": {"a": "1:3", "d": "1:2"},
    "match [1.0, 2.0]:\n    case [_, *_]: a = 3.0": {"a": "1:2"},
    "a = 2.0\nmatch a:\n    case b: pass": {"a": "1:1", "b": "1:3"},
    "a = 2.0 if 1 else 3.0; b = a and 4.0; c = [a, b]; d, = c[:1]": {
        "a": "1:1", "b": "1:1", "d": "1:1"
    },
    "class P:\n    a = 2.0\n    def m(self): self.w = 3.0\np = P()": {},
    "def f():\n    a = 2.0\n    def g():\n        nonlocal a\n        a = 3.0\n    g()\nf()": {},
    "import asyncio\na = await asyncio.sleep(0, [2.0][0])\nb = 3.0": {"b": "1:3"},
    "__a__ = 2.0; _b = 3.0; c = 4.0": {"c": "1:1"},
    "é = 2.0; 变量 = é*2": {"é": "1:1", "变量": "1:1"},
    "get_ipython().push({'a': [2.0][0]})": {},
    "%time a = 2.0": {"a": "1"},
    "%%time\na = 2.0\nb = 3.0": {"a": "1", "b": "1"},
}  # fmt: skip


@pytest.fixture
def shell() -> Iterator[Any]:
    with shell_with_vrepl() as ip:
        yield ip


def run(ip: Any, cells: str) -> None:
    for cell in cells.split(" ¶ "):
        ip.run_cell(cell, store_history=True)


@pytest.mark.parametrize("cells", BINDINGS)
def test_the_names_are_those_of_now(shell: Any, cells: str) -> None:
    run(shell, cells)
    extension = loaded(shell)
    assert extension is not None
    registry = extension.registry
    names = registry.names()
    assert {k: v for k, v in shell.user_ns.items() if isinstance(v, Value) and k[0] != "_"} == names
    places = {name: registry.place(name) for name in BINDINGS[cells]}
    found = {
        name: str(place)[3:].replace("]", "") for name, place in places.items() if name in names
    }
    assert found == BINDINGS[cells]


def slope(ip: Any, line: str) -> Any:
    return ip.run_line_magic("slope", line)


def test_the_first_name_is_the_label_and_aliases_share_the_node(shell: Any) -> None:
    run(shell, "a = b = 2.0 ¶ c = b ¶ del a ¶ d = c*3")
    assert float(slope(shell, "d wrt b")) == float(slope(shell, "d wrt c")) == 3.0
    assert shell.user_ns["c"].label == "a"


REBOUND = [
    ("a = 2.0; b = -3.0 ¶ d = a*b ¶ a = 7.0", "d was made from an older a (= 2.0);"
     " a was bound again since, in In[3]:1; by the older a, of In[1]:1, the slope is -3.0"
     " (%slope d lists it)"),
    ("b = -3.0; a = b*2; d = a*b\na = 7.0", "d was made from an older a (= -6.0);"
     " a was bound again since, in In[1]:2; by the older a, of In[1]:1, the slope is -3.0"),
    ("a = 2.0; b = -3.0; d = a*b ¶ a = a + 1", "d was made from an older a (= 2.0);"
     " a was bound again since, in In[2]:1; by the older a, of In[1]:1, the slope is -3.0"
     " (%slope d lists it)"),
    ("a = 2.0; b = -3.0; d = a*b ¶ for a in [1.0, 7.0]: pass", "d was made from an older a (= 2.0);"
     " a was bound again since, in In[2]:1; by the older a, of In[1]:1, the slope is -3.0"
     " (%slope d lists it)"),
    ("a = 2.0; b = -3.0; d = a*b ¶ a = float(7)", "d was made from an older a (= 2.0);"
     " a was bound again since, in In[2]:1; by the older a, of In[1]:1, the slope is -3.0"
     " (%slope d lists it)"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "reason"), REBOUND)
def test_a_name_that_was_bound_again_is_told_and_the_older_one_offered(
    shell: Any, cells: str, reason: str
) -> None:
    run(shell, cells)
    answer = slope(shell, "d wrt a")
    assert (answer.slope, answer.reason) == (None, reason)
    assert repr(answer) == f"d is not connected to a: {reason}"
    if "lists it" in reason:
        assert slope(shell, "d")["a (older)"].slope == -3.0


@pytest.mark.parametrize(
    ("last", "gone"),
    [("del a", "a is no name any more"), ("a = 'text'", "a is no number now")],
)
def test_a_name_that_means_no_number_any_more_offers_the_older_one(
    shell: Any, capsys: pytest.CaptureFixture[str], last: str, gone: str
) -> None:
    for cell in ("a = 2.0; d = a*3", last, "%slope d wrt a", "%explain d wrt a", "%slope d wrt b"):
        capsys.readouterr()
        shell.run_cell(cell, store_history=True)
        said = capsys.readouterr().err
        if cell.endswith("wrt a"):
            assert said == (
                f"UsageError: {gone}, but d was made from an older a (= 2.0);"
                " by the older a, of In[1]:1, the slope is 3.0 (%slope d lists it)\n"
            )
    assert said.startswith('UsageError: No name "b" in this session')
