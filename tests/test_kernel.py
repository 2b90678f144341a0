"""A notebook on a stock kernel: execute, display, complete, inspect, and a run by nbclient."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code):
    """(status, outputs) of a cell; outputs are (kind, content)."""
    outputs = []
    reply = client.execute_interactive(
        code, timeout=60, output_hook=lambda m: outputs.append((m["msg_type"], m["content"]))
    )
    kinds = ("display_data", "execute_result", "stream", "error")
    return reply["content"]["status"], [output for output in outputs if output[0] in kinds]


@pytest.fixture(scope="module")
def session(kernel):
    for cell in ("%load_ext vrepl", "a = 2.0; b = -3.0; c = 10", "d = a*b + c"):
        assert run(kernel, cell) == ("ok", [])
    return kernel


def test_results_and_answers(session):
    assert run(session, "d")[1][0][1]["data"] == {"text/plain": "Value(data=4.0)"}
    status, [(kind, content)] = run(session, "%slope d wrt a")
    assert (status, kind) == ("ok", "display_data")
    assert set(content["data"]) == {"text/plain", "text/html"}
    assert ">-3.0</td>" in content["data"]["text/html"]
    assert "a      2.0        -3.0      -3.0  3e-08" in content["data"]["text/plain"]


def test_the_graph_is_svg_in_three_forms(session):
    _, [(_, content)] = run(session, "%graph d\nx = 1")
    data = content["data"]
    assert set(data) == {"text/plain", "text/html", "image/svg+xml"}
    drawing = ET.fromstring(data["image/svg+xml"])
    tag = "{http://www.w3.org/2000/svg}"
    assert len(drawing.findall(f".//{tag}ellipse")) == 2 and drawing.get("role") == "img"
    texts = [element.text for element in drawing.iter(f"{tag}text")]
    assert {"a", "data 2.0", "slope -3.0", "a * b", "*", "+"} <= set(texts)
    assert "<svg" in data["text/html"] and "overflow-x: auto" in data["text/html"]
    assert "├(×)─▶" in data["text/plain"]


def test_a_mistake(session):
    status, [(kind, content)] = run(session, "%slope e")
    assert status == "error" and kind == "stream"
    assert content["text"].strip() == 'UsageError: No name "e" in this session; did you mean "d"?'


def test_complete_and_inspect(session):
    reply = session.complete("%slope d wrt ", 13, reply=True, timeout=30)["content"]
    assert reply["matches"] == ["a", "b", "c"]
    kinds = {item["type"] for item in reply["metadata"]["_jupyter_types_experimental"]}
    assert kinds == {"node"}
    reply = session.inspect("%slope d", 3, reply=True, timeout=30)["content"]
    assert "%slope NAME [wrt NAME, ...] [--h H]" in reply["data"]["text/plain"]


def test_the_example_notebook_runs():
    notebook = nbformat.read(ROOT / "examples" / "drawings.ipynb", as_version=4)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    shown = [o["data"] for cell in notebook.cells for o in cell.get("outputs", ())]
    assert ["text/latex" in data for data in shown] == [False, True, False, False, False]
    assert all({"text/plain", "text/html"} <= set(data) for data in shown)


def test_inspection_of_a_node_anywhere_on_a_line(session):
    for code, cursor in (("d", 1), ("%slope d wrt a", 8), ("x = a + d*2", 9)):
        reply = session.inspect(code, cursor, reply=True, timeout=30)["content"]
        text = re.sub("\x1b[^m]*m", "", reply["data"]["text/plain"])
        assert text.startswith("Value:   4.0\nMade by: a * b + c   in In[3]:1"), code
        assert "Slopes:  a -3.0, b 2.0, c 1.0" in text
    detailed = session.inspect("d", 1, detail_level=1, reply=True, timeout=30)["content"]
    assert "├(+)─▶" in detailed["data"]["text/plain"]


@pytest.mark.parametrize(
    ("code", "status"),
    [("a = 2.0", "complete"), ("%slope d", "complete"), ("if a:", "incomplete"),
     ("d = (a", "incomplete"), ("d = a)", "invalid")],
)  # fmt: skip
def test_complete_cells_are_told_from_others_as_before(session, code, status):
    asked = session.is_complete(code)
    while (reply := session.get_shell_msg(timeout=30))["parent_header"]["msg_id"] != asked:
        pass
    assert reply["content"]["status"] == status


def test_a_notebook_runs_and_holds_its_drawing():
    cells = [
        "%load_ext vrepl",
        "x = 0.5",
        "from vrepl import tanh\no = tanh(x*2)",
        "%graph o",
        "%nodes",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    graph, nodes = (notebook.cells[i].outputs[0]["data"] for i in (3, 4))
    assert (
        ET.fromstring(graph["image/svg+xml"]) is not None and ">tanh</text>" in graph["text/html"]
    )
    assert "In[2]:1" in nodes["text/plain"]
