import subprocess
import sys

import pytest
import torch
from torch.nn import functional as F

from tad.explain import attention, attention_gradient, attention_of_mid_frame, rollout
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
    rollout(network, video[0])
    hooks = [m for m in network.modules() if m._forward_hooks or m._forward_pre_hooks or m._backward_hooks]
    assert hooks == [] and not any(m.eager for m in network.modules() if isinstance(m, Attention))
    assert torch.equal(network(video)[0], before)


def test_maps_of_the_mid_frame_sum_to_one(network, video):
    maps = attention_of_mid_frame(network, video[0], layer=0)
    assert maps["space"].shape == (2, 4, 4) and maps["time"].shape == (2, 2, 4, 4)
    torch.testing.assert_close(maps["space"].sum((1, 2)), torch.ones(2))
    torch.testing.assert_close(maps["time"].sum((1, 2, 3)), torch.ones(2))
    time = attention(network, video[0], 0, "time")
    torch.testing.assert_close(maps["time"][1, 0, 1, 2], time[1, 6, 1, 0] / 16)
    space = attention(network, video[0], 0, "space")  # mid frame 2 lies in tubelet 1
    torch.testing.assert_close(maps["space"].flatten(1), space[:, 1].mean(1))


def test_one_head_alone(network, video):
    every = attention(network, video[0], 1, "time")
    assert torch.equal(attention(network, video[0], 1, "time", head=1), every[1])
    with pytest.raises(ValueError, match=r"head must lie in \[0, 1\]; got 2"):
        attention(network, video[0], 1, "time", head=2)


def test_rollout_is_the_product_written_out(depth_three, video):
    """All T'N x T'N factors, from the probabilities of each layer, against the one row that is carried through."""
    times, squares = 2, 16
    product = torch.eye(times * squares)
    for layer in range(3):
        time, space = (attention(depth_three, video[0], layer, axis).mean(0) for axis in ("time", "space"))
        over_time, over_space = torch.zeros(2, times, squares, times, squares)
        for n in range(squares):
            over_time[:, n, :, n] = time[n]
        for t in range(times):
            over_space[t, :, t, :] = space[t]
        for factor in (over_time, over_space):  # a block mixes over time first
            factor = factor.reshape(times * squares, -1)
            product = (0.5 * torch.eye(times * squares) + 0.5 * factor) @ product
    slow = product.reshape(times, squares, times, squares)[1].mean(0)  # mid frame 2 lies in tubelet 1
    found = rollout(depth_three, video[0])
    assert slow.std() > 1e-3 and found.sum().item() == pytest.approx(1, rel=1e-5)
    torch.testing.assert_close(found.flatten(1), slow, atol=1e-6, rtol=1e-4)


def test_rollout_finds_the_square_that_everything_attends_to(network, video):
    """Probabilities that point at square 6, whatever the clip: half stays on the residual path in each layer."""

    class PointsAt(torch.nn.Module):
        def forward(self, p):
            return torch.zeros_like(p).index_fill(-1, torch.tensor(6), 1.0)

    for block in network.blocks:
        block.space.probabilities = PointsAt()
    found = rollout(network, video[0])
    assert found.flatten().argmax().item() in (6, 16 + 6)
    assert found[:, 1, 2].sum().item() == pytest.approx(1 - 0.25 * 15 / 16, rel=1e-5)


def test_eager_equals_fused_after_all_was_read(depth_three, video):
    fused = depth_three(video)
    rollout(depth_three, video[0])
    with depth_three.eager_attention():
        eager = depth_three(video)
    for a, b in zip(fused, eager, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_no_copy_of_the_model_is_made(network, video, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a second network")

    monkeypatch.setattr("copy.deepcopy", refuse)
    monkeypatch.setattr(type(network), "__init__", refuse)
    assert rollout(network, video[0]).shape == (2, 4, 4)
    assert attention_gradient(network, video[0], 0, "space").shape == (2, 2, 16, 16)


@pytest.mark.slow
def test_memory_stays_bounded_for_base():
    """In a process of its own: rollout needs at most 1 GB more than the fused forward pass before it."""
    code = """
import resource, torch
from tad.explain import rollout
from tad.model import create_model
torch.set_num_threads(1)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # GB
model, clip = create_model("base").eval(), torch.zeros(1, 3, 16, 224, 224)
with torch.no_grad():
    model(clip)
before = peak()
assert rollout(model, clip[0]).shape == (8, 14, 14)
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.0


def test_unknown_layers_and_axes_are_refused(network, video):
    with pytest.raises(ValueError, match=r"layer must lie in \[-2, 1\]; got 2"):
        attention(network, video[0], 2, "time")
    with pytest.raises(ValueError, match="axis must be time or space; got 'depth'"):
        attention(network, video[0], 0, "depth")
