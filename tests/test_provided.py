"""Functions of a session in processes that never met it: what they call goes along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# A pickler by value as cloudpickle is one; the cell that loads it uses it at once.
PICKLER = """
import marshal, types
class CloudPickler:
    dispatch_table = {types.CodeType: lambda code: (marshal.loads, (marshal.dumps(code),))}
"""
SESSION = """\
%load_ext vrepl
a = 2.0
import cloudpickle, pickle, types; f = lambda x, y: x*y + a; made = cloudpickle.CloudPickler.\
dispatch_table[types.CodeType](f.__code__)
with open('code', 'wb') as file: size = file.write(pickle.dumps(made))

plain = compile('x*y', '', 'eval'); cloudpickle.CloudPickler.dispatch_table[type(plain)](plain)[0]
exit
"""
WORKER = """
import pickle, types
make, arguments = pickle.load(open('code', 'rb'))
f = types.FunctionType(make(*arguments), {'a': 2.0})
print(f(3.0, 4))
"""


def test_a_worker_finds_what_rewritten_code_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cloudpickle.py").write_text(PICKLER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    options = ["--simple-prompt", "--no-confirm-exit", "--HistoryManager.enabled=False"]
    said = run("-m", "IPython", "--colors=nocolor", "--no-banner", *options, given=SESSION)
    assert "<function marshal.loads" in said, said  # code that was not rewritten goes as before
    assert run("-c", WORKER) == "14.0\n"


def run(*arguments: str, given: str = "") -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr
