import pytest
import torch

from tad.model import LocalBranch, peak
from tad.model.local_branch import EVIDENCE, box, evidence


def clip(seed=0, frames=6, height=40, width=48):
    return torch.rand(1, 3, frames, height, width, generator=torch.Generator().manual_seed(seed)) * 1.6 - 0.8


@pytest.mark.parametrize("side", [3, 9])
def test_a_box_is_the_mean_of_what_lies_inside(side):
    x, half = clip()[:, :1, :2, :12, :14], side // 2
    slow = torch.empty_like(x)
    for row in range(12):
        for column in range(14):
            window = x[..., max(0, row - half) : row + half + 1, max(0, column - half) : column + half + 1]
            slow[..., row, column] = window.mean(dim=(-1, -2))
    torch.testing.assert_close(box(x, side), slow)


def test_evidence_is_blind_to_exposure_and_to_a_grey_that_is_added():
    video = clip()
    seen = evidence(video)
    assert seen.shape == (1, EVIDENCE, 6, 40, 48) and seen.isfinite().all()
    lifted = evidence(video * 0.9 + 0.1)
    # relative to the local contrast nothing changed, but for the level that counts as none
    torch.testing.assert_close(lifted[:, :6], seen[:, :6], atol=0.02, rtol=0.02)


def test_evidence_of_a_still_grey_clip_is_nothing():
    assert evidence(torch.zeros(1, 3, 4, 20, 20)).abs().max() < 1e-6


def test_one_logit_for_each_place():
    net = LocalBranch((8, 8, 8), depth=1).eval()
    with torch.no_grad():
        assert net(clip()).shape == (1, 3, 5, 6)


def test_each_clip_of_a_batch_is_rated_as_if_alone():
    net, clips = LocalBranch((8, 8, 8), depth=1).eval(), torch.cat([clip(0), clip(1)])
    with torch.no_grad():
        torch.testing.assert_close(net(clips), torch.cat([net(clips[:1]), net(clips[1:])]))


@pytest.mark.parametrize("shape", [(3, 6, 40, 40), (1, 1, 6, 40, 40), (1, 3, 5, 40, 40), (1, 3, 2, 40, 40)])
def test_what_is_no_clip_is_refused(shape):
    with pytest.raises(ValueError, match=r"video must .*\(B, 3, T, H, W\).*; got"):
        LocalBranch((8, 8, 8), depth=1)(torch.zeros(shape))


def test_the_peak_is_the_mean_of_the_highest():
    logits = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    slow = torch.stack([row.flatten().sort(descending=True).values[:6].mean() for row in logits])
    torch.testing.assert_close(peak(logits, 0.1), slow)
    torch.testing.assert_close(peak(logits, 0.0), logits.flatten(1).max(1).values)
