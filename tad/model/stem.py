"""The stem: factorised 3D convolutions, first over space, then over time."""

from torch import Tensor, nn
from torch.nn import functional as F


class FactorisedConv3d(nn.Module):
    """A 3D convolution split into one over space and one over time.

    Source: R(2+1)D, Tran et al. 2018, "A Closer Look at Spatiotemporal Convolutions".
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int):
        super().__init__()
        self.space = nn.Conv3d(channels_in, channels_out, (1, 3, 3), (1, stride, stride), (0, 1, 1))
        self.time = nn.Conv3d(channels_out, channels_out, (3, 1, 1), padding=(1, 0, 0))

    def forward(self, x: Tensor) -> Tensor:  # (B, C, T, H, W)
        x = F.gelu(self.space(x))
        # as a convolution over (T, H W), for which there are fast kernels at any number of clips and threads
        rows = F.conv2d(x.flatten(3), self.time.weight[..., 0], self.time.bias, padding=(1, 0))
        return F.gelu(rows.view_as(x))  # (B, C', T, H / stride, W / stride)


class Stem(nn.Sequential):
    """Two factorised convolutions that bring the frames to a quarter of their side.

    There is no normalisation over the clip: it would hide brightness and contrast from a network
    whose task is to give the frame back as it was.
    """

    stride = 4

    def __init__(self, width: int):
        super().__init__(FactorisedConv3d(3, width, stride=2), FactorisedConv3d(width, width, stride=2))
