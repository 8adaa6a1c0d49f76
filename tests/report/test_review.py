"""What people add to a run: findings and notebooks of their own."""

import json

import nbformat
import pytest
from bs4 import BeautifulSoup

from tad.report import export_html, write_index, write_run_index
from tad.report.review import TEMPLATE, begin_findings, dropped_in, findings

ATTACK = "<script>alert(1)</script>"


@pytest.fixture
def run(tmp_path, notebook):
    """A run of one notebook, rendered."""
    folder = tmp_path / "mine"
    folder.mkdir()
    nbformat.write(notebook, folder / "01_small.ipynb")
    export_html(folder / "01_small.ipynb", folder / "01_small.html", title="A question", home="index.html")
    station = {
        "notebook": "01_small",
        "title": "A question",
        "status": "ok",
        "html": "01_small.html",
        "duration_s": 1.0,
    }
    (folder / "run.json").write_text(json.dumps({"name": "mine", "status": "ok", "stations": [station]}))
    return folder


def test_the_template_is_written_once_and_never_over(tmp_path):
    begin_findings(tmp_path)
    assert (tmp_path / "findings.md").read_text() == TEMPLATE and findings(tmp_path) == ""
    (tmp_path / "findings.md").write_text("seen")
    begin_findings(tmp_path)
    assert findings(tmp_path) == "seen"


def test_what_is_written_later_reaches_every_page_once(run):
    begin_findings(run)
    before = (run / "01_small.html").read_text()
    page = write_run_index(run).read_text()
    assert "Nobody has written here yet" in page and "Reviewer" in page
    assert (run / "01_small.html").read_text() == before, "nothing to be drawn again"
    (run / "findings.md").write_text(TEMPLATE.replace("*Who", f"Ada {ATTACK} *Who"))
    page = write_run_index(run).read_text()
    for html in (page, (run / "01_small.html").read_text()):
        assert "Ada &lt;script&gt;" in html and "<script>alert" not in html and "Nobody has written" not in html
    (run / "01_small.html").write_text((run / "01_small.html").read_text() + "<!-- kept -->")
    write_run_index(run)
    assert "<!-- kept -->" in (run / "01_small.html").read_text(), "it holds the findings already"
    (run / "findings.md").unlink()
    write_run_index(run)
    assert "Ada" not in (run / "01_small.html").read_text()


def test_a_colleagues_notebook_in_a_runs_folder(run, notebook):
    nbformat.write(notebook, run / "02_other's.ipynb")
    (run / "01_small.failed.ipynb").write_text("{}")
    (run / ".hidden.ipynb").write_text("{}")
    assert [file.name for file in dropped_in(run, {"01_small"})] == ["02_other's.ipynb"]
    cards = BeautifulSoup(write_run_index(run).read_text(), "html.parser").select(".cards li")
    assert [card.h3.get_text() for card in cards] == ["A question", "Real & fake"]
    assert "dropped in" in cards[1].get_text()
    page = run / "02_other's.notebook.html"
    assert cards[1].h3.a["href"] == "02_other%27s.notebook.html" and "<script>alert" not in page.read_text()
    assert 'href="01_small.failed.ipynb">as far as it came' in (run / "index.html").read_text()
    index = BeautifulSoup(write_index(run.parent).read_text(), "html.parser")
    assert "dropped in: 02_other's" in index.select_one("#runs tbody th").get_text(" ", strip=True)


def test_a_folder_of_notebooks_alone_is_listed(tmp_path, notebook):
    folder = tmp_path / "ada"
    folder.mkdir()
    nbformat.write(notebook, folder / "look.ipynb")
    (folder / "torn.ipynb").write_text('{"cells": [')
    [row] = BeautifulSoup(write_index(tmp_path).read_text(), "html.parser").select("#runs tbody tr")
    assert row["data-status"] == "dropped in" and row.th.a["href"] == "ada/index.html"
    page = BeautifulSoup((folder / "index.html").read_text(), "html.parser")
    assert [card.h3.get_text() for card in page.select(".cards li")] == ["Real & fake", "torn"]
    assert "NotJSONError" in page.select_one("pre.error").get_text(), "what cannot be read is said"
    assert (folder / "look.notebook.html").is_file() and not (folder / "torn.notebook.html").exists()
