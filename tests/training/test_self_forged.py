import pytest
import torch

from tad.forgery import families
from tad.training import SelfForged, Variation

TILE = Variation(tile=32, crf=(20, 24))


def footage(groups=3):
    g = torch.Generator().manual_seed(0)
    return [torch.randint(0, 256, (4, 3, 48, 64), generator=g, dtype=torch.uint8) for _ in range(groups)]


def pairs(names=("heavy_noise", "splice"), n=12, seed=0, variation=TILE):
    known = families()
    return SelfForged(footage(), list("abc"), {name: known[name] for name in names}, n, seed, variation)


def test_a_pair_is_a_tile_and_its_forgery():
    item = pairs()[0]
    assert item["real"].shape == item["fake"].shape == (4, 3, 32, 32) and item["real"].dtype == torch.uint8
    assert item["mask"].shape == (2, 4, 4) and TILE.weakest <= item["strength"] <= 1
    assert not torch.equal(item["real"], item["fake"])


def test_an_item_does_not_depend_on_what_came_before():
    there, data = pairs()[5], pairs()
    for i in range(5):
        data[i]
    for name, value in data[5].items():
        assert torch.equal(torch.as_tensor(value), torch.as_tensor(there[name])), name
    assert not torch.equal(pairs(seed=1)[5]["real"], there["real"])


def test_every_group_meets_every_family():
    data = pairs(n=12)
    assert {(item["group"], item["family"]) for item in map(data.__getitem__, range(12))} == {
        (group, family) for group in range(3) for family in range(2)
    }


def test_no_groups_pixels_reach_anothers():
    """A donor is of the same group: with one group black, its pairs stay black whatever is spliced in."""
    clips = footage()
    clips[0] = torch.zeros_like(clips[0])
    plain = Variation(tile=32, uncoded=1.0)
    data = SelfForged(clips, list("abc"), {"splice": families()["splice"]}, 9, 0, plain)
    for index in (0, 3, 6):
        item = data[index]
        spread = item["fake"].float().amax() - item["fake"].float().amin()
        assert data.groups[item["group"]] == "a" and spread < 30  # grain alone


def test_what_the_encoder_does_it_does_to_both():
    """Outside the mask an uncoded pair is equal bit for bit."""
    data = pairs(("splice",), 6, variation=Variation(tile=32, uncoded=1.0))
    item = data[1]
    outside = torch.nn.functional.interpolate(item["mask"].float()[None, None], (4, 32, 32))[0] == 0
    assert outside.any()
    same = (item["real"] == item["fake"]).all(1, keepdim=True).transpose(0, 1)
    assert same[outside].all()


@pytest.mark.parametrize("clips, forgeries", [([], families()), (footage(), {})])
def test_nothing_to_forge_is_refused(clips, forgeries):
    with pytest.raises(ValueError, match="pairs want a clip and a forgery"):
        SelfForged(clips, ["a"] * len(clips), forgeries, 1, 0)
