"""The stem: factorised 3D convolutions, first over space, then over time."""

from torch import Tensor, nn
from torch.nn import functional as F

from tad.model.flat_conv import FlatConv3d


class TimeConv3d(FlatConv3d):
    """A convolution of each frame with the one before and the one after, (3, 1, 1)."""

    def __init__(self, channels_in: int, channels_out: int, bias: bool = True):
        super().__init__(channels_in, channels_out, (3, 1, 1), padding=(1, 0, 0), bias=bias)


class FactorisedConv3d(nn.Module):
    """A 3D convolution split into one over space and one over time.

    Source: R(2+1)D, Tran et al. 2018, "A Closer Look at Spatiotemporal Convolutions".
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int):
        super().__init__()
        self.space = nn.Conv3d(channels_in, channels_out, (1, 3, 3), (1, stride, stride), (0, 1, 1))
        self.time = TimeConv3d(channels_out, channels_out)

    def forward(self, x: Tensor) -> Tensor:  # (B, C, T, H, W)
        return F.gelu(self.time(F.gelu(self.space(x))))  # (B, C', T, H / stride, W / stride)


class Stem(nn.Sequential):
    """Two factorised convolutions that bring the frames to a quarter of their side.

    There is no normalisation over the clip: it would hide brightness and contrast from a network
    whose task is to give the frame back as it was.
    """

    stride = 4

    def __init__(self, width: int):
        super().__init__(FactorisedConv3d(3, width, stride=2), FactorisedConv3d(width, width, stride=2))
