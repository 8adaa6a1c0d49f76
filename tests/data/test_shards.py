import io
import itertools
import json
import tarfile

import pytest
import torch

from tad.data import ShardClips, open_footage
from tad.data.shards import shard_files

pytest.importorskip("webdataset")


@pytest.fixture
def shards(tmp_path, moving, write):
    """Three shards of two videos as video2dataset writes them: key.mp4, key.txt, key.json."""
    for n in range(3):
        with tarfile.open(tmp_path / f"{n:05d}.tar", "w") as tar:
            for k in range(2):
                video = write(moving(12, seed=10 * n + k)).read_bytes()
                told = json.dumps({"status": "success", "key": f"{n}{k}"}).encode()
                for ending, content in (("mp4", video), ("txt", b"a caption"), ("json", told)):
                    entry = tarfile.TarInfo(f"{n}{k}.{ending}")
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
    return tmp_path


def _take(data, n):
    return list(itertools.islice(data, n))


def test_shards_are_named_by_folder_file_or_braces(shards):
    names = [f"{n:05d}.tar" for n in range(3)]
    for pattern in (shards, f"{shards}/{{00000..00002}}.tar"):
        assert [path.split("/")[-1] for path in shard_files(pattern)] == names
    assert len(shard_files(shards / "00001.tar")) == 1
    with pytest.raises(ValueError, match="must be .tar files; got .*00003.tar"):
        shard_files(f"{shards}/{{00000..00003}}.tar")
    (shards / "empty").mkdir()
    with pytest.raises(ValueError, match="got none in .*empty"):
        shard_files(shards / "empty")


def test_clips_of_all_videos_come_out(shards):
    items = _take(ShardClips(shard_files(shards), frames=4, size=32, seed=1), 60)
    assert {item["video"] for item in items} == {f"{n:05d}.tar/{n}{k}" for n in range(3) for k in range(2)}
    assert all(item["clip"].shape == (3, 4, 32, 32) and item["weight"] == 1 and not item["error"] for item in items)


def test_a_stream_depends_on_seed_epoch_and_process(shards):
    def stream(seed=1, epoch=0, rank=0):
        data = ShardClips(shard_files(shards), frames=4, size=32, seed=seed)
        data.epoch, data.rank = epoch, rank
        return torch.stack([item["clip"] for item in _take(data, 6)])

    first = stream()
    assert torch.equal(stream(), first)
    assert not any(torch.equal(other, first) for other in (stream(seed=2), stream(epoch=1), stream(rank=1)))


def test_what_cannot_be_used_is_a_blank_with_its_reason(shards):
    whole = (shards / "00002.tar").read_bytes()
    with tarfile.open(shards / "00001.tar", "w") as tar:  # a video that is none, and one that was not loaded
        for name, content in (("10.mp4", b"no video"), ("11.json", b"{}")):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    (shards / "00002.tar").write_bytes(whole[: len(whole) // 3])  # broken off
    items = _take(ShardClips(shard_files(shards), frames=4, size=32, seed=1), 80)
    reasons = {item["video"]: item["error"] for item in items if item["error"]}
    assert reasons["00001.tar/10"].startswith("Invalid data")
    assert reasons["00001.tar/11"] == "no .mp4 in the shard"
    assert "unexpected end of data" in reasons["a shard"]
    assert all((item["weight"] == 0) == bool(item["error"]) for item in items)
    assert {item["video"] for item in items if not item["error"]} == {"00000.tar/00", "00000.tar/01", "00002.tar/20"}


def test_shards_of_which_none_can_be_read_stop(tmp_path):
    (tmp_path / "00000.tar").write_bytes(b"no tar" * 1000)
    with pytest.raises(ValueError, match="shards must be readable; got 11 failures in a row"):
        _take(ShardClips(shard_files(tmp_path), frames=4, size=32), 1)


def test_footage_of_shards_needs_a_table_to_validate_on(shards, manifest, moving_mp4, tmp_path):
    with pytest.raises(ValueError, match="need a table of videos to validate on"):
        open_footage(shards)
    manifest({"path": moving_mp4, "split": "test"})
    footage = open_footage(f"{shards}/{{00000..00002}}.tar", tmp_path / "manifest.csv")
    assert len(footage.shards) == 3 and len(footage.val) == 1 and footage.train.empty
