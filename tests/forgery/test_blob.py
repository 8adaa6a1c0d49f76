import pytest
import torch

from tad.forgery import moving_blob


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("size", [(64, 64), (48, 85)])
def test_it_covers_10_to_22_percent_of_every_frame(size):
    for seed in range(150):
        mask = moving_blob((3, 9, *size), rng(seed))
        share = (mask > 0.5).float().mean((1, 2))
        assert 0.095 <= share.min() and share.max() <= 0.225
        assert mask.min() == 0 and mask.max() == 1


def test_it_is_one_piece_around_its_centre():
    """Seen from its centre of gravity, the mask never grows on the way outwards."""
    for seed in range(10):
        frame = moving_blob((3, 3, 96, 96), rng(seed))[1]
        weight = frame / frame.sum()
        y, x = ((weight.sum(axis) * torch.arange(96)).sum() for axis in (1, 0))
        for angle in torch.linspace(0, 6.28, 24):
            steps = torch.arange(0, 70, 2)
            rows, columns = (y + steps * angle.sin()).round().long(), (x + steps * angle.cos()).round().long()
            inside = (rows >= 0) & (rows < 96) & (columns >= 0) & (columns < 96)
            ray = frame[rows[inside], columns[inside]]
            assert ray.diff().max() < 0.15
            assert ray[0] > 0.9


def test_feather_is_the_width_of_the_edge():
    def soft_share(feather):
        masks = [moving_blob((3, 3, 96, 96), rng(seed), feather=feather) for seed in range(10)]
        return sum(((mask > 0) & (mask < 1)).float().sum() / (mask > 0.5).float().sum() for mask in masks) / 10

    # An edge from r (1 - f/2) to r (1 + f/2) has the area pi r^2 2f.
    assert abs(soft_share(0.2) - 0.4) < 0.08
    assert abs(soft_share(0.4) - 0.8) < 0.1
    steepest = moving_blob((3, 3, 96, 96), rng(), feather=0.4).diff(dim=-1).abs().max()
    assert 0.1 < steepest < 0.35  # a step of some pixels, not of one
    with pytest.raises(ValueError, match=r"feather must lie in \(0, 2\]; got 0"):
        moving_blob((3, 3, 96, 96), rng(), feather=0)


def test_it_moves_smoothly():
    for seed in range(10):
        mask = moving_blob((3, 16, 64, 64), rng(seed))
        y = (mask.sum(2) * torch.arange(64)).sum(1) / mask.sum((1, 2))
        x = (mask.sum(1) * torch.arange(64)).sum(1) / mask.sum((1, 2))
        path = torch.stack([y, x])
        step = path.diff(dim=1).norm(dim=0)
        assert 3 < (path[:, -1] - path[:, 0]).norm() < 20
        assert step.max() < 2 and path.diff(n=2, dim=1).abs().max() < 0.5


def test_resolution_and_length_leave_the_region_alone():
    small, large = (moving_blob((3, 5, side, side), rng(4)) for side in (32, 96))
    pooled = torch.nn.functional.avg_pool2d(large, 3)
    assert (pooled - small).abs().max() < 0.1
    short, long = (moving_blob((3, frames, 32, 32), rng(4)) for frames in (3, 5))
    torch.testing.assert_close(short, long[[0, 2, 4]])


def test_shapes_differ():
    masks = [moving_blob((3, 1, 32, 32), rng(seed)) for seed in range(5)]
    assert all(not torch.equal(a, b) for i, a in enumerate(masks) for b in masks[:i])
