import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from tad.scoring import build
from tad.scoring.detectors.patches import luma


def slow(network, clip):
    """Log error, log texture and log motion, patch by patch."""
    frames, mid, rows = luma(clip).double().numpy(), clip.shape[1] // 2, []
    error = ((network(clip[None])[0][0] - clip[:, mid]) ** 2).mean(0).double().numpy()
    dy, dx = np.gradient(frames[mid])
    for y in range(0, 48, 8):
        for x in range(0, 48, 8):
            here = (slice(y, y + 8), slice(x, x + 8))
            motion = [((frames[mid + d] - frames[mid]) ** 2)[here].mean() for d in (-1, 1)]
            rows.append([error[here].mean() + 1e-5, (dx**2 + dy**2)[here].mean() + 1, np.mean(motion) + 1])
    return np.log(rows)


def test_against_a_regression_of_its_own(known, reals, clean):
    detector = build("patch_error", known()).fit(reals)
    rows = np.concatenate([slow(known(), clip) for clip in reals])
    line, asked = LinearRegression().fit(rows[:, 1:], rows[:, 0]), slow(known(), clean[0])
    found = detector.heat(clean[0]).flatten()
    expected = asked[:, 0] - line.predict(asked[:, 1:])
    assert found.tolist() == pytest.approx(expected.tolist(), abs=2e-3)
    assert detector.score(clean[:1]).item() == pytest.approx(np.sort(expected)[-2:].mean(), abs=2e-3)  # 5 % of 36


def test_noise_is_found_and_pointed_at(known, reals, rises, planted, box):
    detector = build("patch_error", known()).fit(reals)
    assert rises(detector, "noise", "flicker")
    heat = detector.map(planted("noise")[None])[0]
    assert heat[[0, 1, 2, 4, 5]].abs().sum() == 0
    assert heat[3][box[2:]].mean() > heat[3].mean() + 0.5


def test_reals_that_stand_still_can_be_fitted(known):
    detector = build("patch_error", known()).fit([torch.zeros(3, 6, 48, 48)])
    assert detector.score(torch.rand(1, 3, 6, 48, 48)).isfinite().all()


def test_the_lower_tail_is_the_easiest_patches_of_the_same_fit(known, reals, clean):
    upper, lower = (build(name, known()).fit(reals) for name in ("patch_error", "patch_error_low"))
    z = upper.heat(clean[0])
    torch.testing.assert_close(lower.heat(clean[0]), -z)
    assert lower.score(clean[:1]).item() == pytest.approx(-z.flatten().sort().values[:2].mean().item())  # 5 % of 36


def test_what_is_too_easy_is_found_by_the_lower_tail_alone(known, reals, clean):
    upper, lower = (build(name, known()).fit(reals) for name in ("patch_error", "patch_error_low"))
    easy = clean[:1].clone()
    network = upper.model
    easy[:, :, easy.shape[2] // 2, 8:24, 8:24] = network(easy)[0][..., 8:24, 8:24]  # given back as it was drawn
    assert lower.score(easy) > lower.score(clean[:1])
