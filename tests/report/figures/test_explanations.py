import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from tad.report import figures
from tad.report.style import LABELS, MUTED

NAN = float("nan")
SCORES = pd.DataFrame(
    [
        ("gradient", "method", "space_auc", 0.8, 0.7, 0.9, "motion map"),
        ("edge map", "control", "space_auc", 0.4, 0.3, 0.5, NAN),
        ("motion map", "control", "space_auc", 0.6, NAN, NAN, NAN),
    ],
    columns=["method", "kind", "measure", "value", "low", "high", "control"],
)


def test_methods_stand_above_controls_with_their_intervals_and_the_best_control():
    figure = figures.explanation_scores(SCORES, {"space_auc": "where", "time_auc": "when"})
    where, when = figure.axes
    assert [label.get_text() for label in where.get_yticklabels()][::-1] == ["gradient", "edge map", "motion map"]
    drawn = [(list(line.get_xdata()), to_hex(line.get_color()).upper()) for line in where.lines]
    assert ([0.7, 0.9], LABELS["real"]) in drawn and ([0.3, 0.5], MUTED) in drawn
    assert sum(len(x) == 2 and x[0] != x[1] for x, _ in drawn) == 2  # the third has no interval
    best = next(line for line in where.lines if line.get_linestyle() == "--")
    assert list(best.get_xdata()) == [0.6, 0.6]
    assert when.get_title(loc="left") == "when" and [t.get_text() for t in when.texts] == ["not measured"]


def test_strength_has_a_panel_a_detector_and_a_line_a_method():
    rows = [(d, m, k, s, s + shift, NAN, NAN) for d in ("card", "head") for m, k, shift in
            (("gradient", "method", 0.3), ("motion map", "control", 0.0)) for s in (0.0, 0.3, 1.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["detector", "method", "kind", "strength", "value", "low", "high"])
    figure = figures.explanation_strength(table.sample(frac=1, random_state=0), "pixel AUC")
    assert sorted(ax.get_title(loc="left") for ax in figure.axes) == ["card", "head"]
    lines = [list(line.get_ydata()) for line in figure.axes[0].lines]
    assert [0.3, 0.6, 1.3] in lines and [0.0, 0.3, 1.0] in lines and [0.5, 0.5] in lines  # the last is chance
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["gradient", "controls"]


def test_a_profile_marks_what_was_changed_and_what_is_explained():
    figure = figures.score_profile(
        [0.0, 1.0, 2.0], {"real": [1, 1, 1], "fake": [1, 3, 1]}, [(0.5, 1.5)], 2.0, (1.6, 2.2)
    )
    ax = figure.axes[0]
    spans = [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]
    assert np.allclose(spans, [(0.5, 1.5), (1.6, 2.2)])
    assert [to_hex(line.get_color()).upper() for line in ax.lines[:2]] == [LABELS["real"], LABELS["fake"]]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["frames that were changed", "the clip that is explained", "real", "fake", "threshold"]


def test_a_profile_of_a_video_whose_truth_is_unknown():
    figure = figures.score_profile([0.0, 1.0], {"score": [1, 2]})
    assert not figure.axes[0].patches and len(figure.legends[0].get_texts()) == 1


def test_the_legend_of_a_strip_says_what_the_outline_is():
    grey, mask = np.full((6, 10, 3), 128, np.uint8), np.zeros((6, 10))
    mask[:, 5:] = 1
    told = lambda **more: [t.get_text() for t in figures.film_strip([[grey]], ["a"], **more).texts]  # noqa: E731
    assert told() == ["a"]
    assert told(outlines=[[mask]]) == ["a", "outline: what was changed"]
    assert told(outlines=[[mask]], overlays=[[mask]])[1:] == [
        "outline: what was changed",
        "heat, share of the greatest",
    ]


@pytest.mark.parametrize("heated", [True, False])
def test_a_strip_of_frames_of_which_one_is_under_heat(heated):
    grey = np.full((6, 10, 3), 128, np.uint8)
    overlays = [[None, np.ones((6, 10))]] if heated else None
    figure = figures.film_strip([[grey, grey]], ["a"], overlays=overlays)
    assert [len(ax.images) for ax in figure.axes[:2]] == [1, 1 + heated]
