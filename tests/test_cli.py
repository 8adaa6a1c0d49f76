import csv
import io
import json
import subprocess
import sys

import pytest

from tad.cli import main


def test_help_has_examples(capsys):
    for command in ([], ["reproduce"], ["run"], ["train"], ["score"]):
        with pytest.raises(SystemExit) as stop:
            main([*command, "--help"])
        assert stop.value.code == 0
        assert "examples:\n  tad " in capsys.readouterr().out


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "a b\x1b[31m.mp4"
    path.write_text("no video")
    return path


def test_score_as_csv_and_json(checkpoint, moving_video, broken, tmp_path, capsys):
    words = ["score", str(moving_video), str(broken), "--checkpoint", str(checkpoint)]
    assert main([*words, "--format", "csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["video", "status", "score", "threshold", "verdict", "clips", "seconds"]
    assert rows[1]["score"] == "" and rows[1]["verdict"] == "UNKNOWN" and rows[1]["status"].startswith("error: ")
    assert main([*words, "--format", "json", "--out", str(tmp_path / "s.json")]) == 1
    stored = json.loads((tmp_path / "s.json").read_text())
    assert stored[0]["score"] == pytest.approx(float(rows[0]["score"]))
    assert stored[1]["score"] is None


def test_score_as_a_table_shows_no_escapes(checkpoint, moving_video, broken, capsys):
    assert main(["score", str(broken), str(moving_video), "--checkpoint", str(checkpoint)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out and "UNKNOWN" in out
    assert main(["score", str(moving_video), "--checkpoint", str(checkpoint)]) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["score", "a.mp4", "--checkpoint", "none.safetensors"], "checkpoint must be a file"),
        (["reproduce", "--size", "huge"], "size must be one of smoke, quick, full; got 'huge'"),
        (["run", "09_none"], "notebook must be one of"),
        (["run", "02_evaluate", "-p", "sed", "1"], "got 'sed'"),
        (["run", "02_evaluate", "-p", "seed", "one"], "seed must be of type int; got 'one'"),
        (["train", "--output", "x", "--manifest", "none.csv"], "manifest must be a file; got none.csv"),
    ],
)
def test_what_is_refused_is_said_in_one_line(words, told, capsys, tmp_path, monkeypatch):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1 and "Traceback" not in error
    with pytest.raises(ValueError, match="must be|got"):
        main(["--debug", *words])


def test_ctrl_c_says_how_to_go_on(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("tad.cli._do_train", interrupted)
    assert main(["train", "--output", "x"]) == 130
    assert "goes on from here" in capsys.readouterr().err


def test_help_is_quick_because_it_loads_no_torch():
    code = (
        "import sys, tad.cli\ntry: tad.cli.main(['--help'])\nexcept SystemExit: pass\nsys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
