import pandas as pd
import pytest
import torch

from tad.data import decode, probe, read_manifest
from tad.data.canonical import _at_rate, canonicalise


def test_all_videos_come_out_alike(manifest, moving, write, tmp_path):
    rows = [
        {"path": write(moving(40, height=96, width=128), "a.mp4"), "label": "real", "group": "a"},
        {"path": write(moving(60, height=64, width=64), "b.avi", fps=50, codec="mpeg4"), "label": "fake", "group": "b"},
        {"path": write(moving(10), "short.mp4"), "label": "real", "group": "c"},
        {"path": "missing.mp4", "label": "real", "group": "d"},
    ]
    manifest(*rows)
    out, left_out = canonicalise(tmp_path / "manifest.csv", tmp_path / "same", seconds=1.0, fps=20, size=48, crf=23)
    table = read_manifest(out)
    told = [probe(path) for path in table["path"]]
    assert {(t.width, t.height, t.fps, t.frames, t.codec, t.pixel_format) for t in told} == {
        (48, 48, 20.0, 20, "h264", "yuv420p")
    }
    assert table["label"].tolist() == ["real", "fake"] and table["group"].tolist() == ["a", "b"]
    assert left_out[str(rows[2]["path"])] == "shorter than 1 s: 9 of 20 frames"
    assert left_out["missing.mp4"] == "no such file"
    assert pd.read_csv(out)["path"].tolist() == ["000000.mp4", "000001.mp4"]


def test_a_tick_shows_the_frame_that_was_on_show(ramp_mp4):
    levels = [frame.float().mean().item() for _, frame in decode(ramp_mp4)]
    shown = [frame.float().mean().item() for frame in _at_rate(decode(ramp_mp4), 10.0, 15)]
    assert shown == [levels[int(tick / 10 * 25 + 1e-6)] for tick in range(15)]
    doubled = list(_at_rate(decode(ramp_mp4), 50.0, 20))
    assert [frame.float().mean().item() for frame in doubled] == [levels[tick // 2] for tick in range(20)]


def test_a_variable_rate_keeps_its_times():
    frames = [(t, torch.full((3, 2, 2), i, dtype=torch.uint8)) for i, t in enumerate((0.0, 0.1, 0.5, 0.6))]
    shown = [int(frame[0, 0, 0]) for frame in _at_rate(iter(frames), 10.0, 9)]
    assert shown == [0, 1, 1, 1, 1, 2, 3]


def test_an_odd_size_is_refused(tmp_path):
    with pytest.raises(ValueError, match="size must be even, for 4:2:0 video; got 33"):
        canonicalise("x.csv", tmp_path, size=33)
