import cv2
import numpy as np
import pytest
import torch

from tad.scoring import build
from tad.scoring.detectors.interpolation_residual import residuals
from tad.scoring.detectors.patches import luma


def test_patches_against_a_loop(make_texture):
    frames = luma(make_texture(0))
    error = residuals(frames.numpy())
    heat = build("interpolation_residual", None).heat(make_texture(0))
    assert error.shape == (4, 48, 48) and heat.shape == (4, 6, 6)
    for t, i, j in ((0, 0, 0), (1, 2, 3), (3, 5, 5)):
        here = (slice(8 * i, 8 * i + 8), slice(8 * j, 8 * j + 8))
        dy, dx = np.gradient(frames[t + 1].numpy())
        contrast = (dx**2 + dy**2 + 16)[here].mean()
        assert heat[t, i, j].item() == pytest.approx(((error[t][here] ** 2).mean() / contrast) ** 0.5, rel=1e-4)


def test_motion_is_undone_and_stillness_leaves_nothing(make_texture):
    frames = luma(make_texture(1, size=64, grain=0.0)).numpy()
    plain = frames[1:-1] - (frames[:-2] + frames[2:]) / 2
    inner = (slice(None), slice(8, -8), slice(8, -8))
    assert np.abs(residuals(frames)[inner]).mean() < 0.3 * np.abs(plain[inner]).mean()
    assert np.abs(residuals(np.repeat(frames[:1], 4, axis=0))).mean() < 0.5  # levels: flow in 32nds of a pixel


def test_large_frames_are_compared_at_their_own_size():
    assert residuals(np.zeros((3, 330, 400), np.float32)).shape == (1, 330, 400)


def test_noise_and_flicker_are_found(rises, planted, box):
    detector = build("interpolation_residual", None)
    assert rises(detector, "noise", "flicker", "burst")
    heat = detector.map(planted("noise")[None])[0, 1:-1]
    assert heat[(slice(None), *box[2:])].mean() > 3 * heat.median()


def test_two_frames_are_refused():
    with pytest.raises(ValueError, match="a frame between two others; got 2 frames"):
        build("interpolation_residual", None).score(torch.zeros(1, 3, 2, 16, 16))


@pytest.mark.parametrize("size", [(2, 2), (8, 40), (9, 300), (20, 320), (40, 8), (900, 40), (33, 1921)])
def test_frames_of_any_shape_leave_finite_numbers(size):
    """Dense inverse search crashes on narrow frames; they are widened before."""
    frames = np.random.default_rng(0).uniform(0, 255, (3, *size)).astype(np.float32)
    left = residuals(frames)
    assert left.shape == (1, *size) and np.isfinite(left).all()


def test_the_number_of_threads_does_not_matter(make_texture):
    frames = luma(make_texture(1, size=160)).numpy()
    before, found = cv2.getNumThreads(), []
    try:
        for threads in (1, 2, 5):
            cv2.setNumThreads(threads)
            found.append(residuals(frames))
    finally:
        cv2.setNumThreads(before)
    assert (found[0] == found[1]).all() and (found[0] == found[2]).all()
