"""Homogeneous texture that moves, what can be planted in it, and a network whose every answer is known."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from tad.scoring.detectors import supervised_cnn

BOX = (slice(None), slice(None), slice(12, 28), slice(20, 36))  # where things are planted, 16 x 16 px


def texture(seed, frames=6, size=48, grain=0.02):
    """A clip (3, T, size, size) of a blurred random texture that moves by a pixel a frame, with a camera's grain."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, (size + frames) // 3, (size + frames) // 3, generator=generator)
    wide = F.interpolate(coarse, (size + frames, size + frames), mode="bicubic")[0] * 1.2 - 0.6
    clip = torch.stack([wide[:, :size, t : t + size] for t in range(frames)], dim=1)
    return (clip + grain * torch.randn(clip.shape, generator=generator)).clamp(-1, 1)


def noise(clip):
    """A patch of noise that is new in each frame."""
    out = clip.clone()
    out[BOX] += 0.3 * torch.randn(out[BOX].shape, generator=torch.Generator().manual_seed(9))
    return out.clamp(-1, 1)


def smooth(clip):
    """A patch without fine detail."""
    out = clip.clone()
    out[BOX] = F.avg_pool2d(clip.transpose(0, 1), 5, 1, 2).transpose(0, 1)[BOX]
    return out


def frozen(clip):
    """A patch that stands still."""
    out = clip.clone()
    out[BOX] = clip[:, :1].expand_as(clip)[BOX]
    return out


def flicker(clip):
    """A patch that is bright in every other frame."""
    out = clip.clone()
    out[BOX][:, 1::2] += 0.4
    return out.clamp(-1, 1)


def burst(clip):
    """A patch of noise in the middle two of six frames."""
    out = clip.clone()
    out[:, 2:4] = noise(clip)[:, 2:4]
    return out


PLANTED = {"noise": noise, "smooth": smooth, "frozen": frozen, "flicker": flicker, "burst": burst}


class KnownNetwork:
    """Stands in for the network where the answers must be known: a frame is the mean of its neighbours.

    Its tokens are how much each 8 x 8 patch of two frames varies in space and in time. Its estimated flow is the
    texture's motion, its predicted flow that and a little of the picture, but within `BOX` `astray` px off.
    """

    config = SimpleNamespace(size=48, frames=6, tubelet=2, patch=8, depth=2)

    def __init__(self, astray=0.0):
        self.astray = astray

    def __call__(self, video):
        mid = video.shape[2] // 2
        return (video[:, :, mid - 1] + video[:, :, mid + 1]) / 2, None

    def features(self, video):
        pool = lambda x: (F.avg_pool3d(x.square().mean(1, keepdim=True), (1, 8, 8)) + 1e-4).log()  # noqa: E731
        fine = pool(video - F.avg_pool3d(video, (1, 3, 3), 1, (0, 1, 1), count_include_pad=False))
        tokens = torch.cat([fine[:, :, ::2], pool(video[:, :, 1::2] - video[:, :, ::2])], dim=1)
        flow = torch.zeros(len(video), 2, video.shape[2] - 1, *video.shape[-2:])
        flow[:, 0] = -1.0
        predicted = flow[:, :, 0] + 0.1 * video[:, :2, video.shape[2] // 2]
        predicted[:, 1][(slice(None), *BOX[2:])] += self.astray
        return {"block_0": tokens, "flow": flow, "flow_pred": predicted}

    def flow_estimator(self, video):
        flow = torch.zeros(len(video), 2, video.shape[2] - 1, *video.shape[-2:])
        flow[:, 0] = 1.0  # it is asked for the way back alone
        return [flow]


@pytest.fixture(scope="session", autouse=True)
def small_reference():
    """The supervised CNN at 32 px: at the paper's 112 it would take most of the time of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervised_cnn, "SIZE", 32)
        yield


@pytest.fixture(scope="session")
def reals():
    return [texture(seed) for seed in range(16)]


@pytest.fixture(scope="session")
def clean():
    """Ten real clips that no detector was fitted on."""
    return torch.stack([texture(100 + seed) for seed in range(10)])


@pytest.fixture(scope="session")
def rises(clean):
    """Asks whether a detector scores each of three clips higher, once something is planted, than all ten clean ones."""

    def ask(detector, *names):
        highest, clips = detector.score(clean).max(), [texture(200 + seed) for seed in range(3)]
        scores = {name: detector.score(torch.stack([PLANTED[name](clip) for clip in clips])) for name in names}
        return {name for name, found in scores.items() if (found > highest).all()} == set(names)

    return ask


@pytest.fixture(scope="session")
def known():
    return KnownNetwork


@pytest.fixture(scope="session")
def planted():
    return lambda name, seed=200: PLANTED[name](texture(seed))


@pytest.fixture(scope="session")
def box():
    return BOX


@pytest.fixture(scope="session")
def make_texture():
    return texture
