import numpy as np
import pandas as pd
import pytest

from tad.report import figures


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [
        {"family": family, "scope": scope, "strength": s, "psnr_db": best - 20 * s if s else np.inf, "jod": 10 - 4 * s}
        for family, scope, best in (
            ("splice", "local", 45.0), ("noise $x^{$", "whole", 22.0), ("warp", "local", 35.0), ("mine", "other", 60.0)
        )
        for s in (1.0, 0.0, 0.25)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def lines(ax) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def points(ax, y: float) -> list[float]:
    """x of the markers in a line of the chart, in the order they were drawn."""
    return [x for marks in ax.collections for x, at in marks.get_offsets() if at == y]


def test_families_stand_under_their_scope_the_plainest_on_top(table):
    left, right = figures.visibility_chart(table).axes
    assert lines(left) == ["whole", r"noise \$x^{\$", "local", "warp", "splice", "other", "mine"]
    weights = [label.get_weight() for label in left.get_yticklabels()]
    assert [w == "bold" for w in weights] == [True, False, True, False, False, True, False]
    assert left.get_ylim()[0] > left.get_ylim()[1]


def test_points_are_the_values_and_what_did_not_change_stands_at_the_edge(table):
    figure = figures.visibility_chart(table)
    figure.canvas.draw()  # a name with a pair of dollars must not be parsed as mathematics
    left, right = figure.axes
    edge = left.get_xlim()[1]
    assert points(left, 3) == [edge, 30, 15] and points(left, 6) == [edge, 55, 40]
    assert points(right, 3) == [10, 9, 6]
    assert edge > 55 and right.get_xlim()[1] > 10
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["0", "0.25", "1", "nothing changed"]


def test_stronger_is_larger_and_darker(table):
    left = figures.visibility_chart(table[table["strength"] > 0]).axes[0]
    weak, strong = (marks for marks in left.collections if any(y == 3 for _, y in marks.get_offsets()))
    assert weak.get_sizes()[0] < strong.get_sizes()[0]
    luma = [marks.get_facecolor()[0, :3] @ [0.299, 0.587, 0.114] for marks in (weak, strong)]
    assert luma[0] > luma[1] + 0.2
    figure = left.figure
    assert "nothing changed" not in [text.get_text() for text in figure.legends[0].get_texts()]


def test_bands_are_shaded_from_limit_to_limit_and_named(table):
    left = figures.visibility_chart(table).axes[0]
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in left.patches]
    assert [high for _, high in spans[:3]] == [20, 30, 40] and [low for low, _ in spans[1:]] == [20, 30, 40]
    assert (spans[0][0], spans[-1][1]) == left.get_xlim()
    assert [text.get_text() for text in left.texts] == ["extreme", "moderate", "subtle", "invisible"]
    alphas = [patch.get_alpha() for patch in left.patches]
    assert alphas == sorted(alphas, reverse=True)


def test_missing_jod(table):
    table.loc[table["family"] == "warp", "jod"] = np.nan
    right = figures.visibility_chart(table).axes[1]
    assert points(right, 3) == [] and [text.get_text() for text in right.texts] == ["n/a"]
    assert len(figures.visibility_chart(table.assign(jod=np.nan)).axes) == 1


def test_many_strengths_do_not_fill_the_legend():
    strengths = np.linspace(0.01, 1, 40)
    table = pd.DataFrame({"family": "warp", "scope": "local", "strength": strengths, "psnr_db": 30.0, "jod": 9.0})
    legend = [text.get_text() for text in figures.visibility_chart(table).legends[0].get_texts()]
    assert len(legend) == 8 and legend[0] == "0.01" and legend[-1] == "1"


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(ValueError, match=r"columns .*'family'.*'psnr_db'.*; got none named .*'scope'"):
        figures.visibility_chart(pd.DataFrame({"family": ["warp"]}))
