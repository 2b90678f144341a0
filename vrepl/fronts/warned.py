"""Gives warnings about arithmetic the line that the user typed, where a generated operator ran it.

Python names the function that was running, and shows a warning of one place once only.
"""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import Any

from vrepl.fronts.tracebacks import GENERATED, is_ours

__all__ = ["Warned"]


class Warned:
    """What shows warnings, with a step before it.

    Example:
        >>> shown = warnings.showwarning
        >>> warned = Warned()
        >>> warned.install()
        >>> warned.remove()
        >>> warnings.showwarning is shown
        True
    """

    def __init__(self) -> None:
        self._replaced = warnings.showwarning
        self._ours = self._show

    def install(self) -> None:
        """Begin to look at warnings."""
        self._replaced = warnings.showwarning
        warnings.showwarning = self._ours

    def remove(self) -> None:
        """Leave Python's module as it was found, unless somebody else has changed it since."""
        if warnings.showwarning is self._ours:
            warnings.showwarning = self._replaced

    def _show(  # noqa: PLR0913, PLR0917 - as Python calls it
        self, message: Any, category: Any, filename: str, lineno: int, file: Any = None,
        line: str | None = None,
    ) -> None:  # fmt: skip
        if filename.startswith(GENERATED):
            operator, user = _frames(filename)
            if operator is not None and user is not None:
                operator.f_globals.pop("__warningregistry__", None)
                met = user.f_globals.setdefault("__warningregistry__", {})
                module = user.f_globals.get("__name__") or "<unknown>"
                place = user.f_code.co_filename, user.f_lineno, module, met
                warnings.warn_explicit(message, category, *place)
                return
        # A message can say where an object came from; Python's own function has no place for that.
        told = sys._getframe(1).f_locals.get("msg")
        show: Any = getattr(warnings, "_showwarnmsg_impl", None)
        is_pythons = self._replaced is getattr(warnings, "_showwarning_orig", None)
        if show and is_pythons and getattr(told, "source", None) is not None:
            show(told)
            return
        self._replaced(message, category, filename, lineno, file, line)


def _frames(filename: str) -> tuple[FrameType | None, FrameType | None]:
    """The frame of the generated operator that warned, and the user's that used it."""
    operator: FrameType | None = sys._getframe(2)
    while operator is not None and operator.f_code.co_filename != filename:
        operator = operator.f_back
    user = operator
    while user is not None and is_ours(user):
        user = user.f_back
    return operator, user
