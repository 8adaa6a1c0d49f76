import io

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from tad.report import figures

FRAMES = [np.full((40, 60, 3), level, np.uint8) for level in (40, 120, 200)]
HEATS = [np.full((40, 60), level) for level in (0.0, 0.5, 1.0)]


def played(data):
    picture = Image.open(io.BytesIO(data))
    for i in range(picture.n_frames):
        picture.seek(i)
        yield np.asarray(picture.convert("RGB")).astype(float)


def test_frames_beside_themselves_under_their_heat():
    data = figures.animation(FRAMES, HEATS)
    found = list(played(data))
    assert len(found) == 3 and all(frame.shape == (80, 246, 3) for frame in found)
    for frame, level, heat in zip(found, (40, 120, 200), (0.0, 0.5, 1.0), strict=True):
        assert np.allclose(frame[40, 60], level, atol=6)
        expected = 0.4 * level + 0.6 * 255 * np.array(mpl.colormaps["viridis"](heat)[:3])
        assert np.allclose(frame[40, 186], expected, atol=16)  # a lossy picture


def test_the_mask_is_outlined_on_both():
    mask = np.zeros((40, 60))
    mask[10:30, 20:40] = 1
    frame = list(played(figures.animation(FRAMES[:1] * 2, HEATS[:1] * 2, [mask] * 2)))[0]
    assert frame[20, 60].min() > 150 and frame[20, 186].min() > 150  # the upper edge, in the middle
    assert frame[40, 60].max() < 80 and frame[6, 60].max() < 80  # inside and outside


def test_it_stops_within_five_seconds():
    for count in (2, 16, 40):
        picture = Image.open(io.BytesIO(figures.animation(FRAMES[:1] * count, HEATS[:1] * count, fps=10)))
        rounds = picture.info["loop"]
        assert rounds >= 1 and (rounds * count / 10 <= 5 or rounds == 1)


def test_large_frames_are_scaled_down():
    frame = np.zeros((300, 640, 3), np.uint8)
    assert Image.open(io.BytesIO(figures.animation([frame], [frame[..., 0] / 255]))).size[0] == 900


def test_as_many_maps_as_frames():
    with pytest.raises(ValueError, match="as many heat maps as frames; got 1 and 3"):
        figures.animation(FRAMES, HEATS[:1])
