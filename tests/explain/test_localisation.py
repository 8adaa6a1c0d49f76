import numpy as np
import pytest
import torch

from tad.explain import agreement, localisation


def slow_auc(heat, truth):
    """Over all pairs of a true and another place, a tie counting half."""
    pairs = [(a > b) + 0.5 * (a == b) for a, t in zip(heat, truth, strict=True) if t
             for b, u in zip(heat, truth, strict=True) if not u]  # fmt: skip
    return sum(pairs) / len(pairs)


def slow_average_precision(heat, truth):
    """Over the levels of heat from above: precision times the recall that is gained there."""
    total, recall = 0.0, 0.0
    for level in sorted(set(heat), reverse=True):
        called = heat >= level
        now = (called & truth).sum() / truth.sum()
        total += (now - recall) * (called & truth).sum() / called.sum()
        recall = now
    return total


def test_against_slow_definitions():
    rng = np.random.default_rng(0)
    heat, truth = rng.integers(0, 6, 40).astype(float), rng.random(40) < 0.3
    found = agreement(heat, truth)
    assert found["auc"] == pytest.approx(slow_auc(heat, truth))
    assert found["average_precision"] == pytest.approx(slow_average_precision(heat, truth))
    hot = heat > 2.5
    assert found["iou"] == pytest.approx(sum(hot & truth) / sum(hot | truth))
    top = [truth[i] for i in range(40) if heat[i] == 5]
    assert found["pointing"] == pytest.approx(sum(top) / len(top)) and 0 < found["pointing"] < 1


def test_space_and_time_are_told_apart():
    """Heat in the right place at the wrong time, and the other way round."""
    mask = torch.zeros(4, 8, 8)
    mask[1:3, 2:4, 2:4] = 1
    place, time = torch.zeros(2, 4, 8, 8)
    place[3, 2:4, 2:4] = 1
    time[1:3, 6, 6] = 1
    right_place, right_time = localisation(place, mask), localisation(time, mask)
    assert right_place["space_auc"] == right_place["space_iou"] == 1 and right_place["time_pointing"] == 0
    assert right_time["time_auc"] == right_time["time_iou"] == 1 and right_time["space_pointing"] == 0


def test_space_is_what_was_changed_in_most_of_the_changed_frames():
    mask = torch.zeros(6, 4, 4)
    mask[:3, 0, 0] = 1
    mask[2, 3, 3] = 1  # once in three frames
    heat = torch.zeros(6, 4, 4)
    heat[0, 0, 0] = 1
    assert localisation(heat, mask)["space_average_precision"] == 1


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_nothing_is_said_where_all_or_nothing_was_changed(level):
    """A mask of exactly one half is no change."""
    found = localisation(torch.rand(4, 8, 8), torch.full((4, 8, 8), level))
    assert all(np.isnan(value) for value in found.values())


def test_a_flat_map_is_at_chance():
    truth = np.arange(10) < 3
    assert agreement(np.ones(10), truth) == {"pointing": 0.3, "auc": 0.5, "average_precision": 0.3, "iou": 0.3}
    assert agreement(np.zeros(10), truth)["iou"] == 0
