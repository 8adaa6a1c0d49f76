"""How notebooks are kept: short cells, commented parameters, figures that say their n, nothing stored that was run."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from tad.data import project_root

ROOT = project_root()
NOTEBOOKS = {path.stem: nbformat.read(path, 4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
SCREEN = 40  # lines


def code(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_cell_is_longer_than_a_screen(name):
    assert max(len(cell.source.splitlines()) for cell in NOTEBOOKS[name].cells) <= SCREEN


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_parameter_has_a_type_and_says_what_it_is_for(name):
    (cell,) = (cell for cell in code(NOTEBOOKS[name]) if "parameters" in cell.metadata.get("tags", []))
    for line in cell.source.splitlines():
        assert re.fullmatch(r"\w+: (str|int|float|bool|list|dict) = .+  # .{4,}", line), line


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name != "04_attention"])  # its recipes bring captions
def test_every_figure_has_an_alternative_text_and_a_caption_with_its_n(name):
    calls = [node for cell in code(NOTEBOOKS[name]) for node in ast.walk(ast.parse(cell.source))
             if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "show"]  # fmt: skip
    assert calls
    for call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert {"alt", "caption"} <= set(given), ast.unparse(call)[:80]
        assert "n = " in given["caption"] or "counted(" in given["caption"], given["caption"]


def test_widgets_stand_in_cells_that_a_report_leaves_out():
    panels = [cell for notebook in NOTEBOOKS.values() for cell in code(notebook) if cell.source.endswith(".panel")]
    shown = {cell.source.split("(")[0]: "live" in cell.metadata.get("tags", []) for cell in panels}
    assert shown == {"experiment.ClipBrowser": True, "experiment.StrengthExplorer": True}


def test_progress_is_shown_as_its_surroundings_can():
    plain = [path for path in (ROOT / "tad").rglob("*.py") if "from tqdm import" in path.read_text()]
    assert {path.parent.name for path in plain} <= {"cli"}  # which runs in a terminal alone


def test_a_hook_strips_results_before_a_commit(tmp_path):
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]  # nothing is fetched
    (hook,) = (hook for hook in hooks[0]["hooks"] if hook["id"] == "notebooks-without-results")
    assert all(re.search(hook["files"], f"notebooks/{name}.ipynb") for name in NOTEBOOKS)
    ran = nbformat.from_dict(NOTEBOOKS["01_train"])
    for number, cell in enumerate(code(ran)):
        cell.update(execution_count=number, outputs=[nbformat.v4.new_output("stream", text="seen")])
    nbformat.write(ran, tmp_path / "01_train.ipynb")
    program, *words = hook["entry"].split()
    program = shutil.which(program, path=Path(sys.executable).parent) or program
    subprocess.run([program, *words, str(tmp_path / "01_train.ipynb")], check=True, capture_output=True)
    assert nbformat.read(tmp_path / "01_train.ipynb", 4) == nbformat.read(ROOT / "notebooks" / "01_train.ipynb", 4)
