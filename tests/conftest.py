"""What the tests share: a small network, and one thread so that results do not depend on the machine."""

import pytest
import torch

from tad.model import create_model

torch.set_num_threads(1)

SMALL = {"frames": 4, "size": 32, "patch": 8, "width": 24, "depth": 2, "heads": 2, "stem_width": 8, "flow_width": 8}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def network():
    """A network that fits a test, with weights of its own seed."""
    torch.manual_seed(0)
    return create_model("tiny", **SMALL).eval()


@pytest.fixture
def video(generator):
    """A batch of two clips for it: (2, 3, 4, 32, 32) in [-1, 1]."""
    return torch.rand(2, 3, 4, 32, 32, generator=generator) * 2 - 1


@pytest.fixture(scope="session")
def moving_video(tmp_path_factory):
    """A file of 40 frames, 96 x 128 px, of a texture that moves by two pixels a frame."""
    from tad.data import encode

    texture = torch.rand(3, 14, 30, generator=torch.Generator().manual_seed(5))
    texture = torch.nn.functional.interpolate(texture[None], (112, 240), mode="bicubic")[0].clamp(0, 1) * 255
    frames = [texture[:, 8:104, 2 * i : 2 * i + 128].to(torch.uint8) for i in range(40)]
    return encode(tmp_path_factory.mktemp("video") / "moving.mp4", frames)
