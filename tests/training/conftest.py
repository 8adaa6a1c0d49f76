"""Tiny footage, a tiny network, and how they are told to the command line."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from tad.data import encode

NET = {"frames": 4, "size": 32, "patch": 8, "width": 24, "depth": 1, "heads": 2, "stem_width": 8, "flow_width": 8}
SET = [word for name, value in NET.items() for word in ("--set", name, str(value))]


def write_corpus(folder: Path, splits: tuple[str, ...], frames: int = 14) -> Path:
    """A manifest of tiny videos, each a group of its own."""
    rows = []
    for i, split in enumerate(splits):
        generator = torch.Generator().manual_seed(i)
        texture = torch.nn.functional.interpolate(torch.rand(1, 3, 9, 15, generator=generator), (72, 120))[0] * 255
        encode(folder / f"{i}.mp4", [texture[:, 4:68, 2 * t : 2 * t + 80].to(torch.uint8) for t in range(frames)])
        rows.append({"path": f"{i}.mp4", "label": "real", "split": split, "group": f"g{i}"})
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """A manifest of four tiny videos in four groups."""
    return write_corpus(tmp_path_factory.mktemp("corpus"), ("train", "train", "val", "test"))


@pytest.fixture(scope="session")
def larger_corpus(tmp_path_factory):
    """A manifest of eleven training videos and two for validation; one of the eleven is no video."""
    manifest = write_corpus(tmp_path_factory.mktemp("corpus"), ("train",) * 11 + ("val",) * 2)
    (manifest.parent / "4.mp4").write_text("no video")
    return manifest


@pytest.fixture(scope="session")
def tad_train():
    """A function: the command that trains the tiny network, as a list of words."""

    def words(manifest: Path, output: Path, *more: str, launcher: tuple[str, ...] = ()) -> list[str]:
        start = [sys.executable, *launcher, "-m", "tad.cli", "train", "--recipe", "smoke", "--preset", "tiny"]
        return [*start, "--data", str(manifest), "--output", str(output), "--accelerator", "cpu", *SET, *more]

    return words


@pytest.fixture(scope="session")
def run():
    """A function that runs a command to its end and returns what it left."""

    def done(words: list[str], status: int = 0) -> subprocess.CompletedProcess:
        process = subprocess.run(words, capture_output=True, text=True, timeout=300)
        assert process.returncode == status, process.stderr[-4000:]
        return process

    return done
