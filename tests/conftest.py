"""What every test stands on: a quiet environment of its own, and a way to run the program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent
collect_ignore_glob = ["diagnostics/*.py"]  # programs to be read, not run
HOME = Path(tempfile.mkdtemp(prefix="vrepl-tests-"))

# Set before anything of IPython is imported, here and in every process a test starts: the user's
# profile and history stay out of it, and what is drawn depends on no terminal.
os.environ |= {
    "IPYTHONDIR": str(HOME / "ipython"),
    "JUPYTER_CONFIG_DIR": str(HOME / "jupyter"),
    "JUPYTER_DATA_DIR": str(HOME / "jupyter-data"),
    "JUPYTER_RUNTIME_DIR": str(HOME / "jupyter-runtime"),
    "IPYTHON_KITTY_GRAPHICS": "0",  # no probing of the terminal at start
}
for variable in ("COLUMNS", "LINES", "PYTHONSTARTUP", "PYTHONWARNINGS", "FORCE_COLOR"):
    os.environ.pop(variable, None)

# Machines that run tests are busy: no test fails for being slow once.
# Every run looks at other examples; one that decides about a change, at the same ones each time.
hypothesis.settings.register_profile("vrepl", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("vrepl")


def pytest_report_header() -> str:
    """Which vrepl is tested with which IPython: the source tree's or an installed wheel's."""
    import IPython

    import vrepl

    return f"vrepl: {Path(vrepl.__file__).parent}\nIPython: {IPython.__version__}"


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_vrepl() -> Run:
    """Run the program as `vrepl ARGUMENTS`: `run_vrepl("run", file, cwd=folder, input="...")`."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        settings = {"input": "", "timeout": 120, "capture_output": True, "encoding": "utf-8"}
        command = [sys.executable, "-m", "vrepl", *map(str, arguments)]
        return subprocess.run(command, check=False, **settings | options)

    return run
