import pytest
import torch
from torch.nn import functional as F

from tad.scoring import build
from tad.scoring.detectors.second_difference import Acceleration


def test_against_a_loop(video):
    slow = []
    for clip in video:
        steps = [(clip[:, t + 1] - 2 * clip[:, t] + clip[:, t - 1]).abs().mean().item() for t in range(1, 3)]
        slow.append(sum(steps) / len(steps))
    assert Acceleration().score(video).tolist() == pytest.approx(slow, rel=1e-5)


def test_what_changes_evenly_does_not_accelerate():
    ramp = torch.linspace(-1, 1, 6).reshape(1, 1, 6, 1, 1).expand(1, 3, 6, 8, 8)
    assert Acceleration().score(ramp).item() == pytest.approx(0, abs=1e-6)


def test_rough_and_smooth_patches_in_time_are_found(reals, clean, make_texture, rises):
    detector = build("second_difference", None).fit(reals)
    assert rises(detector, "noise", "flicker", "burst")
    clip = make_texture(200)
    smoothed = F.avg_pool3d(clip[None], (3, 1, 1), 1, (1, 0, 0), count_include_pad=False)
    assert Acceleration().score(smoothed) < Acceleration().score(torch.stack(reals)).min()
    assert detector.score(smoothed) > detector.score(clean).max()
