import re

import pandas as pd
import pytest

from tad import experiment
from tad.forgery import families
from tad.report import CARD


@pytest.fixture(scope="module")
def found(checkpoint, manifest, tmp_path_factory):
    output = tmp_path_factory.mktemp("evaluated")
    return experiment.evaluate(str(checkpoint), str(manifest), output, unit="clip"), output


def test_an_evaluation_and_what_it_writes(found):
    evaluation, output = found
    stored = pd.read_parquet(output / "scores.parquet")
    assert set(stored["split"]) == {"val", "test"}
    assert set(stored.loc[stored["split"] == "val", "label"]) == {"real"}
    card = pd.read_csv(output / "against_card.csv", keep_default_na=False).set_index("quantity")
    assert float(card.loc["threshold", "card"]) == CARD.threshold
    assert card.loc["threshold", "measured"] == f"{evaluation.threshold.value:.4g}"


def test_every_family_is_judged_in_its_scope_unless_some_are_named(found, checkpoint, manifest, tmp_path):
    stored = pd.read_parquet(found[1] / "scores.parquet")
    fakes = stored[stored["label"] == "fake"]
    promised = {name: family.scope for name, family in families().items()}
    assert fakes.groupby("method", sort=False)["scope"].first().to_dict() == promised
    assert set(fakes["split"]) == {"test"}
    named = experiment.evaluate(
        str(checkpoint), str(manifest), tmp_path, per_video=1, families=["inversion", "flicker"]
    )
    assert set(named.scores["method"]) == {"original", "inversion", "flicker"}
    with pytest.raises(ValueError, match="families must be among .*; got flickr"):
        experiment.evaluate(str(checkpoint), str(manifest), tmp_path, families=["flickr"])


def test_the_threshold_has_seen_no_test_clip(found):
    evaluation, output = found
    stored = pd.read_parquet(output / "scores.parquet")
    mse = stored[stored["detector"] == "midframe_mse"]
    assert evaluation.threshold.value in set(mse.loc[mse["split"] == "val", "score"])
    assert evaluation.threshold.n_groups == 2


def test_the_card_table_holds_the_whole_clip_families_alone(found):
    evaluation, _ = found
    assert set(evaluation.of("whole")["scope"]) == {"", "whole"}
    summary = evaluation.summary("whole").set_index("quantity")
    reals = evaluation.scores.query("label == 'real' and detector == 'midframe_mse'")
    assert summary.loc["real mean", "value"] == pytest.approx(reals["score"].mean())


def test_a_ladder_starts_at_one_half(checkpoint, manifest, tmp_path):
    found, curves = experiment.ladder(
        str(checkpoint), str(manifest), tmp_path, strengths=[0.0, 1.0], families=["heavy_noise"], per_video=1
    )
    mse = curves[curves["detector"] == "midframe_mse"].set_index("strength")
    assert mse.loc[0.0, "auc"] == 0.5 and mse.loc[1.0, "fit"] == mse.loc[1.0, "auc"]
    assert set(curves["detector"]) == set(found.scores["detector"])
    assert re.fullmatch(r"strength 0: (\d+) of \1 scores equal that of the real, exactly", found.at_strength_zero())
    found.scores.loc[found.scores["label"].eq("fake") & found.scores["strength"].eq(0), "score"] += 1e-9
    with pytest.raises(ValueError, match="score exactly as the real; got .* do not, the first heavy_noise of"):
        found.at_strength_zero()
    assert (tmp_path / "ladder.parquet").is_file()


def test_the_cards_detector_and_the_default_are_drawn_large(checkpoint):
    everyone = ["patch_error", "interpolation_residual", "midframe_mse"]
    assert experiment.card_and_default("demo", everyone) == ["midframe_mse", "interpolation_residual"]
    assert experiment.card_and_default("demo", ["patch_error"]) == []
    assert experiment.card_and_default(str(checkpoint), everyone)[0] == "midframe_mse"


def test_a_split_without_reals_is_refused(checkpoint, manifest, tmp_path):
    table = pd.read_csv(manifest)
    table["path"] = [str(manifest.parent / p) for p in table["path"]]
    table[table["split"] != "test"].to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(ValueError, match="the test split must hold a real video; got none"):
        experiment.evaluate(str(checkpoint), str(tmp_path / "m.csv"), tmp_path)


def test_the_fakes_that_a_manifest_lists_are_scored_as_they_are(checkpoint, manifest, tmp_path):
    table = pd.read_csv(manifest)
    table["path"] = [str(manifest.parent / p) for p in table["path"]]
    tests = table[table["split"] == "test"]
    fake = tests.iloc[[0]].assign(label="fake", method="FaceSwap", path=tests["path"].iloc[1])
    kept = table[table["path"] != tests["path"].iloc[1]]
    broken = fake.assign(path=str(tmp_path / "none.mp4"))
    pd.concat([kept, fake, broken]).to_csv(tmp_path / "m.csv", index=False)
    found = experiment.evaluate(str(checkpoint), str(tmp_path / "m.csv"), tmp_path / "out", unit="clip")
    listed = found.scores[found.scores["scope"] == "listed"]
    assert set(listed["method"]) == {"FaceSwap"} and set(listed["label"]) == {"fake"}
    one = listed[listed["detector"] == "midframe_mse"]
    assert sorted(one["status"]) == ["error: no such file", "ok", "ok", "ok"]
    row = found.by_family().set_index("family").loc["FaceSwap"]
    assert row["scope"] == "listed" and row["n_fake"] == 3 and row["n_failed"] == 1
    assert "FaceSwap" not in set(found.of("whole")["method"])  # the card's table holds the whole-clip families alone


def test_the_control_is_kept_apart_and_told_of(found):
    evaluation, output = found
    assert set(evaluation.scores["scope"]) >= {"", "whole", "local"} and "control" not in set(
        evaluation.scores["scope"]
    )
    control = evaluation.codec_control()
    assert set(control["family"]) == {"encoded twice"} and set(control["detector"]) == set(
        evaluation.scores["detector"]
    )
    assert control["auc"].between(0, 1).all() and (control["n_fake"] == control["n_real"]).all()
    assert "control" in set(pd.read_parquet(output / "scores.parquet")["scope"])


def test_another_encoding_gives_other_scores_and_is_named(checkpoint, manifest, tmp_path):
    asked = {"strengths": [1.0], "families": ["inversion"], "per_video": 1}
    tables = [experiment.ladder(str(checkpoint), str(manifest), tmp_path, encoding=e, **asked)[0].scores
              for e in ("none", "jpeg:20")]  # fmt: skip
    assert [set(table["codec"]) for table in tables] == [{"none"}, {"jpeg:20"}]
    assert (tables[0]["score"] != tables[1]["score"]).all()
    with pytest.raises(ValueError, match="an encoding must be .*; got 'webp'"):
        experiment.ladder(str(checkpoint), str(manifest), tmp_path, encoding="webp", **asked)


def test_visibility_on_every_scale(checkpoint, manifest, tmp_path):
    found, _ = experiment.ladder(
        str(checkpoint), str(manifest), tmp_path, strengths=[0.0, 0.2, 1.0], families=["heavy_noise"], jod=True
    )
    seen = experiment.visibilities(found.scores).set_index("strength")
    assert list(seen.index) == [0.2, 1.0] and set(seen["family"]) == {"heavy_noise"}
    for scale in ("psnr_db", "psnr_clip_db", "ssim", "ssim_clip", "jod"):
        assert seen.loc[0.2, scale] > seen.loc[1.0, scale], scale  # weaker is less to be seen
    fakes = found.scores.query("label == 'fake' and strength > 0 and detector == 'midframe_mse'")
    assert len(fakes) and fakes["jod"].notna().all()  # of each forged clip


def test_a_table_may_hold_a_head_that_the_checkpoint_does_not_know(found, checkpoint, manifest, tmp_path):
    """A reference too large to lie beside the weights is judged on what its variants were not taught."""
    own = pd.read_parquet(found[1] / "scores.parquet")
    own = own[own["detector"].eq("midframe_mse")]
    named = list(own["method"][own["label"].eq("fake")].unique())
    halves = {f"cnn-{k}": own[own["label"].eq("real") | own["method"].isin(named[k::2])] for k in (0, 1)}
    parts = [own, own.assign(detector="cnn"), *(rows.assign(detector=name) for name, rows in halves.items())]
    pd.concat(parts, ignore_index=True).to_parquet(tmp_path / "with.parquet")
    again = experiment.evaluate(str(checkpoint), str(manifest), tmp_path, scores=str(tmp_path / "with.parquet"))
    assert again.left_out == {"cnn-0": named[::2], "cnn-1": named[1::2]}
