"""Which pixels make up a clip's error: attributions by Captum."""

import torch
from captum.attr import IntegratedGradients
from einops import rearrange
from torch import Tensor

from tad.explain.attention import MidFrameError
from tad.model import EnhancedTimeSformer


def integrated_gradients(
    model: EnhancedTimeSformer, clip: Tensor, steps: int = 24, batch_size: int = 4
) -> tuple[Tensor, float]:
    """Spread the clip's error over its pixels, from a grey clip to the clip itself.

    The gradient passes through the network's input and through the true mid frame, which is a part of the score.

    Args:
        model: in evaluation mode.
        clip: (3, T, H, W) in [-1, 1].
        steps: points on the way.
        batch_size: points computed at a time, which bounds the memory.

    Returns:
        Attribution (T, H, W), summed over colours, signed; and by how much its sum misses the difference of the two
        scores (the convergence delta).

    Source: Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks".
    """
    found, delta = IntegratedGradients(MidFrameError(model)).attribute(
        clip[None], torch.zeros_like(clip[None]), n_steps=steps, internal_batch_size=batch_size,
        return_convergence_delta=True,
    )  # fmt: skip
    return found[0].sum(0).detach(), float(delta)


def per_token(heat: Tensor, tubelet: int, patch: int) -> Tensor:
    """Sum the size of a heat map (T, H, W) over each tubelet: (T', H', W')."""
    return rearrange(heat.abs(), "(t a) (h b) (w c) -> t h w (a b c)", a=tubelet, b=patch, c=patch).sum(-1)


def share_inside(heat: Tensor, mask: Tensor) -> float:
    """The share of a heat map's size that lies where the mask (T, H, W) is above one half.

    Example:
        >>> share_inside(torch.ones(2, 4, 4), torch.cat([torch.ones(1, 4, 4), torch.zeros(1, 4, 4)]))
        0.5
    """
    size = heat.abs()
    return float(size[mask > 0.5].sum() / size.sum().clamp(min=1e-12))
