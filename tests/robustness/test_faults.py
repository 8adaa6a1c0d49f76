"""A full disk, a folder that may not be written, a worker that dies, two at once: a sentence, and nothing lost."""

import json
import os
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
    """What the command line said of an error."""
    return sentence(capsys.readouterr().err)


def sentence(error: str) -> str:
    """The one line in which it was said."""
    assert error.count("tad: ") == 1 and "Traceback" not in error
    told = error.rstrip("\n")[error.index("tad: ") :]  # behind a bar, perhaps
    assert "\n" not in told
    return told


# A full disk, by a small one, and, where nobody may mount, by a bound on each file


def test_scores_on_a_full_disk_go_on_when_there_is_room(full, checkpoint, manifest, tmp_path):
    disk, videos = full(16 << 10, 8 << 10), []
    for n in range(40):
        videos.append(str(tmp_path / f"{'long' * 40}{n}.mp4"))
        os.link(manifest.parent / "0.mp4", videos[-1])
    out = disk.folder / "s.csv"
    words = ["score", *videos, "--checkpoint", checkpoint, "--format", "csv", "--out", out]
    status, error = disk.run(words)
    assert status == 1 and str(out) in sentence(error) and disk.why in sentence(error)
    assert "give the same command again" in sentence(error) and not out.exists()
    kept = (disk.folder / "s.csv.journal").read_bytes().count(b"\n") - 1
    assert 0 < kept < 40
    disk.make_room("1m")
    status, told = disk.run(words)
    assert status == 0 and f"{kept} of 40 videos were scored before" in told
    assert pd.read_csv(out)["video"].tolist() == videos


def test_a_run_on_a_full_disk(full, project):
    disk = full(4 << 10, 2 << 10)
    (project / "reports").symlink_to(disk.folder)
    status, error = disk.run(["run", "01_small"])
    assert status == 1 and f"{disk.why}; what was finished before is kept: " in sentence(error)
    json.loads((disk.folder / "01_small" / "run.json").read_text())  # the first that had room, whole


def test_a_ladder_on_a_full_disk(full, manifest):
    disk = full(48 << 10, 4 << 10)
    words = ["forge", "--ladder", manifest, "--families", "flicker", "--strengths", "1", "--seconds", "0.3"]
    words += ["-o", disk.folder / "set"]
    status, error = disk.run(words)
    assert status in (1, 2) and str(disk.folder / "set") in sentence(error) and disk.why in sentence(error)
    assert not (disk.folder / "set" / "manifest.csv").exists()
    assert not [p for p in disk.folder.rglob("*") if ".part" in p.name]
    disk.make_room("4m")
    assert disk.run(words)[0] == 0


def test_a_training_on_a_full_disk_goes_on_when_there_is_room(full, manifest, small):
    disk = full(300 << 10, 100 << 10)
    words = ["train", "--recipe", "smoke", "--preset", "tiny", "--data", manifest, "--accelerator", "cpu"]
    words += [word for name, value in small.items() for word in ("--set", name, value)]
    words += ["--clips-per-epoch", "2", "--batch-size", "2", "--output", disk.folder / "run"]
    status, error = disk.run(words)
    assert status == 1 and disk.why in sentence(error)
    assert not (disk.folder / "run" / "training" / "last.ckpt").exists(), "no half-written checkpoint"
    disk.make_room("64m")
    assert disk.run([*words, "--resume"])[0] == 0
    assert not list(disk.folder.rglob("*.part"))


# Folders that may not be written


def test_read_only_reports(request, read_only, project, capsys):
    disk = project / "disk" if os.geteuid() else request.getfixturevalue("tiny_disk")(1 << 20)
    disk.mkdir(exist_ok=True)
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
