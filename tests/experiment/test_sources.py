import numpy as np
import pandas as pd
import pytest
import torch

from tad import experiment, scoring
from tad.data import Encoding, FixedClips, encode, read_clips, read_manifest, transcode
from tad.experiment.benign import BENIGN
from tad.experiment.scores import COLUMNS
from tad.experiment.sources import _longer, draws, unlike_training
from tad.scoring import build, score

CHANGES = ["none", "codec", "noise", "frame_rate"]
DETECTORS = ["midframe_mse", "neighbour_copy"]
KEY = ["detector", "video", "start_s"]


@pytest.fixture(scope="module")
def found(checkpoint, manifest, tmp_path_factory):
    output = tmp_path_factory.mktemp("sources")
    asked = {"changes": CHANGES, "detectors": DETECTORS, "seed": 3, "alpha": 0.4}
    return experiment.sources(str(checkpoint), str(manifest), output, **asked), output


def of(found, change, level=""):
    rows = found.scores[found.scores["change"].eq(change) & found.scores["level"].eq(level)]
    return rows.set_index(KEY)["score"].sort_index()


def test_the_table_and_where_it_lies(found):
    sources, output = found
    stored = pd.read_parquet(output / "sources.parquet")
    pd.testing.assert_frame_equal(stored, sources.scores)
    assert list(stored) == [*COLUMNS, "change", "level"] and set(stored["label"]) == {"real"}
    assert set(stored["split"]) == {"val", "test"} and "g0" not in set(stored["group"])
    versions = 1 + sum(len(BENIGN[name].levels) for name in CHANGES)
    assert len(stored) == 5 * 3 * len(DETECTORS) * versions  # videos of three clips each


def test_change_none_scores_exactly_as_the_real(found):
    sources, _ = found
    pd.testing.assert_series_equal(of(sources, experiment.AS_IT_IS), of(sources, "none"))
    assert (of(sources, experiment.AS_IT_IS) != of(sources, "noise", "5")).all()


def test_changes_come_before_the_one_encode_or_take_its_place(found, checkpoint, manifest):
    sources, _ = found
    table = read_manifest(manifest).query("split == 'val'")
    clips, model = FixedClips(table, 4, per_video=1), experiment.load(checkpoint)
    built, row, frames = [build(name, model) for name in DETECTORS], clips.rows[0], clips.frames[0]
    noisy = BENIGN["noise"](frames, "5", draws(3, "noise", row))
    oracle = {("noise", "5"): transcode(noisy, Encoding.parse("h264:23"), row["fps"]), ("codec", "none"): frames}
    for (change, level), made in oracle.items():
        for name, value in score(built, made).items():
            assert of(sources, change, level)[(name, row["video"], row["start_s"])] == value
    codecs = sources.scores.groupby(["change", "level"])["codec"].unique().map(list)
    assert codecs["codec", "hevc:28"] == ["hevc:28"] and codecs["noise", "5"] == ["h264:23"]


def test_half_of_the_frames_of_twice_as_many(found, manifest):
    sources, _ = found
    rows = sources.scores.query("change == 'frame_rate' and detector == 'neighbour_copy' and video == '1.mp4'")
    # of 12 frames the clips at 0, 4 and 8 are followed by 8, 4 and 0 more: the last one is too short
    assert rows["status"].tolist() == ["ok", "ok", "error: needs 8 frames in one shot from here on"]
    file = read_manifest(manifest).set_index("video").loc["1.mp4"]
    clips = list(read_clips(file["path"], frames=4, size=None))
    longer = _longer(file, clips[1].start_s, clips[1].frames, 2, 640)
    assert torch.equal(longer, torch.cat([clip.frames for clip in clips[1:]]))
    assert _longer(file, clips[2].start_s, clips[2].frames, 2, 640) is None


def test_what_is_unlike_training(tmp_path, moving_video):
    frames = torch.stack([clip.frames[0] for clip in read_clips(moving_video, frames=10, size=None)])
    encode(tmp_path / "slow.mkv", frames, 10.0, "mpeg4")
    rows = pd.DataFrame({"video": ["a", "b", "c"], "split": ["train", "test", "test"], "label": "real"})
    rows["path"] = [moving_video, moving_video, tmp_path / "slow.mkv"]
    assert unlike_training(rows) == {"c": "codec mpeg4, 10 frames a second"}
    assert unlike_training(rows.assign(split="test")) == {}


def test_what_is_refused(checkpoint, manifest, tmp_path):
    def ask(**asked):
        return experiment.sources(str(checkpoint), str(manifest), tmp_path, **asked)

    with pytest.raises(ValueError, match="alpha between 0 and 1; got 'video' and 1.5"):
        ask(alpha=1.5)
    with pytest.raises(ValueError, match="got melt"):
        ask(changes=["melt"])
    table = pd.read_csv(manifest)
    table["path"] = [str(manifest.parent / p) for p in table["path"]]
    table.assign(group=table["group"].replace({"g0": "g9", "g3": "g0"})).to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(ValueError, match="groups that were not trained on; got g0"):
        experiment.sources(str(checkpoint), str(tmp_path / "m.csv"), tmp_path)


def test_no_cell_is_empty_of_its_reason(found):
    sources, _ = found
    rates, benign = sources.rates(), sources.benign()
    assert len(rates) == 2 and rates["n_groups"].eq(3).all() and np.isfinite(rates["value"]).all()
    assert len(benign) == 2 * (1 + 4 + 2 + 1) and benign["text"].notna().all()
    assert benign.query("change == 'frame_rate'")["n_failed"].eq(3).all()
    assert scoring.guaranteed(0.4, 2) and set(sources.by_source().query("split == 'test'")["guarantee"]) == {"40 %"}


def test_a_table_measured_before_gives_the_same(found, checkpoint, manifest, tmp_path):
    sources, output = found
    file = str(output / "sources.parquet")
    asked = {"changes": CHANGES, "detectors": DETECTORS, "seed": 3, "alpha": 0.4, "measured": file}
    again = experiment.sources(str(checkpoint), str(manifest), tmp_path / "a", **asked)
    pd.testing.assert_frame_equal(again.scores, sources.scores)
    assert (again.frames, again.unlike, again.trained_on) == (sources.frames, sources.unlike, sources.trained_on)
    fewer = {**asked, "changes": ["noise"], "detectors": DETECTORS[:1]}
    narrow = experiment.sources(str(checkpoint), str(manifest), tmp_path / "b", **fewer).scores
    assert set(narrow["change"]) == {experiment.AS_IT_IS, "noise"} and set(narrow["detector"]) == {DETECTORS[0]}
    for wrong, said in (({"seed": 1}, "each seed of .1.; got .3."), ({"encoding": "none"}, "each encoding of"),
                        ({"changes": ["gamma"]}, "each change of"),
                        ({"detectors": ["neighbour_mean"]}, "each detector of"),
                        ({"measured": str(manifest)}, "parquet|Parquet")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            experiment.sources(str(checkpoint), str(manifest), tmp_path / "c", **{**asked, **wrong})
