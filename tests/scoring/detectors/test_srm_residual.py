import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

from tad.scoring import build
from tad.scoring.detectors.patches import luma
from tad.scoring.detectors.srm_residual import kernels


@pytest.fixture(scope="module")
def detector(reals):
    return build("srm_residual", None).fit(reals)


def test_filters_pass_neither_level_nor_slope():
    y, x = torch.meshgrid(torch.arange(5.0), torch.arange(5.0), indexing="ij")
    for kernel in kernels()[:, 0]:
        assert kernel[2, 2] == -1
        for surface in (torch.ones(5, 5), x, y):
            assert (kernel * surface).sum().abs() < 1e-5


def test_features_of_a_patch_against_a_loop(detector, make_texture):
    clip = make_texture(3)
    frames, found = luma(clip).double().numpy(), detector.describe(clip)
    assert found.shape == (6, 3, 3, 12)
    here = (slice(16, 32), slice(32, 48))
    for k, kernel in enumerate(kernels()[:, 0].numpy()):
        now, then = (correlate(frames[t], kernel, mode="mirror")[here] for t in (2, 3))
        energy = (now**2).mean()
        shared = (now * then).mean() / ((energy * (then**2).mean()) ** 0.5 + 0.1)
        slow = [np.log(energy + 0.1), np.log((now**4).mean() / (energy**2 + 0.01) + 0.1), shared]
        assert found[2, 1, 2, k::4].tolist() == pytest.approx(slow, rel=1e-3, abs=1e-4)


def test_distances_are_mahalanobis_less_their_median(detector, reals, clean):
    fit = LedoitWolf().fit(torch.cat([detector.samples(clip) for clip in reals]).double().numpy())
    features = detector.samples(clean[0]).double().numpy()
    slow = np.array([mahalanobis(f, fit.location_, fit.precision_) for f in features]) / 12**0.5
    middle = np.sort(slow)[(len(slow) - 1) // 2]
    assert detector.heat(clean[0]).flatten().tolist() == pytest.approx((slow - middle).tolist(), abs=2e-3)


def test_rough_smooth_and_frozen_patches_are_found(detector, rises, planted, box):
    assert rises(detector, "noise", "smooth", "frozen", "flicker")
    heat = detector.map(planted("noise")[None])[0]
    assert heat[(slice(None), *box[2:])].mean() > heat.mean() + 1


def test_clips_that_are_too_small_are_refused(detector):
    with pytest.raises(ValueError, match="2 frames of 20 x 20 px; got \\(6, 16, 48\\)"):
        detector.score(torch.zeros(1, 3, 6, 16, 48))
