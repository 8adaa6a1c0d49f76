import pytest

from tad.scoring import build


def test_the_previous_frame_written_out(video, rises):
    slow = [((clip[:, 2] - clip[:, 1]) ** 2).mean().item() for clip in video]
    assert build("neighbour_copy", None).score(video).tolist() == pytest.approx(slow, rel=1e-5)


def test_a_flickering_patch_is_found(rises):
    assert rises(build("neighbour_copy", None), "flicker")
