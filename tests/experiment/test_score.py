import subprocess
import sys

import pytest
import torch

from tad.data import decode, encode, project_root
from tad.experiment import score as score_file
from tad.experiment import score_videos
from tad.experiment.checkpoints import SHIPPED, load_threshold
from tad.experiment.score import COLUMNS, choose_threshold
from tad.model import read_facts


def test_good_and_bad_files_side_by_side(checkpoint, moving_video, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    paths = [moving_video, tmp_path / "text.mp4", tmp_path / "missing.mp4", moving_video]
    rows = list(score_videos(paths, str(checkpoint)))
    assert [tuple(row) for row in rows] == [COLUMNS] * 4
    assert [row["status"] == "ok" for row in rows] == [True, False, False, True]
    good, bad = rows[0], rows[1]
    assert good["clips"] == 10 and good["seconds"] == pytest.approx(39 / 25, abs=0.01)
    assert good["verdict"] == ("FAKE" if good["score"] > 0.5 else "REAL") and good["threshold"] == 0.5
    assert bad["score"] is None and bad["verdict"] == "UNKNOWN" and bad["status"].startswith("error: ")
    assert rows[2]["status"] == "error: no such file" and rows[3]["score"] == good["score"]


def test_a_video_shorter_than_a_clip_says_so(checkpoint, tmp_path, moving_video):
    from tad.data import decode, encode

    frames = [frame for _, frame in decode(moving_video)][:3]
    [row] = score_videos([encode(tmp_path / "short.mp4", frames)], str(checkpoint))
    assert row["status"] == "error: no whole clip: needs 4 frames without a cut, has 3"


def test_the_score_is_the_mean_of_its_clips(checkpoint, moving_video):
    import torch

    from tad.data import network_input, read_clips
    from tad.model import load_model

    model, slow = load_model(checkpoint), []
    with torch.no_grad():
        for clip in read_clips(moving_video, frames=4, size=32):
            x = network_input(clip, 32)[None]
            slow.append((model(x)[0] - x[:, :, 2]).square().mean().item())
    [row] = score_videos([moving_video], str(checkpoint))
    assert row["score"] == pytest.approx(sum(slow) / len(slow), rel=1e-4)


def test_the_cards_threshold_only_when_asked_for(checkpoint):
    assert choose_threshold(str(checkpoint)) == ("midframe_mse", 0.5)
    assert choose_threshold(str(checkpoint), "card") == ("midframe_mse", 0.3137)
    assert choose_threshold(str(checkpoint), "0.25") == ("midframe_mse", 0.25)
    with pytest.raises(ValueError, match="a number or card; got 'low'"):
        choose_threshold(str(checkpoint), "low")


def test_the_weights_that_ship(moving_video):
    facts = read_facts(SHIPPED)
    assert SHIPPED.stat().st_size < 16_000_000
    assert facts["training_groups"] == ["box", "city-drone", "cockatoo", "grass", "webcam"]
    name, threshold = load_threshold("demo")
    assert name == "interpolation_residual" and threshold.kind == "validation reals" and threshold.n_groups == 4
    [row] = score_videos([moving_video])
    assert row["status"] == "ok" and row["threshold"] == threshold.value != 0.3137


def test_a_face_is_scored_where_there_is_one(checkpoint, moving_video):
    smile = project_root() / "data" / "demo" / "single_face.mp4"
    found, lost = score_videos([smile, moving_video], str(checkpoint), crop="face")
    assert found["status"] == "ok" and found["clips"] > 0
    assert found["score"] != next(score_videos([smile], str(checkpoint)))["score"]
    assert lost["status"] == "error: no face in 10 clips" and lost["verdict"] == "UNKNOWN" and lost["score"] is None


def test_clips_without_a_face_are_said_beside_the_score(checkpoint, tmp_path):
    smile = [frame for _, frame in decode(project_root() / "data" / "demo" / "single_face.mp4")][:8]
    grey = [torch.randint(90, 160, frame.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(i))
            for i, frame in enumerate(smile)]  # fmt: skip
    row = next(score_videos([encode(tmp_path / "half.mp4", smile + grey)], str(checkpoint), crop="face"))
    assert row["status"] == "ok, no face in 2 of 4 clips" and row["clips"] == 2


def test_another_crop_is_refused(checkpoint, moving_video):
    with pytest.raises(ValueError, match="crop must be frame or face; got 'nose'"):
        next(score_videos([moving_video], str(checkpoint), crop="nose"))


def test_the_decoder_is_the_one_asked_for(checkpoint, moving_video, monkeypatch):
    from tad.data import clips

    asked, decode = [], clips.decode
    monkeypatch.setattr(clips, "decode", lambda *args, decoder: asked.append(decoder) or decode(*args))
    monkeypatch.setattr("tad.experiment.score.check_decoder", asked.append)
    for decoder in ("torchcodec", "pyav"):
        assert next(score_videos([moving_video], str(checkpoint), decoder=decoder))["status"] == "ok"
    assert asked == ["torchcodec", "torchcodec", "pyav", "pyav"]


def test_a_decoder_that_does_not_import_is_refused(checkpoint, moving_video, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchcodec", None)
    with pytest.raises(ValueError, match="decoder torchcodec must import .*; got: import of"):
        next(score_videos([moving_video], str(checkpoint), decoder="torchcodec"))


def test_what_is_readable_of_a_broken_file_is_scored_and_the_break_is_said(checkpoint, moving_video, tmp_path):
    frames = [frame for _, frame in decode(moving_video)]
    whole = encode(tmp_path / "whole.mkv", frames, codec="ffv1").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    row = next(score_videos([tmp_path / "cut.mkv"], str(checkpoint)))
    assert row["status"].startswith("ok, broken off after 2") and 4 <= row["clips"] <= 7 and row["score"] > 0


def test_the_next_video_is_decoded_while_one_is_scored(checkpoint, moving_video, tmp_path, monkeypatch):
    (tmp_path / "text.mp4").write_text("no video")
    paths = [moving_video, tmp_path / "text.mp4", *[moving_video] * 3]
    opened, known = [], score_file.read_clips
    monkeypatch.setattr(score_file, "read_clips", lambda path, **how: opened.append(path) or known(path, **how))
    rows = score_videos(paths, str(checkpoint))
    first = next(rows)
    assert len(opened) > 1
    found = [first, *rows]
    assert [row["video"] for row in found] == [str(path) for path in paths]
    assert [row["clips"] for row in found] == [10, 0, 10, 10, 10]
    assert len({row["score"] for row in found}) == 2


def test_a_verdict_does_not_wait_for_the_grammar_of_addresses():
    code = "import sys, tad.experiment.score; sys.exit('nbformat' in sys.modules or 'papermill' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
