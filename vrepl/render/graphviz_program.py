"""Runs the `dot` program where there is one, with a limit on its time and on what it writes.

It knows the program only; what stands in for it when it fails is left to the caller.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
from typing import IO

__all__ = ["CannotDraw", "svg_by_dot"]

PATIENCE = 3.0  # seconds; the loop of a thousand steps that `dot` cannot draw takes it minutes
LONGEST = 50_000_000  # bytes; a drawing of 2,000 nodes has one million
PAUSE = 0.01  # seconds between two looks at it


class CannotDraw(Exception):
    """`dot` gave no drawing; the text says why.

    Example:
        >>> str(CannotDraw("it is not installed"))
        'it is not installed'
    """


def svg_by_dot(source: str) -> str:
    """The drawing that `dot` makes of DOT text.

    Args:
        source: What to draw.

    Returns:
        An SVG document.

    Raises:
        CannotDraw: The program is missing, fails, takes too long or writes something else.
    """
    program = shutil.which("dot")
    if program is None:
        raise CannotDraw("it is not installed")
    # Files rather than pipes: what the program leaves running cannot keep us waiting for their end.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as made:
        given.write(source.encode("utf-8"))
        given.seek(0)
        status = _run(program, given, made)
        made.seek(0)
        written = made.read(LONGEST)
    if status:
        raise CannotDraw(f"it failed with status {status}")
    return _checked(written)


def _run(program: str, given: IO[bytes], made: IO[bytes]) -> int:
    """The program's exit status."""
    try:
        process = subprocess.Popen(
            [program, "-Tsvg"],
            stdin=given,
            stdout=made,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise CannotDraw(f"it does not start: {error.strerror}") from None
    try:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise CannotDraw(f"it took longer than {PATIENCE:.0f} seconds")
            if os.fstat(made.fileno()).st_size > LONGEST:
                raise CannotDraw("it wrote too much")
            time.sleep(PAUSE)
    finally:
        if process.poll() is None:
            _end(process)
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _checked(written: bytes) -> str:
    """What was written, if it is an SVG document."""
    try:
        root = ET.fromstring(written)
        text = written.decode("utf-8")
    except (ET.ParseError, UnicodeDecodeError):
        raise CannotDraw("what it wrote is no SVG") from None
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        raise CannotDraw("what it wrote is no SVG")
    return text
