"""Decoding and preprocessing beside plain loops over the same file."""

import tempfile
from pathlib import Path

import av
import torch
from harness import interleaved, make_video, ratio, row, run

from tad.data import codec, decode, read_clips
from tad.data.clips import random_clip
from tad.data.second_decoder import torchcodec_missing
from tad.data.transforms import resize_short_side

SIZE = 112


def plain_pyav(path: Path):
    """The shortest loop there is: no check, no rotation, frames as PyAV converts them."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            yield torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)


def converted(path: Path) -> tuple[int, int]:
    """Frames that were turned into RGB for one clip of 16 from the file's last third, and those of the clip."""
    turned, known = 0, codec._rgb

    def counted(*args):
        nonlocal turned
        turned += 1
        return known(*args)

    codec._rgb = counted
    try:
        clip = random_clip(path, torch.Generator().manual_seed(4), frames=16, size=SIZE)
    finally:
        codec._rgb = known
    return turned, len(clip.frames)


def measure(quick: bool) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        path = make_video(Path(folder) / "video.mp4", 3 if quick else 20)
        ways = {
            "tad": lambda: sum(1 for _ in decode(path)),
            "plain": lambda: sum(1 for _ in plain_pyav(path)),
            "tad, resized": lambda: sum(1 for _ in read_clips(path, size=SIZE)),
            "plain, resized": lambda: sum(1 for frame in plain_pyav(path) if len(resize_short_side(frame, SIZE))),
        }
        if not (lacking := torchcodec_missing()):
            ways["torchcodec"] = lambda: sum(1 for _ in decode(path, decoder="torchcodec"))
        times = interleaved(ways, 1 if quick else 5)
        turned, needed = converted(path)
    rows = []
    for name, ours, other in (("decode", "tad", "plain"), ("decode into clips", "tad, resized", "plain, resized")):
        found = ratio(f"{name}, 360p", times[ours].wall, times[other].wall, "", 0.9)
        rows.append(found | {"beside": f"plain PyAV; processor: {times[other].cpu / times[ours].cpu:.2f} times"})
    if lacking:
        rows.append(row("decode, 360p", "not measured", "", beside=f"torchcodec: {lacking}"))
    else:
        rows.append(ratio("decode, 360p", times["tad"].wall, times["torchcodec"].wall, "torchcodec", 0.9))
    # the first frame gives the clock, and is not converted
    return [
        *rows,
        row("frames turned into RGB for a clip of 16", turned, "frames", reach="no more", reached=turned == needed),
    ]


if __name__ == "__main__":
    run(measure)
