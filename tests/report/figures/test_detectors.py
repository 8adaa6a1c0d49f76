import numpy as np
import pandas as pd
import pytest

from tad.report import figures
from tad.report.figures.detectors import DIVERGING, _short

FAMILIES = {
    "noise": ("extreme", 9.0),
    "warp $x^{$": ("subtle", 33.0),
    "swap": ("moderate", 25.0),
    "listed": (np.nan,) * 2,
}


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [
        {
            "detector": name,
            "family": family,
            "scope": "local",
            "strength": 0.3,
            "auc": auc,
            "band": band,
            "psnr_db": psnr,
        }
        for name, aucs in (("first", (1.0, 0.5, 0.83, 0.0)), ("a $y$ b", (0.91, 0.47, np.nan, 0.5)))
        for (family, (band, psnr)), auc in zip(FAMILIES.items(), aucs, strict=True)
    ]
    return pd.DataFrame(rows)


def test_the_map_writes_its_areas_from_the_plainest_family_to_the_subtlest(table):
    figure = figures.detector_map(table.sample(frac=1, random_state=0).sort_values("detector", ascending=False))
    figure.canvas.draw()  # a name with a pair of dollars must not be parsed as mathematics
    ax = figure.axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["noise", "swap", r"warp \$x^{\$", "listed"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", r"a \$y\$ b"]
    texts = [text.get_text() for text in ax.texts]
    assert texts[:8] == ["1.0", ".83", ".50", ".00", ".91", "n/a", ".47", ".50"]
    assert texts[8:] == ["extreme", "moderate", "subtle", "not measured"]
    assert [line.get_xdata()[0] for line in ax.lines] == [1, 2, 3]


def test_chance_is_white_and_what_lies_below_has_the_colour_of_reals(table):
    assert DIVERGING(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)
    below, above = DIVERGING(0.1), DIVERGING(0.9)
    assert below[2] > below[0] and above[0] > above[2]
    colours = {text.get_text(): text.get_color() for text in figures.detector_map(table).axes[0].texts}
    assert colours[".00"] == "white" and colours[".50"] == colours[".91"] == "#1F2328"


def test_cells_have_room_for_their_numbers():
    many = [{"detector": f"d{i}", "family": f"f{j}", "strength": 1.0, "auc": 0.55, "band": "subtle", "psnr_db": 31.0}
            for i in range(14) for j in range(32)]  # fmt: skip
    figure = figures.detector_map(pd.DataFrame(many))
    figure.canvas.draw()
    ax = figure.axes[0]
    wide = max(text.get_window_extent().width for text in ax.texts[: 14 * 32])
    assert wide < np.ptp(ax.transData.transform([(0, 0), (1, 0)])[:, 0])


def test_numbers_are_short():
    assert [_short(auc) for auc in (0.834, 0.998, 0.004, np.nan)] == [".83", "1.0", ".00", "n/a"]


def test_families_that_were_left_out_are_framed(table):
    lost = table.assign(left_out=table["detector"].eq("first") & table["family"].isin(["noise", "swap"]))
    figure = figures.left_out_map(lost)
    figure.canvas.draw()
    ax = figure.axes[0]
    families = [label.get_text() for label in ax.get_xticklabels()]
    assert families == ["noise", r"warp \$x^{\$", "swap", "listed"]
    assert [patch.get_xy() for patch in ax.patches] == [(0, 0), (2, 0)]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["trained without this family"]


def test_the_map_of_carried_thresholds_names_where_from_and_where_to():
    rows = [
        (d, a, b, 0.5 + 0.1 * i)
        for i, (d, a, b) in enumerate((d, a, b) for d in ("x", "y") for a in "st" for b in "st")
    ]
    table = pd.DataFrame(rows, columns=["detector", "calibrated_on", "judged_on", "balanced_accuracy"])
    ax = figures.cross_dataset_map(table).axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["s → s", "s → t", "t → s", "t → t"]
    assert [text.get_text() for text in ax.texts] == [".50", ".60", ".70", ".80", ".90", "1.0", "1.10", "1.20"]
    assert ax.get_xlabel() == "calibrated on → judged on"


def test_tables_that_no_map_can_be_drawn_of_are_refused(table):
    with pytest.raises(ValueError, match=r"a map is of one strength; got \[0.3, 1.0\]"):
        figures.detector_map(pd.concat([table, table.assign(strength=1.0)]))
    with pytest.raises(ValueError, match=r"table must have the columns .*; got none named \['left_out'\]"):
        figures.left_out_map(table)
    with pytest.raises(ValueError, match="must hold a row or more; got a table of 0"):
        figures.detector_map(table[:0])
