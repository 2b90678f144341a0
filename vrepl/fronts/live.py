"""Shows in a terminal, key by key, what the line being typed would give.

It asks the previewer before each drawing of the prompt and hands the line to the toolbar or to the
inlay; what a preview says is the language service's.
"""

from __future__ import annotations

from typing import Any

from prompt_toolkit.filters import is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples

from vrepl.fronts.config import VRepl
from vrepl.fronts.inlay import Inlay
from vrepl.language.preview import Preview, Previewer
from vrepl.render.cells import cell_width

__all__ = ["LivePreview"]

DIGITS = 4  # of slopes, where the user has not chosen
PAUSE = 0.02  # seconds between two slices of work on slopes, for keys to be heard
STYLE = "noreverse"  # a bar across the screen would be louder than what is being typed
INLAY_STYLE = "fg:ansibrightblack"
ERROR_STYLE = "noreverse fg:ansired"


class LivePreview:
    """The preview of one shell's prompt.

    Args:
        ip: The shell, which has a terminal prompt.
        previewer: Who is asked.
        settings: Where it is shown, if at all.
    """

    def __init__(self, ip: Any, previewer: Previewer, settings: VRepl) -> None:
        self._previewer = previewer
        self._settings = settings
        self._prompt = ip.pt_app
        self._found: Preview | None = None
        self._toolbar: StyleAndTextTuples | None = None
        self._toolbar_before: Any = None
        self._inlay = Inlay(ip, self._inline)

    def install(self) -> None:
        """Hook into the prompt."""
        self._prompt.app.before_render += self._before_render
        self._inlay.install()

    def remove(self) -> None:
        """Leave the prompt as it was found."""
        self._prompt.app.before_render -= self._before_render
        self._inlay.remove()
        self._show_toolbar(None)

    def forget(self) -> None:
        """A cell runs: what was known of its nodes no longer holds."""
        self._found = None
        self._previewer.forget()

    def _before_render(self, app: Any) -> None:
        """Find out what there is to show; whatever goes wrong, the prompt must go on."""
        try:
            self._found = self._asked(app)
            self._show_toolbar(self._line(app))
        except KeyboardInterrupt:
            raise
        except BaseException:  # one that gets out of here would end the prompt
            self._found = None

    def _asked(self, app: Any) -> Preview | None:
        if self._settings.preview == "off" or app.is_done or is_searching():
            return None
        found = self._previewer.preview(self._prompt.default_buffer.text)
        if found is not None and not found.is_final and app.loop is not None:
            app.loop.call_later(PAUSE, app.invalidate)
        return found

    def _line(self, app: Any) -> StyleAndTextTuples | None:
        """What the toolbar shows, None for no toolbar."""
        found = self._found
        if found is None or (self._settings.preview == "inlay" and self._inlay.is_possible):
            return None
        width = app.output.get_size().columns
        text = found.line(width - 1, digits=self._digits())
        whole_row = text + " " * (width - cell_width(text))
        return [(ERROR_STYLE if found.error else STYLE, whole_row)] if text else None

    def _digits(self) -> int:
        return self._settings.digits or DIGITS

    def _show_toolbar(self, line: StyleAndTextTuples | None) -> None:
        """Set the prompt's toolbar; somebody else's comes back where there is nothing to show."""
        present = self._prompt.bottom_toolbar
        if present is not self._toolbar or present is None:
            self._toolbar_before = present
        self._toolbar = line
        self._prompt.bottom_toolbar = self._toolbar_before if line is None else line

    def _inline(self, room: int) -> StyleAndTextTuples:
        """What stands after the typed text, in at most so many cells."""
        found = self._found
        if found is None or self._settings.preview != "inlay" or room < 6:
            return []
        text = found.line(room - 4, digits=self._digits(), with_target=False)
        return [(ERROR_STYLE if found.error else INLAY_STYLE, f"  # {text}")] if text else []
