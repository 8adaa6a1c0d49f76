"""How right a heat map is about what was changed: against the forgery's mask, in space and over time.

In space: the heat summed over the frames against the pixels that were changed in most of the changed frames. Over time:
the heat summed over each frame against the frames in which anything was changed.
"""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor

from tad import checks
from tad.explain.cells import check_heat

CHANGED = 0.5  # of a mask: above it a pixel counts as changed
HOT = 0.5  # share of a map's maximum above which a place counts as pointed at
MEASURES = ("pointing", "auc", "average_precision", "iou")


def localisation(heat: Tensor, mask: Tensor) -> dict[str, float]:
    """Measure a heat map against the mask of a forgery.

    Args:
        heat: (T, H, W), >= 0.
        mask: (T, H, W) in [0, 1], of the forgery before it was encoded.

    Returns:
        `MEASURES` with the prefixes "space_" and "time_"; see `agreement`. NaN over space where no pixel or every
        pixel was changed, over time where no frame or every frame was.

    Example:
        >>> import torch
        >>> mask = torch.zeros(4, 8, 8)
        >>> mask[1:3, :4, :4] = 1
        >>> found = localisation(mask, mask)
        >>> set(found.values())
        {1.0}
    """
    check_heat(heat)
    checks.tensor("mask", mask, " ".join(map(str, heat.shape)))
    checks.finite("mask", mask)
    changed = mask > CHANGED
    frames = changed.flatten(1).any(1)
    often = changed[frames].float().mean(0) > CHANGED if frames.any() else changed[0]
    pairs = {"space": (heat.sum(0), often), "time": (heat.sum((1, 2)), frames)}
    return {
        f"{where}_{name}": value
        for where, (hot, truth) in pairs.items()
        for name, value in agreement(hot.flatten().double().numpy(), truth.flatten().numpy()).items()
    }


def agreement(heat: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Hold heat (N,) against what is true (N,) bool; NaN where all or nothing is true.

    Returns:
        pointing: whether the hottest place is a true one, the share of them where several are equally hot (the pointing
        game, Zhang et al. 2018); auc and average_precision of telling true places by their heat; iou: intersection over
        union of the true places and those hotter than half the maximum.

    Example:
        >>> agreement(np.array([3.0, 2, 1, 0]), np.array([True, False, False, False]))
        {'pointing': 1.0, 'auc': 1.0, 'average_precision': 1.0, 'iou': 0.5}
    """
    heat = checks.numbers("heat", heat)
    good = isinstance(truth, np.ndarray) and truth.dtype == bool and truth.shape == heat.shape
    checks.check(good, f"truth must be {len(heat)} times true or false", truth)
    if truth.all() or not truth.any():
        return dict.fromkeys(MEASURES, float("nan"))
    top, hot = heat == heat.max(), heat > HOT * heat.max()
    values = (
        truth[top].mean(),
        roc_auc_score(truth, heat),
        average_precision_score(truth, heat),
        (hot & truth).sum() / (hot | truth).sum(),
    )
    return {name: float(value) for name, value in zip(MEASURES, values, strict=True)}
