"""The start page's commands, each run as it stands there, but for sizes: small videos, few clips, one process."""

import re
import shlex
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import torch
from test_help import commands

from tad.data import encode, project_root

ROOT = project_root()
SPLITS = ("train", "val", "val", "test", "test", "test")
NETWORK = (
    "--set frames 4 --set size 32 --set width 24 --set depth 2 --set heads 2 --set stem_width 8 --set flow_width 8"
)
FEW = "-p per_video 1 -p long_side 160 -p families"
SMALLER = {
    "train": f"--recipe smoke --epochs 1 --clips-per-epoch 4 --batch-size 2 --workers 0 --nodes 1 --devices 1 "
    f"--accelerator cpu --strategy auto --accumulate 1 {NETWORK}",
    "run 02_evaluate": f"{FEW} '[\"inversion\"]'",
    "run 03_generalization": f"{FEW} '[\"inversion\"]' -p strengths '[1.0]' -p manifest my/manifest.csv -p sheet ''",
    "forge": "--seconds 0.5",
}  # fmt: skip


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Somebody's folder: the project's notebooks and tests, videos, a manifest, and the files that the page shows."""
    folder = tmp_path_factory.mktemp("stranger")
    for name in ("data", "tests", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    for name in ("my", "footage/real", "footage/fake/swap"):
        (folder / name).mkdir(parents=True)
    rows = []
    for i, split in enumerate(SPLITS):
        texture = torch.rand(1, 3, 15, 21, generator=torch.Generator().manual_seed(i))
        texture = torch.nn.functional.interpolate(texture, (140, 210), mode="bicubic")[0].clamp(0, 1) * 255
        frames = [texture[:, 4:132, 2 * t : 2 * t + 160].to(torch.uint8) for t in range(20)]
        encode(folder / "my" / f"{i}.mp4", frames)
        rows.append({"path": f"{i}.mp4", "label": "real", "split": split, "group": f"g{i}"})
    pd.DataFrame(rows).to_csv(folder / "my" / "manifest.csv", index=False)
    shutil.copy(folder / "my" / "0.mp4", folder / "holiday.mp4")
    for i, place in enumerate(("real/a", "real/b", "fake/swap/c")):
        shutil.copy(folder / "my" / f"{i}.mp4", folder / "footage" / f"{place}.mp4")
    for page in ("README.md", "notebooks/README.md"):  # files that begin with their name
        for block in re.findall(
            r"^```python\n(# \S+\.py\n.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE
        ):
            (folder / block.split()[1]).write_text(block)
    return folder


def as_run_here(words: list[str]) -> list[str]:
    """The command in this environment, at sizes that fit a test: of options given twice the last one counts."""
    if words[0] == "pytest":
        return [sys.executable, "-m", *words, "-q", "-k", "darken"]
    launched = "torchrun" in words
    at = words.index("tad.cli" if launched else "tad") + 1
    given = ["my/manifest.csv" if word.startswith(("webvid/", "shards/")) else word for word in words[at:]]
    if "--val-data" in given:  # the small manifest holds its own validation rows
        del given[given.index("--val-data") : given.index("--val-data") + 2]
    more = next((text for key, text in SMALLER.items() if " ".join(given).startswith(key)), "")
    start = ["-m", "torch.distributed.run", "--nproc-per-node", "1"] if launched else []
    return [sys.executable, *start, "-m", "tad.cli", *given, *shlex.split(more)]


@pytest.mark.slow
def test_every_command_of_the_start_page_does_what_it_says(stranger):
    asked = [words for words in commands("notebooks/README.md") if not words[0].startswith("nbdiff")]  # of nbdime
    asked.sort(key=lambda words: "srun" in words)  # the fenced one, which goes on where another stopped, comes last
    for words in asked:
        if "train" in words and "--resume" not in words:
            shutil.rmtree(stranger / words[words.index("--output") + 1], ignore_errors=True)
        done = subprocess.run(as_run_here(words), cwd=stranger, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
    for name in ("reports/mine/02_evaluate.html", "reports/mine/03_generalization.html", "fake.json", "footage.csv"):
        assert (stranger / name).is_file(), name
    assert (stranger / "reports" / "card" / "training" / "model.safetensors").is_file()
    detectors = pd.read_csv(stranger / "reports" / "mine" / "detectors.csv")["detector"]
    assert {"midframe_mse", "unsteady"} <= set(detectors)
