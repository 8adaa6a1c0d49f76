"""Recipes: how long and how fast a network is trained; and what the machine is asked for."""

from dataclasses import dataclass, field

from tad import checks


def _setting(default, told: str):
    """A field that explains itself on the command line."""
    return field(default=default, metadata={"help": told})


@dataclass(frozen=True)
class Recipe:
    """Every number of a training run besides the network's own; together with seed and videos they make the weights."""

    preset: str = _setting("tiny", "of the network: base, small or tiny")
    epochs: int = _setting(8, "times through the footage")
    clips_per_epoch: int = _setting(96, "random clips of an epoch, from memory; 0: every video once, from its file")
    batch_size: int = _setting(4, "clips of a step and process")
    accumulate: int = _setting(1, "batches whose gradients are added up for one step")
    learning_rate: float = _setting(1e-3, "at its highest")
    warmup: float = _setting(0.1, "share of the steps in which the rate rises")
    weight_decay: float = _setting(0.05, "of AdamW, on matrices")
    photometric: float = _setting(1.0, "weight of the flow's photometric loss; the frame's MSE weighs 1")
    smoothness: float = _setting(0.3, "weight of the flow's smoothness")
    hidden: float = _setting(0.0, "share of clips whose mid frame the network does not see and must predict")
    flow: float = _setting(0.05, "weight of the predicted flow's error, a px")
    clip_norm: float = _setting(1.0, "gradients are scaled down to this length")
    val_videos: int = _setting(64, "at most so many videos, spread over the table, validate")
    val_per_video: int = _setting(4, "at most so many clips of each")

    def __post_init__(self):
        for name in ("epochs", "batch_size", "accumulate", "val_videos", "val_per_video"):
            checks.whole(name, getattr(self, name), 1)
        checks.whole("clips_per_epoch", self.clips_per_epoch)
        for name in ("weight_decay", "photometric", "smoothness", "flow"):
            checks.number(name, getattr(self, name), 0)
        for name in ("learning_rate", "clip_norm"):
            checks.number(name, getattr(self, name), 0, above=True)
        for name in ("warmup", "hidden"):
            checks.number(name, getattr(self, name), 0, 1)


RECIPES = {
    "smoke": Recipe(epochs=1, clips_per_epoch=4, batch_size=2),  # the tests
    "quick": Recipe(epochs=4, clips_per_epoch=48),  # some minutes on two cores
    "full": Recipe(epochs=10, clips_per_epoch=400),  # the weights that ship
    # The model card: 16 x 224 x 224, 12 layers, 15 epochs, plain reconstruction. It states no batch and no rate: these
    # are ours, and were not tried.
    "card": Recipe(preset="base", epochs=15, clips_per_epoch=0, batch_size=16, accumulate=2, learning_rate=3e-4),
}


@dataclass(frozen=True)
class Machine:
    """What runs a training; it decides how fast the weights come about, up to rounding not which."""

    devices: str = _setting("auto", "how many, or auto: all GPUs, else one process on the CPU")
    nodes: int = _setting(1, "machines")
    accelerator: str = _setting("auto", "cpu, gpu or auto")
    strategy: str = _setting("auto", "of Lightning: ddp, fsdp, ...")
    precision: str = _setting("auto", "of Lightning: 32-true, bf16-mixed, 16-mixed; auto: bf16 where the GPU has it")
    workers: int = _setting(0, "processes that read videos, for each device")
    compile: bool = _setting(False, "compile the network's parts; slow to begin, then faster on a GPU")
    recompute: bool = _setting(False, "gradient checkpointing: less memory, about a third slower")
    max_time: str = _setting("", "DD:HH:MM:SS after which this start stops, to be resumed")
    save_every: int = _setting(50, "steps between checkpoints within an epoch")
    log_every: int = _setting(1, "steps between rows of steps.csv")

    def __post_init__(self):
        for name, least in (("nodes", 1), ("workers", 0), ("save_every", 1), ("log_every", 1)):
            checks.whole(name, getattr(self, name), least)
