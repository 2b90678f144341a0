"""Training loops written for micrograd's Value run with this one and learn."""

import copy
import random

from vrepl import Value


class Module:
    def zero_grad(self):
        for p in self.parameters():
            p.grad = 0

    def parameters(self):
        return []


class Neuron(Module):
    def __init__(self, nin, nonlin=True):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0)
        self.nonlin = nonlin

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return act.relu() if self.nonlin else act

    def parameters(self):
        return [*self.w, self.b]


class MLP(Module):
    def __init__(self, nin, nouts):
        sizes = [nin, *nouts]
        self.layers = [
            [Neuron(sizes[i], nonlin=i != len(nouts) - 1) for _ in range(sizes[i + 1])]
            for i in range(len(nouts))
        ]

    def __call__(self, x):
        for layer in self.layers:
            x = [neuron(x) for neuron in layer]
        return x[0]

    def parameters(self):
        return [p for layer in self.layers for neuron in layer for p in neuron.parameters()]


def hinge_loss(model, xs, ys, alpha=1e-4):
    losses = [(1 + -yi * model(list(map(Value, x)))).relu() for x, yi in zip(xs, ys, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    return data_loss + alpha * sum(p * p for p in model.parameters())


def test_a_classifier_learns():
    random.seed(1337)
    xs = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(20)]
    ys = [1 if x * x + y * y > 0.6 else -1 for x, y in xs]
    model = MLP(2, [8, 8, 1])
    first = hinge_loss(model, xs, ys).data
    for k in range(60):
        loss = hinge_loss(model, xs, ys)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * 0.5 * p.grad
    assert hinge_loss(model, xs, ys).data < first / 4
    assert any(neuron.b.data != 0 for layer in model.layers for neuron in layer)


def test_a_copied_model_has_parameters_of_its_own():
    random.seed(1)
    model = MLP(2, [3, 1])
    twin = copy.deepcopy(model)
    before = [p.data for p in model.parameters()]
    loss = twin([1.0, 2.0]) ** 2
    loss.backward()
    for p in twin.parameters():
        p.data -= 0.1 * p.grad
    assert [p.data for p in model.parameters()] == before
    assert all(p.grad == 0 for p in model.parameters())
    assert [p.data for p in twin.parameters()] != before


def test_micrograds_own_checks():
    def f(x):
        z = 2 * x + 2 + x
        q = z.relu() + z * x
        h = (z * z).relu()
        return h + q + q * x

    x = Value(-4.0)
    y = f(x)
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f2 = e**2
    g = f2 / 2.0
    g += 10.0 / f2
    g.backward()
    assert abs(g.data - 24.70408163265306) < 1e-12
    assert abs(a.grad - 138.83381924198252) < 1e-9 and abs(b.grad - 645.5772594752186) < 1e-9
