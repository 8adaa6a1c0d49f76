"""What each face family does, in numbers, and the geometry behind them."""

import cmath
import itertools

import numpy as np
import pytest
import torch
from scipy.spatial import Delaunay

from tad.forgery import band, families, forge, psnr_db
from tad.forgery.face.mesh import LIPS, STABLE, face_px, hull, match_colour, mesh_map, similarity_map, soft_mask

SIZE = (96, 128)
SEEDS = range(4)


def picture(places):
    """A smooth coloured picture at places (T, H, W, 2) in px: (3, T, H, W)."""
    x, y = places.unbind(-1)
    return torch.stack([(x / 9).sin(), (y / 7).cos(), ((x + y) / 11).sin()]) * 0.6


def centres(frames, size=SIZE):
    y, x = torch.meshgrid(*(torch.arange(side) + 0.5 for side in size), indexing="ij")
    return torch.stack([x, y], -1).expand(frames, *size, 2)


@pytest.fixture(scope="module")
def points(faces):
    """Of a clip's face and a donor's in 96 x 128 px, (2, 4, 468, 2)."""
    return faces(4, *SIZE)


def random_mesh(count, seed):
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand((1, count, 2), generator=generator) * torch.tensor([20.0, 14.0]) + 1
    return points, points + torch.randn((1, count, 2), generator=generator)


# Geometry


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mesh_is_warped_triangle_by_triangle(seed):
    points, source = random_mesh(9, seed)
    place = mesh_map(points, source, (16, 24))[0]
    triangles, inside = Delaunay(points[0].numpy()).simplices, 0
    for row in range(16):
        for column in range(24):
            pixel, wanted = np.array([column + 0.5, row + 0.5]), np.array([column + 0.5, row + 0.5])
            for corners in triangles:
                a, b, c = points[0, corners].double().numpy()
                u, v = np.linalg.solve(np.stack([b - a, c - a], 1), pixel - a)
                if u >= 0 and v >= 0 and u + v <= 1:
                    wanted = np.array([1 - u - v, u, v]) @ source[0, corners].double().numpy()
                    inside += 1
            assert place[row, column].tolist() == pytest.approx(wanted.tolist(), abs=1e-3)
    assert inside > 25


def test_a_mesh_may_lie_outside_the_frame():
    points, source = random_mesh(9, 0)
    whole = mesh_map(points, source, (16, 24))
    for x, y in ((-8, -5), (10, 6)):
        cut = mesh_map(points + torch.tensor([x, y]), source, (16, 24))[0]
        there = whole[0].roll((y, x), (0, 1))
        rows, columns = slice(max(y, 0), 16 + min(y, 0)), slice(max(x, 0), 24 + min(x, 0))
        inside = (whole != centres(1, (16, 24))).any(-1)[0].roll((y, x), (0, 1))[rows, columns]
        assert inside.sum() > 20
        torch.testing.assert_close(cut[rows, columns][inside], there[rows, columns][inside], atol=1e-3, rtol=0)
    for x in (-50, 50):
        assert torch.equal(mesh_map(points + x, source, (16, 24)), centres(1, (16, 24)))


def test_a_similarity_is_found_from_points_that_disagree():
    generator = torch.Generator().manual_seed(0)
    points = torch.rand((2, 200, 2), generator=generator) * 20
    zoom, shift = cmath.rect(1.3, 0.4), complex(3, -2)
    moved = torch.view_as_real(torch.view_as_complex(points) * zoom + shift)
    noisy = moved + 0.3 * torch.randn(moved.shape, generator=generator)
    wanted = torch.view_as_real(torch.view_as_complex(centres(2, (9, 12)).contiguous()) * zoom + shift)
    torch.testing.assert_close(similarity_map(points, moved, (9, 12)), wanted, atol=1e-3, rtol=0)
    torch.testing.assert_close(similarity_map(points, noisy, (9, 12)), wanted, atol=0.2, rtol=0)


def distance_inside(corners, pixel):
    """From a pixel to the nearest edge of a polygon, positive inside."""
    x, y = pixel
    nearest, crossings = np.inf, 0
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, 0), strict=True):
        share = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        share = min(max(share, 0), 1)
        nearest = min(nearest, np.hypot(ax + share * (bx - ax) - x, ay + share * (by - ay) - y))
        crossings += (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay)
    return nearest if crossings % 2 else -nearest


@pytest.mark.parametrize("grow", [0.0, 5.0])
def test_a_soft_mask_rises_with_the_distance_from_its_edge(grow):
    corners = np.array([[-6.0, 5.0], [20.0, 3.5], [34.0, 16.0], [22.0, 18.0], [21.0, 29.0], [3.0, 25.0]])
    mask = soft_mask(torch.from_numpy(corners).float()[None], (36, 40), 8.0, grow_px=grow)[0]
    for row in range(36):
        for column in range(40):
            level = np.clip((distance_inside(corners, (column + 0.5, row + 0.5)) + grow) / 8, 0, 1)
            assert mask[row, column].item() == pytest.approx(level**2 * (3 - 2 * level), abs=1e-4)
    assert mask.max() == 1 and mask.min() == 0


def test_the_hull_holds_every_point(points):
    corners = points[0, 2, hull(points[0])].numpy()
    assert all(distance_inside(corners, point) >= -1e-3 for point in points[0, 2].numpy())
    assert len(corners) < 60


def test_colours_are_matched_and_their_statistics_smoothed(texture):
    like = texture((3, 8, 24, 24), 0)
    weight = torch.zeros(8, 24, 24)
    weight[:, 4:20, 6:18] = 0.5
    matched = match_colour(0.7 * texture((3, 8, 24, 24), 1) + 0.2, like, weight)
    assert (matched - like)[:, :, 4:20, 6:18].mean((1, 2, 3)).abs().max() < 0.1

    flash = like * 0.6
    flash[:, 4] += 0.3  # of one frame: it must not be followed at once, or the face flickers with its surroundings
    step = (match_colour(like, flash, weight) - like * 0.6)[:, :, 4:20, 6:18].mean((0, 2, 3))
    assert step.abs().max() < 0.1 and step[4] == pytest.approx(0.06, abs=0.03)

    strange = match_colour(like * 0.01, like, weight)
    assert strange.std((2, 3)).max() < 0.05  # the gain has a limit
    torch.testing.assert_close(match_colour(like, flash, torch.zeros_like(weight)), like)


def test_landmarks_of_no_face_are_refused(points):
    flat = points.clone()
    flat[1, 2] = 7.0
    clip = picture(centres(4))
    for name, given in (("face_swap", flat), ("mouth_swap", flat), ("self_blended_face", flat[1:])):
        with pytest.raises(ValueError, match="must span a face in every frame; got an extent of 0.0 px"):
            forge(name, clip, 0.5, 0, donor=clip, landmarks=given)


# All three


def given_to(name, points):
    return points[:1] if name == "self_blended_face" else points


@pytest.mark.parametrize("name", families("face"))
def test_from_plain_to_see_to_hardly_there(name, clip, inputs):
    found = [psnr_db(clip, *forge(name, clip, strength, 0, **inputs(name))) for strength in (0.02, 1.0)]
    assert band(found[0]) in ("subtle", "invisible") and band(found[1]) in ("extreme", "moderate")


@pytest.mark.parametrize("name", ["face_swap", "mouth_swap", "self_blended_face"])
def test_faces_may_leave_the_frame(name, points, texture):
    clip, donor = texture((3, 4, *SIZE), 0), texture((3, 4, *SIZE), 1)
    points = given_to(name, points)
    whole = forge(name, clip, 1.0, 0, donor=donor, landmarks=points)[1]
    for shift, least in ((torch.tensor([64.0, 0.0]), 0.2), (torch.tensor([0.0, 30.0]), 0.2)):
        forged, mask = forge(name, clip, 1.0, 0, donor=donor, landmarks=points + shift)
        assert least < mask.sum() / whole.sum() < 0.9
        assert forged.isfinite().all() and ((forged != clip).any(0) & (mask > 0.5)).sum() > 0.9 * (mask > 0.5).sum()
    forged, mask = forge(name, clip, 1.0, 0, donor=donor, landmarks=points + 500)
    assert torch.equal(forged, clip) and mask.count_nonzero() == 0


@pytest.mark.parametrize("name", ["face_swap", "mouth_swap", "self_blended_face"])
def test_masks_follow_the_face_and_end_softly(name, points, texture):
    clip, donor = texture((3, 4, *SIZE), 0), texture((3, 4, *SIZE), 1)
    forged, mask = forge(name, clip, 1.0, 0, donor=donor, landmarks=given_to(name, points))
    middles = [
        torch.stack([(mask * axis).sum((1, 2)) for axis in centres(4).unbind(-1)], 1) / mask.sum((1, 2))[:, None]
    ]
    drift = middles[0] - points[0].mean(1)
    assert (drift - drift.mean(0)).abs().max() < 4  # px: mouths turn with the head
    rim = (mask > 0) & (mask < 0.02)
    assert (forged - clip)[:, rim].abs().mean() < 0.02 < (forged - clip)[:, mask > 0.5].abs().mean()


# Each


def test_face_swap_puts_each_landmark_where_the_clip_has_it(points):
    """The donor's picture is the clip's, painted on its own mesh: swapped, it must fall into place again."""
    clip = picture(centres(4))
    donor = picture(mesh_map(points[1], points[0], SIZE))
    forged, mask = forge("face_swap", clip, 1.0, 0, donor=donor, landmarks=points)
    core = (mask > 0.9).expand_as(clip)
    assert (forged - clip)[core].abs().mean() < 0.04 < 0.15 < (donor - clip)[core].abs().mean()
    same = forge("face_swap", clip, 1.0, 0, donor=clip, landmarks=points[:1].expand_as(points))[0]
    torch.testing.assert_close(same, clip, atol=1e-3, rtol=0)


def test_face_swap_undoes_another_light(points):
    clip = picture(centres(4))
    light = torch.tensor([0.6, 0.8, 0.7]).view(3, 1, 1, 1)
    same = points[:1].expand_as(points)
    forged = forge("face_swap", clip, 1.0, 0, donor=clip * light + 0.2, landmarks=same)[0]
    torch.testing.assert_close(forged, clip, atol=2e-3, rtol=0)


def test_face_swap_covers_the_face(points, texture):
    clip, donor = texture((3, 4, *SIZE), 0), texture((3, 4, *SIZE), 1)
    for seed in SEEDS:
        forged, mask = forge("face_swap", clip, 1.0, seed, donor=donor, landmarks=points)
        for t in range(4):
            outline = points[0, t, hull(points[0])].numpy()
            for column, row in ((64, 48), (50, 40), (80, 52), (64, 75), (5, 5), (120, 90)):
                inside = distance_inside(outline, (column + 0.5, row + 0.5)) / face_px(points[0])
                assert mask[t, row, column] == (1 if inside > 0.22 else 0 if inside < -0.02 else mask[t, row, column])
    weak, full = (forge("face_swap", clip, s, 0, donor=donor, landmarks=points)[0] - clip for s in (0.25, 1.0))
    unclamped = (clip + full).abs() < 0.999
    torch.testing.assert_close(4 * weak[unclamped], full[unclamped], atol=1e-4, rtol=0)


def with_dot(clip, places):
    """White dots of 3 x 3 px at a place in each frame."""
    clip = clip.clone()
    for t, (x, y) in enumerate(places.floor().long().tolist()):
        clip[:, t, y - 1 : y + 2, x - 1 : x + 2] = 1
    return clip


def test_mouth_swap_keeps_the_shape_of_the_donors_mouth(points):
    """A dot on the donor's lower lip stays as far below its eyes as it was, whatever the clip's lip does."""
    clip = torch.full((3, 4, *SIZE), -0.5)
    forged, mask = forge("mouth_swap", clip, 1.0, 0, donor=with_dot(clip, points[1, :, 17]), landmarks=points)
    for t in range(4):
        theirs, ours = (torch.view_as_complex(face[t].contiguous()) for face in points.flip(0))
        anchors = list(STABLE)
        design = torch.stack([theirs[anchors], torch.ones(len(STABLE)) + 0j], 1)
        zoom, shift = torch.linalg.lstsq(design, ours[anchors, None]).solution[:, 0]
        wanted = zoom * theirs[17] + shift
        weight = (forged - clip)[0, t].clamp(min=0)
        weight = weight * (weight > 0.3 * weight.max())
        x, y = ((weight[..., None] * centres(1)[0]).sum((0, 1)) / weight.sum()).tolist()
        assert weight.max() > 0.5
        assert abs(complex(x, y) - wanted.item()) < 1
        assert abs(wanted - ours[17]) > 2  # the clip's own lip is elsewhere


@pytest.mark.parametrize("seed", SEEDS)
def test_mouth_swap_changes_the_mouth_alone(seed, points, texture):
    clip, donor = texture((3, 4, *SIZE), 0), texture((3, 4, *SIZE), 1)
    mask = forge("mouth_swap", clip, 1.0, seed, donor=donor, landmarks=points)[1]
    pixels = points[0].long()
    at = lambda indices: torch.stack([mask[t, p[indices, 1], p[indices, 0]] for t, p in enumerate(pixels)])  # noqa: E731
    assert at(list(LIPS)).min() > 0.85
    assert at([33, 133, 362, 263, 168]).max() == 0 and at([10, 338, 109]).max() == 0
    outline = points[0, 0, hull(points[0])].numpy()
    for row, column in itertools.product(range(0, SIZE[0], 4), range(0, SIZE[1], 4)):
        assert mask[0, row, column] == 0 or distance_inside(outline, (column + 0.5, row + 0.5)) > 0


def test_mouth_swap_matches_the_skin(points):
    clip = picture(centres(4)) * 0.5
    same = points[:1].expand_as(points)
    forged = forge("mouth_swap", clip, 1.0, 0, donor=clip * 0.95 + 0.2, landmarks=same)[0]
    torch.testing.assert_close(forged, clip, atol=2e-3, rtol=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_self_blended_face_is_one_change_for_the_whole_clip(seed, points, texture):
    still = texture((3, 1, *SIZE), seed).expand(3, 4, *SIZE).contiguous()
    face = points[:1, :1].expand(1, 4, 468, 2)
    forged, mask = forge("self_blended_face", still, 1.0, seed, landmarks=face)
    assert forged.std(1).max() < 1e-5 and mask.std(0).max() == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_self_blended_face_within_its_limits(seed, points):
    grey = torch.zeros(3, 4, *SIZE)
    forged, mask = forge("self_blended_face", grey, 1.0, seed, landmarks=points[:1])
    offset = forged[:, mask == 1]  # on grey, only the channels' offsets are left
    assert (offset.std(1) < 1e-5).all() and offset.abs().max() <= 40 / 255 + 1e-6
    half = forge("self_blended_face", grey, 0.5, seed, landmarks=points[:1])[0]
    torch.testing.assert_close(2 * half, forged, atol=1e-5, rtol=0)

    stripes = (torch.arange(128) * 2 * torch.pi / 4).sin().mul(0.3).expand(3, 4, *SIZE).contiguous()
    forged, mask = forge("self_blended_face", stripes, 1.0, seed, landmarks=points[:1])
    ratio = forged[:, mask == 1].std() / stripes[:, mask == 1].std()
    assert not 0.8 < ratio < 1.1  # detail is gone, or more


def test_self_blended_face_moves_the_face_and_deforms_its_outline(points):
    clip = picture(centres(4)).mean(0, True).expand(3, 4, *SIZE).contiguous()
    face, outlines = face_px(points[0]), []
    plain = soft_mask(points[0][:, hull(points[0])], SIZE, 0.16 * face)
    for seed in SEEDS:
        moved = forge("self_blended_face", clip, 1.0, seed, landmarks=points[:1])[1]
        outlines.append(moved)
        overlap = torch.minimum(moved, plain).sum() / torch.maximum(moved, plain).sum()
        assert 0.6 < overlap < 0.97
    assert min((a - b).abs().mean() for i, a in enumerate(outlines) for b in outlines[:i]) > 0.01
