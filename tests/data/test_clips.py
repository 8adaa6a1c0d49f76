import random
import weakref

import pytest
import torch

from tad.data import (
    Counts,
    DecodeError,
    at_most,
    clips,
    decode,
    network_input,
    no_clip_reason,
    preprocess_video,
    read_clips,
)


def _times(path, **how):
    """First and last frame number of each clip of a video at 25 frames a second."""
    return [(round(clip.start_s * 25), round(clip.end_s * 25)) for clip in read_clips(path, size=48, **how)]


# What a clip is made of


def test_frames_follow_one_another_at_native_rate(ramp_mp4):
    found = list(read_clips(ramp_mp4, frames=16, size=48))
    levels = [[round((level - 16) / 4) for level in clip.frames.float().mean(dim=(1, 2, 3)).tolist()] for clip in found]
    assert levels == [list(range(start, start + 16)) for start in (0, 16, 32)]
    assert [clip.start_s for clip in found] == pytest.approx([0, 0.64, 1.28], abs=1e-3)
    assert [clip.end_s for clip in found] == pytest.approx([0.6, 1.24, 1.88], abs=1e-3)


def test_times_are_those_of_a_slower_camera(moving, write):
    (clip,) = read_clips(write(moving(8), fps=10), frames=8, size=48)
    assert (clip.start_s, clip.end_s) == pytest.approx((0, 0.7), abs=1e-3)


def test_stride(moving_mp4):
    assert _times(moving_mp4, frames=16) == [(0, 15), (16, 31)]
    assert _times(moving_mp4, frames=16, stride=10) == [(0, 15), (10, 25), (20, 35)]
    assert _times(moving_mp4, frames=8, stride=20) == [(0, 7), (20, 27)]


@pytest.mark.parametrize(("height", "width", "shape"), [(48, 64, (24, 32)), (64, 48, (32, 24)), (48, 96, (24, 48))])
def test_shorter_side_is_resized(moving, write, height, width, shape):
    (clip,) = read_clips(write(moving(4, height=height, width=width)), frames=4, size=24)
    assert clip.frames.dtype == torch.uint8 and clip.frames.shape == (4, 3, *shape)


def test_network_input_is_the_middle_square(moving_mp4):
    clip = next(read_clips(moving_mp4, frames=4, size=48))
    middle = clip.frames[..., 8:56].permute(1, 0, 2, 3).float() / 127.5 - 1
    torch.testing.assert_close(network_input(clip, 48), middle)


def test_crop_is_taken_before_resizing(moving_mp4):
    (clip, *_) = read_clips(moving_mp4, frames=4, size=24, crop=(0, 24, 16, 48))
    _, first = next(decode(moving_mp4))
    assert torch.equal(clip.frames[0], first[:, :24, 16:48])


# Large frames


@pytest.mark.parametrize(("height", "width"), [(48, 64), (90, 161), (162, 91), (40, 160), (360, 640)])
def test_frames_scaled_one_by_one_are_those_of_a_clip_scaled_at_once(moving, write, height, width):
    path = write([*moving(9, height=height, width=width), *moving(9, 1, height, width)], "v.mkv", codec="ffv1")
    one, other = Counts(), Counts()
    slow = [at_most(clip.frames, 80) for clip in read_clips(path, frames=8, size=None, counts=one)]
    fast = [clip.frames for clip in read_clips(path, frames=8, size=None, long_side=80, counts=other)]
    assert len(fast) == 2 and one == other and one.cuts == 1
    assert all(torch.equal(a, b) for a, b in zip(slow, fast, strict=True))


def test_what_stands_still_is_told_by_the_frames_as_they_are(moving, write):
    path, counts = write([*moving(8, height=90, width=160), *moving(1, 1, 90, 160) * 20]), [Counts(), Counts()]
    for found, how in zip(counts, ({}, {"long_side": 32}), strict=True):
        list(read_clips(path, frames=8, size=None, counts=found, **how))
    assert counts[0] == counts[1] and counts[0].still_stretches == 1


def test_of_large_frames_two_are_held_at_a_time(monkeypatch):
    held, most = set(), []

    def frames(*_, **__):
        for i in range(40):
            frame = torch.full((3, 90, 160), i if i < 20 else 20, dtype=torch.uint8)  # the second half stands still
            weakref.finalize(frame, held.discard, i)
            held.add(i)
            most.append(len(held))
            yield i / 25, frame

    monkeypatch.setattr(clips, "decode", frames)
    assert len(list(read_clips("v", frames=8, size=None, long_side=32))) == 2
    assert max(most) <= 2


def test_a_shorter_side_and_a_longer_one_are_not_asked_for_together(moving_mp4):
    with pytest.raises(ValueError, match=r"size and long_side must not both be given; got \(24, 32\)"):
        next(read_clips(moving_mp4, size=24, long_side=32))


# Cuts


def test_no_clip_lies_across_a_cut(moving, write):
    counts = Counts()
    path = write(moving(20, seed=1) + [255 - frame for frame in moving(30, seed=1)])
    assert _times(path, frames=8, counts=counts) == [(0, 7), (8, 15), (20, 27), (28, 35), (36, 43)]
    assert counts == Counts(frames=50, cuts=1, clips=5)


def test_cuts_a_few_frames_apart_are_all_seen(moving, write):
    counts = Counts()
    dark, bright = moving(10), [255 - frame for frame in moving(10)]
    assert _times(write(dark + bright[:3] + dark), frames=8, counts=counts) == [(0, 7), (13, 20)]
    assert counts.cuts == 2


def test_a_shaken_camera_is_not_a_cut(monkeypatch):
    stripes = (torch.arange(400) // 25 % 2 * 200).to(torch.uint8).expand(3, 48, 400)
    steps = [2, 3, 5, 7, 10, 12, 10, 12, 10, 12, 10]  # px; the camera is seized, then shaken to and fro
    places = [sum(step * (-1) ** (i // 6) for i, step in enumerate(steps[:n])) for n in range(len(steps) + 1)]
    frames = [stripes[:, :, 100 + place : 164 + place] for place in places]
    changes = [(b.float() - a.float()).abs().mean().item() for a, b in zip(frames, frames[1:], strict=False)]
    assert sum(change > 2 * clips.CUT_LEVELS for change in changes) >= 5
    counts = Counts()
    assert [begins for begins, *_ in clips.shots(enumerate(frames), counts)] == [True] + [False] * len(steps)
    assert counts.cuts == 0


# Pictures that stand still


def test_a_title_card_is_dropped_and_counted(moving, write):
    counts = Counts()
    path = write([moving(1)[0]] * 30 + moving(20))
    assert _times(path, frames=8, counts=counts) == [(30, 37), (38, 45)]
    assert counts.still_stretches == 1
    assert counts.still_frames in (29, 30)  # the frame that moves first is the title card again
    assert counts.frames == 50


def test_a_frozen_end_is_dropped_and_counted(moving, write):
    counts, footage = Counts(), moving(20)
    path = write(footage + [footage[-1]] * 20, crf=0)  # lossless: a lossy encoder still refines the first few
    assert _times(path, frames=8, counts=counts) == [(0, 7), (8, 15)]
    assert (counts.still_frames, counts.still_stretches) == (20, 1)


def test_a_slow_webcam_stored_at_twice_its_rate_is_kept(moving, write):
    counts = Counts()
    path = write([frame for frame in moving(20) for _ in range(2)])
    assert _times(path, frames=16, counts=counts) == [(0, 15), (16, 31)]
    assert counts == Counts(frames=40, clips=2)


@pytest.mark.parametrize("repeats", range(5, 10))
def test_a_stretch_stands_still_from_its_eighth_repetition(moving, repeats):
    footage = moving(12)
    frames = footage[:6] + [footage[5]] * repeats + footage[6:]
    counts = Counts()
    kept = [(begins, number) for begins, number, _ in clips.shots(enumerate(frames), counts)]
    if repeats < clips.STILL_FRAMES:
        assert kept == [(number == 0, number) for number in range(len(frames))]
        assert counts.still_frames == 0
    else:
        numbers = [*range(6), *range(6 + repeats, len(frames))]
        assert kept == [(number in (0, 6 + repeats), number) for number in numbers]
        assert counts.still_frames == repeats


# Windows


def _slow_windows(marks, frames, stride):
    """All windows, from the list of the shots: the plain definition."""
    begins = [i for i, mark in enumerate(marks) if mark or i == 0]
    found = []
    for start, end in zip(begins, [*begins[1:], len(marks)], strict=False):
        found += [(i, i + frames - 1) for i in range(start, end - frames + 1, stride)]
    return found


@pytest.mark.parametrize(("frames", "stride"), [(4, 1), (4, 3), (4, 4), (4, 5), (4, 11), (1, 1), (1, 3)])
def test_windows_against_the_definition(frames, stride):
    draw = random.Random(frames * 100 + stride)
    for _ in range(20):
        marks = [i == 0 or draw.random() < 0.08 for i in range(draw.randrange(80))]
        marked = [(mark, i, torch.tensor(i)) for i, mark in enumerate(marks)]
        counts = Counts()
        found = list(clips.windows(marked, frames, stride, counts))
        assert [(clip.start_s, clip.end_s) for clip in found] == _slow_windows(marks, frames, stride)
        assert all(clip.frames.tolist() == [*range(clip.start_s, clip.end_s + 1)] for clip in found)
        assert counts.clips == len(found)


def test_reading_stops_when_the_reader_does(moving, monkeypatch):
    consumed = []

    def endless(path, crop, start_s, decoder):
        footage = moving(30)
        for i in range(10**9):
            consumed.append(i)
            yield i / 25, footage[i % 30]

    monkeypatch.setattr(clips, "decode", endless)
    reader = read_clips("any", frames=8, size=48)
    assert consumed == []
    for number in (1, 2, 3):
        next(reader)
        assert len(consumed) == 8 * number


# Videos that give no clip


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (Counts(frames=7), "no whole clip: needs 16 frames without a cut, has 7"),
        (Counts(frames=40, still_frames=39), "has 40, of which 39 stand still"),
        (Counts(frames=40, cuts=3), "has 40 and 3 cuts"),
        (Counts(frames=40, still_frames=9, cuts=3), "has 40, of which 9 stand still and 3 cuts"),
    ],
)
def test_the_reason_why_there_is_no_clip(counts, reason):
    assert no_clip_reason(counts, 16).endswith(reason)


def test_a_video_shorter_than_a_clip(moving, write):
    counts = Counts()
    path = write(moving(15))
    assert list(read_clips(path, size=48, counts=counts)) == []
    assert counts == Counts(frames=15)
    with pytest.raises(DecodeError, match="^no whole clip: needs 16 frames without a cut, has 15$"):
        preprocess_video(path)


def test_one_frame_more_is_a_clip(moving, write):
    assert _times(write(moving(16))) == [(0, 15)]


def test_preprocess_video_is_the_cards_input(moving_video):
    batch = preprocess_video(moving_video)
    assert batch.shape == (1, 3, 16, 224, 224) and batch.dtype == torch.float32
    assert -1 <= batch.min() < -0.9 and 0.9 < batch.max() <= 1
    assert torch.equal(batch[0], network_input(next(read_clips(moving_video)), 224))


def test_preprocess_video_passes_on_why_a_file_cannot_be_read(tmp_path):
    with pytest.raises(DecodeError, match="no such file"):
        preprocess_video(tmp_path / "missing.mp4")
