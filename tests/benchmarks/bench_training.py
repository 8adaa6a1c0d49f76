"""Speed of the data path and of the training step: `make bench` prints a table with ratios.

The figures belong to the machine they were taken on; the ratios are what to compare. It is no test: nothing here fails
because a machine is slow.
"""

import os
import time

import pandas as pd
import torch
from torch.utils.data import DataLoader

from tad.data import EachOnce, TrainingClips, VideoFiles, decode, read_manifest
from tad.model import create_model
from tad.training import RECIPES, Reconstruction

CLIPS = 24


def seconds(do) -> float:
    """The better of two runs."""
    times = []
    for _ in range(2):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return min(times)


def data_path(frames: int = 16, size: int = 112) -> list[dict]:
    """Clips per second that reach a batch, against a bare decoding of as many frames from the same files."""
    table = read_manifest("data/demo/manifest.csv").query("split == 'train'").reset_index(drop=True)
    table = table.loc[[i % len(table) for i in range(CLIPS)]].reset_index(drop=True)

    def bare():
        for row in table.itertuples():
            for n, _ in enumerate(decode(row.path, row.crop), start=1):
                if n == frames:
                    break

    def through(data, workers: int):
        loader = DataLoader(data, 4, sampler=EachOnce(len(data), 4, seed=0), num_workers=workers)
        return lambda: [batch["weight"].sum().item() for batch in loader]

    files, memory = VideoFiles(table, frames, size), TrainingClips(table.drop_duplicates("path"), frames, size, CLIPS)
    ways = {"plain PyAV, first 16 frames, no resizing": bare}
    ways |= {f"files, {w} workers": through(files, w) for w in (0, 2)}
    ways |= {f"memory, {w} workers": through(memory, w) for w in (0, 2)}
    rates = {name: CLIPS / seconds(do) for name, do in ways.items()}
    base = rates["files, 0 workers"]
    return [{"what": name, "clips per s": rate, "over files, 0 workers": rate / base} for name, rate in rates.items()]


def step(preset: str, batch: int, recompute: bool) -> float:
    """Clips per second of forward, backward and optimiser."""
    module = Reconstruction(create_model(preset), RECIPES["full"])
    module.model.train().recompute = recompute
    optimizer = torch.optim.AdamW(module.parameters(), 1e-4)
    config = module.model.config
    clips = torch.rand(batch, 3, config.frames, config.size, config.size) * 2 - 1

    def once():
        optimizer.zero_grad()
        module.losses(clips)["loss"].mean().backward()
        optimizer.step()

    return batch / seconds(once)


def training_step() -> list[dict]:
    """The step of the laptop's preset, plain and with gradient checkpointing, and of the next larger one."""
    rates = {
        f"step, tiny, batch {b}{' --recompute' * r}": step("tiny", b, r) for b, r in ((4, False), (4, True), (1, False))
    }
    rates["step, small, batch 1"] = step("small", 1, False)
    base = next(iter(rates.values()))
    return [{"what": name, "clips per s": rate, "over tiny, batch 4": rate / base} for name, rate in rates.items()]


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, torch {torch.__version__} with {torch.get_num_threads()} threads")
    for rows in (data_path(), training_step()):
        print(pd.DataFrame(rows).to_string(index=False, float_format="{:.2f}".format), end="\n\n")
