"""A full disk, a folder that may not be written, a worker that dies, two at once: a sentence, and nothing lost."""

import json
import os
import subprocess
import sys
import time

import pandas as pd
import pytest

from tad.cli import main
from tad.experiment import held
from tad.experiment.held import Held
from tad.experiment.journal import Journal
from tad.experiment.runs import Run


def said(capsys) -> str:
    """What the command line said of an error: one line."""
    error = capsys.readouterr().err.rstrip("\n")
    assert error.count("tad: ") == 1 and "Traceback" not in error
    sentence = error[error.index("tad: ") :]  # behind a bar, perhaps
    assert "\n" not in sentence
    return sentence


# A full disk


def test_scores_on_a_full_disk_go_on_when_there_is_room(tiny_disk, checkpoint, manifest, tmp_path, capsys):
    disk, videos = tiny_disk(16 << 10), []
    for n in range(40):
        videos.append(str(tmp_path / f"{'long' * 40}{n}.mp4"))
        os.link(manifest.parent / "0.mp4", videos[-1])
    out = disk / "s.csv"
    words = ["score", *videos, "--checkpoint", str(checkpoint), "--format", "csv", "--out"]
    assert main([*words, str(out)]) == 1
    line = said(capsys)
    assert f"{disk}/s.csv" in line and "No space left on device" in line and "free some space" in line
    assert not out.exists()
    kept = (disk / "s.csv.journal").read_bytes().count(b"\n") - 1
    assert 0 < kept < 40
    subprocess.run(["mount", "-o", "remount,size=1m", disk], check=True)
    assert main([*words, str(out)]) == 0
    assert f"{kept} of 40 videos were scored before" in capsys.readouterr().err
    assert pd.read_csv(out)["video"].tolist() == videos


def test_a_run_on_a_full_disk(tiny_disk, project, capsys):
    disk = tiny_disk(4 << 10)
    (project / "reports").symlink_to(disk)
    assert main(["run", "01_small"]) == 1
    assert "No space left on device; what was finished before is kept: free some space" in said(capsys)
    json.loads((disk / "01_small" / "run.json").read_text())  # the first that had room, whole


def test_a_ladder_on_a_full_disk(tiny_disk, manifest, capsys):
    disk = tiny_disk(48 << 10)
    words = ["forge", "--ladder", str(manifest), "--families", "flicker", "--strengths", "1", "--seconds", "0.3"]
    assert main([*words, "-o", str(disk / "set")]) in (1, 2)
    line = said(capsys)
    assert str(disk / "set") in line and "No space left" in line
    assert not (disk / "set" / "manifest.csv").exists() and not [p for p in disk.rglob("*") if ".part" in p.name]
    subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
    assert main([*words, "-o", str(disk / "set")]) == 0


def test_a_training_on_a_full_disk_goes_on_when_there_is_room(tiny_disk, manifest, small, capsys):
    disk = tiny_disk(300 << 10)
    words = ["train", "--recipe", "smoke", "--preset", "tiny", "--data", str(manifest), "--accelerator", "cpu"]
    words += [word for name, value in small.items() for word in ("--set", name, str(value))]
    words += ["--clips-per-epoch", "2", "--batch-size", "2", "--output", str(disk / "run")]
    assert main(words) == 1
    assert "No space left on device" in said(capsys)
    assert not (disk / "run" / "training" / "last.ckpt").exists(), "no half-written checkpoint"
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    assert main([*words, "--resume"]) == 0
    assert not list(disk.rglob("*.part"))


# Folders that may not be written


def test_read_only_reports(tiny_disk, read_only, project, capsys):
    disk = tiny_disk(1 << 20)
    (project / "reports").symlink_to(disk)
    (disk / "old").mkdir()
    (disk / "old" / "result").write_text("kept")
    read_only(disk)
    assert main(["run", "01_small"]) == 1
    line = said(capsys)
    assert str(project / "reports" / "01_small") in line and "write to a folder" in line
    assert (disk / "old" / "result").read_text() == "kept"


def test_a_file_where_a_folder_is_needed(project, capsys):
    (project / "reports").write_text("")
    assert main(["run", "01_small"]) == 1
    assert f"{project / 'reports'}" in said(capsys)


# Two at once


def test_two_runs_in_one_folder_do_not_mix(project, forked, monkeypatch, capsys):
    monkeypatch.setattr(held, "PATIENCE_S", 0.2)
    first = Run("mine", seed=1)
    before = (first.folder / "run.json").read_text()
    with pytest.raises(ValueError, match=f"one run at a time may work in {first.folder}; another is at it"):
        Run("mine", seed=2)
    second = forked("run", "01_small", "--name", "mine")  # from another process
    assert second.wait() == 2 and "another is at it" in second.log.read_text()
    assert (first.folder / "run.json").read_text() == before
    first.close("ok")
    Run("mine", seed=3)


def test_what_holds_a_folder_lets_go_when_it_is_killed_even_if_its_workers_live_on(tmp_path, monkeypatch):
    monkeypatch.setattr(held, "PATIENCE_S", 5)
    read, write = os.pipe()
    first = os.fork()
    if not first:
        keep = Held(tmp_path)
        worker = os.fork()
        if worker:
            os.write(write, f"{worker}\n".encode())
        time.sleep(60)
        os._exit(len(str(keep)))
    worker = int(os.read(read, 20))
    try:
        os.kill(first, 9)
        os.waitpid(first, 0)
        Held(tmp_path).release()
        os.kill(worker, 0)  # it still lives
    finally:
        os.kill(worker, 9)


def test_two_commands_into_one_file_do_not_mix(tmp_path, monkeypatch):
    monkeypatch.setattr(held, "PATIENCE_S", 0.2)
    one = Journal(tmp_path / "j", {"a": 1})
    one.add("x", {"b": 2})
    with pytest.raises(ValueError, match="one command at a time may work in .*/j"):
        Journal(tmp_path / "j", {"a": 1})
    one.close()
    two = Journal(tmp_path / "j", {"a": 1})
    assert "x" in two and two["x"] == {"b": 2}
    two.close()


def test_two_trainings_in_one_folder_do_not_mix(manifest, small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(held, "PATIENCE_S", 0.2)
    (tmp_path / "run" / "training").mkdir(parents=True)
    words = ["train", "--recipe", "smoke", "--data", str(manifest), "--output", str(tmp_path / "run")]
    with Held(tmp_path / "run" / "training", "training"):
        assert main(words) == 2
    assert "one training at a time may work in" in said(capsys)
    assert list((tmp_path / "run" / "training").iterdir()) == []


# What is there at the start, and then no more


def test_a_file_that_vanishes_while_others_are_scored(checkpoint, moving_video, tmp_path):
    from tad.experiment import score_videos

    paths = [tmp_path / f"{n}.mp4" for n in range(20)]  # so many that the last is not open when the first is done
    for path in paths:
        os.link(moving_video, path)
    rows = score_videos(paths, str(checkpoint))
    first = next(rows)
    paths[18].unlink()
    *others, lost, last = rows
    assert lost["status"] == "error: no such file" and lost["score"] is None
    assert all((row["status"], row["score"]) == ("ok", first["score"]) for row in (*others, last))


def test_a_pipe_that_nobody_reads_any_more(tmp_path):
    read, write = os.pipe()
    os.close(read)
    child = os.fork()
    if not child:
        os.dup2(write, 1)
        os.dup2(os.open(tmp_path / "err", os.O_WRONLY | os.O_CREAT), 2)
        sys.stdout, sys.stderr = open(1, "w"), open(2, "w")
        status = main(["data", "list"])
        sys.stdout.close()  # what the interpreter does at its end; it would complain
        sys.stderr.close()
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert (tmp_path / "err").read_text() == ""
