import pytest

from tad.scoring import build


def test_both_neighbours_written_out(video):
    slow = [((clip[:, 2] - (clip[:, 1] + clip[:, 3]) / 2) ** 2).mean().item() for clip in video]
    assert build("neighbour_mean", None).score(video).tolist() == pytest.approx(slow, rel=1e-5)


def test_noise_is_found(rises):
    assert rises(build("neighbour_mean", None), "noise", "flicker")
