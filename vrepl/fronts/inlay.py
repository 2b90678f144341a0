"""Draws a few words after the text in IPython's prompt, where its prompt allows that.

It finds the room there is and draws what it is given; IPython offers no public way to do so, and
where the private one is missing nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompt_toolkit.filters import is_done
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.processors import AfterInput, ConditionalProcessor
from prompt_toolkit.utils import get_cwidth

__all__ = ["Inlay"]

_METHOD = "_extra_prompt_options"  # what IPython hands to its prompt, anew for each


class Inlay:
    """Words after the text of one shell's prompt.

    Args:
        ip: The shell.
        words: Gives the words for so many cells of room.
    """

    def __init__(self, ip: Any, words: Callable[[int], StyleAndTextTuples]) -> None:
        self._ip = ip
        self._words = words
        self._processor = ConditionalProcessor(AfterInput(self._shown), ~is_done)
        self._bound = self._options  # the same object each time it is compared
        self._before: Any = None
        self.is_possible = False

    def install(self) -> None:
        """Hook into what IPython hands to its prompt."""
        self._before = vars(self._ip).get(_METHOD)
        original = getattr(self._ip, _METHOD, None)
        if callable(original) and isinstance(original().get("input_processors"), list):
            self._original = original
            self.is_possible = True
            setattr(self._ip, _METHOD, self._bound)

    def remove(self) -> None:
        """Take the hook out again."""
        if vars(self._ip).get(_METHOD) is self._bound:
            delattr(self._ip, _METHOD)
            if self._before is not None:
                setattr(self._ip, _METHOD, self._before)

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = self._original()
        options["input_processors"] = [*options.get("input_processors", ()), self._processor]
        return options

    def _shown(self) -> StyleAndTextTuples:
        try:
            return self._words(self._room())
        except Exception:  # between two keys nothing may disturb the prompt
            return []

    def _room(self) -> int:
        """The cells between the text and the right edge; none while a suggestion stands there."""
        prompt = self._ip.pt_app
        document = prompt.default_buffer.document
        suggestion = prompt.default_buffer.suggestion
        if suggestion is not None and suggestion.text and document.is_cursor_at_the_end:
            return 0
        tokens = self._ip.prompts.in_prompt_tokens()
        before = sum(get_cwidth(text) for _, text in tokens)
        width: int = prompt.app.output.get_size().columns
        return width - 1 - before - get_cwidth(document.lines[-1])
