"""Speed of decoding beside plain loops over the same file: `python tests/benchmarks/bench_decoding.py [FILE]`.

The figures belong to the machine they were taken on; the ratios are what to compare. It is no test: nothing here fails
because a machine is slow.
"""

import os
import sys
import time

import av
import pandas as pd
import torch

from tad.data import decode, resolve
from tad.data.second_decoder import torchcodec_missing

DEMO = "data/demo/cup.mp4"


def through_tad(path: str) -> int:
    return sum(1 for _ in decode(path))


def through_pyav(path: str) -> int:
    """The shortest loop there is: no check, no rotation, frames as PyAV converts them."""
    with av.open(path) as container:
        container.streams.video[0].thread_type = "AUTO"
        return sum(1 for frame in container.decode(video=0) if frame.to_ndarray(format="rgb24").size)


def through_torchcodec(path: str) -> int:
    return sum(1 for _ in decode(path, decoder="torchcodec"))


def rate(decoder, path: str) -> float:
    """Frames a second, the best of three runs."""
    rates = []
    for _ in range(3):
        began = time.perf_counter()
        count = decoder(path)
        rates.append(count / (time.perf_counter() - began))
    return max(rates)


def compare(path: str) -> list[dict]:
    """A row a way of decoding; without torchcodec where it does not import, which is said."""
    ways = {"tad.data.decode": through_tad, "plain PyAV": through_pyav}
    if reason := torchcodec_missing():
        print(f"without torchcodec: {reason}")
    else:
        ways["tad.data.decode by torchcodec"] = through_torchcodec
    rates = {name: rate(decoder, path) for name, decoder in ways.items()}
    return [
        {"what": name, "frames per s": found, "over plain PyAV": found / rates["plain PyAV"]}
        for name, found in rates.items()
    ]


if __name__ == "__main__":
    file = str(resolve(sys.argv[1] if len(sys.argv) > 1 else DEMO))
    print(f"{os.cpu_count()} cores, torch {torch.__version__}, PyAV {av.__version__}, {os.path.basename(file)}")
    print(pd.DataFrame(compare(file)).to_string(index=False, float_format="{:.2f}".format))
