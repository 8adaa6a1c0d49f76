import logging
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from tad.forgery import band, jod, psnr_clip_db, psnr_db, ssim, visibility


def slow_psnr(clip, forged, mask):
    total, count = 0.0, 0
    for t in range(clip.shape[1]):
        for y in range(clip.shape[2]):
            for x in range(clip.shape[3]):
                if mask[t, y, x] > 0:
                    for c in range(clip.shape[0]):
                        total += (clip[c, t, y, x].item() - forged[c, t, y, x].item()) ** 2
                        count += 1
    return 20 * math.log10(2) - 10 * math.log10(total / count)


def test_psnr_agrees_with_a_plain_loop():
    generator = torch.Generator().manual_seed(0)
    clip, forged = (torch.rand((3, 2, 6, 7), generator=generator) * 2 - 1 for _ in range(2))
    mask = (torch.rand((2, 6, 7), generator=generator) - 0.5).clamp(min=0)
    assert psnr_db(clip, forged, mask) == pytest.approx(slow_psnr(clip, forged, mask), abs=1e-6)


@pytest.mark.parametrize("offset, expected", [(2.0, 0.0), (0.2, 20.0), (0.02, 40.0)])
def test_psnr_of_an_even_offset(offset, expected):
    clip = torch.full((3, 2, 4, 4), -1.0)
    assert psnr_db(clip, clip + offset, torch.ones(2, 4, 4)) == pytest.approx(expected, abs=1e-3)


def test_only_the_inside_of_the_mask_counts():
    clip, mask = torch.zeros(3, 2, 4, 4), torch.zeros(2, 4, 4)
    mask[0, 0, 0] = 0.01
    forged = clip.clone()
    forged[:, 0, 0, 0], forged[:, 1] = 0.2, 1.0
    assert psnr_db(clip, forged, mask) == pytest.approx(20, abs=1e-3)


def test_nothing_changed_is_infinite():
    clip = torch.zeros(3, 2, 4, 4)
    assert psnr_db(clip, clip, torch.ones(2, 4, 4)) == math.inf
    assert psnr_db(clip, clip, torch.zeros(2, 4, 4)) == math.inf


def test_psnr_refuses_shapes_that_do_not_belong_together():
    clip = torch.zeros(3, 2, 4, 4)
    with pytest.raises(ValueError, match=r"mask must be floating-point \(T, H, W\); got float32 \(4, 4\)"):
        psnr_db(clip, clip, torch.ones(4, 4))
    with pytest.raises(ValueError, match=r"got \(3, 2, 4, 4\), \(3, 1, 4, 4\)"):
        psnr_db(clip, clip[:, :1], torch.ones(2, 4, 4))


@pytest.mark.parametrize(
    "value, name",
    [
        (-5.0, "extreme"),
        (19.999, "extreme"),
        (20.0, "moderate"),
        (29.999, "moderate"),
        (30.0, "subtle"),
        (40.0, "subtle"),
        (40.001, "invisible"),
        (math.inf, "invisible"),
    ],
)
def test_bands(value, name):
    assert band(value) == name


def test_no_band_for_what_is_not_a_number():
    with pytest.raises(ValueError, match="got nan"):
        band(math.nan)


def test_psnr_of_the_clip_is_that_of_a_mask_without_a_rim(clip, donor):
    assert psnr_clip_db(clip, donor) == psnr_db(clip, donor, torch.ones(clip.shape[1:]))
    assert psnr_clip_db(clip, clip) == math.inf


def slow_ssim(clip, forged) -> np.ndarray:
    """(T, H, W), written from the paper, frame by frame."""
    maps = np.zeros(clip.shape[1:])
    blur = lambda image: gaussian_filter(image, sigma=1.5, radius=5, mode="mirror")  # noqa: E731
    for t in range(clip.shape[1]):
        x, y = ((np.tensordot([0.299, 0.587, 0.114], v[:, t].double().numpy(), 1) + 1) / 2 for v in (clip, forged))
        mean_x, mean_y = blur(x), blur(y)
        var_x, var_y, cov = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2, blur(x * y) - mean_x * mean_y
        contrast = (2 * cov + 0.03**2) / (var_x + var_y + 0.03**2)
        maps[t] = contrast * (2 * mean_x * mean_y + 0.01**2) / (mean_x**2 + mean_y**2 + 0.01**2)
    return maps


def test_ssim_agrees_with_the_formula(texture):
    clip, donor = texture((3, 2, 13, 17), 1), texture((3, 2, 13, 17), 2)
    forged, mask = torch.lerp(clip, donor, 0.3), torch.zeros(2, 13, 17)
    mask[0, :4, :4], mask[1, :3, 2:7] = 1.0, 0.01
    expected = slow_ssim(clip, forged)
    assert ssim(clip, forged) == pytest.approx(expected.mean(), abs=1e-5)
    assert ssim(clip, forged, mask) == pytest.approx(expected[mask.numpy() > 0].mean(), abs=1e-5)
    assert abs(expected[mask.numpy() > 0].mean() - expected.mean()) > 0.01


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_ssim_of_what_did_not_change_is_one(value):
    flat, mask = torch.full((3, 2, 8, 8), value), torch.zeros(2, 8, 8)
    assert ssim(flat, flat) == ssim(flat, -flat, mask) == 1


def test_jod_falls_as_distortion_grows_and_10_is_no_difference(clip):
    noise = torch.randn(clip.shape, generator=torch.Generator().manual_seed(0))
    scores = [jod(clip, clip + strength * noise, fps=25) for strength in (0.0, 0.02, 0.1, 1.0)]
    assert scores[0] == 10
    assert scores == sorted(scores, reverse=True) and scores[1] > 9.9 > 5 > scores[-1]


def test_jod_sees_what_wavers_better_than_what_stands_still(clip):
    patch = torch.zeros(clip.shape)
    patch[..., 16:32, 16:32] = 0.1
    wavering = patch * torch.tensor([1.0, -1.0]).repeat(4)[:, None, None]
    assert psnr_clip_db(clip, clip + patch) == pytest.approx(psnr_clip_db(clip, clip + wavering), abs=1e-4)
    assert jod(clip, clip + wavering, fps=10) < jod(clip, clip + patch, fps=10)


def test_jod_does_not_depend_on_what_was_scored_before(clip, texture):
    forged = (clip + 0.1).clamp(-1, 1)
    once = jod(clip, forged, fps=25)
    odd = texture((3, 5, 37, 50), 3)
    assert jod(odd, 0.8 * odd, fps=60) < 10
    assert jod(odd[:, :1], 0.8 * odd[:, :1], fps=60) < 10  # a single frame is scored as an image
    assert jod(clip, forged, fps=25) == once


def test_jod_adds_nothing_to_what_is_printed():
    code = """
import logging, sys, torch
from tad.forgery import jod
assert "pycvvdp" not in sys.modules
dark = torch.full((3, 4, 16, 16), -1.0)
assert jod(dark, dark, fps=25) == 10 and not logging.root.handlers
logging.warning("heard")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "WARNING:root:heard\n")


def test_jod_leaves_the_settings_of_logging_when_it_fails(clip, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("out of memory")

    jod(clip, clip, fps=25)
    monkeypatch.setattr("pycvvdp.cvvdp.predict", fail)
    before = logging.root.manager.disable, list(logging.root.handlers)
    with pytest.raises(RuntimeError, match="out of memory"):
        jod(clip, clip, fps=25)
    assert (logging.root.manager.disable, logging.root.handlers) == before


@pytest.mark.parametrize(
    "clip, fps, message",
    [
        (torch.zeros(3, 2, 8, 8), 0, "fps must be a number above 0; got 0"),
        (torch.zeros(3, 2, 8, 8), math.nan, "got nan"),
        (torch.zeros(3, 2, 5, 8), 25, r"at least 6 px a side; got \(5, 8\)"),
        (torch.zeros(1, 2, 8, 8), 25, r"\(3, T, H, W\); got float32 \(1, 2, 8, 8\)"),
        (torch.zeros(3, 0, 8, 8), 25, r"got float32 \(3, 0, 8, 8\)"),
        (torch.full((3, 2, 8, 8), math.nan), 25, "must be finite; got"),
    ],
)
def test_jod_refuses_what_it_cannot_score(clip, fps, message):
    with pytest.raises(ValueError, match=message):
        jod(clip, clip, fps)


def test_ssim_refuses_frames_smaller_than_half_its_window():
    clip = torch.zeros(3, 2, 8, 5)
    with pytest.raises(ValueError, match=r"at least 6 px a side; got \(8, 5\)"):
        ssim(clip, clip)


def test_every_scale_at_once(clip):
    forged, mask = clip.clone(), torch.zeros(clip.shape[1:])
    mask[:, 10:30, 10:30] = 1
    forged[:, mask > 0] *= 0.7
    scales = visibility(clip, forged, mask, fps=25)
    assert scales == {
        "psnr_db": psnr_db(clip, forged, mask), "psnr_clip_db": psnr_clip_db(clip, forged),
        "ssim": ssim(clip, forged, mask), "ssim_clip": pytest.approx(ssim(clip, forged)), "jod": jod(clip, forged, 25),
    }  # fmt: skip
    assert scales["psnr_db"] < scales["psnr_clip_db"] and scales["ssim"] < scales["ssim_clip"] and scales["jod"] < 9.9
    assert visibility(clip, forged, mask) == {name: scales[name] for name in list(scales)[:-1]}


def test_threads_do_not_disturb_each_others_jod(clip, donor):
    """Nor leave the log switched off."""
    pairs = [(clip, torch.lerp(clip, other, share)) for share in (0.05, 0.3) for other in (donor, -clip)] * 2
    alone = [jod(*pair, fps=25) for pair in pairs]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda pair: jod(*pair, fps=25), pairs))
    assert together == alone and len(set(alone)) == 4
    assert logging.root.manager.disable == 0 and logging.lastResort not in logging.root.handlers
