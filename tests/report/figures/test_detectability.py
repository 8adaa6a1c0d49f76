import json

import numpy as np
import pandas as pd
import pytest

from tad.report import figures
from tad.report.figures.detectability import BAND_OPACITY


@pytest.fixture
def curves() -> pd.DataFrame:
    rows = [
        {"family": family, "scope": "local", "strength": s, "auc": 0.5 + s / 3, "low": 0.4 + s / 3,
         "high": 0.6 + s / 3, "psnr_db": 50 - 30 * s if s else np.inf, "n_groups": 4 + (s == 1)}
        for family in ("warp", "noise")
        for s in (1.0, 0.25, 0.0, 0.5)
    ]  # fmt: skip
    curves = pd.DataFrame(rows)
    curves.loc[(curves["family"] == "warp") & (curves["strength"] == 0.5), ["low", "high"]] = np.nan
    return curves


def test_lines_and_bands_follow_the_table_in_order_of_strength(curves):
    noise_band, noise, warp_band, warp = figures.detectability(curves).data
    assert list(noise.x) == [0, 0.25, 0.5, 1]
    assert list(warp.y) == pytest.approx([0.5 + s / 3 for s in (0, 0.25, 0.5, 1)])
    assert list(noise_band.x) == [0, 0.25, 0.5, 1, 1, 0.5, 0.25, 0]
    assert list(noise_band.y) == pytest.approx(
        [0.6 + s / 3 for s in (0, 0.25, 0.5, 1)] + [0.4 + s / 3 for s in (1, 0.5, 0.25, 0)]
    )
    assert list(warp_band.x) == [0, 0.25, 1, 1, 0.25, 0]  # no interval at one half
    assert noise_band.legendgroup == noise.legendgroup != warp.legendgroup


def test_the_switch_exchanges_every_x_for_the_visibility(curves):
    figure = figures.detectability(curves)
    strength, visibility = figure.layout.updatemenus[0].buttons
    assert [list(xs) for xs in strength.args[0]["x"]] == [list(trace.x) for trace in figure.data]
    assert [len(xs) for xs in visibility.args[0]["x"]] == [len(trace.y) for trace in figure.data]
    assert list(visibility.args[0]["x"][1]) == [None, 42.5, 35, 20]  # nothing changed at strength 0
    assert visibility.args[1]["xaxis.autorange"] == "reversed"
    assert {shape["x0"] for shape in visibility.args[1]["shapes"]} == {0, 20, 30, 40}
    assert {shape["y0"] for shape in strength.args[1]["shapes"]} == {0.5}


def test_the_intervals_can_be_hidden(curves):
    figure = figures.detectability(curves)
    button = figure.layout.updatemenus[1].buttons[0]
    assert [trace.opacity for trace in figure.data] == [BAND_OPACITY, None, BAND_OPACITY, None]
    assert list(button.args2) == [{"opacity": 0}, (0, 2)]


def test_many_strengths_make_a_logarithmic_axis_without_the_identity(curves):
    curves.loc[curves["strength"] == 0.25, "strength"] = 0.01
    figure = figures.detectability(curves)
    assert figure.layout.xaxis.type == "log"
    assert list(figure.layout.xaxis.ticktext) == ["0.01", "0.5", "1"]
    assert all(0 not in trace.x for trace in figure.data)


def test_what_the_reader_is_told(curves):
    figure = figures.detectability(curves.replace("warp", "<b>"))
    assert "n = 4 to 5 groups" in figure.layout.title.subtitle.text
    assert figure.data[3].text[1] == (
        "noise (local)<br>AUC 0.583 [0.483, 0.683], 4 groups<br>strength 0.25, PSNR 42.5 dB"
    )
    assert "AUC 0.667 [n/a], 4 groups" in figure.data[1].text[2]
    assert [figure.data[1].name, figure.data[3].name] == ["&lt;b&gt;", "noise"]

    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    json.loads(figure.to_json(), parse_constant=refuse)


def test_an_auc_below_chance_stays_in_the_picture(curves):
    curves[["auc", "low"]] -= 0.5
    assert figures.detectability(curves).layout.yaxis.range[0] < curves["low"].min()
