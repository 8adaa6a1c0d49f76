"""Video files in and out: the only file that knows PyAV.

A file is told by its content, never by its name, and cannot make FFmpeg open another. Its video is the first stream
that the container marks as default, else the first; a cover picture is none. Frames come out as they are meant to be
shown: upright, with square pixels (the height stays, the width is scaled), 8-bit RGB by the range and matrix that the
file names (limited and BT.601 where it names none), without alpha.
"""

import ctypes
import gc
import io
import math
import os
import stat
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import av
import torch
from av.error import FFmpegError
from av.sidedata.sidedata import Type as SideData
from av.stream import Disposition
from av.video.reformatter import VideoReformatter
from torch import Tensor

from tad import checks

# What no footage passes: a header that states more is broken or hostile, and would cost memory before a frame is seen.
MAX_PIXELS = 8192 * 4320  # of a frame: 8K cinema
MAX_ASPECT = 20  # longer over shorter side: resizing by the shorter multiplies the longer
MAX_SECONDS = 24 * 3600  # a day
MAX_FRAMES = 120 * MAX_SECONDS  # at 120 frames a second
# One block of FFmpeg's memory, in bytes: room for a plane of the largest frame, none for an index of 1e8 frames.
ctypes.CDLL(av._core.__file__).av_max_alloc(ctypes.c_size_t(5 * MAX_PIXELS))

# What is opened, by FFmpeg's names: containers of footage, bare streams, pictures, and sound so that it can be told
# apart. The other 300 demuxers stay shut: playlists, session descriptions, texts, pictures of games.
FORMATS = (
    "mov", "matroska", "avi", "mpeg", "mpegts", "mpegvideo", "flv", "asf", "ogg", "mxf", "dv", "nut", "ivf", "rm",
    "h264", "hevc", "vvc", "obu", "av1", "m4v", "h263", "vc1", "dirac", "mjpeg", "yuv4mpegpipe",
    "gif", "apng", "jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "wav", "mp3", "flac", "aac",
)  # fmt: skip
# No protocol is allowed either, so that what is opened cannot name other files or addresses.
OPENING = {"protocol_whitelist": "none", "format_whitelist": ",".join(FORMATS)}

SEEK_BACK_S = 0.5  # how far before the wanted time a key frame must be: room for times that are not quite in order
UNSOUGHT = ("mpeg", "mpegts")  # they do not store the time of every frame, so it depends on where decoding begins
TIME_SLACK_S = 1e-6  # of rounding, when times are compared


class DecodeError(ValueError):
    """A file that cannot be read as video, or not to its end; the message is the reason alone, without the path."""


@dataclass(frozen=True)
class VideoInfo:
    """What the container says of its video stream."""

    width: int  # px, as stored: before rotation and pixel aspect
    height: int  # px, as stored
    fps: float
    frames: int  # as the container states, else estimated from duration and rate; 0 when neither is there
    duration_s: float
    codec: str
    pixel_format: str


@contextmanager
def _told() -> Iterator[None]:
    """Turn what FFmpeg and the system say into a `DecodeError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise DecodeError("no such file") from error
    except (FFmpegError, OSError) as error:
        raise DecodeError(error.strerror or str(error)) from error


def _check(width: int = 1, height: int = 1, frames: int = 0, seconds: float = 0.0) -> None:
    bounded = {
        "pixels of a frame": (width * height, MAX_PIXELS),
        "longer over shorter side": (max(width, height) / min(width, height), MAX_ASPECT),
        "seconds": (seconds, MAX_SECONDS),
        "frames": (frames, MAX_FRAMES),
    }
    for what, (value, most) in bounded.items():
        if value > most:
            raise DecodeError(f"{what} must be at most {most}; got {value:.0f}")


def _file(source: str | Path | bytes) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    checks.of_kind("a video", source, str | os.PathLike, "a path or bytes")  # a number would be an open file's
    with _told():
        mode = os.stat(source).st_mode
        if stat.S_ISDIR(mode):
            raise DecodeError("a folder, not a file")
        if not stat.S_ISREG(mode):  # opening a pipe would wait for a writer
            raise DecodeError("a pipe or device, not a file")
        return open(os.open(source, os.O_RDONLY), "rb")  # by number: into a name FFmpeg reads patterns and protocols


@contextmanager
def _opened(source: str | Path | bytes) -> Iterator[av.VideoStream]:
    with _file(source) as file:
        with _told():
            try:
                container = av.open(file, container_options=OPENING, metadata_errors="replace")
            except av.error.ArgumentError as error:  # which is what FFmpeg calls a format outside the list
                raise DecodeError("no container that is read here; a playlist or list of files is none") from error
        with container:
            yield _video_stream(container)


def _video_stream(container: av.container.InputContainer) -> av.VideoStream:
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise DecodeError("no video stream")
    stream = next((s for s in streams if s.disposition & Disposition.default), streams[0])
    if stream.codec_context is None:
        raise DecodeError("no decoder for its codec")
    if not stream.width or not stream.height:
        raise DecodeError("the size of the picture cannot be told")
    _, duration_s, frames = _stated(stream)
    _check(stream.width, stream.height, frames, duration_s)
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # also where the size changes on the way
    return stream


def _stated(stream: av.VideoStream) -> tuple[float, float, int]:
    """Frames a second, seconds and frames of the stream, as the container states them; 0 where it does not."""
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    whole_s = (stream.container.duration or 0) / 1e6
    duration_s = float(stream.duration * stream.time_base) if stream.duration else whole_s
    return fps, duration_s, stream.frames or round(duration_s * fps)


def probe(path: str | Path | bytes) -> VideoInfo:
    """Read what a video file (or its bytes) says of itself, without decoding it.

    Args:
        path: the file, or its bytes.

    Raises:
        DecodeError: no such file, not a video, no video stream, or a header beyond the bounds of this module.
    """
    with _opened(path) as stream:
        fps, duration_s, frames = _stated(stream)
        codec, pixel_format = stream.codec_context.name, stream.pix_fmt or "unknown"
        return VideoInfo(stream.width, stream.height, fps, frames, duration_s, codec, pixel_format)


def _packets(stream: av.VideoStream) -> Iterator[av.Packet]:
    """The stream's packets, and a `DecodeError` where the file breaks off.

    It also breaks off where all its streams end before the length that its header states. What states no length
    (program and transport streams, GIF, raw streams) may lose its end between two packets and not show it.
    """
    end_s, container = 0.0, stream.container
    with _told():
        for packet in container.demux():
            if packet.is_corrupt:
                raise DecodeError("a packet is damaged or cut short")
            if packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.size and packet.stream.index == stream.index:
                yield packet
    stated_s = (container.duration or 0) / 1e6
    if end_s < stated_s - 0.5 / float(stream.average_rate or 25):
        raise DecodeError(f"the file ends at {end_s:.2f} s of the stated {stated_s:.2f} s")


def _pictures(stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """The stream's frames in order of presentation; where the file breaks off, those without a gap before them."""
    decoder, last, due, shown = stream.codec_context, None, -math.inf, -math.inf
    try:
        for packet in _packets(stream):
            last = packet.dts
            if packet.pts is not None and not packet.is_discard:
                due = max(due, packet.pts)
            for frame in decoder.decode(packet):
                shown = max(shown, math.inf if frame.pts is None else frame.pts)
                yield frame
    except DecodeError:  # a packet that is missing would be decoded later than `last`, so be shown later
        held = decoder.decode(None) if last is not None else []
        yield from (frame for frame in held if frame.pts is not None and frame.pts <= last)
        raise
    for frame in decoder.decode(None):
        shown = max(shown, math.inf if frame.pts is None else frame.pts)
        yield frame
    # some decoders drop a picture that they cannot read without a word; a second field is due half a frame later
    late = (due - shown) * float(stream.time_base) if math.isfinite(due) else 0.0
    if late > 0.75 / float(stream.average_rate or 25):
        raise DecodeError("the last picture cannot be decoded")


def _frames(stream: av.VideoStream) -> Iterator[tuple[float, av.VideoFrame]]:
    """Times in s as stored, but never backwards, and frames, up to the first that is damaged."""
    time_s, step_s = -math.inf, 1 / float(stream.average_rate or 25)
    with _told():
        for frame in _pictures(stream):
            if frame.is_corrupt:  # the decoder painted over a hole
                raise DecodeError("a frame is damaged")
            stored_s = max(0.0, time_s + step_s) if frame.pts is None else float(frame.pts * stream.time_base)
            time_s = max(time_s, stored_s)
            yield time_s, frame


def _sought(stream: av.VideoStream, time_s: float) -> Iterator[tuple[float, av.VideoFrame]] | None:
    """What `_frames` gives from a time on, by way of a key frame well before it; None if seeking does not lead to one.

    Frames that come out before the key frame lean on what was skipped, so they do not count.
    """
    try:
        stream.container.seek(int((time_s - SEEK_BACK_S) / stream.time_base), stream=stream)
        frames = _frames(stream)
        key_s = next((at_s for at_s, frame in frames if frame.key_frame), math.inf)
        wanted = next((pair for pair in frames if pair[0] >= time_s - TIME_SLACK_S), None)
    except (FFmpegError, DecodeError):  # what is wrong shows when it is decoded from the beginning
        return None
    return chain([wanted] if wanted else [], frames) if key_s <= time_s - SEEK_BACK_S else None


def _from(source: str | Path | bytes, start_s: float, seek: bool) -> Iterator[tuple[float, av.VideoFrame, Fraction]]:
    """Time from the first frame in s, frame and pixel aspect, of the frames that are not before `start_s`."""
    with _opened(source) as stream:
        frames = _frames(stream)
        first_s, first = next(frames, (0.0, None))
        if first is None:
            raise DecodeError("no decodable frame")
        known = first.pts is not None and stream.container.format.name not in UNSOUGHT
        frames = _sought(stream, first_s + start_s) if seek and known else chain([(first_s, first)], frames)
        if frames is not None:
            aspect = stream.sample_aspect_ratio or Fraction(1)
            for time_s, frame in frames:
                if time_s - first_s >= start_s - TIME_SLACK_S:
                    yield time_s - first_s, frame, aspect
            return
    yield from _from(source, start_s, seek=False)


def _rgb(frame: av.VideoFrame, aspect: Fraction, reformatter: VideoReformatter) -> Tensor:
    """A frame as stored, with square pixels: uint8 (3, H, W)."""
    width = max(1, round(frame.width * aspect))
    _check(width, frame.height)
    with _told():
        return torch.from_numpy(reformatter.reformat(frame, width=width, format="rgb24").to_ndarray()).permute(2, 0, 1)


class Upright:
    """Turns the frames of a stream by their display matrix, which is read anew only where their rotation changes.

    PyAV ties a frame whose side data are read into a cycle, so that it waits for the garbage collector: of a film in
    8K that is ten gigabytes and more.
    """

    def __init__(self):
        self.rotation, self.matrix = None, None

    def __call__(self, image: Tensor, frame: av.VideoFrame) -> Tensor:
        """Return the image (3, H, W) of a frame as it is meant to be shown."""
        if frame.rotation != self.rotation:
            if self.rotation is not None:
                gc.collect()
            matrix = frame.side_data.get(SideData.DISPLAYMATRIX)
            self.rotation = frame.rotation
            self.matrix = None if matrix is None else struct.unpack("=5i", bytes(matrix)[:20])
        return image if self.matrix is None else _turned(image, *self.matrix)


def _turned(image: Tensor, a: int, b: int, _: int, c: int, d: int) -> Tensor:
    """Apply a display matrix, (x, y) -> (a x + c y, b x + d y), as mirrors and quarter turns, the nearest ones."""
    if abs(b) + abs(c) > abs(a) + abs(d):
        image, a, d = image.mT, c, b
    return image.flip([dim for dim, sign in ((1, d), (2, a)) if sign < 0])


def _shown(source: str | Path | bytes, start_s: float) -> Iterator[tuple[float, Tensor]]:
    reformatter, upright = VideoReformatter(), Upright()
    for time_s, frame, aspect in _from(source, start_s, seek=start_s > SEEK_BACK_S):
        yield time_s, upright(_rgb(frame, aspect, reformatter), frame)


def key_frame_distance(source: str | Path | bytes, most: int = 600) -> float:
    """Mean number of frames from one key frame to the next, read from the packets without decoding them.

    Args:
        source: the file, or its bytes.
        most: so many packets are looked at; with a single key frame among them, their number is returned.

    Raises:
        DecodeError: as `probe`.
    """
    checks.whole("most", most, 1)
    with _opened(source) as stream:
        with _told():
            keys = [p.is_keyframe for p in islice(stream.container.demux(stream), most) if p.size]
        return len(keys) / max(1, sum(keys))


def decode(
    path: str | Path | bytes, crop: tuple[int, int, int, int] | None = None, start_s: float = 0.0,
    *, decoder: str = "pyav",
) -> Iterator[tuple[float, Tensor]]:  # fmt: skip
    """Decode a video frame by frame, in order of presentation, in memory that does not grow with its length.

    Args:
        path: the file, or its bytes.
        crop: top, bottom, left, right in px of the upright picture, for files of which only a box is footage.
        start_s: the frames before the first one at or after this time are left out, exactly as if they were decoded.
        decoder: pyav, or torchcodec where it imports (see `tad.data.second_decoder`).

    Yields:
        Time from the first frame in s, and the frame as uint8 RGB (3, H, W), all of one size.

    Raises:
        DecodeError: the file cannot be opened, or, after the frames that are readable, it breaks off, is damaged as
            far as its decoder notices, changes its picture's size or passes the bounds of this module.
        ValueError: the crop does not lie in the frame, or the decoder is another or does not import.
    """
    checks.number("start_s", start_s, 0)
    if crop is not None:
        checks.sizes("a crop", crop, 4, least=-(2**31))  # whether it lies in the frame shows there
    size, images = None, _shown
    if decoder != "pyav":
        from tad.data.second_decoder import check_decoder, decode_second  # which imports this file

        check_decoder(decoder)
        images = decode_second
    for n, (time_s, image) in enumerate(images(path, start_s), start=1):
        _check(frames=n, seconds=time_s)
        size = size or image.shape[1:]
        if image.shape[1:] != size:
            raise DecodeError(f"the size of the picture changes from {tuple(size)} to {tuple(image.shape[1:])}")
        if crop is not None:
            top, bottom, left, right = crop
            if not (0 <= top < bottom <= image.shape[1] and 0 <= left < right <= image.shape[2]):
                raise ValueError(f"a crop must lie in the frame {tuple(image.shape[1:])}; got {crop}")
            image = image[:, top:bottom, left:right]
        yield time_s, image


def encode(
    path: str | Path | BinaryIO, frames: Iterable[Tensor], fps: float = 25.0, codec: str = "libx264", crf: int = 18,
    *, options: dict[str, str] | None = None, threads: int = 0,
) -> str | Path | BinaryIO:  # fmt: skip
    """Write frames as a video.

    Args:
        path: the file, whose ending names the container; or an open one, which becomes a Matroska file.
        frames: uint8 (3, H, W) RGB, H and W even unless for FFV1, which keeps RGB as it is; or (1, H, W) grey.
        fps: frames a second.
        codec: an encoder of FFmpeg.
        crf: constant rate factor, lower is better; used by x264 and x265 alone.
        options: of the encoder, in place of `crf`.
        threads: of the encoder; as many as it likes when 0.

    Returns:
        The path.

    Raises:
        ValueError: no frames, or RGB frames with an odd side.
    """
    checks.check(hasattr(path, "write") or (isinstance(path, str | Path) and path != ""), "path must name a file", path)
    checks.number("fps", fps, 0, above=True)
    known = isinstance(codec, str) and codec in av.codecs_available
    checks.check(known, "codec must be an encoder of FFmpeg", codec)
    checks.whole("crf", crf)
    checks.whole("threads", threads)
    checks.check(isinstance(frames, Iterable), "frames must be a list or the like of frames", frames)
    named = isinstance(path, (str, Path))
    where, kind = (str(Path(path).absolute()), None) if named else (path, "matroska")
    if options is None:
        options = {"crf": str(crf)} if codec in ("libx264", "libx265") else {}
    with av.open(where, "w", format=kind) as container:
        stream = None
        for image in frames:
            checks.tensor("a frame of frames", image, "C H W", torch.uint8)
            colours, height, width = image.shape
            if stream is None:
                pixels = "gray" if colours == 1 else "bgr0" if codec == "ffv1" else "yuv420p"
                if pixels == "yuv420p" and (height % 2 or width % 2):
                    raise ValueError(f"frames of halved colour need even sides; got {height} x {width}")
                stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
                stream.height, stream.width, stream.pix_fmt, stream.options = height, width, pixels, options
                stream.codec_context.thread_count = threads
            array = image.permute(1, 2, 0).contiguous().numpy()
            frame = av.VideoFrame.from_ndarray(*((array, "rgb24") if colours == 3 else (array[..., 0], "gray")))
            container.mux(stream.encode(frame))
        if stream is None:
            raise ValueError("a video needs at least one frame; got none")
        container.mux(stream.encode(None))
    return path
