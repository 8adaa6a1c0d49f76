import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tad.model.flat_conv import FlatConv3d, flatten_convolutions, is_flat

FLAT = [
    dict(kernel_size=(3, 1, 1), padding=(1, 0, 0)),
    dict(kernel_size=(3, 1, 1), stride=(2, 1, 1), padding=(1, 0, 0), bias=False),
    dict(kernel_size=(1, 3, 5), padding=(0, 1, 2)),
    dict(kernel_size=(1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False),
    dict(kernel_size=1, stride=2),
]
OTHERS = [
    dict(kernel_size=3),
    dict(kernel_size=(3, 1, 1), stride=(1, 2, 2)),
    dict(kernel_size=(1, 3, 3), padding=(1, 1, 1)),
    dict(kernel_size=(1, 3, 3), dilation=(1, 2, 2)),
    dict(kernel_size=(1, 3, 3), groups=2),
    dict(kernel_size=(3, 1, 1), padding=(1, 0, 0), padding_mode="replicate"),
    dict(kernel_size=(1, 3, 3), padding="same"),
]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize("what", FLAT, ids=str)
def test_it_is_a_convolution_in_three_dimensions(what, layout, generator):
    conv = FlatConv3d(4, 6, **what)
    x = torch.randn(2, 4, 6, 8, 10, generator=generator).to(memory_format=layout).requires_grad_()
    plain = F.conv3d(x, conv.weight, conv.bias, conv.stride, conv.padding)
    torch.testing.assert_close(conv(x), plain)
    inputs = [x, *conv.parameters()]
    of_flat, of_plain = (torch.autograd.grad(made.square().sum(), inputs) for made in (conv(x), plain))
    torch.testing.assert_close(of_flat, of_plain, rtol=1e-4, atol=1e-4)
    assert is_flat(conv)


@pytest.mark.parametrize("what", OTHERS, ids=str)
def test_other_convolutions_are_left_alone(what, generator):
    net = nn.Sequential(nn.Conv3d(4, 6, **what), nn.Conv3d(6, 2, 1))
    x = torch.randn(1, 4, 6, 8, 10, generator=generator)
    before, weights = net(x), copy.deepcopy(net.state_dict())
    flat = flatten_convolutions(net)
    assert [type(part) for part in flat] == [nn.Conv3d, FlatConv3d]
    assert list(flat.state_dict()) == list(weights) and torch.equal(flat[0].weight, weights["0.weight"])
    torch.testing.assert_close(flat(x), before)
