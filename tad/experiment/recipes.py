"""The four experiments that the notebooks show, one function each."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from tad import scoring
from tad.data import FixedClips, open_footage, project_root, read_manifest
from tad.experiment.checkpoints import checkpoint_path, load, save_threshold
from tad.experiment.forging import choose, forged, reconstruct, score_table
from tad.model import read_facts
from tad.report import CARD
from tad.training import RECIPES, Machine, Recipe, fit

CARD_DETECTOR = "midframe_mse"


def folder(output: str | Path) -> Path:
    """The folder for a notebook's tables, made if need be; a relative path counts from the project's root.

    Papermill runs a notebook in the root, JupyterLab in the notebook's own folder: both must mean the same place.
    """
    path = project_root() / output
    path.mkdir(parents=True, exist_ok=True)
    return path


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
    if isinstance(recipe, str):
        recipe = named_recipe(recipe)
    training = folder(output) / "training"
    checkpoint = fit(
        recipe, data, training, seed, val_data=val_data, machine=machine, restart=restart, **(network or {})
    )
    if rank_zero_only.rank:
        sys.exit(0)  # a process of a distributed training has done its part; the first one goes on
    model = load(checkpoint)
    clips = _decoded(model, open_footage(data, val_data).validation(recipe.val_videos))
    scores = score_table(model, clips, {}, (), seed, "scoring validation reals")
    threshold = calibrate(scores)
    save_threshold(checkpoint, CARD_DETECTOR, threshold)
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


def calibrate(scores: pd.DataFrame, detector: str = CARD_DETECTOR, unit: str = "video") -> scoring.Threshold:
    """The 95 % quantile of validation reals, of whole videos or of clips."""
    rows = scores[scores["detector"] == detector]
    return scoring.quantile_threshold(scoring.video_scores(rows) if unit == "video" else rows)


@dataclass
class Evaluation:
    """Scores of test clips and their fakes, with the threshold from validation reals."""

    scores: pd.DataFrame
    threshold: scoring.Threshold
    unit: str
    seed: int

    def of(self, scope: str | None) -> pd.DataFrame:
        """The reals, and the fakes of one scope."""
        s = self.scores
        return s if scope is None else s[(s["label"] == "real") | (s["scope"] == scope)]

    def oracle(self, scope: str | None = "whole", detector: str = CARD_DETECTOR) -> scoring.Threshold:
        """The threshold that maximises accuracy on these very scores."""
        rows = self.of(scope)
        rows = rows[rows["detector"] == detector]
        return scoring.oracle_threshold(scoring.video_scores(rows) if self.unit == "video" else rows)

    def summary(self, scope: str | None = "whole", threshold=None, detector: str = CARD_DETECTOR) -> pd.DataFrame:
        """Every metric with its interval; see `tad.scoring.summary`."""
        return scoring.summary(self.of(scope), threshold or self.threshold, detector, self.unit, seed=self.seed)

    def by_family(self, detector: str = CARD_DETECTOR) -> pd.DataFrame:
        """Each family by itself; see `tad.scoring.by_family`."""
        return scoring.by_family(self.scores, self.threshold, detector, self.unit, seed=self.seed)

    def against_card(self) -> pd.DataFrame:
        """The ultra-extreme families beside the card's numbers."""
        return scoring.against_card(self.summary(), self.summary(threshold=self.oracle()), vars(CARD))


def evaluate(
    checkpoint: str, manifest: str, output: str | Path, *, seed: int = 0, per_video: int = 0, unit: str = "video"
) -> Evaluation:
    """Score held-out reals, every family at full strength, and the fakes that the manifest itself lists.

    Args:
        checkpoint: a file, or "demo" for the weights that ship.
        manifest: table of videos; its `val` rows give the threshold, its `test` rows are judged.
        output: folder; receives `scores.parquet` and `against_card.csv`.
        seed: of the forgeries and the bootstrap.
        per_video: at most so many clips of a video, evenly spread; 0 for all.
        unit: what is judged, "video" (mean of its clips) or "clip".
    """
    found = _measure(checkpoint, manifest, output, "scores.parquet", (1.0,), seed, per_video, unit, None)
    found.against_card().to_csv(folder(output) / "against_card.csv", index=False)
    return found


def ladder(
    checkpoint: str, manifest: str, output: str | Path, *, strengths: list[float], seed: int = 0, per_video: int = 0,
    unit: str = "clip", families: list[str] | None = None,
) -> tuple[Evaluation, pd.DataFrame]:  # fmt: skip
    """Score each family at growing strength, the same manipulation at every step.

    Args:
        strengths: in [0, 1].
        families: names; all when empty.
        others: as `evaluate`.

    Returns:
        The scores, also in `output/ladder.parquet`, and the AUC over strength of each family and detector.
    """
    found = _measure(checkpoint, manifest, output, "ladder.parquet", tuple(strengths), seed, per_video, unit, families)
    curves = [
        scoring.detectability(found.scores, name, unit, seed=seed).assign(detector=name) for name in scoring.DETECTORS
    ]
    return found, pd.concat(curves, ignore_index=True)


def _measure(checkpoint, manifest, output, name, strengths, seed, per_video, unit, families) -> Evaluation:
    model = load(checkpoint)
    val, test = (_clips(model, manifest, split, per_video) for split in ("val", "test"))
    reals = score_table(model, val, {}, (), seed, "scoring validation reals")
    scores = score_table(model, test, choose(names=families), strengths, seed, "scoring test reals and fakes")
    if len(own := _rows(manifest, "test", "fake")):
        listed = score_table(model, _decoded(model, own, per_video), {}, (), seed, "scoring the manifest's own fakes")
        scores = pd.concat([scores, listed], ignore_index=True)
    pd.concat([reals, scores], ignore_index=True).to_parquet(folder(output) / name)
    return Evaluation(scores, calibrate(reals, unit=unit), unit, seed)


def _clips(model, manifest: str, split: str, per_video: int = 0) -> FixedClips:
    rows = _rows(manifest, split, "real")
    if rows.empty:
        raise ValueError(f"the {split} split must hold a real video; got none in {manifest}")
    return _decoded(model, rows, per_video)


def _rows(manifest: str, split: str, label: str) -> pd.DataFrame:
    rows = read_manifest(manifest)
    return rows[(rows["split"] == split) & (rows["label"] == label)]


def _decoded(model, rows: pd.DataFrame, per_video: int = 0) -> FixedClips:
    c = model.config
    return FixedClips(rows, c.frames, c.size, per_video or None, desc=f"decoding {rows['split'].iloc[0]} videos")


def pick(checkpoint: str, manifest: str, family: str, strength: float, seed: int = 0) -> tuple:
    """One test clip of each group, real and forged, for a look inside the network.

    Returns:
        The network, and a list of (row, clip, forged clip, mask).
    """
    model = load(checkpoint)
    clips = _clips(model, manifest, "test", per_video=1)
    chosen = choose(names=[family])[family]
    return model, [(row, clips[i], *forged(clips, i, chosen, strength, seed)) for i, row in enumerate(clips.rows)]


def training_groups(checkpoint: str) -> list[str]:
    """The groups that a checkpoint has seen in training."""
    return read_facts(checkpoint_path(checkpoint)).get("training_groups", [])
