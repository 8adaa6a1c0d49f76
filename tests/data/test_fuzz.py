"""Damaged files: whatever is done to a video, it gives frames or says why not, soon and in little memory.

A damaged file is made from its seed alone. `python tests/data/test_fuzz.py FOLDER FIRST END` decodes those of the seeds
FIRST to END - 1 again, from the originals that the tests left in FOLDER, and prints a line for each.
"""

import importlib.util
import json
import random
import resource
import selectors
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

CODEC = Path(__file__).parents[2] / "tad" / "data" / "codec.py"
FRAMES = 30
PATIENCE_S = 20.0  # for one file; the first line also waits for the imports
ROOM = 1 << 30  # bytes of address space for the decoding, beside what the imports took
MOST_MIB = 300  # that the process may grow by over all its files
ORIGINALS = {  # name: encoder, pixel format, options of the encoder, of the container
    "index first.mp4": ("libx264", "yuv420p", {"g": "10", "bf": "2"}, {"movflags": "faststart"}),
    "index last.mp4": ("libx264", "yuv420p", {"g": "30"}, {}),
    "h264.mkv": ("libx264", "yuv420p", {"g": "10"}, {}),
    "ffv1.mkv": ("ffv1", "yuv420p", {"level": "3", "slicecrc": "1"}, {}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {"deadline": "realtime"}, {}),
    "mjpeg.avi": ("mjpeg", "yuvj420p", {}, {}),
    "mpeg4.avi": ("mpeg4", "yuv420p", {}, {}),
    "mpeg2.mpg": ("mpeg2video", "yuv420p", {"bf": "2"}, {}),
}
# How many frames may be missing at the end without a trace: a program stream that is cut between two packets is a
# whole, shorter one, and Matroska states the time of the last picture, but not that B-frames before it are to come.
TRACELESS = {"mpeg2.mpg": FRAMES - 1, "h264.mkv": 4}


def flip(data: bytearray, draw: random.Random) -> bytearray:
    for _ in range(draw.randint(1, 32)):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return data


def cut(data: bytearray, draw: random.Random) -> bytearray:
    return data[: draw.randrange(len(data))]


def header(data: bytearray, draw: random.Random) -> bytearray:
    """Numbers of the first or the last bytes, where containers keep their tables, become others."""
    near = draw.choice((64, 256, 1024))
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(min(near, len(data) - 4))
        at = at if draw.random() < 0.7 else len(data) - 4 - at
        width = draw.choice((1, 2, 4))
        data[at : at + width] = draw.choice((bytes(width), b"\xff" * width, b"\x7f" + b"\xff" * (width - 1),
                                             draw.randbytes(width)))  # fmt: skip
    return data


def hole(data: bytearray, draw: random.Random) -> bytearray:
    at, size = draw.randrange(len(data)), draw.randint(1, len(data) // 4)
    size = min(size, len(data) - at)
    data[at : at + size] = draw.choice((bytes(size), draw.randbytes(size)))
    return data


def noise(data: bytearray, draw: random.Random) -> bytearray:
    at = draw.randrange(64, len(data))
    return data[:at] + draw.randbytes(len(data) - at)


def splice(data: bytearray, draw: random.Random, other: bytes) -> bytearray:
    """A block of another file, or of this one, stands somewhere it does not belong, or one is missing."""
    at, size = draw.randrange(len(data)), draw.randint(1, 2000)
    start = draw.randrange(len(other))
    over = draw.choice((0, size))
    return data[:at] + draw.choice((other[start : start + size], b"")) + data[at + over :]


KINDS = {kind.__name__: kind for kind in (flip, cut, header, hole, noise, splice)}


def mutate(seed: int, originals: dict[str, bytes]) -> tuple[str, str, bytes]:
    """The damaged file of a seed: name of the original, kind of damage, bytes."""
    draw = random.Random(seed)
    name, kind = draw.choice(sorted(originals)), draw.choice(sorted(KINDS))
    more = (originals[draw.choice((name, *sorted(originals)))],) if kind == "splice" else ()
    return name, kind, bytes(KINDS[kind](bytearray(originals[name]), draw, *more))


# In the process that may die


def outcome(codec, data: bytes, start_s: float, whole: list) -> dict:
    """What became of a file: frames, the reason why no more came, and what is wrong with this answer."""
    count, reason, wrong, prefix, last_s, size = 0, "", "", True, 0.0, None
    began = time.perf_counter()
    try:
        codec.probe(data)
        for time_s, image in codec.decode(data, start_s=start_s):
            size = size or image.shape
            if image.shape != size or str(image.dtype) != "torch.uint8" or image.shape[0] != 3 or not time_s >= last_s:
                wrong = f"frame {count}: {tuple(image.shape)} {image.dtype} at {time_s}"
            prefix = prefix and count < len(whole) and image.equal(whole[count])
            count, last_s = count + 1, time_s
    except codec.DecodeError as error:
        reason = str(error)
        wrong = wrong or ("" if reason else "an error without a reason")
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    if not count and not reason and not start_s:
        wrong = wrong or "neither frames nor a reason"
    return {"frames": count, "reason": reason, "wrong": wrong, "prefix": prefix,
            "seconds": time.perf_counter() - began}  # fmt: skip


def work(folder: str, first: int, end: int) -> None:
    """Decode the damaged files of the seeds and print a line of JSON for each."""
    spec = importlib.util.spec_from_file_location("codec", CODEC)  # alone: the package would take seconds to import
    codec = sys.modules["codec"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(codec)
    originals = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    whole = {name: [image for _, image in codec.decode(data)] for name, data in originals.items()}
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, taken + ROOM))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(first, end):
        name, kind, data = mutate(seed, originals)
        start_s = random.Random(-seed).choice((0.0, 0.0, 0.0, 0.7))
        found = outcome(codec, data, start_s, whole[name])
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        told = {"seed": seed, "name": name, "kind": kind, "start_s": start_s, **found, "grown_mib": grown}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))


# In the process of the tests


def watch(folder: Path, first: int, end: int) -> list[dict]:
    """Run the worker over the seeds; what it dies of or hangs on is noted, and it goes on behind that seed."""
    told: list[dict] = []
    while first < end:
        command = [sys.executable, __file__, str(folder), str(first), str(end)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as worker:
            ready = selectors.DefaultSelector()
            ready.register(worker.stdout, selectors.EVENT_READ)
            patience_s = 3 * PATIENCE_S
            while first < end:
                line = worker.stdout.readline() if ready.select(patience_s) else None
                if not line:
                    worker.kill()
                    wrong = f"hangs for {patience_s} s" if line is None else f"dies with {worker.wait()}"
                    told.append({"seed": first, "wrong": wrong, "frames": 0, "reason": "", "seconds": 0.0})
                    first += 1
                    break
                told.append(json.loads(line))
                first, patience_s = first + 1, PATIENCE_S
    return told


def complaints(told: dict) -> str:
    """What is wrong with an outcome, or ""."""
    lost = told.get("kind") in ("cut", "noise") and not told["start_s"]
    if told["wrong"] or not lost:
        return told["wrong"]
    if told["kind"] == "cut" and not told["prefix"]:
        return "frames that are not those of the original"
    if told["frames"] < FRAMES - TRACELESS.get(told["name"], 0) and not told["reason"]:
        return f"lost its end and does not say so: {told['frames']} frames"
    return ""


def summary(told: list[dict], seconds: float) -> str:
    """One line of figures."""
    kinds = Counter("broken off and said" if t["frames"] and t["reason"] else "refused" if t["reason"] else "decoded"
                    for t in told if not t["wrong"])  # fmt: skip
    figures = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    unsaid = sum(
        t.get("kind") in ("cut", "noise") and t["frames"] < FRAMES and not t["reason"] and not t["start_s"]
        for t in told
    )
    return (f"fuzz: {len(told)} damaged files in {seconds:.0f} s: {figures}, {sum(bool(complaints(t)) for t in told)} "
            f"wrong; {unsaid} lost their end without a trace; slowest {max(t['seconds'] for t in told):.2f} s, "
            f"memory grew by {max(t.get('grown_mib', 0) for t in told):.0f} MiB")  # fmt: skip


@pytest.fixture(scope="module")
def originals(moving, tmp_path_factory):
    """A folder of small whole videos."""
    import av

    folder = tmp_path_factory.mktemp("originals")
    for name, (encoder, pixel_format, options, muxing) in ORIGINALS.items():
        with av.open(str(folder / name), "w", options=muxing) as container:
            stream = container.add_stream(encoder, rate=25, options=options)
            stream.height, stream.width, stream.pix_fmt = 48, 64, pixel_format
            for image in moving(FRAMES):
                array = image.permute(1, 2, 0).contiguous().numpy()
                container.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
            container.mux(stream.encode(None))
    return folder


@pytest.mark.parametrize("count", [60, pytest.param(2400, marks=pytest.mark.soak)])
def test_no_damage_crashes_hangs_or_passes_for_footage(originals, capsys, count):
    began = time.perf_counter()
    told = watch(originals, 0, count)
    with capsys.disabled():
        print("\n" + summary(told, time.perf_counter() - began))
    assert [t["seed"] for t in told] == list(range(count))
    wrong = {t["seed"]: complaints(t) for t in told if complaints(t)}
    assert not wrong, f"in {originals}: {wrong}"
    assert max(t["grown_mib"] for t in told) < MOST_MIB
    assert {bool(t["frames"]) for t in told} == {bool(t["reason"]) for t in told} == {False, True}


def test_a_worker_that_dies_or_hangs_is_seen(tmp_path, monkeypatch):
    script = tmp_path / "worker.py"
    script.write_text("""
import json, os, sys, time
for seed in range(int(sys.argv[2]), int(sys.argv[3])):
    if seed == 2:
        os.abort()
    if seed == 4:
        time.sleep(60)
    print(json.dumps({"seed": seed, "wrong": "", "frames": 1, "reason": "", "seconds": 0.0}), flush=True)
""")
    monkeypatch.setitem(globals(), "__file__", str(script))
    monkeypatch.setitem(globals(), "PATIENCE_S", 0.3)
    told = watch(tmp_path, 0, 6)
    assert [t["seed"] for t in told] == list(range(6))
    assert [t["wrong"] for t in told] == ["", "", "dies with -6", "", "hangs for 0.3 s", ""]


def test_a_seed_makes_the_same_file_again():
    originals = {"a": bytes(range(256)) * 20, "b": bytes(5000)}
    files = [mutate(seed, originals) for seed in range(40)]
    assert files == [mutate(seed, originals) for seed in range(40)]
    assert {kind for _, kind, _ in files} == set(KINDS) and len({data for _, _, data in files}) > 35
    assert all(data != originals[name] for name, kind, data in files if kind in ("cut", "noise"))
