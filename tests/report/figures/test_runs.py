import numpy as np
import pandas as pd
import pytest

from tad.report.figures.runs import run_curves

ATTACK = "<b>x</b>"


@pytest.fixture
def curves():
    rows = [
        {
            "run": run,
            "detector": detector,
            "family": family,
            "strength": s,
            "auc": auc + s / 10,
            "low": 0.1,
            "high": 1.0,
        }
        for run, auc in (("b", 0.5), (ATTACK, 0.7))
        for detector in ("other", "midframe_mse")
        for family in ("warp", "noise")
        for s in (1.0, 0.5)
    ]
    table = pd.DataFrame(rows)
    table.loc[0, "high"] = np.nan
    return table[~(table["run"].eq("b") & table["family"].eq("noise") & table["strength"].eq(1.0))]


def test_a_line_a_run_under_each_choice(curves):
    figure = run_curves(curves)
    [menu] = figure.layout.updatemenus
    labels = [button.label for button in menu.buttons]
    assert labels == [
        "midframe_mse: mean over families", "other: mean over families", "midframe_mse: noise", "midframe_mse: warp",
    ]  # fmt: skip
    for number, button in enumerate(menu.buttons):
        seen = [trace.name for trace, visible in zip(figure.data, button.args[0]["visible"], strict=True) if visible]
        assert seen == ["b", "&lt;b&gt;x&lt;/b&gt;"], number
    assert [trace.visible for trace in figure.data] == [True] * 2 + [False] * 6


def test_the_mean_is_over_families_that_every_run_has(curves):
    mean = run_curves(curves).data[1]
    assert mean.x == (0.5, 1.0)
    assert mean.y == pytest.approx((0.75, 0.8)), "noise at 1 is left out, one run lacks it; warp has the same AUC"
    assert set(mean.error_y.array) == {0}, "no interval of a mean"
    warp = run_curves(curves).data[7]
    assert warp.y == pytest.approx((0.75, 0.8)) and warp.error_y.arrayminus == pytest.approx((0.65, 0.7))
