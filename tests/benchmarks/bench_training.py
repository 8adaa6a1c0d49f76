"""The data path and the training step."""

import time

import torch
from harness import interleaved, row, run
from torch.utils.data import DataLoader

from tad.data import EachOnce, TrainingClips, VideoFiles, read_manifest
from tad.model import create_model
from tad.training import RECIPES, Reconstruction

CLIPS, BATCH = 24, 4


def loader(data, workers: int) -> DataLoader:
    return DataLoader(data, BATCH, sampler=EachOnce(len(data), BATCH, seed=0), num_workers=workers)


def stepper(preset: str, recompute: bool = False):
    """Forward, backward and optimiser on a batch of clips."""
    module = Reconstruction(create_model(preset), RECIPES["full"])
    module.model.train().recompute = recompute
    optimizer = torch.optim.AdamW(module.parameters(), 1e-4)

    def once(clips):
        optimizer.zero_grad()
        module.losses(clips)["loss"].mean().backward()
        optimizer.step()

    return once


def waited(data, step, workers: int) -> float:
    """The share of an epoch's time that steps wait for data, from the second batch on: processes take time to start."""
    waiting = total = 0.0
    came = None
    for batch in loader(data, workers):
        here = time.perf_counter()
        if came is not None:
            waiting += here - came
            total += here - came
        step(batch["clip"])
        came = time.perf_counter()
        total += came - here
    return waiting / total


def measure(quick: bool) -> list[dict]:
    count, rounds = (8, 1) if quick else (CLIPS, 3)
    table = read_manifest("data/demo/manifest.csv").query("split == 'train'").reset_index(drop=True)
    files = VideoFiles(table.loc[[i % len(table) for i in range(count)]].reset_index(drop=True), 16, 112)
    memory = TrainingClips(table, 16, 112, count)
    step, lean, small = stepper("tiny"), stepper("tiny", recompute=True), stepper("small")
    clips, large = torch.rand(BATCH, 3, 16, 112, 112) * 2 - 1, torch.rand(1, 3, 16, 160, 160) * 2 - 1
    pairs = [(name, data, workers) for name, data in (("files", files), ("memory", memory)) for workers in (0, 2)]
    ways = {f"clips from {name}, {workers} workers": lambda data=data, workers=workers: list(loader(data, workers))
            for name, data, workers in pairs}  # fmt: skip
    counts = dict.fromkeys(ways, count)
    ways |= {
        "step, tiny": lambda: step(clips),
        "step, tiny --recompute": lambda: lean(clips),
        "step, small": lambda: small(large),
    }
    counts |= {"step, tiny": BATCH, "step, tiny --recompute": BATCH, "step, small": 1}
    times = interleaved(ways, rounds)
    rows = [row(name, counts[name] / time_.wall, "clips/s") for name, time_ in times.items()]
    for name, data in (("files", files), ("memory", memory)):
        share = waited(data, step, 2)
        rows.append(
            row(
                f"waiting for clips from {name}, 2 workers",
                share,
                "of the time",
                reach="under 0.05",
                reached=share < 0.05,
            )
        )
    return rows


if __name__ == "__main__":
    run(measure)
