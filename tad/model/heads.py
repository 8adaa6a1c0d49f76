"""The two decoder heads: the mid frame, and the flow from it to the next."""

from einops.layers.torch import Rearrange
from torch import Tensor, nn
from torch.nn import functional as F


class FrameHead(nn.Module):
    """Each token of the mid frame draws its square; a thin convolution smooths the seams."""

    def __init__(self, width: int, patch: int, channels: int = 16):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.draw = nn.Linear(width, 3 * patch * patch)
        self.unfold = Rearrange("b h w (c p q) -> b c (h p) (w q)", p=patch, q=patch)
        self.smooth = nn.Sequential(
            nn.Conv2d(3, channels, 3, padding=1), nn.GELU(), nn.Conv2d(channels, 3, 3, padding=1)
        )

    def forward(self, tokens: Tensor) -> Tensor:  # (B, H', W', D)
        drawn = self.unfold(self.draw(self.norm(tokens)))
        return drawn + self.smooth(drawn)  # (B, 3, H, W)


class FlowHead(nn.Module):
    """Each token of the mid frame predicts its flow on a grid of every fourth pixel."""

    stride = 4
    unit_px = 4.0

    def __init__(self, width: int, patch: int):
        super().__init__()
        side = patch // self.stride
        self.norm = nn.LayerNorm(width)
        self.draw = nn.Linear(width, 2 * side * side)
        self.unfold = Rearrange("b h w (c p q) -> b c (h p) (w q)", p=side, q=side)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, H', W', D)
        coarse = self.unfold(self.draw(self.norm(tokens))) * self.unit_px
        return F.interpolate(coarse, scale_factor=self.stride, mode="bilinear")  # (B, 2, H, W), px
