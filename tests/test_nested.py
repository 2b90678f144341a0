"""Shells inside shells: each has the extension or not, and names nodes of its own."""

from __future__ import annotations

import subprocess
import sys

SESSION = """\
%load_ext vrepl
a = 2.0
def outer(): v = 3.0; return v*a
from IPython import embed
embed(colors="nocolor")
b = 4.0; print("inner, not loaded:", hasattr(b, 'backward'), hasattr(outer(), 'backward'))
%load_ext vrepl
c = 5.0; print("inner, loaded:", hasattr(c, 'backward'))
d = c*a
s = %slope d wrt c
print("inner slope:", float(s))
%unload_ext vrepl
q = 1.5; print("inner, unloaded:", hasattr(q, 'backward'))
exit
e = 6.0; print("outer again:", hasattr(e, 'backward'))
f = e*a
s = %slope f wrt e
print("outer slope:", float(s))
exit
"""


def test_an_embedded_shell_is_a_session_of_its_own() -> None:
    options = ["--simple-prompt", "--no-confirm-exit", "--HistoryManager.enabled=False"]
    found = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=nocolor", "--no-banner", *options],
        input=SESSION,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    said = [line.rpartition("]: ")[2] for line in found.stdout.splitlines() if line.count("er")]
    said = [line for line in said if line.startswith(("inner", "outer"))]
    assert said == [
        "inner, not loaded: False True",
        "inner, loaded: True",
        "inner slope: 2.0",
        "inner, unloaded: False",
        "outer again: True",
        "outer slope: 2.0",
    ], found.stdout + found.stderr
