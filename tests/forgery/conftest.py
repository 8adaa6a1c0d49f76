import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tad.forgery import get

# The face mesh of a frame of single_face.mp4 (see data/demo/ATTRIBUTION.md), its bounding box scaled to 0..1.
FACE = torch.from_numpy(np.load(Path(__file__).parent / "face_mesh.npy")).float()
NOSE = 1
SEED_OF_DONOR = 2


def moving_texture(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """A clip with coarse and fine coloured detail that drifts by two pixels a frame; values fill [-1, 1]."""
    channels, frames, height, width = shape
    generator = torch.Generator().manual_seed(seed)
    picture = 0
    for cells in (3, 6, 12, 24):
        noise = torch.randn((1, channels, cells, cells), generator=generator) / cells**0.5
        size = (height + 2 * frames, width + 2 * frames)
        picture = picture + F.interpolate(noise, size=size, mode="bicubic", align_corners=True)[0]
    clip = [picture[:, t : t + height, 2 * t : 2 * t + width] for t in range(frames)]
    return torch.stack(clip, 1).mul(1.5).sin().contiguous()  # (C, T, H, W)


def moving_faces(frames: int, height: int, width: int) -> torch.Tensor:
    """Landmarks (2, T, 468, 2) of a clip's face and a donor's, each of most of the frame, that drift, nod and turn."""
    size = torch.tensor([0.7, 0.85]) * min(height, width)
    time = torch.linspace(-1, 1, frames)[:, None]
    faces = []
    for tilt, pull in ((0.1, 0.0), (-0.15, 0.12)):
        face = FACE + torch.stack([torch.zeros(len(FACE)), pull * (FACE[:, 1] - FACE[NOSE, 1]).clamp(min=0)], 1)
        face = (face - 0.5) * size  # the donor's jaw hangs lower
        angle = tilt * (1 + time)
        x, y = face[:, 0] * angle.cos() - face[:, 1] * angle.sin(), face[:, 0] * angle.sin() + face[:, 1] * angle.cos()
        drift = torch.cat([0.05 * time, 0.03 * (math.pi * time).sin()], 1)[:, None] * min(height, width)
        faces.append(torch.stack([x, y], 2) + torch.tensor([width, height]) / 2 + drift)
    return torch.stack(faces)


@pytest.fixture(scope="session")
def clip():
    return moving_texture((3, 8, 48, 48), seed=1)


@pytest.fixture(scope="session")
def donor():
    return moving_texture((3, 8, 48, 48), SEED_OF_DONOR)


@pytest.fixture(scope="session")
def landmarks():
    """Of `clip` and of `donor`, (2, 8, 468, 2)."""
    return moving_faces(8, 48, 48)


@pytest.fixture(scope="session")
def faces():
    return moving_faces


@pytest.fixture(scope="session")
def inputs():
    """What a family is given beside a clip of that shape, as keyword arguments of `forge`."""

    def make(name: str, shape: tuple[int, ...] = (3, 8, 48, 48)) -> dict[str, torch.Tensor]:
        points = moving_faces(*shape[1:])[: 1 + ("donor" in get(name).needs)]
        return {"donor": moving_texture(shape, SEED_OF_DONOR), "landmarks": points}

    return make


@pytest.fixture(scope="session")
def texture():
    return moving_texture


@pytest.fixture(scope="session")
def coordinates():
    """A clip whose first two channels are each pixel's x and y, from which a warp can be read off."""

    def make(frames: int, size: int) -> torch.Tensor:
        axis = torch.linspace(-1, 1, size)
        plane = torch.stack([axis.expand(size, size), axis[:, None].expand(size, size), torch.zeros(size, size)])
        return plane[:, None].repeat(1, frames, 1, 1)

    return make


@pytest.fixture(scope="session")
def displacement_px():
    """(2, T, H, W) in pixels, from a forged clip of coordinates and the clip itself."""
    return lambda forged, clip: (forged - clip)[:2] * (clip.shape[-1] - 1) / 2
