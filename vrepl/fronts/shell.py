"""The `vrepl` shell: IPython's terminal with vrepl loaded and a banner of its own.

Everything it can do beyond IPython comes from the extension.
"""

from __future__ import annotations

import IPython
from IPython.terminal.ipapp import TerminalIPythonApp
from traitlets.config import Config

from vrepl import __version__

__all__ = ["banner", "start"]


def banner() -> str:
    """What the shell says first.

    Example:
        >>> banner().splitlines()[1]
        'Type a = 2.0; b = a*3, then %graph b, %slope b, %trace b or %nodes.'
    """
    return (
        f"vrepl {__version__} on IPython {IPython.__version__}:"
        " numbers remember where they came from.\n"
        "Type a = 2.0; b = a*3, then %graph b, %slope b, %trace b or %nodes.\n"
    )


class VreplApp(TerminalIPythonApp):
    """IPython's terminal application with the extension preloaded."""

    name = "vrepl"


def start() -> int:
    """Run the shell until the user leaves it; its exit status."""
    config = Config()
    config.InteractiveShellApp.extensions = ["vrepl"]
    config.TerminalInteractiveShell.banner1 = banner()
    config.TerminalInteractiveShell.enable_tip = False
    app = VreplApp.instance(config=config)
    app.initialize(argv=[])
    app.start()
    return 0
