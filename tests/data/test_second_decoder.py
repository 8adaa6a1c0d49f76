"""torchcodec beside PyAV, on the same files."""

import os
import resource
import sys
from fractions import Fraction
from itertools import accumulate, islice
from pathlib import Path

import av
import cv2
import pytest
import torch

from tad.data import DecodeError, clips, codec, decode, project_root, read_clips
from tad.data.second_decoder import check_decoder, torchcodec_missing
from tad.experiment import score_videos

MISSING = torchcodec_missing()
needs_torchcodec = pytest.mark.skipif(bool(MISSING), reason=f"torchcodec does not import: {MISSING}")
LUMA = torch.tensor([0.299, 0.587, 0.114]).reshape(3, 1, 1)
ONE = 1 << 16


@pytest.fixture
def made(tmp_path):
    """A function that writes a file with the encoder's and the stream's settings; times in thousandths of a second."""

    def make(images, name="made.mp4", encoder="libx264", pixel_format="yuv420p", *, times=None, options=None,
             muxing=None, matrix=None, **settings):  # fmt: skip
        with av.open(str(tmp_path / name), "w", options=muxing or {}) as container:
            stream = container.add_stream(encoder, rate=25, options=options or {})
            stream.height, stream.width = images[0].shape[1:]
            stream.pix_fmt = pixel_format
            for key, value in settings.items():
                setattr(stream, key, value)
            if matrix is not None:
                a, b, c, d = matrix
                stream.set_display_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
            if times is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            for i, image in enumerate(images):
                frame = av.VideoFrame.from_ndarray(image.permute(1, 2, 0).contiguous().numpy(), format="rgb24")
                frame = frame.reformat(format=pixel_format)
                frame.pts, frame.time_base = (40 * i if times is None else times[i]), Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return tmp_path / name

    return make


def readable(source, **how):
    """The frames that come, and the reason why no more do, or ""."""
    found = []
    try:
        for pair in decode(source, **how):
            found.append(pair)
    except DecodeError as error:
        return found, str(error)
    return found, ""


def same_pictures(ours, theirs, *, times=True):
    """Hold frames against each other to a level of 255: two builds of FFmpeg may round otherwise."""
    assert len(ours) == len(theirs)
    for (a_s, a), (b_s, b) in zip(ours, theirs, strict=True):
        assert not times or a_s == pytest.approx(b_s, abs=1e-6)
        assert b.dtype == torch.uint8 and a.shape == b.shape and (a.int() - b.int()).abs().max() <= 1


# Where it imports

UNEVEN = list(accumulate([35, 40, 10, 100, 33, 40, 40, 500, 5] * 4))
SAME = {
    "constant rate": {},
    "variable rate": {"times": UNEVEN},
    "one key frame, B-frames": {"options": {"g": "500", "bf": "3", "b_strategy": "0"}},
    "open groups of pictures": {"options": {"g": "12", "x264-params": "open-gop=1:bframes=3:b-adapt=0"}},
    "program stream": {"name": "made.mpg", "encoder": "mpeg2video", "options": {"bf": "2"}},
    "transport stream": {"name": "made.ts", "encoder": "mpeg2video", "options": {"bf": "2"}},
    "raw stream": {"name": "made.h264"},
    "full range": {"name": "made.avi", "encoder": "mjpeg", "pixel_format": "yuvj420p"},
    "without loss": {"name": "made.mkv", "encoder": "ffv1"},
    "matrix of HD": {"colorspace": 1, "color_range": 1},
}


@needs_torchcodec
@pytest.mark.parametrize("start_s", [0.0, 0.3, 0.72, 99.0])
@pytest.mark.parametrize("how", SAME.values(), ids=SAME)
def test_frames_and_times_are_those_of_pyav(moving, made, how, start_s):
    path = made(moving(36), **how)
    (ours, ours_said), (theirs, said) = (readable(path, start_s=start_s, decoder=d) for d in ("pyav", "torchcodec"))
    assert (ours_said, said) == ("", "") and bool(theirs) == (start_s < 9) and (start_s or len(theirs) == 36)
    same_pictures(ours, theirs)


@needs_torchcodec
def test_footage_is_read_alike():
    path = project_root() / "data" / "demo" / "cup.mp4"
    ours, theirs = (list(islice(decode(path, decoder=d), 40)) for d in ("pyav", "torchcodec"))
    assert len(theirs) == 40
    same_pictures(ours, theirs)


@needs_torchcodec
def test_times_that_are_not_stored_are_those_of_decoding(moving, made):
    path = made(moving(20), "made.avi", options={"bf": "3", "b_strategy": "0"})  # AVI knows one time a packet
    ours, theirs = (list(decode(path, decoder=d)) for d in ("pyav", "torchcodec"))
    same_pictures(ours, theirs, times=False)
    times = [at_s for at_s, _ in theirs]
    assert times == sorted(times) and max(abs(a - b) for a, (b, _) in zip(times, ours, strict=True)) < 0.2


@needs_torchcodec
@pytest.mark.parametrize("matrix", [
    (ONE, 0, 0, ONE), (0, ONE, -ONE, 0), (-ONE, 0, 0, -ONE), (0, -ONE, ONE, 0), (-ONE, 0, 0, ONE), (0, ONE, ONE, 0),
], ids=["upright", "quarter", "half", "quarter back", "mirror", "diagonal"])  # fmt: skip
def test_frames_come_out_upright(moving, made, matrix):
    path = made(moving(3), matrix=matrix)
    same_pictures(list(decode(path)), list(decode(path, decoder="torchcodec")))


@needs_torchcodec
def test_odd_sizes(moving, made):
    path = made(moving(3, height=49, width=65), pixel_format="yuv444p")
    same_pictures(list(decode(path)), list(decode(path, decoder="torchcodec")))


COLOURS = {
    "wide pixels": {"sample_aspect_ratio": Fraction(2)},
    "narrow pixels": {"sample_aspect_ratio": Fraction(1, 2)},
    "wide pixels, turned": {"sample_aspect_ratio": Fraction(16, 15), "matrix": (0, ONE, -ONE, 0)},
    "odd size": {"name": "made.mkv", "encoder": "ffv1"},
    "ten bits": {"pixel_format": "yuv420p10le"},
}


@needs_torchcodec
@pytest.mark.parametrize("what", COLOURS)
def test_where_colours_are_interpolated_otherwise_brightness_is_the_same(moving, made, what):
    height, width = (49, 65) if what == "odd size" else (48, 64)
    path = made(moving(3, height=height, width=width), **COLOURS[what])
    for (a_s, a), (b_s, b) in zip(decode(path), decode(path, decoder="torchcodec"), strict=True):
        difference = a.float() - b.float()  # which fails where the shapes differ
        assert a_s == b_s and (difference * LUMA).sum(dim=0).abs().mean() < 1
        assert difference.mean(dim=(1, 2)).abs().max() < 1


@needs_torchcodec
def test_a_crop_and_clips_are_those_of_the_frames(moving_mp4):
    whole, box = (next(decode(moving_mp4, crop, decoder="torchcodec"))[1] for crop in (None, (4, 20, 10, 50)))
    assert torch.equal(box, whole[:, 4:20, 10:50])
    with pytest.raises(ValueError, match="must lie in the frame"):
        next(decode(moving_mp4, (0, 49, 0, 64), decoder="torchcodec"))
    ours, theirs = ([c.frames for c in read_clips(moving_mp4, size=32, decoder=d)] for d in ("pyav", "torchcodec"))
    assert len(theirs) == 2 and all((a.int() - b.int()).abs().max() <= 1 for a, b in zip(ours, theirs, strict=True))


CUT = {
    "mp4": {"muxing": {"movflags": "faststart"}, "options": {"g": "20"}},
    "mkv": {"name": "made.mkv", "options": {"g": "20"}},
    "avi": {"name": "made.avi", "encoder": "mjpeg", "pixel_format": "yuvj420p"},
}


@needs_torchcodec
@pytest.mark.parametrize("how", CUT.values(), ids=CUT)
def test_a_file_cut_in_the_middle_gives_what_is_readable_and_says_so(moving, made, how):
    path = made(moving(60), **how)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    (ours, reason), (theirs, said) = (readable(path, decoder=d) for d in ("pyav", "torchcodec"))
    assert 20 <= len(theirs) < 60 and said == reason != ""
    same_pictures(ours, theirs)


@needs_torchcodec
def test_what_its_decoder_refuses_is_said(moving, made):
    path = made(moving(60), **CUT["mp4"])
    data = bytearray(path.read_bytes())
    middle = (data.index(b"mdat") + len(data)) // 2
    data[middle : middle + 1500] = bytes(range(250)) * 6
    found, reason = readable(bytes(data), decoder="torchcodec")
    assert 5 < len(found) < 50 and reason and "\n" not in reason
    same_pictures(list(decode(path))[: len(found)], found)


def _text(folder):
    (folder / "secret.mp4").write_text("this is no video\n" * 40)


def _playlist(folder):
    (folder / "secret.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nreal.mp4\n#EXT-X-ENDLIST\n")


def _list(folder):
    (folder / "secret.mp4").write_text("ffconcat version 1.0\nfile real.mp4\n")


def _pipe(folder):
    os.mkfifo(folder / "secret.mp4")


def _folder(folder):
    (folder / "secret.mp4").mkdir()


@needs_torchcodec
@pytest.mark.parametrize("make", [_text, _playlist, _list, _pipe, _folder])
def test_what_is_no_video_never_reaches_it(moving, made, tmp_path, monkeypatch, make):
    made(moving(3), "real.mp4")
    make(tmp_path)
    monkeypatch.setattr("torchcodec.decoders.Demuxer", lambda *_, **__: pytest.fail("it was handed over"))
    (_, reason), (found, said) = (readable(tmp_path / "secret.mp4", decoder=d) for d in ("pyav", "torchcodec"))
    assert found == [] and said == reason != "" and "secret" not in said


@needs_torchcodec
def test_a_picture_that_grows_on_the_way_is_refused(moving, made, monkeypatch):
    small, large = (made(moving(3, height=h), f"{h}.h264", options={"bf": "0"}).read_bytes() for h in (48, 96))
    found, said = readable(small + large, decoder="torchcodec")
    assert len(found) == 3 and said == "the size of the picture changes from (48, 64) to (96, 64)"
    monkeypatch.setattr(codec, "MAX_PIXELS", 64 * 64)
    found, said = readable(small + large, decoder="torchcodec")
    assert len(found) <= 3 and said == "pixels of a frame must be at most 4096; got 6144"


@needs_torchcodec
def test_memory_does_not_grow_with_length(moving, made):
    path = made(moving(12, height=480, width=640) * 10, "long.avi", "mjpeg", "yuvj420p")
    taken = []
    for _ in decode(path, decoder="torchcodec"):
        taken.append(int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20)
    assert len(taken) == 120 and taken[-1] - taken[23] < 40  # MiB; the frames between are 84


# OpenCV, which brings a third FFmpeg along and is there everywhere; no command takes it


def by_opencv(path, *_, **__):
    """Time in s and frame, as `decode`."""
    film, n = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), 0
    while (read := film.read())[0]:
        yield n / 25, torch.from_numpy(read[1][..., ::-1].copy()).permute(2, 0, 1)
        n += 1


@pytest.fixture(scope="module")
def two_scores():
    """A function: the scores of the first 16 frames of a demo video, by PyAV and by OpenCV."""

    def scores(name: str, detector: str) -> list[float]:
        found, path = [], project_root() / "data" / "demo" / name
        for by in (decode, by_opencv):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(clips, "decode", lambda *given, by=by, **how: islice(by(*given, **how), 16))
                [row] = score_videos([path], detector=detector)
            found.append(row["score"])
        return found

    return scores


@pytest.mark.parametrize("detector", ["interpolation_residual", "midframe_mse"])
def test_a_score_is_the_same_by_another_ffmpeg(two_scores, detector):
    ours, theirs = two_scores("park.mp4", detector)
    assert theirs == pytest.approx(ours, rel=1e-4)


@pytest.mark.parametrize("detector", ["interpolation_residual", "midframe_mse"])
def test_where_colours_are_interpolated_otherwise_a_score_moves_by_little(two_scores, detector):
    ours, theirs = two_scores("cityCC0.mpg", detector)  # of an odd height
    assert 0 < abs(theirs / ours - 1) < 0.02


# Everywhere


def test_another_decoder_is_refused(moving_mp4):
    for refused in (lambda: check_decoder("cv2"), lambda: next(decode(moving_mp4, decoder="cv2"))):
        with pytest.raises(ValueError, match="decoder must be one of pyav, torchcodec; got 'cv2'"):
            refused()
    check_decoder("pyav")


def _blocked(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "torchcodec", None)


def _broken(monkeypatch, folder):
    (folder / "torchcodec").mkdir()
    (folder / "torchcodec" / "__init__.py").write_text("raise RuntimeError('Could not load it. Causes:\\n  1. many')")
    monkeypatch.delitem(sys.modules, "torchcodec", raising=False)
    monkeypatch.syspath_prepend(folder)


def _without_ffmpeg(monkeypatch, folder):
    (folder / "torchcodec").mkdir()
    (folder / "torchcodec" / "__init__.py").write_text("ffmpeg_major_version = None")
    (folder / "torchcodec" / "decoders.py").write_text("Demuxer = ColorConverter = None")
    for name in ("torchcodec", "torchcodec.decoders"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize(("hide", "reason"), [
    (_blocked, "import of torchcodec halted; None in sys.modules"),
    (_broken, "Could not load it. Causes:"),
    (_without_ffmpeg, "it finds no shared libraries of FFmpeg"),
])  # fmt: skip
def test_where_it_does_not_import_the_reason_is_said(moving_mp4, monkeypatch, tmp_path, hide, reason):
    hide(monkeypatch, tmp_path)
    assert torchcodec_missing() == reason
    for read in (decode, read_clips):
        with pytest.raises(ValueError, match="must import with the FFmpeg of the system; got: ") as caught:
            next(read(moving_mp4, decoder="torchcodec"))
        assert str(caught.value).endswith(reason) and not isinstance(caught.value, DecodeError)
    assert len(list(decode(moving_mp4))) == 40
