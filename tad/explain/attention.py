"""Where the network attends: probabilities of the trained model, read and probed by Captum.

The probabilities leave the network through the module `probabilities` of each attention, on its eager path, whose
output equals the fused path's. They are read there, not recomputed, and no copy of the network is made. Memory: one
forward pass holds, of each layer, h (N T'^2 + T' N^2) numbers, for `base` (h 12, T' 8, N 196) 15 MB; the product of
`rollout` over all T' N tokens is never written out.
"""

import torch
from captum.attr import LayerActivation, LayerGradientXActivation
from einops import rearrange
from torch import Tensor, nn

from tad import checks
from tad.explain.target import ClipScore
from tad.model import EnhancedTimeSformer
from tad.scoring import Detector
from tad.scoring.detectors import MidFrameMSE
from tad.scoring.detectors.protocol import check_detector

AXES = ("time", "space")


def attention(model: EnhancedTimeSformer, clip: Tensor, layer: int, axis: str, head: int | None = None) -> Tensor:
    """Read the probabilities of one layer.

    Args:
        model: in evaluation mode.
        clip: (3, T, H, W) in [-1, 1].
        layer: 0 to depth - 1; negative counts from the end.
        axis: "time" or "space".
        head: one alone, 0 to h - 1; all when None.

    Returns:
        time: (h, N, T', T'), for each square the row of a time over all times; space: (h, T', N, N), for each time the
        row of a square over all squares; without h where one head is asked for. Rows sum to one.

    Raises:
        ValueError: unknown layer, axis or head.
    """
    _check(model, clip)
    heads = model.config.heads
    if head is not None and not (isinstance(head, int) and 0 <= head < heads):
        raise ValueError(f"head must lie in [0, {heads - 1}]; got {head}")
    module = _module(model, layer, axis)
    with model.eager_attention(), torch.no_grad():
        found = _by_head(LayerActivation(model, module).attribute(clip[None]))
    return found if head is None else found[head]


def attention_gradient(
    model: EnhancedTimeSformer, clip: Tensor, layer: int, axis: str, detector: Detector | None = None
) -> Tensor:
    """Read probability times the gradient of the clip's score: what attending there adds to it.

    Args:
        model, clip, layer, axis: as `attention`; shapes too, the values have a sign.
        detector: whose score, one that reads this model; the card's when None.
    """
    _check(model, clip)
    if detector is not None:
        check_detector(detector)
    module, score = _module(model, layer, axis), ClipScore(detector or MidFrameMSE(model))
    with model.eager_attention():
        return _by_head(LayerGradientXActivation(score, module).attribute(clip[None]))


def _check(model: EnhancedTimeSformer, clip: Tensor) -> None:
    checks.of_kind("model", model, EnhancedTimeSformer, "an EnhancedTimeSformer")
    checks.clip("clip", clip)


def _by_head(found: Tensor) -> Tensor:
    return rearrange(found.detach(), "s h n m -> h s n m")


def _module(model: EnhancedTimeSformer, layer: int, axis: str) -> nn.Module:
    depth = model.config.depth
    if not (isinstance(layer, int) and -depth <= layer < depth):
        raise ValueError(f"layer must lie in [{-depth}, {depth - 1}]; got {layer}")
    if axis not in AXES:
        raise ValueError(f"axis must be time or space; got {axis!r}")
    return getattr(model.blocks[layer], axis).probabilities


def attention_of_mid_frame(model: EnhancedTimeSformer, clip: Tensor, layer: int = -1) -> dict[str, Tensor]:
    """Where the squares of the mid frame look in one layer, each map summing to one.

    Args:
        model, clip, layer: as `attention`.

    Returns:
        space: (h, H', W'), the probability that a square of the mid frame's time attends to, mean over the squares that
        look; time: (h, T', H', W'), for each square of the mid frame its probability over the times, divided by the
        number of squares.
    """
    mid, rows, columns = _grid(model, clip)
    space = attention(model, clip, layer, "space")[:, mid].mean(1)  # (h, N)
    time = attention(model, clip, layer, "time")[:, :, mid]  # (h, N, T')
    return {
        "space": rearrange(space, "h (r c) -> h r c", r=rows, c=columns),
        "time": rearrange(time, "h (r c) t -> h t r c", r=rows, c=columns) / (rows * columns),
    }


def rollout(model: EnhancedTimeSformer, clip: Tensor) -> Tensor:
    """Follow attention from the mid frame's tokens, which the heads read, through all layers to the embedded tokens.

    Abnar and Zuidema multiply, layer by layer, 0.5 I + 0.5 A, the attention A averaged over heads, the identity for the
    residual path. Carried over to divided attention: a block adds time attention first, then space attention to the
    sum, so its factor is the product (0.5 I + 0.5 S)(0.5 I + 0.5 T), in which T mixes the times of one square and S the
    squares of one time. The MLP, which mixes no tokens, is left out, as there. The product is applied to one row, the
    mean over the tokens of the mid frame, from the last layer to the first.

    Args:
        model: in evaluation mode.
        clip: (3, T, H, W) in [-1, 1].

    Returns:
        (T', H', W'), >= 0, summing to one: how much of each embedded token arrives.

    Source: Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers".
    """
    mid, rows, columns = _grid(model, clip)
    asked = [_module(model, layer, axis) for layer in range(model.config.depth) for axis in AXES]
    with model.eager_attention(), torch.no_grad():
        found = LayerActivation(model, asked).attribute(clip[None])
    over_time, over_space = ([each.mean(1) for each in found[start::2]] for start in (0, 1))  # (N, T', T'), (T', N, N)
    flow = clip.new_zeros(len(over_space[0]), rows * columns)
    flow[mid] = 1 / (rows * columns)
    for time, space in zip(reversed(over_time), reversed(over_space), strict=True):
        flow = (flow + torch.einsum("tn,tnm->tm", flow, space)) / 2
        flow = (flow + torch.einsum("tn,ntu->un", flow, time)) / 2
    return rearrange(flow, "t (r c) -> t r c", r=rows, c=columns)


def _grid(model: EnhancedTimeSformer, clip: Tensor) -> tuple[int, int, int]:
    """The mid frame's place in time, rows and columns of the tokens."""
    _check(model, clip)
    c = model.config
    return clip.shape[1] // 2 // c.tubelet, clip.shape[2] // c.patch, clip.shape[3] // c.patch
