from itertools import product

import pytest
import torch
from torch.nn import functional as F

from tad.explain import Effort, ablation, grad_cam, integrated_gradients, layer_integrated_gradients, occlusion, pooled
from tad.explain.attribution import BY_GRADIENT, BY_LAYER, WITHOUT_GRADIENT, smooth_grad
from tad.explain.target import ClipScore, blurred
from tad.scoring.detectors import MidFrameMSE

EFFORT = Effort(steps=24, samples=4, grid=(2, 4, 4), batch=3)


@pytest.mark.parametrize("name", [*WITHOUT_GRADIENT, *BY_GRADIENT, *BY_LAYER])
def test_every_method_points_at_the_tubelet_that_is_read(name, one_tubelet, checked, grid, place):
    method = (WITHOUT_GRADIENT | BY_GRADIENT | BY_LAYER)[name]
    heat = method(one_tubelet, checked, EFFORT).values
    assert heat.shape == checked.shape[1:]
    found = pooled(heat, grid)
    assert found[place[0]] == found.max() > 0
    if name == "occlusion":  # a window reaches over two squares a side
        assert (found > 0).sum() == 9
    elif name != "grad_cam":  # which is drawn smoothly
        assert (found[place[0]] / found.abs().sum()).item() > 0.999


@pytest.mark.parametrize("name", WITHOUT_GRADIENT)
def test_without_a_gradient_it_is_the_same(name, one_tubelet, without_gradient, checked):
    with torch.no_grad():
        found = [WITHOUT_GRADIENT[name](each, checked, EFFORT).values for each in (one_tubelet, without_gradient)]
    torch.testing.assert_close(*found)


def test_ablation_is_what_the_score_loses(one_tubelet, checked, place):
    with torch.no_grad():
        whole, without = checked[None].clone(), checked[None].clone()
        without[(..., *place[1])] = blurred(whole)[(..., *place[1])]
        lost = (one_tubelet.score(whole) - one_tubelet.score(without)).item()
    heat = ablation(one_tubelet, checked, EFFORT).values
    assert lost > 0.01 and torch.allclose(heat[place[1]], torch.tensor(lost))


def test_occlusion_is_the_mean_over_the_windows_that_cover_a_place(network, video):
    """Against windows of 2 frames x 16 x 16 px moved by 2 x 8 x 8, one by one."""
    score, clip, soft = MidFrameMSE(network), video[:1], blurred(video[:1])
    total, times = torch.zeros(2, 4, 32, 32)
    with torch.no_grad():
        for t, y, x in product((0, 2), range(0, 24, 8), range(0, 24, 8)):
            where = (..., slice(t, t + 2), slice(y, y + 16), slice(x, x + 16))
            hidden = clip.clone()
            hidden[where] = soft[where]
            total[where] += (score.score(clip) - score.score(hidden)).item()
            times[where] += 1
        found = occlusion(score, video[0], EFFORT).values
    torch.testing.assert_close(found, total / times, atol=1e-5, rtol=1e-3)


def test_integrated_gradients_are_complete(network, video):
    detector = MidFrameMSE(network)
    heat, delta = integrated_gradients(detector, video[0], Effort(steps=96, batch=8))
    with torch.no_grad():
        difference = (detector.score(video[:1]) - detector.score(blurred(video[:1]))).item()
    assert heat.sum().item() == pytest.approx(difference, abs=0.02 * abs(difference)) and abs(difference) > 0.01
    assert delta == pytest.approx(heat.sum().item() - difference, abs=1e-4)


def test_layer_integrated_gradients_are_complete_where_the_layer_is_all_that_is_read(one_tubelet, checked):
    heat, delta = layer_integrated_gradients(one_tubelet, checked, EFFORT)
    with torch.no_grad():
        difference = (one_tubelet.score(checked[None]) - one_tubelet.score(blurred(checked[None]))).item()
    assert heat.sum().item() == pytest.approx(difference, rel=1e-4) and abs(delta) < 1e-4


def test_grad_cam_is_the_weighted_sum_of_channels(network, video):
    """Against the gradient at the embedded tensor, which a hook of the test's reads."""
    seen = []
    handle = network.embedded.register_forward_hook(lambda _, __, out: seen.append(out))
    gradient = torch.autograd.grad(ClipScore(MidFrameMSE(network))(video[:1]), seen[-1])[0]
    handle.remove()
    slow = (seen[-1] * gradient.mean((2, 3, 4), keepdim=True)).sum(1, keepdim=True).detach()
    slow = F.interpolate(slow, (4, 32, 32), mode="trilinear", align_corners=False)[0, 0]
    found = grad_cam(MidFrameMSE(network), video[0]).values
    torch.testing.assert_close(found / found.abs().max(), slow / slow.abs().max(), atol=1e-4, rtol=1e-3)


def test_batches_do_not_change_a_result(network, video):
    for method in (ablation, integrated_gradients, layer_integrated_gradients):
        one, four = (method(MidFrameMSE(network), video[0], Effort(8, 4, (2, 2, 2), batch)).values for batch in (1, 4))
        torch.testing.assert_close(one, four, atol=1e-6, rtol=1e-3)


def test_smooth_grad_draws_from_its_own_seed(network, video):
    before = torch.random.get_rng_state()
    draw = lambda seed: smooth_grad(MidFrameMSE(network), video[0], Effort(samples=2, seed=seed)).values  # noqa: E731
    first, again, other = draw(1), draw(1), draw(2)
    assert torch.equal(first, again) and not torch.equal(first, other) and first.min() >= 0
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_layer_method_needs_a_layer(one_tubelet, checked):
    del one_tubelet.model.embedded
    with pytest.raises(ValueError, match="needs a detector with an embedded tensor; one_tubelet has none"):
        grad_cam(one_tubelet, checked)
