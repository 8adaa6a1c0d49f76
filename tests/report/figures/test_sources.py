import numpy as np
import pandas as pd
import pytest

from tad.report import figures


@pytest.fixture
def units() -> pd.DataFrame:
    rows = [("a", "val", "v0", 1.0), ("a", "val", "v1", 2.0), ("a", "test", "t $x^{$", 3.0), ("a", "test", "t1", 0.5),
            ("b", "val", "v0", 1e-4), ("b", "val", "v1", 1e-2), ("b", "test", "t1", 1.0)]  # fmt: skip
    return pd.DataFrame(rows, columns=["detector", "split", "group", "score"])


@pytest.fixture
def thresholds() -> pd.DataFrame:
    return pd.DataFrame({"detector": ["a", "b"], "value": [2.0, 1e-2], "low": [1.0, np.nan], "high": [2.0, np.nan]})


def test_scores_stand_in_the_line_of_their_source(units, thresholds):
    figure = figures.scores_by_source(units, thresholds, "clip")
    figure.canvas.draw()  # a name with a pair of dollars must not be parsed as mathematics
    first, second = figure.axes
    names = [label.get_text() for label in first.get_yticklabels()]
    assert names == ["v0 (val)", "v1 (val)", r"t \$x^{\$ (test)", "t1 (test)"]
    below, above = (marks.get_offsets().tolist() for marks in first.collections[:2])
    assert below == [[1, 0], [2, 1], [0.5, 3]] and above == [[3, 2]]
    assert (first.get_xscale(), second.get_xscale()) == ("linear", "log")
    assert [len(ax.patches) for ax in figure.axes] == [1, 0]  # no band where nothing could be left out
    assert figure.legends[0].get_title().get_text() == "n = 2 val groups (chose the threshold), 2 test groups (unseen)"
    assert [text.get_text() for text in figure.legends[0].get_texts()][:2] == ["real clip", "real clip called fake"]


def test_the_cards_threshold_stands_on_the_axis_of_its_own_score_alone(units, thresholds):
    renamed = {"a": "midframe_mse"}
    figure = figures.scores_by_source(units.replace(renamed), thresholds.replace(renamed))
    upright = [[line for line in ax.lines if len(set(line.get_xdata())) == 1] for ax in figure.axes]
    dashed = [[line.get_xdata()[0] for line in lines if line.get_linestyle() == "--"] for lines in upright]
    assert dashed == [[0.3137], []]
    assert figure.legends[0].get_texts()[-1].get_text() == "card's threshold 0.3137"


def test_many_detectors_leave_no_empty_panel(units, thresholds):
    many = pd.concat([units[units["detector"].eq("a")].assign(detector=name) for name in "abcd"])
    cuts = pd.DataFrame({"detector": list("abcd"), "value": 1.0, "low": 1.0, "high": 1.0})
    assert [ax.get_title(loc="left") for ax in figures.scores_by_source(many, cuts).axes] == list("abcd")


def test_the_map_writes_its_rates():
    rows = [("a", "none", "", 0.0), ("a", "blur", "1", 1.0), ("b", "none", "", 0.25), ("b", "blur", "1", np.nan)]
    table = pd.DataFrame(rows, columns=["detector", "change", "level", "after"])
    ax = figures.false_positive_map(table, ["change", "level"]).axes[0]
    assert [text.get_text() for text in ax.texts] == ["0", "100", "25", "n/a"]
    assert [text.get_color() for text in ax.texts][:2] == ["white", "#1F2328"]  # readable on dark and on light
    assert [label.get_text() for label in ax.get_xticklabels()] == ["none", "blur 1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    one = figures.false_positive_map(table[table["change"].eq("none")], ["change"]).axes[0]
    assert [text.get_text() for text in one.texts] == ["0", "25"]


def test_tables_without_their_columns_are_refused(thresholds):
    with pytest.raises(ValueError, match=r"units must have the columns .*; got none named .*'group'"):
        figures.scores_by_source(thresholds, thresholds)
    with pytest.raises(ValueError, match="must hold a row or more; got a table of 0"):
        figures.false_positive_map(pd.DataFrame(columns=["detector", "change", "after"]), ["change"])
