"""Every example runs, and prints what its stored transcript says.

After a change that is meant to show: `VREPL_UPDATE=1 pytest tests/test_examples.py`, then read the
difference that git shows before you keep it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRANSCRIPTS = Path(__file__).parent / "transcripts"
EXAMPLES = sorted((ROOT / "examples").glob("*.ipy"))


def test_there_are_examples() -> None:
    assert {"first", "neuron", "perceptron", "loan"} <= {path.stem for path in EXAMPLES}


def test_every_transcript_has_its_example() -> None:
    assert {path.stem for path in TRANSCRIPTS.glob("*.txt")} == {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_its_transcript(example: Path, run_vrepl, tmp_path: Path) -> None:
    done = run_vrepl("run", example, cwd=tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0
    transcript = TRANSCRIPTS / f"{example.stem}.txt"
    if os.environ.get("VREPL_UPDATE"):
        TRANSCRIPTS.mkdir(exist_ok=True)
        transcript.write_text(done.stdout, "utf-8")
    assert done.stdout == transcript.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [], "an example leaves nothing behind"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_transcript_fits_80_columns(example: Path) -> None:
    transcript = TRANSCRIPTS / f"{example.stem}.txt"
    assert [line for line in transcript.read_text("utf-8").splitlines() if len(line) > 80] == []
