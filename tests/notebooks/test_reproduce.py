"""The main job at its smallest, from the command line to the pages, and what a reader finds there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tad.data import project_root
from tad.experiment.reproduce import FEWEST
from tad.forgery import families

NOTEBOOKS = ("01_train", "02_evaluate", "03_generalization", "04_attention", "05_sources")


def tad(*words: str, cwd: Path, env: dict | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tad.cli", *words], cwd=cwd, capture_output=True, text=True, env=env)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with the project's notebooks and footage and no reports."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("notebooks", "data"):
        (folder / name).symlink_to(project_root() / name)
    return folder


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """An environment in which only the machine itself can be reached, and where what else was asked for is noted."""
    paths = [str(Path(__file__).parents[1] / "offline"), os.environ.get("PYTHONPATH", "")]
    log = tmp_path_factory.mktemp("offline") / "asked.txt"
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "OFFLINE_LOG": str(log)}


@pytest.fixture(scope="module")
def done(project, offline):
    return tad("reproduce", "--size", "smoke", cwd=project, env=offline)


@pytest.fixture(scope="module")
def folder(project, done):
    return project / "reports" / "smoke-seed0"


def test_it_ends_with_the_table_and_the_page(done, folder):
    assert done.returncode == 0, done.stderr[-3000:]
    assert "card" in done.stdout and "separation ratio" in done.stdout
    assert "each family by itself" in done.stdout and "low_resolution" in done.stdout
    assert done.stdout.rstrip().endswith(str(folder / "index.html"))


def test_nothing_was_asked_of_a_network(done, offline):
    log = Path(offline["OFFLINE_LOG"])
    assert done.returncode == 0 and not log.exists(), log.read_text()
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    probe = subprocess.run([sys.executable, "-c", code], env=offline, capture_output=True, text=True)
    assert "no network: socket." in probe.stderr and "192.0.2.1" in log.read_text(), "the guard works"
    log.unlink()


def test_every_station_left_its_notebook_and_its_page(folder):
    record = json.loads((folder / "run.json").read_text())
    assert [(s["notebook"], s["status"]) for s in record["stations"]] == [(name, "ok") for name in NOTEBOOKS]
    for name in NOTEBOOKS:
        assert (folder / f"{name}.ipynb").is_file()
        page = (folder / f"{name}.html").read_text()
        assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page)
        assert page.count("<img") == len(re.findall(r'<img[^>]*\balt="[^"]+"', page))
    for key in ("parameters", "commit", "versions", "seed", "training_groups", "duration_s", "status"):
        assert record[key] not in (None, [], {}), key
    numbers = record["key_numbers"]
    assert numbers["separation ratio"] and numbers["AUC, moderate + subtle"]
    assert numbers["AUC, moderate + subtle, interpolation_residual"]  # the default of the weights that ship


def test_no_report_names_this_machine(folder):
    for file in [*folder.glob("*.html"), *folder.glob("*.ipynb"), folder / "run.json"]:
        assert str(folder.parent.parent) not in file.read_text(), file.name
        assert str(project_root()) not in file.read_text(), file.name


def test_the_scores_table(folder):
    scores = pd.read_parquet(folder / "scores.parquet")
    wanted = "video group split label dataset method strength codec detector seed start_s score status"
    assert set(wanted.split()) <= set(scores)
    assert not set(scores["group"]) & set(json.loads((folder / "run.json").read_text())["training_groups"])
    fakes = scores[scores["label"] == "fake"]
    promised = {name: families()[name].scope for name in FEWEST}  # all of them: tests/experiment/test_recipes.py
    assert set(promised.values()) == {family.scope for family in families().values()}
    assert fakes.groupby("method", sort=False)["scope"].first().to_dict() == promised
    assert set(fakes["split"]) == {"test"}


def test_the_threshold_lies_beside_the_weights(folder):
    stored = json.loads((folder / "training" / "model.threshold.json").read_text())
    card = pd.read_csv(folder / "against_card.csv", keep_default_na=False).set_index("quantity")
    assert float(card.loc["threshold", "measured"]) > 0 and stored["kind"] == "validation reals"


def test_a_second_start_does_nothing_again(project, done, folder):
    before = {p: p.stat().st_mtime_ns for p in folder.glob("0*")}
    again = tad("reproduce", "--size", "smoke", cwd=project)
    assert again.returncode == 0 and again.stderr.count("done before with the same inputs") == len(NOTEBOOKS)
    assert {p: p.stat().st_mtime_ns for p in folder.glob("0*")} == before


def test_plain_papermill_runs_a_notebook(project, folder, tmp_path):
    words = ["-p", "seed", "1", "-p", "per_video", "1", "-p", "long_side", "160", "-p", "output", str(tmp_path)]
    words += ["-p", "checkpoint", str(folder / "training" / "model.safetensors"), "-k", "python3"]
    words += ["-y", "families: [inversion, splice]"]
    command = [sys.executable, "-m", "papermill", "notebooks/02_evaluate.ipynb", str(tmp_path / "out.ipynb"), *words]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    scores = pd.read_parquet(tmp_path / "scores.parquet")
    assert set(scores["seed"]) == {1} and set(scores.loc[scores["label"] == "fake", "method"]) == {
        "inversion",
        "splice",
    }
