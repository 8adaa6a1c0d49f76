import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tad.report import figures
from tad.report.figures.sheet import WIDTH_IN

SHADES = {name: np.full((6, 8, 3), level, dtype=np.uint8) for name, level in
          (("real", 10), ("weak", 90), ("strong", 170), ("slice", 250))}  # fmt: skip


def row(family: str, scope: str, **more) -> figures.SheetRow:
    forged = [SHADES["weak"], SHADES["strong"]]
    return figures.SheetRow(family, scope, SHADES["real"], forged, ["31.0 dB, subtle", "12.0 dB, extreme"], **more)


@pytest.fixture
def sheet():
    slice_xt = np.full((3, 8, 3), 250, dtype=np.uint8)  # three frames of one row of pixels
    rows = [
        row("warp", "local"),
        row("drop", "temporal", extra=slice_xt, extra_caption="strength 1"),
        row("blend $x^{$", "local"),
    ]
    return figures.contact_sheet(rows, ["strength 0.1", "strength 1"], "over time")


def rendered(figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def test_pictures_stand_by_scope_from_real_to_strongest_with_the_extra_at_the_end(sheet):
    image = rendered(sheet)
    boxes = [ax.get_window_extent() for ax in sheet.axes]
    middles = [image[round(image.shape[0] - (b.y0 + b.y1) / 2), round((b.x0 + b.x1) / 2), 0] for b in boxes]
    assert middles == [10, 90, 170, 10, 90, 170, 10, 90, 170, 250]
    tops = [box.y1 for box in boxes]
    assert tops[0] == tops[2] > tops[3] == tops[5] > tops[6] == tops[9]
    assert all(box.height / box.width == pytest.approx(6 / 8) for box in boxes)  # the slice too
    lefts = np.array([box.x0 for box in boxes])
    assert np.allclose(lefts[:3], lefts[3:6]) and (np.diff(lefts[6:]) > 0).all()


def test_every_text_is_there_in_its_column(sheet):
    texts = [text.get_text() for text in sheet.texts]
    titles = ["real, mask outlined", "strength 0.1", "strength 1", "over time"]
    captions = ["", "31.0 dB, subtle", "12.0 dB, extreme"]
    assert texts == [
        "local", *titles, "warp", *captions, r"blend \$x^{\$", *captions,
        "temporal", *titles, "drop", *captions, "strength 1",
    ]  # fmt: skip


def test_texts_stay_inside_their_columns_and_clear_of_the_pictures():
    long = "one row of pixels of the middle of the frame over time, downwards"
    rows = [row("a family " * 12, "local", extra=SHADES["slice"], extra_caption=long)]
    figure = figures.contact_sheet(rows, [long, "strength 1"], long)
    rendered(figure)
    columns = [ax.get_window_extent() for ax in figure.axes]
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x1 <= figure.bbox.x1 + 1
        if text.get_weight() != "bold" and text.get_text():
            column = min(columns, key=lambda column: abs(column.x0 - box.x0))
            assert box.x1 <= column.x1 + 1, text.get_text()
        assert not any(box.overlaps(column) for column in columns), text.get_text()


def test_without_extras_the_frames_get_the_room():
    figure = figures.contact_sheet([row("warp", "local")], ["strength 0.1", "strength 1"])
    assert len(figure.axes) == 3
    assert figure.axes[-1].get_window_extent().x1 == pytest.approx(WIDTH_IN * figure.dpi)


def test_only_the_real_frame_carries_the_outline():
    mask = np.zeros((6, 8))
    mask[:, 4:] = 1
    with_mask = rendered(figures.contact_sheet([row("warp", "local", mask=mask)], ["0.1", "1"]))
    without = rendered(figures.contact_sheet([row("warp", "local")], ["0.1", "1"]))
    columns = np.flatnonzero((with_mask != without).any(axis=(0, 2))) / with_mask.shape[1]
    assert len(columns) and 1 / 9 < columns.min() and columns.max() < 2 / 9


@pytest.mark.parametrize("rows", [[], [row("warp", "local")]])
def test_rows_and_strengths_must_fit(rows):
    with pytest.raises(ValueError, match=r"must have 3 forged frames and captions; got \[(\(2, 2\))?\]"):
        figures.contact_sheet(rows, ["0.1", "0.3", "1"])
