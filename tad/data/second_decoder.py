"""torchcodec as a second decoder, to hold the first against: the only file that knows it.

It uses the FFmpeg of the system, PyAV one of its own: two builds that decode and convert colours. PyAV still says what
is a video, how the picture is meant to be shown and where the packets break off. torchcodec does not tell that damage
within a packet was painted over, so such frames pass for whole. It reads from the beginning whatever the start: sought
frames differ in files that do not store the time of every frame.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from torch import Tensor
from torchvision.transforms.v2 import functional as V

from tad.data.codec import TIME_SLACK_S, DecodeError, Upright, _check, _file, _from, _opened, _packets

DECODERS = ("pyav", "torchcodec")
NO_TIME_S = -1e9  # where none is stored, torchcodec gives a time before this


def torchcodec_missing() -> str:
    """Say in a line why torchcodec cannot decode here; "" where it can."""
    try:
        from torchcodec import ffmpeg_major_version
        from torchcodec.decoders import Demuxer  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        return str(error).partition("\n")[0]
    return "" if ffmpeg_major_version else "it finds no shared libraries of FFmpeg"  # but imports, for still pictures


def check_decoder(decoder: str) -> None:
    """Refuse a decoder that cannot decode here.

    Raises:
        ValueError: another name, or torchcodec where it does not import; the message says why.
    """
    if decoder not in DECODERS:
        raise ValueError(f"decoder must be one of {', '.join(DECODERS)}; got {decoder!r}")
    if decoder == "torchcodec" and (reason := torchcodec_missing()):
        raise ValueError(f"decoder torchcodec must import with the FFmpeg of the system; got: {reason}")


def _raw_frames(file: BinaryIO, index: int, packets: Iterator) -> Iterator:
    """torchcodec's frames of a stream in order of presentation, up to where PyAV's `packets` of it break off."""
    from torchcodec.decoders import Demuxer

    last_s = -math.inf
    try:
        demuxer = Demuxer(file, streams=index)
        decoder = demuxer.streams[0].make_decoder("cpu", num_ffmpeg_threads=0)
        try:
            for packet in demuxer:
                twin = next(packets, None)
                last_s = float(twin.dts * twin.time_base) if twin and twin.dts is not None else last_s
                yield from decoder.decode(packet)
            for _ in packets:  # that the file ends before the length that it states shows behind the last
                pass
        except DecodeError:  # a packet that is missing would be shown later than the last one is decoded
            yield from (raw for raw in decoder.drain() if raw.pts_seconds <= last_s + TIME_SLACK_S)
            raise
        yield from decoder.drain()
    except (RuntimeError, ValueError) as error:
        raise DecodeError(str(error).partition("\n")[0]) from error


def decode_second(source: str | Path | bytes, start_s: float) -> Iterator[tuple[float, Tensor]]:
    """Time from the first frame in s and uint8 RGB (3, H, W) as it is shown, of the frames not before `start_s`."""
    from torchcodec.decoders import ColorConverter

    converter, first_s, time_s = ColorConverter("cpu"), None, -math.inf
    _, shown, aspect = next(_from(source, 0.0, seek=False))
    upright = Upright()
    with _opened(source) as stream, _file(source) as file:
        step_s = 1 / float(stream.average_rate or 25)
        for raw in _raw_frames(file, stream.index, _packets(stream)):
            time_s = max(time_s, raw.pts_seconds if raw.pts_seconds > NO_TIME_S else max(0.0, time_s + step_s))
            first_s = time_s if first_s is None else first_s
            if time_s - first_s >= start_s - TIME_SLACK_S:
                width = max(1, round(raw.width * aspect))
                _check(raw.width, raw.height)
                _check(width, raw.height)
                image = converter.convert(raw).data
                if raw.rotation:  # back to as it is stored: it turns, but never mirrors
                    image = image.rot90(-round(raw.rotation / 90), (1, 2))
                if width != raw.width:
                    image = V.resize(image, [raw.height, width], antialias=True)
                yield time_s - first_s, upright(image, shown)
