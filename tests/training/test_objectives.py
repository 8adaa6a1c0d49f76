import math

import pytest
import torch
from kornia.metrics import ssim

from tad.training import flow_losses, frame_error, neighbour_errors, photometric_loss, smoothness_loss
from tad.training.objectives import _ssim, charbonnier


def test_frame_error_pixel_by_pixel(generator):
    a, b = torch.rand(2, 2, 3, 4, 5, generator=generator).unbind(0)
    slow = []
    for i in range(2):
        total = 0.0
        for c in range(3):
            for y in range(4):
                for x in range(5):
                    total += (a[i, c, y, x].item() - b[i, c, y, x].item()) ** 2
        slow.append(total / 60)
    assert frame_error(a, b).tolist() == pytest.approx(slow, rel=1e-5)


def test_structural_similarity_is_that_of_three_channels_at_a_time(generator):
    a, b = torch.rand(2, 2, 3, 9, 12, generator=generator).unbind(0)
    assert torch.equal(_ssim(a, b), ssim(a, b, window_size=5, max_val=2.0))


def test_neighbour_errors_of_a_ramp():
    """Brightness that grows evenly: the mean of both neighbours is exact, a copy is off by one step."""
    video = torch.linspace(-1, 1, 5).view(1, 1, 5, 1, 1).expand(1, 3, 5, 4, 4)
    errors = neighbour_errors(video)
    assert errors["copy"].item() == pytest.approx(0.25)
    assert errors["neighbour_mean"].item() == pytest.approx(0, abs=1e-12)


def test_charbonnier_is_almost_the_absolute_value():
    assert charbonnier(torch.tensor([-3.0, 0.0, 2.0])).tolist() == pytest.approx([3, 1e-3, 2], rel=1e-3)


def test_photometric_loss_prefers_the_true_flow(generator):
    wide = torch.nn.functional.interpolate(torch.rand(1, 3, 8, 12, generator=generator), (32, 48), mode="bicubic")
    here, there = wide[..., 2:34], wide[..., :32]  # the picture moves 2 px to the right
    losses = {
        shift: photometric_loss(
            here, there, torch.tensor([float(shift), 0.0])[None, :, None, None].expand(1, 2, 32, 32)
        )
        for shift in (-2, 0, 1, 2, 3)
    }
    assert min(losses, key=losses.get) == 2
    assert losses[2].item() < 0.01 < losses[0].item()


def test_pixels_that_leave_the_frame_do_not_count(generator):
    here, there = torch.rand(2, 1, 3, 8, 8, generator=generator).unbind(0)
    away = torch.full((1, 2, 8, 8), 100.0)
    assert photometric_loss(here, there, away).item() == 0


def test_smoothness_forgives_a_break_at_an_edge():
    flow = torch.zeros(1, 2, 8, 8)
    flow[..., 4:] = 3
    flat = torch.zeros(1, 3, 8, 8)
    edge = flat.clone()
    edge[..., 4:] = 1
    assert smoothness_loss(flow, edge) < 0.1 * smoothness_loss(flow, flat)
    assert smoothness_loss(flow, flat).item() == pytest.approx(3 / 7, rel=0.01)  # one column of seven


def test_finer_levels_weigh_more(generator):
    video = torch.rand(1, 3, 3, 16, 16, generator=generator) * 2 - 1
    zero, rough = torch.zeros(1, 2, 2, 16, 16), torch.randn(1, 2, 2, 16, 16, generator=generator)
    fine, coarse = flow_losses(video, [zero, rough])[1], flow_losses(video, [rough, zero])[1]
    assert (fine / coarse).item() == pytest.approx(2, rel=0.05)
    assert all(math.isfinite(x) for x in flow_losses(video, [zero, rough]))


def test_each_clip_has_a_loss_of_its_own(generator):
    videos = torch.rand(2, 3, 4, 16, 16, generator=generator) * 2 - 1
    flows = torch.randn(2, 2, 3, 16, 16, generator=generator)
    together = flow_losses(videos, [flows, flows])
    alone = [flow_losses(v[None], [f[None], f[None]]) for v, f in zip(videos, flows, strict=True)]
    for kind in range(2):
        assert together[kind].tolist() == pytest.approx([a[kind].item() for a in alone], rel=1e-5)
