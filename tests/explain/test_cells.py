import pytest
import torch

from tad.explain import cells, evidence, pooled, spread
from tad.explain.cells import enlarged


@pytest.mark.parametrize(("shape", "grid"), [((4, 8, 8), (2, 2, 4)), ((5, 7, 9), (2, 3, 4)), ((3, 4, 5), (3, 1, 5))])
def test_sums_over_cells_are_those_of_a_slow_loop(shape, grid, generator):
    heat = torch.randn(shape, generator=generator)
    slow = torch.zeros(grid)
    for t in range(shape[0]):
        for y in range(shape[1]):
            for x in range(shape[2]):
                slow[t * grid[0] // shape[0], y * grid[1] // shape[1], x * grid[2] // shape[2]] += heat[t, y, x]
    torch.testing.assert_close(pooled(heat, grid), slow.flatten())
    assert cells(shape, grid).unique().tolist() == list(range(slow.numel()))


def test_spreading_is_the_inverse_of_pooling(generator):
    values = torch.rand(12, generator=generator)
    torch.testing.assert_close(pooled(spread(values, (5, 7, 9), (1, 3, 4)), (1, 3, 4)), values)


def test_evidence_sums_signs_before_it_drops_what_is_negative():
    heat = torch.tensor([[[3.0, -1.0, 1.0, -3.0]]])
    assert evidence(heat, (1, 1, 2)).tolist() == [[[1.0, 1.0, 0.0, 0.0]]]


@pytest.mark.parametrize("smooth", [False, True])
def test_enlarging_keeps_place_and_sum(smooth):
    tokens = torch.zeros(2, 4, 4)
    tokens[1, 2, 3] = 5
    large = enlarged(tokens, (4, 32, 32), smooth)
    assert large.sum().item() == pytest.approx(5, rel=0.3 if smooth else 1e-6)  # the rim cuts a smooth one
    assert pooled(large, (2, 4, 4)).argmax().item() == 1 * 16 + 2 * 4 + 3


def test_more_cells_than_pixels_are_refused():
    with pytest.raises(ValueError, match=r"from one cell to one a frame or px of \(2, 4, 4\); got \(3, 4, 4\)"):
        cells((2, 4, 4), (3, 4, 4))
