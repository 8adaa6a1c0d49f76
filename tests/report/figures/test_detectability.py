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


def test_a_fit_has_the_line_and_the_band_and_what_was_measured_dots(curves):
    table = curves[curves["strength"] > 0]
    table = table.assign(fit=table["auc"] + 0.01, fit_low=table["auc"] - 0.2, fit_high=table["auc"] + 0.2)
    figure = figures.detectability(table)
    band, line, dots, *_ = figure.data
    assert len(figure.data) == 2 * 3 and (band.fill, line.mode, dots.mode) == ("toself", "lines", "markers")
    assert list(line.y) == pytest.approx([0.51 + s / 3 for s in (0.25, 0.5, 1)])
    assert list(dots.y) == pytest.approx([0.5 + s / 3 for s in (0.25, 0.5, 1)]) and dots.marker.color == line.line.color
    assert list(band.y)[:3] == pytest.approx([0.7 + s / 3 for s in (0.25, 0.5, 1)])
    strength, visibility = figure.layout.updatemenus[0].buttons
    for button in (strength, visibility):
        assert [len(xs) for xs in button.args[0]["x"]] == [len(trace.y) for trace in figure.data]
    assert [list(xs) for xs in strength.args[0]["x"]] == [list(trace.x) for trace in figure.data]
    assert list(figure.layout.updatemenus[1].buttons[0].args2) == [{"opacity": 0}, (0, 3)]
    assert "AUC 0.583 [0.483, 0.683], rising fit 0.593, 4 groups" in dots.text[0]


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
    assert (
        "n = 4 to 5 groups" in figure.layout.title.subtitle.text and figure.layout.title.text == "<b>Detectability</b>"
    )
    assert figures.detectability(curves.assign(detector="d<")).layout.title.text == "<b>Detectability by d&lt;</b>"
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


def test_each_scope_has_a_panel_a_legend_and_its_share_of_the_switch(curves):
    scopes = ("whole", "local", "temporal", "face", "frequency")
    table = pd.concat([curves.assign(scope=scope, family=curves["family"] + scope[0]) for scope in scopes[::-1]])
    figure = figures.detectability(table)
    assert figure.layout.height > figures.detectability(curves).layout.height
    numbers = ["", "2", "3", "4", "5"]
    for number, scope in zip(numbers, scopes, strict=True):
        lines = [trace for trace in figure.data if trace.xaxis == f"x{number}" and trace.showlegend is None]
        assert [line.name for line in lines] == [f"noise{scope[0]}", f"warp{scope[0]}"]
        assert {(line.yaxis, line.legend) for line in lines} == {(f"y{number}", f"legend{number}")}
    titles = [note.text for note in figure.layout.annotations]
    assert titles == [*(f"<b>{scope}</b>" for scope in scopes), "chance"]
    strength, visibility = (button.args[1] for button in figure.layout.updatemenus[0].buttons)
    assert all(visibility[f"xaxis{number}.autorange"] == "reversed" for number in numbers)
    assert all(strength[f"xaxis{number}.autorange"] is True for number in numbers)
    labelled = [number for number in numbers if strength[f"xaxis{number}.title.text"]]
    assert labelled == [number for number in numbers if figure.layout[f"xaxis{number}"].showticklabels] == ["4", "5"]
    assert len(visibility["shapes"]) == 5 * (1 + 3) and len(visibility["annotations"]) == 5 * (1 + 4) + 1


def test_panels_share_their_axes_and_do_not_overlap(curves):
    table = pd.concat([curves.assign(scope=scope) for scope in ("whole", "local", "temporal")])
    layout = figures.detectability(table).layout
    boxes = [(*layout[f"xaxis{n}"].domain, *layout[f"yaxis{n}"].domain) for n in ("", "2", "3")]
    for i, (left, right, bottom, _) in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert right < other[0] or other[1] < left or bottom > other[3]
    assert {layout[f"yaxis{n}"].range for n in ("", "2", "3")} == {layout.yaxis.range}
    assert all(layout[f"{axis}axis{n}"].matches == axis for axis in "xy" for n in ("2", "3"))
