import json
import os
import random
import re
import struct
import subprocess
import sys
import wave
from fractions import Fraction

import av
import pytest
import torch
from av.stream import Disposition

from tad.data import Counts, DecodeError, codec, decode, encode, key_frame_distance, no_clip_reason, probe, read_clips
from tad.data.clips import random_clip

LUMA = torch.tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)


def test_round_trip_keeps_pictures_count_and_times(moving, moving_mp4):
    times, frames = zip(*decode(moving_mp4), strict=True)
    sent = torch.stack(moving(40)).float()
    got = torch.stack(frames)
    assert got.dtype == torch.uint8 and got.shape == sent.shape
    errors = (got.float() - sent).abs().mean(dim=(1, 2, 3))
    assert errors.max() < 8  # levels of 255; colour is stored at half the resolution
    assert (sent[1:] - got[:-1]).abs().mean(dim=(1, 2, 3)).min() > 10  # the frame before is further away
    assert ((got - sent) * LUMA).sum(dim=1).abs().mean() < 2.5
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


# What is made with PyAV itself: `encode` writes none of it


def picture(image, pixel_format="yuv420p", wide=False):
    """A frame of PyAV out of a uint8 image (3, H, W), in limited or full range."""
    if pixel_format == "gray":  # which swscale always writes in full range
        grey = image[0] if wide else (16 + image[0] * (219 / 255)).round().to(torch.uint8)
        frame = av.VideoFrame.from_ndarray(grey.contiguous().numpy(), format="gray")
        frame.color_range = 2 if wide else 1
        return frame
    frame = av.VideoFrame.from_ndarray(image.permute(1, 2, 0).contiguous().numpy(), format="rgb24")
    return frame.reformat(format=pixel_format, dst_color_range=2 if wide else 1)


@pytest.fixture
def odd(tmp_path):
    """A function that writes a file with the encoder's and the stream's settings; times in thousandths of a second."""

    def make(images, name="odd.mp4", encoder="libx264", pixel_format="yuv420p", *, times=None, wide=False,
             options=None, muxing=None, matrix=None, **settings):  # fmt: skip
        path = tmp_path / name
        with av.open(str(path), "w", options=muxing or {}) as container:
            stream = container.add_stream(encoder, rate=25, options=options or {})
            stream.height, stream.width = images[0].shape[1:]
            stream.pix_fmt, stream.color_range = pixel_format, 2 if wide else 1
            for key, value in settings.items():
                setattr(stream, key, value)
            stream.set_display_matrix(matrix)
            if times is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            for i, image in enumerate(images):
                frame = picture(image, pixel_format, wide)
                frame.pts, frame.time_base = (40 * i if times is None else times[i]), Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


def luma_error(images, path) -> float:
    """Mean distance of brightness between what was sent and what is decoded, in levels of 255."""
    got = torch.stack([frame for _, frame in decode(path)]).float()
    return ((got - torch.stack(images).float()) * LUMA).sum(dim=1).abs().mean().item()


UNEVEN = [t + 17 * (i % 3) + (500 if i > 40 else 0) for i, t in enumerate(range(0, 90 * 40, 40))]  # ms
SOUGHT = {
    "one key frame": {"options": {"g": "500"}},
    "long gop, b-frames": {"options": {"g": "40", "bf": "3", "b_strategy": "0"}},
    "open gop": {"options": {"g": "12", "x264-params": "open-gop=1:bframes=3:b-adapt=0:scenecut=0"}},
    "intra refresh": {"options": {"g": "12", "x264-params": "intra-refresh=1"}},
    "variable rate": {"times": UNEVEN, "options": {"g": "15", "bf": "2"}},
    "variable rate, mkv": {"times": UNEVEN, "name": "odd.mkv", "options": {"g": "15", "bf": "2"}},
    "vp9": {"name": "odd.webm", "encoder": "libvpx-vp9", "options": {"g": "20", "deadline": "realtime"}},
    "mpeg program stream": {"name": "odd.mpg", "encoder": "mpeg2video", "options": {"g": "12", "bf": "2"}},
    "transport stream": {"name": "odd.ts", "options": {"g": "20"}},
    "avi": {"name": "odd.avi", "encoder": "mpeg4", "options": {"g": "12"}},
    "no times": {"name": "odd.h264", "options": {"g": "12"}},
}


@pytest.mark.parametrize("how", SOUGHT.values(), ids=SOUGHT)
def test_seeking_gives_what_a_sequential_decode_gives(moving, odd, how):
    path = odd(moving(90), **how)
    whole = list(decode(path))
    assert len(whole) == 90
    for start_s in (0.02, 0.6, whole[31][0], whole[47][0] + 0.001, whole[60][0], whole[-1][0]):
        tail = [pair for pair in whole if pair[0] >= start_s - 1e-6]
        found = list(decode(path, start_s=start_s))
        assert [at_s for at_s, _ in found] == [at_s for at_s, _ in tail]
        assert all(torch.equal(image, wanted) for (_, image), (_, wanted) in zip(found, tail, strict=True))
    assert list(decode(path, start_s=whole[-1][0] + 1)) == []


@pytest.mark.parametrize(("key_every", "most"), [(10, 45), (500, 140)])
def test_seeking_skips_what_it_can(moving, odd, monkeypatch, key_every, most):
    path, met, frames = odd(moving(120), options={"g": str(key_every)}), [], codec._frames
    monkeypatch.setattr(codec, "_frames", lambda stream: (met.append(1) or pair for pair in frames(stream)))
    assert next(decode(path, start_s=4.0))[0] == pytest.approx(4.0)
    assert len(met) < most


def test_times_never_run_backwards(moving, odd):
    path = odd(moving(20), "odd.avi", options={"bf": "3", "b_strategy": "0"})  # AVI knows one time a packet
    times = [at_s for at_s, _ in decode(path)]
    assert len(times) == 20 and times == sorted(times)


ONE = 1 << 16
MATRICES = {  # (x, y) -> (a x + c y, b x + d y), y down
    "upright": ((ONE, 0, 0, ONE), lambda image: image),
    "quarter turn clockwise, as phones write": ((0, ONE, -ONE, 0), lambda image: image.rot90(-1, (1, 2))),
    "half turn": ((-ONE, 0, 0, -ONE), lambda image: image.rot90(2, (1, 2))),
    "quarter turn back": ((0, -ONE, ONE, 0), lambda image: image.rot90(1, (1, 2))),
    "mirror": ((-ONE, 0, 0, ONE), lambda image: image.flip(2)),
    "mirror over the diagonal": ((0, ONE, ONE, 0), lambda image: image.mT),
}


@pytest.mark.parametrize(("abcd", "upright"), MATRICES.values(), ids=MATRICES)
def test_frames_come_out_upright(moving, odd, abcd, upright):
    a, b, c, d = abcd
    images = moving(3)
    path = odd(images, options={"crf": "5"}, matrix=(a, b, 0, c, d, 0, 0, 0, 1 << 30))
    assert luma_error([upright(image) for image in images], path) < 3
    assert (probe(path).width, probe(path).height) == (64, 48)  # as stored


@pytest.mark.parametrize(("aspect", "width"), [(Fraction(2), 128), (Fraction(1, 2), 32), (Fraction(16, 15), 68)])
def test_pixels_come_out_square(odd, aspect, width):
    slope = torch.linspace(20, 230, 64).expand(3, 48, 64).to(torch.uint8)
    _, image = next(decode(odd([slope] * 2, sample_aspect_ratio=aspect, options={"crf": "5"})))
    assert image.shape == (3, 48, width)
    assert (image.float() - torch.linspace(20, 230, width)).abs().mean() < 4


FORMATS = [
    ("odd.mp4", "libx264", "yuv420p10le"),
    ("odd.mp4", "libx264", "yuv422p"),
    ("odd.mp4", "libx264", "yuv444p"),
    ("odd.mp4", "libx265", "yuv444p10le"),
    ("odd.mkv", "ffv1", "yuv420p16le"),
    ("odd.mkv", "ffv1", "bgra"),
    ("odd.mov", "qtrle", "argb"),
    ("odd.webm", "libvpx-vp9", "yuva420p"),
    ("odd.avi", "mjpeg", "yuvj420p"),
]


@pytest.mark.parametrize(("name", "encoder", "pixel_format"), FORMATS)
def test_pixel_formats(moving, odd, name, encoder, pixel_format):
    images = moving(4)
    options = {"crf": "8"} if encoder.startswith("lib") else {"q": "2"} if encoder == "mjpeg" else {}
    path = odd(images, name, encoder, pixel_format, wide=pixel_format == "yuvj420p", options=options)
    assert probe(path).pixel_format in (pixel_format, "yuv420p")  # of VP9 the container states no alpha
    assert luma_error(images, path) < 3
    colour = torch.stack([frame for _, frame in decode(path)]).float() - torch.stack(images).float()
    assert colour.mean(dim=(0, 2, 3)).abs().max() < 4


STEPS = torch.arange(0, 256, 4).repeat_interleave(4).expand(3, 32, 256).to(torch.uint8)


@pytest.mark.parametrize("wide", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("pixel_format", ["yuv444p", "gray"])
def test_either_range_gives_the_same_picture(odd, wide, pixel_format):
    path = odd([STEPS] * 2, pixel_format=pixel_format, wide=wide, options={"crf": "1"})
    with av.open(str(path)) as container:  # the levels in the file differ
        stored = torch.frombuffer(next(container.decode(video=0)).planes[0], dtype=torch.uint8)[:256].float()
    assert stored.aminmax() == pytest.approx((0, 252) if wide else (16, 232), abs=2)
    _, image = next(decode(path))
    assert (image.float() - STEPS.float()).abs().mean() < 1
    assert (image.float() - STEPS.float()).abs().max() <= 2


@pytest.mark.parametrize(("name", "encoder", "pixel_format"), [
    ("odd.webm", "libvpx-vp9", "yuv420p"), ("odd.mp4", "libx264", "yuv444p"), ("odd.mkv", "ffv1", "yuv420p"),
])  # fmt: skip
def test_odd_sizes(moving, odd, name, encoder, pixel_format):
    images = moving(3, height=49, width=65)
    assert luma_error(images, odd(images, name, encoder, pixel_format, options={"crf": "8"})) < 4


def test_one_frame(moving, odd):
    path = odd(moving(1))
    assert [at_s for at_s, _ in decode(path)] == [0.0]
    counts = Counts()
    assert list(read_clips(path, frames=16, size=48, counts=counts)) == []
    assert no_clip_reason(counts, 16) == "no whole clip: needs 16 frames without a cut, has 1"


@pytest.mark.parametrize("default", [0, 1])
def test_of_several_streams_the_default_one_is_read(ramp, tmp_path, default):
    with av.open(str(tmp_path / "two.mkv"), "w") as container:
        streams = [container.add_stream("ffv1", rate=25) for _ in range(2)]
        for i, stream in enumerate(streams):
            stream.width = stream.height = 48
            stream.disposition = Disposition.default if i == default else Disposition(0)
        for image in ramp(5):
            for i, stream in enumerate(streams):
                container.mux(stream.encode(picture(image if i == 0 else 200 + image // 8)))
        for stream in streams:
            container.mux(stream.encode(None))
    levels = [round(frame.float().mean().item()) for _, frame in decode(tmp_path / "two.mkv")]
    assert levels == pytest.approx([16, 20, 24, 28, 32] if default == 0 else [202, 202, 203, 203, 204], abs=1)


@pytest.mark.parametrize("footage", [True, False], ids=["with footage", "alone"])
def test_a_cover_picture_is_no_video(ramp, tmp_path, footage):
    path = tmp_path / "cover.mp4"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("png", rate=25)
        cover.width = cover.height = 32
        cover.pix_fmt, cover.disposition = "rgb24", Disposition.attached_pic
        stream = container.add_stream("libx264", rate=25) if footage else container.add_stream("aac", rate=8000)
        if footage:
            stream.width = stream.height = 48
        container.mux(cover.encode(picture(torch.full((3, 32, 32), 250, dtype=torch.uint8), "rgb24")))
        for image in ramp(5) if footage else []:
            container.mux(stream.encode(picture(image)))
        container.mux(stream.encode(None))
    if footage:
        assert [frame.shape[1:] for _, frame in decode(path)] == [(48, 48)] * 5
    else:
        with pytest.raises(DecodeError, match="^no video stream$"):
            probe(path)


def test_a_file_without_its_index(moving, odd):
    path = odd(moving(60), "odd.avi", "mjpeg", "yuvj420p", wide=True)
    whole = list(decode(path))
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"idx1")])
    found = list(decode(path))
    assert len(found) == 60 and all(torch.equal(a[1], b[1]) for a, b in zip(found, whole, strict=True))
    at_s, image = next(decode(path, start_s=1.6))
    assert at_s == pytest.approx(1.6) and torch.equal(image, whole[40][1])


CUT = {
    "mp4": {"muxing": {"movflags": "faststart"}, "options": {"g": "20"}},
    "mkv": {"name": "odd.mkv", "options": {"g": "20"}},
    "ffv1": {"name": "odd.mkv", "encoder": "ffv1"},
    "webm": {"name": "odd.webm", "encoder": "libvpx-vp9", "options": {"deadline": "realtime"}},
    "avi": {"name": "odd.avi", "encoder": "mjpeg", "pixel_format": "yuvj420p", "wide": True},
}


def readable(path, **how):
    """The frames that come, and the reason why no more do, or ""."""
    found = []
    try:
        for pair in decode(path, **how):
            found.append(pair)
    except DecodeError as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize("how", CUT.values(), ids=CUT)
def test_a_file_cut_in_the_middle_gives_what_is_readable_and_says_so(moving, odd, how):
    path = odd(moving(60), **how)
    whole, nothing = readable(path)
    assert nothing == ""
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    found, reason = readable(path)
    assert 20 <= len(found) < 60
    assert all(torch.equal(image, whole[i][1]) for i, (_, image) in enumerate(found))
    assert re.search("cut short|Invalid data|the file ends at .* of the stated 2.40 s", reason)
    counts = Counts()
    clips = list(read_clips(path, frames=8, size=48, counts=counts))
    assert len(clips) == counts.clips == len(found) // 8
    assert (counts.frames, counts.broken) == (len(found), reason)
    assert no_clip_reason(counts, 99).endswith(f"has {len(found)}, then breaks off: {reason}")


def test_a_random_clip_may_be_asked_for_behind_the_break(moving, odd):
    path = odd(moving(60), **CUT["mkv"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 4 // 10])
    starts = {random_clip(path, torch.Generator().manual_seed(i), frames=4, size=48).start_s for i in range(20)}
    assert len(starts) > 2 and 0.0 in starts and max(starts) < 1.2


def test_damage_in_the_middle_ends_the_video(moving, odd):
    path = odd(moving(60), **CUT["mp4"])
    whole, data = readable(path)[0], bytearray(path.read_bytes())
    middle = (data.index(b"mdat") + len(data)) // 2
    data[middle : middle + 1500] = bytes(range(250)) * 6
    path.write_bytes(data)
    found, reason = readable(path)
    assert reason in ("a frame is damaged", "Invalid data found when processing input")
    assert 5 < len(found) < 50 and all(torch.equal(a[1], b[1]) for a, b in zip(found, whole, strict=False))


def test_a_size_that_changes_ends_the_video(moving, odd):
    small, large = (odd(moving(5, height=side, width=64), f"{side}.h264").read_bytes() for side in (48, 64))
    found, reason = readable(small + large)
    assert len(found) == 5 and reason == "the size of the picture changes from (48, 64) to (64, 64)"


# What a file may be called, and what it may be


@pytest.mark.parametrize(
    "name", ["concat:x.mp4", "-i.mp4", "file:x.mp4", "two\nlines.mp4", "x%03d.mp4", "subfile,,:.mp4"]
)
def test_names_that_mean_something_to_ffmpeg_are_names(moving, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    encode(name, moving(3))
    assert os.listdir() == [name]
    assert probe(name).frames == len(list(decode(name))) == 3


def test_a_pattern_names_one_picture(tmp_path, moving):
    for i, image in enumerate(moving(3)):
        picture(image, "yuvj420p", wide=True).save(tmp_path / f"x{i}.jpg")
    (tmp_path / "x0.jpg").rename(tmp_path / "x%d.jpg")
    assert len(list(decode(tmp_path / "x%d.jpg"))) == 1


@pytest.mark.parametrize("text", [
    "ffconcat version 1.0\nfile real.mp4\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nreal.mp4\n#EXT-X-ENDLIST\n",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
], ids=["concat", "playlist", "session"])  # fmt: skip
def test_a_file_cannot_name_another(moving, tmp_path, text):
    encode(tmp_path / "real.mp4", moving(20))
    (tmp_path / "list.mp4").write_text(text)
    with pytest.raises(DecodeError):
        list(decode(tmp_path / "list.mp4"))


def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", "/dev/zero"):
        with pytest.raises(DecodeError, match="^a pipe or device, not a file$"):
            probe(path)


# Bounds


def test_a_picture_of_more_pixels_than_any_footage_is_refused(odd, moving):
    data = bytearray(odd(moving(2), "odd.gif", "gif", "rgb8").read_bytes())
    data[6:10] = struct.pack("<2H", 12000, 8000)
    with pytest.raises(DecodeError, match="pixels of a frame must be at most 35389440; got 96000000"):
        probe(bytes(data))
    data[6:10] = struct.pack("<2H", 60000, 50000)  # FFmpeg itself takes this for no picture
    with pytest.raises(DecodeError, match="the size of the picture cannot be told"):
        probe(bytes(data))


def test_a_picture_that_grows_on_the_way_is_refused(odd, moving, monkeypatch):
    small, large = (odd(moving(3, height=h, width=64), f"{h}.h264", options={"bf": "0"}).read_bytes() for h in (48, 96))
    monkeypatch.setattr(codec, "MAX_PIXELS", 64 * 64)
    found, reason = readable(small + large)
    assert len(found) <= 3 and reason and not reason.startswith("the size")  # refused before it is decoded


@pytest.mark.parametrize(("aspect", "fits"), [(Fraction(15), True), (Fraction(16), False)])
def test_a_picture_may_not_be_a_line(odd, moving, aspect, fits):
    found, reason = readable(odd(moving(2), sample_aspect_ratio=aspect))
    assert (len(found), reason) == ((2, "") if fits else (0, "longer over shorter side must be at most 20; got 21"))


def test_a_header_that_states_years_is_refused(odd, moving):
    data = bytearray(odd(moving(3), "odd.mkv").read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # Duration, a double in ms
    data[at : at + 8] = struct.pack(">d", 1e12)
    with pytest.raises(DecodeError, match="seconds must be at most 86400; got 1000000000"):
        list(decode(bytes(data)))


def test_frames_are_counted(moving_mp4, monkeypatch):
    monkeypatch.setattr(codec, "MAX_FRAMES", 40)
    assert len(list(decode(moving_mp4))) == 40
    monkeypatch.setattr(codec, "MAX_FRAMES", 39)
    with pytest.raises(DecodeError, match="frames must be at most 39; got 40"):
        probe(moving_mp4)


PEAKS = """
import importlib.util, json, resource, sys
spec = importlib.util.spec_from_file_location("codec", sys.argv[1])
codec = sys.modules["codec"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(codec)
for path in sys.argv[2:]:
    count, reason = 0, ""
    try:
        for _ in codec.decode(path):
            count += 1
    except codec.DecodeError as error:
        reason = str(error)
    print(json.dumps([count, reason, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def peaks(*paths):
    """Decode files one after the other in a process of its own: frames, reason and its peak memory so far in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", PEAKS, codec.__file__, *map(str, paths)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_memory_does_not_grow_with_length_nor_with_what_a_header_states(odd, moving):
    images = moving(12, height=480, width=640)
    short, long = (odd(images * n, f"{n}.avi", "mjpeg", "yuvj420p", wide=True) for n in (1, 10))
    hostile = bytearray(odd(moving(3), "hostile.mp4").read_bytes())
    at = hostile.index(b"stsz") + 8  # sample size and number of samples, then their number in a chunk: 1.6 GB of index
    hostile[at : at + 8] = struct.pack(">2I", 1, 70_000_000)
    at = hostile.index(b"stsc") + 16
    hostile[at : at + 4] = struct.pack(">I", 70_000_000)
    (short.parent / "hostile.mp4").write_bytes(hostile)
    (a, _, small), (b, _, large), (_, reason, last) = peaks(short, long, short.parent / "hostile.mp4")
    assert (a, b) == (12, 120)
    assert large < 1.1 * small and last < 1.1 * small
    assert reason


def test_a_video_needs_frames(tmp_path):
    with pytest.raises(ValueError, match="at least one frame; got none"):
        encode(tmp_path / "none.mp4", [])


def test_key_frame_distance_counts_packets(moving, write):
    frames = moving(40)
    assert key_frame_distance(write(frames, "gop.mkv", codec="ffv1")) == 40 / 4  # one in twelve
    assert key_frame_distance(write(frames, "long.mp4")) == 40  # x264 sets one at the start of so short a video
    assert key_frame_distance(write(frames, "long.mp4").read_bytes(), most=16) == 16


def test_a_last_picture_that_cannot_be_decoded_is_said(moving, tmp_path):
    """FFV1's decoder drops a picture whose bytes are noise, and says nothing."""
    file = encode(tmp_path / "whole.mkv", moving(8), 25, "ffv1")
    with av.open(str(file)) as container:
        last = [packet for packet in container.demux(video=0) if packet.size][-1]
        data = bytearray(file.read_bytes())
        found = data.find(bytes(last))
        assert found > 0
    data[found : found + last.size] = random.Random(0).randbytes(last.size)
    frames = []
    with pytest.raises(DecodeError, match="the last picture cannot be decoded|damaged|invalid|Invalid"):
        frames.extend(decode(bytes(data)))
    assert len(frames) == 7 and len(list(decode(file))) == 8
