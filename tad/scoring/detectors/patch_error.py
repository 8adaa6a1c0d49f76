"""Where the network is more wrong than such a patch deserves: its error against texture and motion.

Idea: the error of a reconstruction measures the scene first, and halving a clip's contrast makes it look more real.
Patch by patch it is compared with what the network makes of real patches of that texture and motion, as in the
normalised scores of Liu et al., "Future Frame Prediction for Anomaly Detection", 2018, but by content, not by clip.
With means over a patch of 8 x 8 px of the mid frame x_t, in levels of brightness for texture and motion:

    e = log( mean (x - frame_pred)^2 + 1e-5 ),  z = e - (a + b log(|grad x_t|^2 + 1) + c log(d_t + 1))

where d_t is the mean of (x_t - x_{t-1})^2 and (x_{t+1} - x_t)^2, and a, b, c are the least-squares fit over reals. The
score is the mean of the highest 5 % of z; the lower tail, that of the highest 5 % of -z, is a detector of its own: what
was smoothed or comes from a generator may be easier for a network than it should be.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.patches import Patches, gradient_energy, luma
from tad.scoring.detectors.protocol import register_fitted, side


@register_fitted
class PatchError(Patches):
    """The network's error on the mid frame in log, less what real patches of that texture and motion cost it."""

    name, trained_on, learns, share, mid_only = "patch_error", "reals only", ("coefficients",), 0.05, True

    def __init__(self, model: EnhancedTimeSformer):
        super().__init__()
        self.model, self.view = model, side(model)

    def samples(self, clip: Tensor) -> Tensor:
        return self.describe(clip).flatten(0, 2)

    def describe(self, clip: Tensor) -> Tensor:
        """Log error, 1, log texture and log motion of the patches of the mid frame: (1, h, w, 4)."""
        mid = clip.shape[1] // 2
        around = luma(clip[:, mid - 1 : mid + 2])
        error = (self.model(clip[None])[0][0] - clip[:, mid]).square().mean(0, keepdim=True)
        measured = torch.stack([error, gradient_energy(around[1:2]), around.diff(dim=0).square().mean(0, keepdim=True)])
        error, texture, motion = F.avg_pool2d(measured[:, 0], self.cell[1])
        columns = [(error + 1e-5).log(), torch.ones_like(error), (texture + 1).log(), (motion + 1).log()]
        return torch.stack(columns, dim=-1)[None]

    def learn(self, samples: Tensor) -> dict[str, Tensor]:
        samples = samples.cpu().double()
        # not by the normal equations, and fit for reals that all stand still
        found = torch.linalg.lstsq(samples[:, 1:], samples[:, :1], driver="gelsd").solution
        return {"coefficients": found[:, 0].float()}

    def heat(self, clip: Tensor) -> Tensor:
        found = self.describe(clip)
        return found[..., 0] - found[..., 1:] @ self.learned["coefficients"].to(found)


@register_fitted
class PatchErrorLow(PatchError):
    """The lower tail: how much easier than real patches of that texture and motion the easiest patches are."""

    name = "patch_error_low"

    def heat(self, clip: Tensor) -> Tensor:
        return -super().heat(clip)
