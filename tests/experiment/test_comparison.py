"""The tables that set detectors side by side, each against an obvious way to the same number."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tad import scoring
from tad.experiment import Comparison, Evaluation, compare, target
from tad.experiment.joined import with_ensemble
from tad.experiment.judged import trained_on
from tad.scoring import quantile_threshold, video_scores

PSNR = {("swap", 1.0): 15.0, ("swap", 0.3): 25.0, ("warp", 1.0): 28.0, ("warp", 0.3): 38.0, ("blur", 1.0): 35.0,
        ("blur", 0.3): 45.0}  # fmt: skip
LEFT_OUT = {"head-0": ["swap"], "head-1": ["warp", "blur"]}
GAINS = {"midframe_mse": 0.4, "neighbour_mean": 0.2, "interpolation_residual": 0.8, "latent_distance": 0.3,
         "head": 2.0, "head-0": 1.0, "head-1": 0.6}  # fmt: skip
OFFSET = {"head-0": 100.0, "head-1": -50.0}  # scores of variants are not on one scale


def made(names=tuple(GAINS), groups=7, split="test", seed=0, families=("swap", "warp", "blur"), strengths=(0.3, 1.0)):
    """Reals, and fakes whose scores grow with the strength by the detector's gain; a variant scores its families."""
    draw, rows = np.random.default_rng(seed), []
    for group, video, clip in np.ndindex(groups, 1 + (split == "test"), 2):
        facts = {"video": f"{split}{group}-{video}.mp4", "group": f"{split}{group}", "split": split, "dataset": "made",
                 "codec": "none", "seed": 0, "start_s": float(clip), "status": "ok"}  # fmt: skip
        for name in names:
            real = facts | {"detector": name, "label": "real", "method": "original", "scope": "", "strength": 0.0}
            score = draw.normal() + OFFSET.get(name, 0)
            rows.append(real | {"score": score, "psnr_db": np.nan})
            for family, strength in (pair for pair in PSNR if split == "test"):
                if family in families and strength in strengths and family in LEFT_OUT.get(name, families):
                    fake = {"label": "fake", "method": family, "scope": "local", "strength": strength}
                    gain = GAINS.get(name, 1.0) * strength + draw.normal()
                    rows.append(real | fake | {"score": score + gain, "psnr_db": PSNR[family, strength]})
    return pd.DataFrame(rows).assign(psnr_clip_db=np.nan, ssim=np.nan, ssim_clip=np.nan, jod=np.nan)


@pytest.fixture(scope="module")
def compared():
    return Comparison(made(), made(split="val", groups=5, seed=1), LEFT_OUT, "video", n_boot=60)


def slow_auc(scores, name, family, strength):
    rows = scores[scores["detector"].eq(name) & scores["method"].isin([family, "original"])]
    rows = video_scores(rows[rows["label"].eq("real") | rows["strength"].eq(strength)])
    return roc_auc_score(rows["label"].eq("fake"), rows["score"])


def variant(title, family):
    if title != "head (families left out)":
        return title.removesuffix(" (families seen)")
    return next(name for name, lost in LEFT_OUT.items() if family in lost)


@pytest.mark.parametrize("title", ["midframe_mse", "head (families seen)", "head (families left out)"])
def test_by_band_against_cell_by_cell(compared, title):
    s, reals = compared.scores, compared.reals
    table = compared.by_band().set_index(["detector", "band"]).loc[title]
    wanted = {"extreme": [("swap", 1.0)], "moderate": [("swap", 0.3), ("warp", 1.0)], "invisible": [("blur", 0.3)],
              "subtle": [("warp", 0.3), ("blur", 1.0)]}  # fmt: skip
    wanted["moderate + subtle"] = wanted["moderate"] + wanted["subtle"]
    for band, cells in wanted.items():
        found = {"auc": {}, "own_real": {}, "balanced_accuracy": {}, "false_positive_rate": {}}
        for family, strength in cells:
            name = variant(title, family)
            cut = quantile_threshold(video_scores(reals[reals["detector"].eq(name)])).value
            own = video_scores(s[s["detector"].eq(name)])
            fakes = own[own["method"].eq(family) & own["strength"].eq(strength)].set_index("video")["score"]
            above = fakes > own[own["label"].eq("real")].set_index("video")["score"][fakes.index]
            alarms = own[own["label"].eq("real")].assign(over=lambda t, cut=cut: t["score"] > cut)
            rate = alarms.groupby("group")["over"].mean().mean()
            caught = ((fakes > cut).mean() + 1 - alarms["over"].mean()) / 2
            for key, value in (("auc", slow_auc(s, name, family, strength)), ("own_real", above.mean()),
                               ("false_positive_rate", rate), ("balanced_accuracy", caught)):  # fmt: skip
                found[key].setdefault(family, []).append(value)
        for key, families in found.items():
            assert table.loc[band, key] == pytest.approx(np.mean([np.mean(v) for v in families.values()])), (band, key)
        assert table.loc[band, "n_cells"] == len(cells) and table.loc[band, "n_families"] == len(found["auc"])
        assert table.loc[band, "low"] <= table.loc[band, "auc"] <= table.loc[band, "high"]
    assert (table["n_real"] == 14).all()


def test_every_detector_has_a_row_a_band_and_says_what_it_learned_from(compared):
    table = compared.by_band()
    assert (table.groupby("detector").size() == 5).all()
    told = table.drop_duplicates("detector").set_index("detector")["trained_on"]
    assert told["neighbour_mean"] == "nothing" and told["midframe_mse"] == "reals only"
    assert told["head (families left out)"] == "not stated" and "head-0" not in told.index


def test_the_gain_of_a_supervised_detector_over_one_that_saw_no_fake(compared):
    told = replace(compared, stated={"head": "labelled fakes"})
    table = told.supervised_gain().query("band == 'all'").set_index(["families", "one_class"])
    assert set(table.index) == {(f, o) for f in ("seen", "left out") for o in set(GAINS) - {"head", "head-0", "head-1"}}
    for families in ("seen", "left out"):
        row = table.loc[(families, "neighbour_mean")]
        found = []
        for family in ("swap", "warp", "blur"):
            name = "head" if families == "seen" else variant("head (families left out)", family)
            own, other = ([slow_auc(told.scores, n, family, s) for s in (0.3, 1.0)] for n in (name, "neighbour_mean"))
            found.append((np.mean(own), np.mean(other)))
        assert (row["supervised"], row["auc"]) == pytest.approx(tuple(np.mean(found, axis=0)))
        assert row["gain"] == pytest.approx(row["supervised"] - row["auc"]) and row["low"] <= row["gain"] <= row["high"]
        assert row["n_families"] == 3
    assert compared.supervised_gain().empty  # a head that is not stated to be supervised


def test_what_is_registered_says_what_it_was_trained_on(monkeypatch):
    monkeypatch.setitem(scoring.FITTED, "local_head", SimpleNamespace(trained_on="reals with self-made fakes"))
    for end in ("", " (families seen)", " (families left out)", " (families never taught)"):
        assert trained_on("local_head" + end, {}) == "reals with self-made fakes"
    assert trained_on("mine", {"mine": "labelled fakes"}) == "labelled fakes"


def test_families_that_no_variant_left_out_stand_apart():
    table = Comparison(made(), made(split="val"), {"head-0": ["swap"]}, n_boot=10).by_band()
    rows = table[table["detector"].str.startswith("head (") & table["band"].eq("moderate + subtle")]
    families = rows.set_index("detector")["n_families"].to_dict()
    assert families == {"head (families seen)": 1, "head (families never taught)": 2, "head (families left out)": 1}


def test_an_ensemble_of_pooled_folds_is_fused_fold_by_fold():
    """Two folds whose reals lie elsewhere: each is placed among its own, as if the other were not there."""
    names = ("midframe_mse", "latent_distance")
    folds = [(made(names).assign(fold=k), made(names, split="val").assign(fold=k)) for k in (0, 1)]
    for table in folds[1]:
        table["score"] = 5 - 3 * table["score"]
    alone = [with_ensemble(Comparison(*fold), names) for fold in folds]
    pooled = with_ensemble(
        Comparison(*(pd.concat(part, ignore_index=True) for part in zip(*folds, strict=True))), names
    )
    for side in ("scores", "reals"):
        whole = pd.concat([getattr(one, side).query("detector == 'ensemble (mean)'") for one in alone])
        found = getattr(pooled, side).query("detector == 'ensemble (mean)'")
        assert len(found) and found["score"].tolist() == whole["score"].tolist()


def test_the_targets_are_read_off_the_numbers(compared):
    table = compared.by_band()
    said = dict(zip(("extreme", "both"), target(table).splitlines(), strict=True))
    rows = table[table["band"].eq("moderate + subtle") & table["auc"].notna()]
    eligible = rows["detector"].isin(["midframe_mse", "neighbour_mean", "head (families left out)"])
    best = rows[eligible].sort_values("auc").iloc[-1]
    assert (
        f">= 0.90: not reached ({best['detector']}, {best['text']}, n = {best['n_families']} families" in said["both"]
    )
    assert ">= 0.99: " in said["extreme"] and "seen)" not in target(table)
    assert target(table.assign(auc=0.99)).count(": reached (") == 2
    assert target(table.assign(auc=np.nan)).count("n/a (no such fake was scored)") == 2


@pytest.mark.parametrize("worse", ["head (families left out)", "neighbour_mean"])
def test_a_target_is_that_of_the_best_that_may_claim_it(compared, worse):
    table = compared.by_band()
    rest = {"head (families left out)", "neighbour_mean"} - {worse}
    auc = [
        0.95 if name in rest else 0.5 if name == worse else 0.99 if "seen)" in name else 0.4
        for name in table["detector"]
    ]
    assert f">= 0.90: reached ({rest.pop()}" in target(table.assign(auc=auc))


def test_a_target_comes_with_what_the_threshold_does(compared):
    table = compared.by_band()
    best = table.assign(auc=1.0, detector="neighbour_mean", trained_on="nothing").iloc[:1]
    row = best.assign(band="extreme", balanced_accuracy=0.75, false_positive_rate=0.25, n_real=8)
    assert "balanced accuracy 75%, 25% of 8 reals above its threshold)" in target(row)
    assert "no threshold)" in target(row.assign(false_positive_rate=np.nan))
    assert "ensemble" not in target(row.assign(detector="ensemble (mean)"))


def test_the_matrix_against_cell_by_cell(compared):
    matrix = compared.left_out_matrix().set_index(["family", "detector"])
    assert len(matrix) == 3 + 1 + 2 and set(matrix.index.get_level_values("detector")) == {"head", "head-0", "head-1"}
    for (family, name), row in matrix.iterrows():
        slow = np.mean([slow_auc(compared.scores, name, family, s) for s in (0.3, 1.0)])
        assert row["auc"] == pytest.approx(slow) and row["left_out"] == (family in LEFT_OUT.get(name, [])), (
            family,
            name,
        )


def test_the_gain_is_the_difference_of_means_over_the_same_fakes(compared):
    gain = compared.left_out_gain().set_index("band")
    matrix = compared.left_out_matrix()
    seen = matrix[matrix["detector"].eq("head")]["auc"].mean()
    lost = matrix[matrix["left_out"]]["auc"].mean()
    assert (gain.loc["all", "seen"], gain.loc["all", "left_out"]) == pytest.approx((seen, lost))
    assert gain.loc["all", "gain"] == pytest.approx(seen - lost)
    assert gain.loc["all", "low"] < seen - lost < gain.loc["all", "high"] and gain.loc["all", "n_families"] == 3
    assert gain.loc["extreme", "n_families"] == 1 and gain.loc["all", "text"][0] in "+-"


def test_a_family_that_its_variant_did_not_score_is_not_in_the_gain(compared):
    s = compared.scores
    few = Comparison(s[s["detector"].ne("head-1") | s["label"].eq("real")], compared.reals, LEFT_OUT, n_boot=10)
    assert few.left_out_gain().set_index("band").loc["all", "n_families"] == 1


def test_limits_are_those_of_each_detector_by_itself(compared):
    table = compared.limits(n_boot=10)
    assert set(table["detector"]) == {one.title for one in compared.judged}
    own = table[table["detector"].eq("head (families left out)") & table["family"].eq("warp")].reset_index(drop=True)
    slow = scoring.detection_limits(
        compared.scores[compared.scores["detector"].eq("head-1")], "head-1", unit="video", n_boot=10
    )
    slow = slow[slow["family"].eq("warp")].reset_index(drop=True)
    assert own.drop(columns="detector").equals(slow.drop(columns="detector"))
    assert (table["text"].eq("not reached") == table["strength"].isna()).all() and table["strength"].isna().any()


def test_pairs_against_one_test_at_a_time(compared):
    table = compared.pairs(0.3)
    assert set(table["detector_a"]) == {"midframe_mse"} and len(table) == 6
    assert table["p_holm"].tolist() == pytest.approx(scoring.holm(table["p"]))
    row = table.set_index("detector_b").loc["head-1 (families left out)"]
    s = compared.scores[compared.scores["detector"].isin(["midframe_mse", "head-1"])]
    s = s[s["label"].eq("real") | (s["method"].eq("warp") & s["strength"].eq(0.3))]  # blur is invisible there
    slow = scoring.paired(s, "video", 60).iloc[0]
    assert (row["difference"], row["p"], row["n_families"]) == pytest.approx((slow["difference"], slow["p"], 1))
    assert table.set_index("detector_b").loc["neighbour_mean", "n_families"] == 2
    assert compared.pairs(0.7).empty and list(compared.pairs(0.7).columns) == list(table.columns)


def test_operating_points_keep_their_reasons(compared):
    table = compared.operating().set_index("detector")
    assert "head-0 (families left out)" in table.index and "head-1 (families left out)" not in table.index  # no extreme
    assert table["TPR at 1 % FPR"].eq("n/a (needs 100 reals)").all()
    assert table["TPR at 0.1 % FPR"].eq("n/a (needs 1000 reals)").all()
    value = float(table.loc["midframe_mse", "AUC"].split()[0])
    assert value == pytest.approx(slow_auc(compared.scores, "midframe_mse", "swap", 1.0), abs=0.005)
    assert (table[["n_real", "n_fake", "n_families"]] == [14, 14, 1]).all(axis=None)


def slow_place(reals, group_of, score, but=None):
    """The share of groups below a score, what is level counting half."""
    shares = [np.mean([(r < score) + (r == score) / 2 for r in reals[group_of == g]]) for g in set(group_of) - {but}]
    return np.mean(shares)


def test_the_ensemble_against_clip_by_clip(compared):
    joined = compare(
        SimpleNamespace(**{k: getattr(compared, k) for k in ("scores", "reals", "left_out", "unit", "seed")})
    )
    names = ["midframe_mse", "latent_distance", "interpolation_residual"]
    key = ["video", "start_s", "method", "strength"]
    reals = compared.reals.pivot(index=["group", *key], columns="detector", values="score").reset_index()
    tests = compared.scores.pivot(index=["group", *key], columns="detector", values="score").reset_index()
    for rows, made_of, own in ((joined.scores, tests, False), (joined.reals, reals, True)):
        found = rows[rows["detector"].eq("ensemble (mean)")].set_index(key)["score"]
        assert len(found) == len(made_of)
        for _, clip in made_of.iloc[:: max(1, len(made_of) // 7)].iterrows():
            but = clip["group"] if own else None
            slow = np.mean([slow_place(reals[n].to_numpy(), reals["group"].to_numpy(), clip[n], but) for n in names])
            assert found[tuple(clip[key])] == pytest.approx(slow)
    kept = ["midframe_mse", "ensemble (mean)"]
    joined = replace(joined, scores=joined.scores[joined.scores["detector"].isin(kept)], n_boot=5)
    table = joined.by_band()
    assert "ensemble (mean)" in set(table["detector"]) & set(joined.operating()["detector"])
    row = table.set_index("detector").loc["ensemble (mean)"]
    assert (row["trained_on"] == "reals only").all() and row["balanced_accuracy"].notna().all()


def evaluation(names, **kwargs):
    return SimpleNamespace(
        scores=made(names, **kwargs), reals=made(names, split="val"), left_out={}, unit="clip", seed=0
    )


def test_the_card_and_the_controls_alone():
    found = evaluation(
        ("midframe_mse", "neighbour_copy", "neighbour_mean"), families=("swap",), strengths=(1.0,), groups=2
    )
    compared = compare(found)
    assert "ensemble (mean)" not in set(compared.scores["detector"])
    table = compared.by_band()
    assert table[table["band"].ne("extreme")]["auc"].isna().all() and "n/a" in table["text"].iloc[-1]
    assert compared.pairs(1.0).empty and compared.left_out_matrix().empty and compared.left_out_gain().empty
    assert len(compared.limits(n_boot=5)) == 3 * 2 and len(compared.operating()) == 3
    assert target(table).splitlines()[1].endswith("n/a (no such fake was scored)")


def test_scores_from_elsewhere_join(tmp_path):
    found = evaluation(("midframe_mse", "flow_consistency"))
    listed = found.scores[found.scores["method"].eq("swap") & found.scores["strength"].eq(1)]
    listed = listed.assign(method="FaceSwap", scope="listed", psnr_db=np.nan, video="own-" + listed["video"])
    found.scores = pd.concat([found.scores, listed], ignore_index=True)
    videos = sorted({*found.reals["video"], *found.scores["video"]})
    given = pd.DataFrame({"video": videos, "detector": "a friend's", "score": [v.startswith("own-") for v in videos]})
    given.astype({"score": float}).to_csv(tmp_path / "s.csv", index=False)
    compared = compare(found, ["midframe_mse"], str(tmp_path / "s.csv"))
    cells = compared.cells[compared.cells["detector"].eq("a friend's")]
    assert cells["family"].tolist() == ["FaceSwap"] and cells["auc"].tolist() == [1.0] and cells["band"].isna().all()
    table = compared.by_band()
    assert table[table["detector"].eq("a friend's")]["auc"].isna().all()
    assert {"a friend's", "ensemble (mean)"} <= set(table["detector"])
    assert "a friend's" not in set(compared.pairs(1.0)["detector_b"]) | set(compared.operating()["detector"])
    assert set(compared.limits(n_boot=5).query('detector == "a friend\'s"')["family"]) == {"FaceSwap"}


def test_what_cannot_be_compared_is_refused(compared):
    with pytest.raises(ValueError, match="a member must be one of .*; got \\['midframe'\\]"):
        compare(evaluation(("midframe_mse",)), ["midframe"])
    reals = compared.scores[compared.scores["label"].eq("real")]
    with pytest.raises(ValueError, match="needs a detector that scored a real and a fake; got 196 rows"):
        Comparison(reals, compared.reals).by_band()
    with pytest.raises(ValueError, match="left out by one variant of a head; got \\['swap'\\] by several"):
        _ = Comparison(compared.scores, reals, {"head-0": ["swap"], "head-1": ["swap", "warp"]}).judged
    alone = Comparison(made(("midframe_mse",)), made(("other",), split="val"), n_boot=5).by_band()
    assert alone["balanced_accuracy"].isna().all() and alone["false_positive_rate"].isna().all()


def test_a_variant_that_scored_no_fake_has_no_curve():
    scores = made(("midframe_mse", "head", "head-0", "head-1"), families=("swap",), groups=3)
    found = Evaluation(scores, scores[:0], made(split="val"), LEFT_OUT, "clip", 0)
    assert set(found.curves()["detector"]) == {"midframe_mse", "head", "head-0"}
