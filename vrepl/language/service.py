"""The language service: questions about a text in a session, answered with plain records.

Every front end asks here; the work is done by the modules beside it, and none of them runs any of
the text or knows a front end.
"""

from __future__ import annotations

from vrepl.language.completion import complete
from vrepl.language.records import Completion, Completions, Diagnostic

__all__ = ["Completion", "Completions", "Diagnostic", "complete"]
