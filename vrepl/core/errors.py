"""The errors vrepl raises: what is wrong, where, and what to do about it, on one line.

Every class inherits `VreplError` and the builtin a caller would expect, and keeps its facts as
attributes; how a front end shows the line is left to the front end.
"""

from __future__ import annotations

__all__ = [
    "CommandError",
    "DomainError",
    "MissingLibrary",
    "NoRule",
    "NotConnected",
    "Stale",
    "UnknownName",
    "VreplError",
    "WholeNumber",
]


class VreplError(Exception):
    """Base of everything vrepl raises on purpose; `str()` is one line for the user.

    Example:
        >>> issubclass(NotConnected, VreplError)
        True
    """


class DomainError(VreplError, ValueError):
    """An operand lies outside the operator's domain.

    Example:
        >>> DomainError("log(a)", "a", -2.0, "a > 0")
        DomainError('log(a): a = -2.0 lies outside a > 0')
    """

    def __init__(self, written: str, operand: str, number: object, domain: str) -> None:
        subject = operand if operand == str(number) else f"{operand} = {number}"
        super().__init__(f"{written}: {subject} lies outside {domain}")
        self.written, self.operand, self.number, self.domain = written, operand, number, domain


class MissingLibrary(VreplError, ImportError):
    """Something needs a library that is not installed.

    Example:
        >>> MissingLibrary("%check", "mpmath", "vrepl[check]")
        MissingLibrary('%check needs mpmath, which is not installed; pip install "vrepl[check]"')
    """

    def __init__(self, subject: str, library: str, install: str) -> None:
        super().__init__(
            f'{subject} needs {library}, which is not installed; pip install "{install}"'
        )
        self.subject, self.library, self.install = subject, library, install


class NotConnected(VreplError, ValueError):
    """No path leads from one node to another; *reason* says what is the likely cause.

    Example:
        >>> NotConnected("d", "x", "x is not used in d")
        NotConnected('d is not connected to x: x is not used in d')
    """

    def __init__(self, output: str, wrt: str, reason: str) -> None:
        super().__init__(f"{output} is not connected to {wrt}: {reason}")
        self.output, self.wrt, self.reason = output, wrt, reason


class NoRule(VreplError, TypeError):
    """An operation made by hand has an `_op` that no operator row knows, so it has no derivative.

    Example:
        >>> NoRule("frobnicate", 2).operator
        'frobnicate'
    """

    def __init__(self, operator: str, arity: int) -> None:
        super().__init__(
            f'operation "{operator}" with {arity} operand{"s" if arity != 1 else ""} has no'
            " derivative rule; build it from + - * / ** and vrepl's functions"
        )
        self.operator, self.arity = operator, arity


class UnknownName(VreplError, NameError):
    """A command names something this session does not have.

    Example:
        >>> UnknownName("e", "d")
        UnknownName('No name "e" in this session; did you mean "d"?')
    """

    def __init__(self, name: str, suggestion: str = "") -> None:
        hint = f'did you mean "{suggestion}"?' if suggestion else "%nodes lists the names"
        super().__init__(f'No name "{name}" in this session; {hint}')
        self.name, self.suggestion = name, suggestion


class CommandError(VreplError, ValueError):
    """A command's words do not fit its grammar, or its subject is no node.

    `at` is where the wrong word stands in the line after the command's name, None when no single
    word is wrong.

    Example:
        >>> str(CommandError("slope needs a name", "%slope NAME [wrt NAME, ...] [--h H]"))
        'slope needs a name; usage: %slope NAME [wrt NAME, ...] [--h H]'
    """

    def __init__(self, fact: str, usage: str = "", at: tuple[int, int] | None = None) -> None:
        super().__init__(f"{fact}; usage: {usage}" if usage else fact)
        self.fact, self.usage, self.at = fact, usage, at


class Stale(VreplError, ValueError):
    """A leaf was set after a result was computed from it, so the two do not belong together.

    Example:
        >>> Stale("y", "w", 0.1)
        Stale('y was computed before w was set to 0.1; compute y again')
    """

    def __init__(self, output: str, leaf: str, number: int | float) -> None:
        super().__init__(
            f"{output} was computed before {leaf} was set to {number}; compute {output} again"
        )
        self.output, self.leaf, self.number = output, leaf, number


class WholeNumber(VreplError, TypeError):
    """Somebody tried to step a whole number; an int cannot be rewritten in place.

    Example:
        >>> WholeNumber("c", 10)
        WholeNumber('c = 10 is a whole number and stays one; type it as 10.0 to change its .data')
    """

    def __init__(
        self, name: str, number: int | float, *, explicit: bool = False, made_by: str = ""
    ) -> None:
        name = name or "this number"
        text = f"{number}.0" if abs(number) < 10**15 else f"float({name})"
        remedy = f"make it Value({text})" if explicit else f"type it as {text}"
        fact = f"{name} = {number} is a whole number and stays one; {remedy} to change its .data"
        if made_by:
            fact = f"{name} = {number} was computed by {made_by}; change what it was made from"
        super().__init__(fact)
        self.name, self.number = name, number
