"""What each family of the spectrum does, in numbers."""

import math

import cv2
import pytest
import torch
import torch.nn.functional as F

from tad.forgery import band, families, forge, moving_blob, psnr_db, uniform
from tad.forgery.frequency.band_attenuated import CENTRE

SEEDS = range(4)


def centre_of_band(shape, seed):
    """Relative to Nyquist, from the same draws."""
    generator = torch.Generator().manual_seed(seed)
    moving_blob(shape, generator)
    return 2 ** uniform(*(math.log2(limit) for limit in CENTRE), (), generator).item()


@pytest.mark.parametrize("name", families("frequency"))
def test_a_soft_region_of_every_frame_changes(name, clip):
    forged, mask = forge(name, clip, 1.0, 0)
    assert ((forged != clip).any(0) & (mask > 0.5)).any(2).any(1).all()
    assert 0.4 < (mask == 0).float().mean() < 0.9
    rim = (mask > 0) & (mask < 0.02)
    assert (forged - clip)[:, rim].abs().mean() < 0.02 < (forged - clip)[:, mask > 0.5].abs().mean()
    assert band(psnr_db(clip, forged, mask)) in ("extreme", "moderate", "subtle")
    assert band(psnr_db(clip, forge(name, clip, 0.02, 0)[0], mask)) == "invisible"


@pytest.mark.parametrize("seed", SEEDS)
def test_band_attenuated_weakens_waves_by_their_frequency(seed):
    shape = (3, 2, 160, 160)
    centre = centre_of_band(shape, seed)
    assert CENTRE[0] <= centre <= CENTRE[1]
    place = torch.arange(160.0)
    for octaves, gain in ((0.0, 1.0), (-0.5, 0.5), (0.5, 0.5), (1.0, 0.06), (-1.0, 0.06)):
        for angle in (0.0, math.pi / 2, 0.6):
            along = math.cos(angle) * place + math.sin(angle) * place[:, None]
            frequency = centre * 2**octaves  # Nyquist is half a cycle a pixel
            wave = (math.pi * frequency * along).sin().mul(0.5).expand(shape).contiguous()
            for strength in (0.5, 1.0):
                forged, mask = forge("band_attenuated", wave, strength, seed)
                kept = (forged * wave)[:, mask == 1].sum() / wave.square()[:, mask == 1].sum()
                assert kept == pytest.approx(1 - strength * gain, abs=0.08)


def test_band_attenuated_leaves_even_surfaces_alone():
    even = torch.full((3, 2, 48, 64), 0.4)
    torch.testing.assert_close(forge("band_attenuated", even, 1.0, 0)[0], even, atol=1e-5, rtol=0)


def test_band_attenuated_draws_bands_all_over_its_range():
    centres = [centre_of_band((3, 1, 8, 8), seed) for seed in range(40)]
    assert min(centres) < 0.15 and max(centres) > 0.5


@pytest.mark.parametrize("seed", range(6))
def test_upsampling_grid_repeats_and_has_zero_mean(seed):
    grey = torch.zeros(3, 2, 120, 120)
    forged, mask = forge("upsampling_grid", grey, 1.0, seed)
    torch.testing.assert_close(forged[0], forged[2])
    core = F.avg_pool2d((mask == 1).float(), 4, 4) == 1  # whole tiles of 4 x 4 px
    tiles = forged[0].unfold(1, 4, 4).unfold(2, 4, 4)[core]  # (N, 4, 4)
    assert len(tiles) > 20
    torch.testing.assert_close(tiles, tiles[:1].expand_as(tiles), atol=1e-6, rtol=0)
    assert abs(tiles[0].mean()) < 1e-6
    assert tiles[0].std(correction=0) == pytest.approx(0.7 * 0.02, rel=1e-3)  # the floor of contrast


def test_upsampling_grid_knows_both_periods():
    periods = set()
    for seed in range(8):
        forged, mask = forge("upsampling_grid", torch.zeros(3, 1, 64, 64), 1.0, seed)
        row = forged[0, 0][:, (mask[0] == 1).any(0)][(mask[0] == 1).any(1)]
        core = (mask[0] == 1)[:, (mask[0] == 1).any(0)][(mask[0] == 1).any(1)]
        same = (row[:, 2:] - row[:, :-2]).abs()[core[:, 2:] & core[:, :-2]].max() < 1e-6
        periods.add(2 if same else 4)
    assert periods == {2, 4}


@pytest.mark.parametrize("seed", SEEDS)
def test_upsampling_grid_follows_the_contrast(seed):
    clip = 0.06 * torch.randn((1, 2, 96, 96), generator=torch.Generator().manual_seed(seed)).repeat(3, 1, 1, 1)
    weak, strong = ((forge("upsampling_grid", video, 1.0, seed)[0] - video) for video in (clip, 2 * clip))
    core = forge("upsampling_grid", clip, 1.0, seed)[1] == 1
    torch.testing.assert_close(strong[:, core], 2 * weak[:, core], atol=1e-5, rtol=0)
    assert weak[:, core].std() == pytest.approx(0.7 * 0.06, rel=0.1)


def pasted_jpeg(frame, top, left):
    """Another library's quality 10 of a frame (3, H, W) in [-1, 1] behind so many rows and columns."""
    padded = F.pad(frame[None], (left, 0, top, 0), mode="replicate")[0]
    bgr = ((padded + 1) * 127.5).round().byte().permute(1, 2, 0).flip(2).numpy()
    coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 10])[1]
    decoded = torch.from_numpy(cv2.imdecode(coded, cv2.IMREAD_COLOR)).flip(2).permute(2, 0, 1)
    return (decoded[:, top:, left:] / 127.5 - 1).float()


@pytest.mark.parametrize("seed", SEEDS)
def test_jpeg_region_is_quality_10_on_a_grid_of_its_own(seed, texture):
    clip = texture((3, 1, 80, 96), seed)
    forged, mask = forge("jpeg_region", clip, 1.0, seed)
    core = mask[0] == 1
    error = {
        (top, left): (pasted_jpeg(clip[:, 0], top, left) - forged[:, 0])[:, core].abs().mean().item()
        for top in range(8)
        for left in range(8)
    }
    place = min(error, key=error.get)
    assert min(place) >= 1 and error[place] < 0.01
    assert sorted(error.values())[1] > 5 * error[place] + 0.01
    half = forge("jpeg_region", clip, 0.5, seed)[0]
    torch.testing.assert_close(half, (clip + forged) / 2, atol=1e-6, rtol=0)
