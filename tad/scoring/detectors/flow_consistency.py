"""Motion that contradicts itself: the flow that the network predicts against the flow that it estimates.

Idea: the flow head says from the whole clip how the mid frame should move on, the flow estimator measures it between
two frames. In real footage the two agree, and going there and back ends where it began. Source of the photometric
test: Godard et al. 2017 (see `tad.training.objectives`); of the forward-backward test: Sundaram, Brox, Keutzer, "Dense
Point Trajectories by GPU-Accelerated Large Displacement Optical Flow", 2010. With the mid frame x, the next y, the
predicted flow p, the estimated f and the estimated way back b, means over 8 x 8 px:

    log( E |x - y(u + p)| + 0.01 ) - log( E |x - y(u + f)| + 0.01 ),   log( E |p(u) + b(u + p(u))| + 0.1 px )

Their Mahalanobis distance from those of real patches; the score is the mean of the highest 5 %.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from tad.model import EnhancedTimeSformer
from tad.model.flow import warp
from tad.scoring.detectors.patches import Gaussian
from tad.scoring.detectors.protocol import register_fitted, side


@register_fitted
class FlowConsistency(Gaussian):
    """How unlike that of reals the disagreement of predicted and estimated flow is."""

    name, share, mid_only = "flow_consistency", 0.05, True

    def __init__(self, model: EnhancedTimeSformer):
        super().__init__()
        self.model, self.view = model, side(model)

    def describe(self, clip: Tensor) -> Tensor:
        found, mid = self.model.features(clip[None]), clip.shape[1] // 2
        here, there = clip[None, :, mid], clip[None, :, mid + 1]
        predicted, estimated = found["flow_pred"], found["flow"][:, :, mid]
        back = self.model.flow_estimator(torch.stack([there, here], dim=2))[-1][:, :, 0]
        errors = [(here - warp(there, flow)).abs().mean(1) for flow in (predicted, estimated)]
        astray = (predicted + warp(back, predicted)).norm(dim=1)
        by_predicted, by_estimated, astray = F.avg_pool2d(torch.cat([*errors, astray]), self.cell[1])
        photometric = (by_predicted + 0.01).log() - (by_estimated + 0.01).log()
        return torch.stack([photometric, (astray + 0.1).log()], dim=-1)[None]
