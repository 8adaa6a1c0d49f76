"""What each local family does, in numbers."""

import pytest
import torch

from tad.forgery import band, families, forge, psnr_db

SEEDS = range(4)


def still(clip):
    """The clip's first frame, held."""
    return clip[:, :1].expand_as(clip).contiguous()


@pytest.mark.parametrize("name", families("local"))
def test_from_plain_to_see_to_hardly_there(name, clip, donor):
    visibility = []
    for strength in (0.02, 1.0):
        forged, mask = forge(name, clip, strength, 0, donor=donor)
        visibility.append(band(psnr_db(clip, forged, mask)))
    assert visibility[0] in ("subtle", "invisible") and visibility[1] in ("extreme", "moderate")


def test_splice_shows_the_donor(clip, donor):
    for strength in (0.25, 1.0):
        forged, mask = forge("splice", clip, strength, 0, donor=donor)
        core = (mask == 1).expand_as(clip)
        torch.testing.assert_close(forged[core], torch.lerp(clip, donor, strength)[core])


def test_flicker_adds_one_offset_a_frame():
    grey = torch.zeros(3, 64, 32, 32)
    forged, mask = forge("flicker", grey, 0.8, 0)
    offset = (forged / mask).where(mask > 0.1, torch.nan)[0]
    low, high = offset.flatten(1).nan_to_num(9).amin(1), offset.flatten(1).nan_to_num(-9).amax(1)
    torch.testing.assert_close(low, high)
    assert -0.4 <= low.min() < -0.3 and 0.3 < low.max() <= 0.4
    assert abs(torch.corrcoef(torch.stack([low[1:], low[:-1]]))[0, 1]) < 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_low_resolution_takes_the_detail_and_leaves_the_rest(seed, clip):
    even = torch.full_like(clip, 0.3)
    torch.testing.assert_close(forge("low_resolution", even, 1.0, seed)[0], even, atol=1e-5, rtol=0)
    detail = []
    core = forge("low_resolution", clip, 1.0, seed)[1] == 1
    for strength in (0.0, 1 / 3, 2 / 3, 1.0):
        forged, mask = forge("low_resolution", clip, strength, seed)
        detail.append(forged.diff(dim=-1).abs()[:, core[:, :, 1:] & core[:, :, :-1]].mean().item())
    assert detail == sorted(detail, reverse=True) and detail[-1] < 0.5 * detail[0]
    assert abs((forged - clip)[:, mask == 1].mean()) < 0.15


def test_low_resolution_keeps_nothing_finer_than_its_factor():
    stripes = torch.ones(3, 3, 64, 64)
    stripes[..., ::2] = -1  # gone once two pixels become one
    forged, mask = forge("low_resolution", stripes, 1 / 3, 0)
    assert forged[:, mask == 1].abs().max() < 0.1


def test_self_blend_is_one_change_for_the_whole_clip(clip):
    forged, mask = forge("self_blend", still(clip), 1.0, 0)
    core = (mask == 1).all(0)
    assert core.any()
    assert forged[:, :, core].std(1).max() < 1e-5


@pytest.mark.parametrize("seed", SEEDS)
def test_self_blend_shifts_colour_and_detail(seed):
    grey = torch.zeros(3, 2, 64, 64)
    forged, mask = forge("self_blend", grey, 1.0, seed)
    shift = forged[:, mask == 1]  # on grey, only the channels' offsets are left
    assert (shift.std(1) < 1e-5).all()
    assert (shift.mean(1).abs() > 19 / 255).all() and (shift.mean(1).abs() < 41 / 255).all()

    stripes = (torch.arange(200) * 2 * torch.pi / 8).sin().mul(0.3).expand(3, 2, 200, 200)
    forged, mask = forge("self_blend", stripes.contiguous(), 1.0, seed)
    ratio = forged[:, mask == 1].std() / stripes[:, mask == 1].std()
    assert not 0.8 < ratio < 1.1

    half, full = (forge("self_blend", grey, strength, seed)[0] for strength in (0.5, 1.0))
    torch.testing.assert_close(2 * half, full, atol=1e-5, rtol=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_self_blend_contrast_saturation_and_zoom(seed):
    """Each is measured on a picture that the others leave alone, or are known on."""
    column = torch.linspace(-0.5, 0.5, 200)

    def forged_core(row_of_pixels):  # (3, 200) -> (3, pixels) and their columns, inside the region
        clip = row_of_pixels[:, None, None].expand(3, 2, 200, 200).contiguous()
        forged, mask = forge("self_blend", clip, 1.0, seed)
        return forged[:, mask == 1], column.expand(2, 200, 200)[mask == 1]

    step, x = forged_core(column.sign().mul(0.4).expand(3, 200))  # two flat grey halves
    contrast = (step[0, x > 0.1].mean() - step[0, x < -0.1].mean()) / 0.8
    ramp, x = forged_core(column.expand(3, 200))
    slope = ((ramp[0] - ramp[0].mean()) * (x - x.mean())).sum() / (x - x.mean()).square().sum()
    grey, coloured = (
        forged_core(torch.tensor(c)[:, None].expand(3, 200))[0].mean(1) for c in ([0.0] * 3, [0.4, 0, -0.4])
    )
    saturation = (coloured - grey)[0].sub((coloured - grey)[2]) / 0.8 / contrast

    assert 0.05 <= abs(contrast - 1) <= 0.1
    assert 0.025 <= abs(contrast / slope - 1) <= 0.05  # a zoomed ramp is less steep
    assert 0.15 <= abs(saturation - 1) <= 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_self_blend_moves_a_little(seed, texture):
    """The shift that matches the region's middle best lies within the limits, and is not none."""
    grey = torch.nn.functional.avg_pool3d(texture((3, 1, 240, 240), seed).mean(0, True), (1, 5, 5), 1, (0, 2, 2))
    clip = grey.expand(3, 1, 240, 240).contiguous()
    forged, mask = forge("self_blend", clip, 1.0, seed)
    rows, columns = ((mask[0] == 1).nonzero().float().mean(0)).long().tolist()
    patch = forged[0, 0, rows - 12 : rows + 12, columns - 12 : columns + 12]
    match = {}
    for y in range(-14, 15):
        for x in range(-18, 19):
            there = clip[0, 0, rows - 12 + y : rows + 12 + y, columns - 12 + x : columns + 12 + x]
            match[y, x] = torch.corrcoef(torch.stack([patch.flatten(), there.flatten()]))[0, 1].item()
    y, x = max(match, key=match.get)
    assert match[y, x] > 0.95 > match[0, 0]
    # 1.5 % of the height, 3 % of the width, and what the zoom adds at this distance from the centre
    assert abs(y) <= 3.6 + 0.05 * abs(rows - 120) + 1 and abs(x) <= 7.2 + 0.05 * abs(columns - 120) + 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name, reach", [("static_warp", 0.08), ("jitter_warp", 0.05)])
def test_warps_reach_their_limit(name, reach, seed, coordinates, displacement_px):
    clip = coordinates(6, 96)
    for strength in (0.5, 1.0):
        forged, _ = forge(name, clip, strength, seed)
        move = displacement_px(forged, clip).norm(dim=0)
        assert move.max() == pytest.approx(strength * reach * 96, rel=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_static_warp_stays_and_jitter_warp_does_not(seed, coordinates, displacement_px):
    clip = coordinates(6, 96)
    agreement = {}
    for name in ("static_warp", "jitter_warp"):
        forged, mask = forge(name, clip, 1.0, seed)
        move = displacement_px(forged, clip)
        core = (mask > 0.8).all(0)
        direction = torch.nn.functional.normalize(move[:, :, core], dim=0)  # (2, T, N)
        agreement[name] = (direction[:, 1:] * direction[:, :-1]).sum(0).mean().item()
    assert agreement["static_warp"] > 0.98 and abs(agreement["jitter_warp"]) < 0.6


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["static_warp", "jitter_warp"])
def test_warps_do_not_fold(name, seed, coordinates, displacement_px):
    clip = coordinates(3, 96)
    forged, _ = forge(name, clip, 1.0, seed)
    x, y = displacement_px(forged, clip)  # (T, H, W)
    dx, dy = (torch.gradient(part, dim=(-1, -2)) for part in (x, y))
    determinant = (1 + dx[0]) * (1 + dy[1]) - dx[1] * dy[0]
    assert determinant.median() > 0.8 and (determinant > 0).float().mean() > 0.995
