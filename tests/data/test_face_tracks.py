"""Faces over the frames of a clip: what is followed, filled in, ended and cut out."""

from itertools import islice
from pathlib import Path

import pytest
import torch
from torchvision.transforms.v2 import functional as V

from tad.data import decode
from tad.data.face_tracks import GAP, Track, crop_clip, face_clip, track
from tad.data.faces import detect, mesh

DEMO = Path(__file__).parents[2] / "data" / "demo"


@pytest.fixture(scope="module")
def smile():
    return torch.stack([frame for _, frame in islice(decode(DEMO / "single_face.mp4"), 8)])


def _without(frame: torch.Tensor, count: int) -> torch.Tensor:
    return torch.full_like(frame, 128).expand(count, *frame.shape)


def _track(boxes: list[list[float]], start: int = 0) -> Track:
    boxes = torch.tensor(boxes, dtype=torch.float32)
    return Track(start, boxes, torch.zeros(len(boxes), 6, 2), torch.ones(len(boxes), dtype=torch.bool))


def _columns(count: int, height: int, width: int) -> torch.Tensor:
    """Frames whose red is the column and whose green is the row."""
    x, y = torch.arange(width).expand(height, width), torch.arange(height)[:, None].expand(height, width)
    return torch.stack([x, y, torch.zeros_like(x)]).to(torch.uint8).expand(count, 3, height, width)


# Tracks


def test_a_face_is_followed_and_steadied(smile):
    (one,) = track(smile)
    assert (one.start, len(one.boxes)) == (0, 8) and one.found.all()
    raw = torch.stack([detect(frame, tiles=False)[0].box for frame in smile])
    assert (one.boxes - raw).abs().max() < 12  # px, of a face of 180
    assert one.boxes.diff(n=2, dim=0).abs().mean() < 0.5 * raw.diff(n=2, dim=0).abs().mean()
    points, presence = mesh(smile[5], one.face(5))
    assert presence > 0.99 and (points[33, :2] - one.points[5, 0]).norm() < 30  # px, the corner of an eye from it


def test_missing_frames_are_filled_in(smile):
    (one,) = track([smile[0], *_without(smile[0], GAP), smile[7]])
    assert one.found.tolist() == [True, *[False] * GAP, True]
    assert (one.boxes.diff(dim=0).abs() < 12).all()


def test_a_track_ends_after_a_long_gap(smile):
    frames = [smile[0], smile[1], *_without(smile[0], GAP + 1), smile[7]]
    tracks = track(frames, "all")
    assert sorted((one.start, len(one.boxes)) for one in tracks) == [(0, 2), (3 + GAP, 1)]
    assert [(one.start, len(one.boxes)) for one in track(frames)] == [(0, 2)]


def test_all_faces_are_followed_largest_first(smile):
    half = V.resize(smile[:2], [180, 320], antialias=True)
    pair = torch.cat([V.pad(half, [0, 0, 0, 180], fill=128), smile[:2]], 3)
    tracks = track(pair, "all")
    assert [len(one.boxes) for one in tracks] == [2, 2]
    (large, small) = ((one.boxes[0, 2] - one.boxes[0, 0]).item() for one in tracks)
    assert large == pytest.approx(2 * small, rel=0.1)
    assert tracks[0].boxes[0, 0] > 320 > tracks[1].boxes[0, 2]
    assert torch.allclose(track(pair)[0].boxes, tracks[0].boxes, atol=2.0)
    assert face_clip(pair, 32, "all").shape == (2, 2, 3, 32, 32)


def test_no_face_gives_no_track_and_no_clip(smile):
    grey = _without(smile[0], 3)
    assert track(grey) == [] and face_clip(grey, 32) is None and face_clip(grey, 32, "all") is None


def test_a_face_in_less_than_half_of_the_clip_does_not_count(smile):
    assert face_clip(torch.cat([smile[:2], _without(smile[0], 3)]), 32) is None
    assert face_clip(torch.cat([smile[:2], _without(smile[0], 2)]), 32) is not None


def test_an_unknown_choice_is_refused(smile):
    with pytest.raises(ValueError, match="which must be one of largest, all; got 'first'"):
        track(smile, "first")


# Crops


def test_the_crop_is_the_face_and_the_same_each_time(smile):
    clip = face_clip(smile, 128)
    assert clip.shape == (8, 3, 128, 128) and clip.dtype == torch.uint8
    (face,) = detect(clip[4])
    centre = (face.box[:2] + face.box[2:]) / 2
    assert (centre - 64).abs().max() < 10
    assert 128 / 1.6 * 0.85 < face.box[2] - face.box[0] < 128 / 1.6 * 1.15  # a margin of 0.3 on each side
    assert torch.equal(clip, face_clip(smile, 128))


def test_the_square_follows_in_whole_pixels_at_one_scale():
    one = _track([[10, 20, 18, 28], [12.4, 20, 20.4, 28], [14, 20, 24, 30]])  # the box grows to 10 px
    clip = crop_clip(_columns(3, 60, 100), one, 10, margin=0.0)
    assert clip[:, 0, 0].tolist() == [list(range(first, first + 10)) for first in (9, 11, 14)]
    assert clip[:, 1, :, 0].tolist() == [list(range(first, first + 10)) for first in (19, 19, 20)]


def test_the_margin_is_a_share_of_the_box():
    clip = crop_clip(_columns(1, 60, 100), _track([[20, 20, 30, 30]]), 20, margin=0.5)
    assert clip[0, 0, 0].tolist() == list(range(15, 35))


def test_the_square_stays_inside_the_frame():
    one = _track([[-4, 0, 6, 10], [95, 55, 105, 65]])
    clip = crop_clip(_columns(2, 60, 100), one, 10, margin=0.0)
    assert clip[:, 0, 0, [0, -1]].tolist() == [[0, 9], [90, 99]]
    assert clip[:, 1, [0, -1], 0].tolist() == [[0, 9], [50, 59]]


def test_borders_are_repeated_where_the_frame_is_too_small():
    clip = crop_clip(_columns(1, 6, 100), _track([[40, -2, 50, 8]]), 10, margin=0.0)
    assert clip[0, 1, :, 0].tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5]
    assert clip[0, 0, 0].tolist() == list(range(40, 50))


def test_the_square_stands_still_outside_the_track():
    one = _track([[10, 10, 20, 20], [30, 10, 40, 20]], start=1)
    clip = crop_clip(_columns(4, 60, 100), one, 10, margin=0.0)
    assert clip[:, 0, 0, 0].tolist() == [10, 10, 30, 30]


def test_wrong_crops_are_refused():
    one = _track([[10, 10, 20, 20]], start=2)
    with pytest.raises(ValueError, match="a track must begin in the clip of 2 frames; got frame 2"):
        crop_clip(_columns(2, 60, 100), one, 10)
    with pytest.raises(ValueError, match="at least one px"):
        crop_clip(_columns(3, 60, 100), one, 10, margin=-0.5)
    with pytest.raises(ValueError, match=r"frames must be uint8 \(T, 3, H, W\); got"):
        crop_clip(_columns(3, 60, 100).float(), one, 10)
