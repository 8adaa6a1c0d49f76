import shutil

import numpy as np
import pandas as pd
import pytest

from tad.data import VideoInfo, encode, read_manifest
from tad.experiment.calibration import load_calibration, save_calibration, unlike, unlike_calibration
from tad.experiment.checkpoints import SHIPPED, calibration_path, load_threshold
from tad.experiment.detector_set import detector_set
from tad.scoring import quantile_threshold
from tad.scoring.table import COLUMNS


@pytest.fixture
def mine(checkpoint, tmp_path):
    return shutil.copy(checkpoint, tmp_path / "mine.safetensors")


@pytest.fixture
def clips(manifest):
    """Two clips each of the two validation videos, and one that failed."""
    rows = read_manifest(manifest)
    rows = rows[rows["split"] == "val"]
    table = rows[["video", "group", "split", "label", "dataset", "method", "strength"]].loc[rows.index.repeat(2)]
    table = table.reindex(columns=COLUMNS).assign(detector="midframe_mse", status="ok", seed=0)
    table = table.assign(score=[0.1, 0.3, 0.5, 0.7], start_s=[0.0, 0.2] * 2, scope="", codec="none", strength=0.0)
    return pd.concat([table, table[:1].assign(start_s=0.4, score=np.nan, status="error: torn")], ignore_index=True)


def test_whole_videos_are_stored_with_the_kind_of_their_files(mine, clips, manifest):
    save_calibration(mine, clips, read_manifest(manifest))
    found = load_calibration(mine, "midframe_mse")
    assert found["score"].tolist() == pytest.approx([0.2, 0.6]) and found["n_clips"].tolist() == [2, 2]
    assert found["group"].tolist() == ["g1", "g2"] and set(found["codec"]) == {"h264"}
    assert quantile_threshold(found).n_groups == 2, "it is what p-values are made of"


def test_a_second_detector_leaves_the_first_and_the_same_replaces_itself(mine, clips, manifest):
    rows = read_manifest(manifest)
    save_calibration(mine, clips, rows)
    save_calibration(mine, clips.assign(detector="other", score=1.0), rows)
    save_calibration(mine, clips.assign(score=clips["score"] + 1), rows)
    assert load_calibration(mine, "midframe_mse")["score"].tolist() == pytest.approx([1.2, 1.6])
    assert load_calibration(mine, "other")["score"].tolist() == [1.0, 1.0]
    assert not list(calibration_path(mine).parent.glob("*.part"))


def test_nothing_stored_is_no_row_and_unlike_nothing(mine, moving_video):
    empty = load_calibration(mine, "midframe_mse")
    assert empty.empty and empty["group"].nunique() == 0
    assert unlike_calibration(moving_video, empty) == ""


@pytest.mark.parametrize(
    ("fps", "codec", "pixels", "words"),
    [
        (25.0, "h264", "yuv420p", ""),
        (27.4, "h264", "yuvj420p", ""),  # the range of the values is evened out when it is decoded
        (27.6, "h264", "yuv420p", "27.6 frames a second"),
        (25.0, "hevc", "yuv420p10le", "codec hevc, pixel format yuv420p10le"),
    ],
)
def test_what_is_unlike(fps, codec, pixels, words):
    usual = [VideoInfo(64, 48, 25.0, 9, 1.0, "h264", "yuv420p")]
    assert unlike(VideoInfo(640, 480, fps, 9, 1.0, codec, pixels), usual) == words


def test_a_file_of_another_kind(mine, clips, manifest, moving_video, tmp_path):
    from tad.data import decode

    save_calibration(mine, clips, read_manifest(manifest))
    reals = load_calibration(mine, "midframe_mse")
    other = encode(tmp_path / "other.mkv", [frame for _, frame in decode(moving_video)], codec="ffv1")
    assert unlike_calibration(moving_video, reals) == ""
    assert unlike_calibration(other, reals).startswith("codec ffv1")


def test_what_ships_is_what_the_thresholds_were_chosen_on():
    table = pd.read_csv(calibration_path(SHIPPED))
    assert set(table["detector"]) == {detector.name for detector in detector_set("demo", variants=False)}
    for name in set(table["detector"]):
        reals, stored = load_calibration("demo", name), load_threshold("demo", name)[1]
        again = quantile_threshold(reals)
        assert again.value == pytest.approx(stored.value, rel=1e-4), name
        assert (again.n_clips, again.n_groups) == (stored.n_clips, stored.n_groups) == (48, 4)
