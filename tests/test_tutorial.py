"""Every step of the tutorial that vrepl grew from works, typed as it stands there."""

import pytest

import vrepl
from vrepl import Value, draw_dot, trace

SLOPES_BY_HAND = """
h = 0.001
a = 2.0
b = -3.0
c = 10.0
d1 = a*b + c
c += h
d2 = a*b + c
print(f"d1 = {d1}")
print(f"d2 = {d2}")
print(f"w.r.t a (d2 - d1) / h = {(d2 - d1) / h}")
"""
OWN_CLASS = """
class Value:
  def __init__(self, data, _children=(), _op=''):
    self.data = data
    self._prev = set(_children)
    self._op = _op

  def __repr__(self):
    return f"Value(data={self.data})"

  def __add__(self, other):
    return Value(self.data + other.data, (self, other), '+')

  def __mul__(self, other):
    return Value(self.data * other.data, (self, other), '*')

a = Value(2.0)
b = Value(-3.0)
c = Value(10)
print(a * b + c)
print((a.__mul__(b)).__add__(c))
"""
WITH_VREPL = """
from vrepl import Value
a = Value(2.0)
b = Value(-3.0)
c = Value(10)
print([a * b + c])
print([(a.__mul__(b)).__add__(c)])
e = a * b
d = e + c
print(sorted(child.data for child in d._prev), d._op)
"""
DRAW = """
from graphviz import Digraph

def trace(root):
    nodes, edges = set(), set()
    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)
    build(root)
    return nodes, edges

def draw_dot(root):
    dot = Digraph(format='svg', graph_attr={'rankdir': 'LR'})  # LR = left to right
    nodes, edges = trace(root)
    for n in nodes:
        uid = str(id(n))
        dot.node(name=uid, label="{ data %.4f }" % (n.data,), shape='record')
        if n._op:
            dot.node(name=uid + n._op, label=n._op)
            dot.edge(uid + n._op, uid)
    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)
    return dot

source = draw_dot(d).source
print(source.count('shape=record'), source.count('->'), 'label="*"' in source)
"""


@pytest.mark.parametrize(
    ("cells", "printed"),
    [
        (
            [SLOPES_BY_HAND],
            "d1 = 4.0\nd2 = 4.0009999999999994\nw.r.t a (d2 - d1) / h = 0.9999999999994458\n",
        ),
        ([OWN_CLASS], "Value(data=4.0)\nValue(data=4.0)\n"),
        ([WITH_VREPL], "[Value(data=4.0)]\n[Value(data=4.0)]\n[-6.0, 10] +\n"),
        (
            [WITH_VREPL, DRAW],
            "[Value(data=4.0)]\n[Value(data=4.0)]\n[-6.0, 10] +\n5 6 True\n",
        ),
    ],
    ids=["slopes by hand", "own class", "vrepl's class", "draw_dot"],
)
def test_the_tutorials_cells_in_a_session(run_vrepl, cells, printed):
    done = run_vrepl("-", input="\n".join(cells))
    assert done.stdout == printed and done.stderr == "" and done.returncode == 0


def test_draw_dot_as_promised():
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10, label="c")
    d = a * b + c
    d.label = "d"
    drawing = draw_dot(d)
    assert drawing.format == "svg" and "rankdir=LR" in drawing.source
    for label in ("{ a | data 2.0000 }", "{ data -6.0000 }", "{ d | data 4.0000 }"):
        assert label in drawing.source
    assert drawing.source.count("->") == 6 and drawing.source.count("shape=record") == 5
    d.backward()
    for label in ("{ a | data 2.0000 | grad -3.0000 }", "{ data -6.0000 | grad 1.0000 }"):
        assert label in draw_dot(d).source


def test_draw_dot_has_one_edge_per_use_and_keeps_equal_numbers_apart():
    a, b = Value(2.0), Value(2.0)
    square = draw_dot(a * a)
    assert square.source.count("n0 -> n1op") == 2
    assert draw_dot(a * b).source.count("data 2.0000") == 2
    nodes, edges = trace(a * a + b)
    assert len(nodes) == 4 and len(edges) == 4


def test_hostile_labels_stay_labels():
    names = ["a|b", "{x}", "<y>", 'say "hi"', "back\\slash", "new\nline", "</svg><script>"]
    total = vrepl.Value(0.0)
    for name in names:
        total = total + vrepl.Value(1.0, label=name)
    source = draw_dot(total).source
    assert source.count("shape=record") == 1 + 2 * len(names)
    assert r"{ a\|b | data 1.0000 }" in source and r"\{x\}" in source and "\nline" not in source
