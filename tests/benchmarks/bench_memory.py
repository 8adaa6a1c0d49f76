"""The memory of `tad score` against the length of the video."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import make_video, row, run


def peak_mb(path: Path) -> float:
    """The most memory that the command held."""
    done = subprocess.Popen([sys.executable, "-m", "tad.cli", "score", str(path)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(done.pid, 0)
    if status:
        raise RuntimeError(f"tad score must end well; got status {status}")
    return used.ru_maxrss / 1024


def measure(quick: bool) -> list[dict]:
    lengths = (2, 4, 8) if quick else (10, 100, 1000)
    with tempfile.TemporaryDirectory() as folder:  # small pictures: what may grow is what is kept of each frame
        peaks = {s: peak_mb(make_video(Path(folder) / f"{s}.mp4", s, height=90, width=160)) for s in lengths}
    least = min(peaks.values())
    return [
        row(f"memory of tad score, {seconds} s of 160 x 90", peak, "MB", beside=f"{peak / least:.3f} of the least",
            reach="flat within 10 %", reached=peak / least <= 1.1)
        for seconds, peak in peaks.items()
    ]  # fmt: skip


if __name__ == "__main__":
    run(measure)
