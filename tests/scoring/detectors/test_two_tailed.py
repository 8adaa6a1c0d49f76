import numpy as np
import pytest
import torch

from tad.scoring.detectors import SRMResidual, two_tailed
from tad.scoring.detectors.protocol import Base


class Level(Base):
    """A clip's brightness."""

    name = "level"

    def score_clip(self, clip):
        return clip.mean()


def clips(levels):
    return [torch.full((3, 2, 4, 4), float(level)) for level in levels]


def slow(reals, score):
    """The rule, counted out."""
    share = sum((real < score) + 0.5 * (real == score) for real in reals) / len(reals)
    outside = max(min(reals) - score, score - max(reals), 0)
    return abs(2 * share - 1) + outside / np.subtract(*np.quantile(reals, [0.75, 0.25]))


def test_against_counting():
    reals = np.float32(np.random.default_rng(0).uniform(-0.5, 0.5, 21).round(1))  # with ties
    detector = two_tailed(Level()).fit(clips(reals))
    asked = np.float32([-0.9, -0.5, -0.31, 0, 0.1, 0.2, 0.5, 0.6])
    found = detector.score(torch.stack(clips(asked)))
    assert found.tolist() == pytest.approx([slow(reals.tolist(), s) for s in asked.tolist()], rel=1e-5, abs=1e-6)


def test_both_directions_are_suspect_and_the_middle_is_not():
    detector = two_tailed(Level()).fit(iter(clips(np.linspace(-0.2, 0.2, 9))))
    low, middle, high = detector.score(torch.stack(clips([-0.8, 0, 0.8]))).tolist()
    assert middle == 0 and low == pytest.approx(high) and low > 1
    assert (detector.name, detector.trained_on, detector.view) == ("level", "reals only", None)


def test_reals_that_are_all_alike_divide_by_nothing():
    found = two_tailed(Level()).fit(clips([0.1] * 5)).score(torch.stack(clips([0.1, 0.2])))
    assert found.isfinite().all() and found[0] == 0 < found[1]


def test_one_that_learns_is_fitted_first(reals, clean, planted):
    detector = two_tailed(SRMResidual())
    with pytest.raises(ValueError, match="passes twice over real clips.*got an iterator"):
        detector.fit(iter(reals))
    assert not detector.fitted
    detector.fit(reals)
    assert detector.inner.fitted and set(detector.state()) == {"reals", "inner.mean", "inner.whiten"}
    again = two_tailed(SRMResidual()).load(detector.state())
    assert again.fitted and torch.equal(again.score(clean[:2]), detector.score(clean[:2]))
    assert detector.score(planted("noise")[None]) > 1
