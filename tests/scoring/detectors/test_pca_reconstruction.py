import numpy as np
import pytest
import torch

from tad.scoring import build
from tad.scoring.detectors.patches import luma
from tad.scoring.detectors.protocol import evenly


@pytest.fixture(scope="module")
def detector(reals):
    return build("pca_reconstruction", None).fit(reals)


def normalised(blocks):
    centred = blocks - blocks.mean(1, keepdims=True)
    contrast = np.sqrt((centred**2).mean(1) + 4)
    return centred / contrast[:, None], contrast


def test_blocks_are_cut_from_the_clip(detector, make_texture):
    clip = make_texture(4, frames=9)
    blocks = detector.blocks(clip)
    assert blocks.shape == (2, 11, 11, 256)
    assert torch.equal(blocks[1, 2, 5], luma(clip)[4:8, 8:16, 20:28].flatten())


def test_against_an_independent_decomposition(detector, reals, clean):
    samples = torch.cat([evenly(detector.samples(clip), 1024) for clip in reals]).double().numpy()
    blocks, contrast = normalised(samples)
    basis = np.linalg.svd(blocks, full_matrices=False)[2][:32]
    rest = lambda of: np.log(((of - of @ basis.T @ basis) ** 2).mean(1) + 1e-3)  # noqa: E731
    edges = np.quantile(contrast, np.arange(1, 8) / 8)
    left, of = rest(blocks), np.searchsorted(edges, contrast)
    asked, its_contrast = normalised(detector.samples(clean[0]).double().numpy())
    slow = []
    for e, b in zip(rest(asked), np.searchsorted(edges, its_contrast), strict=True):
        slow.append(abs(e - left[of == b].mean()) / max(left[of == b].std(), 0.05))
    assert detector.heat(clean[0]).flatten().tolist() == pytest.approx(slow, abs=2e-3)


def test_rough_smooth_and_frozen_patches_are_found(detector, rises, planted, box):
    assert rises(detector, "noise", "smooth", "frozen", "flicker")
    heat = detector.map(planted("smooth")[None])[0]
    assert heat[(slice(None), *box[2:])].mean() > 2 * heat.median()


def test_reals_without_any_contrast_can_be_fitted(detector):
    flat = [torch.zeros(3, 4, 16, 16)] * 3
    assert build("pca_reconstruction", None).fit(flat).score(torch.stack(flat)).isfinite().all()


def test_clips_that_are_too_small_are_refused(detector):
    with pytest.raises(ValueError, match="needs a clip of .* got \\(3, 16, 16\\)"):
        detector.score(torch.zeros(1, 3, 3, 16, 16))
