import pytest
import torch

from tad.data import TrainingClips, VideoFiles
from tad.data.loading import ZOOM
from tad.data.sampling import PADDING


@pytest.fixture(autouse=True)
def steady_light(monkeypatch):
    """The tests read frame numbers and colours off the pixels."""
    monkeypatch.setattr("tad.data.transforms.MAX_LIGHT", 0.0)


def _coloured(frames, channel):
    """The frames with one channel alone."""
    out = [torch.zeros_like(frame) for frame in frames]
    for new, frame in zip(out, frames, strict=True):
        new[channel] = frame[channel] // 2 + 96
    return out


@pytest.fixture(scope="session")
def red_mp4(moving, write):
    return write(_coloured(moving(200), 0), "red.mp4")


@pytest.fixture(scope="session")
def blue_mp4(moving, write):
    return write(_coloured(moving(40), 2), "blue.mp4")


def _clip(data, index, epoch=0):
    return data[epoch, index]["clip"]


def _epoch(data):
    return [_clip(data, i) for i in range(len(data))]


# Training


def test_groups_are_drawn_equally_however_long_their_footage(manifest, red_mp4, blue_mp4):
    data = TrainingClips(manifest({"path": red_mp4}, {"path": blue_mp4}), frames=4, size=32, length=200)
    means = torch.stack([clip.mean(dim=(1, 2, 3)) for clip in _epoch(data)])
    assert len(means) == 200
    red = means[:, 0] > means[:, 2]
    assert ((means[:, 0] > 0) == red).all() and ((means[:, 2] > 0) == ~red).all()  # never both in one clip
    assert 72 <= red.sum() <= 128  # four standard deviations; by length it would be 169


def test_videos_of_one_group_share_its_draws(manifest, red_mp4, blue_mp4, moving, write):
    green = write(_coloured(moving(200), 1), "green.mp4")
    rows = [{"path": red_mp4, "group": "one"}, {"path": green, "group": "one"}, {"path": blue_mp4, "group": "two"}]
    data = TrainingClips(manifest(*rows), frames=4, size=32, length=200)
    drawn = (
        torch.stack([clip.mean(dim=(1, 2, 3)) for clip in _epoch(data)]).argmax(dim=1).bincount(minlength=3).tolist()
    )
    assert 72 <= drawn[2] <= 128
    assert 25 <= drawn[0] <= 75 and 25 <= drawn[1] <= 75


def test_every_start_is_drawn_and_frames_follow_one_another(manifest, ramp_mp4):
    data = TrainingClips(manifest({"path": ramp_mp4}), frames=4, size=32, length=600)
    levels = torch.stack([(clip + 1).mean(dim=(0, 2, 3)) * 127.5 for clip in _epoch(data)])
    numbers = ((levels - 16) / 4).round().long()
    assert (numbers.diff(dim=1) == 1).all()
    assert sorted(set(numbers[:, 0].tolist())) == list(range(47))


def test_a_clip_depends_on_seed_epoch_and_index_alone(manifest, moving_mp4):
    table = manifest({"path": moving_mp4})
    one, same, other = (TrainingClips(table, 4, 32, length=20, seed=seed) for seed in (1, 1, 2))
    first = _epoch(one)
    assert all(torch.equal(_clip(same, i), first[i]) for i in reversed(range(20)))  # in any order
    assert not any(torch.equal(_clip(other, i), first[i]) for i in range(20))
    assert not any(torch.equal(_clip(one, i, epoch=1), first[i]) for i in range(20))


def test_training_frames_are_kept_with_room_and_within_shots(manifest, moving, write):
    cut = write(moving(20, seed=1) + [255 - frame for frame in moving(3, seed=1)] + moving(30, seed=1))
    data = TrainingClips(manifest({"path": cut, "group": "g"}), frames=4, size=40, length=1)
    assert [tuple(shot.shape) for _, shot in data.groups["g"]] == [(20, 3, 60, 80), (30, 3, 60, 80)]  # three: too short
    assert data.groups["g"][0][1].dtype == torch.uint8 and round(40 * ZOOM) == 60
    (counts,) = data.counts.values()
    assert (counts["frames"], counts["cuts"], counts["clips"]) == (53, 2, 5 + 7)
    clip = _clip(data, 0)
    assert clip.shape == (3, 4, 40, 40) and clip.dtype == torch.float32


def test_training_needs_a_clip(manifest, moving, write):
    with pytest.raises(ValueError, match="needs a video with 16 frames without a cut; got none: .*has 15"):
        TrainingClips(manifest({"path": write(moving(15))}), frames=16, size=32, length=1)


def test_a_training_video_that_cannot_be_read_is_named_and_none_takes_its_place(manifest, moving_mp4):
    data = TrainingClips(manifest({"path": moving_mp4}, {"path": "missing.mp4"}), frames=4, size=32, length=8)
    assert data.failures == [("missing.mp4", "no such file")]
    assert {data[0, i]["video"] for i in range(8)} == {str(moving_mp4)}
    assert data.counts["missing.mp4"]["clips"] == 0


def test_padding_is_a_blank_sample(manifest, moving_mp4):
    table = manifest({"path": moving_mp4})
    for data in (TrainingClips(table, 4, 32, length=3), VideoFiles(table, 4, 32)):
        blank = data[0, PADDING]
        assert blank["weight"] == 0 and blank["clip"].shape == (3, 4, 32, 32) and not blank["clip"].any()


# Videos read when they are asked for


def test_a_video_gives_a_random_clip_that_depends_on_seed_epoch_and_index(manifest, ramp_mp4):
    table = manifest({"path": ramp_mp4})
    one, same, other = (VideoFiles(table, frames=4, size=32, seed=seed) for seed in (1, 1, 2))
    numbers = []
    for epoch in range(60):
        clip = _clip(one, 0, epoch)
        assert torch.equal(_clip(same, 0, epoch), clip)
        levels = (clip + 1).mean(dim=(0, 2, 3)) * 127.5
        assert ((levels.diff() - 4).abs() <= 1.5).all()  # frames that follow one another, up to the codec's rounding
        numbers.append(round((levels.mean().item() - 6 - 16) / 4))
    assert min(numbers) < 8 and max(numbers) > 38 and len(set(numbers)) > 25
    assert any(not torch.equal(_clip(other, 0, epoch), _clip(one, 0, epoch)) for epoch in range(3))


def test_a_video_that_cannot_be_used_gives_a_blank_with_its_reason(manifest, moving, write, tmp_path):
    (tmp_path / "broken.mp4").write_text("no video")
    rows = [{"path": "broken.mp4"}, {"path": write(moving(9))}, {"path": "missing.mp4"}]
    data = VideoFiles(manifest(*rows), frames=16, size=32)
    got = [data[0, i] for i in range(3)]
    assert all(item["weight"] == 0 and item["clip"].shape == (3, 16, 32, 32) for item in got)
    assert [item["video"] for item in got] == data.rows["video"]
    assert got[0]["error"].startswith("Invalid data") and "has 9" in got[1]["error"]
    assert got[2]["error"] == "no such file"
