"""What motion does not explain: each frame against its neighbours, fetched along dense optical flow.

Idea: real things move, so that a frame is nearly the mean of both neighbours once their motion is undone; flicker,
noise and jitter are not. Flow by OpenCV after Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016,
with its setting "fast": on validation scenes it finds as much as Farneback's flow in less than half of the time. A
frame from its two neighbours as in frame interpolation, Baker et al., "A Database and Evaluation Methodology for
Optical Flow", 2011. With x' fetched along the flow and the sums over a patch of 8 x 8 px:

    r = sqrt( sum (x_t - (x'_{t-1} + x'_{t+1}) / 2)^2 / sum (|grad x_t|^2 + 4^2) ),  in levels

The score is the mean of the highest 1 % of r. A smooth region is predicted well and not found, of a frozen one the rim.
"""

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tad.scoring.detectors.patches import Patches, gradient_energy, luma
from tad.scoring.detectors.protocol import register_fitted

FLOW_SIDE = 480  # px at most, of the frames that the flow is estimated on
LEAST_SIDE = 32  # px: on frames that are narrower OpenCV's search refuses or crashes
FLOOR = 4.0  # levels a px: contrast that counts as none


@register_fitted
class InterpolationResidual(Patches):
    """Peak over patches of the error of motion-compensated neighbours, relative to local contrast."""

    name, first = "interpolation_residual", 1

    def heat(self, clip: Tensor) -> Tensor:
        if clip.shape[1] < 3:
            raise ValueError(f"{self.name} needs a frame between two others; got {clip.shape[1]} frames")
        frames = luma(clip)
        error = torch.from_numpy(residuals(frames.cpu().numpy())).to(clip.device)
        contrast = gradient_energy(frames[1:-1]) + FLOOR**2
        return (F.avg_pool2d(error.square(), self.cell[1]) / F.avg_pool2d(contrast, self.cell[1])).sqrt()


def residuals(frames: np.ndarray) -> np.ndarray:
    """What is left of each inner frame after the mean of its neighbours, fetched along the flow.

    Args:
        frames: (T, H, W), float32, levels from 0 to 255.

    Returns:
        (T - 2, H, W), levels.
    """
    size = frames.shape[:0:-1]
    scale = min(1.0, FLOW_SIDE / max(size))
    small = [cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for frame in frames]
    wide = small[0].shape[::-1]
    lacking = [max(0, LEAST_SIDE - side) for side in wide]
    small = [frame.round().astype(np.uint8) for frame in small]
    small = [cv2.copyMakeBorder(frame, 0, lacking[1], 0, lacking[0], cv2.BORDER_REPLICATE) for frame in small]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    grid = np.stack(np.meshgrid(*map(np.arange, size)), axis=-1).astype(np.float32)  # (H, W, 2), x then y

    def fetch(here: int, there: int) -> np.ndarray:
        flow = search.calc(small[here], small[there], None)[: wide[1], : wide[0]]
        flow = cv2.resize(flow, size)
        for axis in (0, 1):  # in place, a column at a time: numpy is slow along an axis of two
            flow[..., axis] *= np.float32(size[axis] / wide[axis])
        flow += grid
        return cv2.remap(frames[there], flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    return np.stack([frames[t] - (fetch(t, t - 1) + fetch(t, t + 1)) / 2 for t in range(1, len(frames) - 1)])
