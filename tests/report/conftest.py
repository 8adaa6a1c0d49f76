"""Small tables and hand-made notebooks: nothing here runs a model or a kernel."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from nbformat import v4

from tad.report import export_html, figures, write_index, write_run_index
from tad.report.comparison_page import write_comparison
from tad.report.picture import picture
from tad.report.score_page import ScoredVideo, write_score_page

ATTACK = "<script>alert(1)</script>"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="


@pytest.fixture(scope="session")
def scores() -> pd.DataFrame:
    """Reals of 4 groups, three families at two strengths, a second detector, rows with errors, an unknown."""
    rng = np.random.default_rng(0)
    rows = []
    for clip in range(24):
        base = {"video": f"v{clip}", "group": f"g{clip % 4}", "status": "ok", "detector": "midframe_mse"}
        real = float(rng.lognormal(-4, 0.4))
        rows.append(base | {"label": "real", "method": "original", "strength": 0.0, "score": real})
        for family, gain in (("noise", 30.0), ("warp", 1.6), (f"{ATTACK} $x^{{$", 1.1)):
            for strength in (0.1, 1.0):
                score = real * (1 + (gain - 1) * strength * rng.uniform(0.5, 1.5))
                fake = {"label": "fake", "method": family, "strength": strength, "score": score}
                rows.append(base | fake)
                rows.append(base | fake | {"detector": "other", "score": -score})
        rows.append(base | {"label": "real", "method": "original", "strength": 0.0, "score": 1.0, "detector": "other"})
    broken = rows[3] | {"status": "error: no frame", "score": np.nan}
    unknown = rows[0] | {"label": "unknown", "score": 1e6}
    return pd.DataFrame([*rows, broken, unknown])


@pytest.fixture(scope="session")
def notebook() -> v4.nbbase.NotebookNode:
    """What a run leaves: every kind of output a report meets, and some that must not get into it."""
    figure = go.Figure(go.Scatter(y=[1, 3, 2], name=ATTACK), layout={"title": {"text": "curve"}, "height": 300})
    plotly = {"application/vnd.plotly.v1+json": figure.to_plotly_json(), "text/plain": "fallback"}
    plotly["application/vnd.plotly.v1+json"]["data"][0]["y"] = [1, 3, 2]
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "  0%|      | 0/9"}
    html = f'<p>kept</p><img src="https://example.org/x.png"><b onclick="alert(1)">bold</b>{ATTACK}'
    alt = {"tad": {"alt": f'a "pixel" {ATTACK}', "caption": f"caption {ATTACK}"}}
    nb = v4.new_notebook()
    nb.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    nb.cells = [
        v4.new_markdown_cell("# Real & fake\n\n[the paper](https://example.org/paper) and [below](#numbers)"),
        v4.new_code_cell('name: str = "demo"   # which\nseed: int = 0   # of all', metadata={"tags": ["parameters"]}),
        v4.new_code_cell("# Parameters\nseed = 3", metadata={"tags": ["injected-parameters"]}),
        v4.new_markdown_cell("## Numbers\n\ntext\n\n## Numbers\n\n### Deeper"),
        v4.new_code_cell(
            f"print({ATTACK!r})",
            outputs=[
                v4.new_output("stream", name="stdout", text=f"10 %\r100 %\n{ATTACK}\n"),
                v4.new_output("stream", name="stderr", text="UserWarning: noise"),
                v4.new_output("display_data", widget),
                v4.new_output("display_data", {"image/png": PIXEL, "text/plain": "alt"}, metadata=alt),
                v4.new_output("display_data", {"text/plain": "again"}, metadata={"tad": {"repeats_caption": True}}),
                v4.new_output("execute_result", {"text/html": html, "text/plain": "plain"}),
                v4.new_output("display_data", {"image/png": PIXEL}),
                v4.new_output("display_data", {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"}),
            ],
        ),
        v4.new_code_cell(
            "show(figure)",
            outputs=[v4.new_output("display_data", plotly, metadata={"tad": {"alt": 'a "curve"', "caption": "c"}})],
        ),
    ]
    return nb


@pytest.fixture(scope="session")
def page(notebook, tmp_path_factory) -> Path:
    """The notebook as a page, alone in its folder but for plotly's script."""
    folder = tmp_path_factory.mktemp("run")
    notebook_path = tmp_path_factory.mktemp("notebook") / "02_evaluate.ipynb"
    nbformat.write(notebook, notebook_path)
    return export_html(notebook_path, folder / "02_evaluate.html", findings=f"# Seen\n\nNothing. {ATTACK}")


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Path:
    """Three runs: one that went well, one that failed, one whose run.json is broken."""
    folder = tmp_path_factory.mktemp("reports")
    station = {"notebook": "01_train", "title": f"Training {ATTACK}", "status": "ok", "duration_s": 61.0}
    failed = {
        "notebook": "02_evaluate", "title": "Real and fake", "status": "failed", "duration_s": 2.0,
        "html": None,
        "error": f"Traceback (most recent call last):\n  in cell 3\nValueError: no clip in {ATTACK}",
    }  # fmt: skip
    good = {
        "name": f"good {ATTACK}", "size": "quick", "status": "ok", "started": "2025-03-01T10:00:00",
        "duration_s": 95.0, "commit": "0123456789abcdef", "versions": {"torch": "2.9"}, "seed": 7,
        "parameters": {"preset": "tiny"}, "training_groups": ["street"], "key_numbers": {"AUC": "0.91"},
        "stations": [station | {"html": "01_train.html", "error": None}],
    }  # fmt: skip
    bad = good | {"name": "bad", "status": "failed", "started": "2025-03-02T10:00:00", "duration_s": 900.0}
    bad |= {"stations": [station | {"html": "../escape.html", "error": None}, failed], "key_numbers": {}}
    for name, run in (("good #1", good), ("bad", bad)):
        (folder / name).mkdir()
        (folder / name / "run.json").write_text(json.dumps(run))
    (folder / "escape.html").write_text("outside")
    (folder / "good #1" / "01_train.html").write_text("report")
    table = "quantity,card,measured,interval,note\nFPR,0 %,n/a,n/a (needs 20),<i>\n"
    (folder / "good #1" / "against_card.csv").write_text(table)
    (folder / "good #1" / "findings.md").write_text(f"# What we saw\n\n**much** {ATTACK} [x](https://example.org)")
    (folder / "broken").mkdir()
    (folder / "broken" / "run.json").write_text("{")
    (folder / "no run").mkdir()
    write_run_index(folder / "good #1")
    write_run_index(folder / "bad")
    write_index(folder)
    return folder


@pytest.fixture(scope="session")
def score_page(tmp_path_factory) -> Path:
    """The page of two scored videos, one of which could not be."""
    clips = pd.DataFrame({"start_s": [0.0, 0.6], "end_s": [0.5, 1.1], "score": [0.2, 0.9]})
    thumbnails = [(0.0, np.zeros((9, 16, 3), np.uint8)), (0.6, np.full((9, 16, 3), 200, np.uint8))]
    shown = picture(figures.score_timeline(clips, 0.5, [0.1, 0.3], thumbnails), f"two clips {ATTACK}", "Score.")
    good = ScoredVideo(f"{ATTACK}.mp4", "FAKE", "above", [f"above {ATTACK}"], 0.55, {"codec": "h264"}, shown, [shown])
    bad = ScoredVideo("b.mp4", "UNKNOWN", "no such file", ["It could not be scored."], None)
    page = tmp_path_factory.mktemp("scored") / "out.html"
    return write_score_page(page, [good, bad], ["One detector was asked."], {"detector": "midframe_mse"})


@pytest.fixture(scope="session")
def comparison(tmp_path_factory) -> Path:
    """The page of two runs side by side, with curves."""
    rows = [
        {"run": run, "detector": "midframe_mse", "family": ATTACK, "strength": s, "auc": auc, "low": 0.4, "high": 1.0}
        for run, auc in (("a", 0.6), (f"b {ATTACK}", 0.8))
        for s in (0.5, 1.0)
    ]
    differing = pd.DataFrame({"what": ["seed"], "a": ["0"], f"b {ATTACK}": ["1"]})
    runs = [{"name": name, "status": "ok", "started": "", "commit": "", "link": ""} for name in ("a", f"b {ATTACK}")]
    page = tmp_path_factory.mktemp("compared") / "compare.html"
    return write_comparison(page, runs, differing, {"AUC": differing}, differing[:0], pd.DataFrame(rows))
