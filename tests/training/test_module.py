import pytest

from tad.training import Recipe, Reconstruction, frame_error


def test_the_loss_is_the_weighted_sum_of_its_parts(network, video):
    recipe = Recipe(photometric=2.0, smoothness=0.5, flow=0.1)
    parts = Reconstruction(network, recipe, 1).losses(video)
    told = parts["frame_mse"] + 2 * parts["photometric"] + 0.5 * parts["smoothness"] + 0.1 * parts["flow_error_px"]
    assert parts["loss"].item() == pytest.approx(told.item(), rel=1e-6)
    assert parts["frame_mse"].item() == pytest.approx(frame_error(network(video)[0], video[:, :, 2]).mean().item())


def test_the_rate_rises_then_falls(network):
    recipe = Recipe(learning_rate=1e-2, warmup=0.2)
    configured = Reconstruction(network, recipe, 50).configure_optimizers()
    optimizer, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    rates = []
    for _ in range(50):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates.index(max(rates)) == 10 and max(rates) == pytest.approx(1e-2)
    assert rates[0] == pytest.approx(1e-3) and rates[-1] < 3e-4
    assert all(a > b for a, b in zip(rates[10:], rates[11:], strict=False))


def test_biases_and_norms_do_not_decay(network):
    decayed, others = Reconstruction(network, Recipe(), 1).configure_optimizers()["optimizer"].param_groups
    assert decayed["weight_decay"] > 0 == others["weight_decay"]
    assert all(p.ndim > 1 for p in decayed["params"]) and all(p.ndim <= 1 for p in others["params"])
    assert len(decayed["params"]) + len(others["params"]) == len(list(network.parameters()))
