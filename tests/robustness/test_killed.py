"""SIGKILL at any moment: the next start carries on, what was reported as done stays, nothing stands twice."""

import json
import sys
import time
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest
import torch

from tad.cli import main
from tad.data import decode, project_root, read_manifest
from tad.experiment import sweep

from .conftest import moments, same_tables, tables


@pytest.fixture(scope="module")
def videos(manifest, tmp_path_factory):
    """Twenty-four videos, two of them broken."""
    folder = tmp_path_factory.mktemp("many")
    for n in range(24):
        source = (manifest.parent / f"{n % 6}.mp4").read_bytes()
        (folder / f"{n:02d}.mp4").write_bytes(source[: 300 if n in (5, 17) else None])
    return sorted(map(str, folder.iterdir()))


def finished(journal) -> list[dict]:
    """The whole rows of a journal."""
    lines = journal.read_text().split("\n")[1:-1] if journal.is_file() else []
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.soak)])
def test_scoring(videos, checkpoint, forked, tmp_path, kills, capsys):
    words = ["score", *videos, "--checkpoint", checkpoint, "--format", "csv", "--out"]
    assert main([str(word) for word in (*words, tmp_path / "whole.csv")]) == 1
    out, journal = tmp_path / "s.csv", tmp_path / "s.csv.journal"
    began, known, killed = time.monotonic(), [], 0
    if kills == 3:  # at known places: before the first row, and behind some
        for rows in (0, 7, 15):
            killed += forked(*words, out).kill_when(
                lambda n=rows: len(finished(journal)) >= n and (not n or journal.is_file())
            )
            assert not out.exists() and finished(journal)[: len(known)] == known
            known = finished(journal)
    else:
        for wait_s in islice(moments(0, 1.5), kills):
            one = forked(*words, out)
            time.sleep(wait_s)
            killed += one.kill()
            if out.exists():  # it was done before: begin anew
                assert out.read_text() == (tmp_path / "whole.csv").read_text()
                out.unlink()
                known = []
                continue
            assert finished(journal)[: len(known)] == known
            known = finished(journal)
    assert killed
    assert forked(*words, out).wait() == 1
    assert out.read_text() == (tmp_path / "whole.csv").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["log", "s.csv", "whole.csv"]
    if kills > 3:
        with capsys.disabled():
            print(f"\nkilled: tad score {killed} times in {time.monotonic() - began:.0f} s, table as if never")


def test_a_line_cut_off_is_scored_again_and_a_changed_video_too(videos, checkpoint, forked, tmp_path, capsys):
    own = tmp_path / "own.mp4"
    own.write_bytes(open(videos[0], "rb").read())
    words = ["score", *videos[:3], str(own), "--checkpoint", str(checkpoint), "--format", "csv", "--out"]
    out, journal = tmp_path / "s.csv", tmp_path / "s.csv.journal"
    forked(*words, out).kill_when(lambda: len(finished(journal)) >= 2)
    with open(journal, "ab") as file:
        file.write(b'{"key": "half a li')
    own.write_bytes(open(videos[4], "rb").read())
    assert main([*words, str(out)]) == 0
    told, table = capsys.readouterr(), pd.read_csv(out)
    assert "videos were scored before" in told.err and table["video"].tolist() == [*videos[:3], str(own)]
    assert main([*words, str(tmp_path / "again.csv")]) == 0
    assert out.read_text() == (tmp_path / "again.csv").read_text()


def test_rows_of_other_settings_are_not_mixed(videos, checkpoint, forked, tmp_path, capsys):
    words = ["score", *videos[:4], "--checkpoint", str(checkpoint), "--out", str(tmp_path / "s.txt")]
    journal = tmp_path / "s.txt.journal"
    forked(*words).kill_when(lambda: len(finished(journal)) >= 1)
    before = journal.read_bytes()
    assert main([*words, "--threshold", "0.25"]) == 2
    assert "s.txt.journal holds some made with another threshold: give the first" in capsys.readouterr().err
    assert journal.read_bytes() == before


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.soak)])
def test_a_ladder(manifest, forked, tmp_path, kills, capsys):
    words = ["forge", "--ladder", manifest, "--families", "flicker", "splice", "--strengths", "0.3", "1"]
    words += ["--seconds", "0.3", "-o"]
    began, killed = time.monotonic(), 0
    assert main([str(word) for word in (*words, tmp_path / "whole")]) == 0
    most_s = 1.2 * (time.monotonic() - began)
    folder = tmp_path / "set"
    made = lambda: {p: p.stat().st_mtime_ns for p in folder.rglob("[!.]*.json") if p.name != "ladder.json"}  # noqa: E731
    known: dict = {}
    stops = [2, 5, 9] if kills == 3 else moments(1, most_s)
    for stop in islice(stops, kills):
        one = forked(*words, folder)
        if kills == 3:
            killed += one.kill_when(lambda n=stop: len(made()) >= n)
        else:
            time.sleep(stop)
            killed += one.kill()
        assert known.items() <= made().items(), "what stood is not made again"
        known = made()
        for file in known:  # where the JSON stands, the video is whole
            assert len(list(decode(file.with_suffix(".mkv")))) == 8
        if (folder / "manifest.csv").is_file() and len(known) == 18:
            for file in list(known)[::2]:
                file.unlink()
            (folder / "manifest.csv").unlink()
            known = made()
    assert killed
    assert forked(*words, folder).wait() == 0
    one, two = (read_manifest(tmp_path / name / "manifest.csv") for name in ("whole", "set"))
    changing = ["path", "sha256"]  # a container has an identity of its own
    pd.testing.assert_frame_equal(one.drop(columns=changing), two.drop(columns=changing))
    for a, b in zip(one["path"], two["path"], strict=True):
        assert all(torch.equal(x, y) for (_, x), (_, y) in zip(decode(a), decode(b), strict=True))
    assert not [p for p in folder.rglob("*") if ".part" in p.name]
    if kills > 3:
        with capsys.disabled():
            print(f"\nkilled: tad forge --ladder {killed} times in {time.monotonic() - began:.0f} s, set as if never")


def stations(folder) -> dict[str, tuple]:
    """The notebooks that a run reports as done, with the times of what they left."""
    file = folder / "run.json"
    told = json.loads(file.read_text())["stations"] if file.is_file() else []
    done = [s["notebook"] for s in told if s["status"] == "ok"]
    return {name: tuple((folder / f"{name}.{e}").stat().st_mtime_ns for e in ("ipynb", "html")) for name in done}


def carries_on(start, folder, kills: int, most_s: float, done: int) -> int:
    """Kill a run again and again, then let it end; how often it was at work."""
    known, killed = {}, 0
    for wait_s in islice(moments(2, most_s), kills):
        one = start()
        time.sleep(wait_s)
        killed += one.kill()
        assert known.items() <= stations(folder).items(), "what was done stays, and is not done again"
        known = stations(folder)
    last = start()
    assert last.wait() == 0, last.log.read_text()[-3000:]
    assert known.items() <= stations(folder).items() and len(stations(folder)) == done
    assert not [p for p in folder.rglob("*") if ".part" in p.name]
    return killed


@pytest.mark.parametrize("kills", [2, pytest.param(45, marks=pytest.mark.soak)])
def test_a_run(project, forked, kills, capsys):
    folder, began = project / "reports" / "mine", time.monotonic()
    start = lambda: forked("run", "01_small", "--name", "mine", "-p", "output", "reports/mine")  # noqa: E731
    killed = carries_on(start, folder, kills, 3.0, 1)
    assert (folder / "table.csv").read_text() == "a\n" * 1000
    before = stations(folder)
    assert start().wait() == 0 and stations(folder) == before, "done once"
    if kills > 2:
        with capsys.disabled():
            print(f"\nkilled: tad run {killed} times in {time.monotonic() - began:.0f} s, report as if never")


def test_a_killed_sweep_takes_its_processes_along(project, forked, monkeypatch):
    code = "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(60)"
    monkeypatch.setattr(sweep, "command", lambda cell, force: [sys.executable, "-c", code])
    pid = project / "pid"
    assert forked("run", "01_small", "--sweep", "n=1").kill_when(lambda: pid.is_file() and pid.read_text())
    until = time.monotonic() + 20
    while alive(int(pid.read_text())):
        assert time.monotonic() < until, "it would hold the folder against the next start"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process is at work; one that has ended and was not yet fetched is not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.is_file() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.soak
def test_a_sweep(project, forked, capsys):
    words = ["run", "01_small", "--sweep", "n=1,2,3", "--jobs", "2"]
    folders = [project / "reports" / f"01_small,n={n}" for n in (1, 2, 3)]
    done = lambda: {(f.name, *one) for f in folders for one in stations(f).items()}  # noqa: E731
    began, known, killed, kills = time.monotonic(), set(), 0, 24
    for wait_s in islice(moments(3, 25), kills):
        one = forked(*words)
        time.sleep(wait_s)
        killed += one.kill()
        assert known <= done(), "what was done stays, and is not done again"
        known = done()
        if len(known) == 3:  # begin anew
            for folder in folders:
                (folder / "run.json").unlink()
            known = set()
    last = forked(*words)
    assert last.wait() == 0 and len(done()) == 3, last.log.read_text()[-3000:]
    assert all((folder / "table.csv").read_text() == "a\n" * 1000 for folder in folders)
    with capsys.disabled():
        print(f"\nkilled: tad run --sweep {killed} times in {time.monotonic() - began:.0f} s, reports as if never")


@pytest.mark.soak
def test_the_main_job(forked, tmp_path, monkeypatch, capsys):
    """The small size; its tables are those of a run that was never killed."""
    for name in ("notebooks", "data"):
        (tmp_path / name).symlink_to(project_root() / name)
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    assert forked("reproduce", "--size", "smoke", "--name", "whole").wait() == 0
    whole_s = time.monotonic() - began
    start = lambda: forked("reproduce", "--size", "smoke", "--name", "killed")  # noqa: E731
    killed = carries_on(start, tmp_path / "reports" / "killed", 24, whole_s / 5, 5)
    one, two = (tables(tmp_path / "reports" / name) for name in ("whole", "killed"))
    assert len(one) > 15
    same_tables(one, two)
    with capsys.disabled():
        print(f"\nkilled: tad reproduce {killed} times in {time.monotonic() - began - whole_s:.0f} s (once unharmed: "
              f"{whole_s:.0f} s), {len(one)} tables as if never")  # fmt: skip
