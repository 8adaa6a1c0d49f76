import json

import pandas as pd
import pytest
import torch

from tad.data import DecodeError, decode, encode, project_root, read_manifest, to_clip
from tad.experiment.forge_videos import forge_ladder, forge_video
from tad.forgery import band


def frames_of(path):
    return torch.stack([frame for _, frame in decode(path)])


def test_a_forged_video_its_mask_and_what_was_done(moving_video, tmp_path):
    out = tmp_path / "new" / "fake.mkv"
    told = forge_video(moving_video, "flicker", 0.5, out, seed=3, encoding="none")
    real, fake, mask = frames_of(moving_video), frames_of(out), frames_of(out.with_suffix(".mask.mkv"))
    assert fake.shape == real.shape == mask.shape == (40, 3, 96, 128)
    assert (mask[:, 0] == mask[:, 1]).all() and mask.max() == 255
    changed = (real != fake).any(1)
    assert changed.any() and not changed[mask[:, 0] == 0].float().mean() > 0.02  # the mask's faintest rim rounds to 0
    assert json.loads(out.with_suffix(".json").read_text()) == told
    assert told["family"] == "flicker" and told["strength"] == 0.5 and told["seed"] == 3 and told["frames"] == 40
    error = (to_clip(fake) - to_clip(real)).square()[:, mask[:, 0] > 0].mean()
    assert told["psnr_db"] == pytest.approx(10 * torch.log10(4 / error).item(), abs=0.3)
    assert told["band"] == band(told["psnr_db"])
    assert [p.name for p in tmp_path.rglob(".part*")] == []


def test_the_same_seed_gives_the_same_file_and_strength_0_the_real(moving_video, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        forge_video(moving_video, "jitter_warp", 0.5, tmp_path / f"{name}.mp4", seed=seed)
    a, b, c = ((tmp_path / f"{name}.mp4").read_bytes() for name in "abc")
    assert a == b != c
    told = forge_video(moving_video, "flicker", 0.0, tmp_path / "same.mkv", encoding="none")
    assert torch.equal(frames_of(tmp_path / "same.mkv"), frames_of(moving_video))
    assert told["psnr_db"] is None and told["band"] == "invisible"  # JSON has no infinity


def test_jod_of_a_forged_video_and_of_each_of_a_ladder_where_asked_for(moving_video, manifest, tmp_path):
    asked = {"seconds": 0.2, "jod": True}
    weak, strong = (forge_video(moving_video, "flicker", s, tmp_path / f"{s}.mp4", **asked) for s in (0.2, 1.0))
    assert 10 > weak["jod"] > strong["jod"]
    assert "jod" not in forge_video(moving_video, "flicker", 1.0, tmp_path / "plain.mp4", seconds=0.2)
    forge_ladder(manifest, tmp_path / "set", strengths=(1.0,), families=["flicker"], **asked)
    told = [json.loads(path.read_text()) for path in tmp_path.glob("set/flicker/1/*.json")]
    assert len(told) == 3 and all(facts["jod"] < 10 for facts in told)
    with pytest.raises(ValueError, match="a ladder goes on as it was begun"):
        forge_ladder(manifest, tmp_path / "set", strengths=(1.0,), families=["flicker"], seconds=0.2)


def test_a_stretch_of_a_video(moving_video, tmp_path):
    forge_video(moving_video, "inversion", 1.0, tmp_path / "part.mkv", encoding="none", start_s=0.4, seconds=0.4)
    fake, real = frames_of(tmp_path / "part.mkv"), frames_of(moving_video)[10:20]
    assert fake.shape == real.shape and (fake.int() - (255 - real.int())).abs().max() <= 1


@pytest.mark.parametrize(
    "change, message",
    [
        ({"family": "flickr"}, "families must be among .*; got flickr"),
        ({"family": "splice"}, "splice needs a donor, another video; got none"),
        ({"family": "self_blended_face"}, "needs a face: no face in at least half of the frames"),
        ({"encoding": "h265"}, "an encoding must be .*; got 'h265'"),
        ({"encoding": "none", "out": "a.mp4"}, "named .mkv; got .part.a.mp4"),
        ({"out": "a.avi"}, "a video must be named .mp4 or .mkv; got .part.a.avi"),
        ({"out": "/proc/a.mp4"}, "/proc/a.mp4 must be a file that can be written; got No such file"),
        ({"out": "file/a.mp4"}, "file/a.mp4 must be a file that can be written; got (Not a directory|File exists)"),
        ({"start_s": 9.0}, "needs 2 frames; got 0 from 9 s on"),
        ({"strength": 1.5}, r"strength must lie in \[0, 1\]; got 1.5"),
        ({"video": "none.mp4"}, "no such file"),
    ],
)
def test_refused(moving_video, tmp_path, monkeypatch, change, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    told = {"video": moving_video, "family": "flicker", "strength": 0.5, "out": "a.mkv"} | change
    with pytest.raises(ValueError, match=message):
        forge_video(**told)
    assert [p.name for p in tmp_path.rglob("*")] == ["file"]  # nothing half done stays


def test_a_ladder_is_a_manifest_that_goes_on_where_it_stopped(manifest, tmp_path):
    asked = {"strengths": (0.3, 1.0), "families": ["flicker", "splice"], "seconds": 0.4}
    found, left_out = forge_ladder(manifest, tmp_path, **asked)
    table = read_manifest(found)
    assert table["label"].value_counts().to_dict() == {"fake": 3 * 2 * 2, "real": 6} and not left_out
    fakes = table[table["label"] == "fake"]
    assert set(fakes["split"]) == {"test"} and set(fakes["method"]) == {"flicker", "splice"}
    assert set(fakes["strength"]) == {"0.3", "1.0"} and set(table["group"]) == {f"g{i}" for i in range(6)}
    for row in table.itertuples():
        assert len(frames_of(row.path)) == 10
    told = [json.loads(path.read_text()) for path in tmp_path.glob("splice/*/*.json")]
    assert len(told) == 6 and {facts["encoding"] for facts in told} == {"h264:23"}
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.mkv")}
    lost = next(tmp_path.glob("splice/1/*.json"))
    lost.unlink()  # as if the power had failed before the last file was written
    forge_ladder(manifest, tmp_path, **asked)
    after = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.mkv")}
    assert {p for p in after if after[p] != before[p]} == {lost.with_suffix(".mkv"), lost.with_suffix(".mask.mkv")}
    for other in ({"seed": 1}, {"encoding": "h264:30"}, {"long_side": 64}, {"seconds": 0.3}):
        with pytest.raises(ValueError, match="a ladder goes on as it was begun"):
            forge_ladder(manifest, tmp_path, **asked | other)


def test_what_a_ladder_cannot_make_is_named(manifest, tmp_path):
    table = pd.read_csv(manifest)
    table["path"] = [str(manifest.parent / p) for p in table["path"]]
    table.loc[5, "path"] = str(tmp_path / "none.mp4")
    table.to_csv(tmp_path / "m.csv", index=False)
    found, left_out = forge_ladder(
        tmp_path / "m.csv", tmp_path / "set", strengths=(1.0,), families=["inversion", "self_blended_face"], seconds=0.3
    )
    assert len(left_out) == 2 + 3 and all("no face" in r or "no such file" in r for r in left_out.values())
    assert len(read_manifest(found)) == 5 + 2


def test_a_persons_own_video_is_the_donor_of_a_face(tmp_path):
    video = project_root() / "data/demo/single_face.mp4"
    told = forge_video(video, "face_swap", 1.0, tmp_path / "face.mp4", seconds=0.4, long_side=320)
    assert told["donor"] == "" and 0.01 < told["masked_share"] < 0.3 and told["psnr_db"] < 45


def test_an_encoder_wants_frames(tmp_path):
    with pytest.raises(ValueError, match="at least one frame"):
        encode(tmp_path / "a.mp4", [])
    with pytest.raises(DecodeError):
        list(decode(tmp_path / "a.mp4"))
