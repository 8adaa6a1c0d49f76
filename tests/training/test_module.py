from types import SimpleNamespace

import pytest
import torch

from tad.training import Recipe, Reconstruction, TrainingStopped, frame_error
from tad.training.module import hidden_clips


@pytest.fixture
def module(network):
    """A function: the module for a recipe, with what it asks of a trainer."""

    def make(recipe=Recipe(), steps=50):  # noqa: B008
        made = Reconstruction(network, recipe)
        made._trainer = SimpleNamespace(
            estimated_stepping_batches=steps, world_size=1, global_step=7, current_epoch=2, precision="32-true",
            default_root_dir="runs/mine", strategy=SimpleNamespace(reduce=lambda value, reduce_op: value),
        )  # fmt: skip
        return made

    return make


def _batch(video, weights=(1.0, 1.0)):
    return {"clip": video, "weight": torch.tensor(weights), "video": ["a.mp4", "b.mp4"], "error": ["", ""]}


def test_the_loss_is_the_weighted_sum_of_its_parts(network, video, module):
    parts = module(Recipe(photometric=2.0, smoothness=0.5, flow=0.1)).losses(video)
    told = parts["frame_mse"] + 2 * parts["photometric"] + 0.5 * parts["smoothness"] + 0.1 * parts["flow_error_px"]
    assert parts["loss"].tolist() == pytest.approx(told.tolist(), rel=1e-6)
    assert parts["frame_mse"].tolist() == pytest.approx(frame_error(network(video)[0], video[:, :, 2]).tolist())


def test_a_hidden_mid_frame_is_predicted_and_not_seen(network, video, module):
    """Hidden, the frame is the mean of its neighbours to the network and itself to the loss; a mixture hides half."""
    shown = video.clone()
    shown[:, :, 2] = (video[:, :, 1] + video[:, :, 3]) / 2
    hidden, plain = frame_error(network(shown)[0], video[:, :, 2]), frame_error(network(video)[0], video[:, :, 2])
    assert module(Recipe(hidden=1.0)).losses(video)["frame_mse"].tolist() == pytest.approx(hidden.tolist(), rel=1e-5)
    assert module(Recipe(hidden=0.0)).losses(video)["frame_mse"].tolist() == pytest.approx(plain.tolist(), rel=1e-5)
    mixed = module(Recipe(hidden=0.5)).losses(video)["frame_mse"].tolist()
    assert mixed == pytest.approx([plain[0].item(), hidden[1].item()], rel=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.25, 1 / 3, 0.5, 1.0])
def test_so_large_a_share_of_clips_is_hidden_over_all_steps(share):
    counted = sum(hidden_clips(4, step, share).sum().item() for step in range(300))
    assert counted == pytest.approx(1200 * share, abs=2)


def test_a_clip_of_weight_nothing_teaches_nothing(video, module):
    m = module()
    alone = m.losses(video)["loss"]
    assert m.training_step(_batch(video, (1.0, 0.0)), 0).item() == pytest.approx(alone[0].item(), rel=1e-6)
    assert m.parts["loss"] == pytest.approx(alone[0].item(), rel=1e-6)
    assert m.training_step(_batch(video), 0).item() == pytest.approx(alone.mean().item(), rel=1e-6)
    assert m.training_step(_batch(video, (0.0, 0.0)), 0).item() == 0


def test_a_loss_that_is_not_finite_stops_with_step_videos_and_checkpoint(video, module):
    with pytest.raises(TrainingStopped, match="loss must stay finite; got nan at step 7.*a.mp4, b.mp4.*runs/mine"):
        module().training_step(_batch(video * float("nan")), 0)


def test_a_gradient_that_is_not_finite_stops_before_it_spoils_the_weights(video, module):
    m = module()
    m.training_step(_batch(video), 0).backward()
    m.on_before_optimizer_step(None)
    norm = sum(p.grad.square().sum().item() for p in m.parameters() if p.grad is not None) ** 0.5
    assert m.parts["grad_norm"] == pytest.approx(norm, rel=1e-5)
    next(m.parameters()).grad.fill_(float("inf"))
    with pytest.raises(TrainingStopped, match="length of the gradient must stay finite.*b.mp4"):
        m.on_before_optimizer_step(None)
    m.trainer.precision = "16-mixed"  # its scaler skips such a step
    m.on_before_optimizer_step(None)


def test_the_rate_rises_then_falls(module):
    configured = module(Recipe(learning_rate=1e-2, warmup=0.2)).configure_optimizers()
    optimizer, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    rates = []
    for _ in range(50):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates.index(max(rates)) == 10 and max(rates) == pytest.approx(1e-2)
    assert rates[0] == pytest.approx(1e-3) and rates[-1] < 3e-4
    assert all(a > b for a, b in zip(rates[10:], rates[11:], strict=False))


def test_biases_and_norms_do_not_decay(network, module):
    decayed, others = module().configure_optimizers()["optimizer"].param_groups
    assert decayed["weight_decay"] > 0 == others["weight_decay"]
    assert all(p.ndim > 1 for p in decayed["params"]) and all(p.ndim <= 1 for p in others["params"])
    assert len(decayed["params"]) + len(others["params"]) == len(list(network.parameters()))
