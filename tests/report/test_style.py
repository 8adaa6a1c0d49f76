import pandas as pd

from tad import forgery
from tad.report.style import BANDS_DB, INVISIBLE, SCOPES, by_scope, line_styles, spans_decades


def test_more_names_than_colours_get_another_dash():
    styles = line_styles([f"family {i}" for i in range(9)])
    assert styles["family 1"] == {"color": "#D55E00", "dash": "solid"}
    assert styles["family 7"] == {"color": "#D55E00", "dash": "dash"}
    assert len({tuple(line.values()) for line in styles.values()}) == 9


def test_three_dozen_names_are_told_apart():
    assert len({tuple(line.values()) for line in line_styles([f"family {i}" for i in range(36)]).values()}) == 36


def test_figures_and_forgeries_mean_the_same_by_a_band_and_a_scope():
    assert BANDS_DB == forgery.BANDS_DB and SCOPES == forgery.SCOPES
    assert forgery.band(float("inf")) == INVISIBLE


def test_scopes_come_in_their_order_and_a_foreign_one_last():
    table = pd.DataFrame({"scope": ["listed", "face", "whole", "face", "control"], "row": range(5)})
    found = {scope: list(rows["row"]) for scope, rows in by_scope(table).items()}
    assert found == {"whole": [2], "face": [1, 3], "control": [4], "listed": [0]}
    assert list(found) == ["whole", "face", "control", "listed"]


def test_a_logarithmic_axis_is_for_positive_values_over_decades():
    assert [spans_decades(values) for values in ([0.01, 1], [0.1, 1], [0, 1], [])] == [True, False, False, False]
