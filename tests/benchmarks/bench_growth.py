"""How cost grows: clips a second of `tiny` against batch, frames, resolution and workers, beside the expected law."""

import os

import matplotlib
import matplotlib.pyplot as plt
import torch
from harness import FOLDER, interleaved, row, run
from operations import model_flops

from tad.experiment.parallel import in_order, one_core_each
from tad.model import create_model

matplotlib.use("Agg")
CORES = len(os.sched_getaffinity(0))


def clips_a_second(net, batch: int, frames: int, size: int, rounds: int) -> float:
    clips = torch.rand(batch, 3, frames, size, size) * 2 - 1
    with one_core_each(), torch.inference_mode():
        return batch / interleaved({"net": lambda: net(clips)}, rounds)["net"].wall


def law(net, frames: int, size: int) -> float:
    """Clips a second for ever so many operations a second: one over the operations of a clip."""
    with torch.no_grad():
        return 1 / model_flops(lambda: net(torch.zeros(1, 3, frames, size, size)))


def by_workers(net, workers: int, rounds: int) -> float:
    clip = torch.rand(1, 3, 16, 112, 112) * 2 - 1
    count = 4 * workers

    def all_clips():
        with torch.inference_mode():
            list(in_order(lambda _: forward(net, clip), range(count), workers))

    return count / interleaved({"net": all_clips}, rounds)["net"].wall


@torch.inference_mode()
def forward(net, clip) -> None:
    net(clip)


def sweeps(quick: bool) -> dict[str, tuple[list[int], list[float], list[float], str]]:
    """By what is varied: its values, clips a second, what the law makes of the first of them, the law in words."""
    net, rounds = create_model("tiny").eval(), 1 if quick else 3
    few = slice(None, 2) if quick else slice(None)
    batches, lengths, sizes, workers = [1, 2, 4, 8][few], [4, 8, 16, 32][few], [64, 112, 160, 224][few], [1, 2, 4][few]
    found = {
        "batch, clips": (batches, [clips_a_second(net, b, 16, 112, rounds) for b in batches], [1.0] * 4, "constant"),
        "frames": (lengths, [clips_a_second(net, 1, t, 112, rounds) for t in lengths],
                   [law(net, t, 112) for t in lengths], "1 / operations, about 1 / T"),
        "side, px": (sizes, [clips_a_second(net, 1, 16, s, rounds) for s in sizes], [law(net, 16, s) for s in sizes],
                     "1 / operations, about 1 / side²"),
        "workers": (workers, [by_workers(net, w, rounds) for w in workers], [float(min(w, CORES)) for w in workers],
                    f"workers, up to {CORES} cores"),
    }  # fmt: skip
    return {name: (x, y, [y[0] * e / expected[0] for e in expected[: len(x)]], words)
            for name, (x, y, expected, words) in found.items()}  # fmt: skip


def draw(found: dict) -> None:
    figure, axes = plt.subplots(1, 4, figsize=(15, 3.6), sharey=True, constrained_layout=True)
    for axis, (name, (x, y, expected, words)) in zip(axes, found.items(), strict=True):
        axis.plot(x, expected, "--", color="0.5", label=words)
        axis.plot(x, y, "o-", label="measured")
        axis.set(xscale="log", yscale="log", xlabel=name, xticks=x, xticklabels=x)
        axis.xaxis.set_minor_locator(plt.NullLocator())
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter("{x:g}")
        axis.legend()
    axes[0].set_ylabel("clips/s")
    FOLDER.mkdir(parents=True, exist_ok=True)
    figure.savefig(FOLDER / "growth.png", dpi=120)


def measure(quick: bool) -> list[dict]:
    found = sweeps(quick)
    draw(found)
    return [
        row(f"tiny, {name}: {at}", rate, "clips/s", beside=f"law: {wanted:.3g}")
        for name, (x, y, expected, _) in found.items()
        for at, rate, wanted in zip(x, y, expected, strict=True)
    ]


if __name__ == "__main__":
    run(measure)
