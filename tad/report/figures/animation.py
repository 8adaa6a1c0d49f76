"""A short animation of heat over a clip, as an animated WebP that stops by itself."""

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from PIL import Image

from tad import checks
from tad.report.figures.frames import HEAT_ALPHA
from tad.report.style import HEAT

GAP_PX, SCALE, QUALITY = 6, 2, 72
WIDEST_PX = 900  # of both pictures together
SECONDS_MOST = 4.9  # what moves for longer must have a button that stops it (WCAG 2.2.2)


def animation(
    frames: Sequence[np.ndarray], heats: Sequence[np.ndarray], masks: Sequence[np.ndarray] | None = None,
    fps: float = 6.0,
) -> bytes:  # fmt: skip
    """Play frames beside the same frames under their heat; the colours are those of `film_strip`.

    It is played as often as fits into five seconds, then stands still.

    Args:
        frames: (H, W, 3), uint8, of one size.
        heats: (H, W) in [0, 1], one a frame.
        masks: (H, W) in [0, 1], outlined in white at 0.5 on both.
        fps: frames a second; slower than the video, to be followed.

    Returns:
        An animated WebP.
    """
    _check(frames, heats, masks)
    checks.number("fps", fps, 0, above=True)
    pictures = []
    for i, (frame, heat) in enumerate(zip(frames, heats, strict=True)):
        grey = (frame @ [0.299, 0.587, 0.114])[..., None]  # luma of ITU-R BT.601
        over = (1 - HEAT_ALPHA) * grey + HEAT_ALPHA * 255 * mpl.colormaps[HEAT](heat)[..., :3]
        pair = [_enlarged(part) for part in (frame, over)]
        if masks is not None:
            for part in pair:
                part[_edge(_enlarged(masks[i] > 0.5))] = 255
        both = Image.fromarray(np.concatenate([pair[0], np.full_like(pair[0][:, :GAP_PX], 255), pair[1]], axis=1))
        both.thumbnail((WIDEST_PX, WIDEST_PX))
        pictures.append(both)
    out, rounds = io.BytesIO(), max(1, int(SECONDS_MOST * fps / len(frames)))
    pictures[0].save(
        out, "webp", save_all=True, append_images=pictures[1:], duration=round(1000 / fps), loop=rounds, quality=QUALITY
    )
    return out.getvalue()


def _check(frames: Sequence[np.ndarray], heats: Sequence[np.ndarray], masks: Sequence[np.ndarray] | None) -> None:
    parts = {"frames": frames, "heats": heats} | ({} if masks is None else {"masks": masks})
    for name, found in parts.items():
        checks.of_kind(name, found, Sequence | np.ndarray, "a list of arrays")
        for each in found:
            (checks.picture if name == "frames" else checks.plane)(f"each of {name}", each)
    if not 0 < len(frames) == len(heats) == len(parts.get("masks", heats)):
        raise ValueError(f"an animation needs as many heat maps as frames; got {len(heats)} and {len(frames)}")


def _enlarged(picture: np.ndarray) -> np.ndarray:
    """Each pixel twice a side, so that an outline is thin."""
    large = picture.repeat(SCALE, 0).repeat(SCALE, 1)
    return large if large.dtype == bool else large.round().clip(0, 255).astype(np.uint8)


def _edge(inside: np.ndarray) -> np.ndarray:
    """The pixels inside a region (H, W) that touch its outside."""
    padded = np.pad(inside, 1, mode="edge")
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside & ~core
