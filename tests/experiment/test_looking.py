import io

import pytest
from PIL import Image

from tad.experiment import ClipBrowser, StrengthExplorer


def frames(picture: bytes) -> int:
    return Image.open(io.BytesIO(picture)).n_frames


def test_a_browser_shows_the_clip_that_was_chosen(manifest):
    browser = ClipBrowser(manifest, frames=4)
    assert browser.video.options[2][0] == "2.mp4 (real, val)" and frames(browser.clip.value) == 4
    first = browser.clip.value
    browser.start_s.value = 0.2
    assert browser.clip.value != first and "shown: 0.20 to 0.32 s" in browser.told.value
    browser.video.value = 4
    assert browser.told.value.startswith("group g4, h264, 80 x 64 px, 25 fps, 0.5 s; shown: 0.00")
    assert browser.start_s.value == 0


def test_a_browser_says_why_there_is_no_clip(manifest, tmp_path):
    (tmp_path / "<b>.mp4").write_text("no video")
    rows = ["path,label,split,group", f"{manifest.parent}/0.mp4,real,test,g0", "<b>.mp4,real,test,g1"]
    (tmp_path / "m.csv").write_text("\n".join(rows))
    browser = ClipBrowser(tmp_path / "m.csv", frames=13)
    assert "no whole clip from here on" in browser.told.value and browser.clip.value == b""
    browser.video.value = 1
    assert "&lt;b&gt;.mp4" in browser.told.value and "<b>" not in browser.told.value


@pytest.fixture(scope="module")
def explorer(checkpoint, manifest):
    return StrengthExplorer(checkpoint, manifest)


def test_nothing_changes_at_strength_0_and_more_at_1(explorer):
    explorer.family.value, explorer.strength.value = "inversion", 0.0
    assert explorer.fake.value == explorer.real.value and "inf dB in the mask, invisible" in explorer.told.value
    real, fake = (part.split()[1] for part in explorer.told.value.split(": ", 1)[1].split(", ")[:2])
    assert real == fake
    map_at_first = explorer.map.value
    explorer.strength.value = 1.0
    assert explorer.fake.value != explorer.real.value and explorer.map.value != map_at_first
    assert (
        frames(explorer.fake.value) == 4
        and "threshold 0.5: " in explorer.told.value
        and "extreme" in explorer.told.value
    )


def test_a_family_that_needs_a_face_says_that_there_is_none(explorer):
    explorer.family.value = "face_swap"
    assert explorer.told.value == "no face in the clip" and explorer.fake.value == b""
    explorer.family.value = "splice"  # takes its donor from another group
    assert "threshold" in explorer.told.value and explorer.video.options[0] == ("3.mp4", 0)


def test_a_video_that_is_too_short_is_told(checkpoint, manifest):
    short = StrengthExplorer(checkpoint, manifest, seconds=0.1)
    assert short.told.value == "the video is shorter than 4 frames"
