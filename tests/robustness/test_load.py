"""Many videos in one call: constant memory, results as they come, a restart that skips what is done, and reasons."""

import os
import time

import pandas as pd
import pytest

PAGE = os.sysconf("SC_PAGESIZE")


def broken(n: int, source: bytes) -> bytes:
    """One of four ways of being no video."""
    return (b"", b"no video at all", source[: len(source) // 2], bytes(len(source)))[n % 4]


@pytest.fixture(scope="module")
def sources(manifest):
    return [(manifest.parent / f"{n}.mp4").read_bytes() for n in range(6)]


def _rows(journal) -> int:
    return max(0, journal.read_bytes().count(b"\n") - 1) if journal.is_file() else 0


def _memory_when(one, journal, rows: int) -> int:
    """Bytes that the process holds as soon as so many rows are finished."""
    until = time.monotonic() + 3000
    while _rows(journal) < rows:
        assert time.monotonic() < until
        time.sleep(0.02)
    with open(f"/proc/{one.pid}/statm") as file:
        return int(file.read().split()[1]) * PAGE


@pytest.mark.parametrize("count", [100, pytest.param(10_000, marks=pytest.mark.soak)])
def test_a_hundredth_broken(sources, checkpoint, forked, tmp_path, count, capsys):
    folder = tmp_path / "videos"
    folder.mkdir()
    for n in range(6):
        (folder / f"whole{n}").write_bytes(sources[n])
    paths = [folder / f"{n:05d}.mp4" for n in range(count)]
    bad = range(37, count, 100)
    for n, path in enumerate(paths):
        if n in bad:
            path.write_bytes(broken(n // 100, sources[n % 6]))
        else:
            path.hardlink_to(folder / f"whole{n % 6}")
    out, journal = tmp_path / "s.csv", tmp_path / "s.csv.journal"
    words = ["score", *paths, "--checkpoint", checkpoint, "--format", "csv", "--out", out]
    began = time.monotonic()

    one = forked(*words)
    early, late = _memory_when(one, journal, count // 10), _memory_when(one, journal, count // 2)
    assert one.kill()
    done = _rows(journal)
    before = journal.read_bytes()
    again = forked(*words)
    assert again.wait() == 1, "some could not be scored"
    told = again.log.read_text()
    assert f"{done} of {count} videos were scored before" in told and f"{len(bad)} of {count} videos" in told
    assert journal.name not in os.listdir(tmp_path) and before.count(b"\n") == done + 1

    table = pd.read_csv(out)
    assert table["video"].tolist() == list(map(str, paths)), "each once, in order"
    scored, lost = table[table["status"] == "ok"], table[table["status"] != "ok"]
    assert (len(scored), len(lost)) == (count - len(bad), len(bad))
    assert scored["score"].notna().all() and lost["score"].isna().all()
    assert lost["status"].str.fullmatch("error: .{5,}").all() and set(lost["verdict"]) == {"UNKNOWN"}
    assert scored.groupby(scored.index % 6)["score"].nunique().eq(1).all(), "whatever stood before a video"
    assert late - early < 16 << 20, f"memory grew by {(late - early) >> 20} MiB"
    with capsys.disabled():
        seconds, grown = time.monotonic() - began, (late - early) / 2**20
        print(f"\nload: {count} videos in {seconds:.0f} s, killed once and gone on: {len(scored)} scores, {len(lost)} "
              f"reasons; memory grew by {grown:.1f} MiB from a tenth to the half")  # fmt: skip
