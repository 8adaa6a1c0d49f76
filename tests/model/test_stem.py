import pytest
import torch
from torch.nn import functional as F

from tad.model.stem import FactorisedConv3d, Stem, TimeConv3d


@pytest.mark.parametrize("bias", [True, False])
def test_convolving_over_time_is_a_convolution_in_three_dimensions(generator, bias):
    conv, x = TimeConv3d(3, 5, bias=bias), torch.randn(2, 3, 4, 6, 7, generator=generator)
    torch.testing.assert_close(conv(x), F.conv3d(x, conv.weight, conv.bias, padding=(1, 0, 0)))


def test_a_factorised_convolution_is_one_over_space_then_one_over_time(generator):
    part, x = FactorisedConv3d(3, 5, stride=2), torch.randn(2, 3, 4, 6, 8, generator=generator)
    over_space = F.gelu(F.conv3d(x, part.space.weight, part.space.bias, (1, 2, 2), (0, 1, 1)))
    slow = F.gelu(F.conv3d(over_space, part.time.weight, part.time.bias, padding=(1, 0, 0)))
    torch.testing.assert_close(part(x), slow)


def test_brightness_passes_the_stem(network, generator):
    """A normalisation over the clip would hide it from a network that must give the frame back as it was."""
    x = torch.rand(1, 3, 4, 16, 16, generator=generator)
    dim, bright = network.stem(x), network.stem(x + 0.5)
    assert (dim - bright).abs().mean() > 0.1 * dim.std()


def test_the_stem_halves_twice_and_keeps_time(generator):
    assert Stem(8)(torch.randn(1, 3, 4, 16, 24, generator=generator)).shape == (1, 8, 4, 4, 6)
