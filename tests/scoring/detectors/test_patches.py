import pytest
import torch

from tad.scoring.detectors.patches import Patches, luma


class Given(Patches):
    """Rates patches of 2 frames x 4 x 4 px by what is given."""

    cell, share = (2, 4, 4), 0.25

    def __init__(self, given, **options):
        super().__init__()
        self.given = given
        vars(self).update(options)

    def heat(self, clip):
        return self.given


def test_the_worst_share_is_averaged():
    given = torch.arange(16.0).reshape(1, 4, 4)
    clip = torch.zeros(1, 3, 2, 16, 16)
    assert Given(given).score(clip).item() == (15 + 14 + 13 + 12) / 4
    assert Given(given, share=0.0).score(clip).item() == 15


def test_the_map_lies_over_the_pixels():
    given = torch.arange(12.0).reshape(2, 2, 3)
    heat = Given(given).map(torch.zeros(1, 3, 5, 10, 13))[0]
    for t, y, x in ((0, 0, 0), (1, 5, 3), (3, 9, 12), (4, 3, 8), (2, 7, 7)):
        assert heat[t, y, x] == given[min(t // 2, 1), min(y // 4, 1), min(x // 4, 2)]
    later = Given(given, first=1).map(torch.zeros(1, 3, 6, 8, 12))[0]
    assert later[0, 0, 0] == later[3, 0, 0] == 0 and later[4, 0, 0] == 6
    mid = Given(given, mid_only=True).map(torch.zeros(1, 3, 5, 8, 12))[0]
    assert mid[[0, 1, 3, 4]].abs().sum() == 0 and torch.equal(mid[2, ::4, ::4], given[0])


def test_luma_is_in_levels():
    red = torch.stack([torch.ones(2, 4, 4), -torch.ones(2, 4, 4), -torch.ones(2, 4, 4)])
    assert luma(red).unique().item() == pytest.approx(0.299 * 255, rel=1e-4)
    assert luma(torch.ones(3, 2, 4, 4)).unique().item() == pytest.approx(255, rel=1e-4)
