"""What each temporal family does, in numbers."""

import pytest
import torch

from tad.forgery import band, families, forge, psnr_db

SEEDS = range(4)
WHOLE_FRAMES = {"dropped_frames"}
OF_MOTION = ("damped_motion", "delay", "dropped_frames", "freeze", "magnified_motion")


def ramp(frames, speed_px, size=96, slope=0.01):
    """Brightness that rises from left to right and moves to the right: from its values its position can be read off."""
    column = torch.arange(size) - size / 2 - speed_px * torch.arange(frames)[:, None]
    return (slope * column)[None, :, None].expand(3, frames, size, size).contiguous()


def lead_px(name, strength, clip, slope=0.01):
    """How far ahead the ramp is in the middle of the region, by frame; one number a frame, or it is not a shift."""
    forged, mask = forge(name, clip, strength, 0)
    lead = []
    for t in range(clip.shape[1]):
        shift = (clip - forged)[:, t, mask[t] == 1] / slope
        lead.append(shift.mean().item() if shift.numel() else 0.0)
        torch.testing.assert_close(shift, torch.full_like(shift, lead[t]), atol=1e-3, rtol=0)
    return lead


@pytest.mark.parametrize("name", set(families("temporal")) - WHOLE_FRAMES)
def test_from_plain_to_see_to_hardly_there(name, clip):
    visibility = []
    for strength in (0.02, 1.0):
        forged, mask = forge(name, clip, strength, 0)
        visibility.append(band(psnr_db(clip, forged, mask)))
    assert visibility[0] in ("subtle", "invisible") and visibility[1] in ("extreme", "moderate")


@pytest.mark.parametrize("name", OF_MOTION)
def test_where_nothing_moves_there_is_nothing_to_see(name, clip):
    still = clip[:, :1].expand_as(clip).contiguous()
    torch.testing.assert_close(forge(name, still, 1.0, 0)[0], still, atol=1e-5, rtol=0)


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("name", families("temporal"))
def test_clips_of_few_frames(name, frames, texture):
    clip = texture((3, frames, 24, 24), 0)
    weak, full = ((forge(name, clip, strength, 0)[0] - clip).abs().mean() for strength in (0.1, 1.0))
    assert full >= weak and (full > 0) == (frames > 1 or name == "flicker")


def test_flicker_adds_one_offset_a_frame():
    grey = torch.zeros(3, 64, 32, 32)
    forged, mask = forge("flicker", grey, 0.8, 0)
    offset = (forged / mask).where(mask > 0.1, torch.nan)[0]
    low, high = offset.flatten(1).nan_to_num(9).amin(1), offset.flatten(1).nan_to_num(-9).amax(1)
    torch.testing.assert_close(low, high)
    assert -0.4 <= low.min() < -0.3 and 0.3 < low.max() <= 0.4
    assert abs(torch.corrcoef(torch.stack([low[1:], low[:-1]]))[0, 1]) < 0.3


@pytest.mark.parametrize("seed", range(8))
def test_freeze_holds_one_frame_in_a_region_that_stays(seed, clip):
    forged, mask = forge("freeze", clip, 1.0, seed)
    (held,) = [t for t in range(8) if mask[t].max() == 0]
    assert held != 4 and torch.equal(forged[:, held], clip[:, held])
    core = mask[4] == 1
    for t in set(range(8)) - {held}:
        assert torch.equal(mask[t], mask[4])
        torch.testing.assert_close(forged[:, t, core], clip[:, held, core])
    half = forge("freeze", clip, 0.5, seed)[0]
    torch.testing.assert_close(half, (clip + forged) / 2)


def test_freeze_may_hold_any_frame_but_the_mid_frame(texture):
    clip = texture((3, 5, 16, 16), 0)
    held = {forge("freeze", clip, 1.0, seed)[1].flatten(1).amax(1).argmin().item() for seed in range(40)}
    assert held == {0, 1, 3, 4}


@pytest.mark.parametrize("seed", SEEDS)
def test_delay_shows_older_frames(seed, clip):
    for strength in (0.25, 0.375, 0.5, 1.0):
        forged, mask = forge("delay", clip, strength, seed)
        assert mask[0].max() == 0
        for t in range(1, 8):
            near, far = (clip[:, max(t - late, 0)] for late in (int(4 * strength), -int(-4 * strength // 1)))
            core = mask[t] == 1
            assert core.any()
            torch.testing.assert_close(forged[:, t, core], ((near + far) / 2)[:, core])


@pytest.mark.parametrize("frames", [5, 7, 8, 16])
def test_dropped_frames_show_the_one_before(frames, texture):
    clip = texture((3, frames, 16, 16), 0)
    every_second = {t for t in range(1, frames) if (t - frames // 2) % 2 == 0}
    before = set()
    for strength in (0.001, 0.2, 0.5, 0.8, 1.0):
        forged, mask = forge("dropped_frames", clip, strength, 1)
        lost = {t for t in range(1, frames) if torch.equal(forged[:, t], clip[:, t - 1])}
        assert mask.amin((1, 2)).tolist() == mask.amax((1, 2)).tolist() == [t in lost for t in range(frames)]
        assert all(torch.equal(forged[:, t], clip[:, t]) for t in set(range(frames)) - lost)
        assert before <= lost <= every_second and lost and abs(len(lost) - strength * len(every_second)) < 1
        before = lost
    assert before == every_second


@pytest.mark.parametrize("seed", SEEDS)
def test_colour_drift_goes_one_way_ever_further(seed):
    frames, grey = 24, torch.zeros(3, 24, 48, 48)
    forged, mask = forge("colour_drift", grey, 0.5, seed)
    shift = torch.stack([forged[:, t, mask[t] == 1].mean(1) for t in range(frames)], 1).nan_to_num()  # (3, T)
    spread = [forged[:, t, mask[t] == 1].std(1).max().item() for t in range(frames) if mask[t].any()]
    length = shift.norm(dim=0)
    started = length > 0
    assert max(spread) < 1e-6 and not started[0] and started[frames // 2]
    assert torch.equal(started, mask.flatten(1).amax(1) > 0)
    assert length[-1] == pytest.approx(0.35, abs=1e-4) and (length.diff() >= 0).all()
    assert length.diff().max() < 2.5 * 0.35 / frames  # gathers speed at most 1.5-fold, in at least 70 % of the time
    toward = torch.nn.functional.normalize(shift[:, started], dim=0)
    torch.testing.assert_close(toward, toward[:, -1:].expand_as(toward), atol=1e-3, rtol=0)


def test_colour_drift_differs_in_colour_and_start():
    grey = torch.zeros(3, 32, 24, 24)
    drifts = [forge("colour_drift", grey, 1.0, seed) for seed in range(16)]
    starts = [(mask.flatten(1).amax(1) > 0).float().argmax().item() for _, mask in drifts]
    assert 1 <= min(starts) <= 3 and 7 <= max(starts) <= 10  # of 31: 30 % is 9.3
    ends = torch.stack([forged[:, -1].flatten(1).mean(1) for forged, _ in drifts])
    assert (ends.amax(0) > 0.05).all() and (ends.amin(0) < -0.05).all()


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_damped_motion_takes_from_the_difference_from_the_past(strength, texture):
    clip = texture((3, 10, 24, 24), 0)
    forged, mask = forge("damped_motion", clip, strength, 0)
    assert mask[0].max() == 0
    for t in range(1, 10):
        past = sum(clip[:, max(s, 0)] for s in range(t - 7, t + 1)) / 8
        expected = past + (1 - strength * mask[t]) * (clip[:, t] - past)
        torch.testing.assert_close(forged[:, t], expected, atol=1e-5, rtol=0)


def test_damped_motion_lags_and_magnified_motion_leads():
    """The mean of the last 8 frames is 3.5 frames old: so much motion is taken away, or three times as much added."""
    clip = ramp(frames=12, speed_px=0.1)
    for strength in (0.5, 1.0):
        assert lead_px("damped_motion", strength, clip)[7:] == pytest.approx([-0.35 * strength] * 5, abs=0.002)
        assert lead_px("magnified_motion", strength, clip)[7:] == pytest.approx([1.05 * strength] * 5, abs=0.002)


def test_magnified_motion_knows_its_limit():
    clip = ramp(frames=12, speed_px=1.0)
    lead = lead_px("magnified_motion", 1.0, clip)
    assert lead[0] == 0 and lead == sorted(lead)
    assert lead[-1] == pytest.approx(2, abs=0.002)  # 2 % of 96 px, rounded up; without a limit it would be 10.5


def test_magnified_motion_makes_no_new_extremes(clip):
    forged, _ = forge("magnified_motion", clip, 1.0, 0)
    for t in range(8):
        for c in range(3):
            for y, x in ((10, 10), (24, 24), (20, 30), (47, 0)):
                around = clip[c, t, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]  # 2 % of 48 px, rounded up
                assert around.min() - 1e-6 <= forged[c, t, y, x] <= around.max() + 1e-6


def test_magnified_motion_leaves_noise_alone():
    noise = 0.1 * torch.randn((3, 9, 200, 200), generator=torch.Generator().manual_seed(0)).clamp(-5, 5)
    forged, mask = forge("magnified_motion", noise, 1.0, 0)
    assert (forged - noise)[:, mask == 1].std() < 0.6 * 0.1  # a gain of 3 on each pixel by itself: 2.8 times 0.1
