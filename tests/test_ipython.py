"""The extension in IPython: commands, names, loading and leaving, and the Python beside it."""

import ast
import bdb
import gc
import io
import math
import pdb  # noqa: T100 - it is what is tested
import pickle

import pytest
from IPython.core.completer import provisionalcompleter
from sessions import Typed, bare_shell

from vrepl import FloatValue, Value


@pytest.fixture
def bare(capsys):
    with bare_shell() as ip:
        yield Typed(ip, capsys)


@pytest.fixture
def session(bare):
    bare.run("%load_ext vrepl", "a = 2.0; b = -3.0; c = 10", "d = a*b + c")
    return bare


def test_the_session_of_the_readme(session):
    assert session.run("d") == "Out[4]: Value(data=4.0)\n"
    one = session.run("%slope d wrt a")
    assert one.splitlines()[2] == "a      2.0        -3.0      -3.0  3e-08           0"
    every = session.run("%slope d").splitlines()[2:]
    assert [line.split()[0] for line in every] == ["a", "b", "c"]
    two = session.run("%slope d wrt c, a").splitlines()[2:]
    assert [line.split()[0] for line in two] == ["c", "a"]
    trace = session.run("%trace d").splitlines()[2:]
    assert trace[2].split() == [
        "3",
        "a",
        "*",
        "b",
        "a",
        "*",
        "b",
        "-6.0",
        "-3.0,",
        "2.0",
        "1.0",
        "███▍",
    ]
    assert "├(+)─▶" in session.run("%graph d")
    nodes = session.run("%nodes").splitlines()[2:]
    assert [line.split()[0] for line in nodes] == ["a", "b", "c", "d"]
    assert nodes[3].endswith("a * b + c                       In[3]:1")


def test_the_step_can_be_chosen(session):
    session.run("s = %slope d wrt a --h 0.001")
    assert session["s"].measured == ((2.001 * -3.0 + 10) - 4.0) / 0.001 and session["s"].h == 0.001


def test_slopes_of_slopes(session):
    session.run("y = a**3 * b")
    for line, slope in (("y wrt a a", -36.0), ("y wrt a a a", -18.0), ("y wrt a b", 12.0),
                        ("d wrt a a", 0.0), ("d wrt a b", 1.0)):  # fmt: skip
        answer = session.ip.run_line_magic("slope", line)
        assert float(answer) == slope and abs(answer.difference) < 1e-5, line
    assert "is not connected to x" in session.run("x = 1.5", "%slope y wrt a x")


@pytest.mark.parametrize(
    "cell",
    [
        "%slope d wrt a",
        "%slope d wrt a\nx = 1",
        "x = 1\n%slope d wrt a\nx",
        "if True:\n    %slope d wrt a",
        "for i in range(1):\n    %slope d wrt a\n    x = i",
        "def f():\n    %slope d wrt a\nf()",
        "%time %slope d wrt a",
        "slope d wrt a",
        "get_ipython().run_line_magic('slope', 'd wrt a')",
    ],
)
def test_an_answer_is_shown_wherever_it_stands_exactly_once(session, cell):
    assert session.run(cell).count("slope of d") == 1


def test_an_assigned_answer_is_silent_and_a_value(session):
    assert session.run("s = %slope d wrt a") == ""
    s = session["s"]
    assert (float(s), s.slope, s.wrt, s.difference, s.output) == (-3.0, -3.0, ("a",), 0.0, "d")
    assert "slope of d" in session.run("s") and session.run("t = %trace d") == ""
    assert [line.slope for line in session["t"]] == [-3.0, 2.0, 1.0, 1.0, 1.0]
    session.run("every = %slope d")
    assert session["every"]["b"].slope == 2.0 and len(session["every"]) == 3
    with pytest.raises(TypeError, match="holds 3 slopes, not one"):
        float(session["every"])
    session.run("g = %graph d; n = %nodes", "g = %graph d", "n = %nodes")
    assert session["g"].graph.total == 5 and next(line.name for line in session["n"]) == "a"


def test_commands_leave_the_last_result_alone(session):
    session.run("2.0*-3.0 + 10")
    session.run("%slope _")
    assert "(×)" in session.run("%graph _") and isinstance(session["_"], Value)


MISTAKES = [
    ("%slope", "slope needs a name; usage: %slope NAME [wrt NAME, ...] [--h H]"),
    ("%slope e", 'No name "e" in this session; did you mean "d"?'),
    ("%slope d wrt aa", 'No name "aa" in this session; did you mean "a"?'),
    ("%slope d wrt", "wrt needs a name; usage: %slope NAME [wrt NAME, ...] [--h H]"),
    ("%slope a*2", '"a*2" is no name; give it one first, like x = a*2'),
    ("%slope __import__('os').system('echo ran')", "slope takes one name"),
    ("%slope f(d)", '"f(d)" is no name; give it one first, like x = f(d)'),
    ("%slope d --h zero", "--h zero is no number; write it like 0.001"),
    ("%slope d --h 0", "--h 0 is no step; write a small one like 0.001"),
    ("%slope d --hh 1", 'slope has no option "--hh", did you mean "--h"; usage'),
    ("%slope d wrt a,, b", 'wrt takes names with commas between, not "a , , b"'),
    ("%slope d wrt a,", 'wrt takes names with commas between, not "a ,"'),
    ("%slope d wrt ,", 'wrt takes names with commas between, not ","'),
    ("%slope text", "text is a str, not a number; %nodes lists the names"),
    ("%trace", "trace needs a name; usage: %trace NAME [--rows N]"),
    ("%graph print", "print is Python's own, not a number; %nodes lists the names"),
    ("%graph nope", 'No name "nope" in this session'),
    ("%trace d wrt a", "trace takes no wrt; usage: %trace NAME"),
    ("%nodes d", 'nodes takes no name, and "d" was given'),
    ("%trace w[7]", "w has no [7]"),
    ("%slope plain", "plain = 3.0 is a plain number, not a node: float(a) in In[4]:1 leaves"),
]


@pytest.mark.parametrize(("line", "fact"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_is_one_line_with_the_remedy(session, line, fact):
    session.run("text = 'x'; w = [a]; plain = float(a) + 1")
    printed = session.run(line)
    assert printed.startswith(f"UsageError: {fact}") and printed.count("\n") == 1
    assert not session.result.success and "ran" not in printed.replace("'echo ran'", "")
    assert session.run("d") != ""


NOT_CONNECTED = [
    (["c2 = float(a)*2"], "c2 wrt a", "c2 = 4.0 is a plain number, not a node: float(a) in In"),
    (["import cmath as c\nm = c.sin(a).real"], "m wrt a", "c.sin(a) in In[4]:2 leaves the graph"),
    (["k = float(a)*b"], "k wrt a", "float(a) in In[4]:1 leaves the graph"),
    (["p = float(a)", "q = p + 1", "z = q*b"], "z wrt a", "float(a) in In[4]:1 leaves the graph"),
    (["x = 5.0"], "d wrt x", "d depends on a, b, c"),
    (["x = 5.0"], "x wrt a", "x is an input itself"),
    ([], "a wrt d", "it is the other way round, d depends on a"),
    (["r = a.data*2"], "r wrt a", "a.data in In[4]:1 is the plain number of a"),
    (["import copy\ne = copy.deepcopy(a)*2"], "e wrt a", "another node that is called a (= 2.0)"),
    (["a = 7.0"], "d wrt a", "d was made from an older a (= 2.0); a was bound again since"),
    (["q = a > 1"], "d wrt q", "q = True is a plain number"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "line", "reason"), NOT_CONNECTED)
def test_not_connected_names_the_reason_and_is_never_zero(session, cells, line, reason):
    session.run(*cells)
    printed = session.run(f"%slope {line}")
    output, wrt = line.split(" wrt ")
    assert printed.startswith(f"{output} is not connected to {wrt}: ") and reason in printed
    session.run(f"s = %slope {line}")
    assert session["s"].slope is None
    assert "NotConnected" in session.run("float(s)")


@pytest.mark.parametrize(
    "cell",
    [
        "import math\ny = math.exp(a)",
        "import math as m, os.path\ny = m.exp(a)",
        "from math import exp, pi\ny = exp(a)",
        "from math import *\ny = exp(a)",
        "def f(x):\n    import math\n    return math.exp(x)\ny = f(a)",
        "import importlib, math\nmath = importlib.reload(math)\ny = math.exp(a)",
        "from math import exp as e\ny = sum(map(e, [a]))",
        "import numpy as np\ny = np.exp(a)",
    ],
)
def test_functions_of_math_and_numpy_keep_the_graph(session, cell):
    session.run(cell, "s = %slope y wrt a")
    assert float(session["s"]) == math.exp(2.0)


def test_the_rest_of_math_is_maths_own(session):
    session.run("import math", "from math import pi, inf, sqrt")
    own = session["math"]
    assert own.pi is math.pi and own.comb is math.comb and own.__doc__ == math.__doc__
    assert session["pi"] is math.pi and session["inf"] is math.inf
    assert type(own.sqrt(4)) is float and own.sqrt is session["sqrt"]
    assert pickle.loads(pickle.dumps(own.sqrt)) is math.sqrt and dir(own) == dir(math)
    printed = session.run("math.sqrt(-1)")
    assert "ValueError: " in printed and "functions.py" not in printed


def test_names_are_those_of_now(session):
    session.run("e = d", "a = a + 1", "del b", "w = [0.5, {'k': 1.5}]", "z = w[0]*w[1]['k'] + a")
    nodes = session.run("%nodes")
    assert "the same node as d" in nodes and "\nb " not in nodes
    shown = session.run("%slope z")
    for name in ("w[0]", "w[1]['k']", "a (older)"):
        assert f"\n{name} " in shown
    assert float(session.ip.run_line_magic("slope", "z wrt w[1]['k']")) == 0.5
    session.run("first = 1.5\n1/0\nsecond = 2.5")
    assert "first" in session.run("%nodes") and "second" not in session.run("%nodes")
    session.run("for i in range(3):\n    a = a*2\n    total = a")
    assert "In[" in session.run("%nodes").split("total")[1]
    session.run("class P:\n    def __init__(self):\n        self.w = 0.25\np = P()\ny = p.w*3")
    assert float(session.ip.run_line_magic("slope", "y wrt p.w")) == 3.0


def test_asking_reads_no_property_and_calls_nothing(session):
    session.run(
        "log = []\nclass Trap:\n"
        "    @property\n    def x(self):\n        log.append(1)\n        return 2.0\n"
        "    def __getattr__(self, name):\n        log.append(name)\n        raise AttributeError\n"
        "trap = Trap()"
    )
    for line in ("%slope trap.x", "%slope trap.y", "%slope d", "%nodes"):
        session.run(line)
    assert session["log"] == []


def test_tracebacks_end_on_the_users_line(session):
    printed = session.run("x = 0.0\n1/x")
    assert "----> 2 1/x" in printed and "__truediv__" not in printed and "apply" not in printed
    printed = session.run("from vrepl import log\nlog(b)")
    assert "DomainError: log(b): b = -3.0 lies outside b > 0" in printed
    assert "value.py" not in printed and "math domain error" not in printed
    assert "unsupported operand" in session.run("a + 'x'") and "<formula" not in session.run(
        "a + 'x'"
    )


def test_what_an_error_came_from_begins_in_the_users_code(session):
    """A library in C calls us back, so the cause of its error begins with a frame of ours."""

    def calls_back(function):
        try:
            function()
        except Exception as error:
            cause = error.with_traceback(error.__traceback__.tb_next)
        raise TypeError("no") from cause

    ours = eval("lambda f: lambda: f()", {"__name__": "vrepl.ours"})
    session.ip.user_ns.update(calls_back=calls_back, ours=ours)
    printed = session.run("def wrong(): 1/0\ncalls_back(ours(wrong))")
    assert "ZeroDivisionError" in printed and "in wrong()" in printed
    assert "<string>" not in printed and "<lambda>" not in printed


def test_numbers_in_the_loading_cell_are_spoken_of(bare):
    printed = bare.run("%load_ext vrepl\nq = 2.0")
    assert "numbers in the cell that loads vrepl stay plain" in printed
    assert bare.run("r = 2.0") == "" and isinstance(bare["r"], Value)


def state(ip):
    return {
        "transformers": list(ip.ast_transformers),
        "events": {name: list(hooks) for name, hooks in ip.events.callbacks.items()},
        "magics": {kind: sorted(table) for kind, table in ip.magics_manager.magics.items()},
        "registry": sorted(ip.magics_manager.registry),
        "configurables": list(ip.configurables),
        "matchers": list(ip.Completer.custom_matchers),
        "inspector": dict(ip.inspector.mime_hooks),
        "attributes": sorted(vars(ip)),
        "names": sorted(set(ip.user_ns) - {"_i", "_ii", "_iii"} - {f"_i{n}" for n in range(99)}),
        "printers": list(ip.display_formatter.formatters["text/plain"].type_printers),
        "traceback": ip.showtraceback,
    }


def test_unloading_leaves_the_shell_as_it_was(bare):
    bare.run("%load_ext vrepl", "%unload_ext vrepl", "%who")  # IPython makes its own magics lazily
    before = state(bare.ip)
    for _ in range(2):
        bare.run("%load_ext vrepl", "%load_ext vrepl", "%reload_ext vrepl", "%reload_ext vrepl")
        assert bare.ip.ast_transformers == before["transformers"]
        bare.run("%unload_ext vrepl")
        assert state(bare.ip) == before


def test_settings_are_configs_own(session):
    assert "VRepl" in session.run("%config")
    assert "VRepl.digits=<Int>" in session.run("%config VRepl")
    session.run("%config VRepl.digits = 6", "%config VRepl.preview = 'inlay'")
    assert "6" in session.run("%config VRepl.digits")
    session.run("%config VRepl.preview = 'off'")
    assert "'off'" in session.run("%config VRepl.preview")
    session.run("%unload_ext vrepl")
    assert "VRepl" not in session.run("%config")


@pytest.mark.parametrize("choice", ["preview = 'nonsense'", "digits = 'x'", "digits = 99"])
def test_a_wrong_setting_is_one_line_and_changes_nothing(session, caplog, choice):
    session.run(f"%config VRepl.{choice}")
    [record] = caplog.records
    assert choice.split()[0] in record.message and "\n" not in record.message
    assert "0" in session.run("%config VRepl.digits")
    assert "'toolbar'" in session.run("%config VRepl.preview")


def test_what_was_made_outlives_the_extension(session):
    session.run("def f(x):\n    w = 0.5\n    return w*x", "%unload_ext vrepl", "y = f(d); n = 2.5")
    assert isinstance(session["y"], Value) and type(session["n"]) is float
    session.run("%reset -f", "1 + 1")
    session.run("%load_ext vrepl", "n = 2.5")
    assert isinstance(session["n"], Value)
    session.run("%reset -f", "m = 3.5")
    assert isinstance(session["m"], Value) and "m " in session.run("%nodes")


def test_values_from_before_a_reload_work_with_later_ones(session):
    session.run("%reload_ext vrepl", "e = d*2.0 + a", "s = %slope e wrt a")
    assert float(session["s"]) == -5.0


@pytest.mark.parametrize(
    "cell",
    ["%time q = 2.5*a", "%timeit -n1 -r1 q2 = 2.5*a", "%%time\nq = 2.5", "%%capture\nq = 2.5\nq",
     "import asyncio\nq = await asyncio.sleep(0, 2.5)", "%prun -q q = 2.5"],
)  # fmt: skip
def test_ipythons_ways_of_running_code(session, cell):
    session.run(cell)
    assert session.result.success
    assert "q2" not in session.ip.user_ns


def test_a_debugger_steps_over_our_code(bare):
    before = bdb.Bdb.dispatch_call
    bare.run("%load_ext vrepl", "a = 2.0", "def g(x):\n    y = x*2.5\n    return 1/y")
    said = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("s\n" * 5 + "c\n"), stdout=said, nosigint=True)
    debugger.use_rawinput = False
    debugger.runeval("g(a)", bare.ip.user_ns)
    assert "return 1/y" in said.getvalue() and "vrepl" not in said.getvalue()
    bare.run("%unload_ext vrepl")
    assert bdb.Bdb.dispatch_call is before


def test_a_command_that_is_misspelt(session):
    assert session.run("%slop d").splitlines() == [
        "UsageError: Line magic function `%slop` not found.",
        "vrepl: did you mean %slope?",
    ]
    assert "mean" not in session.run("%sloppy_seconds", "%timeitt 1", "%nope")


def test_a_value_may_be_called_like_a_command(session):
    session.run("slope = 2.0; graph = slope*3; Value = 1")
    assert "slope of graph" in session.run("%slope graph wrt slope")


def test_support_stays_out_of_sight(session):
    assert "__vrepl" not in session.run("%who") and not [
        n for n in session.ip.user_ns if "vrepl" in n
    ]


def test_questions_about_a_node(session):
    session.run("w = [0.5]; e = d*w[0]")
    one = session.run("d?").splitlines()
    assert one == ["Value:   4.0", "Made by: a * b + c   in In[3]:1",
                   "Slopes:  a -3.0, b 2.0, c 1.0", "Used by: e"]  # fmt: skip
    two = session.run("d??").splitlines()
    assert two[:4] == one and "Graph:" in two[4] and any("├(+)─▶" in line for line in two)
    assert session.run("a?").splitlines()[1].startswith("Made by: typed as a number in a session")
    assert "Used by: e" in session.run("w[0]?")
    bundle = session.ip.object_inspect_mime("d")
    assert '<td style="text-align:left">a -3.0, b 2.0, c 1.0</td>' in bundle["text/html"]
    assert "Type:        list" in session.run("w?") and "Docstring:" in session.run("len?")
    session.run("%unload_ext vrepl")
    assert "Docstring:" in session.run("d?")


def test_somebody_elses_answer_about_other_objects_is_kept(bare):
    mine = lambda data: [("Mine", "yes")]  # noqa: E731
    bare.ip.inspector.mime_hooks["text/plain"] = mine
    bare.run("%load_ext vrepl", "a = 2.0; s = 'x'")
    assert bare.run("s?") == "Mine: yes\n" and "Value:" in bare.run("a?")
    bare.run("%unload_ext vrepl")
    assert bare.ip.inspector.mime_hooks == {"text/plain": mine}
    del bare.ip.inspector.mime_hooks["text/plain"]


def test_completion(session):
    def offered(line):
        with provisionalcompleter():
            return [item.text for item in session.ip.Completer.completions(line, len(line))]

    assert "%slope" in offered("%sl")
    assert offered("%slope d wrt ") == ["a", "b", "c"] and offered("%slope d wrt a, b") == ["b"]
    assert offered("%slope ") == ["a", "b", "c", "d"] and offered("s = %trace d --r") == ["--rows"]
    assert offered("%slope d w") == ["wrt"]


def test_a_failing_drawing_costs_an_answer_not_the_session(session, monkeypatch):
    monkeypatch.setattr("vrepl.render.text.draw", lambda *a, **k: 1 / 0)
    assert "GraphAnswer could not be drawn: division by zero" in session.run("%graph d")
    assert session.run("d").endswith("Value(data=4.0)\n")


def test_line_numbers_of_user_code_are_kept(session):
    session.run("def f():\n    w = 0.5\n    raise RuntimeError('here')")
    printed = session.run("f()")
    assert "----> 3     raise RuntimeError('here')" in printed
    assert ast.unparse(ast.parse(session.ip.user_ns["In"][4])).startswith("def f")


def test_a_leaf_that_was_set_makes_old_results_stale(session):
    session.run("w = 1.0; y = w*a", "w.data = 0.5")
    for command in ("slope y", "slope y wrt a", "trace y", "graph y"):
        printed = session.run(f"%{command}")
        assert printed == "UsageError: y was computed before w was set to 0.5; compute y again\n"
    session.run("y = w*a", "s = %slope y wrt a")
    assert float(session["s"]) == 0.5


def test_references_look_inside_without_running_code(session):
    session.run(
        "from collections import namedtuple, OrderedDict\nfrom types import SimpleNamespace\n"
        "from dataclasses import dataclass\nP = namedtuple('P', 'x y')\n"
        "@dataclass(slots=True)\nclass S:\n    w: float\n"
        "    @property\n    def v(self):\n        return 1/0\n"
        "n = SimpleNamespace(w=a); p = P(a, b); o = OrderedDict(k=a); s = S(a)\n"
        "many = [a, b]"
    )
    for reference in ("n.w", "p.x", "p[0]", "o['k']", "s.w", "many[-2]"):
        assert float(session.ip.run_line_magic("slope", f"d wrt {reference}")) == -3.0, reference
    assert "s.v is computed when read; give it a name first, like x = s.v" in session.run(
        "%slope s.v"
    )
    assert "a.data is computed when read" in session.run("%slope d wrt a.data")
    assert "many has no [5]; there is many[0], many[1]" in session.run("%slope many[5]")
    assert "many is a list, not a number; many[0] is one" in session.run("%slope many")


def test_names_of_anonymous_operands_are_not_made_up(session):
    session.run("from vrepl import log")
    assert "log(…): … = -1.0 lies outside … > 0" in session.run("log(a - 3)")


def test_a_name_that_was_bound_again_is_told_apart_everywhere(session):
    session.run("a = a*2.0", "y = a*3.0")
    for command in ("slope", "trace", "graph"):
        assert "a (older)" in session.run(f"%{command} y"), command
    assert "#2 * 3.0" not in session.run("%trace y") and "a * 3.0" in session.run("%trace y")


def test_nothing_of_ours_keeps_a_dead_node_alive(session):
    def living():
        gc.collect()
        return sum(type(thing) is FloatValue for thing in gc.get_objects())

    before = living()
    session.run("big = 1.5\nfor i in range(1000):\n    big = big*1.001 + 0.5")
    for line in ("%slope big", "%slope big wrt big", "%trace big", "%graph big", "%nodes"):
        session.run(line)
    assert living() > before + 1500
    session.run("del big")
    assert living() <= before


@pytest.mark.parametrize("line", ["%graph d", "%graph d wrt a", "%trace d --animate"])
def test_an_interrupted_command_leaves_the_session_whole(session, monkeypatch, line):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr("vrepl.core.outline._Plan", interrupted)
        during.setattr("vrepl.session.ask_trace.snapshot", interrupted)
        assert "KeyboardInterrupt" in session.run(line)
    assert gc.isenabled()
    assert "├(+)─▶" in session.run("%graph d") and session.run("d").endswith("(data=4.0)\n")
