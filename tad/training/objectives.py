"""What the network is trained to do, all of it without labels."""

import torch
from kornia.metrics import ssim
from torch import Tensor
from torch.nn import functional as F

from tad import checks
from tad.model.flow import warp


def charbonnier(x: Tensor, eps: float = 1e-3) -> Tensor:
    """A smooth absolute value, `sqrt(x^2 + eps^2)` (Charbonnier et al. 1994)."""
    return (x.square() + eps**2).sqrt()


def photometric_loss(here: Tensor, there: Tensor, flow: Tensor) -> Tensor:
    """How badly the next frame, fetched along the flow, explains this one: 0.85 (1 - SSIM) / 2 + 0.15 L1.

    Args:
        here, there: successive frames (B, 3, H, W) in [-1, 1].
        flow: (B, 2, H, W), px.

    Returns:
        The mean over the pixels whose flow stays inside the frame, (B,).

    Source: Godard et al. 2017, eq. 2 (there between two cameras).
    """
    _check_frames(here=here, there=there)
    fetched = warp(there, flow)
    structure = (1 - _ssim(here, fetched)).clamp(0, 2) / 2
    error = (0.85 * structure + 0.15 * charbonnier(here - fetched)).mean(1)  # (B, H, W)
    inside = _inside(flow)
    return (error * inside).sum(dim=(1, 2)) / inside.sum(dim=(1, 2)).clamp(min=1)


def _ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity of two pictures (B, 3, H, W), of each channel at each pixel, in a window of 5 px.

    All channels of all pictures as those of one: three channels at a time leave most of a processor's vector unused,
    and take three times as long.
    """
    return ssim(a.flatten(0, 1)[None], b.flatten(0, 1)[None], window_size=5, max_val=2.0).view_as(a)


def _check_frames(**frames: Tensor) -> None:
    for name, value in frames.items():
        checks.tensor(name, value, "B 3 H W")


def _inside(flow: Tensor) -> Tensor:
    """1 where the flow (B, 2, H, W) points into the frame, else 0."""
    h, w = flow.shape[-2:]
    x = torch.arange(w, device=flow.device) + flow[:, 0]
    y = torch.arange(h, device=flow.device)[:, None] + flow[:, 1]
    return ((x >= 0) & (x <= w - 1) & (y >= 0) & (y <= h - 1)).to(flow.dtype)


def smoothness_loss(flow: Tensor, image: Tensor, edge: float = 10.0) -> Tensor:
    """How much the flow changes where the image does not.

    Args:
        flow: (B, 2, H, W), px.
        image: (B, 3, H, W) in [-1, 1]; its edges are where flow may break.
        edge: how fast an edge lifts the penalty, per unit of brightness.

    Returns:
        Mean of |d flow| exp(-edge |d image|), summed over both directions, (B,).

    Source: Jonschkowski et al. 2020, "What Matters in Unsupervised Optical Flow", eq. 4 (first order).
    """
    _check_frames(image=image)
    checks.tensor("flow", flow, "B 2 H W")
    checks.number("edge", edge, 0)
    loss = flow.new_zeros(len(flow))
    for axis in (-2, -1):
        allowed = torch.exp(-edge * image.diff(dim=axis).abs().mean(1, keepdim=True))
        loss = loss + (charbonnier(flow.diff(dim=axis)) * allowed).mean(dim=(1, 2, 3))
    return loss


def flow_losses(video: Tensor, flows: list[Tensor], fade: float = 0.5) -> tuple[Tensor, Tensor]:
    """Photometric and smoothness loss of every level of a flow, finer levels weighing more.

    Args:
        video: (B, 3, T, H, W) in [-1, 1].
        flows: coarse to fine, each (B, 2, T - 1, H, W), px.
        fade: weight of a level over that of the next finer one.

    Returns:
        Two losses, each (B,).
    """
    checks.tensor("video", video, "B 3 T H W")
    checks.number("fade", fade, 0, above=True)
    checks.check(isinstance(flows, list | tuple) and len(flows) > 0, "flows must be a list, coarse to fine", flows)
    for flow in flows:
        checks.tensor("each of flows", flow, f"{len(video)} 2 {video.shape[2] - 1} {video.shape[3]} {video.shape[4]}")
    b = len(video)
    here, there = _frames(video[:, :, :-1]), _frames(video[:, :, 1:])
    flows = [_frames(flow) for flow in flows]
    weights = [fade**i for i in range(len(flows))][::-1]
    photometric = sum(w * photometric_loss(here, there, f) for w, f in zip(weights, flows, strict=True))
    smoothness = sum(w * smoothness_loss(f, here) for w, f in zip(weights, flows, strict=True))
    return tuple(loss.view(b, -1).mean(1) / sum(weights) for loss in (photometric, smoothness))


def _frames(video: Tensor) -> Tensor:
    """(B, C, T, H, W) as (B T, C, H, W)."""
    return video.transpose(1, 2).flatten(0, 1)


def neighbour_errors(video: Tensor) -> dict[str, Tensor]:
    """What copying reaches: error of the previous frame, and of the mean of both neighbours, as the mid frame.

    Args:
        video: (B, 3, T, H, W) in [-1, 1].

    Returns:
        "copy" and "neighbour_mean", each (B,), mean squared error as the score of the network.
    """
    checks.tensor("video", video, "B 3 T H W")
    mid = video.shape[2] // 2
    before, target, after = (video[:, :, mid + d] for d in (-1, 0, 1))
    return {
        "copy": frame_error(before, target),
        "neighbour_mean": frame_error((before + after) / 2, target),
    }


def hide_mid_frame(video: Tensor, which: Tensor | None = None) -> Tensor:
    """Put the mean of both neighbours in the place of the mid frame: it must be predicted from both sides.

    A network that sees the frame can copy a fake as well as a real one. The mean is in keeping with the clip, for the
    flow as for the stem, where a grey frame would be a cut.

    Args:
        video: (B, 3, T, H, W) in [-1, 1].
        which: clips whose frame is hidden, (B,); all when None.

    Example:
        >>> hide_mid_frame(torch.arange(3.0).square().view(1, 1, 3, 1, 1)).flatten().tolist()
        [0.0, 2.0, 4.0]
    """
    checks.tensor("video", video, "B C T H W")
    if which is not None:
        checks.tensor("which", which, f"{len(video)}", torch.bool)
    mid, hidden = video.shape[2] // 2, video.clone()
    between = (video[:, :, mid - 1] + video[:, :, mid + 1]) / 2
    chosen = torch.ones(len(video), dtype=torch.bool, device=video.device) if which is None else which
    hidden[chosen, :, mid] = between[chosen]
    return hidden


def frame_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of frames (B, 3, H, W), one number a frame: the card's score.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        target: of the same shape.
    """
    _check_frames(prediction=prediction, target=target)
    checks.check(target.shape == prediction.shape, f"target must be {tuple(prediction.shape)}", target)
    return F.mse_loss(prediction, target, reduction="none").mean(dim=(1, 2, 3))
