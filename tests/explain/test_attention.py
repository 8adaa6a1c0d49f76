import pytest
import torch
from torch.nn import functional as F

from tad.explain import attention, attention_gradient, attention_of_mid_frame, random_twin
from tad.model.attention import Attention


def test_rows_are_probabilities_in_the_stated_shapes(network, video):
    time, space = (attention(network, video[0], 1, axis) for axis in ("time", "space"))
    assert time.shape == (2, 16, 2, 2) and space.shape == (2, 2, 16, 16)
    for found in (time, space):
        assert found.min() >= 0
        torch.testing.assert_close(found.sum(-1), torch.ones(found.shape[:-1]))


def test_it_is_the_probability_that_the_network_used(network, video):
    """Written out from the layer's own input, which a hook of the test's sees on the fused path."""
    layer, seen = network.blocks[0].space, []
    handle = layer.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        network(video[:1])
    handle.remove()
    q, k, _ = layer.qkv(seen[0]).chunk(3, dim=-1)
    found = attention(network, video[0], 0, "space")
    for head, part in enumerate((slice(0, 12), slice(12, 24))):
        slow = F.softmax(q[..., part] @ k[..., part].transpose(1, 2) / 12**0.5, dim=-1)  # (T', N, N)
        torch.testing.assert_close(found[head], slow.detach(), atol=1e-5, rtol=1e-4)


def test_the_gradient_is_that_of_the_score(network, video):
    """Against scaling the probabilities by hand: d score / d scale at 1 is the sum of p times gradient."""
    found = attention_gradient(network, video[0], 0, "time").sum().item()
    layer = network.blocks[0].time

    def score(scale):
        handle = layer.probabilities.register_forward_hook(lambda *args: args[-1] * scale)
        with network.eager_attention(), torch.no_grad():
            frame = network.double()(video[:1].double())[0]
        handle.remove()
        return F.mse_loss(frame, video[:1, :, 2].double()).item()

    slope = (score(1 + 1e-4) - score(1 - 1e-4)) / 2e-4
    assert abs(slope) > 1e-6
    assert found == pytest.approx(slope, rel=1e-2)


def test_nothing_is_left_behind(network, video):
    before = network(video)[0]
    attention(network, video[0], 0, "space")
    attention_gradient(network, video[0], 1, "time")
    hooks = [m for m in network.modules() if m._forward_hooks or m._forward_pre_hooks or m._backward_hooks]
    assert hooks == [] and not any(m.eager for m in network.modules() if isinstance(m, Attention))
    assert torch.equal(network(video)[0], before)


def test_maps_of_the_mid_frame_sum_to_one(network, video):
    maps = attention_of_mid_frame(network, video[0], layer=0)
    assert maps["space"].shape == (2, 4, 4) and maps["time"].shape == (2, 4, 4)
    torch.testing.assert_close(maps["space"].sum((1, 2)), torch.ones(2))
    assert maps["time"].sum().item() == pytest.approx(1, rel=1e-5)
    space = attention(network, video[0], 0, "space")  # mid frame 2 lies in tubelet 1
    torch.testing.assert_close(maps["space"].flatten(1), space[:, 1].mean(1))


def test_a_random_twin_has_the_shape_and_not_the_weights(network, video):
    twin = random_twin(network, torch.Generator().manual_seed(1))
    again = random_twin(network, torch.Generator().manual_seed(1))
    assert torch.equal(twin(video)[0], again(video)[0])
    assert not torch.allclose(twin(video)[0], network(video)[0])


def test_unknown_layers_and_axes_are_refused(network, video):
    with pytest.raises(ValueError, match=r"layer must lie in \[-2, 1\]; got 2"):
        attention(network, video[0], 2, "time")
    with pytest.raises(ValueError, match="axis must be time or space; got 'depth'"):
        attention(network, video[0], 0, "depth")
