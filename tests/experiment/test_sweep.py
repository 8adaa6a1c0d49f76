"""Sweeps: the product, what is done again and what is not, and what failures and interruptions leave."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tad.cli import _parser, main
from tad.experiment import sweep as module
from tad.experiment.runs import Run, check_parameters
from tad.experiment.sweep import Cell, cells, sweep, values


def status(project, name):
    return json.loads((project / "reports" / name / "run.json").read_text())["status"]


@pytest.fixture
def started(project, monkeypatch):
    """Stands in for a cell's process: it notes its cores, and does what the cell's number says."""
    code = """
import json, os, sys, time
folder, number = sys.argv[1:]
file = os.path.join(folder, "run.json")
station = {"notebook": "01_small", "title": "", "status": "running", "duration_s": None}
record = {"stations": [station], "status": "running"}
open(file, "w").write(json.dumps(record))
open(os.path.join(folder, "cores"), "w").write(repr(os.sched_getaffinity(0)))
print("words of", number, flush=True)
time.sleep(60 * (number == "9"))
if number == "3":
    sys.exit("no memory <b>")
record["status"] = "ok"
open(file, "w").write(json.dumps(record))
"""
    names = []

    def command(cell, force):
        names.append(cell.name)
        return [sys.executable, "-c", code, str(cell.folder), str(cell.parameters["number"])]

    monkeypatch.setattr(module, "command", command)
    return names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seed=0,1,2", ("seed", ["0", "1", "2"])),
        ("names=['a', 'b'],[]", ("names", ["['a', 'b']", "[]"])),
        ("checkpoint=a=b.ckpt", ("checkpoint", ["a=b.ckpt"])),
    ],
)
def test_a_sweep_is_read(text, found):
    assert values(text) == found


@pytest.mark.parametrize("text", ["seed", "seed=", "=1", "seed=1,,2", "seed=1,1"])
def test_what_is_no_sweep_is_refused(text):
    with pytest.raises(ValueError, match="got 'seed|got '=1"):
        values(text)


def test_the_product_with_a_folder_each(project):
    found = cells("01_small", {"number": ["1", "2"], "names": ["['a']", "[]"]}, {"flag": "true"})
    assert [(c.parameters["number"], c.parameters["names"]) for c in found] == [
        (1, ["a"]),
        (1, []),
        (2, ["a"]),
        (2, []),
    ]
    assert all(c.parameters["flag"] is True for c in found) and found[0].name.startswith("01_small,number=1,names=a-")
    assert len({c.name for c in found}) == 4 and all(Path(c.name).name == c.name for c in found)
    long = cells("01_small", {"names": ["['" + "x" * 300 + "/../']"]}, {}, "mine")[0].name
    assert long.startswith("mine,names=") and len(long) < 60 and "/" not in long


@pytest.mark.parametrize(
    ("swept", "fixed", "words"),
    [
        ({"numbr": ["1"]}, {}, "has the parameters number"),
        ({"number": ["1", "x"]}, {}, "number must be of type int; got 'x'"),
        ({"number": ["1"]}, {"number": "2"}, "got number"),
        ({"output": ["a"]}, {}, "got output"),
    ],
)
def test_everything_is_refused_before_anything_runs(project, swept, fixed, words):
    with pytest.raises(ValueError, match=words):
        cells("01_small", swept, fixed)
    assert not (project / "reports").exists()


def test_a_process_that_dies_leaves_the_others_alone(project, started):
    wanted = cells("01_small", {"number": ["3", "1", "2"]}, {})
    assert list(sweep(wanted, jobs=2).values()) == ["failed", "ok", "ok"]
    [station] = json.loads((wanted[0].folder / "run.json").read_text())["stations"]
    assert station["status"] == "failed" and station["error"].splitlines() == ["words of 3", "no memory <b>"]
    index = (project / "reports" / "index.html").read_text()
    assert index.count("<tr data-status=") == 3 and "no memory &lt;b&gt;" in index
    cores = [eval((cell.folder / "cores").read_text()) for cell in wanted[:2]]
    both = os.sched_getaffinity(0)
    assert len(both) == 1 or (set.union(*cores) == both and not set.intersection(*cores)), "the cores are shared out"


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_the_processes_and_is_recorded(project, started, asked):
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell has what it puts behind it ignore Ctrl-C
    wanted = cells("01_small", {"number": ["1", "9", "2"]}, {})

    def interrupt():
        while not (wanted[1].folder / "cores").is_file() or status(project, wanted[0].name) != "ok":
            time.sleep(0.05)
        os.kill(os.getpid(), asked)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        sweep(wanted, jobs=1)
    thread.join()
    signal.signal(signal.SIGINT, before)
    assert status(project, wanted[0].name) == "ok" and status(project, wanted[1].name) == "interrupted"
    assert not wanted[2].folder.exists(), "it had not begun"
    left = subprocess.run(["pgrep", "-f", str(wanted[1].folder)], capture_output=True, text=True).stdout
    assert left == ""


def test_what_was_done_with_the_same_contents_is_not_started_again(project, started):
    (project / "weights").write_text("a")
    wanted = cells("01_small", {"number": ["1"]}, {"names": "['weights']"})
    run = Run(wanted[0].name, parameters=wanted[0].parameters)
    assert run.execute("01_small", {"output": run.relative, **wanted[0].parameters})
    run.close("ok")
    assert wanted[0].done()
    os.utime(project / "weights")
    assert sweep(wanted) == {wanted[0].name: "ok"} and started == []
    (project / "weights").write_text("b")
    assert not wanted[0].done(), "other contents"
    (project / "weights").write_text("a")
    (wanted[0].folder / "01_small.html").unlink()
    sweep(wanted)
    assert started == [wanted[0].name], "its page is gone"


def test_force_starts_everything(project, started):
    wanted = [Cell("a", "01_small", {"number": 1})]
    sweep(wanted)
    sweep(wanted, force=True)
    assert started == ["a", "a"]
    with pytest.raises(ValueError, match="jobs must be at least 1; got 0"):
        sweep(wanted, jobs=0)


def test_a_cell_is_a_run_of_its_own(project):
    [cell] = cells("01_small", {"number": ["2"]}, {"names": "['a']", "share": "0.25"})
    words = module.command(cell, True)
    options = _parser(words[3:]).parse_args(words[3:])
    assert words[:3] == [sys.executable, "-m", "tad.cli"] and options.force and not options.sweep
    assert (options.notebook, options.name) == ("01_small", "01_small,number=2")
    assert check_parameters("01_small", dict(options.parameter)) == cell.parameters


@pytest.mark.slow
def test_real_processes_end_to_end(project, capsys):
    words = ["run", "01_small", "--sweep", "flag=true,false", "--jobs", "2"]
    assert main(words) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["01_small,flag=true", "failed"] and said[1].split() == ["01_small,flag=false", "ok"]
    assert (project / "reports" / "01_small,flag=true" / "01_small.failed.ipynb").is_file()
    assert "1.5" in (project / "reports" / "01_small,flag=false" / "01_small.html").read_text()
    index = (project / "reports" / "index.html").read_text()
    assert "RuntimeError: &lt;b&gt;broken&lt;/b&gt;" in index


def test_a_parameter_is_swept_once(project, capsys):
    assert main(["run", "01_small", "--sweep", "number=1", "--sweep", "number=2"]) == 2
    assert "each parameter is swept once; got number, number" in capsys.readouterr().err
