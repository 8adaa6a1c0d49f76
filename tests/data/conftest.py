"""Tiny videos whose content is known frame by frame."""

import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from tad.data import encode, read_manifest


def _texture(seed: int, height: int, width: int) -> torch.Tensor:
    coarse = torch.rand(1, 3, height // 8 + 1, width // 8 + 1, generator=torch.Generator().manual_seed(seed))
    smooth = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)[0]
    return (smooth.clamp(0, 1) * 255).to(torch.uint8)


@pytest.fixture(scope="session")
def moving():
    """A function: `count` uint8 frames (3, H, W) of a texture that moves by two pixels a frame."""

    def frames(count: int, seed: int = 0, height: int = 48, width: int = 64) -> list[torch.Tensor]:
        texture = _texture(seed, height, width + 2 * count)
        return [texture[:, :, 2 * i : 2 * i + width] for i in range(count)]

    return frames


@pytest.fixture(scope="session")
def ramp():
    """A function: `count` even grey frames, four levels brighter from one to the next: the level tells the frame."""

    def frames(count: int, side: int = 48) -> list[torch.Tensor]:
        return [torch.full((3, side, side), 16 + 4 * i, dtype=torch.uint8) for i in range(count)]

    return frames


@pytest.fixture(scope="session")
def write(tmp_path_factory):
    """A function that encodes frames into a file of its own folder."""
    return lambda frames, name="video.mp4", **how: encode(tmp_path_factory.mktemp("videos") / name, frames, **how)


@pytest.fixture(scope="session")
def moving_mp4(moving, write):
    """Forty frames of a moving texture, 48 x 64 px, at 25 frames a second."""
    return write(moving(40))


@pytest.fixture(scope="session")
def ramp_mp4(ramp, write):
    """Fifty frames of rising brightness, 48 x 48 px, at 25 frames a second."""
    return write(ramp(50))


@pytest.fixture
def manifest(tmp_path):
    """A function that writes rows as a manifest, with defaults for what a test does not care about, and reads it."""

    def make(*rows: dict) -> pd.DataFrame:
        defaults = {"label": "real", "split": "train", "dataset": "made"}
        table = pd.DataFrame([{**defaults, "group": f"group {i}", **row} for i, row in enumerate(rows)])
        table.to_csv(tmp_path / "manifest.csv", index=False)
        return read_manifest(tmp_path / "manifest.csv")

    return make
