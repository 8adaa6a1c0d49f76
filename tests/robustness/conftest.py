"""Commands in a process of their own that may be killed, and disks that are full or read-only."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from tad.cli import main

BODY = """
import os
from pathlib import Path
Path(output, "table.part").write_text("a\\n" * 1000)
os.replace(Path(output, "table.part"), Path(output, "table.csv"))
"""


class Forked:
    """A command that runs in a copy of this process: all is imported there already, so it starts at once."""

    def __init__(self, words: list[str], log: Path, most: int | None = None):
        """Start it; where a bound is given, no file that it writes may grow beyond so many bytes."""
        self.log = log
        self.pid = os.fork()
        if not self.pid:
            status = 99
            try:
                if most is not None:
                    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # it would kill; ignored, a write fails
                    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
                log.parent.mkdir(exist_ok=True)
                sys.stdout = sys.stderr = open(log, "a", buffering=1)  # pytest's own are this process's no more
                for stream in (1, 2):
                    os.dup2(sys.stdout.fileno(), stream)
                status = main(words)
            finally:
                os._exit(status)

    def wait(self) -> int:
        """Exit status, negative where a signal ended it."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> bool:
        """End it by SIGKILL; whether it was still at work."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.wait() == -signal.SIGKILL

    def kill_when(self, reached) -> bool:
        """End it as soon as something is true."""
        until = time.monotonic() + 120
        while not reached():
            assert time.monotonic() < until, self.log.read_text()[-3000:]
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
            time.sleep(0.001)
        return self.kill()


@pytest.fixture
def forked(tmp_path):
    """A function that starts a command in a copy of this process."""
    return lambda *words: Forked([str(word) for word in words], tmp_path / "log" / "log.txt")


TIMED = ["minutes", "seconds", "clips_per_s", "wait_share", "train_clips_per_s", "train_wait_share"]


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table in a folder by its path there, without the columns that tell of time."""
    files = sorted([*folder.rglob("*.csv"), *folder.rglob("*.parquet")])
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    return {str(f.relative_to(folder)): read[f.suffix](f).drop(columns=TIMED, errors="ignore") for f in files}


def same_tables(one: dict[str, pd.DataFrame], two: dict[str, pd.DataFrame]) -> None:
    """Hold tables against each other, bit for bit."""
    assert one.keys() == two.keys()
    for name in one:
        pd.testing.assert_frame_equal(one[name], two[name], check_exact=True, obj=name)


def moments(seed: int, most_s: float) -> Iterator[float]:
    """Random times after a start, for ever."""
    draw = random.Random(seed)
    while True:
        yield draw.uniform(0, most_s)


@pytest.fixture
def tiny_disk(tmp_path):
    """A function that mounts a disk of some bytes, and one that makes it read-only; skips where nobody may mount."""
    mounted = []

    def mount(size: int) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip("no disk can be mounted here")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


class FullDisk:
    """A tmpfs with room for some bytes in all."""

    why = "No space left on device"

    def __init__(self, folder: Path, capsys):
        self.folder, self.capsys = folder, capsys

    def run(self, words: list) -> tuple[int, str]:
        """Status of a command, and what it said of errors."""
        status = main([str(word) for word in words])
        return status, self.capsys.readouterr().err

    def make_room(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)


class ShortFiles:
    """A folder in which no file may grow beyond some bytes, for where nobody may mount."""

    why = "File too large"

    def __init__(self, folder: Path, most: int):
        self.folder, self.most = folder, most
        folder.mkdir()

    def run(self, words: list) -> tuple[int, str]:
        log = self.folder.parent / "log" / "log.txt"
        log.unlink(missing_ok=True)
        one = Forked([str(word) for word in words], log, self.most)
        return one.wait(), log.read_text()

    def make_room(self, size: str) -> None:
        self.most = None


@pytest.fixture(params=["tmpfs", "limit"])
def full(request, tmp_path, capsys):
    """A function: where there is room for so many bytes, or for files of so many, by both ways of running out."""
    if request.param == "limit":
        return lambda size, most: ShortFiles(tmp_path / "place", most)
    mount = request.getfixturevalue("tiny_disk")
    return lambda size, most: FullDisk(mount(size), capsys)


@pytest.fixture
def read_only():
    """A function that takes the right to write from a folder; root needs it mounted for that."""
    changed = []

    def take(folder: Path) -> None:
        if os.geteuid():
            folder.chmod(0o555)
        else:
            done = subprocess.run(["mount", "-o", "remount,ro", folder], capture_output=True)
            if done.returncode:
                pytest.skip("root writes everywhere here")
        changed.append(folder)

    yield take
    for folder in changed if os.geteuid() else []:
        folder.chmod(0o755)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one small notebook, which leaves a table."""
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "data" / "demo" / "manifest.csv").touch()
    (tmp_path / "notebooks").mkdir()
    book = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    )
    parameters = nbformat.v4.new_code_cell(
        'output: str = "."  # where\nn: int = 0  # of a sweep', metadata={"tags": ["parameters"]}
    )
    book.cells = [nbformat.v4.new_markdown_cell("# A question"), parameters, nbformat.v4.new_code_cell(BODY)]
    nbformat.write(book, tmp_path / "notebooks" / "01_small.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path
