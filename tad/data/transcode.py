"""A real encode and decode of a clip, the same for both classes, as footage goes through before anybody sees it."""

import io
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision.io import decode_jpeg, encode_jpeg

from tad import checks
from tad.data.codec import decode, encode

# FFmpeg's encoder, the quality's name and its range. One thread: with more of them x264 and x265 choose otherwise, and
# the same clip must give the same bits however many cores a machine has.
ENCODERS = {
    "h264": ("libx264", "crf", range(0, 52)),
    "hevc": ("libx265", "crf", range(0, 52)),
    "mpeg4": ("mpeg4", "q", range(1, 32)),
    "jpeg": ("", "quality", range(1, 101)),
}
# What an encoder is told besides. With AVX-512 x264 gave the same clip of 320 x 240 px other bits each time (measured;
# not with AVX2, nor without its macroblock tree, nor at 640 x 480). SSE4.2 gives the very bits that AVX2 gives; x264
# takes the name at its word, so it is told only where there is such a processor.
BESIDES = {
    "h264": {"x264-params": "asm=SSE4.2"} if platform.machine() in ("x86_64", "AMD64") else {},
    "hevc": {"x265-params": "log-level=none:pools=none:frame-threads=1"},
}


@dataclass(frozen=True)
class Encoding:
    """How a clip is encoded: a codec and its quality, or "none"."""

    codec: str
    quality: int = 0

    def __post_init__(self):
        if self.codec != "none":
            checks.one_of("the codec of an encoding", self.codec, ENCODERS)
            known = ENCODERS[self.codec][2]
            checks.whole("the quality of an encoding", self.quality, 0)
            checks.number("the quality of an encoding", self.quality, known.start, known.stop - 1)

    @classmethod
    def parse(cls, text: str) -> "Encoding":
        """Read such as "h264:23", "hevc:28" (constant rate factor), "mpeg4:4" (quantiser), "jpeg:75", or "none".

        Raises:
            ValueError: another codec, or a quality that it does not have.

        Example:
            >>> Encoding.parse("h264:23")
            Encoding(codec='h264', quality=23)
        """
        checks.of_kind("an encoding", text, str, "a text such as h264:23")
        if text == "none":
            return cls("none")
        found = re.fullmatch(r"(\w+):(\d+)", text)
        if not found or found[1] not in ENCODERS or int(found[2]) not in ENCODERS[found[1]][2]:
            known = ", ".join(f"{n}:{q.start}..{q.stop - 1}" for n, (_, _, q) in ENCODERS.items())
            raise ValueError(f"an encoding must be none or one of {known}; got {text!r}")
        return cls(found[1], int(found[2]))

    def __str__(self) -> str:
        return "none" if self.codec == "none" else f"{self.codec}:{self.quality}"

    def options(self) -> dict[str, str]:
        """What FFmpeg's encoder is told."""
        name, value = ENCODERS[self.codec][1], str(self.quality)
        told = {"qmin": value, "qmax": value} if name == "q" else {name: value}
        return told | BESIDES.get(self.codec, {})


def transcode(frames: Tensor, encoding: Encoding, fps: float = 25.0) -> Tensor:
    """Encode frames and decode them again.

    Args:
        frames: uint8 RGB (T, 3, H, W), H and W even; a clip is a short video of its own, its first frame a key frame.
        encoding: "none" gives the frames back.
        fps: frames a second, which rate control looks at.

    Returns:
        uint8 (T, 3, H, W); the same bits for the same frames, however many cores there are.

    Raises:
        ValueError: odd sides.

    Example:
        >>> grey = torch.full((2, 3, 16, 16), 128, dtype=torch.uint8)
        >>> transcode(grey, Encoding.parse("jpeg:75")).unique().tolist()
        [128]
    """
    _check(frames, encoding, fps)
    if encoding.codec == "none":
        return frames
    if encoding.codec == "jpeg":
        return torch.stack([decode_jpeg(encode_jpeg(frame, encoding.quality)) for frame in frames.contiguous()])
    file = io.BytesIO()
    _encode(file, frames, encoding, fps)
    decoded = torch.stack([frame for _, frame in decode(file.getvalue())])
    if decoded.shape != frames.shape:
        raise ValueError(f"a clip must come back as {tuple(frames.shape)}; got {tuple(decoded.shape)}")
    return decoded


def _check(frames: Tensor, encoding: Encoding, fps: float) -> None:
    checks.tensor("frames", frames, "T 3 H W", torch.uint8)
    checks.of_kind("encoding", encoding, Encoding, "an Encoding")
    checks.number("fps", fps, 0, above=True)


def _encode(file, frames: Tensor, encoding: Encoding, fps: float) -> None:
    encode(file, frames, fps, ENCODERS[encoding.codec][0], options=encoding.options(), threads=1)


def write_video(path: Path, frames: Tensor, encoding: Encoding, fps: float) -> None:
    """Write frames as `transcode` encodes them; what is not a video codec (JPEG, none) is kept without loss by FFV1.

    Args:
        path: the file to write, .mp4 or .mkv.
        frames: uint8 RGB (T, 3, H, W), H and W even.
        encoding: codec and quality.
        fps: frames a second.

    Raises:
        ValueError: a name that ends in neither .mp4 nor .mkv, or not in .mkv where FFV1 is needed; or odd sides.
    """
    checks.path("path", path)
    path = Path(path)
    _check(frames, encoding, fps)
    if path.suffix not in (".mp4", ".mkv"):
        raise ValueError(f"a video must be named .mp4 or .mkv; got {path.name}")
    if encoding.codec not in ("none", "jpeg"):
        return _encode(path, frames, encoding, fps)
    if path.suffix != ".mkv":
        raise ValueError(f"video without a lossy codec is kept by FFV1 in a file named .mkv; got {path.name}")
    encode(path, transcode(frames, encoding), fps, "ffv1")
