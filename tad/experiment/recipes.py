"""Training: what 01 shows."""

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from tad import scoring
from tad.data import Encoding, FixedClips, open_footage
from tad.experiment.calibration import save_calibration
from tad.experiment.checkpoints import calibration_path, checkpoint_path, load, save_threshold
from tad.experiment.evaluation import CARD_DETECTOR, calibrate
from tad.experiment.held import Held
from tad.experiment.output import folder
from tad.experiment.scores import NOTHING, reconstruct, score_table
from tad.model import read_facts
from tad.training import RECIPES, Machine, Recipe


@dataclass
class Training:
    """What a training leaves behind."""

    checkpoint: Path
    log: pd.DataFrame  # a row an epoch
    steps: pd.DataFrame  # a row a step
    facts: dict  # see `tad.training.fit`
    threshold: scoring.Threshold
    validation: pd.DataFrame  # scores of the validation reals
    clips: FixedClips  # of the validation split
    model: torch.nn.Module

    def samples(self, most: int = 5) -> tuple[list[dict], dict[str, torch.Tensor]]:
        """One clip of each of some validation groups (rows), with the network's features."""
        first = {row["group"]: i for i, row in reversed(list(enumerate(self.clips.rows)))}
        picked = [first[group] for group in sorted(first)][:most]
        clips = [self.clips[i] for i in picked]
        return [self.clips.rows[i] for i in picked], {"video": torch.stack(clips), **reconstruct(self.model, clips)}

    def undecodable(self) -> pd.DataFrame:
        """The videos that gave nothing, each with its reason."""
        return pd.DataFrame(sorted(self.facts["undecodable"].items()), columns=["video", "reason"])


def train(
    recipe: str | Recipe, data: str, output: str | Path, seed: int = 0, *, val_data: str = "",
    machine: Machine = Machine(), restart: bool = True, network: dict | None = None,  # noqa: B008 it is frozen
) -> Training:  # fmt: skip
    """Train a network on real clips, then choose its threshold on the validation reals.

    Args:
        recipe: one of `tad.training.RECIPES` by name, or one of your own.
        data, val_data: see `tad.data.open_footage`.
        output: folder; the training's files go to `output/training` and are resumed from there.
        seed: of weights and data.
        machine: what it runs on.
        restart: begin anew where that folder holds a training with other settings, instead of refusing it.
        network: fields of the network's configuration that differ from the preset.

    Raises:
        ValueError: unknown recipe, or footage that one-class learning refuses.
    """
    from lightning.pytorch.utilities.rank_zero import rank_zero_only  # this and `fit` take a second to import

    from tad.training import fit

    if isinstance(recipe, str):
        recipe = named_recipe(recipe)
    training = folder(output) / "training"
    training.mkdir(exist_ok=True)
    with nullcontext() if rank_zero_only.rank else Held(training, "training"):
        checkpoint = fit(
            recipe, data, training, seed, val_data=val_data, machine=machine, restart=restart, **(network or {})
        )
    if rank_zero_only.rank:
        sys.exit(0)  # a process of a distributed training has done its part; the first one goes on
    model = load(checkpoint)
    c, rows = model.config, open_footage(data, val_data).validation(recipe.val_videos)
    clips = FixedClips(rows, c.frames, c.size, desc="decoding validation videos")
    built = [scoring.build(name, model) for name in scoring.DETECTORS]
    scores = score_table(built, clips, NOTHING, Encoding("none"), seed, "scoring validation reals")
    threshold = calibrate(scores)
    save_threshold(checkpoint, CARD_DETECTOR, threshold)
    calibration_path(checkpoint).unlink(missing_ok=True)  # of weights that lay there before
    save_calibration(checkpoint, scores[scores["detector"] == CARD_DETECTOR], rows)
    log, steps = (pd.read_csv(training / name) for name in ("log.csv", "steps.csv"))
    return Training(checkpoint, log, steps, read_facts(checkpoint), threshold, scores, clips, model)


def named_recipe(name: str) -> Recipe:
    """A recipe by its name.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}; got {name!r}")
    return RECIPES[name]


def training_groups(checkpoint: str) -> list[str]:
    """The groups that a checkpoint has seen in training."""
    return read_facts(checkpoint_path(checkpoint)).get("training_groups", [])
