import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_curve

from tad.report import figures


def oracle_auc(real: list[float], fake: list[float]) -> float:
    """The probability that a fake scores above a real, ties counting half, over all pairs."""
    wins = [(f > r) + 0.5 * (f == r) for f in fake for r in real]
    return sum(wins) / len(wins)


@pytest.fixture(scope="module")
def curves(scores) -> dict:
    return {trace.name: trace for trace in figures.roc(scores).data if "AUC" in trace.name}


@pytest.fixture(scope="module")
def raw(scores) -> tuple[list[float], dict[str, list[float]]]:
    rows = scores[(scores["detector"] == "midframe_mse") & (scores["status"] == "ok")].to_dict("records")
    fakes: dict[str, list[float]] = {"all families": []}
    for row in rows:
        if row["label"] == "fake" and row["strength"] == 1.0:
            fakes.setdefault(row["method"].replace("<", "&lt;").replace(">", "&gt;"), []).append(row["score"])
            fakes["all families"].append(row["score"])
    return [row["score"] for row in rows if row["label"] == "real"], fakes


def test_each_family_and_the_pool_have_a_curve_with_their_auc(curves, raw):
    real, fakes = raw
    expected = {f"{name} (AUC {oracle_auc(real, scores):.3f})" for name, scores in fakes.items()}
    assert set(curves) == expected | {"chance (AUC 0.500)"}
    assert not any("<script>" in name for name in curves)


def test_a_point_is_the_two_rates_at_its_threshold(curves, raw):
    real, fakes = raw
    trace = next(trace for name, trace in curves.items() if name.startswith("warp"))
    assert trace.customdata[0] == "inf"  # nothing lies above it
    for x, y, text in zip(trace.x, trace.y, trace.customdata, strict=True):
        threshold = float(text) * (1 - 1e-5)  # written with six digits
        assert x == pytest.approx(sum(score >= threshold for score in real) / len(real))
        assert y == pytest.approx(sum(score >= threshold for score in fakes["warp"]) / len(fakes["warp"]))


def test_families_are_sorted_by_auc_and_the_figure_is_plain_json(scores, curves):
    areas = [float(name.split("AUC ")[1][:-1]) for name in list(curves)[2:]]
    assert areas == sorted(areas, reverse=True)

    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    json.loads(figures.roc(scores).to_json(), parse_constant=refuse)


def test_of_many_families_the_scopes_are_drawn_and_the_families_wait_in_the_legend(scores):
    warp = scores[scores["method"] == "warp"].assign(scope="local")
    many = [warp.assign(method=f"warp {i}", score=warp["score"] * (1 + i / 10)) for i in range(11)]
    noise = scores[scores["method"] == "noise"].assign(scope="whole")
    traces = figures.roc(pd.concat([scores[scores["label"] == "real"], noise, *many])).data
    shown = [trace.name.split(" (")[0] for trace in traces if trace.visible is None and "AUC" in trace.name]
    waiting = [trace.name.split(" (")[0] for trace in traces if trace.visible == "legendonly"]
    assert shown == ["chance", "all families", "whole", "local"]
    assert sorted(waiting) == sorted(["noise", *(f"warp {i}" for i in range(11))])


def test_the_band_holds_95_percent_of_the_curves_of_resampled_groups(scores):
    band = next(trace for trace in figures.roc(scores).data if trace.name == "all families, interval")
    half = len(band.x) // 2
    high, low = np.array(band.y[:half]), np.array(band.y[half:][::-1])
    rows = scores[(scores["detector"] == "midframe_mse") & (scores["status"] == "ok") & (scores["label"] != "unknown")]
    rows = rows[(rows["label"] == "real") | (rows["strength"] == 1.0)]
    draws, inside = np.random.default_rng(7), []
    for _ in range(100):  # by taking the rows of each group as often as it is drawn
        taken = pd.concat([rows[rows["group"] == group] for group in draws.choice(rows["group"].unique(), 4)])
        false_rate, true_rate, _ = roc_curve(taken["label"] == "fake", taken["score"])
        at = np.interp(0.2, false_rate, true_rate)
        inside.append(low[20] - 1e-9 <= at <= high[20] + 1e-9)
    assert 0.9 <= np.mean(inside) <= 1.0 and (low < high).any()


def test_one_group_has_no_band_and_the_card_has_a_star(scores):
    names = [trace.name for trace in figures.roc(scores[scores["group"] == "g0"]).data]
    assert "all families, interval" not in names
    star = next(trace for trace in figures.roc(scores).data if trace.name.startswith("card"))
    assert (*star.x, *star.y) == (0.0, 1.0) and "recall 100%, false positives 0%" in star.hovertemplate
    assert figures.counted(scores) == "n = 24 real clips (4 groups), 72 fake clips (4 groups)"
