import pytest
import torch

from tad.data import FixedClips


def test_fixed_clips_are_all_clips_in_order_with_their_facts(manifest, ramp_mp4, moving_mp4):
    rows = [{"path": ramp_mp4, "split": "val"}, {"path": moving_mp4, "split": "test", "label": "fake", "group": "g"}]
    data = FixedClips(manifest(*rows), frames=16, size=48)
    assert len(data) == len(data.rows) == 5
    assert data.failures == []
    assert data.rows[2] == {
        "video": str(ramp_mp4), "group": "group 0", "split": "val", "label": "real", "dataset": "made", "method": "",
        "start_s": 1.28, "fps": 25.0, "strength": "",
    }  # fmt: skip
    assert [(row["video"], row["start_s"]) for row in data.rows[3:]] == [(str(moving_mp4), 0), (str(moving_mp4), 0.64)]
    assert (data.rows[4]["label"], data.rows[4]["group"]) == ("fake", "g")
    levels = [((data[i][:, 0] + 1).mean().item() * 127.5 - 16) / 4 for i in range(3)]
    assert levels == pytest.approx([0, 16, 32], abs=0.5)
    assert all(clip.shape == (3, 16, 48, 48) and clip.dtype == torch.float32 for clip in data)
    assert [counts["clips"] for counts in data.counts.values()] == [3, 2]


@pytest.mark.parametrize(
    ("most", "kept"), [(1, [0]), (2, [0, 11]), (3, [0, 6, 11]), (12, [*range(12)]), (99, [*range(12)])]
)
def test_per_video_spreads_evenly(manifest, ramp_mp4, most, kept):
    data = FixedClips(manifest({"path": ramp_mp4}), frames=4, size=48, per_video=most)
    assert [round(row["start_s"] * 25 / 4) for row in data.rows] == kept
    assert data.counts[str(ramp_mp4)]["clips"] == 12  # of the video, not of the choice


def test_the_crop_of_the_manifest_is_used(manifest, moving_mp4):
    whole, box = (FixedClips(manifest({"path": moving_mp4, "crop": crop}), 4, 24)[0] for crop in ("", "24 48 0 24"))
    assert not torch.allclose(whole, box, atol=0.2)
    with pytest.raises(ValueError, match="must lie in the frame"):
        FixedClips(manifest({"path": moving_mp4, "crop": "0 480 0 24"}), 4, 24)


def test_a_failure_is_kept_with_its_reason_and_the_rest_is_read(manifest, moving, write, moving_mp4, tmp_path):
    (tmp_path / "broken.mp4").write_text("no video")
    short = write(moving(9))
    rows = [{"path": "broken.mp4", "group": "b"}, {"path": short}, {"path": "missing.mp4"}, {"path": moving_mp4}]
    data = FixedClips(manifest(*rows), frames=16, size=48)
    assert [row["video"] for row in data.rows] == [str(moving_mp4)] * 2
    facts, reasons = zip(*data.failures, strict=True)
    assert [fact["video"] for fact in facts] == ["broken.mp4", str(short), "missing.mp4"]
    assert facts[0] == {
        "video": "broken.mp4",
        "group": "b",
        "split": "train",
        "label": "real",
        "dataset": "made",
        "method": "",
        "strength": "",
    }
    assert reasons[0].startswith("error: Invalid data") and str(tmp_path) not in reasons[0]
    assert reasons[1:] == ("error: no whole clip: needs 16 frames without a cut, has 9", "error: no such file")
    assert data.counts[str(short)]["frames"] == 9


def test_clips_at_their_own_resolution(manifest, moving_mp4, ramp_mp4):
    own = FixedClips(manifest({"path": moving_mp4}), frames=4)
    stored = FixedClips(manifest({"path": moving_mp4}), frames=4, long_side=40)
    height, width = own.frames[0].shape[-2:]
    assert own.frames[0].dtype == torch.uint8 and own.rows[0]["fps"] == 25.0
    assert max(stored.frames[0].shape[-2:]) <= 40 and all(side % 2 == 0 for side in stored.frames[0].shape[-2:])
    assert stored.frames[0].shape[-1] / stored.frames[0].shape[-2] == pytest.approx(width / height, rel=0.1)
    assert (own[0] * 127.5 + 127.5).round().to(torch.uint8).equal(own.frames[0].transpose(0, 1))
