import math

import pytest
import torch

from tad.forgery import band, psnr_db


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
    with pytest.raises(ValueError, match=r"mask \(T, H, W\); got \(3, 2, 4, 4\), \(3, 2, 4, 4\) and \(4, 4\)"):
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
