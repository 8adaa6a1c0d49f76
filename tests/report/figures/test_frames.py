import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tad.report import figures

RED = np.zeros((6, 10, 3)) + [1, 0, 0]
GREY = np.full((6, 10, 3), 128, dtype=np.uint8)


def pixels(figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / 255


def middle_of(figure, axes: int) -> np.ndarray:
    """The colour in the middle of an axes, from the rendered figure."""
    image = pixels(figure)
    box = figure.axes[axes].get_window_extent()
    return image[round(image.shape[0] - (box.y0 + box.y1) / 2), round((box.x0 + box.x1) / 2)]


def test_frames_come_row_by_row_in_their_own_colours():
    figure = figures.film_strip([[RED, GREY], [GREY, RED]], ["one", "two"], frame_labels=["0 s", "1 s"])
    colours = [middle_of(figure, axes) for axes in range(4)]
    assert np.allclose(colours, [RED[0, 0], [128 / 255] * 3, [128 / 255] * 3, RED[0, 0]], atol=0.01)
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "0 s", "1 s"]
    assert [text.get_text() for text in figure.texts] == ["one", "two"]


def test_heat_is_the_scale_over_a_grey_frame_with_one_bar():
    heat = np.ones((6, 10))
    figure = figures.film_strip([[RED], [RED], [RED]], ["a", "b", "c"], overlays=[[heat], None, [0 * heat]])
    assert len(figure.axes) == 4  # three frames and one bar
    luma = 0.299
    for axes, value in ((0, 1.0), (2, 0.0)):
        scale = np.array(mpl.colormaps["viridis"](value)[:3])
        assert np.allclose(middle_of(figure, axes), 0.6 * scale + 0.4 * luma, atol=0.01)
    assert np.allclose(middle_of(figure, 1), [1, 0, 0], atol=0.01)


def test_an_outline_follows_the_edge_of_the_mask():
    mask = np.zeros((6, 10))
    mask[:, 5:] = 1
    with_edge = pixels(figures.film_strip([[GREY]], ["a"], outlines=[[mask]]))
    without = pixels(figures.film_strip([[GREY]], ["a"], outlines=[[np.ones((6, 10))]]))
    columns = np.flatnonzero((with_edge != without).any(axis=(0, 2)))
    assert len(columns) and abs(columns.mean() / with_edge.shape[1] - 0.5) < 0.05


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (np.zeros((3, 6, 10)), r"\(H, W, 3\).* got float64 \(3, 6, 10\)"),
        (RED * 2 - 1, r"in \[0, 1\]; got values from -1 to 1"),
    ],
)
def test_frames_in_another_layout_or_range_are_refused(frame, message):
    with pytest.raises(ValueError, match=message):
        figures.film_strip([[frame]], ["a"])


def test_each_attention_map_lies_in_its_place_scaled_to_its_maximum():
    maps = np.random.default_rng(0).random((2, 3, 4, 5))
    figure = figures.attention_grid(maps)
    mosaic = figure.axes[0].images[0].get_array()
    for layer in range(2):
        for head in range(3):
            row, column = layer * 5, head * 6  # one row and column between the maps
            expected = maps[layer, head] / maps[layer, head].max()
            assert np.allclose(mosaic[row : row + 4, column : column + 5], expected)
            assert mosaic[row + 4, column : column + 6].mask.all()


def test_rows_and_titles_must_fit():
    with pytest.raises(ValueError):
        figures.film_strip([[RED]], ["a", "b"])
