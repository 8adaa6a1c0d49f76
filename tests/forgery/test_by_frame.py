import pytest
import torch
from kornia.filters import gaussian_blur2d
from torch.nn import functional as F

from tad.forgery.by_frame import each_frame, highest_around


def test_one_frame_after_the_other_gives_what_all_at_once_give():
    frames = torch.rand(5, 3, 20, 31, generator=torch.Generator().manual_seed(0))
    blur = lambda some: gaussian_blur2d(some, 7, (1.5, 1.5))  # noqa: E731
    seen = []
    assert torch.equal(each_frame(lambda one: seen.append(one.shape) or blur(one), frames), blur(frames))
    assert seen == [(1, 3, 20, 31)] * 5


@pytest.mark.parametrize("reach", [0, 1, 2, 3, 5, 8])
@pytest.mark.parametrize("size", [(9, 12), (1, 7), (4, 4)])
def test_the_highest_around_a_pixel_against_pooling(reach, size):
    frames = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(reach))
    assert torch.equal(highest_around(frames, reach), F.max_pool2d(frames, 2 * reach + 1, 1, reach))
