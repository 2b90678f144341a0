"""The settings of vrepl in a host: `%config VRepl.digits = 6`, also from IPython's config files.

It holds choices and says which are allowed; what they change is left to those who read them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from traitlets import Enum, Integer
from traitlets.config import Configurable

from vrepl.session.answers import figure

__all__ = ["VRepl"]


class VRepl(Configurable):
    """The choices of one shell, read anew whenever one matters.

    Example:
        >>> settings = VRepl(digits=6)
        >>> settings.digits, settings.preview
        (6, 'toolbar')
    """

    preview = Enum(
        ("toolbar", "inlay", "off"),
        "toolbar",
        help="Where a terminal shows what the line being typed would give.",
    ).tag(config=True)
    digits = Integer(
        0, min=0, max=17, help="Significant digits of numbers; 0 for as many as mean something."
    ).tag(config=True)

    nodes = Integer(
        3_000_000, min=1, help="Nodes alive from which a cell goes on with plain numbers."
    ).tag(config=True)

    def write(self) -> Callable[[float], str] | None:
        """How tables are to write floats: by `digits`, else as IPython's `%precision` says.

        None where neither was set.
        """
        if self.digits:
            return partial(figure, digits=self.digits)
        formatter = getattr(self.parent, "display_formatter", None)
        asked = formatter.formatters["text/plain"].float_format if formatter else ""
        return None if asked in ("", "%r") else asked.__mod__

    def install(self, ip: Any) -> None:
        """Let `%config` of a shell know these settings."""
        ip.configurables.append(self)

    def remove(self, ip: Any) -> None:
        """Take them out again."""
        ip.configurables[:] = [other for other in ip.configurables if other is not self]
