import wave

import pytest
import torch

from tad.data import DecodeError, decode, encode, probe


def test_round_trip_keeps_pictures_count_and_times(moving, moving_mp4):
    times, frames = zip(*decode(moving_mp4), strict=True)
    sent = torch.stack(moving(40)).float()
    got = torch.stack(frames)
    assert got.dtype == torch.uint8 and got.shape == sent.shape
    errors = (got.float() - sent).abs().mean(dim=(1, 2, 3))
    assert errors.max() < 8  # levels of 255; colour is stored at half the resolution
    assert (sent[1:] - got[:-1]).abs().mean(dim=(1, 2, 3)).min() > 10  # the frame before is further away
    luma = torch.tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)
    assert ((got - sent) * luma).sum(dim=1).abs().mean() < 2.5
    assert times == pytest.approx([i / 25 for i in range(40)], abs=1e-3)


def test_red_stays_red(write):
    red = torch.zeros(3, 32, 32, dtype=torch.uint8)
    red[0] = 200
    _, frame = next(decode(write([red] * 3)))
    assert frame.float().mean(dim=(1, 2)).tolist() == pytest.approx([200, 0, 0], abs=6)


@pytest.mark.parametrize("fps", [12.0, 29.97])
def test_probe_states_facts(moving, write, fps):
    info = probe(write(moving(24, height=32, width=80), fps=fps))
    assert (info.width, info.height, info.frames) == (80, 32, 24)
    assert info.fps == pytest.approx(fps, abs=1e-3)
    assert info.duration_s == pytest.approx(24 / fps, abs=0.01)
    assert (info.codec, info.pixel_format) == ("h264", "yuv420p")


def test_probe_estimates_frames_where_the_container_states_none(moving, write):
    assert probe(write(moving(24), "video.mkv")).frames == pytest.approx(24, abs=1)


def test_a_lower_rate_factor_costs_bytes_and_is_closer(moving, write):
    fine, coarse = (write(moving(10), crf=crf) for crf in (5, 45))
    assert fine.stat().st_size > 2 * coarse.stat().st_size


def test_crop_is_the_box_of_the_frame(moving_mp4):
    whole, box = (next(decode(moving_mp4, crop))[1] for crop in (None, (4, 20, 10, 50)))
    assert torch.equal(box, whole[:, 4:20, 10:50])
    _, edge = next(decode(moving_mp4, (0, 48, 0, 64)))
    assert torch.equal(edge, whole)


@pytest.mark.parametrize("crop", [(0, 49, 0, 64), (0, 48, 0, 65), (-4, 20, 0, 64), (0, 48, -8, 64), (20, 20, 0, 64)])
def test_crop_outside_the_frame_is_refused(moving_mp4, crop):
    with pytest.raises(ValueError, match=r"must lie in the frame \(48, 64\); got") as caught:
        next(decode(moving_mp4, crop))
    assert not isinstance(caught.value, DecodeError)  # the manifest is wrong, not the file


@pytest.mark.parametrize("name", ["two words.mp4", "Ünï-видео-動画.mp4", "100% #1 [x].mp4"])
def test_names_with_spaces_and_any_letters(moving, write, name):
    path = write(moving(3), name)
    assert path.name == name and path.is_file()
    assert probe(path).frames == len(list(decode(path))) == 3


def _missing(folder):
    return folder / "secret.mp4"


def _folder(folder):
    (folder / "secret.mp4").mkdir()
    return folder / "secret.mp4"


def _text(folder):
    (folder / "secret.mp4").write_text("this is no video\n" * 40)
    return folder / "secret.mp4"


def _empty(folder):
    (folder / "secret.mp4").touch()
    return folder / "secret.mp4"


def _sound(folder):
    with wave.open(str(folder / "secret.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(bytes(16000))
    return folder / "secret.wav"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_missing, "no such file"),
        (_folder, "a folder, not a file"),
        (_text, "Invalid data"),
        (_empty, "Invalid data"),
        (_sound, "no video stream"),
    ],
)
@pytest.mark.parametrize("read", [probe, lambda path: next(decode(path))], ids=["probe", "decode"])
def test_what_is_no_video_says_why_without_its_path(tmp_path, make, reason, read):
    path = make(tmp_path)
    with pytest.raises(DecodeError, match=reason) as caught:
        read(path)
    assert "secret" not in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_a_file_cut_off_before_its_index(moving_mp4, tmp_path):
    whole = moving_mp4.read_bytes()
    assert whole.index(b"mdat") < whole.index(b"moov")  # the index is written last
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DecodeError, match="Invalid data") as caught:
        list(decode(tmp_path / "cut.mp4"))
    assert "cut.mp4" not in str(caught.value)


def test_a_video_needs_frames(tmp_path):
    with pytest.raises(ValueError, match="at least one frame; got none"):
        encode(tmp_path / "none.mp4", [])
