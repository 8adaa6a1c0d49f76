"""Thresholds carried between data sets, against counting."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tad.experiment import cross_dataset
from tad.experiment.cross_dataset import matrix
from tad.scoring import quantile_threshold, video_scores

SHIFT = {"bright": 0.0, "dim": 5.0}  # one data set scores higher than the other, as sources do


@pytest.fixture(scope="module")
def scores():
    draw, rows = np.random.default_rng(0), []
    for dataset, split, group in ((d, s, g) for d in SHIFT for s in ("val", "test") for g in range(7)):
        name = f"{dataset}-{split}-{group}"
        facts = {"video": name, "group": name, "dataset": dataset, "split": split, "codec": "none", "seed": 0,
                 "start_s": 0.0, "status": "ok", "psnr_db": np.nan, "detector": "d"}  # fmt: skip
        score = SHIFT[dataset] + draw.normal()
        real = {"label": "real", "method": "original", "scope": "", "strength": 0.0, "score": score}
        fakes = [{"label": "fake", "method": m, "scope": "local", "strength": 1.0, "score": score + g + draw.normal()}
                 for m, g in (("warp", 1.0), ("swap", 3.0))]  # fmt: skip
        rows += [facts | version for version in [real, *fakes * (split == "test")]]
    return pd.DataFrame(rows)


def test_each_data_set_by_the_threshold_of_each(scores):
    table = matrix(scores, n_boot=50).set_index(["calibrated_on", "judged_on"])
    assert set(table.index) == {(a, b) for a in SHIFT for b in SHIFT}
    for a, b in table.index:
        cut = quantile_threshold(video_scores(scores[scores["split"].eq("val") & scores["dataset"].eq(a)])).value
        test = scores[scores["split"].eq("test") & scores["dataset"].eq(b)]
        real = test[test["label"].eq("real")]
        rate = (real["score"] > cut).mean()
        fakes = [test[test["method"].eq(m)] for m in ("warp", "swap")]
        recall = np.mean([(f["score"] > cut).mean() for f in fakes])
        auc = np.mean([roc_auc_score([0] * 7 + [1] * 7, [*real["score"], *f["score"]]) for f in fakes])
        row = table.loc[(a, b)]
        assert (row["false_positive_rate"], row["recall"], row["auc"]) == pytest.approx((rate, recall, auc))
        assert row["balanced_accuracy"] == pytest.approx((recall + 1 - rate) / 2)
        assert (row["n_groups"], row["n_real"], row["n_fake"]) == (7, 7, 14)
    assert table.loc[("bright", "dim"), "false_positive_rate"] == 1  # a threshold carried to where scores are higher
    assert table.loc[("dim", "bright"), "false_positive_rate"] == 0


def test_two_manifests_measured(checkpoint, manifest, tmp_path):
    table = pd.read_csv(manifest)
    table["path"] = [str(manifest.parent / path) for path in table["path"]]
    table.assign(dataset="other").to_csv(tmp_path / "other.csv", index=False)
    told = {"families": ["heavy_noise"], "detectors": ["neighbour_mean"], "per_video": 1, "encoding": "none"}
    found = cross_dataset(str(checkpoint), [str(manifest), str(tmp_path / "other.csv")], tmp_path, **told)
    assert set(zip(found["calibrated_on"], found["judged_on"], strict=True)) == {
        (a, b) for a in ("made", "other") for b in ("made", "other")
    }
    assert found["auc"].nunique() == 1  # the same videos under another name
    assert (tmp_path / "cross_dataset.parquet").is_file()
    with pytest.raises(ValueError, match=r"two data sets or more of different names; got \['made', 'made'\]"):
        cross_dataset(str(checkpoint), [str(manifest)] * 2, tmp_path, **told)
