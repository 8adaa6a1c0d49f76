import pytest
import torch

from tad.forgery import nested_swaps, signed, smooth_noise, uniform


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_uniform_fills_its_interval():
    drawn = uniform(-3, 5, (10_000,), rng())
    assert -3 <= drawn.min() < -2.9 and 4.9 < drawn.max() < 5
    assert abs(drawn.mean() - 1) < 0.1
    assert uniform(0, 1, (), rng()).shape == ()


def test_signed_avoids_the_middle_on_both_sides():
    drawn = signed(0.5, 1, (10_000,), rng())
    assert 0.5 <= drawn.abs().min() < 0.51 and 0.99 < drawn.abs().max() <= 1
    assert 0.45 < (drawn > 0).float().mean() < 0.55
    magnitude_of_positive, of_negative = drawn[drawn > 0].mean(), -drawn[drawn < 0].mean()
    assert abs(magnitude_of_positive - 0.75) < 0.02 and abs(of_negative - 0.75) < 0.02


def test_smooth_noise_is_smooth_and_independent():
    fields = smooth_noise(200, (32, 40), 4, rng())
    assert fields.shape == (200, 32, 40)
    assert abs(fields.mean()) < 0.05 and 0.5 < fields.std() < 1
    assert fields.diff(dim=-1).std() < 0.15 * fields.std()
    correlation = torch.corrcoef(fields.flatten(1))
    assert abs(correlation[~torch.eye(200, dtype=torch.bool)].mean()) < 0.02


@pytest.mark.parametrize("count", [2, 3, 4, 5, 16, 49])
def test_nested_swaps_are_permutations_at_every_strength(count):
    for seed in range(5):
        source, turn = nested_swaps(count, rng(seed))
        moved_before = torch.zeros(count, dtype=torch.bool)
        for strength in (0.0, 0.01, 0.2, 0.3, 0.5, 0.9, 1.0):
            moved = turn < strength
            order = torch.where(moved, source, torch.arange(count))
            assert order.sort().values.tolist() == list(range(count))
            assert torch.equal(order != torch.arange(count), moved)  # who has moved comes from somewhere else
            assert (moved | ~moved_before).all()
            assert abs(moved.sum() - strength * count) <= 3
            moved_before = moved
        assert moved_before.all()
        assert (turn < 0.01).any() and not (turn < 0).any()


def test_nested_swaps_differ_by_seed_and_refuse_a_single_thing():
    assert not torch.equal(nested_swaps(16, rng(0))[0], nested_swaps(16, rng(1))[0])
    with pytest.raises(ValueError, match="derangement must be a whole number of 2 or more; got 1"):
        nested_swaps(1, rng())
