import pytest
import torch

from tad.data import Encoding, decode, probe, project_root, read_clips, transcode, write_video


@pytest.fixture(scope="module")
def frames():
    texture = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))
    texture = torch.nn.functional.interpolate(texture[None], (120, 180), mode="bicubic")[0].clamp(0, 1) * 255
    return torch.stack([texture[:, t : t + 64, 2 * t : 2 * t + 90] for t in range(9)]).to(torch.uint8)


def psnr(a, b):
    return 10 * torch.log10(255**2 / (a.float() - b.float()).square().mean()).item()


@pytest.mark.parametrize("text", ["h264:23", "hevc:28", "mpeg4:4", "jpeg:75", "none"])
@pytest.mark.parametrize("fps", [25.0, 30000 / 1001, 23.809, 14.7])
def test_what_comes_back_is_the_clip_in_its_order(frames, text, fps):
    back = transcode(frames, Encoding.parse(text), fps)
    assert back.shape == frames.shape and back.dtype == torch.uint8
    for t in range(len(frames)):  # nearer to its own frame than to any other
        assert max(range(len(frames)), key=lambda s: psnr(back[t], frames[s])) == t
    assert psnr(back, frames) > 24


@pytest.mark.parametrize("codec, good, bad", [("h264", 18, 40), ("hevc", 18, 40), ("mpeg4", 2, 25), ("jpeg", 95, 15)])
def test_quality_is_quality(frames, codec, good, bad):
    better, worse = (psnr(transcode(frames, Encoding(codec, q)), frames) for q in (good, bad))
    assert better > worse + 3


@pytest.mark.parametrize("text", ["h264:23", "hevc:28", "mpeg4:4"])
def test_the_same_bits_each_time(frames, text):
    first, second = (transcode(frames, Encoding.parse(text)) for _ in range(2))
    assert torch.equal(first, second)


def test_the_same_bits_each_time_of_a_width_that_is_no_multiple_of_sixteen_blocks():
    clip = next(read_clips(project_root() / "data" / "demo" / "realshort.mp4", size=None)).frames
    first, *others = (transcode(clip, Encoding.parse("h264:23"), 30.02) for _ in range(6))
    assert clip.shape[-1] == 320 and all(torch.equal(first, other) for other in others)


@pytest.mark.parametrize("text", ["h264", "h264:52", "mpeg4:0", "jpeg:101", "vp9:30", "h264:-3", "H264:23", ""])
def test_unknown_encodings_are_refused(text):
    with pytest.raises(ValueError, match=f"an encoding must be none or one of h264:0..51, .*; got '{text}'"):
        Encoding.parse(text)


def test_names_go_there_and_back():
    for text in ("none", "h264:0", "jpeg:100"):
        assert str(Encoding.parse(text)) == text


def test_odd_sides_are_refused(frames):
    with pytest.raises(ValueError, match="even sides; got 63 x 90"):
        transcode(frames[:, :, :63], Encoding.parse("h264:23"))


def test_a_file_holds_what_transcode_gives(frames, tmp_path):
    for text, codec in (("h264:30", "h264"), ("hevc:30", "hevc"), ("none", "ffv1"), ("jpeg:50", "ffv1")):
        encoding = Encoding.parse(text)
        write_video(tmp_path / "a.mkv", frames, encoding, 25.0)
        stored = torch.stack([frame for _, frame in decode(tmp_path / "a.mkv")])
        assert torch.equal(stored, transcode(frames, encoding, 25.0)), text
        assert probe(tmp_path / "a.mkv").codec == codec
    with pytest.raises(ValueError, match=r"named .mkv; got a.mp4"):
        write_video(tmp_path / "a.mp4", frames, Encoding("none"), 25.0)
