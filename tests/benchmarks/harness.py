"""What the benchmarks share: interleaved medians, peak memory, the machine, and one table for all.

Two ways of doing a thing are run in turn, so that a busy machine is as busy for the one as for the other, and what is
compared are medians. Beside the time on the clock stands the processor's, which others on the machine disturb less.
It is no test: nothing fails because a machine is slow.
"""

import argparse
import ctypes
import json
import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from tad.data import cover, decode, encode, project_root

FOLDER = project_root() / "reports" / "benchmarks"
COLUMNS = ("what", "measured", "unit", "beside", "reach", "reached")
PACKAGES = ("torch", "torchvision", "av", "opencv-python-headless", "transformers", "timesformer-pytorch", "torchcodec")
FPS = 25.0


@dataclass(frozen=True)
class Times:
    """Medians over the rounds, in s: on the clock, and of the processor, its children's included."""

    wall: float
    cpu: float


def processor_s() -> float:
    """Seconds that processors have worked for this process and the children it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def interleaved(ways: dict[str, Callable[[], object]], rounds: int = 3, warm: bool = True) -> dict[str, Times]:
    """Run each way once to warm up, then all in turn, `rounds` times."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for n in range(-warm, rounds):
        for name, do in ways.items():
            wall, cpu = time.perf_counter(), processor_s()
            do()
            took = time.perf_counter() - wall, processor_s() - cpu
            if n >= 0:
                found[name].append(took)
    return {name: Times(*map(statistics.median, zip(*times, strict=True))) for name, times in found.items()}


def peak_memory_mb(do: Callable[[], object]) -> float:
    """How far the memory of this process rises above where it stands (Linux)."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    before = _status_kb("VmRSS")
    do()
    return (_status_kb("VmHWM") - before) / 1024


def _status_kb(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def row(
    what: str, measured: float | str, unit: str, *, beside: str = "", reach: str = "", reached: bool | None = None
) -> dict:
    """A line of the table: a quantity, what it was held against, what is wanted and whether that was reached."""
    return dict(zip(COLUMNS, (what, measured, unit, beside, reach, reached), strict=True))


def ratio(what: str, ours: float, other: float, beside: str, least: float) -> dict:
    """How many times as fast as another way ours is, and the least that is wanted."""
    return row(what, other / ours, "times", beside=beside, reach=f"{least:g} times", reached=other / ours >= least)


def make_video(path: Path, seconds: float, height: int = 360, width: int = 640) -> Path:
    """Footage of the demo corpus, forward and backward again and again, so that no cut lies in it."""
    frames = [cover(frame, height, width) for _, frame in decode(project_root() / "data" / "demo" / "cup.mp4")]
    there_and_back = [*range(len(frames) - 1), *range(len(frames) - 1, 0, -1)]
    numbers = (there_and_back[i % len(there_and_back)] for i in range(round(seconds * FPS)))
    return encode(path, (frames[n] for n in numbers), FPS, crf=23)


def machine() -> dict:
    """Where and with what it was measured."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("model name", "flags"))]
    facts = dict(line.split(":", 1) for line in cpu)
    known = {key.strip(): value.split() for key, value in facts.items()}
    git = ["git", "-C", str(project_root()), "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip()
    return {
        "processor": " ".join(known.get("model name", [platform.processor()])),
        "cores": len(os.sched_getaffinity(0)),
        "bf16 in the processor": sorted({"avx512_bf16", "amx_bf16"} & set(known.get("flags", []))),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU here",
        "torch threads": torch.get_num_threads(),
        "load before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "commit": commit or "unknown",
        "date": time.strftime("%Y-%m-%d"),
        **{name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def markdown(rows: Iterable[dict]) -> str:
    """The rows as a table."""
    words = {True: "yes", False: "no", None: ""}
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    for line in rows:
        number = f"{line['measured']:.3g}" if isinstance(line["measured"], float) else str(line["measured"])
        shown = line | {"measured": number, "reached": words[line["reached"]]}
        lines.append(f"| {' | '.join(str(shown[column]) for column in COLUMNS)} |")
    return "\n".join(lines) + "\n"


def run(measure: Callable[[bool], list[dict]]) -> None:
    """The command line of one subject: print its table; with --json write the rows there too."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: shows that all runs, its numbers mean little"
    )
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    rows = measure(options.quick)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(markdown(rows))
