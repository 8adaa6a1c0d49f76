"""Recipes: how long and how fast a network is trained."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Every number of a training run besides the network's own."""

    preset: str = "tiny"  # of the network, in tad.model.PRESETS
    epochs: int = 8
    clips_per_epoch: int = 96
    batch_size: int = 4  # clips
    learning_rate: float = 1e-3  # at its highest
    warmup: float = 0.1  # share of the steps in which the rate rises
    weight_decay: float = 0.05
    photometric: float = 1.0  # weights of the parts of the loss; the frame's MSE weighs 1
    smoothness: float = 0.3
    flow: float = 0.05
    clip_norm: float = 1.0  # gradients are scaled down to this length

    @property
    def total_steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self.epochs * -(-self.clips_per_epoch // self.batch_size)


RECIPES = {
    "smoke": Recipe(epochs=1, clips_per_epoch=4, batch_size=2),  # the tests
    "quick": Recipe(epochs=4, clips_per_epoch=64),  # some minutes on two cores
    "full": Recipe(epochs=8, clips_per_epoch=100),  # the weights that ship
}
