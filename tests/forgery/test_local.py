"""What each local family does, in numbers."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from tad.forgery import band, families, forge, moving_blob, psnr_db
from tad.forgery.local.poisson_blend import membrane

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
    plain = {"extreme", "moderate"}
    if name == "texture_smoothing":
        plain = {"subtle"}  # most of this clip's contrast is edges, which it keeps
    assert visibility[0] in ("subtle", "invisible") and visibility[1] in plain


def test_splice_shows_the_donor(clip, donor):
    for strength in (0.25, 1.0):
        forged, mask = forge("splice", clip, strength, 0, donor=donor)
        core = (mask == 1).expand_as(clip)
        torch.testing.assert_close(forged[core], torch.lerp(clip, donor, strength)[core])


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
@pytest.mark.parametrize("name, reach", [("static_warp", 0.08), ("smooth_warp", 0.08), ("jitter_warp", 0.05)])
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
@pytest.mark.parametrize("name", ["static_warp", "smooth_warp", "jitter_warp"])
def test_warps_do_not_fold(name, seed, coordinates, displacement_px):
    clip = coordinates(3, 96)
    forged, _ = forge(name, clip, 1.0, seed)
    x, y = displacement_px(forged, clip)  # (T, H, W)
    dx, dy = (torch.gradient(part, dim=(-1, -2)) for part in (x, y))
    determinant = (1 + dx[0]) * (1 + dy[1]) - dx[1] * dy[0]
    assert determinant.median() > 0.8 and (determinant > 0).float().mean() > 0.995


@pytest.mark.parametrize("seed", SEEDS)
def test_smooth_warp_turns_into_another_field(seed, coordinates, displacement_px):
    clip = coordinates(9, 96)
    forged, mask = forge("smooth_warp", clip, 1.0, seed)
    move = displacement_px(forged, clip)[:, :, (mask > 0.8).all(0)]  # (2, T, N)
    size = move.square().mean((0, 2)).sqrt()  # (T,)
    step = move.diff(dim=1).square().mean((0, 2)).sqrt()
    assert 0.03 * size.max() < step.min() and step.max() < 0.35 * size.max()
    assert (move[:, -1] - move[:, 0]).square().mean().sqrt() > 0.3 * size.mean()
    assert move.diff(n=2, dim=1).norm() < 0.5 * move.diff(dim=1).norm()  # it neither trembles nor jumps


def test_self_blend_scales_down_or_sharpens():
    stripes = torch.full((3, 2, 96, 96), 0.2)
    stripes[..., ::2] = -0.2  # gone once two pixels become one
    left = []
    for seed in range(12):
        forged, mask = forge("self_blend", stripes, 1.0, seed)
        core = forged.diff(dim=-1).abs()[:, mask[..., 1:] > 0.999]
        left.append(core.mean().item() / 0.4)
    gone, kept = [ratio for ratio in left if ratio < 0.1], [ratio for ratio in left if ratio > 0.3]
    assert len(gone) + len(kept) == 12 and min(len(gone), len(kept)) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_self_blend_bends_the_mask(seed):
    bent = forge("self_blend", torch.zeros(3, 4, 96, 96), 0.5, seed)[1]
    blob = moving_blob(bent[None].shape, torch.Generator().manual_seed(seed))
    union, common = torch.maximum(bent, blob).sum(), torch.minimum(bent, blob).sum()
    assert 0.7 < common / union < 0.98
    assert torch.equal(bent, forge("self_blend", torch.zeros(3, 4, 96, 96), 1.0, seed)[1])


def solved(values, inside):
    """Laplace's equation by a sparse direct solver: in each pixel inside, the mean of its neighbours in the frame."""
    height, width = inside.shape
    number = np.cumsum(inside).reshape(inside.shape) - 1
    entries, known = [], np.zeros(inside.sum())
    for y, x in zip(*np.nonzero(inside), strict=True):
        near = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        near = [(v, u) for v, u in near if 0 <= v < height and 0 <= u < width]
        entries.append((len(near), number[y, x], number[y, x]))
        for place in near:
            if inside[place]:
                entries.append((-1, number[y, x], number[place]))
            else:
                known[number[y, x]] += values[place]
    weights, rows, columns = zip(*entries, strict=True)
    surface = values.copy()
    surface[inside] = spsolve(coo_array((np.array(weights, float), (rows, columns))).tocsc(), known)
    return surface


@pytest.mark.parametrize("size", [(48, 48), (90, 121)])
@pytest.mark.parametrize("seed", SEEDS)
def test_membrane_is_near_the_direct_solution(seed, size, texture):
    clip, donor = texture((3, 1, *size), seed), texture((3, 1, *size), seed + 10)
    values = (clip - donor).transpose(0, 1)
    inside = moving_blob(clip.shape, torch.Generator().manual_seed(seed), feather=0.2)[None] > 0
    filled = membrane(values.where(~inside, 9), inside)  # what was inside must not matter
    assert torch.equal(filled.where(~inside, 0), values.where(~inside, 0))
    wanted = torch.from_numpy(np.stack([solved(plane.double().numpy(), inside[0, 0].numpy()) for plane in values[0]]))
    error = (filled[0] - wanted)[:, inside[0, 0]]
    assert error.square().mean().sqrt() < 0.08 * wanted[:, inside[0, 0]].square().mean().sqrt()
    again = membrane(values.where(~inside, 9), inside, sweeps=200)[0] - wanted
    assert again.abs().max() < 0.02


def laplacian(clip):
    across, down = clip[..., 1:-1, :], clip[..., 1:-1]
    return across[..., :-2] + across[..., 2:] + down[..., :-2, :] + down[..., 2:, :] - 4 * clip[..., 1:-1, 1:-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_poisson_blend_takes_the_donors_gradients_and_the_clips_colours(seed, clip, donor):
    offset = torch.tensor([0.3, -0.2, 0.1])[:, None, None, None]
    back = forge("poisson_blend", 0.6 * clip, 1.0, seed, donor=0.6 * clip + offset)[0]
    torch.testing.assert_close(back, 0.6 * clip, atol=1e-4, rtol=0)

    clip, donor = 0.3 * clip, 0.3 * donor
    forged, mask = forge("poisson_blend", clip, 1.0, seed, donor=donor)
    core = -F.max_pool2d(-mask, 3, 1) == 1  # with all of its neighbours
    bends = [laplacian(video)[:, core].flatten() for video in (forged, donor, clip)]
    correlation = torch.corrcoef(torch.stack(bends))[0]
    assert correlation[1] > 0.99 and abs(correlation[2]) < 0.3


def test_texture_smoothing_takes_texture_and_leaves_edges():
    noise = torch.randn((1, 1, 120, 120), generator=torch.Generator().manual_seed(1))
    for deviation, low, high in ((0.05, 0.05, 0.2), (0.15, 0.7, 0.9)):  # in [0, 1]
        texture = (2 * deviation * noise).clamp(-1, 1).repeat(3, 2, 1, 1)
        forged, mask = forge("texture_smoothing", texture, 1.0, 0)
        assert low < forged[:, mask == 1].std() / texture[:, mask == 1].std() < high
    edge = torch.linspace(-1, 1, 120).sign().mul(0.5).expand(3, 2, 120, 120).contiguous()
    forged, mask = forge("texture_smoothing", edge, 1.0, 0)
    assert (mask == 1).any(1).sum(1).min() > 10  # columns on both sides
    change = (forged - edge).abs()[:, mask == 1]
    assert change.mean() < 0.03
    half = forge("texture_smoothing", edge, 0.5, 0)[0]
    torch.testing.assert_close(half, (forged + edge) / 2, atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_local_noise_has_its_level_and_its_grain(seed):
    grey = torch.zeros(3, 6, 96, 96)
    forged, mask = forge("local_noise", grey, 1.0, seed)
    assert psnr_db(grey, forged, mask) == pytest.approx(24, abs=0.5)
    core = mask == 1
    assert forged[:, core].std() == pytest.approx(0.16, rel=0.05)
    for lag in (1, 2, 4):
        both = core[..., lag:] & core[..., :-lag]
        pair = torch.stack([forged[..., lag:][:, both].flatten(), forged[..., :-lag][:, both].flatten()])
        assert torch.corrcoef(pair)[0, 1] == pytest.approx(math.exp(-((lag / 1.5) ** 2)), abs=0.07)
    still_core = core.all(0)
    planes = forged[:, :, still_core].flatten(0, 1)  # one row a channel and frame
    others = torch.corrcoef(planes) - torch.eye(len(planes))
    assert others.abs().mean() < 0.15
    torch.testing.assert_close(forge("local_noise", grey, 0.5, seed)[0] * 2, forged)


@pytest.mark.parametrize("seed", SEEDS)
def test_boundary_is_a_ring(seed):
    grey = torch.zeros(3, 3, 96, 96)
    forged, ring = forge("boundary", grey, 1.0, seed)
    blob = moving_blob(grey.shape, torch.Generator().manual_seed(seed))
    assert ring[blob == 1].max() == 0 and (blob == 1).sum() > 100
    assert ring[(blob > 0.45) & (blob < 0.55)].min() > 0.98
    shift = forged[:, ring > 0.999].abs().mean(1)
    assert (shift > 15 / 255).all() and (shift < 32.1 / 255).all()

    stripes = (torch.arange(96) % 4 < 2).float().sub(0.5).expand(3, 3, 96, 96).contiguous()
    forged, ring = forge("boundary", stripes, 1.0, seed)
    rest = (forged - grey - forge("boundary", grey, 1.0, seed)[0])[:, ring > 0.98]
    assert rest.std() < 0.35 * stripes[:, ring > 0.98].std()
