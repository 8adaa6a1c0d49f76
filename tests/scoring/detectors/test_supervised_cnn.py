import pytest
import torch
from torch.nn import functional as F

from tad.data import to_clip
from tad.scoring import build, look
from tad.scoring.detectors import SupervisedCNN, supervised_cnn
from tad.scoring.detectors.supervised_cnn import of_window, window_corner, windows_of
from tad.training import HeadRecipe, Pool, Variation


def test_it_learns_labels_of_clips_and_scores_them(reals):
    cnn = SupervisedCNN(pairs=2, recipe=HeadRecipe(1, 1), variation=Variation(tile=32)).fit(reals[:1])
    assert cnn.trained_on == "labelled fakes" and cnn.view == 32 and not hasattr(cnn, "map")
    clip = torch.rand(1, 3, 4, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        logit = cnn.net.cnn(clip)[0]
        small = F.interpolate(clip, (4, 48, 48), mode="trilinear", align_corners=False)
        assert cnn.net(small).shape == (1,)  # any size is brought to the paper's 112 px, here 32
    torch.testing.assert_close(cnn.score(clip), logit)
    again = build("supervised_cnn", None).load(cnn.state())
    torch.testing.assert_close(again.score(clip), logit)


def test_one_that_is_never_taught_costs_no_memory():
    assert not hasattr(build("supervised_cnn", None), "net")


def tiles(n=6, side=64):
    """Tiles, the fakes white in one place of 8 px, which the masks know."""
    g = torch.Generator().manual_seed(1)
    real = torch.randint(60, 120, (n, 2, 3, side, side), generator=g, dtype=torch.uint8)
    fake, mask = real.clone(), torch.zeros(n, 1, side // 8, side // 8)
    for i in range(n):
        y, x = (int(torch.randint(side // 8, (), generator=g)) for _ in "yx")
        fake[i, ..., 8 * y : 8 * y + 8, 8 * x : 8 * x + 8] = 255
        mask[i, 0, y, x] = 1
    return Pool(real, fake, mask, torch.zeros(n).long(), torch.arange(n) % 2, ["g"], ["x", "y"])


def test_what_it_learns_from_shows_the_forgery_at_the_size_that_is_judged():
    data = tiles()
    seen = SupervisedCNN().sees(data)
    assert seen.real.shape == (6, 2, 3, 14, 14) == seen.fake.shape and seen.real.dtype == torch.uint8
    for i in range(6):
        assert seen.fake[i].max() > 250  # 8 px of 64 are 4 of 32
        inside = (seen.fake[i] != seen.real[i]).any(dim=(0, 1)).float().mean()
        assert 0 < inside < 0.5
        whole = look(data.real[i], 32)  # what scoring shows is cut, not made otherwise
        windows = whole.unfold(2, 14, 1).unfold(3, 14, 1)
        assert (windows == to_clip(seen.real[i])[:, :, None, None]).all(dim=(0, 1, 4, 5)).any()


def test_variants_share_what_was_seen():
    cnn = SupervisedCNN()
    seen = cnn.sees(tiles())
    assert cnn.sees(seen) is seen and torch.equal(SupervisedCNN().sees(tiles()).fake, seen.fake)


@pytest.mark.parametrize("place", [(0, 0, 0), (1, 3, 4), (3, 7, 7), (2, 0, 7)])
def test_a_window_holds_the_forged_place(place):
    forged, size = torch.zeros(4, 8, 8), supervised_cnn.SIZE
    forged[place] = 0.3
    corner = window_corner(forged, 16, torch.Generator().manual_seed(0))
    for first, at, side, length, window in zip(
        corner, place, (4, size / 8, size / 8), (16, size, size), (8, of_window(), of_window()), strict=True
    ):
        assert 0 <= first <= at * side and (at + 1) * side <= first + window <= length


def test_a_window_lies_anywhere_where_nothing_was_forged():
    found = {window_corner(torch.zeros(4, 8, 8), 16, torch.Generator().manual_seed(seed)) for seed in range(20)}
    assert len(found) > 8 and {first for first, _, _ in found} > {0, 8}


@pytest.mark.parametrize("frames, starts", [(4, [0]), (8, [0]), (16, [0, 8]), (11, [0, 3]), (20, [0, 8, 12])])
def test_windows_cover_a_clip(frames, starts):
    clip = torch.arange(frames).float().expand(3, 2, 2, frames).movedim(-1, 1)
    windows = windows_of(clip)
    assert [int(window[0, 0, 0, 0]) for window in windows] == starts
    assert {int(t) for window in windows for t in window[0, :, 0, 0]} == set(range(frames))


def test_a_clip_is_judged_by_the_mean_of_its_windows(reals):
    cnn = SupervisedCNN(pairs=2, recipe=HeadRecipe(1, 1), variation=Variation(tile=32)).fit(reals[:1])
    clip = torch.rand(3, 16, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    alone = [cnn.score(part[None])[0] for part in (clip[:, :8], clip[:, 8:])]
    assert alone[0] != alone[1]
    torch.testing.assert_close(cnn.score(clip[None])[0], sum(alone) / 2)
