"""What is said of sources, against loops over a made scores table."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tad.experiment.controls import six_controls
from tad.experiment.real_video import AS_IT_IS, Sources

SCALES = ("psnr_db", "psnr_clip_db", "ssim", "ssim_clip", "jod")


def table(n_val=4, n_test=7, clips=3, shift=1.0, seed=0):
    draw, rows = np.random.default_rng(seed), []
    for split, n in (("val", n_val), ("test", n_test)):
        for group in range(n):
            scene = draw.normal()
            for clip in range(clips):
                row = {"video": f"{split}{group}.mp4", "group": f"{split}{group}", "split": split, "label": "real"}
                row |= {"dataset": f"d{group % 3}", "method": "original", "scope": "", "strength": 0.0, "seed": 0}
                row |= {"codec": "h264:23", "start_s": float(clip), "status": "ok", **dict.fromkeys(SCALES, np.nan)}
                score = scene + 0.3 * draw.normal()
                for name, sign in (("up", 1), ("down", -1)):
                    plain = row | {"detector": name, "score": sign * score}
                    rows += [plain | {"change": AS_IT_IS, "level": ""}, plain | {"change": "none", "level": ""}]
                    rows.append(plain | {"score": sign * (score + shift), "change": "lift", "level": "1"})
    return pd.DataFrame(rows)


def sources(scores, unit="video", alpha=0.05, known=("d0",), **changed):
    facts = {"unlike": {"test0.mp4": "codec odd"}, "trained_on": frozenset({"old.mp4"}), "known": frozenset(known)}
    return Sources(scores, alpha=alpha, unit=unit, seed=0, **(facts | {"frames": frozenset({16})} | changed))


@pytest.fixture(scope="module")
def found():
    return sources(table())


def fakes_of(scores, lift=2.0):
    reals = scores[scores["change"].eq(AS_IT_IS) & scores["split"].eq("test")].drop(columns=["change", "level"])
    fakes = reals.assign(label="fake", method="swap", scope="local", strength=1.0, score=reals["score"] + lift)
    return pd.concat([reals, fakes], ignore_index=True)


@pytest.mark.parametrize("unit", ["video", "clip"])
def test_by_source_against_a_loop(unit):
    scores = table()
    of = sources(scores, unit, alpha=0.25)
    plain = scores[scores["change"].eq(AS_IT_IS) & scores["detector"].eq("up")]
    if unit == "video":
        plain = plain.groupby(["split", "group"], sort=False)["score"].mean().reset_index()
    val = plain[plain["split"].eq("val")]
    for row in of.by_source().query("detector == 'up'").to_dict("records"):
        own = plain.loc[plain["group"].eq(row["group"]), "score"]
        assert row["n"] == len(own) and row["median"] == pytest.approx(own.median())
        assert row["above"] == sum(own > row["threshold"]) and row["rate"] == pytest.approx(row["above"] / len(own))
        others = val[val["group"].ne(row["group"])]
        n = others["group"].nunique()
        votes = [(1 + sum((others["score"] >= s).groupby(others["group"]).mean())) / (n + 1) for s in own]
        assert row["p_value"] == pytest.approx(np.median(votes)) and row["n_groups"] == n
        assert row["guarantee"] == "25 %"  # three groups are just enough


def test_the_threshold_and_how_far_one_group_moves_it(found):
    row = found.thresholds().set_index("detector").loc["up"]
    val = found.units.query("split == 'val' and detector == 'up'").set_index("group")["score"]
    assert row["value"] == val.max()  # of four groups the 95 % quantile is the greatest
    assert (row["low"], row["high"]) == (val.nlargest(2).min(), val.max())
    assert row["guarantee"].startswith("no guarantee at 5 %: needs 19 groups, has 4")
    assert set(found.by_source()["guarantee"]) == {"no guarantee at 5 %"}
    alone = sources(table(n_val=1)).thresholds()
    assert alone["low"].isna().all()


def test_what_a_change_does(found):
    benign = found.benign().set_index(["detector", "change"])
    none = benign.xs("none", level="change")
    assert none["before"].equals(none["after"]) and (none["shift"] == 0).all() and set(none["rose"]) == {"0 of 7"}
    assert set(benign.xs("lift", level="change")["rose"]) == {"7 of 7", "0 of 7"}
    assert benign.loc[("up", "lift"), "after"] >= benign.loc[("up", "lift"), "before"]
    rates = found.rates().set_index("detector")["value"]
    assert rates.to_dict() == pytest.approx(none["after"].to_dict())
    cut = found.cuts["up"].value
    lifted = found.scores.query("change == 'lift' and split == 'test' and detector == 'up'").groupby("group")["score"]
    assert benign.loc[("up", "lift"), "after"] == pytest.approx((lifted.mean() > cut).mean())


def test_a_change_that_clips_lack_is_held_against_those_it_has():
    scores = table()
    lost = scores["change"].eq("lift") & scores["start_s"].gt(0)
    scores.loc[lost, ["score", "status"]] = np.nan, "error: too short"
    row = sources(scores).benign().set_index(["detector", "change"]).loc[("up", "lift")]
    first = scores.query("detector == 'up' and split == 'test' and start_s == 0")
    cut = sources(scores).cuts["up"].value
    for change, rate in ((AS_IT_IS, "before"), ("lift", "after")):
        assert row[rate] == pytest.approx((first[first["change"].eq(change)]["score"] > cut).mean())
    assert row["n_failed"] == 14 and row["n"] == 7


def test_the_floor_against_scikit_learn(found):
    floor = found.floors().set_index("detector").loc["up"]
    plain = found.plain.query("split == 'test' and detector == 'up'")
    names, areas = sorted(set(plain["group"])), []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            rows = plain[plain["group"].isin([a, b])]
            area = roc_auc_score(rows["group"].eq(a), rows["score"])
            areas.append(max(area, 1 - area))
    assert floor["floor_mean"] == pytest.approx(np.mean(areas)) and floor["n_sources"] == 7 and floor["least"] == 3
    assert np.isnan(floor["margin"]) and floor["text"] == "n/a (no fakes)"
    fakes = fakes_of(found.scores)
    margin = found.floors(fakes[fakes["detector"].eq("up")]).set_index("detector")
    assert margin.loc["up", "margin"] == pytest.approx(margin.loc["up", "auc"] - floor["floor_mean"])
    assert np.isnan(margin.loc["down", "margin"])


def test_footage_of_another_kind(found):
    other = found.out_of_distribution({"val1.mp4": "a time-lapse", "old.mp4": "4:4:4", "gone.mp4": "lost"})
    assert other.drop_duplicates("video")["video"].tolist() == ["val1.mp4", "old.mp4", "gone.mp4", "test0.mp4"]
    words = other.set_index("video")["words"]
    assert words["old.mp4"] == "n/a (trained on)" and words["gone.mp4"] == "n/a (not scored)"
    assert words["val1.mp4"].str.startswith("of 3 real groups").all()
    assert words["test0.mp4"].str.startswith("of 4 real groups").all()
    assert set(other.loc[other["video"].eq("test0.mp4"), "why"]) == {"codec odd"}


def test_the_controls_follow_what_was_done():
    scores = table()
    bare = sources(scores).vidaudit().set_index("control")["held"]
    assert bare.to_dict() == {
        "canonical re-encode": "yes", "length filter": "n/a", "real-against-real floor": "no",
        "matched harness": "yes", "several seeds, bootstrap intervals": "no", "cross-dataset cell": "no",
    }  # fmt: skip
    fakes = fakes_of(scores)
    known = sources(scores, known=()).vidaudit(pd.concat([fakes, fakes.assign(seed=1)])).set_index("control")["held"]
    assert set(known) == {"yes"}


@pytest.mark.parametrize(
    ("control", "spoil"),
    [
        ("canonical re-encode", lambda fakes: fakes.assign(codec="none")),
        ("length filter", lambda fakes: fakes[fakes["label"].eq("real") | fakes["start_s"].eq(0)]),
        ("real-against-real floor", lambda fakes: fakes[fakes["detector"].eq("up")]),
        ("matched harness", lambda fakes: fakes.assign(score=fakes["score"] + 1e-9)),
    ],
)
def test_each_control_can_fail(control, spoil):
    found = sources(table())
    fakes = spoil(fakes_of(found.scores))
    floors = found.floors(None if control == "canonical re-encode" else fakes)
    told = six_controls(found.plain, fakes, floors, {16}, ["d0"]).set_index("control")
    assert told.loc[control, "held"] == "no", told.loc[control, "reason"]


def test_clips_of_several_lengths_or_without_a_codec_do_not_hold():
    found = sources(table().assign(codec="none"), frames=frozenset({16, 8}))
    told = found.vidaudit().set_index("control")["held"]
    assert told["canonical re-encode"] == "no" and told["length filter"] == "no"
