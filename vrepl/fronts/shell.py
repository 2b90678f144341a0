"""The `vrepl` shell: IPython's terminal with vrepl loaded and a prompt that knows its commands.

It puts together what the modules beside it offer; previews and completions come from the extension.
"""

from __future__ import annotations

import shutil
import textwrap
from typing import Any

import IPython
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from IPython.terminal.ipapp import TerminalIPythonApp
from prompt_toolkit.application import get_app
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import merge_key_bindings
from prompt_toolkit.validation import ValidationError, Validator
from traitlets.config import Config

from vrepl import __version__
from vrepl.fronts.colours import CommandLexer
from vrepl.fronts.ipython import loaded
from vrepl.fronts.keys import bindings
from vrepl.language.mistakes import mistake
from vrepl.render.cells import shorten
from vrepl.session.session import Session

__all__ = ["CommandValidator", "ShellPrompt", "VreplApp", "banner", "start"]


def banner(width: int = 80) -> str:
    """What the shell says first, in lines of at most *width* characters.

    Example:
        >>> banner().splitlines()[1]
        'Type a = 2.0; b = a*3, then %graph b, %slope b or %trace b; F1 lists the keys.'
    """
    lines = (
        f"vrepl {__version__} on IPython {IPython.__version__}:"
        " numbers remember where they came from.",
        "Type a = 2.0; b = a*3, then %graph b, %slope b or %trace b; F1 lists the keys.",
    )
    return "".join(f"{textwrap.fill(line, width)}\n" for line in lines)


class ShellPrompt:
    """What the prompt of the shell has beyond IPython's; it works while vrepl is loaded.

    Args:
        ip: The shell; one without a terminal prompt is left as it is.
    """

    def __init__(self, ip: Any) -> None:
        self._ip = ip
        self._options_before = getattr(ip, "_extra_prompt_options", None)
        self._counted: tuple[object, str] = (None, "")

    def install(self) -> None:
        """Equip the prompt."""
        prompt = getattr(self._ip, "pt_app", None)
        if prompt is None:
            return
        prompt.validator = CommandValidator(self.session)
        prompt.validate_while_typing = False
        prompt.rprompt = self._right
        prompt.key_bindings = merge_key_bindings([prompt.key_bindings, bindings(self.session)])
        if callable(self._options_before):
            self._ip._extra_prompt_options = self._options

    def session(self) -> Session | None:
        """Whom to ask, None while vrepl is not loaded."""
        extension = loaded(self._ip)
        return None if extension is None else extension.session

    def _options(self) -> dict[str, Any]:
        """What IPython hands to its prompt, with commands in colour."""
        options: dict[str, Any] = self._options_before()  # type: ignore[misc]
        if "lexer" in options:
            options["lexer"] = CommandLexer(options["lexer"], self.session)
        return options

    def _right(self) -> StyleAndTextTuples:
        """How many nodes have names; not left behind when the line is accepted."""
        session = self.session()
        if session is None or get_app().is_done:
            return []
        when = (self._ip.execution_count, len(self._ip.user_ns))
        if self._counted[0] != when:
            count = len(session.registry.names())
            self._counted = (when, f"{count:,} node{'s' if count != 1 else ''}")
        return [("fg:ansibrightblack", self._counted[1])]


class CommandValidator(Validator):
    """Keeps a wrong command in the line, with the cursor on the word that is wrong.

    Args:
        session: Gives whom to ask, None while vrepl is not loaded.
    """

    def __init__(self, session: Any) -> None:
        self._session = session

    def validate(self, document: Document) -> None:
        """Refuse a wrong command; anything else passes.

        Raises:
            ValidationError: The command cannot be answered.
        """
        session = self._session()
        try:
            found = mistake(document.text, session) if session is not None else None
        except Exception:  # what cannot be checked is for the command itself to refuse
            return
        if found is not None:
            width = get_app().output.get_size().columns
            raise ValidationError(found.span.column, shorten(found.message, width - 1))


class VreplApp(TerminalIPythonApp):
    """IPython's terminal application with the extension preloaded."""

    name = "vrepl"

    def init_shell(self) -> None:
        """Make the shell, and equip its prompt before the extension comes."""
        super().init_shell()
        ShellPrompt(self.shell).install()


def start() -> int:
    """Run the shell until the user leaves it; its exit status."""
    config = Config()
    config.InteractiveShellApp.extensions = ["vrepl"]
    config.TerminalInteractiveShell.banner1 = banner(shutil.get_terminal_size().columns)
    if hasattr(TerminalInteractiveShell, "enable_tip"):  # IPython 8 gives no tips
        config.TerminalInteractiveShell.enable_tip = False
    app = VreplApp.instance(config=config)
    app.initialize(argv=[])
    app.start()
    return 0
