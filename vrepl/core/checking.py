"""Compares local derivatives and slopes with central differences, and says what is found.

Differences are taken in an arithmetic of `precision`; the exact sides come from the rules and the
reverse sweep. What a finding means to the user is a row of `VERDICTS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vrepl.core.nodes import adjoints, dependents, is_constant
from vrepl.core.operators import Operator
from vrepl.core.precision import Arithmetic
from vrepl.core.rules import Number, as_float, local_derivative
from vrepl.core.value import Value, plain

__all__ = ["VERDICTS", "Finding", "Side", "check_locals", "check_slopes", "measured_sides"]

CLOSER = 1024  # how much smaller the second step is, by which kinds of points are told apart
ULPS = 4.0  # units of the last place that the rounding of one operation may cost

# What can be found at a point, and whether the exact slope is refuted by it.
VERDICTS: Mapping[str, tuple[str, bool]] = {
    "agrees": ("as measured", False),
    "differs": ("differs from what is measured", True),
    "kink": ("a kink: the slopes on the two sides differ", False),
    "step": ("a step: the value jumps here", False),
    "edge": ("the edge of the domain: measured on one side", False),
    "steep": ("infinitely steep: the differences grow without bound", False),
    "coarse": ("floats are too coarse to measure it with this step", False),
    "undefined": ("no slope exists here", False),
    "no step": ("{wrt} + h is {wrt} itself in floating point; choose a larger h", False),
    "unmeasured": ("no value one step away", False),
}


@dataclass(frozen=True, slots=True)
class Side:
    """What is seen on one side of a point.

    `kind` is 'smooth', 'jump', 'steep' or 'missing'; `slope` is None for the last. `error` is how
    much the slope still changes when the step shrinks.
    """

    kind: str
    slope: Any = None
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: of *node* by *wrt*, a local derivative or a slope.

    `exact` is what vrepl says; `measured` the central difference, None where there is none;
    `left` and `right` are the two one-sided slopes where they matter; `off` is the distance of
    exact and measured, relative to what rounding may cost (1 is the bar).
    """

    node: Value
    wrt: Any
    position: int | None
    exact: float
    measured: float | None
    verdict: str
    left: float | None = None
    right: float | None = None
    off: float = 0.0

    @property
    def is_refuted(self) -> bool:
        """Whether the exact slope cannot be right."""
        return VERDICTS[self.verdict][1]


def check_locals(nodes: Sequence[Value], arithmetic: Arithmetic) -> Iterator[Finding]:
    """Every local derivative of these nodes, compared.

    Args:
        nodes: Nodes in evaluation order, as `order` gives them.
        arithmetic: What to measure with.

    Example:
        >>> from vrepl.core.nodes import order
        >>> from vrepl.core.precision import Doubles
        >>> a = Value(2.0)
        >>> [finding.verdict for finding in check_locals(order(a * a), Doubles())]
        ['agrees', 'agrees']
    """
    for node in nodes:
        row, *operands = node._made
        numbers = [plain(x) for x in operands]
        names = row.operand_names(len(numbers)) if numbers else ()
        for position, operand in enumerate(operands):
            if not is_constant(operand):
                exact = local_derivative(row, position, numbers, node.data)
                if names[position] == row.whole:
                    yield Finding(node, operand, position, exact, None, "unmeasured")
                    continue
                yield _compared(
                    Finding(node, operand, position, exact, None, ""),
                    numbers[position],
                    _along_operand(row, numbers, position, arithmetic),
                    arithmetic,
                    abs(exact),
                )


def _along_operand(
    row: Operator, numbers: Sequence[Number], position: int, arithmetic: Arithmetic
) -> Callable[[Any], Any]:
    """The operation as a function of how far one operand has moved; its change."""
    function = arithmetic.function(row)
    at = _numbers(row, numbers, arithmetic)

    def moved(step: Any) -> Any:
        return function(*(x + step if i == position else x for i, x in enumerate(at)))

    start: list[Any] = []

    def change(step: Any) -> Any:
        if not start:
            start.append(moved(0))
        return moved(step) - start[0]

    return change


def _given(node: Value, arithmetic: Arithmetic) -> list[Any]:
    row, *operands = node._made
    return _numbers(row, [plain(x) for x in operands], arithmetic)


def _numbers(row: Operator, numbers: Sequence[Number], arithmetic: Arithmetic) -> list[Any]:
    """An operation's operands in the arithmetic; what must be whole stays a whole number."""
    names = row.operand_names(len(numbers))
    return [
        x if name == row.whole else arithmetic.number(x)
        for name, x in zip(names, numbers, strict=True)
    ]


def check_slopes(
    ordered: Sequence[Value], wanted: Sequence[Value], arithmetic: Arithmetic
) -> Iterator[Finding]:
    """The slopes of the last node by the wanted ones, compared.

    Movements are passed from operation to operation at the numbers that the graph holds, so that
    both sides speak of the same points and only the sweep's own rounding is between them.

    Args:
        ordered: The whole graph, as `order` gives it.
        wanted: The nodes to differentiate by, among them.
        arithmetic: What to measure with.

    Example:
        >>> from vrepl.core.nodes import order
        >>> from vrepl.core.precision import Doubles
        >>> a = Value(0.0)
        >>> [f.verdict for f in check_slopes(order(abs(a)), [a], Doubles())]
        ['kink']
    """
    exact = adjoints(ordered)
    sizes = _path_sizes(ordered)
    output = ordered[-1]
    for node in wanted:
        steps = dependents(ordered, [node])
        finding = Finding(output, node, None, exact[id(node)], None, "")
        change = _through(steps, node, output, arithmetic)
        size = sizes[id(node)] * math.sqrt(max(1, len(steps)))  # each operation rounds once more
        yield _compared(finding, node.data, change, arithmetic, size)


def _through(
    steps: Sequence[Value], source: Value, output: Value, arithmetic: Arithmetic
) -> Callable[[Any], Any]:
    """How far the output moves, as a function of how far the source does."""
    prepared = [
        (
            node,
            arithmetic.function(node._made[0]),
            list(zip(map(id, node._made[1:]), _given(node, arithmetic), strict=True)),
        )
        for node in steps
    ]
    starts: dict[int, Any] = {}

    def change(step: Any) -> Any:
        moved: dict[int, Any] = {id(source): step}
        for node, function, operands in prepared:
            if id(node) not in starts:
                starts[id(node)] = function(*(x for _, x in operands))
            y = function(*(x + moved[key] if key in moved else x for key, x in operands))
            moved[id(node)] = y - starts[id(node)]
        return moved[id(output)]

    return change


def _path_sizes(ordered: Sequence[Value]) -> dict[int, float]:
    """The sum of the absolute products of all paths, by the node they start from.

    The rounding of a sweep is judged by it: a small sum of large terms has lost their last digits.
    """
    found: dict[int, float] = {id(ordered[-1]): 1.0}
    for node in reversed(ordered):
        size = found.get(id(node), 0.0)
        row, *operands = node._made
        numbers = [plain(x) for x in operands]
        for position, operand in enumerate(operands):
            if not is_constant(operand):
                local = abs(local_derivative(row, position, numbers, node.data)) if size else 0.0
                found[id(operand)] = found.get(id(operand), 0.0) + size * local
    return found


def measured_sides(
    change: Callable[[Any], Any], step: Any, rounded: Number = 0.0
) -> tuple[Side, Side]:
    """What is seen left and right of a point, told apart by a second, much smaller step.

    A change that shrinks with the step is smooth; one that stays is a jump; one that shrinks
    more slowly is infinitely steep.

    Args:
        change: The change of the value, as a function of the step.
        step: The larger step.
        rounded: The value that changes, where its rounding hides small changes.

    Example:
        >>> left, right = measured_sides(abs, 2.0**-18)
        >>> left.slope, right.slope
        (-1.0, 1.0)
    """
    noise = abs(as_float(rounded)) * 2.0**-52 / abs(step) if rounded else 0.0
    left, right = (_side(change, sign * step, noise) for sign in (-1, 1))
    return left, right


def _side(change: Callable[[Any], Any], step: Any, noise: float) -> Side:
    try:
        far, near = change(step), change(step / CLOSER)
        if far != far or near != near:
            return Side("missing")
        slope = far / step
    except (ArithmeticError, ValueError, TypeError):
        return Side("missing")
    if near == 0 or far == 0:
        return Side("smooth", slope, noise)
    shrinks = abs(float(near / far)) * CLOSER  # 1 where it is smooth, CLOSER at a jump
    if shrinks < 8:
        return Side("smooth", slope, noise + abs(float(slope - near * CLOSER / step)))
    return Side("jump" if shrinks > CLOSER / 1.5 else "steep", slope)


def _compared(
    finding: Finding, at: Number, change: Callable[[Any], Any], arithmetic: Arithmetic, size: float
) -> Finding:
    """The finding with its verdict, from what is seen on both sides."""
    start = as_float(at)
    if not math.isfinite(start):
        return _judged(finding, "unmeasured")
    step = arithmetic.step(at)
    if start + step == start and type(step) is float:
        return _judged(finding, "no step")
    rounded = 0.0 if arithmetic.is_fine else finding.node.data
    with arithmetic.resolving(as_float(finding.node.data), finding.exact, step):
        left, right = measured_sides(change, step, rounded)
        found = _verdict(finding, left, right, arithmetic.tolerance, size)
    vague = (_is_vague(side, finding.exact, arithmetic.tolerance) for side in (left, right))
    if found.is_refuted and not arithmetic.is_fine and any(vague):
        return _judged(finding, "coarse")
    return found


def _is_vague(side: Side, exact: float, tolerance: float) -> bool:
    """Whether a finer step could show something else: a slope that still changes much."""
    if side.kind != "smooth":
        return side.kind == "steep"
    return side.error > tolerance**0.5 * (abs(side.slope) + abs(exact))  # type: ignore[no-any-return]


def _verdict(finding: Finding, left: Side, right: Side, tolerance: float, size: float) -> Finding:
    kinds = {left.kind, right.kind}
    slopes = {"left": _float(left.slope), "right": _float(right.slope)}
    if math.isnan(finding.exact):
        return _judged(finding, "undefined", **slopes)
    if kinds == {"missing"}:
        return _judged(finding, "unmeasured")
    if "jump" in kinds:
        smooth = [side.slope for side in (left, right) if side.kind == "smooth"]
        fits = all(_off(finding.exact, slope, tolerance**0.5, size) <= 1 for slope in smooth)
        return _judged(finding, "step" if fits else "differs", **slopes)
    if "steep" in kinds:
        return _judged(finding, "steep" if math.isinf(finding.exact) else "differs", **slopes)
    if "missing" in kinds:
        only = left if right.kind == "missing" else right
        off = _off(finding.exact, only.slope, tolerance**0.5, size, only.error)
        verdict = "edge" if off <= 1 else "differs"
        return _judged(finding, verdict, _float(only.slope), off=off, **slopes)
    return _two_sided(finding, left, right, tolerance, size)


def _two_sided(finding: Finding, one: Side, other: Side, tolerance: float, size: float) -> Finding:
    """Both sides have slopes: they agree, or this is a kink."""
    left, right = one.slope, other.slope
    central = (left + right) / 2
    slopes = {"left": _float(left), "right": _float(right)}
    error, least = one.error + other.error, tolerance**0.5 * (abs(left) + abs(right))
    is_hidden = error > least + tolerance**0.5 * abs(finding.exact)
    if is_hidden and error > abs(right - left) / 4 and finding.exact != _float(central):
        return _judged(finding, "coarse")
    if abs(right - left) > max(least, 4 * error):
        low, high = sorted((float(left), float(right)))
        between = low <= finding.exact <= high
        return _judged(finding, "kink" if between else "differs", _float(central), **slopes)
    off = _off(finding.exact, central, tolerance, size)
    return _judged(finding, "agrees" if off <= 1 else "differs", _float(central), off=off)


def _off(exact: float, measured: Any, tolerance: float, size: float, error: float = 0.0) -> float:
    """The distance in units of what rounding and the measurement may cost."""
    target = _float(measured)
    if exact == target:
        return 0.0
    if not math.isfinite(exact) or target is None or not math.isfinite(target):
        return math.inf
    scale = max(abs(target), size if math.isfinite(size) else 0.0)
    allowed = ULPS * math.ulp(scale) + tolerance * scale + 2 * error
    return float(abs(exact - measured) / allowed)


def _float(x: Any) -> float | None:
    return None if x is None else float(x)


def _judged(finding: Finding, verdict: str, measured: float | None = None, **facts: Any) -> Finding:
    return replace(finding, verdict=verdict, measured=measured, **facts)
