"""Cross-fitting: every group judged once, by what has not seen it, on the scale of its own fold's reals."""

import dataclasses
import sys

import numpy as np
import pandas as pd
import pytest

from tad import experiment
from tad.data import read_manifest
from tad.experiment.cross_fit import cross_fit, pool
from tad.experiment.evaluation import Setting
from tad.experiment.forging import choose
from tad.experiment.judged import left_out_in
from tad.experiment.scores import Ladder
from tad.model import read_facts
from tad.training import HeadRecipe, Recipe, Variation

STEPS = Ladder(choose(["heavy_noise"]), (1.0,), twice=True)
NAMES = ["midframe_mse", "neighbour_mean", "latent_distance"]  # the last one is fitted
RECIPE = Recipe(epochs=1, clips_per_epoch=2, batch_size=2, val_per_video=1)


@pytest.fixture(scope="module")
def crossed(manifest, small, tmp_path_factory):
    out = tmp_path_factory.mktemp("crossed")
    setting = Setting(per_video=1, encoding="none", detectors=NAMES)
    asked = {"n_folds": 3, "material": experiment.Material(per_video=1, pairs=0), "network": small}
    return out, lambda: cross_fit(RECIPE, str(manifest), out, STEPS, setting, **asked), manifest, asked


def test_each_group_is_judged_by_a_network_that_has_not_seen_it(crossed):
    out, run, manifest, asked = crossed
    file, listed = run()
    table, groups = pd.read_parquet(file), set(read_manifest(manifest)["group"])
    of_fold = [pd.read_csv(out / f"fold{k}" / "manifest.csv") for k in range(3)]
    for k, rows in enumerate(of_fold):
        trained = set(read_facts(out / f"fold{k}" / "training" / "model.safetensors")["training_groups"])
        assert trained == set(rows.loc[rows["split"] == "train", "group"])
        assert not trained & set(rows.loc[rows["split"] != "train", "group"])
    for side in ("val", "test"):
        reals = table[table["split"].eq(side) & table["label"].eq("real") & table["method"].eq("original")]
        counted = reals.groupby(["group", "detector"]).size()
        assert set(counted) == {1} and set(reals["group"]) == groups and set(reals["detector"]) == set(NAMES)
    assert set(table["video"]) == set(read_manifest(manifest)["video"])  # named as they were, drawn as they were

    before = {p: p.stat().st_mtime_ns for p in out.glob("fold*/scores.parquet")}
    run()
    assert {p: p.stat().st_mtime_ns for p in out.glob("fold*/scores.parquet")} == before and len(before) == 3

    with pytest.raises(ValueError, match="finished as they were begun; .* made with another seed, strengths: give"):
        other = Setting(seed=1, per_video=1, encoding="none", detectors=NAMES)
        cross_fit(RECIPE, str(manifest), out, Ladder(STEPS.families, (0.5,), twice=True), other, **asked)

    (out / "settings.json").rename(out / "gone.json")
    with pytest.raises(ValueError, match="holds some made with settings that are not noted there"):
        run()
    (out / "gone.json").rename(out / "settings.json")

    checkpoint = str(out / "fold0" / "training" / "model.safetensors")
    told = {"families": ["heavy_noise"], "encoding": "none", "scores": str(file), "per_video": 1}
    found = experiment.evaluate(checkpoint, str(listed), out / "evaluated", **told)
    assert found.scores["group"].nunique() == len(groups)
    of_folds = table[table["split"].eq("val")].groupby("fold")["group"].nunique()
    assert found.threshold.n_groups == of_folds.min() < len(groups)  # a fold's threshold is its own
    assert found.threshold.guarantee.endswith("in each of 3 folds")
    assert found.folds == 3  # by which 02 knows that the checkpoint it is given did not judge its own groups
    assert experiment.evaluate(checkpoint, str(out / "fold0" / "manifest.csv"), out / "alone", **told | {
        "scores": str(out / "fold0" / "scores.parquet")}).folds == 0  # fmt: skip


def test_heads_are_taught_fold_by_fold_and_judged_on_what_each_variant_was_not_taught(manifest, small, tmp_path):
    one = HeadRecipe(1, 2)
    few = experiment.Material(1, pairs=6, variants=2, head=one, variant=one, variation=Variation(tile=32))
    setting = Setting(per_video=1, encoding="none", detectors=["midframe_mse", "token_head"])
    steps = Ladder(choose(["heavy_noise", "inversion"]), (1.0,), twice=True)
    file, _ = cross_fit(RECIPE, str(manifest), tmp_path, steps, setting, n_folds=3, material=few, network=small)
    table = pd.read_parquet(file)
    assert set(table["detector"]) == {"midframe_mse", "token_head", "token_head-0", "token_head-1"}
    for k in range(3):
        checkpoint = str(tmp_path / f"fold{k}" / "training" / "model.safetensors")
        assert {d.name for d in experiment.detector_set(checkpoint)} >= {"token_head", "token_head-0"}
        without = experiment.left_out(checkpoint)
        own = table[table["fold"].eq(k) & table["label"].eq("fake")].groupby("detector")["method"].unique()
        for name, of in left_out_in(table).items():
            assert set(own[name]) == set(of) == set(without[name]) & {"heavy_noise", "inversion"}


def test_nothing_is_fitted_where_what_is_named_learns_nothing(manifest, small, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[cross_fit.__module__], "fit_detectors", None)
    setting = Setting(per_video=1, encoding="none", detectors=["neighbour_mean"])
    material = experiment.Material(per_video=1, pairs=0)
    file, _ = cross_fit(RECIPE, str(manifest), tmp_path, STEPS, setting, n_folds=3, material=material, network=small)
    first = pd.read_parquet(file)
    assert set(first["detector"]) == {"neighbour_mean"}

    another = dataclasses.replace(setting, detectors=["midframe_mse"])
    asked = {"n_folds": 3, "material": material, "network": small, "kept": str(file)}
    both = pd.read_parquet(cross_fit(RECIPE, str(manifest), tmp_path / "more", STEPS, another, **asked)[0])
    assert set(both["detector"]) == {"neighbour_mean", "midframe_mse"} and len(both) == 2 * len(first)
    pd.testing.assert_frame_equal(both[both["detector"].eq("neighbour_mean")].reset_index(drop=True), first)

    with pytest.raises(ValueError, match="must be one that cross-fitting pooled .* got .*nowhere"):
        cross_fit(RECIPE, str(manifest), tmp_path / "n", STEPS, another, **asked | {"kept": str(tmp_path / "nowhere")})
    assert not (tmp_path / "n").exists()


def test_scores_are_pooled_on_the_scale_of_each_folds_reals():
    """Two folds whose networks score on other scales: pooled raw the AUC is 3/4, placed it is 1."""

    def fold(scale, groups):
        rows = pd.DataFrame({"group": groups, "split": ["val"] * 4 + ["test"] * 2, "label": ["real"] * 5 + ["fake"]})
        return rows.assign(detector="d", status="ok", score=scale * np.array([0.0, 1, 2, 3, 1.5, 4]))

    table = pool([fold(1.0, list("abcdee")), fold(100.0, list("efghaa"))])
    real, fake = (table.loc[table["split"].eq("test") & table["label"].eq(name), "score"] for name in ("real", "fake"))
    assert real.tolist() == [0.5, 0.5] and fake.nunique() == 1 and fake.min() > 1
    assert table.loc[table["split"].eq("val"), "score"].tolist() == [0.125, 0.375, 0.625, 0.875] * 2


def test_a_detector_without_a_validation_real_has_no_score():
    rows = pd.DataFrame({"group": list("ab"), "split": ["val", "test"], "label": "real", "detector": "d"})
    rows = rows.assign(status=["error: broken", "ok"], score=[np.nan, 1.0])
    table = pool([rows])
    assert table["score"].isna().all()
    assert table["status"].tolist() == ["error: broken", "error: no validation real of this fold was scored"]


def test_a_command_that_was_refused_does_not_bind_the_next(manifest, tmp_path, small):
    wrong = Setting(per_video=1, encoding="none", detectors=["nosuch"])
    asked = {"n_folds": 3, "material": experiment.Material(per_video=1, pairs=0), "network": small}
    with pytest.raises(ValueError, match="recipe must be one of"):
        cross_fit("qick", str(manifest), tmp_path, STEPS, wrong, **asked)
    with pytest.raises(ValueError, match="folds"):
        cross_fit(RECIPE, str(manifest), tmp_path, STEPS, wrong, **asked | {"n_folds": 99})
    with pytest.raises(ValueError, match="folds"):  # not: made with another recipe
        cross_fit("smoke", str(manifest), tmp_path, STEPS, wrong, **asked | {"n_folds": 99})
