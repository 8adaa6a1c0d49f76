"""Video files in and out: the only file that knows PyAV."""

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import torch
from torch import Tensor


class DecodeError(ValueError):
    """A file that cannot be read as video; the message is the reason alone, without the path."""


@dataclass(frozen=True)
class VideoInfo:
    """What the container says of its first video stream."""

    width: int  # px
    height: int  # px
    fps: float
    frames: int  # as the container states, else estimated from duration and rate; 0 when neither is there
    duration_s: float
    codec: str
    pixel_format: str


def _open(source: str | Path | bytes) -> tuple[av.container.InputContainer, av.VideoStream]:
    if isinstance(source, str | Path):
        if not Path(source).exists():
            raise DecodeError("no such file")
        if Path(source).is_dir():
            raise DecodeError("a folder, not a file")
    try:
        container = av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source))
    except (av.error.FFmpegError, OSError) as error:
        raise DecodeError(_reason(error)) from error
    if not container.streams.video:
        container.close()
        raise DecodeError("no video stream")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return container, stream


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def probe(path: str | Path | bytes) -> VideoInfo:
    """Read what a video file (or its bytes) says of itself, without decoding it.

    Raises:
        DecodeError: no such file, not a video, or no video stream.
    """
    container, stream = _open(path)
    with container:
        fps = float(stream.average_rate or stream.guessed_rate or 0)
        duration_s = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
        return VideoInfo(
            width=stream.width,
            height=stream.height,
            fps=fps,
            frames=stream.frames or round(duration_s * fps),
            duration_s=duration_s,
            codec=stream.codec_context.name,
            pixel_format=stream.pix_fmt or "unknown",
        )


def decode(
    path: str | Path | bytes, crop: tuple[int, int, int, int] | None = None, start_s: float = 0.0
) -> Iterator[tuple[float, Tensor]]:
    """Decode a video frame by frame, in order of presentation.

    Args:
        path: the file, or its bytes.
        crop: top, bottom, left, right in px, for files of which only a box is footage.
        start_s: frames before this time are left out; the decoder begins at the key frame before it.

    Yields:
        Time from the first frame in s, and the frame as uint8 RGB (3, H, W).

    Raises:
        DecodeError: the file cannot be opened, or breaks off with an error in the middle.
        ValueError: the crop does not lie in the frame.
    """
    container, stream = _open(path)
    with container:
        first_s = float(stream.start_time * stream.time_base) if stream.start_time is not None else None
        decoded = False
        try:
            if start_s > 0 and first_s is not None:
                with suppress(av.error.FFmpegError):  # what cannot seek is decoded from its beginning
                    container.seek(int((first_s + start_s) / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                time_s = float(frame.time) if frame.time is not None else 0.0
                first_s, decoded = time_s if first_s is None else first_s, True
                if time_s - first_s < start_s - 1e-6:
                    continue
                image = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)
                if crop is not None:
                    top, bottom, left, right = crop
                    if not (0 <= top < bottom <= image.shape[1] and 0 <= left < right <= image.shape[2]):
                        raise ValueError(f"a crop must lie in the frame {tuple(image.shape[1:])}; got {crop}")
                    image = image[:, top:bottom, left:right]
                yield time_s - first_s, image
        except av.error.FFmpegError as error:
            raise DecodeError(_reason(error)) from error
        if not decoded:
            raise DecodeError("no decodable frame")


def encode(
    path: str | Path, frames: Iterable[Tensor], fps: float = 25.0, codec: str = "libx264", crf: int = 18
) -> Path:
    """Write frames as a video.

    Args:
        path: the file; its ending names the container.
        frames: uint8 RGB (3, H, W), all of one size, H and W even.
        fps: frames a second.
        codec: an encoder of FFmpeg.
        crf: constant rate factor, lower is better; used by x264 and x265 alone.

    Returns:
        The path.

    Raises:
        ValueError: no frames.
    """
    path = Path(path)
    with av.open(str(path), "w") as container:
        stream = None
        for image in frames:
            if stream is None:
                stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
                stream.height, stream.width = image.shape[1:]
                stream.pix_fmt = "yuv420p"
                if codec in ("libx264", "libx265"):
                    stream.options = {"crf": str(crf)}
            frame = av.VideoFrame.from_ndarray(image.permute(1, 2, 0).contiguous().numpy(), format="rgb24")
            container.mux(stream.encode(frame))
        if stream is None:
            raise ValueError("a video needs at least one frame; got none")
        container.mux(stream.encode(None))
    return path
