import pytest
import torch
import torch.nn.functional as F


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


@pytest.fixture(scope="session")
def clip():
    return moving_texture((3, 8, 48, 48), seed=1)


@pytest.fixture(scope="session")
def donor():
    return moving_texture((3, 8, 48, 48), seed=2)


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
