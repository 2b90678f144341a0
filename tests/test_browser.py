"""Pages in a real browser: what a click, a key, a theme and a printer make of them.

They need Chromium, playwright and JupyterLab, and run only when asked for: `pytest -m browser`, as
`.ci/run` does. What they saw is kept in the folder that VREPL_SCREENSHOTS names.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from vrepl import Value, tanh
from vrepl.fronts.painting import host_face
from vrepl.session.commands import ask
from vrepl.session.registry import Registry
from vrepl.session.session import Session

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
READABLE = 4.5  # contrast of text that WCAG 2 asks for
CONTRAST = """element => {
  const rgb = (colour) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  let paper = [255, 255, 255], layers = [];
  for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
  if (matchMedia("(prefers-color-scheme: dark)").matches) paper = [18, 18, 18];
  const rect = element.parentElement.querySelector("rect");
  if (rect) layers.push(getComputedStyle(rect).fill);
  for (const layer of layers) {
    const [r, g, b, a] = rgb(layer);
    paper = [r, g, b].map((c, i) => c * a / 255 + paper[i] * (1 - a / 255));
  }
  const style = getComputedStyle(element);
  const ink = rgb(element.namespaceURI.includes("svg") ? style.fill : style.color);
  const [one, other] = [light(ink), light(paper)].sort((x, y) => y - x);
  return (one + .05) / (other + .05);
}"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser; a missing one is an error, since these tests run only when asked for."""
    from playwright.sync_api import sync_playwright

    program = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    assert program, "no chromium; install it, for example with: apt-get install chromium"
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=program,
            headless=True,
            args=FLAGS,
            viewport={"width": 1100, "height": 700},
        )
        context.set_default_timeout(60_000)
        yield context
        context.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """A tab in which no script fails and nothing is asked for from the network."""
    tab = chromium.new_page()
    failures: list[str] = []
    tab.on("pageerror", lambda error: failures.append(str(error)))
    tab.on("request", lambda r: failures.append(r.url) if not r.url.startswith("file:") else None)
    yield tab
    tab.close()
    assert failures == []


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    a, b, c, x = (Value(v, label=n) for n, v in zip("abcx", (2.0, -3.0, 10, 1.5), strict=True))
    wide = x
    for step in range(30):
        wide = wide * 2.0 - a * step
    odd = Value(2.0, label="</title><script>window.broken = 1</script>") * x
    odd = odd + Value(1.0, label="<img src=x onerror='window.broken=1'>")
    names = {"a": a, "b": b, "c": c, "d": a * b + c, "x": x, "wide": wide, "odd": odd}
    names |= {"s": x * x * 2 + tanh(x) * x}
    face = host_face(rich=True, write=lambda: None)
    return Session(Registry(lambda: names), face.paint, lambda cell: "", face.save)


def opened(tab: Any, session: Session, *commands: str) -> None:
    """Open one page with the answers to these commands."""
    from vrepl.render import page

    painted = []
    for command in commands:
        name, _, words = command.partition(" ")
        painted.append(session.paint(ask(session, name, words))["text/html"])
    Path("page.html").write_text(page.document("a page", painted), "utf-8")
    tab.goto(Path("page.html").resolve().as_uri())


def keep(tab: Any, name: str) -> None:
    """Keep what the tab shows, where that was asked for."""
    folder = os.environ.get("VREPL_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        tab.wait_for_timeout(300)  # colours fade in
        tab.screenshot(path=Path(folder) / f"{name}.png")


def box(tab: Any, name: str, drawing: int = 0) -> Any:
    return tab.locator("svg").nth(drawing).locator(f'.vrepl-node[data-name="{name}"]').first


def lit(tab: Any, drawing: int = 0) -> list[str]:
    """The names of the boxes that are lit."""
    found = tab.locator("svg").nth(drawing).locator(".vrepl-node.vrepl-lit")
    return sorted(found.evaluate_all("boxes => boxes.map(box => box.dataset.name)"))


def products(tab: Any) -> list[str]:
    return tab.locator(".vrepl-product").all_text_contents()


# ---------------------------------------------------------------- drawings


def test_a_click_on_a_leaf_lights_its_path(tab: Any, session: Session) -> None:
    opened(tab, session, "graph d")
    assert lit(tab) == []
    box(tab, "a").click()
    assert lit(tab) == ["(a * b)", "a", "d"]
    assert products(tab) == ["-3.0", "-3.0 · 1.0 = -3.0"]
    assert tab.locator(".vrepl-edge.vrepl-lit").count() == 2
    caption = tab.locator(".vrepl-caption")
    assert caption.inner_text().splitlines()[-1] == "∂d/∂a = 1.0 · -3.0 = -3.0"
    keep(tab, "path-light")
    box(tab, "c").click()
    assert lit(tab) == ["c", "d"]
    tab.keyboard.press("Escape")
    assert lit(tab) == [] and products(tab) == []


def test_several_paths_are_summed(tab: Any, session: Session) -> None:
    opened(tab, session, "graph s")
    box(tab, "x").click()
    told = tab.locator(".vrepl-caption").inner_text().splitlines()[-1]
    assert told.count(" + ") == 3 and told.endswith(" = 7.1762")
    assert "6.0 + 1.1762 = 7.1762" in products(tab)
    keep(tab, "paths")


def test_keys_do_what_the_mouse_does(tab: Any, session: Session) -> None:
    opened(tab, session, "graph d")
    tab.keyboard.press("Tab")  # the box that scrolls
    tab.keyboard.press("Tab")
    assert lit(tab) == ["(a * b)", "a", "d"]
    tab.keyboard.press("Tab")
    assert lit(tab) == ["(a * b)", "b", "d"]
    tab.keyboard.press("ArrowRight")
    assert lit(tab) == ["(a * b)", "d"]
    tab.keyboard.press("ArrowLeft")
    assert lit(tab) == ["(a * b)", "a", "d"]
    tab.keyboard.press("ArrowDown")
    assert lit(tab) == ["(a * b)", "b", "d"]


def test_a_screen_reader_hears_of_every_box(tab: Any, session: Session) -> None:
    opened(tab, session, "graph d")
    tree = tab.locator("body").aria_snapshot()
    assert 'button "a = 2.0, slope -3.0"' in tree
    assert 'button "d = a * b + c, data 4.0, slope 1.0"' in tree
    assert tab.locator(".vrepl-caption").get_attribute("aria-live") == "polite"


def test_drawings_on_a_page_are_apart(tab: Any, session: Session) -> None:
    opened(tab, session, "graph d", "graph s", "graph d")
    box(tab, "a", 2).click()
    assert [lit(tab, drawing) for drawing in range(3)] == [[], [], ["(a * b)", "a", "d"]]


def test_a_wide_drawing_scrolls_and_the_page_does_not(tab: Any, session: Session) -> None:
    opened(tab, session, "graph wide")
    sizes = tab.locator(".vrepl-figure").evaluate("f => [f.scrollWidth, f.clientWidth]")
    drawing = tab.locator("svg").evaluate("svg => svg.getBoundingClientRect().width")
    assert sizes[0] > 4_000 > sizes[1] and drawing >= 4_000
    page = tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert page[0] <= page[1]
    keep(tab, "wide")


def test_a_leaf_drawn_again_lights_everywhere(tab: Any, session: Session) -> None:
    opened(tab, session, "graph wide")
    copies = tab.locator('.vrepl-node[data-name="a"]')
    assert copies.count() > 1
    copies.first.click()
    starts = tab.locator(".vrepl-start").count()
    assert starts == copies.count()
    exact = ask(session, "slope", "wide wrt a").slope
    told = tab.locator(".vrepl-caption").inner_text()
    assert float(told.rsplit(" = ", 1)[-1]) == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(tab: Any, session: Session, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)
    opened(tab, session, "graph d", "explain d wrt a", "trace d --animate", "slope d")
    box(tab, "a").click()
    tab.wait_for_timeout(300)
    for words in (".vrepl-lit text", ".vrepl-caption", "math mn", ".vrepl-bar button", "td"):
        for element in tab.locator(words).all():
            assert element.evaluate(CONTRAST) >= READABLE, element.evaluate("e => e.outerHTML")
    keep(tab, f"page-{scheme}")


def test_print_shows_all_on_white(tab: Any, session: Session) -> None:
    opened(tab, session, "graph wide", "trace d --animate")
    tab.emulate_media(media="print", color_scheme="dark")
    for drawing in tab.locator("svg").all():
        area = drawing.bounding_box()
        assert area["x"] >= 0 and area["x"] + area["width"] <= 1100
    ink = tab.locator("svg .vrepl-node text").first.evaluate("t => getComputedStyle(t).fill")
    assert ink == "rgb(33, 33, 33)"
    assert not tab.locator(".vrepl-bar").is_visible()
    assert not tab.locator(".vrepl-hint").is_visible()


def test_names_are_text(tab: Any, session: Session) -> None:
    opened(
        tab, session, "graph odd", "trace odd --animate", "explain odd", "slope odd", "trace odd"
    )
    told = []
    for node in tab.locator("svg").first.locator(".vrepl-node").all():
        node.click()
        told.append(tab.locator(".vrepl-caption").first.inner_text())
    assert any("∂</title><script>window.broken = 1</script>" in text for text in told)
    assert tab.evaluate("window.broken") is None
    assert tab.locator("img").count() == 0


def test_without_scripts_the_drawing_is_there(chromium: Any, session: Session) -> None:
    tab = chromium.new_page()
    opened(tab, session, "graph d")
    text = Path("page.html").read_text("utf-8")
    Path("bare.html").write_text(re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL), "utf-8")
    tab.goto(Path("bare.html").resolve().as_uri())
    assert tab.locator("svg").is_visible() and not tab.locator("pre").is_visible()
    tab.close()


def test_a_file_is_a_picture(tab: Any, session: Session) -> None:
    for ending in ("svg", "png"):
        ask(session, "graph", f"d -o d.{ending}")
    Path("page.html").write_text('<img src="d.svg"><img src="d.png">', "utf-8")
    tab.goto(Path("page.html").resolve().as_uri())
    sizes = tab.locator("img").evaluate_all(
        "all => all.map(i => [i.naturalWidth, i.naturalHeight])"
    )
    assert sizes[1] == [2 * side for side in sizes[0]] and sizes[0][0] > 300


# ---------------------------------------------------------------- the player


def test_the_player_steps_and_plays(tab: Any, session: Session) -> None:
    opened(tab, session, "trace d --animate")
    caption, slider = tab.locator(".vrepl-caption"), tab.locator("input[type=range]")
    assert tab.locator(".vrepl-count").inner_text() == "10 / 10"
    tab.get_by_role("button", name="to the start").click()
    assert caption.inner_text() == "evaluation\na = 2.0"
    visible = ".vrepl-value:visible"
    assert tab.locator("svg").locator(visible).all_text_contents() == ["data 2.0"]
    slider.fill("2")
    assert caption.inner_text() == "evaluation\na * b = -6.0"
    keep(tab, "player-evaluation")
    tab.get_by_role("button", name="to the end").click()
    tab.get_by_role("button", name="one step back").click()
    assert caption.inner_text() == "reverse sweep\nslope of d by b = 1.0 × 2.0 = 2.0"
    keep(tab, "player-sweep")
    tab.get_by_label("speed").select_option("4")
    slider.fill("7")
    tab.get_by_role("button", name="play", exact=True).click()
    tab.wait_for_function("document.querySelector('.vrepl-count').textContent === '10 / 10'")
    tab.get_by_role("button", name="play", exact=True).wait_for()


# ---------------------------------------------------------------- JupyterLab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab whose folder has the example notebook, new and run elsewhere."""
    folder = tmp_path_factory.mktemp("lab")
    example = ROOT / "examples" / "drawings.ipynb"
    shutil.copy(example, folder / "drawings.ipynb")
    _convert(example, folder / "foreign.ipynb", "notebook")
    cells = ["%load_ext vrepl", "a = 2.0; b = -3.0; c = 10\nd = a*b + c\ne = 7.0", "print(d)", ""]
    new = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    new.metadata = nbformat.read(example, as_version=4).metadata  # it names the kernel
    nbformat.write(new, folder / "typing.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        f"--port={port}",
        "--ip=127.0.0.1",
        "--IdentityProvider.token=secret",
        "--allow-root",
    ]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", *options]
    log = (folder / "log").open("wb")
    # a store of its own for what is trusted, so that the notebook run elsewhere is not
    server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/lab/tree/{{}}?token=secret&reset"
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/status?token=secret", server, folder / "log")
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"JupyterLab does not answer: {log.read_text()}")


def _convert(notebook: Path, to: Path, form: str) -> None:
    """Run a notebook and write it as *form*, without trusting it for good."""
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", form, f"--output={to}"]
    settings = os.environ | {"JUPYTER_DATA_DIR": str(to.parent / "elsewhere")}
    done = subprocess.run(
        [*command, str(notebook)], capture_output=True, text=True, env=settings, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def desk(chromium: Any) -> Iterator[Any]:
    tab = chromium.new_page()
    tab.set_viewport_size({"width": 1400, "height": 1100})
    yield tab
    tab.close()


def choose(desk: Any, *labels: str) -> None:
    """Choose an entry of JupyterLab's menus."""
    desk.locator(f'.lm-MenuBar-itemLabel:text-is("{labels[0]}")').click()
    for label in labels[1:]:
        desk.locator(f'.lm-Menu-itemLabel:text-is("{label}")').last.click()


def test_a_notebook_draws_and_answers(lab: str, desk: Any) -> None:
    desk.goto(lab.format("drawings.ipynb"))
    desk.wait_for_selector(".jp-Notebook .jp-CodeCell")
    desk.get_by_text("Python 3 (ipykernel) | Idle").wait_for()  # what runs before that is lost
    choose(desk, "Run", "Run All Cells")
    graph = desk.locator(".vrepl-graph").first
    leaf = graph.locator('.vrepl-node[data-name="a"]')
    leaf.wait_for()
    desk.locator(".vrepl-player .vrepl-bar").wait_for()
    leaf.scroll_into_view_if_needed()
    leaf.hover()
    assert leaf.locator("title").text_content() == "a = 2.0\nslope -3.0\ntyped in In[2]:1"
    leaf.click()
    assert graph.locator(".vrepl-node.vrepl-lit").count() == 3
    assert graph.locator(".vrepl-caption").inner_text().endswith("∂d/∂a = 1.0 · -3.0 = -3.0")
    assert not graph.locator("pre").is_visible()
    keep(desk, "lab-light")
    paint = "rect => getComputedStyle(rect).fill + getComputedStyle(rect).stroke"
    before = graph.locator(".vrepl-node rect").last.evaluate(paint)
    desk.keyboard.press("Escape")
    desk.locator('.lm-MenuBar-itemLabel:text-is("Settings")').click()
    desk.locator('.lm-Menu-itemLabel:text-is("Theme")').hover()
    desk.locator('.lm-Menu-itemLabel:text-is("JupyterLab Dark")').click()
    desk.wait_for_selector('body[data-jp-theme-light="false"]', state="attached")
    leaf.click()
    desk.wait_for_timeout(500)
    assert graph.locator(".vrepl-node rect").last.evaluate(paint) != before
    keep(desk, "lab-dark")


def test_a_notebook_completes_and_inspects(lab: str, desk: Any) -> None:
    desk.goto(lab.format("typing.ipynb"))
    desk.wait_for_selector(".jp-Notebook .jp-CodeCell")
    desk.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    choose(desk, "Run", "Run All Cells")
    desk.locator(".jp-OutputArea-output", has_text="4.0").wait_for()
    desk.locator(".jp-CodeCell .cm-content").last.click()
    desk.keyboard.type("%slope d wrt ")
    desk.keyboard.press("Tab")
    offered = desk.locator(".jp-Completer .jp-Completer-item")
    offered.first.wait_for()
    # JupyterLab puts the other words of the cell behind what the kernel says.
    nodes = offered.filter(has_text=re.compile("node$"))
    assert nodes.locator(".jp-Completer-match").all_inner_texts() == ["a", "b", "c"]
    names = offered.locator(".jp-Completer-match").all_inner_texts()
    assert names[:3] == ["a", "b", "c"] and "e" not in names
    keep(desk, "lab-completion")
    desk.keyboard.press("Escape")
    desk.keyboard.press("Control+a")
    desk.keyboard.type("d")
    desk.keyboard.press("Shift+Tab")
    told = desk.locator(".jp-Tooltip")
    told.get_by_text("a -3.0, b 2.0, c 1.0").wait_for(timeout=8000)
    assert "Value" in told.inner_text() and "4.0" in told.inner_text()
    keep(desk, "lab-inspection")


def test_an_untrusted_notebook_shows_the_text_drawing(lab: str, desk: Any) -> None:
    desk.goto(lab.format("foreign.ipynb"))
    output = desk.locator(".jp-CodeCell .jp-OutputArea-output", has=desk.locator(".vrepl")).first
    output.wait_for()
    assert output.locator("svg").count() == output.locator("script").count() == 0
    shown = output.inner_text().strip()
    notebook = json.loads((ROOT / "examples" / "drawings.ipynb").read_text("utf-8"))
    assert "%graph d" in "".join("".join(cell["source"]) for cell in notebook["cells"])
    assert shown.startswith("╭────────────╮\n│ a          │") and shown.endswith("╯")
    keep(desk, "lab-untrusted")


def test_an_exported_notebook_is_alive(desk: Any, tmp_path: Path) -> None:
    _convert(ROOT / "examples" / "drawings.ipynb", tmp_path / "drawings.html", "html")
    desk.goto((tmp_path / "drawings.html").as_uri())
    graph = desk.locator(".vrepl-graph").first
    graph.locator('.vrepl-node[data-name="b"]').click()
    assert graph.locator(".vrepl-node.vrepl-lit").count() == 3
    assert not graph.locator("pre").is_visible()
    keep(desk, "exported")
