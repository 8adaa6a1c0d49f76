"""Where a detector's score of a clip comes from: attributions by Captum.

The target is one detector's score, (B,), see `ClipScore`: the gradient passes through all that it reads, the true mid
frame included. The baseline is the blurred clip throughout. Detectors without a gradient go by `ablation` and
`occlusion`. Memory is bounded by `Effort.batch`: so many versions of the clip are computed at a time, and none is kept.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from captum.attr import (
    FeatureAblation,
    IntegratedGradients,
    LayerGradCam,
    LayerIntegratedGradients,
    NoiseTunnel,
    Occlusion,
    Saliency,
)
from torch import Tensor, nn

from tad import checks
from tad.explain.cells import TUBELETS, Grid, cells, enlarged
from tad.explain.target import ClipScore, blurred, check_explained, embedded_layer
from tad.scoring import Detector


@dataclass(frozen=True)
class Effort:
    """How much work a method may make of one clip."""

    steps: int = 16  # of integrated gradients, points on the way from the baseline
    samples: int = 8  # of SmoothGrad, noisy versions of the clip
    grid: Grid = TUBELETS  # of ablation and occlusion, cells over time, rows and columns
    batch: int = 4  # versions of the clip in memory at a time
    seed: int = 0  # of the noise
    progress: bool = False  # whether ablation and occlusion show how far they are

    def __post_init__(self):
        for name in ("steps", "samples", "batch"):
            checks.whole(name, getattr(self, name), 1)
        checks.whole("seed", self.seed)
        checks.sizes("grid", self.grid, 3)


class Heat(NamedTuple):
    """What a method says of a clip."""

    values: Tensor  # (T, H, W), signed: what adds to the score is positive
    delta: float = float("nan")  # of integrated gradients: by how much the sum misses the difference of the scores


NOISE = 0.1  # deviation of SmoothGrad's noise, in the clip's unit, whose range is 2


def ablation(detector: Detector, clip: Tensor, effort: Effort = Effort()) -> Heat:
    """Blur one cell of a clip (3, T, H, W) at a time: how much the score falls without it."""
    _check(detector, clip, effort)
    mask = cells(clip.shape[1:], effort.grid)[None, None]
    found = FeatureAblation(ClipScore(detector)).attribute(
        clip[None], blurred(clip[None]), feature_mask=mask, perturbations_per_eval=effort.batch,
        show_progress=effort.progress,
    )  # fmt: skip
    return Heat(found[0].mean(0).detach())


def occlusion(detector: Detector, clip: Tensor, effort: Effort = Effort()) -> Heat:
    """Blur a window of one cell in time and two a side that moves by one cell: the loss, mean over the windows there.

    Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks".
    """
    _check(detector, clip, effort)
    step = [max(1, side // n) for side, n in zip(clip.shape[1:], effort.grid, strict=True)]
    window = [step[0], *(min(2 * s, side) for s, side in zip(step[1:], clip.shape[2:], strict=True))]
    found = Occlusion(ClipScore(detector)).attribute(
        clip[None], sliding_window_shapes=(3, *window), strides=(3, *step), baselines=blurred(clip[None]),
        perturbations_per_eval=effort.batch, show_progress=effort.progress,
    )  # fmt: skip
    return Heat(found[0].mean(0).detach())


def integrated_gradients(detector: Detector, clip: Tensor, effort: Effort = Effort()) -> Heat:
    """Spread the score over the pixels of a clip (3, T, H, W), on the straight way from the blurred clip to the clip.

    Source: Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks".
    """
    _check(detector, clip, effort)
    found, delta = IntegratedGradients(ClipScore(detector)).attribute(
        clip[None], blurred(clip[None]), n_steps=effort.steps, internal_batch_size=effort.batch,
        return_convergence_delta=True,
    )  # fmt: skip
    return Heat(found[0].sum(0).detach(), float(delta))


def layer_integrated_gradients(detector: Detector, clip: Tensor, effort: Effort = Effort()) -> Heat:
    """Spread the score over the embedded tensor (B, D, T', H', W'), see `embedded_layer`, on the same way.

    A score that compares with the true mid frame reads it past that layer; that part, which the delta shows, is not
    spread.

    Raises:
        ValueError: the detector has no such layer.
    """
    _check(detector, clip, effort)
    score = ClipScore(detector)
    batch = 1 if score.one_by_one else effort.batch  # the layer's tensor is replaced for a whole batch at once
    found, delta = LayerIntegratedGradients(score, _layer(detector)).attribute(
        clip[None], blurred(clip[None]), n_steps=effort.steps, internal_batch_size=batch, return_convergence_delta=True
    )
    return Heat(enlarged(found[0].sum(0).detach(), clip.shape[1:]), float(delta))


def grad_cam(detector: Detector, clip: Tensor, effort: Effort = Effort()) -> Heat:
    """Weigh the channels of the embedded tensor (B, D, T', H', W') by their mean gradient.

    Source: Selvaraju et al. 2017, "Grad-CAM". The sign stays: what takes from the score is negative.

    Raises:
        ValueError: the detector has no such layer.
    """
    _check(detector, clip, effort)
    found = LayerGradCam(ClipScore(detector), _layer(detector)).attribute(clip[None])
    return Heat(enlarged(found[0, 0].detach(), clip.shape[1:], smooth=True))


def smooth_grad(detector: Detector, clip: Tensor, effort: Effort = Effort()) -> Heat:
    """Average the gradient over noisy versions of a clip; its size says how sensitive the score is, without a sign.

    Source: Smilkov et al. 2017, "SmoothGrad".
    """
    _check(detector, clip, effort)
    with torch.random.fork_rng():  # Captum draws from the global generator
        torch.manual_seed(effort.seed)
        found = NoiseTunnel(Saliency(ClipScore(detector))).attribute(
            clip[None], nt_samples=effort.samples, nt_samples_batch_size=min(effort.batch, effort.samples),
            stdevs=NOISE, abs=False,
        )  # fmt: skip
    return Heat(found[0].abs().sum(0).detach())


def _check(detector: Detector, clip: Tensor, effort: Effort) -> None:
    check_explained(detector, clip)
    checks.of_kind("effort", effort, Effort, "an Effort")


def _layer(detector: Detector) -> nn.Module:
    layer = embedded_layer(detector)
    if layer is None:
        raise ValueError(f"a layer method needs a detector with an embedded tensor; {detector.name} has none")
    return layer


WITHOUT_GRADIENT = {"ablation": ablation, "occlusion": occlusion}
BY_GRADIENT = {"integrated_gradients": integrated_gradients, "smooth_grad": smooth_grad}
BY_LAYER = {"layer_integrated_gradients": layer_integrated_gradients, "grad_cam": grad_cam}
