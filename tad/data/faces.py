"""Faces in a frame: BlazeFace finds them, on the whole frame and on tiles; the face mesh confirms and measures them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_iou, nms

WEIGHTS = Path(__file__).parents[1] / "weights"
DETECTOR, DETECTOR_PX = "face_detection_short_range.tflite", 128
MESH, MESH_PX = "face_landmark.tflite", 192
MIN_SCORE = 0.7  # of the detector for a new face; in the demo footage faces have 0.81 or more, a dog up to 0.64
MIN_KNOWN_SCORE = 0.5  # of the detector where a face is known from the frame before
MIN_PRESENCE = 0.5  # of the mesh
MAX_OVERLAP = 0.3  # intersection over union from which two boxes are one face
MESH_SIDE = 1.5  # of the mesh's square, over the longer side of the box
NEAR_SIDE = 3.0  # of the square searched around a known face, over the longer side of its box
TILE_SIDE = 0.5  # of a tile, over the shorter side of the frame; neighbours overlap by half a tile or more
MIN_TILE_PX = 64  # side of a tile


@dataclass(frozen=True)
class Face:
    """A face in a frame, in px from the frame's top left corner."""

    box: Tensor  # (4,) left, top, right, bottom; from the brows to the chin
    points: Tensor  # (6, 2) x, y of both eyes, nose, mouth, both ears; in an upright image the left one comes first
    score: float = math.nan  # of the detector, 0..1; not a number where it was not asked, as is the presence
    presence: float = math.nan  # of the mesh, 0..1


@dataclass(frozen=True)
class _Square:
    """A square of a frame; its rows are turned by `angle` (radians, clockwise as seen) against the frame's rows."""

    centre: np.ndarray  # (2,) x, y, px
    side: float  # px
    angle: float = 0.0

    @property
    def _axes(self) -> np.ndarray:
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return self.side * np.array([[cos, -sin], [sin, cos]])

    def to_frame(self, unit: np.ndarray) -> np.ndarray:
        """Map points (..., 2) from 0..1 of the square to px of the frame."""
        return self.centre + (unit - 0.5) @ self._axes.T

    def cut(self, image: np.ndarray, size: int, border: int) -> np.ndarray:
        """Sample the square as (size, size, 3), antialiased; `border` is OpenCV's rule for what lies outside."""
        fine = size * max(1, math.ceil(self.side / size))  # not below the frame's own resolution; averaged afterwards
        matrix = np.concatenate([self._axes / fine, (self.to_frame(np.array([0.5, 0.5]) / fine) - 0.5)[:, None]], 1)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        sampled = cv2.warpAffine(image, matrix, (fine, fine), flags=how, borderMode=border)
        return cv2.resize(sampled, (size, size), interpolation=cv2.INTER_AREA)


_USED = Lock()


@cache
def _network(name: str) -> cv2.dnn.Net:
    """Load a network once for the process; one thread at a time may use it, see `_USED`."""
    # the engine that OpenCV 5 prefers gives back one of the outputs alone
    return cv2.dnn.readNetFromTFLite(str(WEIGHTS / name), engine=cv2.dnn.ENGINE_CLASSIC)


def _run(name: str, image: np.ndarray, outputs: tuple[str, str]) -> list[np.ndarray]:
    """Give a float image (H, W, 3) to a network and return two of its outputs, flat."""
    with _USED:
        network = _network(name)
        network.setInput(np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32))
        return [output.ravel().copy() for output in network.forward(outputs)]


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * logit))  # does not overflow


@cache
def _anchors() -> np.ndarray:
    """Centres (896, 2) in px of the detector's input: two in each of 16 x 16 cells, then six in each of 8 x 8."""
    grids = []
    for cells, each in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells] + 0.5
        grids.append(np.stack([x.ravel(), y.ravel()], 1).repeat(each, axis=0) * (DETECTOR_PX / cells))
    return np.concatenate(grids)


def _hits(image: np.ndarray, square: _Square) -> np.ndarray:
    """Run the detector on an upright square: (n, 17) of score, box and six points in px of the frame."""
    seen = square.cut(image, DETECTOR_PX, cv2.BORDER_CONSTANT) / 127.5 - 1
    logits, numbers = _run(DETECTOR, seen, ("classificators", "regressors"))
    scores = _sigmoid(logits)
    hit = scores >= MIN_KNOWN_SCORE
    values = numbers.reshape(-1, 8, 2)[hit]  # centre, size, six points
    half, anchors = values[:, 1:2] / 2, _anchors()[hit][:, None]
    centre, points = values[:, :1] + anchors, values[:, 2:] + anchors
    placed = square.to_frame(np.concatenate([centre - half, centre + half, points], 1) / DETECTOR_PX)
    return np.concatenate([scores[hit, None], placed.reshape(-1, 16)], 1)


def _squares(height: int, width: int, near: Sequence[Tensor], tiles: bool) -> list[_Square]:
    """What the detector looks at: the whole frame, the surroundings of known faces, tiles."""
    squares = [_Square(np.array([width, height]) / 2, max(height, width))]
    for box in near:
        corners = box.numpy().reshape(2, 2)
        squares.append(_Square(corners.mean(0), NEAR_SIDE * float((corners[1] - corners[0]).max())))
    if tiles:
        side = max(TILE_SIDE * min(height, width), MIN_TILE_PX)
        columns, rows = (
            np.linspace(side / 2, max(n, side) - side / 2, max(math.ceil(2 * n / side) - 1, 1)) for n in (width, height)
        )
        squares += [_Square(np.array([x, y]), side) for y in rows for x in columns]
    return squares


def _image(frame: Tensor) -> np.ndarray:
    if frame.dtype != torch.uint8 or frame.ndim != 3 or frame.shape[0] != 3:
        raise ValueError(f"a frame must be uint8 (3, H, W); got {frame.dtype} {tuple(frame.shape)}")
    return np.ascontiguousarray(frame.permute(1, 2, 0).cpu().numpy())


def detect(frame: Tensor, *, near: Sequence[Tensor] = (), tiles: bool = True) -> list[Face]:
    """Find the faces of a frame.

    The detector sees the letterboxed frame, in which it misses faces under about an eighth of the longer side, and
    upright squares of it. Of overlapping boxes the best scored stays, and of those the ones that the mesh confirms.

    Args:
        frame: uint8 RGB (3, H, W).
        near: boxes (4,) of faces known from the frame before: the detector looks at their surroundings too, and a
            weaker score is enough there.
        tiles: look at squares of half the shorter side too, half overlapping (21 of them at 16:9), for small faces
            down to about a fourteenth of the shorter side.

    Returns:
        The faces, best score first; empty where there is none.

    Raises:
        ValueError: another type or shape.
    """
    image = _image(frame)
    hits = np.concatenate([_hits(image, square) for square in _squares(*image.shape[:2], near, tiles)])
    found = torch.from_numpy(hits).float()
    known = torch.stack(list(near)) if near else torch.zeros(0, 4)
    known = (box_iou(found[:, 1:5], known) > MAX_OVERLAP).any(1)
    found = found[known | (found[:, 0] >= MIN_SCORE)]
    kept = found[nms(found[:, 1:5], found[:, 0], MAX_OVERLAP)]
    faces = [Face(row[1:5], row[5:].reshape(6, 2), row[0].item()) for row in kept]
    confirmed = (replace(face, presence=_mesh(image, face)[1]) for face in faces)
    return [face for face in confirmed if face.presence >= MIN_PRESENCE]


def mesh(frame: Tensor, face: Face) -> tuple[Tensor, float]:
    """Measure a face by the 468 points of the face mesh.

    Args:
        frame: uint8 RGB (3, H, W).
        face: where it is; the mesh sees a square of 1.5 times its box, turned so that the eyes are level.

    Returns:
        Points (468, 3): x, y and depth (towards the camera is negative), px of the frame; and the presence, 0..1,
        near 0 where there is no face.

    Raises:
        ValueError: another type or shape.
    """
    return _mesh(_image(frame), face)


def _mesh(image: np.ndarray, face: Face) -> tuple[Tensor, float]:
    corners = face.box.numpy().reshape(2, 2)
    across, down = (face.points[1] - face.points[0]).tolist()
    square = _Square(corners.mean(0), MESH_SIDE * float((corners[1] - corners[0]).max()), math.atan2(down, across))
    logit, numbers = _run(MESH, square.cut(image, MESH_PX, cv2.BORDER_REPLICATE) / 255, ("conv2d_31", "conv2d_21"))
    unit = numbers.reshape(468, 3) / MESH_PX
    points = np.concatenate([square.to_frame(unit[:, :2]), unit[:, 2:] * square.side], 1)
    return torch.from_numpy(points).float(), float(_sigmoid(logit)[0])
