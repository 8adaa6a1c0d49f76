import re

import pytest

from tad.experiment import Looked, head_grid, motion, profile, strip
from tad.explain import Effort

EFFORT = Effort(steps=1, samples=1, grid=(1, 2, 2))


@pytest.fixture(scope="module")
def looked(checkpoint, manifest):
    return Looked(str(checkpoint), str(manifest), ["midframe_mse"], lasting=2, long_side=80)


def test_a_strip_shows_real_and_fake_by_each_method(looked):
    found = strip(looked, looked.judges[0], "flicker", 1.0, ["grad_cam", "own_map"], EFFORT)
    titles = [text.get_text() for text in found.figure.texts]
    assert titles[:2] == ["real", "flicker, strength 1"] and titles[2] == "grad_cam, on the real"
    assert re.fullmatch(r"own_map, on the fake: pixel AUC \d\.\d\d", titles[5])
    assert found.alt.count("own_map") == 1 and "g3" in found.alt


def test_a_clip_in_motion_says_which_frames_were_changed(looked):
    found = motion(looked, looked.judges[0], "flicker", 1.0, "own_map", EFFORT)
    assert found.figure[:4] == b"RIFF" and re.search(
        r"frames [12] to [23] were changed .* hottest frame is 2", found.alt
    )


def test_a_profile_follows_real_and_fake_through_the_forged_third(looked):
    found = profile(looked, looked.judges[0], "flicker", 1.0, stride=2)
    real, fake = (line.get_ydata() for line in found.figure.axes[0].lines[:2])
    assert len(real) == len(fake) == 5 and (real != fake).any()
    assert re.search(r"the fake scores [+-][\d.e-]+ above the real, elsewhere [+-]", found.alt)


def test_the_grid_holds_every_head(looked):
    found = head_grid(looked, "flicker", 1.0)
    assert "2 layers and 2 heads" in found.alt and len(found.figure.axes) == 2


def test_a_family_that_forges_nothing_here_is_refused(looked):
    with pytest.raises(ValueError, match="mouth_swap needs a test clip that it can forge; got none"):
        head_grid(looked, "mouth_swap", 1.0)
    with pytest.raises(ValueError, match="12 frames that mouth_swap can forge; got none"):
        profile(looked, looked.judges[0], "mouth_swap", 1.0)
