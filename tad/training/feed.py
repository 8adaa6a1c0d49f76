"""From footage to batches, for every process its share."""

import lightning as L
from torch.utils.data import DataLoader, Dataset

from tad.data import EachOnce, FixedClips, Footage, ShardClips, TrainingClips, VideoFiles, sample
from tad.data.sampling import PADDING
from tad.model import ModelConfig
from tad.training.recipes import Machine, Recipe


class _Validation(Dataset):
    """Clips in memory as samples."""

    def __init__(self, clips: FixedClips, config: ModelConfig):
        self.clips, self.config = clips, config

    def __getitem__(self, which: tuple[int, int]) -> dict:
        _, index = which
        if index == PADDING:
            return sample("", frames=self.config.frames, size=self.config.size)
        return sample(self.clips.rows[index]["video"], self.clips[index])


class Feed(L.LightningDataModule):
    """Training and validation batches of a footage.

    What an epoch guarantees: with `clips_per_epoch` 0 each video of the table comes exactly once, over all
    processes; with a number, so many random clips, each group of videos equally often; from shards, so many clips of
    shards drawn with replacement (see `tad.data.ShardClips`).
    """

    def __init__(self, footage: Footage, config: ModelConfig, recipe: Recipe, machine: Machine, seed: int):
        super().__init__()
        self.recipe, self.machine, self.seed = recipe, machine, seed
        self.used = 0  # batches that a resumed training has used before
        size = (config.frames, config.size)
        if footage.shards and not recipe.clips_per_epoch:
            raise ValueError("shards do not say how many videos they hold: clips_per_epoch must be given; got 0")
        if footage.shards:
            self.data = ShardClips(footage.shards, *size, seed)
        elif recipe.clips_per_epoch:
            self.data = TrainingClips(footage.train, *size, recipe.clips_per_epoch, seed)
        else:
            self.data = VideoFiles(footage.train, *size, seed)
        rows = footage.validation(recipe.val_videos)
        self.clips = FixedClips(rows, *size, recipe.val_per_video, desc="decoding validation videos")
        if not len(self.clips):
            raise ValueError(f"validation needs a video with {config.frames} frames without a cut; got none")
        self.validation = _Validation(self.clips, config)

    @property
    def streams(self) -> bool:
        """Whether an epoch cannot be entered in the middle."""
        return isinstance(self.data, ShardClips)

    def sampler(self, items: int, **order) -> EachOnce:
        """The share of this process."""
        where = {"rank": self.trainer.global_rank, "processes": self.trainer.world_size} if self.trainer else {}
        return EachOnce(items, self.recipe.batch_size, **order, **where)

    def state_dict(self) -> dict:
        return {"batches": self.trainer.fit_loop.epoch_loop.batch_progress.total.ready}

    def load_state_dict(self, state_dict: dict):
        """Lightning calls this before it asks for the batches, as it must be: workers begin at once."""
        self.used = state_dict["batches"]

    def begin_epoch(self, epoch: int):
        """Tell the data which epoch is drawn next."""
        self.order.epoch = epoch
        if self.streams:
            self.data.epoch = epoch

    def train_dataloader(self) -> DataLoader:
        length = self.recipe.clips_per_epoch if self.streams else len(self.data)
        # draws from memory are random as they are; files are shuffled
        self.order = self.sampler(length, seed=self.seed if isinstance(self.data, VideoFiles) else None)
        self.order.enter(self.used)
        if self.streams:
            self.data.rank, self.data.length = self.trainer.global_rank, self.order.batches * self.recipe.batch_size
            self.begin_epoch(self.order.epoch)
            return self._loader(self.data)
        return self._loader(self.data, sampler=self.order)

    def val_dataloader(self) -> DataLoader:
        return DataLoader(self.validation, self.recipe.batch_size, sampler=self.sampler(len(self.clips)))

    def _loader(self, data: Dataset, **order) -> DataLoader:
        pin = self.trainer.strategy.root_device.type == "cuda"
        return DataLoader(data, self.recipe.batch_size, num_workers=self.machine.workers, pin_memory=pin, **order)
