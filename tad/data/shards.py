"""Videos in tar shards, as video2dataset writes them: `00000.tar` with `key.mp4`, `key.txt`, `key.json`."""

from collections.abc import Iterator
from pathlib import Path

from torch.utils.data import IterableDataset, get_worker_info

from tad import checks
from tad.data.loading import sample, video_sample
from tad.data.manifest import resolve
from tad.data.sampling import generator

VIDEO = "mp4"


def shard_files(pattern: str) -> list[str]:
    """The shards that are meant: a folder of `.tar` files, one file, or a brace pattern as `{00000..00099}.tar`.

    Raises:
        ValueError: there is none, or a file of the pattern is missing.
    """
    from webdataset.shardlists import expand_urls

    folder = resolve(pattern)
    found = sorted(folder.glob("*.tar")) if folder.is_dir() else [resolve(name) for name in expand_urls(str(pattern))]
    missing = [str(path) for path in found if not path.is_file()]
    if missing or not found:
        raise ValueError(f"shards must be .tar files; got {missing[0] if missing else f'none in {pattern}'}")
    return [str(path) for path in found]


def is_shards(data: str | Path) -> bool:
    """Whether a source of footage names shards: something that ends in `.tar`, or a folder."""
    return str(data).endswith(".tar") or resolve(data).is_dir()


class ShardClips(IterableDataset):
    """An endless stream of random clips from tar shards, one of each video that is met.

    This is webdataset's resampling: each worker of each process draws whole shards with replacement, with a seed of
    its own. No process can run dry before another; in return an epoch is a number of clips that the caller counts,
    and nothing is promised of a single video: it may come twice or not at all. The stream of a worker
    depends on seed, epoch, process and worker, so an epoch can be repeated from its start, not entered in the middle.
    """

    def __init__(self, shards: list[str], frames: int, size: int, seed: int = 0):
        """Take what it is made of.

        Args:
            shards: names of the .tar files.
            frames: T.
            size: side of the network's square, px.
            seed: of every draw.
        """
        checks.texts("shards", shards)
        checks.whole("frames", frames, 1)
        checks.whole("size", size, 1)
        checks.whole("seed", seed)
        self.shards, self.frames, self.size, self.seed = shards, frames, size, seed
        self.groups: list[str] = []  # shards do not say
        self.rank, self.epoch, self.length = 0, 0, 0  # the caller's, before each epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[dict]:
        """Yield `sample`s without end; a shard that breaks off gives a blank one with the reason."""
        import webdataset

        info = get_worker_info()
        stream = 1000 * self.rank + (info.id if info else 0)
        broken: list[str] = []

        def note(error: Exception) -> bool:
            broken.append(f"{type(error).__name__}: {error.args[0] if error.args else ''}")
            if len(broken) > 10 * len(self.shards):  # nothing else is met any more
                raise ValueError(f"shards must be readable; got {len(broken)} failures in a row, last {broken[-1]}")
            return True

        videos = webdataset.DataPipeline(
            webdataset.ResampledShards(
                self.shards, seed=(self.seed, self.epoch), worker_seed=lambda: stream, deterministic=True
            ),
            webdataset.tarfile_to_samples(handler=note),
        )
        for n, item in enumerate(videos):
            while broken:
                yield sample("a shard", error=broken.pop(0), frames=self.frames, size=self.size)
            name = f"{Path(item['__url__']).name}/{item['__key__']}"
            if VIDEO not in item:
                yield sample(name, error=f"no .{VIDEO} in the shard", frames=self.frames, size=self.size)
                continue
            draws = generator(self.seed, self.epoch, stream * 1_000_000 + n)
            yield video_sample(name, item[VIDEO], draws, self.frames, self.size)
