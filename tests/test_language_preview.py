"""What a line would give, told before it runs: the same as afterwards, and nothing is touched."""

import ast
import builtins
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vrepl
from vrepl import Value, exp, gradient, slope
from vrepl.core.derivatives import leaves
from vrepl.core.twins import math as mathematics
from vrepl.core.value import facts_of
from vrepl.language.preview import Preview, Previewer, preview
from vrepl.language.sweeps import LARGEST, Sweep
from vrepl.session import literals, support
from vrepl.session.parts import is_node
from vrepl.session.session import Session

with pytest.raises(ValueError, match=r"math|expected") as _error:
    math.log(-3.0)
OUTSIDE = str(_error.value)  # in the words of this Python


def labelled(**numbers):
    return {name: Value(number, label=name) for name, number in numbers.items()}


@pytest.fixture
def names():
    found = labelled(a=2.0, b=-3.0, c=10)
    return found | {
        "d": found["a"] * found["b"] + found["c"],
        "w": [Value(0.5), Value(1.5)],
        "p": {"k": Value(3.0), 7: 2.0},
        "rate": 0.25,
        "loss": 2.0,
        "math": mathematics,
        "plain": math,
        "exp": exp,
        "vrepl": vrepl,
        "say": print,
        "change": lambda numbers: numbers.clear(),
    }


def final(previewer, text, **options):
    """The preview once its slopes are known, however slow the machine."""
    while (found := previewer.preview(text, **options)) and not found.is_final:
        pass
    return found


def line(text, names, **options):
    found = final(Previewer(Session.over(names)), text)
    return found and found.line(**options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d = a*b + c", "d = 4.0   slopes a -3.0, b 2.0, c 1.0"),
        ("a*b + c", "= 4.0   slopes a -3.0, b 2.0, c 1.0"),
        ("d", "= 4.0   slopes a -3.0, b 2.0, c 1.0"),
        ("e = d*a", "e = 8.0   slopes b 4.0, a -2.0, c 2.0"),
        ("x = y = d/2", "x = y = 2.0   slopes a -1.5, b 1.0, c 0.5"),
        ("x: float = -a", "x = -2.0   slope a -1.0"),
        ("a += 1", "a = 3.0   slope a (older) 1.0"),
        ("a = a*b", "a = -6.0   slopes a (older) -3.0, b 2.0"),
        ("a = 4.0; e = a*b", "e = -12.0   slopes b 4.0, a -3.0"),
        ("x = 0.5\ny = x**2\ny*a", "= 0.5   slopes x 2.0, a 0.25"),
        ("exp(a)", "= 7.389056099   slope a 7.389"),
        ("math.exp(a) * math.pi", "= 23.21340436   slope a 23.21"),
        ("vrepl.tanh(a - 2)", "= 0.0   slope a 1.0"),
        ("(a*b).relu()", "= 0.0   slopes a 0.0, b 0.0"),
        ("w[0]*w[-1] + p['k']*p[7]", "= 6.75   slopes p['k'] 2.0, w[0] 1.5, w[1] 0.5"),
        ("sum(w)", "= 2.0   slopes w[0] 1.0, w[1] 1.0"),
        ("max([a, b]) + abs(b)", "= 5.0   slopes b -1.0, a 1.0"),
        ("(y := a*2) + y", "= 8.0   slope a 4.0"),
        ("float(a)", "= 2.0   a plain number"),
        ("plain.exp(a)", "= 7.389056099   a plain number"),
        ("rate*2", "= 0.5"),
        ("2**100", "= 1267650600228229401496703205376"),
        ("2.0*-3.0 + 10/4 - 2**3", "= -11.5"),
        ("a - a", "= 0.0   slope a 0.0"),
    ],
)
def test_value_and_slopes(names, text, expected):
    assert line(text, names) == expected


class Unit:
    """An object of the user's own, some of whose attributes run code."""

    def __init__(self):
        self.w = Value(0.5)

    @property
    def rate(self):
        raise AssertionError

    rate = rate.setter(rate.fget)


class Watched(Unit):
    def __setattr__(self, name, value):
        assert not isinstance(value, Value) or not hasattr(self, "w")
        vars(self)[name] = value


class Slotted:
    __slots__ = ("w",)


@pytest.fixture
def holders(names, monkeypatch):
    for kind in (Unit, Watched, Slotted):
        monkeypatch.setattr(kind, "__module__", "__main__")
    return names | {"n": Unit(), "s": Slotted(), "watched": Watched()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w[0] = a*b", "w[0] = -6.0   slopes a -3.0, b 2.0"),
        ("w[-1] -= a*w[1]", "w[-1] = -1.5   slopes a -1.5, w[1] (older) -1.0"),
        ("p['k'] = a*2", "p['k'] = 4.0   slope a 2.0"),
        ("p['new'] = a*2", "p['new'] = 4.0   slope a 2.0"),
        ("n.w = a*b", "n.w = -6.0   slopes a -3.0, b 2.0"),
        ("n.new = a*b", "n.new = -6.0   slopes a -3.0, b 2.0"),
        ("n.w -= a", "n.w = -1.5   slopes n.w (older) 1.0, a -1.0"),
        ("s.w = a*b", "s.w = -6.0   slopes a -3.0, b 2.0"),
        ("a.data -= 0.1*b", "a.data = 2.3"),
        ("a.data -= 0.1*a.grad", "a.data = 2.0"),
        ("b.data = -a.data", "b.data = -2.0"),
        ("i = 1\nw[i] = a*w[i]", "w[i] = 3.0   slopes w[1] (older) 2.0, a 1.5"),
        ("d.backward()\na.data -= 0.1*a.grad", None),
        ("a.grad = 2.0; a.data -= a.grad", None),
        ("n.w = a*b; n.rate = a*3", None),
        ("n.w = a*b\nn.w -= a", None),  # what n.w is then, only running it would tell
        ("a\nn.w = a; d", None),
        ("w[0] = a*b; w[0] += 1", None),
        ("n.rate = a*b", None),
        ("n.rate += a*b", None),
        ("watched.w = a*b", None),
        ("math.pi = a*b", None),
        ("w[5] = a*b", None),
        ("w[0:1] = a*b", None),
        ("w[0] = w[1] = a*b", None),
        ("w[0] = 3.0", None),
        ("a.label = a*b", None),
    ],
)
def test_what_is_put_into_an_object(holders, text, expected):
    def numbers():
        held = [
            *holders["w"],
            *holders["p"].values(),
            vars(holders["n"]),
            *vars(holders["n"]).values(),
        ]
        return [(id(x), repr(x)) for x in held], [repr(holders[x]) for x in "abcd"]

    before = numbers()
    assert line(text, holders) == expected
    assert numbers() == before and not hasattr(holders["s"], "w")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("d = a/0", "This line raises ZeroDivisionError: 0 is the divisor"),
        ("e = d/(a - 2)", "This line raises ZeroDivisionError: a - 2 is 0 here"),
        ("vrepl.log(b)", "This line raises DomainError: log(b): b = -3.0 lies outside b > 0"),
        ("b**0.5", "This line raises DomainError: b**0.5: b = -3.0 lies outside b >= 0"),
        ("math.log(b)", f"This line raises ValueError: math.log(b): {OUTSIDE}"),
        ("exp(1000)", "This line raises OverflowError: math range error"),
        ("e + 1", 'No name "e" here; did you mean "d"?'),
        ("x = losss*2", 'No name "losss" here; did you mean "loss"?'),
        ("log(a)", 'No name "log" here; from vrepl import log brings it'),
        ("a = 1.0; a/0; d", "This line raises ZeroDivisionError: 0 is the divisor"),
    ],
)
def test_errors_are_told_before_they_are_raised(names, text, error):
    assert line(text, names).startswith(error)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "4.0", "-4", "a = 4.0", "a = b = 4.0", "a: float = 4.0",  # as typed
        "d = a*", "d = (a", "'", "%slope d wrt a", "!ls", "d?", "a b",  # not Python, or not yet
        "9**9**9", "9.0**9**9**9", "round(c, -10**9)", "c << 10**9", "c**c**c**c",  # too much
        "say(a)", "a < b", "[x for x in w]", "lambda: a", "a*say(1)", "[a, b]", "a if say() else b",
        "change(w); w[0]*2", "a.data = 3.0; d*2",  # who knows what it is then
        "w[0] = 2.0; a*b; say()", "open('x')", "a.backward()", "a.label", "w.pop()",
        "print", "print(d", "rat", "nod", "slope", "ma",  # words that go on, or mean something
        "a, x = b, c", "del a", "a = b; del a; a", "None", "'a' * 3", "3j*a", "True", "...",
    ],
)  # fmt: skip
def test_there_may_be_nothing_to_say(names, text):
    assert preview(text, Session.over(names)) is None


def test_words_of_the_host_are_no_mistakes(names):
    known = Previewer(Session.over(names), {"ls"}.__contains__)
    assert known.preview("ls") is None
    assert known.preview("lsx + 1").error == 'No name "lsx" here; bind it first'


def test_a_short_line_keeps_the_value(names):
    shown = [line("e = d*a + w[0]", names, width=width) for width in (60, 40, 30, 20, 9, 5, 2)]
    assert shown == [
        "e = 8.5   slopes b 4.0, a -2.0, c 2.0, w[0] 1.0",
        "e = 8.5   slopes b 4.0, a -2.0, c 2.0, …"[:40],
        "e = 8.5   slopes b 4.0, …",
        "e = 8.5",
        "e = 8.5",
        "8.5",
        "",
    ]
    assert line("1/0", names, width=12) == "This line r…"


def test_slopes_have_as_many_digits_as_asked_for(names):
    assert line("exp(a)", names, digits=8) == "= 7.389056099   slope a 7.3890561"
    assert line("exp(a)", names, digits=12) == "= 7.38905609893   slope a 7.38905609893"


def test_the_target_can_be_left_out(names):
    found = preview("e = d*a", Session.over(names))
    assert found.line(12, with_target=False) == "8.0"


# ---------------------------------------------------------------- as afterwards


def ran(text, names):
    """What the text really gives in a session, by the literal transformer and Python."""
    tree = literals.transform(ast.parse(text), cell="1", bindings=False)
    *before, last = tree.body
    scope = names | {"__builtins__": vars(builtins) | support.OPERATIONS}
    scope[literals.LITERAL], scope[literals.ARGUMENT] = support.literal, support.argument
    exec(compile(ast.Module(before, []), "cell", "exec"), scope)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), scope)


NAMES = labelled(a=2.0, b=-3.0, c=10, n=0.5, z=0)
NAMES |= {"d": NAMES["a"] * NAMES["b"] + NAMES["c"], "k": NAMES["n"] * NAMES["n"], "exp": exp}
NAMES["tanh"] = mathematics.tanh

numbers = st.sampled_from(["2", "0.5", "-3", "10", "1e200", *"abcdnkz"])
terms = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", "//", "%"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map("-({})".format),
        inner.map("exp({})".format),
        inner.map("tanh({})".format),
        inner.map("abs({})".format),
    ),
    max_leaves=8,
)


@given(terms)
def test_a_preview_is_what_the_line_gives(text):
    found = final(Previewer(Session.over(NAMES)), text)
    if found is None:
        return
    if found.error:
        with pytest.raises((ArithmeticError, ValueError)) as caught:
            ran(text, NAMES)
        assert caught.typename in found.error
        return
    result = ran(text, NAMES)
    number = result.data if is_node(result) else result
    assert type(found.value) is type(number)
    assert found.value == number or found.value != found.value
    if not is_node(result) or len(result._made) == 1:
        assert found.slopes == ()
        return
    named = {id(node): name for name, node in NAMES.items() if is_node(node)}
    behind = [leaf for leaf in leaves(result) if id(leaf) in named]
    expected = {named[id(leaf)]: slope(result, leaf) for leaf in behind}
    for name, steepness in found.slopes:
        true = expected.pop(name)
        assert steepness == true or math.isclose(steepness, true, rel_tol=1e-9) or true != true
    assert all(true != true or math.isinf(true) for true in expected.values())


@given(st.text("ab.()[]*/+-=<>!%'\"\\{}:;,@#0123456789 \n\te", max_size=40))
def test_no_text_disturbs(text):
    found = preview(text, Session.over(NAMES))
    assert found is None or found.line(40)


@pytest.mark.parametrize(
    "text",
    ["-" * 1900 + "1", "(" * 900 + "a" + ")" * 900, "a" + "+a" * 900, "a*" * 250 + "a", "\0",
     "\ud800", "a" * 5000, "[" * 1999, "x = '" + "\\d" * 50 + "'"],
)  # fmt: skip
def test_no_size_disturbs(names, text, recwarn):
    found = preview(text, Session.over(names))
    assert found is None or found.value is not None or found.error
    assert not recwarn.list


# ---------------------------------------------------------------- nothing is touched


class Touched(BaseException):
    pass


def hostile(touches):
    """An object of a class that notices everything that is done to it or to its type."""

    def touch(*arguments, **options):
        touches.append(arguments[1:2])
        raise Touched

    special = """add radd mul rmul sub truediv pow neg pos abs float int index bool eq ne lt hash
    repr str call getitem len iter contains round format instancecheck get set_name"""
    body = {f"__{name}__": touch for name in special.split()}
    reads = {"__getattribute__": touch, "__getattr__": touch, "__class__": property(touch)}
    kind = type("Kind", (type,), body | reads)
    return type.__call__(kind, "Hostile", (), body | reads)


def test_nothing_of_a_stranger_is_touched(names):
    touches = []
    kind = hostile(touches)
    thing = object.__new__(kind)
    names |= {"thing": thing, "kind": kind, "things": [thing, Value(1.0)], "table": {"k": thing}}
    names["keys"] = {Value(1.0): 1.0, "k": 2.0}
    session = Session.over(names)
    texts = """thing; thing+a; a+thing; -thing; thing.x; thing[0]; thing(a); exp(thing); kind(a)
    kind; things[0]; things[0]*a; things[1]*a; sum(things); max(things); table['k']; table['k']*a
    keys['k']; thing.exp(); a.exp(thing); a[thing]; things[thing]; thing += a; a *= thing; thingy
    (y := thing); abs(thing); float(thing); round(a, thing); x = thing; thing**a; math.thing
    thing.x = a; d*a; e = d*a"""
    for text in texts.replace("\n", ";").split(";"):
        Previewer(session).preview(text.strip())
        Previewer(session).preview(f"x = {text.strip()}")
    assert touches == []
    assert line("things[1]*a", names) == "= 2.0   slopes things[1] 2.0, a 1.0"


def test_nothing_that_is_typed_is_run(names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ("__import__('os').mkdir('x')", "open('x', 'w')", "exec('import x')", "w.pop()",
                 "a.backward()", "[w.pop() for _ in w]", "a.__class__", "a.data = 5.0",
                 "w[0] = 9.0", "a.grad = 1.0; d", "d.label = 'x'", "a.__add__(b)"):  # fmt: skip
        preview(text, Session.over(names))
    assert list(tmp_path.iterdir()) == [] and len(names["w"]) == 2 and names["w"][0] == 0.5
    assert names["a"].data == 2.0 and names["a"].grad == 0.0 and names["d"].label == ""


def test_nodes_are_left_as_they_were(names):
    before = {name: node._made for name, node in names.items() if is_node(node)}
    session = Session.over(names)
    keys = set(names)
    for text in ("x = a*b", "a = d*2", "d", "b*b"):
        preview(text, session)
    assert set(names) == keys and session.registry.place("x") is None
    assert all(names[name]._made is made for name, made in before.items())
    assert facts_of(names["a"]).grad is None


def test_a_function_under_another_name_is_asked_who_it_is(names):
    names |= {"exp": print, "log": exp, "sum": print}
    assert line("exp(a)", names) is None and line("sum(w)", names) is None
    assert line("log(a)", names) == "= 7.389056099   slope a 7.389"


def test_a_method_put_on_values_is_not_called(names, monkeypatch):
    monkeypatch.setattr(Value, "tanh", print)
    assert line("a.tanh()", names) is None


# ---------------------------------------------------------------- bounds


def chain(length, *operands):
    node = operands[0]
    for step in range(length):
        node = node * 0.5 + operands[step % len(operands)]
    return node


def test_slopes_of_a_large_graph_come_in_slices(names):
    names["big"] = chain(4_000, names["a"], names["b"])
    previewer = Previewer(Session.over(names))
    first = previewer.preview("e = big*a", seconds=0.0)
    assert (first.is_final, first.slopes) == (False, ()) and first.value == names["big"] * names[
        "a"
    ]
    seen = 1
    while not (found := previewer.preview("e = big*a", seconds=1e-9)).is_final:
        seen += 1
    assert seen > 10
    exact = gradient(names["big"] * names["a"], [names["a"], names["b"]])
    assert dict(found.slopes) == pytest.approx(dict(zip("ab", exact, strict=True)), rel=1e-12)
    assert previewer.preview("e = big*b", seconds=0.0).is_final  # what is known is kept


def test_beyond_the_largest_graph_stands_the_value_alone(names):
    names["big"] = chain(LARGEST, names["a"])
    previewer = Previewer(Session.over(names))
    found = final(previewer, "e = big*a", seconds=0.0)
    assert found.slopes == () and found.value == names["big"] * names["a"]
    assert line("a*b", names) == "= -6.0   slopes a -3.0, b 2.0"


def test_a_slice_is_small(monkeypatch):
    sizes = []
    monkeypatch.setattr(
        "vrepl.language.sweeps.adjoints", lambda nodes, found: sizes.append(len(nodes))
    )
    sweep = Sweep(chain(3_000, Value(1.0)))
    while not sweep.is_done:
        sweep.step()
    assert sum(sizes) > 6_000 and max(sizes) <= 500


def test_a_long_chain_is_not_walked_down(monkeypatch):
    monkeypatch.setattr("vrepl.language.sweeps.walk", lambda root: pytest.fail("walked"))
    sweep = Sweep(chain(LARGEST, Value(1.0)))
    steps = 0
    while not sweep.is_done:
        sweep.step()
        steps += 1
    assert sweep.slopes is None and steps > 30


def test_what_was_learned_is_forgotten(names):
    previewer = Previewer(Session.over(names))
    assert final(previewer, "d*1").slopes[0] == ("a", -3.0)
    names["d"] = names["a"] * 7
    previewer.forget()
    assert final(previewer, "d*1").slopes == (("a", 7.0),)
    previewer.forget()
    kept = [vars(previewer)[name] for name in ("_sweeps", "_names", "_last")]
    assert kept == [{}, None, None]


def test_stale_graphs_have_no_slopes(names):
    names["a"].data = 5.0
    assert line("d*2", names) == "= 8.0"
    assert line("a*b", names) == "= -15.0   slopes b 5.0, a -3.0"


def test_an_operation_without_a_rule_has_no_slopes(names):
    names["odd"] = Value(1.0, (names["a"],), "frobnicate")
    assert line("odd*2", names) == "= 2.0"


def test_different_leaves_of_one_name_stay_apart(names):
    first, second = Value(1.0, label="t"), Value(2.0, label="t")
    names["s"] = first * second
    assert line("s*3", names) == "= 6.0   slopes t (older) 6.0, t (older) 3.0"


def test_time_spent_is_the_time_given(names, monkeypatch):
    names["big"] = chain(4_000, names["a"])
    clock = iter(range(1_000_000))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    previewer = Previewer(Session.over(names))
    previewer.preview("big", seconds=4)
    [sweep] = previewer._sweeps.values()
    assert not sweep.is_done


def test_a_preview_is_cached(names, monkeypatch):
    previewer = Previewer(Session.over(names))
    first = final(previewer, "a*b")
    monkeypatch.setattr("vrepl.language.preview.Replay", lambda *text: pytest.fail("read again"))
    assert previewer.preview("a*b") is first


def test_records_are_frozen():
    with pytest.raises(AttributeError):
        Preview().value = 1.0
