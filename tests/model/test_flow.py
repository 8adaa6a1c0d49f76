import pytest
import torch
from torch.nn import functional as F

from tad.model import endpoint_error_px, flow, warp
from tad.model.flow import FlowEncoder, FlowEstimator, correlate, resize_flow
from tad.training import flow_losses

SHIFTS_PX = [(0, 0), (0.25, 0), (0.5, -0.5), (1, 0), (0, -1.5), (2, 1), (-3, 0.3), (4, 0), (0, -4), (2.8, 2.8)]


def texture(shift_px, size: int, seed: int):
    """A sum of waves, exact at any sub-pixel shift: two frames (1, 3, 2, H, W) and the flow (1, 2, H, W) between."""
    generator = torch.Generator().manual_seed(seed)
    wave = (torch.rand(40, 2, generator=generator) * 2 - 1) * 0.9  # radians a pixel
    phase = torch.rand(40, generator=generator) * 6.28
    size_of = torch.randn(3, 40, generator=generator) / (0.3 + 2 * wave.norm(dim=1)) * 0.2
    y, x = torch.meshgrid(torch.arange(size).float(), torch.arange(size).float(), indexing="ij")

    def frame(dx, dy):
        angle = wave[:, 0, None, None] * (x - dx) + wave[:, 1, None, None] * (y - dy) + phase[:, None, None]
        return torch.tanh(torch.einsum("cn,nhw->chw", size_of, angle.sin()))

    flow = torch.tensor(shift_px, dtype=torch.float32)[None, :, None, None].expand(1, 2, size, size)
    return torch.stack([frame(0, 0), frame(*shift_px)], 1)[None], flow


def mean_error_px(predict) -> list[float]:
    """End-point error of each shift; `predict` takes (1, 3, T, H, W) frames to a flow (1, 2, H, W)."""
    pairs = [texture(shift, 112, seed) for seed, shift in enumerate(SHIFTS_PX)]
    with torch.no_grad():
        return [endpoint_error_px(predict(frames), flow).item() for frames, flow in pairs]


def test_warp_fetches_from_where_the_flow_points():
    image = torch.arange(20.0).view(1, 1, 4, 5)
    right = torch.tensor([1.0, 0.0])[None, :, None, None].expand(1, 2, 4, 5)
    assert torch.allclose(warp(image, right)[..., :-1], image[..., 1:], atol=1e-4)
    down = torch.tensor([0.0, 0.5])[None, :, None, None].expand(1, 2, 4, 5)
    assert torch.allclose(warp(image, down)[..., :-1, :], (image[..., :-1, :] + image[..., 1:, :]) / 2, atol=1e-4)


def test_warping_the_next_frame_by_the_true_flow_gives_this_one():
    frames, flow = texture((1.5, -0.75), 64, seed=3)
    back = warp(frames[:, :, 1], flow)
    assert (back - frames[:, :, 0])[..., 4:-4, 4:-4].abs().mean() < 0.03
    assert (frames[:, :, 1] - frames[:, :, 0])[..., 4:-4, 4:-4].abs().mean() > 0.1


@pytest.mark.parametrize(("height", "width", "radius"), [(4, 6, 1), (7, 5, 2)])
def test_correlation_against_shifting_and_multiplying(generator, height, width, radius):
    a, b = torch.randn(2, 2, 3, height, width, generator=generator).unbind(0)
    padded = F.pad(b, [radius] * 4, mode="replicate")
    reach = range(2 * radius + 1)
    slow = [(a * padded[..., j : j + height, i : i + width]).sum(1) for j in reach for i in reach]
    torch.testing.assert_close(correlate(a, b, radius), torch.stack(slow, 1))


def test_correlation_has_the_gradient_of_the_slow_way(generator):
    a, b = (torch.randn(1, 2, 4, 5, generator=generator, dtype=torch.float64, requires_grad=True) for _ in "ab")
    assert torch.autograd.gradcheck(lambda x, y: correlate(x, y, 1), (a, b))


def test_correlation_is_the_same_in_any_pieces(generator, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    a, b = (torch.rand(5, 3, 6, 7, generator=generator, requires_grad=True) for _ in range(2))

    def found(cached):
        monkeypatch.setattr(flow, "CACHED", cached)
        out = correlate(a, b, 2)
        return out, *torch.autograd.grad(out.square().sum(), (a, b))

    whole = found(5 * 126)  # numbers of five items of 3 x 6 x 7
    for cached in (1, 2 * 126):  # one at a time; two, two and one
        for ours, theirs in zip(found(cached), whole, strict=True):
            assert torch.equal(ours, theirs)


def test_pieces_are_smaller_where_threads_would_meet(monkeypatch):
    monkeypatch.setattr(flow, "CACHED", 40)
    monkeypatch.setattr(flow, "UNSHARED", 20)
    for threads, sizes in ((1, [4, 1]), (2, [2, 2, 1])):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert [len(piece) for (piece,) in flow._pieces(torch.zeros(5, 10))] == sizes


def test_resizing_a_flow_keeps_its_meaning():
    flow = torch.tensor([1.0, 2.0])[None, :, None, None].expand(1, 2, 8, 8)
    assert torch.allclose(resize_flow(flow, (16, 24))[0, :, 3, 3], torch.tensor([3.0, 4.0]))


def test_the_last_frame_takes_the_flow_before_it(generator):
    torch.manual_seed(0)
    encoder, flow = FlowEncoder(4, 6, 2, 8), torch.randn(1, 2, 3, 16, 16, generator=generator)
    assert encoder(flow).shape == (1, 6, 2, 2, 2)


def test_a_short_training_on_real_clips_makes_the_flow_real(real_pairs):
    """No label, no texture of the test: brightness alone, on pairs of the training split."""
    torch.manual_seed(0)
    estimator = FlowEstimator(16)
    before = mean_error_px(lambda frames: estimator(frames)[-1][:, :, 0])
    steps = 300
    optimizer = torch.optim.AdamW(estimator.parameters(), 4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(steps):
        pairs = real_pairs(16, 64)
        photometric, smoothness = flow_losses(pairs, estimator(pairs))
        optimizer.zero_grad()
        (photometric + 0.3 * smoothness).mean().backward()
        torch.nn.utils.clip_grad_norm_(estimator.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    errors = mean_error_px(lambda frames: estimator(frames)[-1][:, :, 0])
    still = mean_error_px(lambda frames: torch.zeros(1, 2, 112, 112))
    assert sum(errors) / len(errors) < 0.5, dict(zip(SHIFTS_PX, errors, strict=True))
    assert max(errors) < 0.75
    assert sum(errors) < 0.3 * min(sum(before), sum(still))
