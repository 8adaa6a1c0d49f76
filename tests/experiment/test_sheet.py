import pytest

from tad.data import project_root
from tad.experiment import sheet


def captions(figure):
    return [text.get_text() for text in figure.texts]


def test_a_sheet_shows_each_family_at_each_strength(moving_video):
    found = captions(sheet(moving_video, strengths=(0.2, 1.0), families=["flicker", "inversion"]))
    assert any(text.startswith("flicker: ") for text in found) and any(text.startswith("inversion") for text in found)
    assert found.count("strength 0.2") == found.count("strength 1") == 2  # above each scope's rows
    assert sum(" dB, " in text for text in found) == 4


def test_what_cannot_be_drawn_is_left_out_or_refused(moving_video):
    found = captions(sheet(moving_video, strengths=(1.0,), families=["flicker", "splice", "self_blended_face"]))
    assert not any("splice" in text or "self_blended" in text for text in found)
    with_donor = captions(sheet(moving_video, strengths=(1.0,), families=["splice"], donor=moving_video))
    assert any(text.startswith("splice") for text in with_donor)
    with pytest.raises(ValueError, match="a sheet needs a family that can forge .*; got none"):
        sheet(moving_video, families=["splice"])


def test_a_face_is_drawn():
    video = project_root() / "data/demo/single_face.mp4"
    found = captions(sheet(video, strengths=(1.0,), families=["self_blended_face"], long_side=320))
    assert any(text.startswith("self_blended_face") for text in found)
