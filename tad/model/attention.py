"""Divided space-time attention (Bertasius et al. 2021, "Is Space-Time Attention All You Need?")."""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Multi-head self-attention over the middle axis.

    The fused kernel never holds the probabilities. With `eager` set, the same product is written out and the
    probabilities pass through the module `probabilities`, where Captum's layer methods can read and probe them.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.probabilities = nn.Identity()
        self.eager = False

    def forward(self, x: Tensor) -> Tensor:  # (S, N, D), S independent sequences
        q, k, v = rearrange(self.qkv(x), "s n (three h d) -> three s h n d", three=3, h=self.heads)
        if self.eager:
            logits = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
            mixed = self.probabilities(logits.softmax(dim=-1)) @ v  # (S, h, N, N) @ (S, h, N, d)
        else:
            mixed = F.scaled_dot_product_attention(q, k, v)
        return self.project(rearrange(mixed, "s h n d -> s n (h d)"))


class DividedBlock(nn.Module):
    """One layer: attention over time, attention over space, MLP; each normalised first and added."""

    def __init__(self, width: int, heads: int, mlp_ratio: float):
        super().__init__()
        self.time_norm, self.time = nn.LayerNorm(width), Attention(width, heads)
        self.space_norm, self.space = nn.LayerNorm(width), Attention(width, heads)
        hidden = int(width * mlp_ratio)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:  # (B, T', N, D)
        b, t, n, _ = x.shape
        over_time = self.time(rearrange(self.time_norm(x), "b t n d -> (b n) t d"))
        x = x + rearrange(over_time, "(b n) t d -> b t n d", b=b, n=n)
        over_space = self.space(rearrange(self.space_norm(x), "b t n d -> (b t) n d"))
        x = x + rearrange(over_space, "(b t) n d -> b t n d", b=b, t=t)
        return x + self.mlp(self.mlp_norm(x))


class PositionalTable(nn.Module):
    """Learned positions of time and of space, added; stretched when a clip has another grid than in training."""

    def __init__(self, times: int, side: int, width: int):
        super().__init__()
        self.time = nn.Parameter(torch.randn(1, width, times, 1, 1) * 0.02)
        self.space = nn.Parameter(torch.randn(1, width, 1, side, side) * 0.02)

    def forward(self, x: Tensor) -> Tensor:  # (B, D, T', H', W')
        t, h, w = x.shape[2:]
        time, space = self.time, self.space
        if time.shape[2] != t:
            time = F.interpolate(time, size=(t, 1, 1), mode="trilinear")
        if space.shape[3:] != (h, w):
            space = F.interpolate(space, size=(1, h, w), mode="trilinear")
        return x + time + space
