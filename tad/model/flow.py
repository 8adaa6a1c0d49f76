"""Optical flow: an estimator that learns without labels, and the encoder that hands its flow to the tokens."""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from tad import checks


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """Fetch each pixel from where the flow points to: `out(x) = image(x + flow(x))`, bilinear.

    Args:
        image: (B, C, H, W).
        flow: (B, 2, H, W), first x then y, px.

    Returns:
        (B, C, H, W); what lies outside repeats the border.
    """
    checks.tensor("image", image, "B C H W")
    checks.tensor("flow", flow, "B 2 H W")
    h, w = flow.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(h, device=flow.device, dtype=flow.dtype),
        torch.arange(w, device=flow.device, dtype=flow.dtype),
        indexing="ij",
    )
    # grid_sample counts the corners' centres as -1 and 1
    grid = torch.stack([2 * (x + flow[:, 0]) / max(w - 1, 1) - 1, 2 * (y + flow[:, 1]) / max(h - 1, 1) - 1], dim=-1)
    return F.grid_sample(image, grid, padding_mode="border", align_corners=True)


# Numbers of a piece of a batch that is worked on at once: few enough for the cache. Where torch has several threads,
# few enough too for it to leave them to one: twice as large, the threads would meet at a barrier thousands of times,
# where a busy machine lets them wait.
CACHED, UNSHARED = 2**18, 2**15


class _Correlation(torch.autograd.Function):
    """The products of `correlate`, shift by shift.

    A few pairs of frames at a time stay in a processor's cache: up to eight times as fast as a matrix product of whole
    rows, and nothing is held for the way back but what came in. A GPU takes the batch at once.
    """

    @staticmethod
    def shifts(radius: int, size: torch.Size, padded: Tensor):
        """Each offset's number, and the part of a padded map that it points to."""
        (h, w), reach = size[-2:], 2 * radius + 1
        for j in range(reach):
            for i in range(reach):
                yield j * reach + i, padded[..., j : j + h, i : i + w]

    @staticmethod
    def forward(ctx, a: Tensor, padded: Tensor, radius: int) -> Tensor:
        ctx.save_for_backward(a, padded)
        ctx.radius = radius
        out = a.new_empty(len(a), (2 * radius + 1) ** 2, *a.shape[-2:])
        for here, there, found in _pieces(a, padded, out):
            for k, shifted in _Correlation.shifts(radius, a.shape, there):
                torch.sum(here * shifted, 1, out=found[:, k])
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        a, padded = ctx.saved_tensors
        grads = torch.zeros_like(a), torch.zeros_like(padded)
        for here, there, of, of_here, of_there in _pieces(a, padded, grad, *grads):
            to_there = dict(_Correlation.shifts(ctx.radius, a.shape, of_there))
            for k, shifted in _Correlation.shifts(ctx.radius, a.shape, there):
                of_here.addcmul_(of[:, k : k + 1], shifted)
                to_there[k].addcmul_(of[:, k : k + 1], here)
        return *grads, None


def _pieces(*batches: Tensor):
    """The same pieces of each batch: as many items as a processor's cache holds, or on a GPU all of them."""
    item = batches[0][0].numel()
    most = CACHED if torch.get_num_threads() == 1 else UNSHARED
    size = len(batches[0]) if batches[0].is_cuda else max(1, most // item)
    return zip(*(batch.split(size) for batch in batches), strict=True)


def correlate(a: Tensor, b: Tensor, radius: int) -> Tensor:
    """Cosine similarity of each position of `a` with the positions of `b` around it.

    Args:
        a, b: features (B, C, H, W) of unit length over C.
        radius: reach of the window, positions.

    Returns:
        (B, (2 radius + 1)^2, H, W), offsets row by row, y outside, x inside.
    """
    kind = torch.promote_types(a.dtype, b.dtype)  # autocast may have made them differ
    return _Correlation.apply(a.to(kind), F.pad(b.to(kind), [radius] * 4, mode="replicate"), radius)


class FlowLevel(nn.Module):
    """One step from coarse to fine: best match within the window, then a correction by convolutions."""

    def __init__(self, channels: int, radius: int):
        super().__init__()
        self.radius = radius
        window = (2 * radius + 1) ** 2
        offsets = torch.arange(-radius, radius + 1, dtype=torch.float32)
        self.register_buffer("offsets", torch.stack(torch.meshgrid(offsets, offsets, indexing="xy")).flatten(1))
        self.sharpness = nn.Parameter(torch.tensor(2.0))  # log of the inverse temperature of the match
        self.correct = nn.Sequential(
            nn.Conv2d(window + channels + 2, channels, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(channels, 2, 3, padding=1),
        )
        nn.init.normal_(self.correct[-1].weight, std=1e-3)
        nn.init.zeros_(self.correct[-1].bias)

    def forward(self, a: Tensor, b: Tensor, flow: Tensor) -> Tensor:
        """Refine a flow (B, 2, H, W), in positions of this level, from the features (B, C, H, W) of both frames."""
        match = correlate(_unit(a), _unit(warp(b, flow)), self.radius)  # (B, window, H, W)
        weights = (match * self.sharpness.exp()).softmax(dim=1)
        step = torch.einsum("bkhw,ck->bchw", weights, self.offsets)
        return flow + step + self.correct(torch.cat([match, a, flow], dim=1))


def _unit(features: Tensor) -> Tensor:
    """Features of zero mean over the frame and unit length, so that their product tells positions apart."""
    centred = features - features.mean(dim=(2, 3), keepdim=True)
    return centred * (centred.square().sum(1, keepdim=True) + 1e-6).rsqrt()


class FlowEstimator(nn.Module):
    """Flow between successive frames, from coarse to fine over a pyramid of learned features.

    Warping, a local cost volume and a small decoder a level, as in PWC-Net (Sun et al. 2018); the training needs
    no labels (`tad.training.objectives.photometric_loss`).
    """

    # Two levels, at strides 4 and 2: 16 px a frame are in reach. The match is read between positions and biased
    # towards the middle of its window; each further pass at the cheap level takes most of the bias away.
    radii = (3, 2)
    passes = (2, 2)

    def __init__(self, width: int):
        super().__init__()
        self.pyramid = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(3 if level == 0 else width, width, 3, stride=2, padding=1),
                nn.GELU(),
                nn.Conv2d(width, width, 3, padding=1),
            )
            for level in range(len(self.radii))
        )
        self.levels = nn.ModuleList(FlowLevel(width, radius) for radius in self.radii)

    def forward(self, video: Tensor) -> list[Tensor]:
        """Return the flow from each frame of (B, 3, T, H, W) to the next, coarse to fine, (B, 2, T - 1, H, W) in px."""
        b, _, _, h, w = video.shape
        features, maps = rearrange(video, "b c t h w -> (b t) c h w"), []
        for stage in self.pyramid:
            features = stage(features)
            maps.append(rearrange(features, "(b t) c h w -> b t c h w", b=b))
        flows: list[Tensor] = []
        for level, passes, pair in zip(self.levels, self.passes, reversed(maps), strict=True):
            here, there = pair[:, :-1].flatten(0, 1), pair[:, 1:].flatten(0, 1)
            start = flows[-1] if flows else here.new_zeros(len(here), 2, h, w)
            flow = resize_flow(start, here.shape[-2:])
            for _ in range(passes):
                flow = level(here, there, flow)
            flows.append(resize_flow(flow, (h, w)))
        return [rearrange(flow, "(b t) c h w -> b c t h w", b=b) for flow in flows]


def resize_flow(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample a flow (B, 2, h, w) to another size and express it in that size's pixels."""
    scale = flow.new_tensor([size[1] / flow.shape[-1], size[0] / flow.shape[-2]])
    return F.interpolate(flow, size=size, mode="bilinear") * scale[:, None, None]


class FlowEncoder(nn.Module):
    """Convolutions that turn a clip's flow into one vector a token."""

    unit_px = 4.0  # flows are divided by this, so that common motion is of the order of one

    def __init__(self, width: int, token_width: int, tubelet: int, patch: int):
        super().__init__()
        self.reduce = nn.Conv3d(2, width, (1, 4, 4), (1, 4, 4))
        self.mix = nn.Conv3d(width, width, 3, padding=1)
        self.embed = nn.Conv3d(width, token_width, *[(tubelet, patch // 4, patch // 4)] * 2)

    def forward(self, flow: Tensor) -> Tensor:  # (B, 2, T - 1, H, W), px
        # the last frame has no next one: its flow is taken as that of the frame before
        flow = torch.cat([flow, flow[:, :, -1:]], dim=2) / self.unit_px
        x = F.gelu(self.reduce(flow))
        return self.embed(F.gelu(self.mix(x)))  # (B, D, T', H', W')


def endpoint_error_px(flow: Tensor, truth: Tensor) -> Tensor:
    """Mean length of the difference of two flows (B, 2, H, W), px, one number a flow.

    Args:
        flow: (B, 2, H, W), px.
        truth: of the same shape, or one that broadcasts to it, px.

    Example:
        >>> endpoint_error_px(torch.zeros(1, 2, 4, 4), torch.tensor([3.0, 4.0]).reshape(1, 2, 1, 1)).item()
        5.0
    """
    checks.tensor("flow", flow, "B 2 H W")
    checks.tensor("truth", truth, "... 2 H W")
    return (flow - truth).square().sum(1).sqrt().mean(dim=(-2, -1))
