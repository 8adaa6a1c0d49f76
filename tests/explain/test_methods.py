import pytest
import torch

from tad.explain import METHODS, Effort, error_maps, explain, rollout, usable
from tad.explain.cells import enlarged
from tad.scoring.detectors import InterpolationResidual, LocalHead, MidFrameMSE, NeighbourMean

EFFORT = Effort(steps=2, samples=2, grid=(1, 2, 2), batch=2)
PERTURB, GRADIENT = ["ablation", "occlusion"], ["integrated_gradients", "smooth_grad"]
LAYER, ATTENTION = ["layer_integrated_gradients", "grad_cam"], ["attention_rollout", "attention_last_layer"]


def test_each_detector_has_the_methods_that_can_explain_it(network, video):
    clip, head = video[0], LocalHead()
    head.load(head.make_net().state_dict())
    maps = error_maps(network, video)
    errors = ["reconstruction_error", "flow_error"]
    card = [*PERTURB, *GRADIENT, *LAYER, *ATTENTION, *errors, "own_map"]
    assert list(usable(MidFrameMSE(network), clip, maps)) == card
    assert list(usable(NeighbourMean(network), clip)) == [*PERTURB, *GRADIENT]
    assert list(usable(head, clip)) == [*PERTURB, *GRADIENT, *LAYER, "own_map"]
    assert list(usable(InterpolationResidual(), clip)) == [*PERTURB, "own_map"]
    assert set(card) == set(METHODS)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_draws_a_finite_map_of_the_clip(name, network, video):
    heat = explain(MidFrameMSE(network), video[0], name, EFFORT, error_maps(network, video))
    assert heat.values.shape == (4, 32, 32) and heat.values.isfinite().all() and heat.values.abs().max() > 0
    assert not heat.values.requires_grad
    assert (heat.delta == heat.delta) == name.endswith("integrated_gradients")


def test_rollout_is_drawn_at_its_place(network, video):
    found = explain(MidFrameMSE(network), video[0], "attention_rollout").values
    torch.testing.assert_close(found, enlarged(rollout(network, video[0]), (4, 32, 32)))


def test_the_last_layer_alone_sums_to_one_and_knows_time(network, video):
    found = explain(MidFrameMSE(network), video[0], "attention_last_layer").values
    assert found.sum().item() == pytest.approx(1, rel=1e-4)
    by_frame = found.sum((1, 2)).tolist()
    assert by_frame[0] == pytest.approx(by_frame[1]) and by_frame[0] != pytest.approx(by_frame[2], rel=1e-7)


def test_what_cannot_explain_is_refused(network, video):
    with pytest.raises(ValueError, match="neighbour_mean can be explained by ablation, .*; got 'grad_cam'"):
        explain(NeighbourMean(network), video[0], "grad_cam")
    with pytest.raises(ValueError, match="got 'looking'"):
        explain(NeighbourMean(network), video[0], "looking")
