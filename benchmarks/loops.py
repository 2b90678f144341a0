"""Loops over plain data, each timed as Python runs it and as a session runs it, in the same minute.

The data comes from this module, which no session rewrites, so none of it is a node. Each loop is
timed in the body of a function, also while the session has a list and a record of typed numbers,
and at the top level of a cell.
"""

from __future__ import annotations

import ast
import linecache
import math
import random
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from vrepl.core.twins import math as mathematics
from vrepl.core.value import leaf

__all__ = ["LOOPS", "Loop", "report"]

MODULES = ("math", "random", "np")  # these are globals where a function uses them
ROUNDS = 40
SETTLING = 0.3  # seconds


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop.

    Attributes:
        name: What it does.
        body: Its text, whose free names are in `data`.
        function: Definitions that it calls.
    """

    name: str
    body: str
    function: str = ""


class Point:
    """An object with two coordinates, of a class that passes for one of the session."""

    __module__ = "__main__"

    def __init__(self, x: float, y: float) -> None:
        self.x = x
        self.y = y


def data() -> dict[str, Any]:
    """Plain numbers, lists and libraries, the same in every run."""
    import numpy as np

    dice = random.Random(0)

    def numbers(n: int) -> list[float]:
        return [dice.random() for _ in range(n)]

    return {
        "xs": numbers(5_000), "ys": numbers(5_000),
        "zs": [dice.randrange(100) for _ in range(5_000)],
        "words": [dice.choice(("ash", "oak", "elm")) for _ in range(5_000)],
        "A": [numbers(14) for _ in range(14)], "B": [numbers(14) for _ in range(14)],
        "rows": [numbers(50) for _ in range(100)],
        "points": [Point(*numbers(2)) for _ in range(2_000)],
        "w": 0.75, "b": 0.25, "h": 0.001, "start": 0.0, "whole": 0, "size": 3_000, "k": 3,
        "random": random, "math": math, "np": np, "array": np.array(numbers(1_000)),
    }  # fmt: skip


def _loop(name: str, text: str, function: str = "") -> Loop:
    """A loop whose lines are indented as in this file."""
    return Loop(name, _outdented(text), _outdented(function))


def _outdented(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


LOOPS: tuple[Loop, ...] = (
    _loop("accumulate floats", "s = start\nfor x in xs:\n    s += x"),
    _loop("accumulate ints", "s = whole\nfor z in zs:\n    s += z"),
    _loop("weighted sum, floats", "s = start\nfor x in xs:\n    s += x*w"),
    _loop("weighted sum, ints", "s = whole\nfor z in zs:\n    s += z*k"),
    _loop(
        "squared errors of a line",
        "s = start\nfor x, y in zip(xs, ys):\n    s += (w*x + b - y)**2",
    ),
    _loop("dot product by zip", "s = start\nfor x, y in zip(xs, ys):\n    s += x*y"),
    _loop("dot product by sum", "s = sum(x*y for x, y in zip(xs, ys))"),
    _loop("dot product by index", "s = start\nfor i in range(len(xs)):\n    s += xs[i]*ys[i]"),
    _loop("mean and variance", "m = sum(xs)/len(xs)\nv = sum((x - m)**2 for x in xs)/len(xs)"),
    _loop("scale a list: w*x", "t = [w*x for x in xs]"),
    _loop("shift a list: x - b", "t = [x - b for x in xs]"),
    _loop("matrix product, loops", """
        C = [[start]*14 for _ in range(14)]
        for i in range(14):
            for j in range(14):
                for n in range(14):
                    C[i][j] += A[i][n]*B[n][j]
    """),
    _loop(
        "matrix product, lists",
        "C = [[sum(p*q for p, q in zip(row, col)) for col in zip(*B)] for row in A]",
    ),
    _loop("Horner", "y = start\nfor c in xs:\n    y = y*w + c"),
    _loop("sieve", """
        flags = [True]*(size + 1)
        for p in range(2, size):
            if flags[p]:
                for m in range(p*p, size + 1, p):
                    flags[m] = False
    """),
    _loop(
        "fib, recursive",
        "r = fib(size % 3 + 17)",
        "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)",
    ),
    _loop("mandelbrot", """
        inside = whole
        for i in range(20):
            for j in range(20):
                c, d = i/10 - 1.5, j/10 - 1
                x = y = start
                for n in range(30):
                    x, y = x*x - y*y + c, 2*x*y + d
                    if x*x + y*y > 4:
                        break
                else:
                    inside += 1
    """),
    _loop("Euler steps", "x, v = w, start\nfor n in range(size):\n    x, v = x + v*h, v - k*x*h"),
    _loop("string building", "t = ''\nfor word in words:\n    t += word[0] + '.'"),
    _loop(
        "counting in a dict", "n = {}\nfor word in words:\n    n[word] = n.get(word, 0) + 1"
    ),
    _loop("counter", "n = whole\nfor x in xs:\n    if x > 0.5:\n        n += 1"),
    _loop("random points in a circle", """
        n = whole
        for _ in range(size):
            x, y = random.random(), random.random()
            if x*x + y*y < 1:
                n += 1
    """),
    _loop("random data", "s = start\nfor _ in range(size):\n    s += w*random.random()"),
    _loop("numpy arrays", "a = array\nfor _ in range(100):\n    a = a*w + array - b*a"),
    _loop(
        "nested loops",
        "s = start\nfor i in range(60):\n    for j in range(60):\n        s += i*h + j*h",
    ),
    _loop("sums of rows", """
        t = start
        for row in rows:
            s = start
            for x in row:
                s = s + x*x
            t = t + s/len(row)
    """),
    _loop("while: Collatz", """
        steps = whole
        for first in range(1, 60):
            n = first
            while n != 1:
                n = n//2 if n % 2 == 0 else 3*n + 1
                steps += 1
    """),
    _loop("while: Newton", """
        r = w
        for _ in range(size//3):
            x = r + 1
            while abs(x*x - r) > 1e-12:
                x = (x + r/x)/2
    """),
    _loop("functions of math", "s = start\nfor x in xs:\n    s += math.sin(x)*math.exp(-x)"),
    _loop("objects: p.x*p.y", "s = start\nfor p in points:\n    s += p.x*p.y"),
    _loop(
        "a function called",
        "s = start\nfor x in xs:\n    s += f(x)",
        "def f(x):\n    return 3*x**2 - 4*x + 5",
    ),
    _loop(
        "an integral of a function",
        "s = start\nfor i in range(size):\n    s += g(h*i)*h",
        "import math\ndef g(x):\n    return math.exp(-x*x)",
    ),
    _loop(
        "a list of a function's values",
        "t = [line(x, w) for x in xs]",
        "def line(x, w):\n    return x*w + w",
    ),
    _loop("local numbers: is_prime", "t = [is_prime(n) for n in range(size)]", """
        def is_prime(n):
            i = 2
            while i*i <= n:
                if n % i == 0:
                    return False
                i += 1
            return n > 1
    """),
    _loop("local numbers: an index", "s = total(xs, start)", """
        def total(xs, s):
            i = 0
            while i < len(xs):
                s += xs[i]
                i += 1
            return s
    """),
    _loop("local numbers: digits", "t = [is_palindrome(n) for n in range(size)]", """
        def is_palindrome(n):
            turned, rest = 0, n
            while rest > 0:
                turned = turned*10 + rest % 10
                rest //= 10
            return turned == n
    """),
    _loop("local numbers: a sieve", "t = sieve(size)", """
        def sieve(n):
            flags = [True]*n
            i = 2
            while i*i < n:
                if flags[i]:
                    j = i*i
                    while j < n:
                        flags[j] = False
                        j += i
                i += 1
            return flags
    """),
    _loop("insertion sort", """
        t = xs[:80]
        for i in range(1, len(t)):
            x = t[i]
            j = i - 1
            while j >= 0 and t[j] > x:
                t[j + 1] = t[j]
                j = j - 1
            t[j + 1] = x
    """),
)  # fmt: skip


def report(transform: Callable[[ast.AST], ast.AST]) -> Iterator[str]:
    """One line for each loop, with its time in plain Python and the ratio to it.

    Args:
        transform: What a session makes of a parsed cell.
    """
    yield f"{'':30}{'in a function':>20}{'beside lists':>15}{'at the top level':>20}"
    for loop in LOOPS:
        plain, rewritten = (
            _in_function(loop, lambda tree: tree, math),
            _in_function(loop, transform, mathematics),
        )
        first, second = interleaved([plain, rewritten], ROUNDS)
        rewritten.__globals__.update(typed())
        began = time.monotonic()
        while time.monotonic() < began + SETTLING:  # nodes are looked for at a slow pace
            rewritten()
        beside, third = interleaved([plain, rewritten], ROUNDS)
        rewritten.__globals__.clear()
        above = [_at_top(loop, lambda tree: tree, math), _at_top(loop, transform, mathematics)]
        fourth, fifth = interleaved(above, ROUNDS)
        yield (
            f"{loop.name:30}{first * 1e3:10.2f} ms {second / first:5.2f}x{third / beside:14.2f}x"
            f"{fourth * 1e3:11.2f} ms {fifth / fourth:5.2f}x"
        )


def typed() -> dict[str, Any]:
    """Nodes such as a session has by name, in a list and in a record."""
    return {"sizes": [leaf(64), leaf(3)], "unit": Point(leaf(2), 0.5), "n": leaf(10)}


def interleaved(functions: list[Callable[[], Any]], rounds: int) -> list[float]:
    """The least seconds of processor time each function took, all of them called in turn."""
    best = [math.inf] * len(functions)
    for _ in range(rounds):
        for i, function in enumerate(functions):
            began = time.process_time()
            function()
            best[i] = min(best[i], time.process_time() - began)
    return best


def _run(source: str, transform: Callable[[ast.AST], ast.AST], names: dict[str, Any]) -> list[Any]:
    """The code of a cell as IPython compiles it, statement by statement."""
    name = f"<cell {hash(source)}>"
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    tree = transform(ast.parse(source))
    parts = [ast.Module([statement], []) for statement in tree.body]  # type: ignore[attr-defined]
    return [compile(part, name, "exec") for part in parts]


def _in_function(
    loop: Loop, transform: Callable[[ast.AST], ast.AST], mathematics: Any
) -> FunctionType:
    names = data() | {"math": mathematics, "__name__": "__main__"}
    own = [name for name in data() if name not in MODULES]
    body = loop.body.replace("\n", "\n    ")
    source = f"{loop.function}\ndef timed({', '.join(own)}):\n    {body}\n"
    source += f"\ndef run():\n    return timed({', '.join(own)})\n"
    for code in _run(source, transform, names):
        exec(code, names)
    run: FunctionType = names["run"]
    return run


def _at_top(
    loop: Loop, transform: Callable[[ast.AST], ast.AST], mathematics: Any
) -> Callable[[], Any]:
    names = data() | {"math": mathematics, "__name__": "__main__"}
    for code in _run(loop.function or "pass", transform, names):
        exec(code, names)
    codes = _run(loop.body, transform, names)

    def run() -> None:
        for code in codes:
            exec(code, names)

    return run
