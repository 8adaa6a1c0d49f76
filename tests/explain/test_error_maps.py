import torch

from tad.explain import error_map, error_maps
from tad.scoring.detectors import PatchError


def moving(seed):
    """A clip (3, 4, 32, 32) of a texture that moves."""
    wide = torch.rand(3, 32, 40, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.stack([wide[..., 2 * t : 2 * t + 32] for t in range(4)], 1)


class AlmostRight:
    """Stands in for a network that is wrong by as much everywhere, and by more where the mid frame is forged."""

    class config:
        size = 32

    def __call__(self, clips):
        frame = clips[:, :, clips.shape[2] // 2] + 0.05
        frame[..., 8:16, 16:24] += 0.4
        return frame, None


def test_they_are_fitted_on_reals_and_speak_of_the_mid_frame(network):
    maps = error_maps(network, [moving(i) for i in range(3)])
    for drawer in maps.values():
        found = error_map(drawer, moving(9)).values
        assert found.shape == (4, 32, 32) and found[2].std() > 0
        assert found[[0, 1, 3]].abs().max() == 0


def test_what_was_fitted_is_taken(network):
    fitted = error_maps(network, [moving(i) for i in range(3)]).values()

    def refuse():
        raise AssertionError("fitted anew")
        yield

    again = error_maps(network, refuse(), fitted)
    assert list(again.values()) == list(fitted)


def test_the_hottest_patch_is_the_one_that_is_badly_reconstructed():
    drawer = PatchError(AlmostRight())
    drawer.load({"coefficients": torch.zeros(3)})
    found = error_map(drawer, moving(5)).values[2]
    y, x = divmod(found.argmax().item(), 32)
    assert 8 <= y < 16 and 16 <= x < 24
