"""The wheel and the source archive hold what they should; `.ci/run` tests the installed wheel."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import vrepl

ROOT = Path(__file__).parent.parent
# A folder with a wheel and a source archive that are built already; `.ci/run` gives the very files
# that it installed, and then no source tree is needed here.
BUILT = "VREPL_DIST"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if BUILT in os.environ:
        return Path(os.environ[BUILT])
    folder = tmp_path_factory.mktemp("dist")
    # Without isolation, so that no network is needed: hatchling is in the dev group.
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    [path] = dist.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return email.message_from_bytes(wheel.read(name))


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    house = Path(vrepl.__file__).parent
    expected = {
        path.relative_to(house.parent).as_posix()
        for path in house.rglob("*")
        if path.suffix in (".py", ".css", ".js") or path.name == "py.typed"
    }
    info = f"vrepl-{vrepl.__version__}.dist-info/"
    assert {name for name in wheel.namelist() if not name.startswith(info)} == expected
    assert "vrepl/py.typed" in expected
    assert f"{info}licenses/LICENSE" in wheel.namelist()


def test_the_wheel_installs_the_program(wheel: zipfile.ZipFile) -> None:
    [name] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert wheel.read(name).decode().split("\n", 1)[0] == "[console_scripts]"
    assert "vrepl = vrepl.fronts.cli:main" in wheel.read(name).decode().splitlines()


def test_the_wheel_says_what_it_is(metadata: email.message.Message) -> None:
    assert metadata["Name"] == "vrepl"
    assert metadata["Version"] == vrepl.__version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    required = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert required == [
        "graphviz>=0.20",
        "ipython>=8.30",
        "prompt-toolkit>=3.0.41",
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert sorted(metadata.get_all("Provides-Extra")) == sorted(extras)
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(f"vrepl[{extra}]" in readme for extra in extras), "README names every extra"


def test_the_readme_is_the_description(metadata: email.message.Message) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert metadata.get_payload(decode=True).decode().strip() == readme.strip()


def test_the_source_archive_can_be_tested(dist: Path) -> None:
    [path] = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {"pyproject.toml", "README.md", "LICENSE", "CONTRIBUTING.md", ".ci/run"}
    for folder in ("tests", "examples"):
        expected |= {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and path.suffix in (".py", ".ipy", ".ipynb", ".txt")
        }
    assert expected <= names, f"left out: {sorted(expected - names)}"
