"""Nodes go when nothing the user can reach holds them, and there are never too many."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import sysconfig
import time
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from vrepl import sin
from vrepl.core import collector
from vrepl.core.collector import Pace, alive
from vrepl.core.limit import Limit
from vrepl.core.methods import record
from vrepl.core.threads import is_free_threaded
from vrepl.core.value import IntValue, Value, leaf
from vrepl.session.holders import holdings

# Runs cells in an IPython of its own; `used` are blocks of memory, `resident` the megabytes of the
# process, `alive` all nodes there are.
HARNESS = """
import gc, os, sys, tempfile
os.environ["IPYTHONDIR"] = tempfile.mkdtemp()
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
config.InteractiveShell.cache_size = 10_000
ip = InteractiveShell.instance(config=config)
ip.extension_manager.load_extension("vrepl")
from vrepl.core.collector import alive
def run(*cells):
    for cell in cells:
        result = ip.run_cell(cell, store_history=True)
    return result
def used():
    gc.collect()
    return sys.getallocatedblocks()
def resident():
    gc.collect()
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
"""


def in_ipython(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", HARNESS + program], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_million_discarded_results_leave_nothing() -> None:
    program = """
run("a = 2.0; n = 3")
run("for i in range(1000): a*i; n*i")
before, blocks = alive(), used()
run("for i in range(500_000): a*i; n*i")
assert alive() == before
assert used() - blocks < 2_000, used() - blocks
print("done")
"""
    assert in_ipython(program).endswith("done\n")


def test_two_thousand_cells_stay_small_with_every_result_kept() -> None:
    program = """
import contextlib, io
run("a = 2.0; b = 3.0")
with contextlib.redirect_stdout(io.StringIO()):
    run(*(f"a*{i} + b" for i in range(100)))
    before = resident()
    run(*(f"a*{i} + b" for i in range(2_000)))
grown = resident() - before
assert len(ip.user_ns["Out"]) == 2_100
assert alive() >= 2 * 2_100
assert grown < 20, grown
print("done")
"""
    assert in_ipython(program).endswith("done\n")


def test_a_rebound_name_frees_its_graph() -> None:
    program = """
run("x = a = 2.0")
run("for i in range(500_000): x = x*a")
assert alive() > 500_000
run("x = 1.0")
assert alive() < 10, alive()
print("done")
"""
    assert in_ipython(program).endswith("done\n")


def test_an_old_error_holds_no_graph() -> None:
    program = """
import contextlib, io
def failing(n):
    return f'''
def f(a):
    x = a
    for i in range({n}): x = x*a
    return x/(a - a)
f(2.0)
'''
run("keep = 5.0")
with contextlib.redirect_stdout(io.StringIO()) as printed:
    run(failing(1_000))
assert "ZeroDivisionError" in printed.getvalue()
assert alive() > 1_000, "%debug can look at the numbers of the last error"
run(*["1 + 1"] * 12)
assert alive() < 10, alive()
assert sys.last_value.__traceback__ is not None and ip.user_ns["keep"] == 5.0
print("done")
"""
    assert in_ipython(program).endswith("done\n")


# --- too many ------------------------------------------------------------------------------------


def test_a_cell_with_too_many_nodes_goes_on_with_plain_numbers() -> None:
    program = """
run("%config VRepl.nodes = 5_000")
run("a = 2.0; x = a; n = 1")
run("for i in range(50_000):\\n    x = x*1.0001 + a\\n    n = n + 1")
ns = ip.user_ns
assert type(ns["x"]) is float and type(ns["n"]) is int and ns["n"] == 50_001
plain = 2.0
for i in range(50_000): plain = plain*1.0001 + 2.0
assert ns["x"] == plain
run("y = a*3")
assert repr(ns["y"]) == "Value(data=6.0)", "the next cell records again"
print("done")
"""
    done = subprocess.run(
        [sys.executable, "-c", HARNESS + program], capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("done\n"), done.stderr
    assert done.stderr.count("nodes were alive, so this cell went on with plain numbers") == 1
    assert "%config VRepl.nodes" in done.stderr


def test_an_interrupt_that_comes_while_we_look_is_not_lost() -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    limit = Limit(interrupted)
    before = sys.unraisablehook
    limit.install()
    try:
        gc.collect()  # Python drops what comes out of here
        with pytest.raises(KeyboardInterrupt):
            time.sleep(5)
    finally:
        limit.remove()
    assert sys.unraisablehook is before


def test_a_limit_leaves_nothing_behind() -> None:
    callbacks = list(gc.callbacks)
    limit = Limit(lambda: 100)
    limit.install()
    kept = Value(1.0)
    for step in range(20_000):
        kept = kept * 1.5
        if step == 10_000 and is_free_threaded():
            gc.collect()  # of itself it waits until a quarter of all objects is new
    assert type(kept) is float and limit.reached > 100
    limit.remove()
    assert gc.callbacks == callbacks
    assert isinstance(Value(2.0) * 3, Value) and not limit.reached


class Clock:
    """Stands in for `time`; it goes on when told to."""

    now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(collector, "time", clock)
    return clock


@pytest.fixture
def pace(clock: Clock) -> Iterator[Pace]:
    gc.collect()
    before = gc.get_threshold()
    pace = Pace()
    yield pace
    pace.stop()
    gc.set_threshold(*before)


class Held:
    """Something to refer to weakly."""

    items: list[Any]


def collection(pace: Pace, clock: Clock, seconds: float) -> None:
    """Everything is collected, which takes so long."""
    pace.collected("start", 2)
    clock.now += seconds
    pace.collected("stop", 2)


def many_nodes() -> Value:
    kept = Value(1.0)
    for _ in range(250_000):
        kept = kept + 1.5
    return kept


def test_the_collector_rests_from_many_nodes_and_goes_on(pace: Pace, clock: Clock) -> None:
    before = gc.get_threshold()
    kept = many_nodes()
    collection(pace, clock, 0.01)
    assert not pace.is_resting()
    collection(pace, clock, 0.5)
    assert pace.is_resting() and gc.get_threshold()[:2] == before[:2] != gc.get_threshold()
    cycle = Held()
    cycle.items = [kept, cycle]
    found = weakref.ref(cycle)
    del kept, cycle
    gc.collect()
    assert found() is None, "who asks for a collection gets it"
    clock.now += 4.0
    pace.collected("stop", 1)
    assert pace.is_resting()
    clock.now += 4.0
    pace.collected("stop", 1)
    assert not pace.is_resting() and gc.get_threshold() == before


def test_the_collector_rests_for_longer_when_there_is_more(pace: Pace, clock: Clock) -> None:
    kept = [many_nodes()]
    collection(pace, clock, 0.5)
    kept += [many_nodes(), many_nodes(), many_nodes()]
    clock.now += 6.0
    pace.collected("stop", 1)
    assert pace.is_resting() and len(kept) == 4
    clock.now += 20.0
    pace.collected("stop", 1)
    assert not pace.is_resting()


def test_the_collector_does_not_rest_from_what_else_there_is(pace: Pace, clock: Clock) -> None:
    before = gc.get_threshold()
    kept = [[i] for i in range(250_000)]
    collection(pace, clock, 0.5)
    assert not pace.is_resting() and gc.get_threshold() == before and kept


def test_a_threshold_that_somebody_sets_stays(pace: Pace, clock: Clock) -> None:
    kept = many_nodes()
    collection(pace, clock, 0.5)
    assert pace.is_resting() and kept
    gc.set_threshold(600, 5, 5)
    pace.stop()
    assert gc.get_threshold() == (600, 5, 5)


def test_the_collector_goes_on_where_only_the_first_threshold_was_set(
    pace: Pace, clock: Clock
) -> None:
    before = gc.get_threshold()
    kept = many_nodes()
    collection(pace, clock, 0.5)
    assert pace.is_resting() and kept
    gc.set_threshold(50_000)
    clock.now += 6.0
    pace.collected("stop", 1)
    assert not pace.is_resting() and gc.get_threshold() == (50_000, *before[1:])


def test_the_collector_goes_on_where_somebody_sets_what_he_read_while_it_rested(
    pace: Pace, clock: Clock
) -> None:
    before = gc.get_threshold()
    kept = many_nodes()
    collection(pace, clock, 0.5)
    read = gc.get_threshold()
    assert read != before and kept
    pace.stop()
    gc.set_threshold(*read)
    pace.collected("stop", 1)
    assert gc.get_threshold() == before


def test_nodes_that_are_too_many_are_not_counted_for_each_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts: list[int] = []

    def counted(stride: int) -> int:
        counts.append(stride)
        return alive(stride)

    monkeypatch.setattr("vrepl.core.limit.alive", counted)
    monkeypatch.setattr("vrepl.core.limit._SHARE", 1e-9)
    kept = many_nodes()
    limit = Limit(lambda: 100_000)
    try:
        for _ in range(3):  # cells
            limit.look()
            assert limit.reached > 240_000 and kept
            limit.resume()
        assert len(counts) == 1
        del kept
        limit.look()
        assert not limit.reached and len(counts) < 3
    finally:
        limit.resume()


@pytest.mark.parametrize("number", [2.0, 3])
def test_without_recording_operations_are_pythons(number: Any) -> None:
    node = leaf(number)
    try:
        record(False)
        found = [
            node + 1,
            node * 2.5,
            node - node,
            -node,
            node**2,
            7 // node,
            abs(node),
            node.sin(),
            sin(node),
        ]
        found += [*divmod(node, 2), round(node, 1), node / Value(4)]
    finally:
        record(True)
    x = number
    expected = [x + 1, x * 2.5, x - x, -x, x**2, 7 // x, abs(x), *[math.sin(x)] * 2]
    expected += [*divmod(x, 2), round(x, 1), x / 4]
    assert [(type(y), y) for y in found] == [(type(y), y) for y in expected]
    assert not any(isinstance(y, Value) for y in found)  # a class of nodes equals `float`
    assert all(isinstance(y, Value) for y in (node + 1, node * 2.5, -node, node.sin()))


def test_whole_nodes_are_small() -> None:
    """Not the size on one Python: what would double it is a namespace filled for every node."""
    node = leaf(3) + 1
    assert type(node) is IntValue and not dict(node.__dict__)
    assert sys.getsizeof(node.__dict__) < 100
    (node * node).backward()
    assert node.grad == 8.0


def test_operands_of_whole_nodes_are_kept_without_a_tuple() -> None:
    a = leaf(3)
    a.label = "a"
    for node, text in ((a + 1, "+"), (1 - a, "-"), (-a, "-"), (a // a, "//")):
        node.label = "n"
        made = node._made
        assert not any(held is made for held in gc.get_referents(node.__dict__))
        operands = node._prev
        assert [x.data for x in operands] == [x if type(x) is int else x.data for x in made[1:]]
        assert node._op == text and (operands[-1] is a or operands[0] is a)
        assert all(x is y for x, y in zip(node._prev, operands, strict=True))
        assert node.label == "n" and list(node.__dict__) == ["_facts"]


@pytest.mark.parametrize("number", [2.0, 3])
def test_the_size_of_nodes_is_what_python_takes_for_them(number: float) -> None:
    node = leaf(number)
    tracemalloc.start()
    for _ in range(20_000):  # many, for Python has 2,000 tuples in store
        node = node + 1
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    [holder] = holdings({"node": node}).holders
    assert taken * 0.8 < holder.size < taken * 1.2


# --- who holds what ------------------------------------------------------------------------------


def test_holders_and_what_they_share() -> None:
    a = Value(2.0)
    chain = a
    for _ in range(1_000):
        chain = chain * 1.5
    kept = {"chain": chain, "same": chain, "a": a, "ws": [Value(1.0), {"k": chain}], "_x": a}
    found = holdings(kept | {"Out": {3: a * 2, 4: a, 5: "text"}, "_": a})
    lines = {holder.name: holder.nodes for holder in found.holders}
    assert lines == {"ws": 1, "Out[3]": 1, "chain, same": 0, "a, Out[4]": 0}
    assert found.shared.nodes == 1_001
    assert found.shared.size > 1_001 * 60
    del kept["ws"]
    assert {h.name: h.nodes for h in holdings(kept).holders} == {"chain, same": 1_000, "a": 0}


def test_nodes_held_elsewhere_are_counted() -> None:
    before = holdings({}).elsewhere
    kept = [Value(2.0) for _ in range(10)]
    assert holdings({}).elsewhere == before + 10 == alive()
    assert holdings({"kept": kept}).elsewhere == before


def test_the_collector_imports_nothing(monkeypatch):
    # Python 3.11 loses an import in whose middle a collection imports something else.
    limit = Limit(lambda: 10**9)
    is_free_threaded.cache_clear()
    limit.install()
    try:
        monkeypatch.setattr(sysconfig, "get_config_var", lambda name: pytest.fail("asked late"))
        limit._next = 0.0
        limit._collected("stop", {"generation": 0})
        limit._collected("stop", {"generation": 2})
    finally:
        limit.remove()
    assert limit._next > 0
