"""JupyterLab as `make lab` starts it: its start page in a browser, a notebook run by its own server, widgets pulled."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import nbformat
import pandas as pd
import pytest
import websocket
from bs4 import BeautifulSoup

from tad.data import project_root
from tad.report import export_html

TOKEN = "only-for-this-test"
VIDEO = "<script>alert(1)</script>.mp4"  # a folder and a file, on disk


class Lab:
    """A running JupyterLab and its project."""

    def __init__(self, folder: Path, command: list[str]):
        self.folder = folder
        home = {f"JUPYTER{kind}": str(folder / ".home" / kind) for kind in ("_CONFIG_DIR", "_DATA_DIR", "_RUNTIME_DIR")}
        home |= {f"JUPYTERLAB_{kind}_DIR": str(folder / ".home" / kind) for kind in ("WORKSPACES", "SETTINGS")}
        paths = os.pathsep.join(filter(None, (str(project_root()), os.environ.get("PYTHONPATH"))))
        words = ["--no-browser", "--port=0", f"--IdentityProvider.token={TOKEN}", "--allow-root"]
        self.log = open(folder / "lab.log", "w+")
        self.process = subprocess.Popen(
            [*command, *words], cwd=folder, stdout=self.log, stderr=subprocess.PIPE, text=True,
            env=os.environ | home | {"PYTHONPATH": paths, "IPYTHONDIR": str(folder / ".home")},
        )  # fmt: skip
        said = []
        for line in self.process.stderr:
            said.append(line)
            if " http://localhost:" in line:
                break
        else:
            raise RuntimeError("JupyterLab must start; it said:\n" + "".join(said))
        self.url = line.split(" http://localhost:")[1].split("/")[0].join(["http://localhost:", ""])

    def ask(self, path: str, /, **body) -> dict:
        """Ask the server's REST interface; with a body, post it."""
        data = json.dumps(body).encode() if body else None
        request = Request(f"{self.url}/api/{path}", data, {"Authorization": f"token {TOKEN}"})
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def run(self, notebook: nbformat.NotebookNode, path: str) -> nbformat.NotebookNode:
        """Run all cells in a kernel that the server starts for the notebook, and keep what they put out."""
        session = self.ask("sessions", path=path, name=path, type="notebook", kernel={"name": "python3"})
        address = f"ws{self.url[4:]}/api/kernels/{session['kernel']['id']}/channels?{urlencode({'token': TOKEN})}"
        channel = websocket.create_connection(address, timeout=120)
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                cell.outputs = self._execute(channel, str(number), cell.source)
        channel.close()
        return notebook

    def _execute(self, channel, number: str, source: str) -> list:
        header = {"msg_id": number, "msg_type": "execute_request", "session": "test", "username": "", "version": "5.3"}
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        channel.send(json.dumps({**message, "channel": "shell", "buffers": []}))
        outputs = []
        while True:
            told = channel.recv()
            if isinstance(told, bytes):  # a widget's picture, which belongs to no cell's output
                continue
            told = json.loads(told)
            if told["parent_header"].get("msg_id") != number:
                continue
            if told["msg_type"] == "error":
                raise AssertionError("\n".join(told["content"]["traceback"]))
            if told["msg_type"] in ("stream", "display_data", "execute_result"):
                outputs.append(nbformat.v4.output_from_msg(told))
            if told["msg_type"] == "status" and told["content"]["execution_state"] == "idle":
                return outputs

    def close(self) -> None:
        for kernel in self.ask("kernels"):
            request = Request(f"{self.url}/api/kernels/{kernel['id']}", headers={"Authorization": f"token {TOKEN}"})
            request.method = "DELETE"
            urlopen(request, timeout=60).close()
        self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stderr.close()
        self.log.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab by the command of the Makefile, in a copy of the project's notebooks."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(project_root() / "notebooks", folder / "notebooks")
    (folder / "data").symlink_to(project_root() / "data")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(project_root() / name, folder)
    outside_make = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    told = subprocess.run(
        ["make", "-n", "--no-print-directory", "lab"],
        cwd=folder,
        env=outside_make,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    _, *words = shlex.split(told.splitlines()[-1])
    running = Lab(folder, [str(Path(sys.executable).with_name("jupyter")), *words])
    yield running
    running.close()


@pytest.fixture(scope="module")
def footage(manifest, tmp_path_factory):
    """The manifest of six videos, a test video of which has the name of a script, and its group too."""
    folder = tmp_path_factory.mktemp("footage")
    table = pd.read_csv(manifest)
    for path in table["path"]:
        shutil.copy(manifest.parent / path, folder)
    (folder / VIDEO).parent.mkdir()
    (folder / table["path"].iloc[-1]).rename(folder / VIDEO)
    table.loc[len(table) - 1, ["path", "group"]] = [VIDEO, VIDEO]
    table.to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


def stored(name: str, **parameters) -> nbformat.NotebookNode:
    """A notebook of the project with other parameters."""
    notebook = nbformat.read(project_root() / "notebooks" / f"{name}.ipynb", 4)
    place = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    lines = "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(lines, metadata={"tags": ["injected-parameters"]}))
    return notebook


def test_lab_opens_on_the_start_page_and_asks_nobody_else(lab, browser):
    page = browser.open(f"{lab.url}/?token={TOKEN}")
    page.until("document.querySelector('.jp-MarkdownViewer h1')?.textContent.startsWith('The notebooks')")
    links = page.do("[...document.querySelectorAll('.jp-MarkdownViewer td a')].map((link) => link.textContent)")
    assert links == sorted(path.stem for path in (lab.folder / "notebooks").glob("*.ipynb"))
    page.click(".jp-MarkdownViewer td a", 1)
    page.until("document.querySelector('.jp-Notebook h1')?.textContent.startsWith('Real against')")
    assert all(address.startswith((lab.url, "data:", "blob:")) for address in page.asked)


def test_a_notebook_runs_through_labs_own_server_and_names_from_outside_stay_text(lab, footage, checkpoint, browser):
    notebook = stored(
        "05_sources", checkpoint=str(checkpoint), manifest=str(footage), output="reports/lab", per_video=1,
        detectors=["midframe_mse"], changes=["none", "gamma"], notable=[f"{VIDEO}: screen recording"],
    )  # fmt: skip
    lab.run(notebook, "notebooks/05_sources.ipynb")
    assert (lab.folder / "reports" / "lab" / "by_source.csv").is_file()
    nbformat.write(notebook, lab.folder / "ran.ipynb")
    html = export_html(lab.folder / "ran.ipynb", lab.folder / "ran.html")
    cells = [cell.get_text() for cell in BeautifulSoup(html.read_text(), "html.parser").select("td, tbody th")]
    assert VIDEO in cells and "<script>alert" not in html.read_text().replace("\\u003cscript", "")
    page = browser.open(html.as_uri())
    assert page.said == [] and page.do("document.querySelectorAll('main script:not([type])').length") == 0


@pytest.mark.slow
def test_the_slider_of_strength_is_pulled_in_lab(lab, footage, checkpoint, browser):
    whole = stored("03_generalization", checkpoint=str(checkpoint), manifest=str(footage))
    live = [cell for cell in whole.cells if "live" in cell.metadata.get("tags", [])]
    whole.cells = [*[cell for cell in whole.cells if cell.cell_type == "code"][:3], *live]
    nbformat.write(whole, lab.folder / "notebooks" / "by hand.ipynb")
    page = browser.open(f"{lab.url}/lab/tree/notebooks/{quote('by hand.ipynb')}?token={TOKEN}")
    page.until("document.querySelector('.jp-Notebook .jp-CodeCell')")
    page.until("document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'")
    page.until("!document.querySelector('.jp-NotebookPanel .jp-Spinner')")
    page.click('.jp-Toolbar-item[data-jp-item-name="restart-and-run"]')
    page.until("document.querySelector('.jp-Dialog-button.jp-mod-accept')")
    page.press("Enter")
    told = "document.querySelector('.widget-html-content')?.textContent"
    page.until(f"{told}?.includes('dB in the mask')")
    before = page.do(told)
    pictures = "[...document.querySelectorAll('.jp-OutputArea img')].map((image) => image.naturalWidth > 0)"
    page.until(f"{pictures}.length === 3 && {pictures}.every(Boolean)")
    page.click(".widget-slider .noUi-handle")
    page.press("ArrowRight")
    page.until(f"{told} !== {json.dumps(before)}")
    assert "forged" in page.do(told)
