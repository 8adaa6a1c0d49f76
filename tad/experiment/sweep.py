"""A notebook run with every combination of some parameters, in several processes; what was done is not done again."""

import ctypes
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tqdm.auto import tqdm

from tad.data import project_root
from tad.experiment.interrupt import ends_like_ctrl_c
from tad.experiment.runs import (
    FAILED,
    Run,
    check_parameters,
    fingerprint,
    is_done,
    notebook_path,
    reports_dir,
    without_paths,
)
from tad.report import write_index

INTERRUPTED = "interrupted"
LOG = "log.txt"  # what a process said, beside its run
NAME_LENGTH = 40  # of a value in a folder's name
PR_SET_PDEATHSIG = 1  # of prctl(2)
GRACE_S = 30.0  # for an interrupted process to end its notebook's kernel and write its record
POLL_S = 0.2
SILENT = "its process ended without a word"
TAIL = 40  # lines of a log that tell why a process ended without a word


@dataclass(frozen=True)
class Cell:
    """One combination of parameters, and the run that it becomes."""

    name: str  # of its folder under reports/
    notebook: str
    parameters: dict  # in the notebook's types, without output

    @property
    def folder(self) -> Path:
        return reports_dir() / self.name

    def station(self) -> dict:
        """What is recorded of the notebook; empty where the run has not begun."""
        return next((s for s in read_record(self.folder).get("stations", []) if s["notebook"] == self.notebook), {})

    def done(self) -> bool:
        """Whether it was done with these very inputs."""
        output = self.folder.relative_to(project_root()).as_posix()
        return is_done(self.folder, self.station(), fingerprint(self.notebook, {"output": output, **self.parameters}))


def values(text: str) -> tuple[str, list[str]]:
    """Read a name and its values; a comma inside brackets parts none.

    Example:
        >>> values("strengths=[0.1, 1.0],[0.3]")
        ('strengths', ['[0.1, 1.0]', '[0.3]'])
    """
    name, _, listed = text.partition("=")
    parts = [part.strip() for part in re.split(r",(?![^\[]*\])", listed)]
    if not (name and all(parts)):
        raise ValueError(f"a sweep must be NAME=VALUE,VALUE...; got {text!r}")
    if len(set(parts)) < len(parts):
        raise ValueError(f"a sweep's values must differ; got {text!r}")
    return name, parts


def cells(notebook: str, swept: dict[str, list[str]], fixed: dict[str, str], name: str = "") -> list[Cell]:
    """List every combination, each checked against the notebook's parameters before anything runs.

    Args:
        notebook: by name.
        swept: values of each parameter that changes, as text.
        fixed: the other parameters, as text.
        name: what the folders' names begin with; the notebook's when empty.

    Raises:
        ValueError: no such notebook or parameter, a value of the wrong type, or a parameter both fixed and swept.
    """
    notebook = notebook_path(notebook).stem
    if both := sorted(set(swept) & set(fixed)) + ["output"] * ("output" in swept):
        raise ValueError(f"a parameter is swept or fixed, and output is chosen for each run; got {', '.join(both)}")
    found = []
    for chosen in product(*swept.values()):
        varied = dict(zip(swept, chosen, strict=True))
        folder = ",".join([name or notebook, *(f"{key}={_short(value)}" for key, value in varied.items())])
        found.append(Cell(folder, notebook, check_parameters(notebook, fixed | varied)))
    return found


def _short(value: str) -> str:
    """A value as part of a folder's name; one that had to be changed for that ends with a digest of the whole."""
    plain = re.sub(r"[^\w.+-]+", "_", value).strip("_.")
    if plain == value and len(value) <= NAME_LENGTH:
        return value
    return f"{plain[-NAME_LENGTH + 7 :]}-{hashlib.sha256(value.encode()).hexdigest()[:6]}"


def sweep(wanted: list[Cell], jobs: int = 1, force: bool = False) -> dict[str, str]:
    """Run cells in up to so many processes, each a `tad run` of its own on its share of the cores.

    A cell that fails leaves the others alone. When this is interrupted, so are the processes, and the records of the
    cells say so; the same call goes on.

    Args:
        wanted: from `cells`.
        jobs: processes at a time, at least 1.
        force: do again what was done with the same inputs.

    Returns:
        The status of each cell's run by its name.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1; got {jobs}")
    waiting = [cell for cell in wanted if force or not cell.done()]
    bar = tqdm(total=len(wanted), initial=len(wanted) - len(waiting), desc="sweep", unit="run")
    shares, running = _shares(jobs), {}
    try:
        with bar, ends_like_ctrl_c():
            while waiting or running:
                while waiting and shares:
                    cell, share = waiting.pop(0), shares.pop(0)
                    running[cell.name] = (cell, share, _start(cell, share, force))
                for cell, share, process in [one for one in running.values() if one[2].poll() is not None]:
                    running.pop(cell.name)
                    shares.append(share)
                    if process.returncode:
                        _settle(cell, FAILED)
                    bar.update()
                    tqdm.write(f"{cell.name}: {read_record(cell.folder)['status']}", file=sys.stderr)
                time.sleep(POLL_S)
    finally:
        _end([process for _, _, process in running.values()])
        for cell, _, process in running.values():
            if process.returncode:
                _settle(cell, INTERRUPTED)
        write_index(reports_dir())
    return {cell.name: read_record(cell.folder).get("status", FAILED) for cell in wanted}


def _shares(jobs: int) -> list[set[int]]:
    """Part the cores among processes; with more processes than cores, some have the same."""
    cores = sorted(os.sched_getaffinity(0))
    return [set(cores[job::jobs] or [cores[job % len(cores)]]) for job in range(jobs)]


def command(cell: Cell, force: bool) -> list[str]:
    """The words that run a cell by itself."""
    words = [sys.executable, "-m", "tad.cli", "run", cell.notebook, "--name", cell.name]
    for key, value in cell.parameters.items():
        words += ["-p", key, value if isinstance(value, str) else repr(value)]
    return words + ["--force"] * force


def _start(cell: Cell, share: set[int], force: bool) -> subprocess.Popen:
    """Start a cell's process; not in our group, so that Ctrl-C reaches it through us alone, once."""
    cell.folder.mkdir(parents=True, exist_ok=True)
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, share)  # is inherited
    try:
        with open(cell.folder / LOG, "wb") as log:
            told = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "start_new_session": True}
            told["preexec_fn"] = _end_with_parent
            return subprocess.Popen(command(cell, force), cwd=project_root(), **told)
    finally:
        os.sched_setaffinity(0, ours)


def _end_with_parent() -> None:
    """In a new process: ask to be ended with the one that started it, which, killed, could not do so (Linux alone)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(processes: list[subprocess.Popen]) -> None:
    """Ask processes to end, wait, and kill those that do not."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + GRACE_S
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # a kernel ends by itself when its parent is gone
            process.wait()


def _settle(cell: Cell, status: str) -> None:
    """Give a run whose process has ended a last word, where it could not write one itself."""
    record = read_record(cell.folder)
    told_itself = record.get("status") in (FAILED, INTERRUPTED)
    not_begun = status == INTERRUPTED and record.get("status") != "running"
    if told_itself or not_begun:
        return
    run = Run(cell.name, seed=cell.parameters.get("seed", 0), parameters=cell.parameters)
    said = without_paths((cell.folder / LOG).read_text(errors="replace")).splitlines()[-TAIL:]
    before = {s["notebook"]: s for s in run.record["stations"]}
    station = before.get(cell.notebook) or {"notebook": cell.notebook, "title": cell.notebook, "duration_s": None}
    station |= {"status": status, "html": None, "error": "\n".join(said or [SILENT]) if status == FAILED else None}
    run.record["stations"] = list((before | {cell.notebook: station}).values())
    run.close(status)


def read_record(folder: Path) -> dict:
    """What run.json holds; nothing where it is not there yet."""
    file = folder / "run.json"
    return json.loads(file.read_text()) if file.is_file() else {}
