import dataclasses

import pandas as pd
import pytest
import torch

from tad import experiment, scoring
from tad.data import encode
from tad.experiment.calibration import load_calibration
from tad.experiment.checkpoints import load_threshold, save_threshold
from tad.experiment.fit_detectors import Encoded, fit_heads
from tad.model import create_model, save_checkpoint
from tad.scoring import Threshold
from tad.training import HeadRecipe, Variation

FEW = experiment.Material(
    per_video=1, pairs=16, variants=2, head=HeadRecipe(2, 2), variant=HeadRecipe(1, 2), variation=Variation(tile=32)
)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory, manifest, small):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("fitted") / "mine.safetensors"
    save_checkpoint(path, create_model("tiny", **small), {})
    save_threshold(path, "midframe_mse", Threshold(0.5, 0.95, 4, 2, "none"))
    experiment.fit_detectors(str(path), str(manifest), material=FEW)
    return path


def test_every_detector_that_learns_is_fitted(fitted):
    names = [detector.name for detector in experiment.detector_set(fitted)]
    taught = {f"{head}_head-{k}" for head in ("local", "token") for k in (0, 1)}
    assert set(names) == {*scoring.DETECTORS, *scoring.FITTED, *taught} - {"supervised_cnn"}


def test_each_family_is_left_out_once(fitted):
    from tad.forgery import families

    without = experiment.left_out(fitted)
    known = [name for name, family in families().items() if "landmarks" not in family.needs]
    for head in ("local_head", "token_head"):
        own = {name: lacking for name, lacking in without.items() if name.startswith(head)}
        assert sorted(sum(own.values(), [])) == sorted(known)
        assert own[f"{head}-0"] == known[::2]


def test_a_variant_never_sees_what_it_is_judged_on(network, monkeypatch):
    """The pairs of a left-out family are not among those that a variant is taught."""
    from tad.scoring.detectors import SupervisedCNN, Taught
    from tad.training import Pool

    nothing = torch.zeros(6, 1)
    pool = Pool(nothing, nothing, nothing, torch.zeros(6).long(), torch.arange(6) % 3, ["g"], ["x", "y", "z"])
    taught = {}
    monkeypatch.setattr(SupervisedCNN, "sees", lambda _, pool: pool)
    monkeypatch.setattr(Taught, "learn_from", lambda self, _, which: taught.setdefault(self.name, which.tolist()))
    pairs = {"": [0, 1, 2, 3, 4, 5], "-0": [1, 2, 4, 5], "-1": [0, 2, 3, 5], "-2": [0, 1, 3, 4]}
    for supervised in (False, True):
        taught.clear()
        heads = ["local_head", *["supervised_cnn"] * supervised, "token_head"]
        _, without = fit_heads(network, pool, experiment.Material(variants=3), 0, ["patch_error", *heads])
        assert without == {f"{head}-{k}": [name] for head in heads for k, name in enumerate("xyz")}
        assert taught == {head + end: which for head in heads for end, which in pairs.items()}


def test_thresholds_come_from_validation_reals(fitted, manifest):
    experiment.calibrate_detectors(str(fitted), str(manifest), "neighbour_mean")
    name, threshold = load_threshold(fitted)
    assert name == "neighbour_mean" and threshold.n_groups == 2
    assert load_threshold(fitted, "midframe_mse")[1].value == 0.5  # stays what training chose
    with pytest.raises(ValueError, match="the default must be one of .*got 'mine'"):
        experiment.calibrate_detectors(str(fitted), str(manifest), "mine")


def test_a_ladder_scores_left_out_families_by_the_variant_that_lacks_them(fitted, manifest, tmp_path):
    found, _ = experiment.ladder(
        str(fitted), str(manifest), tmp_path, strengths=[0.0, 1.0], families=["heavy_noise", "splice"], per_video=1
    )
    fakes = found.scores[found.scores["label"] == "fake"]
    by = {name: set(fakes.loc[fakes["detector"] == name, "method"]) for name in fakes["detector"].unique()}
    assert by["local_head"] == {"heavy_noise", "splice"}
    for variant, without in found.left_out.items():
        assert by.get(variant, set()) == {"heavy_noise", "splice"} & set(without)
    reals = found.scores[found.scores["label"] == "real"]
    assert {"local_head-0", "local_head-1"} <= set(reals["detector"])


def test_a_table_measured_before_gives_the_same(fitted, manifest, tmp_path):
    told = {"strengths": [0.0, 1.0], "families": ["heavy_noise"], "per_video": 1, "detectors": ["neighbour_mean"]}
    first, curves = experiment.ladder(str(fitted), str(manifest), tmp_path / "a", **told)
    file = str(tmp_path / "a" / "ladder.parquet")
    again, same = experiment.ladder(str(fitted), str(manifest), tmp_path / "b", **told, scores=file)
    pd.testing.assert_frame_equal(first.scores.reset_index(drop=True), again.scores.reset_index(drop=True))
    pd.testing.assert_frame_equal(curves, same)
    for wrong, said in (({"seed": 1}, "the seed 1"), ({"encoding": "none"}, "the codec none"),
                        ({"families": ["splice"]}, "every family and strength")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            experiment.ladder(str(fitted), str(manifest), tmp_path / "c", **{**told, **wrong}, scores=file)


def test_clips_may_be_passed_over_twice():
    from types import SimpleNamespace

    from tad.data import Encoding

    frames = torch.zeros(4, 3, 32, 32, dtype=torch.uint8)
    clips = Encoded(SimpleNamespace(frames=[frames], rows=[{"fps": 25.0}]), Encoding("none"), None)
    assert [tuple(clip.shape) for clip in clips] == [tuple(clip.shape) for clip in clips] == [(3, 4, 32, 32)]


def test_fakes_and_empty_splits_are_refused(fitted, manifest, tmp_path):
    table = pd.read_csv(manifest)
    table["path"] = [str(manifest.parent / path) for path in table["path"]]
    table[table["split"] != "train"].to_csv(tmp_path / "none.csv", index=False)
    with pytest.raises(ValueError, match="real training clip or more; got none"):
        experiment.fit_detectors(str(fitted), str(tmp_path / "none.csv"), material=FEW)
    with pytest.raises(ValueError, match="pairs must be 0 or more, steps 1 or more; got -1"):
        experiment.fit_detectors(str(fitted), str(manifest), material=experiment.Material(pairs=-1))
    with pytest.raises(ValueError, match="variants must be 0, or 2 or more; got 1"):
        experiment.fit_detectors(str(fitted), str(manifest), material=experiment.Material(variants=1))


def test_one_detector_may_be_fitted_while_the_others_keep_what_they_learned(fitted, manifest, tmp_path):
    mine = tmp_path / "mine.safetensors"
    for name in ("mine.safetensors", "mine.detectors.safetensors"):
        (tmp_path / name).write_bytes((fitted.parent / name).read_bytes())
    before = {d.name: {k: v.clone() for k, v in d.state().items()} for d in experiment.detector_set(mine)}
    longer = dataclasses.replace(FEW, head=HeadRecipe(4, 2), variants=3)
    experiment.fit_detectors(str(mine), str(manifest), material=longer, names=["token_head"])
    after = {d.name: d.state() for d in experiment.detector_set(mine)}
    assert set(after) - set(before) == {"token_head-2"} and set(before) <= set(after)
    for name, state in before.items():
        same = all(torch.equal(after[name][key], value) for key, value in state.items())
        assert same == (not name.startswith("token_head") or not state), name
    without = experiment.left_out(mine)
    assert without["local_head-0"] == experiment.left_out(fitted)["local_head-0"]
    assert sorted(sum((without[f"token_head-{k}"] for k in range(3)), [])) == sorted(
        sum((without[f"local_head-{k}"] for k in range(2)), [])
    )
    with pytest.raises(ValueError, match="a detector that learns must be one of .*got 'neighbour_mean'"):
        experiment.fit_detectors(str(mine), str(manifest), material=FEW, names=["neighbour_mean"])
    nothing = dataclasses.replace(FEW, pairs=0)
    with pytest.raises(ValueError, match="a head is taught on a pair or more; got 0 for token_head"):
        experiment.fit_detectors(str(mine), str(manifest), material=nothing, names=["token_head"])
    with pytest.raises(ValueError, match="must have the same encoding, h264:23; got none"):
        experiment.fit_detectors(str(mine), str(manifest), material=FEW, names=["patch_error"], encoding="none")


def test_thresholds_are_chosen_by_what_scoring_a_file_says(fitted, tmp_path):
    """Of a video larger than what is fitted on, too: a network's small square is scaled once, not twice."""
    texture = torch.rand(3, 30, 50, generator=torch.Generator().manual_seed(3)) * 255
    texture = torch.nn.functional.interpolate(texture[None], (600, 1000), mode="bicubic")[0].clamp(0, 255)
    film = encode(tmp_path / "large.mp4", [texture[:, 30:570, 2 * t : 2 * t + 960].to(torch.uint8) for t in range(12)])
    row = {"path": str(film), "label": "real", "split": "val", "group": "g", "dataset": "made"}
    pd.DataFrame([row]).to_csv(tmp_path / "manifest.csv", index=False)
    for name in ("mine.safetensors", "mine.detectors.safetensors", "mine.threshold.json"):
        (tmp_path / name).write_bytes((fitted.parent / name).read_bytes())
    mine = str(tmp_path / "mine.safetensors")
    experiment.calibrate_detectors(mine, str(tmp_path / "manifest.csv"))
    for name in ("midframe_mse", "latent_distance", "interpolation_residual"):
        [verdict] = experiment.score_videos([film], checkpoint=mine, detector=name)
        assert load_calibration(mine, name)["score"].item() == pytest.approx(verdict["score"], rel=1e-6), name


def test_the_command_measures_one_detector_beside_those_of_a_table(fitted, manifest, tmp_path, capsys):
    from tad.cli import main

    told = ["measure", str(fitted), "--data", str(manifest), "--families", "inversion", "--strengths", "1"]
    first, both = tmp_path / "first.parquet", tmp_path / "both.parquet"
    assert main([*told, "-o", str(first), "--detectors", "neighbour_copy"]) == 0
    assert main([*told, "-o", str(both), "--detectors", "neighbour_mean", "--beside", str(first)]) == 0
    table, kept = pd.read_parquet(both), pd.read_parquet(first)
    assert table.groupby("detector", sort=False).size().to_dict() == dict.fromkeys(
        ["neighbour_copy", "neighbour_mean"], len(kept)
    )
    pd.testing.assert_frame_equal(table[: len(kept)], kept)
    assert set(kept["strength"][kept["label"].eq("fake")]) == {0.0, 1.0}  # the control, though it was not asked for
    kept[~(kept["label"].eq("fake") & kept["strength"].eq(0))].to_parquet(first)
    capsys.readouterr()
    assert main([*told, "-o", str(tmp_path / "no.parquet"), "--beside", str(first)]) == 2
    said = capsys.readouterr().err
    assert "every family and strength asked for; got none of [('inversion', 0.0)]" in said and "scoring" not in said
    assert main([*told, "-o", str(tmp_path / "no.parquet"), "--beside", str(first), "--seed", "1"]) == 2
    said = capsys.readouterr().err
    assert "the seed 1" in said and "scoring" not in said and not (tmp_path / "no.parquet").exists()


def test_the_command_line_says_what_heads_see():
    import argparse

    from tad.cli.detectors import _add_material, _material

    command = argparse.ArgumentParser()
    _add_material(command, 5)
    assert _material(command.parse_args([])) == experiment.Material(pairs=5)
    plain = _material(command.parse_args(["--steps", "7"]))
    assert plain == experiment.Material(pairs=5, head=HeadRecipe(7), variant=HeadRecipe(3))
    words = (
        "--pairs 9 --steps 4 --variants 2 --variant-steps 6 --batch-pairs 8 --learning-rate .1 --weakest 1 --supervised"
    )
    asked = _material(command.parse_args(words.split()))
    assert asked == experiment.Material(
        pairs=9, variants=2, head=HeadRecipe(4, 8, 0.1), variant=HeadRecipe(6, 8, 0.1), variation=Variation(weakest=1),
        supervised=True,
    )  # fmt: skip
