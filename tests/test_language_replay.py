"""The replay of a text knows what running it gives, or says that it does not know."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import Live

from vrepl.core.nodes import adjoints, order
from vrepl.core.value import Value
from vrepl.language.evaluation import Budget
from vrepl.language.known import Unknown, is_container, is_node, is_number
from vrepl.language.replay import Replay

EXAMPLES = sorted(Path(__file__).parent.parent.glob("examples/*.ipy"))

KNOWN = {
    "arithmetic": "a = 2.0; b = -3.0; c = 10\nd = a*b + c\ne = d**2 / (a - b) - -c",
    "whole numbers": "a = 7\nb = a//2 + a%3\nc = a*a*a\nd = 0.5*c",
    "functions": "from vrepl import tanh, relu\na = 0.5\nb = tanh(a) + relu(-a)\nc = a.exp()",
    "math": "import math\nfrom math import exp as e, pi\na = 0.5\nb = math.sin(a)*e(a) + pi",
    "math under a name": "import math as m\na = 4.0\nb = m.sqrt(a) + m.log(a, 2) + m.tau",
    "all of math": "from math import *\na = 0.25\nb = cos(a) + atan2(a, 1.0)",
    "all of vrepl": "import vrepl\na = 0.25\nb = vrepl.softplus(a)",
    "Value": "from vrepl import Value\na = Value(2.0)\nb = Value(3)*a",
    "updates": "a = 2.0\nd = a*3\nd += a\nd *= 2\nd -= 1; d /= 4; d **= 2",
    "unpacking": "a, (b, *c) = 1.0, (2.0, 3.0, 4.0)\nd = a*b + c[1]\nx = y = 5.0\nz = x*y",
    "lists": "w = [0.5, [-1.2, 3.0]]\np = {'k': 2.0, 3: 1.5}\nd = w[0]*w[1][-1] + p['k']*p[3]",
    "builtins": "a = -2.5\nb = abs(a) + round(a) + max(a, 1.0) + sum([a, 1.0], a) + len([a])",
    "plain numbers": "a = 2.0\nb = float(a)*2\nc = a.data + 1\nd = int(a) + 1",
    "conditions": "a = 2.0\nb = 1.0 if a > 1 else 0.0\nc = a or 5.0\nd = a and 7.0\ne = not a",
    "branches": "a = 2.0\nif 0 < a <= 2 != 3:\n    b = a*2\nelif a:\n    b = 0.0",
    "walrus": "d = (a := 2.0) * 3\ne = a*d",
    "many lines": "a = (2.0 +\n     3.0)\nb = a * \\\n  2\ns = '''\n%graph a\n'''\nc = b*a",
    "names of builtins": "sum = 2.0\nmax = sum*3\nabs = max - 1",
    "deleted": "a = 2.0\nb = a*3\ndel a\na = 4.0\nc = a*b",
    "annotations": "a: float = 2.0\nb: float\nc: float = a*2",
    "Unicode": "größe = 2.0\nπ = 3.0\nd = größe*π",
    "one node, two names": "a = 2.0\nb = a\nc = b*a",
    "comparisons": "a = 2.0\nb = a == 2\nc = 1 < a < 2\nd = a*b",
    "methods": "a = 0.5\nb = (a*2).tanh() + a.sigmoid().log()",
    "signs": "a = 2\nb = -a\nc = +b\nd = ~a\ne = - - a",
    "bits": "a = 6\nb = a & 3 | 8 ^ 1\nc = a >> 1",
    "order of operands": "a = 2.0\nb = 1/a\nc = 2**a\nd = 3 - a\ne = 7 % a",
}


def slopes(node: Value) -> list[tuple[str, str]]:
    """The slopes by every leaf, with the leaf's label; as text, because nan is not nan."""
    ordered = order(node)
    found = adjoints(ordered)
    leaves = (leaf for leaf in ordered if len(leaf._made) == 1)
    return [(leaf.label, repr(found.get(id(leaf), 0.0))) for leaf in leaves]


def assert_same(mine: object, real: object, name: str, labels: bool = True) -> None:
    """The same number, the same kind of number, the same slopes; the same in every item."""
    if type(mine) is Unknown and "[" in name:
        return  # an item may be unknown in a list that is known
    if is_node(real):
        assert is_node(mine), name
        assert repr(mine) == repr(real), name
        assert [s for _, s in slopes(mine)] == [s for _, s in slopes(real)], name
        assert not labels or slopes(mine) == slopes(real), name
    elif is_container(real):
        assert type(mine) is type(real), name
        pairs = (mine.items(), real.items()) if type(real) is dict else (mine, real)
        for one, other in zip(*pairs, strict=True):
            assert_same(one, other, f"{name}[]", labels)
    elif is_number(real):
        assert (type(mine), repr(mine)) == (type(real), repr(real)), name


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
def test_what_is_known_is_what_running_gives(text: str) -> None:
    live, replay = Live().run(text), Replay(text)
    names = replay.names()
    wanted = {name for name, value in live.names.items() if is_number(value) or is_node(value)}
    assert wanted
    assert replay.is_complete
    for name in wanted - {"__name__"}:
        assert_same(names[name], live.names[name], name)
    assert not [problem for step in replay.steps for problem in step.outcome.problems]


UNKNOWN = {
    "a call": ("def f(x): return x\na = f(2.0)", "a"),
    "a loop": ("a = 2.0\nfor i in [1.0, 2.0]:\n    a = a*i", "a i"),
    "a while loop": ("a = 2.0\nwhile a < 10:\n    a = a*2", "a"),
    "input": ("a = float(input())\nb = a*2", "a b"),
    "a module": ("import random\na = random.random()\nb = a*2", "a b"),
    "a branch on what is unknown": ("import x\na = 1.0\nif x.y:\n    a = 2.0\nb = a*2", "a b"),
    "a try": ("try:\n    a = 1.0\nexcept E:\n    a = 2.0", "a"),
    "with": ("with open('f') as f:\n    a = 1.0", "a f"),
    "match": ("match 3:\n    case x:\n        a = 1.0", "a x"),
    "set from outside": ("a = 2.0\nd = a*3\na.data = 5.0", "a d"),
    "set in a loop": ("a = 2.0\nd = a*3\nfor p in [a]:\n    p.data -= 1", "a d"),
    "set in a function": ("a = 2.0\nd = a*3\ndef f():\n    a.data = 7.0\nf()", "a d"),
    "a global": ("a = 2.0\ndef f():\n    global a\n    a = 3.0\nf()\nb = a*2", "a b"),
    "an item": ("w = [1.0, 2.0]\nw[0] = 5.0\nd = w[0]*2", "w d"),
    "an item by another name": ("w = [1.0]\nv = w\nv[0] = 5.0\nd = w[0]*2", "w v d"),
    "an item inside": ("w = [1.0]\nv = [w, w]\nw[0] = 5.0\nd = v[0][0]*2", "v d"),
    "a method of a list": ("w = [1.0, 2.0]\nw.reverse()\nd = w[0]*2", "w d"),
    "a library that gets a list": ("import random\nw = [1.0, 2.0]\nrandom.shuffle(w)", "w"),
    "a function that gets a list": ("w = [1.0]\ndef f(x): x.append(2.0)\nf(w)", "w"),
    "exec": ("a = 2.0\nexec('a = 3.0')\nb = a*2", "a b"),
    "exec of what is plain": ("a = 7 << 1\nexec('a = 3')\nb = a*2", "a b"),
    "exec in a function": ("a = 2.0\ndef f(): exec('a = 3.0', globals())\nf()\nb = a*2", "a b"),
    "eval": ("a = eval('2.0')", "a"),
    "globals": ("a = 2.0\nglobals()['a'] = 3.0\nb = a*2", "a b"),
    "setattr": ("a = 2.0\nsetattr(a, 'data', 3.0)\nb = a*2", "a b"),
    "a magic": ("a = 2.0\n%run other.ipy\nb = a*2", "a b"),
    "a timed statement": ("a = 2.0\n%time a = 3.0", "a"),
    "a timed cell": ("a = 2.0\n# %%\n%%time\na = 3.0\nb = 4.0", "a b"),
    "a shell line": ("a = 2.0\na = !ls", "a"),
    "a command": ("a = 2.0\na = %slope a", "a"),
    "an error": ("a = 2.0\nb = a/0\nc = b*2", "b c"),
    "grad": ("a = 2.0\n(a*a).backward()\ng = a.grad\nb = g*2", "g b"),
    "a comprehension": ("w = [1.0, 2.0]\nv = [x*2 for x in w]", "v"),
    "complex": ("a = (-8) ** 0.5\nb = 2j", "a b"),
    "strings": ("a = '2'\nb = a*3", "b"),
    "a huge power": ("a = 9**9**9**9\nb = 10**(10**8)", "a b"),
    "a huge product": ("a = 2**19000\nb = a*a*a*a*a*a", "b"),
    "a huge shift": ("a = 1 << 10**9", "a"),
    "a huge rounding": ("a = round(5, -10**9)", "a"),
    "a huge list": ("a = [0.0]*10**9", "a"),
    "a handed function": ("a = 2.0\ndef f(x): a.data = x\nlist(map(f, [1.0]))\nb = a*2", "a b"),
    "a lambda": ("a = 2.0\nf = lambda: setattr(a, 'data', 3)\nf()\nb = a*2", "f"),
    "a broken line": ("a = (2.0", ""),
    "a class": ("class A:\n    a = 1.0\nb = A.a", "A b"),
    "an import": ("from other import a\nb = a*2", "a b"),
    "a relative import": ("from .vrepl import tanh\nb = tanh(2.0)", "tanh b"),
    "an alias of a builtin": ("def sum(x): return 7.0\na = sum([1.0])", "a"),
    "await": ("a = await f()", "a"),
    "loop in a branch": ("if 1:\n    for i in [2.0]:\n        a = i", "a"),
}


@pytest.mark.parametrize(("text", "names"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_only_running_would_tell_is_unknown(text: str, names: str) -> None:
    found = Replay(text).names()
    for name in names.split():
        assert type(found[name]) is Unknown, name


def test_the_statements_after_a_broken_one_are_read() -> None:
    names = Replay("a = (2.0\nb = 3.0\n%graph b\nc = b*2\nd = 'x\ne = c*2").names()
    assert names["c"].data == 6.0 and names["e"].data == 12.0


def test_a_plain_program_makes_no_nodes_of_numbers() -> None:
    text = "import math\nfrom vrepl import Value\na = 2.0\nb = Value(a)\nc = b*a\nd = math.sin(c)"
    names = Replay(text, is_session=False).names()
    assert type(names["a"]) is float
    assert names["c"].data == 4.0 and is_node(names["c"])
    assert type(names["d"]) is float and names["d"] == math.sin(4.0)


def test_a_live_session_is_looked_at_and_not_touched() -> None:
    live = Live().run("a = 2.0\nw = [0.5, 1.5]\nd = a*w[0]")
    before = dict(live.names)
    labels = [(node.label, node.grad) for node in order(live.names["d"])]
    names = Replay("e = w[0]\nf = d*e\ng, h = w\na = f*2", live.session).names()
    assert names["f"].data == 0.5 and names["a"].data == 1.0
    assert live.names == before
    assert [(node.label, node.grad) for node in order(live.names["d"])] == labels
    assert live.names["w"][0].label == "" and live.registry.place("e") is None


def test_calls_of_a_live_sessions_functions_may_change_anything() -> None:
    live = Live().run("import random\na = 2.0\nw = [a]\ndef f(): a.data = 3.0")
    after = "\nb = a*2"
    for call, is_known in {"f()": False, "random.random()": True, "print(f)": False}.items():
        found = Replay(call + after, live.session).names()["b"]
        assert is_node(found) is is_known, call
    assert is_node(Replay("random.shuffle(w)" + after, live.session).names()["b"])
    assert type(Replay("random.shuffle(w)\nb = w[0]", live.session).names()["b"]) is Unknown


def test_a_budget_ends_the_work_and_says_so() -> None:
    text = "a = 2.0\n" + "\n".join(f"b{i} = a*{i}.0" for i in range(100))
    replay = Replay(text, budget=Budget(steps=100))
    assert not replay.is_complete
    assert is_node(replay.names()["b1"])
    assert type(replay.names()["b99"]) is Unknown
    assert not Replay(text, budget=Budget(seconds=0.0)).is_complete


def test_an_edit_takes_over_what_still_holds() -> None:
    lines = ["a = 2.0", "b = 3.0", "c = a*2", "d = b*2", "e = c + d", "a = 2.0", "f = a*1"]
    first = Replay("\n".join(lines))
    lines[1] = "b = 4.0"
    second = Replay("\n".join(lines), previous=first)
    before, after = first.names(), second.names()
    assert after["c"] is before["c"] and after["f"] is before["f"]
    assert after["d"].data == 8.0 and after["e"].data == 12.0
    assert after["a"] is not second.steps[0].writes["a"]  # two statements, two nodes


def test_a_label_goes_with_the_line_that_gave_it() -> None:
    first = Replay("w = [0.5, 1.5]\na = w[0]\nd = w[0]*w[1]")
    assert slopes(first.names()["d"])[0][0] == "a"
    second = Replay("w = [0.5, 1.5]\nd = w[0]*w[1]", previous=first)
    assert second.names()["d"] is first.names()["d"]
    assert slopes(second.names()["d"])[0][0] == ""
    third = Replay("w = [0.5, 1.5]\nb = w[0]\nd = w[0]*w[1]", previous=second)
    assert slopes(third.names()["d"])[0][0] == "b"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_edit_gives_what_a_fresh_reading_gives(path: Path) -> None:
    lines = path.read_text("utf-8").split("\n")
    previous = Replay("\n".join(lines))
    for i in range(0, len(lines), 3):
        changed = [*lines[:i], *lines[i + 1 :]]
        edited, fresh = Replay("\n".join(changed), previous=previous), Replay("\n".join(changed))
        assert _facts(edited) == _facts(fresh)
        previous = edited


def _facts(replay: Replay) -> list[tuple[str, str]]:
    found = replay.names().items()
    return [(n, repr(v) if is_number(v) else type(v).__name__) for n, v in found]


# --- never guessed -------------------------------------------------------------------------------

NAMES = ("a", "b", "c", "d")
_name = st.sampled_from(NAMES)
_number = st.sampled_from(["2.0", "-1.5", "3", "0.0"])
_atom = st.one_of(_name, _name, _number, st.just("w[0]"), st.just("w[-1]"), st.just("f(a)"))
_expression = st.one_of(
    _atom,
    st.builds("{} {} {}".format, _atom, st.sampled_from(["+", "-", "*", "/", "//", "%"]), _atom),
    st.builds("({} if {} > {} else {})".format, _atom, _atom, _number, _atom),
    st.builds("exp({})".format, _atom),
    st.builds("max({}, {})".format, _atom, _atom),
    st.builds("sum([{}, {}])".format, _atom, _atom),
)
_line = st.one_of(
    st.builds("{} = {}".format, _name, _expression),
    st.builds("{}, {} = {}, {}".format, _name, _name, _expression, _atom),
    st.builds("{} {}= {}".format, _name, st.sampled_from("+-*"), _expression),
    st.builds("w[{}] = {}".format, st.sampled_from("01"), _expression),
    st.builds("w = [{}, {}]".format, _atom, _atom),
    st.builds("v = w\nv[0] = {}".format, _expression),
    st.builds("{}.data = 5.0".format, _name),
    st.builds("w.reverse()".format),
    st.builds("del {}".format, _name),
    st.builds("g()".format),
    st.builds("h(w)".format),
    st.builds("h({})".format, _name),
    st.builds("exec('{} = 1.0')".format, _name),
    st.builds("def g():\n    globals()['{}'] = 1.0".format, _name),
    st.builds("{} = {}.data".format, _name, _name),
    st.builds("exp = {}".format, st.just("abs")),
)
_block = st.one_of(
    _line,
    st.builds("for {} in w:\n    {}".format, _name, _line.filter(lambda text: "\n" not in text)),
    st.builds("if {} > 1:\n    {} = {}\nelse:\n    {}".format, _expression, _name, _atom,
              _line.filter(lambda text: "\n" not in text)),
    st.builds("try:\n    {} = {}\nexcept ArithmeticError:\n    pass".format, _name, _expression),
    st.builds("def g():\n    global {}\n    {} = 7.0".format, _name, _name),
    st.builds("def h(x):\n    {}.data = 3.0".format, _name),
    st.just("def h(x):\n    x[0] = 1.0"),
)  # fmt: skip
_START = (
    "from math import exp\na, b, c, d = 2.0, -1.0, 0.5, 3.0\nw = [0.5, a]\nv = w\n"
    "def f(x): return x*2\ndef g(): pass\ndef h(x): pass\n"
)


@settings(max_examples=400)
@given(st.lists(_block, min_size=1, max_size=8))
def test_nothing_is_guessed_wrong(blocks: list[str]) -> None:
    """Whatever the replay claims to know after each statement is what running it gives."""
    text = _START + "\n".join(blocks)
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return
    replay, live = Replay(text), Live()
    for index, statement in enumerate(body):
        source = "\n" * (statement.lineno - 1) + ast.get_source_segment(text, statement)
        try:
            live.run(source)
        except Exception:
            return  # what comes after an error is not looked at
        line = statement.end_lineno or statement.lineno
        if index + 1 < len(body) and body[index + 1].lineno <= line:
            continue
        names = replay.names(replay.at(line) + 1)
        for name, value in names.items():
            if is_number(value) or is_container(value):
                assert_same(value, live.names[name], name, labels=False)
        gone = set(NAMES) & set(live.names) - set(names)
        assert replay.is_open or not gone, "a name that exists counts as deleted"
