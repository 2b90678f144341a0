"""Errors that others print end on the line that was typed, as the snippets for Python show, too."""

from __future__ import annotations

import threading
import traceback
from types import TracebackType

import pytest
from sessions import shell_with_vrepl

from vrepl.fronts.uncaught import Uncaught


def test_an_error_of_ours_alone_keeps_its_frames() -> None:
    scope = {"__name__": "vrepl.test"}
    exec("def fail(): raise KeyError", scope)
    with pytest.raises(KeyError) as raised:
        scope["fail"]()  # type: ignore[operator]
    entry: TracebackType | None = raised.value.__traceback__
    assert entry is not None
    uncaught = Uncaught()
    uncaught.install()
    try:
        assert len(traceback.extract_tb(entry)) == 1
        assert [frame.name for frame in traceback.extract_tb(entry.tb_next)] == ["fail"]
    finally:
        uncaught.remove()


def test_it_is_all_taken_out_again() -> None:
    before = threading.excepthook, dict(vars(traceback.StackSummary))
    with shell_with_vrepl():
        assert threading.excepthook is not before[0]
    assert (threading.excepthook, dict(vars(traceback.StackSummary))) == before
