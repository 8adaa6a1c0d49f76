import matplotlib as mpl
import numpy as np
import pytest

from tad.report import figures


def legend(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def strongest_scores(scores, label: str, family: str | None = None) -> list[float]:
    """Oracle: walk over the rows."""
    kept = []
    for row in scores.to_dict("records"):
        of_kind = row["label"] == label and (family is None or row["method"] == family)
        if of_kind and row["detector"] == "midframe_mse" and row["status"] == "ok" and row["strength"] != 0.1:
            kept.append(row["score"])
    return kept


def test_distribution_names_thresholds_means_and_n(scores):
    before = dict(mpl.rcParams)
    figure = figures.mse_distribution(scores, 0.05, oracle=0.07)
    top, below = figure.axes
    assert legend(top) == [
        "real clips", "fake clips", "our threshold 0.05", "oracle 0.07", "card's threshold 0.3137",
    ]  # fmt: skip
    real, fake = strongest_scores(scores, "real"), strongest_scores(scores, "fake")
    texts = [text.get_text() for text in below.texts]
    assert texts[0] == f"{sum(real) / 24:.4g} ± {np.std(real):.3g}"
    assert texts[2] == f"{sum(fake) / 72:.4g} ± {np.std(fake):.3g}"
    assert (texts[1], texts[3]) == ("0.1445 ± 0.0846", "0.5559 ± 0.0949")
    assert "n = 24 real clips (4 groups), 72 fake clips (4 groups)" in below.get_xlabel()
    assert top.get_xscale() == "log"  # the scores cover two decades
    assert dict(mpl.rcParams) == before


def test_each_family_by_itself(scores):
    figure = figures.score_by_family(scores, 0.05)
    figure.canvas.draw()  # a name with a pair of dollars must not be parsed as mathematics
    ax = figure.axes[0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[:3] == ["real", "noise", "warp"]
    for line, (label, family) in enumerate([("real", None), ("fake", "noise"), ("fake", "warp")]):
        values = strongest_scores(scores, label, family)
        share = sum(value > 0.05 for value in values) / len(values)
        assert ax.texts[line].get_text() == f"{100 * share:.0f} %"


def test_families_are_drawn_without_touching_the_global_random_state(scores):
    state = np.random.get_state()[1].copy()
    figures.score_by_family(scores, 0.05)
    assert (np.random.get_state()[1] == state).all()


def test_a_table_without_fakes_is_refused(scores):
    with pytest.raises(ValueError, match="real and fake rows of 'midframe_mse'.*'real': 24"):
        figures.mse_distribution(scores[scores["label"] == "real"], 0.05)
