"""Convolutions over space or over time alone, computed in two dimensions: there libraries have faster kernels."""

from torch import Tensor, nn
from torch.nn import functional as F


class FlatConv3d(nn.Conv3d):
    """A 3D convolution whose kernel is (1, h, w) or (t, 1, 1)."""

    def forward(self, x: Tensor) -> Tensor:  # (B, C, T, H, W)
        if self.kernel_size[1:] == (1, 1) and self.kernel_size[0] > 1:
            return self._over_time(x)
        return self._over_space(x)

    def _over_time(self, x: Tensor) -> Tensor:  # over (T, H W): fast at any number of clips and threads
        steps, padding = (self.stride[0], 1), (self.padding[0], 0)
        return F.conv2d(x.flatten(3), self.weight[..., 0], self.bias, steps, padding).unflatten(3, x.shape[3:])

    def _over_space(self, x: Tensor) -> Tensor:
        frames = x[:, :, :: self.stride[0]].transpose(1, 2)
        made = F.conv2d(frames.flatten(0, 1), self.weight[:, :, 0], self.bias, self.stride[1:], self.padding[1:])
        return made.unflatten(0, frames.shape[:2]).transpose(1, 2)


def flatten_convolutions(net: nn.Module) -> nn.Module:
    """Let a network that was built elsewhere compute its factorised convolutions in two dimensions.

    Weights and their names stay; other convolutions are left as they are.
    """
    for module in net.modules():
        if type(module) is nn.Conv3d and is_flat(module):
            module.__class__ = FlatConv3d  # the same convolution, computed otherwise
    return net


def is_flat(conv: nn.Conv3d) -> bool:
    """Whether `FlatConv3d` computes the same: over space or time alone, plain zeros about, no dilation, no groups."""
    time, *space = conv.kernel_size
    alone = space == [1, 1] and tuple(conv.stride[1:]) == (1, 1) or time == 1 and conv.padding[0] == 0
    plain = conv.padding_mode == "zeros" and set(conv.dilation) == {1} and conv.groups == 1
    return alone and plain and not isinstance(conv.padding, str)
