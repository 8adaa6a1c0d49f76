import numpy as np
import pandas as pd
import pytest

from tad.report.figures import score_timeline


@pytest.fixture
def clips():
    starts = np.arange(20) * 0.5
    return pd.DataFrame({"start_s": starts, "end_s": starts + 0.4, "score": np.linspace(0.1, 0.4, 20)})


def thumbnails(count):
    return [(0.5 * i, np.full((9, 16, 3), i, np.uint8)) for i in range(count)]


def test_every_clip_is_a_line_on_its_side_of_the_threshold(clips):
    figure = score_timeline(clips, 0.25, [0.12, 0.2], thumbnails(20))
    curve, *thumbs = figure.axes
    drawn = {line.get_label(): [p[:, 1].tolist() for p in line.get_segments()] for line in curve.collections}
    above = [[s, s] for s in clips["score"] if s > 0.25]
    assert drawn["clips above the threshold, n = 10"] == above
    assert len(drawn["clips at or below the threshold, n = 10"]) == 10
    texts = [text.get_text() for text in curve.get_legend().get_texts()]
    assert "real videos of the calibration, n = 2" in texts and "threshold 0.25" in texts
    assert curve.get_xlim() == (0.0, clips["end_s"].iloc[-1]) and curve.get_xlabel() == "time in the video, s"
    assert [ax.get_title() for ax in thumbs] == [f"{t:.1f} s" for t in (0.5, 2.0, 3.0, 4.5, 5.5, 7.0, 8.0, 9.5)]


def test_one_clip_without_a_calibration(clips):
    figure = score_timeline(clips[:1].assign(end_s=0.0), 0.25, [], thumbnails(1))
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["threshold 0.25", "clips at or below the threshold, n = 1"]
    left, right = figure.axes[0].get_xlim()
    assert right > left and figure.axes[1].get_position().width < 0.25, "a single thumbnail stays small"


def test_scores_of_several_decades_get_a_logarithmic_axis(clips):
    assert score_timeline(clips, 0.25, [], []).axes[0].get_yscale() == "linear"
    assert score_timeline(clips, 25.0, [], []).axes[0].get_yscale() == "log"
