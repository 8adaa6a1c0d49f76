"""How visible a forgery is: PSNR, SSIM and JOD, and the bands of PSNR that every table and figure uses."""

import functools
import logging
import math
import threading
from numbers import Real

import cv2
import numpy as np
import torch
from torch import Tensor

from tad import checks

# Upper limits in dB, from plain to see to hardly there. A value on a limit belongs to the subtler band, save that 40 dB
# itself is still subtle: "invisible" is what lies above.
BANDS_DB = {"extreme": 20.0, "moderate": 30.0, "subtle": 40.0}
RANGE = 2.0  # clips lie in [-1, 1]
STEADY = (0.01**2, 0.03**2)  # the paper's constants for values in [0, 1]
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601
WINDOW_PX = 11  # of SSIM
LEAST_PX = WINDOW_PX // 2 + 1  # what its window can be reflected in; ColorVideoVDP's pyramid would do with 2
DISPLAY = "standard_fhd"  # of ColorVideoVDP


def psnr_db(clip: Tensor, forged: Tensor, mask: Tensor) -> float:
    """Peak signal-to-noise ratio in dB over the pixels that a forgery could change; inf where nothing changed.

    Args:
        clip, forged: (C, T, H, W) in [-1, 1], before any encoding.
        mask: (T, H, W); pixels above 0 count, each fully, in all channels.

    Example:
        >>> clip, mask = torch.zeros(3, 2, 4, 4), torch.ones(2, 4, 4)
        >>> round(psnr_db(clip, clip + 0.2, mask), 3)
        20.0
    """
    _check_shapes(clip, forged, mask)
    return _decibels(_squared_error(clip, forged), mask)


def psnr_clip_db(clip: Tensor, forged: Tensor) -> float:
    """Peak signal-to-noise ratio in dB over all pixels of a clip; arguments as in `psnr_db`.

    Example:
        >>> clip = torch.zeros(3, 2, 4, 4)
        >>> round(psnr_clip_db(clip, clip + 0.02), 3)
        40.0
    """
    return psnr_db(clip, forged, _everywhere(clip))


def ssim(clip: Tensor, forged: Tensor, mask: Tensor | None = None) -> float:
    """Structural similarity of the luma, a mean over frames; 1 where nothing changed, -1 at worst.

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity" (2004): a Gaussian window of 11 px and sigma 1.5 px, in each frame by itself, on the luma (ITU-R BT.601)
    as there. What changes the colour alone it does not see.

    Args:
        clip, forged: (C, T, H, W) in [-1, 1], H and W at least 6 px.
        mask: (T, H, W); pixels above 0 count, each fully. None: all pixels.

    Example:
        >>> clip = torch.rand((3, 2, 8, 8), generator=torch.Generator().manual_seed(0))
        >>> ssim(clip, clip), ssim(clip, -clip) < 0
        (1.0, True)
    """
    mask = _everywhere(clip) if mask is None else mask
    _check_shapes(clip, forged, mask)
    return _mean_inside(_ssim_map(clip, forged), mask)


def jod(clip: Tensor, forged: Tensor, fps: float) -> float:
    """Quality of a forged clip in just-objectionable differences (JOD), as seen by people: 10 is no visible difference.

    One JOD less means that 75 % of observers, shown both clips, prefer the other; two less, 91 %. The scale has no
    lower end: what is ruined lies below 0. It compares contrasts, so an even change of brightness over the whole frame
    hardly counts, and it pools over the whole clip, so that a small region counts for little.

    Source: Mantiuk, Hanji, Ashraf, Asano and Chapiro, "ColorVideoVDP: A visual difference predictor for image, video
    and display distortions" (2024). Assumed is its display `standard_fhd`: pixel for pixel on a 24 inch monitor of
    1920 x 1080 and 200 cd/m2, in an office of 250 lux, seen from 0.6 m. It runs on the CPU, for a second or more.

    Args:
        clip, forged: (3, T, H, W) in [-1, 1], H and W at least 6 px.
        fps: frames a second at which they are shown.

    Example:
        >>> clip = torch.zeros(3, 4, 16, 16)
        >>> jod(clip, clip, fps=25)
        10.0
    """
    checks.tensor("clip", clip, "3 T H W")
    _check_shapes(clip, forged, _everywhere(clip))
    _check_size(clip)
    checks.number("fps", fps, 0, above=True)
    test, reference = (_unit(video).cpu()[None] for video in (forged, clip))
    with torch.no_grad(), _quiet:
        score, _ = _metric(threading.get_ident()).predict(test, reference, dim_order="BCFHW", frames_per_second=fps)
    return score.item()


def visibility(clip: Tensor, forged: Tensor, mask: Tensor, fps: float | None = None) -> dict[str, float]:
    """How visible a forgery is on every scale: PSNR and SSIM in its mask and over the clip, and JOD over the clip.

    Args:
        clip, forged: (3, T, H, W) in [-1, 1], before any encoding.
        mask: (T, H, W); pixels above 0 count, each fully.
        fps: frames a second; without them `jod`, by far the slowest, is left out.

    Returns:
        psnr_db (in the mask, the scale of the bands) and psnr_clip_db, inf where nothing changed; ssim (in the mask)
        and ssim_clip; jod.

    Example:
        >>> clip, mask = torch.zeros(3, 2, 8, 8), torch.ones(2, 8, 8)
        >>> {name: round(value, 3) for name, value in visibility(clip, clip + 0.2, mask).items()}
        {'psnr_db': 20.0, 'psnr_clip_db': 20.0, 'ssim': 0.984, 'ssim_clip': 0.984}
    """
    _check_shapes(clip, forged, mask)
    similarity, error = _ssim_map(clip, forged), _squared_error(clip, forged)
    scales = {"psnr_db": _decibels(error, mask), "psnr_clip_db": _decibels(error, _everywhere(clip))}
    scales |= {"ssim": _mean_inside(similarity, mask), "ssim_clip": similarity.mean().item()}
    return scales if fps is None else scales | {"jod": jod(clip, forged, fps)}


def band(psnr_db: float) -> str:
    """Name the band of visibility of a PSNR in dB: "extreme", "moderate", "subtle" or "invisible".

    Args:
        psnr_db: inside the mask, before any encoding; infinite where nothing changed.

    Example:
        >>> band(25.0), band(math.inf)
        ('moderate', 'invisible')
    """
    real = isinstance(psnr_db, Real) and not math.isnan(psnr_db)
    checks.check(real, "psnr_db must be a number", psnr_db)
    if psnr_db > BANDS_DB["subtle"]:
        return "invisible"
    return next((name for name, limit in BANDS_DB.items() if psnr_db < limit), "subtle")


def _everywhere(clip: Tensor) -> Tensor:
    checks.tensor("clip", clip, "C T H W")
    return clip.new_ones(clip.shape[1:])


def _check_shapes(clip: Tensor, forged: Tensor, mask: Tensor) -> None:
    for name, value, shape in (("clip", clip, "C T H W"), ("forged", forged, "C T H W"), ("mask", mask, "T H W")):
        checks.tensor(name, value, shape)
        checks.finite(name, value)
    if forged.shape != clip.shape or mask.shape != clip.shape[1:]:
        shapes = f"{(*clip.shape,)}, {(*forged.shape,)} and {(*mask.shape,)}"
        raise ValueError(f"clip and forged must be (C, T, H, W) and mask (T, H, W); got {shapes}")


def _check_size(clip: Tensor) -> None:
    if min(clip.shape[-2:]) < LEAST_PX:
        raise ValueError(f"frames must be at least {LEAST_PX} px a side; got {(*clip.shape[-2:],)}")


def _squared_error(clip: Tensor, forged: Tensor) -> Tensor:
    """(T, H, W), the mean over channels."""
    pairs = zip(clip.unbind(1), forged.unbind(1), strict=True)  # a frame stays in a processor's cache
    return torch.stack([(there - here).square().mean(0) for here, there in pairs])


def _decibels(error: Tensor, mask: Tensor) -> float:
    """The PSNR of squared errors (T, H, W) where the mask is above 0; inf of none."""
    mse = _mean_inside(error, mask, 0.0)
    return 10 * math.log10(RANGE**2 / mse) if mse > 0 else math.inf


def _unit(clip: Tensor) -> Tensor:
    """From [-1, 1] to [0, 1], which is all that a display can show."""
    return clip.float().add(1).div(RANGE).clamp(0, 1)


def _ssim_map(clip: Tensor, forged: Tensor) -> Tensor:
    """(T, H, W), of the luma."""
    _check_size(clip)
    pairs = zip(*(_unit(torch.tensordot(clip.new_tensor(LUMA), video, 1)).cpu().numpy() for video in (clip, forged)),
                strict=True)  # fmt: skip
    return torch.from_numpy(np.stack([_ssim_frame(*pair) for pair in pairs])).to(clip.device)


def _ssim_frame(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of two grey frames (H, W) in [0, 1]. By OpenCV's filter: a convolution of torch's takes six times as long."""
    blur = lambda image: cv2.GaussianBlur(image, (WINDOW_PX, WINDOW_PX), 1.5, borderType=cv2.BORDER_REFLECT_101)  # noqa: E731
    mean_x, mean_y = blur(x), blur(y)
    spread = blur(x * x) - mean_x**2 + blur(y * y) - mean_y**2
    shared = blur(x * y) - mean_x * mean_y
    alike = (2 * mean_x * mean_y + STEADY[0]) * (2 * shared + STEADY[1])
    return alike / ((mean_x**2 + mean_y**2 + STEADY[0]) * (spread + STEADY[1]))


def _mean_inside(values: Tensor, mask: Tensor, nowhere: float = 1.0) -> float:
    """The mean where the mask is above 0, or, of nothing, what is said of it: no pixel could change."""
    total, count = 0.0, 0
    for frame, of in zip(values, mask, strict=True):  # not values[mask > 0]: picking out costs more than adding up
        inside = of > 0
        total += (frame * inside).sum(dtype=torch.float64).item()
        count += int(inside.sum())
    return total / count if count else nowhere


@functools.cache
def _metric(thread: int):
    """ColorVideoVDP, built once a thread, since it keeps what it works on: reading its tables takes seconds."""
    from pycvvdp import cvvdp  # seconds to import, and needed by nobody who only forges

    return cvvdp(display_name=DISPLAY, quiet=True, device=torch.device("cpu"))


class _Quiet:
    """Keeps ColorVideoVDP from warning of machines without CUDA and of dark clips, and from setting up the root logger.

    It calls `logging.warning`, which installs a handler where there is none; the one that Python falls back on anyway
    stands in for it. Errors still pass. Several threads may be inside: the last one puts things back.
    """

    def __init__(self):
        self.lock, self.inside, self.before, self.stand_in = threading.Lock(), 0, 0, []

    def __enter__(self):
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.before = logging.root.manager.disable
                self.stand_in = [] if logging.root.handlers else [logging.lastResort]
                logging.disable(max(self.before, logging.WARNING))
                logging.root.handlers += self.stand_in

    def __exit__(self, *_):
        with self.lock:
            self.inside -= 1
            if not self.inside:
                for handler in self.stand_in:
                    logging.root.removeHandler(handler)
                logging.disable(self.before)


_quiet = _Quiet()
