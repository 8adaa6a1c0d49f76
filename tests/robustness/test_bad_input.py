"""Numbers, tables and files that are not as they must be: one sentence with the value and the rule, and status 2."""

import re

import pandas as pd
import pytest
import torch

from tad import forgery, scoring
from tad.cli import main
from tad.data import at_most, check_clip, encode, to_frames
from tad.experiment import score_videos
from tad.training import Machine, Recipe


@pytest.fixture
def place(manifest, tmp_path, monkeypatch):
    """A folder with a video and with manifests that are not as they must be."""
    (tmp_path / "v.mp4").write_bytes((manifest.parent / "0.mp4").read_bytes())
    good = pd.DataFrame([{"path": "v.mp4", "label": "real", "split": "test", "group": "g"}])
    good.to_csv(tmp_path / "one.csv", index=False)
    good.assign(label="fake").to_csv(tmp_path / "fakes.csv", index=False)
    good.iloc[:0].to_csv(tmp_path / "empty.csv", index=False)
    good.drop(columns="group").to_csv(tmp_path / "lacks.csv", index=False)
    (tmp_path / "zero.csv").touch()
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 3)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)


FORGE = ["forge", "v.mp4", "--family", "flicker", "-o", "o.mp4"]
LADDER = ["forge", "-o", "L", "--families", "flicker", "--strengths", "1", "--seconds", "0.3", "--ladder"]
CANONICAL = ["data", "canonical", "one.csv", "-o", "C"]
MEASURE = ["measure", "demo", "-o", "x.parquet", "--families", "flicker", "--detectors", "neighbour_copy", "--data"]
TRAIN = ["train", "--recipe", "smoke", "--output", "T", "--data"]
CASES = [
    (["score", "v.mp4", "--threshold", "nan"], "threshold must be a number or card; got 'nan'"),
    (["score", "v.mp4", "--threshold", "inf"], "threshold must be a number or card; got 'inf'"),
    (["score", "v.mp4", "--out", "folder"], "--out must name a file; got the folder folder"),
    (["score", "v.mp4", "--checkpoint", "folder"], "must be a file or 'demo'; got folder"),
    ([*FORGE, "--strength", "nan"], r"strength must lie in \[0, 1\]; got nan"),
    ([*FORGE, "--strength", "2"], r"strength must lie in \[0, 1\]; got 2.0"),
    ([*FORGE, "--start", "-1"], "must begin at 0 s or later and last; got 10.0 s from -1.0 s"),
    ([*FORGE, "--start", "nan"], "must begin at 0 s or later and last; got 10.0 s from nan s"),
    ([*FORGE, "--seconds", "inf"], "must begin at 0 s or later and last; got inf s"),
    ([*FORGE, "--long-side", "0"], "the longer side in px must be a whole number of 2 or more; got 0"),
    *[([*LADDER, f], told) for f, told in (
        ("empty.csv", "needs at least one video; got none"), ("zero.csv", "must be a CSV in UTF-8 .* got .*zero.csv"),
        ("binary.csv", "must be a CSV in UTF-8 .* got .*binary.csv"), ("lacks.csv", "lacks group"),
        ("fakes.csv", "made of real videos; got none in fakes.csv"), ("folder", "must be a file; got folder"),
        ("v.mp4", "must be a CSV in UTF-8"))],
    ([*CANONICAL, "--seconds", "nan"], "seconds and fps must be above 0, .* got nan"),
    ([*CANONICAL, "--fps", "0"], "seconds and fps must be above 0, .* got 4.0, 0.0"),
    ([*CANONICAL, "--size", "-2"], "size must be 2 px or more; got -2"),
    ([*CANONICAL, "--crf", "99"], "crf from 0 to 51; got 4.0, 25.0 and 99"),
    ([*MEASURE, "fakes.csv"], "the val split must hold a real video; got none in fakes.csv"),
    ([*MEASURE, "one.csv"], "the val split must hold a real video; got none in one.csv"),
    ([*TRAIN, "one.csv"], "one.csv lacks a validation split"),
    ([*TRAIN, "zero.csv"], "must be a CSV in UTF-8"),
    ([*TRAIN, "one.csv", "--epochs", "0"], "epochs must be a whole number of 1 or more; got 0"),
    ([*TRAIN, "one.csv", "--set", "width", "wide"], "--set width must be a number; got 'wide'"),
    (["checkpoint", "inspect", "one.csv"], "must be a readable file of weights; got one.csv"),
    (["run", "02_evaluate", "--name", "a\nb"], "plain folder name; got 'a.nb'"),
    (["data", "index", "folder", "nowhere", "-o", "x.csv"], "must be a folder; got nowhere"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "told"), CASES, ids=[" ".join(words)[:60] for words, _ in CASES])
def test_it_is_said_in_a_sentence(place, words, told, capsys):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert re.search(told, error) and error.count("tad: ") == 1
    assert "Traceback" not in error and "unexpected" not in error and "weights_only" not in error


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("batch_size", 0), ("accumulate", -1), ("clips_per_epoch", -1), ("learning_rate", float("nan")),
     ("learning_rate", 0.0), ("clip_norm", float("inf")), ("weight_decay", -0.1), ("warmup", 1.5),
     ("flow", float("nan")), ("val_per_video", 0)],
)  # fmt: skip
def test_a_recipe(name, value):
    with pytest.raises(ValueError, match=f"{name} must .*; got {value}"):
        Recipe(**{name: value})


@pytest.mark.parametrize(("name", "value"), [("workers", -1), ("save_every", 0), ("log_every", 0), ("nodes", 0)])
def test_a_machine(name, value):
    with pytest.raises(ValueError, match=f"{name} must be .*; got {value}"):
        Machine(**{name: value})


@pytest.mark.parametrize("size", [(2, 20), (8, 8), (30, 200)])
def test_a_picture_too_small_to_judge_does_not_stop_the_others(moving_video, tmp_path, size):
    frames = [torch.full((3, *size), 40 + 2 * i, dtype=torch.uint8) for i in range(20)]
    tiny = encode(tmp_path / "tiny.mkv", frames, codec="ffv1")
    first, second = score_videos([tiny, moving_video])
    height, width = size
    assert first["status"] == f"error: a picture of {width} x {height} px is too small to judge: needs 32 px a side"
    assert second["status"] == "ok"


def test_a_side_of_nothing():
    with pytest.raises(ValueError, match="2 or more; got -5"):
        at_most(torch.zeros(3, 8, 8, dtype=torch.uint8), -5)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_clip_that_is_not_finite_is_refused_or_has_no_score(network, value):
    """What takes a clip says so; a score comes out as no number, never as a verdict."""
    clip, ones = torch.zeros(3, 4, 32, 32), torch.ones(4, 32, 32)
    clip[0, 2, 5, 7] = value
    refusing = {
        "forge": lambda: forgery.forge("flicker", clip, 0.5, 0),
        "psnr_db": lambda: forgery.psnr_db(clip, clip, ones),
        "ssim": lambda: forgery.ssim(clip, clip),
        "jod": lambda: forgery.jod(clip, clip, 25),
        "visibility": lambda: forgery.visibility(clip, clip, ones),
        "to_frames": lambda: to_frames(clip),
        "check_clip": lambda: check_clip(clip),
    }
    for call in refusing.values():
        with pytest.raises(ValueError, match="finite"):
            call()
    with torch.no_grad():
        for name in scoring.DETECTORS:
            assert not scoring.build(name, network).score(clip[None]).isfinite().any(), name
