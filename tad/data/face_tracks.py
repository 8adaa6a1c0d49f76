"""Faces over the frames of a clip: tracked, smoothed and cropped."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import box_iou
from torchvision.transforms.v2 import functional as V

from tad import checks
from tad.data.faces import Face, detect, mesh

MIN_OVERLAP = 0.3  # intersection over union from which a face continues a track
GAP = 5  # frames in a row without the face that are filled in; after more of them a track ends
TILES_EVERY = 4  # frames from one search of tiles to the next
SMOOTHING = 7  # frames in the centred mean of boxes and points; the ends are held
MARGIN = 0.3  # room on each side of a crop, over the side of the box
MIN_SHARE = 0.5  # of a clip's frames in which its face must be found


@dataclass(frozen=True)
class Track:
    """One face over N consecutive frames, smoothed."""

    start: int  # frame at which it begins
    boxes: Tensor  # (N, 4) left, top, right, bottom, px
    points: Tensor  # (N, 6, 2) as those of a `Face`
    found: Tensor  # (N,) bool; False where filled in between its neighbours

    def face(self, frame: int) -> Face:
        """Return where the face is in a frame, as `mesh` asks for it; before and after the track, at its end.

        Example:
            >>> Track(4, torch.tensor([[0.0, 0, 9, 9]]), torch.zeros(1, 6, 2), torch.tensor([True])).face(2).box
            tensor([0., 0., 9., 9.])
        """
        i = min(max(frame - self.start, 0), len(self.boxes) - 1)
        return Face(self.boxes[i], self.points[i])


def track(frames: Iterable[Tensor], which: str = "largest") -> list[Track]:
    """Follow the faces of a clip from frame to frame, by the overlap of their boxes.

    Each frame is searched as a whole and around the faces of the frame before; tiles are searched in every fourth
    frame, for `largest` only while no face is being followed. Up to five missing frames in a row are filled in
    linearly; after more the track ends, and the face begins a new one when it comes back.

    Args:
        frames: uint8 RGB (T, 3, H, W), or an iterable of frames (3, H, W); no cut in between.
        which: `all`, or `largest`: the one with the largest sum of box areas over its frames.

    Returns:
        The tracks, largest first; empty where no face was found.

    Raises:
        ValueError: another type, shape or choice.
    """
    checks.one_of("which", which, ("largest", "all"))
    seen: list[dict[int, Face]] = []  # of each track, by frame
    for i, frame in enumerate(frames):
        live = [faces for faces in seen if i - max(faces) <= GAP + 1]
        tiles = i % TILES_EVERY == 0 and (which == "all" or not live)
        found = detect(frame, near=[faces[max(faces)].box for faces in live], tiles=tiles)
        seen += [{i: face} for face in _continue(live, i, found)]
    tracks = sorted((_smooth(faces) for faces in seen), key=lambda one: _areas(one.boxes).sum().item(), reverse=True)
    return tracks[:1] if which == "largest" else tracks


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _continue(live: list[dict[int, Face]], i: int, found: list[Face]) -> list[Face]:
    """Give each live track the face that overlaps it most, the best pair first, and return the faces left over."""
    if not live or not found:
        return found
    overlap = box_iou(torch.stack([faces[max(faces)].box for faces in live]), torch.stack([face.box for face in found]))
    left = set(range(len(found)))
    while overlap.max() >= MIN_OVERLAP:
        row, column = divmod(int(overlap.argmax()), len(found))
        live[row][i] = found[column]
        left.remove(column)
        overlap[row], overlap[:, column] = 0, 0
    return [found[column] for column in sorted(left)]


def _smooth(faces: dict[int, Face]) -> Track:
    """Fill the frames between the first and the last in, and average boxes and points over time."""
    at = sorted(faces)
    every = np.arange(at[0], at[-1] + 1)
    values = np.stack([torch.cat([faces[i].box, faces[i].points.flatten()]).numpy() for i in at], 1)  # (16, n)
    filled = torch.from_numpy(np.stack([np.interp(every, at, row) for row in values])).float()  # (16, N)
    held = F.pad(filled[None], (SMOOTHING // 2, SMOOTHING // 2), mode="replicate")
    smooth = F.avg_pool1d(held, SMOOTHING, stride=1)[0].T  # (N, 16)
    return Track(at[0], smooth[:, :4], smooth[:, 4:].reshape(-1, 6, 2), torch.from_numpy(np.isin(every, at)))


def crop_clip(frames: Tensor, track: Track, size: int, margin: float = MARGIN) -> Tensor:
    """Cut a tracked face out of a clip as a square that follows it.

    One scale holds for the whole clip, so that the crop does not breathe: the side of the square is the longest side
    that the smoothed box has in the clip, times 1 + 2 `margin`, in whole px. Its centre follows that of the smoothed
    box in whole px, so that every frame is resampled alike. A square that would reach over the frame's border is
    moved inside; along a side of the frame shorter than it, it is centred and the border's pixels are repeated.

    Args:
        frames: uint8 RGB (T, 3, H, W).
        track: the face; before its first and after its last frame the square stands still.
        size: side of the result, px.
        margin: room added on each side of the box, as a share of the box's side.

    Returns:
        uint8 (T, 3, size, size), resized with antialiasing.

    Raises:
        ValueError: another type or shape, a track that begins after the clip, or a square of no px.
    """
    checks.tensor("frames", frames, "T 3 H W", torch.uint8)
    if track.start >= len(frames):
        raise ValueError(f"a track must begin in the clip of {len(frames)} frames; got frame {track.start}")
    boxes = torch.stack([track.face(i).box for i in range(len(frames))])
    side = round((boxes[:, 2:] - boxes[:, :2]).max().item() * (1 + 2 * margin))
    if side < 1:
        raise ValueError(f"a crop must have at least one px; got a side of {side} px with a margin of {margin}")
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    columns, rows = (_span(c, side, n) for c, n in zip(centres.T, (frames.shape[3], frames.shape[2]), strict=True))
    cut = torch.stack([frame[:, y][:, :, x] for frame, y, x in zip(frames, rows, columns, strict=True)])
    return V.resize(cut, [size, size], antialias=True)


def _span(centres: Tensor, side: int, length: int) -> Tensor:
    """Pixels (T, side) of squares along one axis of the frame; see `crop_clip` for what happens at its borders."""
    if side <= length:
        first = (centres - side / 2).round().clamp(0, length - side)
    else:
        first = torch.full_like(centres, (length - side) // 2)
    return (first.long()[:, None] + torch.arange(side)).clamp(0, length - 1)


def face_clip(frames: Tensor, size: int, which: str = "largest", margin: float = MARGIN) -> Tensor | None:
    """Find the face of a clip and crop the clip to it.

    A face counts that is found in at least half of the frames.

    Args:
        frames: uint8 RGB (T, 3, H, W) at the video's own resolution, without a cut.
        size: side of the result, px.
        which: `largest`, or `all` of the faces (see `track`).
        margin: as `crop_clip`.

    Returns:
        uint8 (T, 3, size, size); for `all`, (faces, T, 3, size, size), largest first. None where there is no face:
        the caller says so and gives no score.

    Raises:
        ValueError: another type, shape or choice.
    """
    checks.tensor("frames", frames, "T 3 H W", torch.uint8)
    checks.whole("size", size, 1)
    checks.number("margin", margin, 0)
    tracks = [one for one in track(frames, which) if one.found.sum() >= MIN_SHARE * len(frames)]
    if not tracks:
        return None
    clips = torch.stack([crop_clip(frames, one, size, margin) for one in tracks])
    return clips if which == "all" else clips[0]


def face_landmarks(frames: Tensor) -> Tensor | None:
    """Measure the largest face of a clip by the points of the face mesh, frame by frame.

    Args:
        frames: uint8 RGB (T, 3, H, W), without a cut.

    Returns:
        (T, 468, 2): x and y, px. None where no face is found in at least half of the frames.
    """
    checks.tensor("frames", frames, "T 3 H W", torch.uint8)
    found = [one for one in track(frames) if one.found.sum() >= MIN_SHARE * len(frames)]
    if not found:
        return None
    return torch.stack([mesh(frame, found[0].face(i))[0][:, :2] for i, frame in enumerate(frames)])
