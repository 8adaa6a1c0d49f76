"""Detectors whose every answer is known."""

import pytest
import torch
from torch import nn

from tad.model import EnhancedTimeSformer, create_model
from tad.scoring.detectors import Base

READ = (slice(None), slice(None), slice(2, 4), slice(8, 16), slice(16, 24))  # of (B, C, T, H, W): one tubelet
HERE = 1 * 16 + 1 * 4 + 2  # its number on a grid of cells of 2 frames x 8 x 8 px


class ReadsOneTubelet(nn.Module):
    """A network that sees one tubelet alone. Each tubelet has a channel of its embedded tensor, one channel is read."""

    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool3d((2, 8, 8))
        self.embedded = nn.Identity()

    def forward(self, video):
        energy = self.pool(video.square()).sum(1, keepdim=True)  # (B, 1, 2, 4, 4)
        own = torch.eye(32).reshape(32, 2, 4, 4)
        return self.embedded(energy * own)[:, HERE].sum((1, 2, 3))


class OneTubelet(Base):
    """Scores a clip by the contrast of one tubelet: every method must point at it."""

    name = "one_tubelet"

    def __init__(self):
        super().__init__()
        self.model, self.view = ReadsOneTubelet(), 32

    def score(self, clips):
        return self.model(clips)


class WithoutGradient(OneTubelet):
    """The same by way of NumPy, one clip at a time."""

    name = "without_gradient"
    score = Base.score

    def score_clip(self, clip):
        return torch.from_numpy(self.model(clip[None]).numpy())[0]


@pytest.fixture
def grid():
    """The cells of the clips here: tubelets of 2 frames x 8 x 8 px."""
    return (2, 4, 4)


@pytest.fixture
def place():
    """The number of the cell that is read, and where it lies."""
    return HERE, READ[2:]


@pytest.fixture
def one_tubelet():
    return OneTubelet()


@pytest.fixture
def without_gradient():
    return WithoutGradient()


@pytest.fixture
def checked(generator):
    """A clip (3, 4, 32, 32) of fine noise everywhere: blurring any part of it takes contrast from that part."""
    return torch.rand(3, 4, 32, 32, generator=generator) * 1.6 - 0.8


@pytest.fixture
def depth_three(small):
    """A network of three layers, so that the order of a product matters."""
    torch.manual_seed(3)
    model: EnhancedTimeSformer = create_model("tiny", **small | {"depth": 3}).eval()
    for block in model.blocks:  # attention as drawn is nearly uniform
        for axis in (block.time, block.space):
            axis.qkv.weight.data.mul_(12)
    return model
