"""Where the network attends: probabilities of the trained model, read and probed by Captum.

The probabilities leave the network through the module `probabilities` of each attention, on its eager path. They are
read there, not recomputed.
"""

import torch
from captum.attr import LayerActivation, LayerGradientXActivation
from einops import rearrange
from torch import Tensor, nn

from tad.model import EnhancedTimeSformer
from tad.training import frame_error


class MidFrameError(nn.Module):
    """The card's score as a module, one number a clip; its gradient runs through the true mid frame too."""

    def __init__(self, model: EnhancedTimeSformer):
        super().__init__()
        self.model = model

    def forward(self, video: Tensor) -> Tensor:  # (B, 3, T, H, W) -> (B,)
        return frame_error(self.model(video)[0], video[:, :, video.shape[2] // 2])


def attention(model: EnhancedTimeSformer, clip: Tensor, layer: int, axis: str) -> Tensor:
    """Read the probabilities of one layer.

    Args:
        model: in evaluation mode.
        clip: (3, T, H, W) in [-1, 1].
        layer: 0 to depth - 1; negative counts from the end.
        axis: "time" or "space".

    Returns:
        time: (h, N, T', T'), for each square the row of a time over all times; space: (h, T', N, N), for each time the
        row of a square over all squares. Rows sum to one.

    Raises:
        ValueError: unknown layer or axis.
    """
    return _probe(model, clip, layer, axis, LayerActivation)


def attention_gradient(model: EnhancedTimeSformer, clip: Tensor, layer: int, axis: str) -> Tensor:
    """Read probability times the gradient of the clip's score: what attending there adds to the error.

    Arguments and shapes as `attention`; the values have a sign.
    """
    return _probe(model, clip, layer, axis, LayerGradientXActivation)


def _probe(model: EnhancedTimeSformer, clip: Tensor, layer: int, axis: str, method: type) -> Tensor:
    depth = model.config.depth
    if not -depth <= layer < depth:
        raise ValueError(f"layer must lie in [{-depth}, {depth - 1}]; got {layer}")
    if axis not in ("time", "space"):
        raise ValueError(f"axis must be time or space; got {axis!r}")
    module = getattr(model.blocks[layer], axis).probabilities
    with model.eager_attention():
        found = method(MidFrameError(model), module).attribute(clip[None]).detach()  # (sequences, h, n, n)
    return rearrange(found, "s h n m -> h s n m")


def attention_of_mid_frame(model: EnhancedTimeSformer, clip: Tensor, layer: int = -1) -> dict[str, Tensor]:
    """Where the squares of the mid frame look in one layer, each map summing to one.

    Args:
        model, clip, layer: as `attention`.

    Returns:
        space: (h, H', W'), the probability that a square of the mid frame's time attends to, mean over the squares that
        look; time: (T', H', W'), for each square of the mid frame its probability over the times, divided by the
        number of squares.
    """
    c = model.config
    mid = clip.shape[1] // 2 // c.tubelet
    rows, columns = clip.shape[2] // c.patch, clip.shape[3] // c.patch
    space = attention(model, clip, layer, "space")[:, mid].mean(1)  # (h, N)
    time = attention(model, clip, layer, "time").mean(0)[:, mid]  # (N, T')
    return {
        "space": rearrange(space, "h (r c) -> h r c", r=rows, c=columns),
        "time": rearrange(time, "(r c) t -> t r c", r=rows, c=columns) / (rows * columns),
    }


def random_twin(model: EnhancedTimeSformer, generator: torch.Generator) -> EnhancedTimeSformer:
    """A network of the same shape with weights drawn anew: the control of Adebayo et al. 2018, "Sanity Checks"."""
    twin = type(model)(model.config).eval()
    with torch.no_grad():
        for own, trained in zip(twin.parameters(), model.parameters(), strict=True):
            drawn = torch.randn(own.shape, generator=generator)
            own.copy_(drawn * trained.std(correction=0) + trained.mean())
    return twin
