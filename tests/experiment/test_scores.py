import numpy as np
import pandas as pd
import pytest
import torch

from tad.data import Encoding, FixedClips, read_manifest, transcode
from tad.experiment.forging import choose
from tad.experiment.scores import COLUMNS, NOTHING, Ladder, beside, score_table
from tad.scoring import DETECTORS, build, score

H264 = Encoding.parse("h264:23")


@pytest.fixture(scope="module")
def clips(manifest):
    table = read_manifest(manifest)
    return FixedClips(table[table["split"] == "test"], 4)


@pytest.fixture
def detectors(network):
    return [build(name, network) for name in DETECTORS]


def test_the_scores_table(detectors, clips):
    ladder = Ladder(choose(["flicker", "inversion"]), (0.0, 1.0), twice=True)
    scores = score_table(detectors, clips, ladder, H264, seed=3)
    assert tuple(scores) == COLUMNS
    assert len(scores) == len(clips) * (2 + 2 * 2) * len(DETECTORS)
    assert set(scores["split"]) == {"test"} and set(scores["status"]) == {"ok"} and set(scores["seed"]) == {3}
    assert set(scores["codec"]) == {"h264:23"}
    fakes = scores[scores["label"] == "fake"]
    assert set(fakes["method"]) == {"flicker", "inversion"} and set(scores["label"]) == {"real", "fake"}
    key = ["video", "start_s", "detector"]
    reals = scores[scores["method"] == "original"].set_index(key)["score"]
    for name in ("flicker", "inversion"):
        nothing = fakes[(fakes["strength"] == 0) & (fakes["method"] == name)].set_index(key)["score"]
        assert (reals == nothing).all()  # to the last bit: what could differ is the forgery alone
    assert (fakes.loc[fakes["strength"] == 0, "psnr_db"] == float("inf")).all()
    assert (fakes.loc[fakes["strength"] == 0, "ssim"] == 1).all()
    twice = scores[scores["scope"] == "control"].set_index(key)["score"]
    assert set(scores[scores["scope"] == "control"]["label"]) == {"real"} and (twice != reals).any()


def test_both_classes_take_the_encoders_way(detectors, clips):
    plain, coded = (score_table(detectors, clips, NOTHING, Encoding.parse(e), 0) for e in ("none", "h264:40"))
    assert (plain["score"] != coded["score"]).all()
    with torch.no_grad():
        by_hand = score(detectors, transcode(clips.frames[0], Encoding.parse("h264:40"), clips.rows[0]["fps"]))
    assert coded["score"].tolist()[: len(DETECTORS)] == list(by_hand.values())


def test_the_order_does_not_depend_on_who_is_ready_first(detectors, clips):
    scores = score_table(detectors, clips, Ladder(choose(["splice"]), (0.2, 0.7)), H264, seed=0)
    steps = scores[scores["detector"] == "neighbour_copy"].groupby("video", sort=False)["strength"].agg(list)
    assert list(steps.index) == list(dict.fromkeys(row["video"] for row in clips.rows))
    assert all(found[:3] == [0.0, 0.2, 0.7] for found in steps)


def test_a_broken_video_is_counted_not_scored(detectors, manifest, tmp_path):
    (tmp_path / "broken.mp4").write_text("not a video")
    table = read_manifest(manifest)
    table = table[table["split"] == "test"].copy()
    table.loc[table.index[0], "path"] = str(tmp_path / "broken.mp4")
    scores = score_table(detectors, FixedClips(table, 4), NOTHING, H264, seed=0)
    lost = scores[scores["status"] != "ok"]
    assert len(lost) == len(DETECTORS) and lost["score"].isna().all()
    assert lost["status"].str.startswith("error: ").all() and set(lost["video"]) == {"3.mp4"}


def test_a_family_that_finds_no_face_says_so(detectors, clips):
    scores = score_table(detectors, clips, Ladder(choose(["self_blended_face"]), (1.0,)), H264, seed=0)
    fakes = scores[scores["label"] == "fake"]
    assert set(fakes["status"]) == {"error: no face in the clip"} and fakes["score"].isna().all()


def test_the_strength_of_a_listed_fake_is_the_manifests(detectors, manifest):
    table = read_manifest(manifest)
    table = table[table["split"] == "test"].assign(label="fake", method="made", strength=["0.3", "", "1"])
    scores = score_table(detectors, FixedClips(table, 4, per_video=1), NOTHING, H264, seed=0)
    assert scores[scores["detector"] == "neighbour_copy"]["strength"].tolist() == [0.3, 1.0, 1.0]


def test_detectors_measured_later_stand_beside_those_of_a_table():
    row = {"video": "a", "start_s": 0.0, "method": "splice", "strength": 1.0, "seed": 0, "codec": "none"}
    kept = pd.DataFrame([{**row, "detector": d, "score": s, "psnr_db": 20.0} for d, s in (("x", 1.0), ("y", 2.0))])
    kept = pd.concat([kept, kept.assign(method="original", strength=0.0, psnr_db=np.nan)])
    new = kept[kept["detector"].eq("y")].assign(score=5.0, psnr_db=lambda t: t["psnr_db"] + 1e-5)
    both = beside(kept, pd.concat([new, new.assign(detector="z", score=6.0)]))
    assert both.groupby("detector", sort=False)["score"].unique().map(list).to_dict() == {"x": [1], "y": [5], "z": [6]}
    assert len(both) == 6 and both["psnr_db"].isna().sum() == 3
    wrong = [("hold the same clips; got b", {"video": "b"}), ("the same seed; got 1 and 0 of a, splice", {"seed": 1}),
             ("the same codec; got h264:23 and none", {"codec": "h264:23"}),
             ("the same psnr_db; got 21.0 and 20.0 of a, splice", {"psnr_db": 21.0})]  # fmt: skip
    for said, change in wrong:
        with pytest.raises(ValueError, match=said):
            beside(kept, new.assign(**change))


def test_pooled_tables_stand_beside_each_other_where_they_are_of_the_same_folds():
    """Each real is there twice: in the fold that tests it and in the one that is calibrated by it."""
    row = {"video": "a", "start_s": 0.0, "method": "original", "strength": 0.0, "seed": 0, "codec": "none"}
    kept = pd.DataFrame([{**row, "split": split, "fold": k} for split, k in (("test", 0), ("val", 3))])
    kept = kept.assign(detector="x", score=1.0, psnr_db=np.nan)
    new = kept[::-1].assign(detector="y")
    assert beside(kept, new)["detector"].tolist() == ["x", "x", "y", "y"]
    with pytest.raises(ValueError, match="the same fold; got 1 and 0 of a, original"):
        beside(kept, new.assign(fold=[3, 1]))
    with pytest.raises(ValueError, match="hold the same columns; got one without fold"):
        beside(kept.drop(columns="fold"), new)
