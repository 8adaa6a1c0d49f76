import pytest
import torch

from tad.data import Encoding
from tad.experiment.benign import BENIGN, benign_changes, choose_changes


@pytest.fixture
def frames(generator):
    return torch.randint(0, 256, (4, 3, 24, 36), generator=generator, dtype=torch.uint8)


def changed(name, frames, level, seed=0):
    return BENIGN[name](frames, level, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", BENIGN)
def test_the_contract(name, frames):
    change, before = BENIGN[name], frames.clone()
    for level in change.levels:
        made = changed(name, frames, level)
        assert made.dtype == torch.uint8 and len(made) == len(frames) // change.span
        assert not made.shape[-2] % 2 and not made.shape[-1] % 2
        assert torch.equal(made, changed(name, frames, level)) and torch.equal(frames, before)
    with pytest.raises(ValueError, match=f"{name} has the levels .*; got '17'"):
        changed(name, frames, "17")
    with pytest.raises(ValueError, match=f"{name} takes uint8 frames .*; got torch.float32"):
        changed(name, frames.float(), change.levels[0])


def test_what_stays_and_what_does_not(frames):
    same = {name for name, change in BENIGN.items() if torch.equal(changed(name, frames, change.levels[0]), frames)}
    assert same == {"none", "codec", "compression"}


def test_an_encoding_takes_the_place_of_the_usual_one():
    usual = Encoding.parse("h264:23")
    assert BENIGN["codec"].encoding("hevc:28", usual) == Encoding("hevc", 28)
    assert BENIGN["compression"].encoding("h264:35", usual) == Encoding("h264", 35)
    assert BENIGN["blur"].encoding("1", usual) == usual


def test_size_and_frame_rate(frames):
    assert changed("size", frames, "0.5").shape == (4, 3, 12, 18)
    assert torch.equal(changed("frame_rate", frames, "0.5"), frames[[0, 2]])
    with pytest.raises(ValueError, match=r"frame_rate takes uint8 frames \(2 T, 3, H, W\)"):
        changed("frame_rate", frames[:3], "0.5")


def test_blur_spreads_a_point_and_keeps_its_light():
    point = torch.zeros(1, 3, 21, 21, dtype=torch.uint8)
    point[..., 10, 10] = 255
    made = changed("blur", point, "1")[0, 0].double()
    x = torch.arange(21.0).double() - 10
    bell = torch.exp(-(x**2) / 2) * (x.abs() <= 3)
    bell /= bell.sum()
    assert torch.allclose(made, 255 * torch.outer(bell, bell), atol=0.51)


def test_noise_has_the_spread_that_it_is_told(frames):
    grey = torch.full((4, 3, 100, 100), 128, dtype=torch.uint8)
    two, five = (changed("noise", grey, level).double() - 128 for level in ("2", "5"))
    assert two.std().item() == pytest.approx(2, abs=0.05) and five.std().item() == pytest.approx(5, abs=0.05)
    assert torch.corrcoef(torch.stack([two.flatten(), five.flatten()]))[0, 1] > 0.98  # the same draws, stronger
    assert not torch.equal(changed("noise", grey, "2"), changed("noise", grey, "2", seed=1))


def test_gamma_and_contrast(frames):
    x = frames.double()
    assert (changed("gamma", frames, "1.4").double() - 255 * (x / 255) ** 1.4).abs().max() <= 1
    light = (frames.double() * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1).mean()
    assert (changed("contrast", frames, "0.5").double() - (x + light) / 2).abs().max() <= 2
    flat = torch.stack([torch.full((3, 8, 8), value, dtype=torch.uint8) for value in (100, 200)])
    two = changed("contrast", flat, "0.5").unique().tolist()
    assert two == pytest.approx([125, 175], abs=1)  # one mean for the whole clip, else each would stay as it is


def test_names():
    assert list(choose_changes()) == list(BENIGN) == benign_changes()["change"].tolist()
    assert benign_changes(["size"]).iloc[0]["levels"] == "0.75, 0.5"
    with pytest.raises(ValueError, match="benign changes must be among none, codec, .*; got bluur"):
        choose_changes(["bluur"])
