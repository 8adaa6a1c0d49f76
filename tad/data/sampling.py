"""Which item comes when: an order that any number of processes share and that can be entered anywhere."""

import math
from collections.abc import Iterator

import torch
from torch.utils.data import Sampler

from tad import checks

PADDING = -1  # an item that is none: it fills the last round, so that every process takes as many steps


class EachOnce(Sampler):
    """Every item exactly once an epoch over all processes; the last round is filled with `PADDING`.

    torch's `DistributedSampler` fills it by drawing some items twice. An item is named (epoch, index), so that what
    is drawn for it depends on nothing else, and a stopped epoch is entered again at any batch.
    """

    def __init__(self, items: int, batch_size: int, *, seed: int | None = None, rank: int = 0, processes: int = 1):
        """Order `items` items.

        Args:
            items: their number.
            batch_size: items of a batch of one process.
            seed: of the order of each epoch; items come in order when None.
            rank: of this process.
            processes: how many share the items.
        """
        for name, value in {"items": items, "batch_size": batch_size, "processes": processes}.items():
            checks.whole(name, value, 1)
        for name, value in {"seed": 0 if seed is None else seed, "rank": rank}.items():
            checks.whole(name, value)
        self.items, self.batch_size, self.seed, self.rank, self.processes = items, batch_size, seed, rank, processes
        self.epoch, self.done = 0, 0  # batches of this epoch that were used before

    def enter(self, batches: int):
        """Go on where so many batches have been used since the beginning."""
        self.epoch, self.done = divmod(batches, self.batches)

    @property
    def batches(self) -> int:
        """Batches of one process and epoch."""
        return math.ceil(len(self) / self.batch_size)

    def __len__(self) -> int:
        return math.ceil(self.items / self.processes)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = torch.arange(self.items)
        if self.seed is not None:
            order = order[torch.randperm(self.items, generator=generator(self.seed, self.epoch, 0))]
        order = torch.cat([order, order.new_full((len(self) * self.processes - self.items,), PADDING)])
        epoch, done, self.done = self.epoch, self.done, 0
        for index in order[self.rank :: self.processes][done * self.batch_size :].tolist():
            yield epoch, index


def generator(seed: int, epoch: int, index: int) -> torch.Generator:
    """The source of draws of one item of one epoch."""
    return torch.Generator().manual_seed((seed * 1_000_003 + epoch) * 1_000_003 + index)
