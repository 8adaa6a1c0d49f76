import pytest
import torch
from torch import nn

from tad.model import create_model
from tad.model.attention import Attention, DividedBlock
from tad.training import RECIPES, Reconstruction, frame_error


def test_the_contract_of_the_card(network, video):
    frame, flow = network(video)
    assert frame.shape == (2, 3, 32, 32)
    assert flow.shape == (2, 2, 32, 32)


def test_every_parameter_gets_a_gradient(network, video):
    network.train()
    Reconstruction(network, RECIPES["smoke"]).losses(video)["loss"].mean().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def test_features_names_what_forward_returns(network, video):
    seen = network.features(video)
    frame, flow = network(video)
    assert torch.equal(seen["frame_pred"], frame) and torch.equal(seen["flow_pred"], flow)
    assert seen["flow"].shape == (2, 2, 3, 32, 32)
    assert seen["embedded"].shape == seen["block_1"].shape == (2, 24, 2, 4, 4)


def test_the_flow_reaches_the_tokens(network, video):
    with_flow = network.features(video)
    nn.init.zeros_(network.flow_encoder.embed.weight)
    nn.init.zeros_(network.flow_encoder.embed.bias)
    without = network.features(video)
    assert torch.equal(with_flow["flow"], without["flow"])
    assert (with_flow["embedded"] - without["embedded"]).abs().max() > 1e-3
    assert (with_flow["frame_pred"] - without["frame_pred"]).abs().max() > 1e-5


def test_the_reconstruction_does_not_bend_the_flow(network, video):
    network.train()
    frame, _ = network(video)
    frame_error(frame, video[:, :, 2]).mean().backward()
    assert all(p.grad is None for p in network.flow_estimator.parameters())
    assert network.flow_encoder.embed.weight.grad.abs().sum() > 0


def test_clips_of_a_batch_do_not_touch(network, video):
    together = network(video)
    alone = network(video[1:])
    for a, b in zip(together, alone, strict=True):
        torch.testing.assert_close(a[1:], b, atol=1e-5, rtol=1e-4)


def test_another_size_stretches_the_positions(network):
    frame, flow = network(torch.zeros(1, 3, 6, 40, 48))
    assert frame.shape == (1, 3, 40, 48) and flow.shape == (1, 2, 40, 48)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((3, 4, 32, 32), r"\(B, 3, T, H, W\); got float32 \(3, 4, 32, 32\)"),
        ((1, 4, 3, 32, 32), r"\(B, 3, T, H, W\); got float32 \(1, 4, 3, 32, 32\)"),
        ((1, 3, 2, 32, 32), "at least 3 frames; got 2"),
        ((1, 3, 5, 32, 32), "multiple of the tubelet 2; got 5"),
        ((1, 3, 4, 30, 32), "multiples of the patch 8; got 30 x 32"),
    ],
)
def test_wrong_shapes_are_refused_with_both_numbers(network, shape, words):
    with pytest.raises(ValueError, match=words):
        network(torch.zeros(shape))


def test_one_clip_repeated_is_learnt_by_heart(video):
    torch.manual_seed(0)
    model = create_model("tiny", frames=4, size=32, patch=8, width=48, depth=1, heads=2, stem_width=8, flow_width=8)
    clip, target = video[:1], video[:1, :, 2]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    before = frame_error(model(clip)[0], target).item()
    for _ in range(150):
        loss = frame_error(model(clip)[0], target).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05 * before


class TestAttention:
    def test_eager_equals_fused(self, network, video):
        fused = network(video)
        with network.eager_attention():
            eager = network(video)
        for a, b in zip(fused, eager, strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
        assert not any(m.eager for m in network.modules() if isinstance(m, Attention))

    def test_the_eager_path_ends_after_an_error(self, network):
        with pytest.raises(RuntimeError), network.eager_attention():
            raise RuntimeError
        assert not any(m.eager for m in network.modules() if isinstance(m, Attention))

    def test_against_attention_written_out(self, generator):
        torch.manual_seed(1)
        layer, x = Attention(8, 2), torch.randn(3, 5, 8, generator=generator)
        q, k, v = layer.qkv(x).chunk(3, dim=-1)
        out = torch.zeros(3, 5, 8)
        for s in range(3):
            for h in (slice(0, 4), slice(4, 8)):
                for n in range(5):
                    logits = torch.stack([(q[s, n, h] * k[s, m, h]).sum() / 2 for m in range(5)])
                    out[s, n, h] = (logits.softmax(0)[:, None] * v[s, :, h]).sum(0)
        torch.testing.assert_close(layer(x), layer.project(out), atol=1e-5, rtol=1e-4)

    def test_time_mixes_a_place_over_times_and_space_a_time_over_places(self, generator):
        torch.manual_seed(1)
        block, x = DividedBlock(8, 2, 1.0).eval(), torch.randn(1, 3, 4, 8, generator=generator)
        changed = x.clone()
        changed[0, 0, 0] += 1.0
        nn.init.zeros_(block.space.project.weight)
        moved = (block(changed) - block(x)).abs().sum(-1)[0] > 1e-7  # (T', N)
        assert moved[:, 0].all() and not moved[:, 1:].any()
        block = DividedBlock(8, 2, 1.0).eval()
        nn.init.zeros_(block.time.project.weight)
        moved = (block(changed) - block(x)).abs().sum(-1)[0] > 1e-7
        assert moved[0].all() and not moved[1:].any()


def test_the_picture_reaches_the_tokens_of_a_fresh_network(video):
    """With torch's default weights the picture was a two-hundredth of what the blocks add, and nothing was learnt."""
    torch.manual_seed(0)
    seen = create_model("tiny", frames=4, size=32).eval().features(video)
    picture = seen["embedded"].std(dim=(0, 2, 3, 4)).mean()
    added = (seen["block_3"] - seen["embedded"]).std(dim=(0, 2, 3, 4)).mean()
    assert picture > 0.1 and picture > added


def test_gradient_checkpointing_keeps_fewer_numbers_and_gives_the_same_gradients(network, video):
    def gradients(recompute):
        kept = []
        network.recompute = recompute
        network.zero_grad()
        with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.numel()) or t, lambda t: t):
            loss = network.train()(video)[0].square().mean()
            frame = sum(kept)
            tokens = torch.zeros(2, 2, 16, 24)
            for block in network.blocks if not recompute else ():
                tokens = block(tokens)
        loss.backward()
        return [p.grad.clone() for p in network.blocks.parameters()], frame, sum(kept) - frame

    plain, many, of_blocks = gradients(False)
    again, few, _ = gradients(True)
    assert of_blocks > 0 and many - few > 0.8 * of_blocks
    assert all(torch.allclose(a, b, atol=1e-7) for a, b in zip(plain, again, strict=True))
