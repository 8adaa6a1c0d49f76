import math

import torch

from tad.explain import Effort, Questions, measure_clip
from tad.scoring.detectors import MidFrameMSE

EFFORT = Effort(steps=4, samples=2, grid=(2, 4, 4), batch=8)


def by_method(rows):
    return {row["method"]: row for row in rows}


def test_a_detector_that_reads_what_was_changed(one_tubelet, checked, grid, place):
    """All of its methods point at the change in place and time; the random map does not."""
    mask = torch.zeros(4, 32, 32)
    mask[place[1]] = 1
    found = by_method(measure_clip(one_tubelet, checked, mask, EFFORT, Questions(grid=grid, draws=8)))
    methods = [name for name, row in found.items() if row["kind"] == "method"]
    assert len(methods) == 6 and len(found) == 10
    for name in methods:
        row = found[name]
        assert row["space_auc"] > (0.85 if name == "occlusion" else 0.99) and row["time_auc"] == 1, name
        if name != "occlusion":
            assert row["space_pointing"] == row["time_pointing"] == 1 and row["deletion"] < -0.9, name
    assert found["random map"]["space_auc"] < 0.9 and found["random map"]["infidelity"] > 0.3
    assert found["ablation"]["infidelity"] < 1e-4


def test_random_weights_change_a_map_that_explains_the_network(network, video, grid):
    mask = torch.zeros(4, 32, 32)
    mask[:, 8:20, 8:20] = 1
    asked = Questions(("ablation", "smooth_grad", "attention_rollout", "own_map"), grid=grid, draws=2)
    found = by_method(measure_clip(MidFrameMSE(network), video[0], mask, EFFORT, asked))
    for name in ("smooth_grad", "attention_rollout", "own_map"):
        assert -1 <= found[name]["random_weights"] < 0.99, name
    for name in ("ablation", "random map", "edge map"):
        assert math.isnan(found[name]["random_weights"])


def test_what_is_not_asked_is_not_measured(one_tubelet, checked, grid):
    asked = Questions(("ablation",), against_model=False, against_random_weights=False, grid=grid)
    rows = measure_clip(one_tubelet, checked, torch.ones(4, 32, 32), EFFORT, asked)
    assert [row["method"] for row in rows if row["kind"] == "method"] == ["ablation"]
    assert all(math.isnan(row[name]) for row in rows for name in ("deletion", "infidelity", "random_weights"))


def test_the_seed_decides(one_tubelet, checked, grid):
    mask = torch.zeros(4, 32, 32)
    mask[0, :9] = 1
    asked = Questions(("ablation",), grid=grid, draws=4)
    one, same, other = (by_method(measure_clip(one_tubelet, checked, mask, EFFORT, asked, seed=s)) for s in (1, 1, 2))
    assert str(one) == str(same) and one["random map"] != other["random map"]
