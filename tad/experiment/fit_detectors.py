"""Fit every detector that learns for a checkpoint, on the training reals of a manifest: `tad fit`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

from tad import checks, scoring
from tad.data import Encoding, FixedClips, check_one_class, read_manifest, transcode
from tad.experiment.calibration import save_calibration
from tad.experiment.checkpoints import (
    add_thresholds,
    checkpoint_path,
    load,
    load_threshold,
    save_threshold,
    threshold_path,
)
from tad.experiment.detector_set import VARIANT, detector_set, facts_of, save_detectors
from tad.experiment.evaluation import CARD_DETECTOR, calibrate
from tad.experiment.scores import NOTHING, score_table
from tad.forgery import families
from tad.model import EnhancedTimeSformer
from tad.scoring import Detector, look
from tad.scoring.detectors import Taught
from tad.training import HeadRecipe, Pool, SelfForged, Variation, make_pool

REFERENCE = "supervised_cnn"


@dataclass(frozen=True)
class Material:
    """What detectors are fitted on."""

    per_video: int = 12  # clips, evenly spread
    pairs: int = 6000  # of real and self-forged tiles; 0: no heads
    variants: int = 4  # of the head, each trained without every so many-th family; 0: none
    head: HeadRecipe = HeadRecipe(steps=1200)
    variant: HeadRecipe = HeadRecipe(steps=600)
    variation: Variation = Variation(weakest=0.15)
    supervised: bool = False  # the supervised reference too, which is large and slow to teach


def fit_detectors(
    checkpoint: str, manifest: str, *, encoding: str = "h264:23", seed: int = 0, material: Material = Material(),
    workers: int = 0, device: str = "cpu", names: Iterable[str] = (),
) -> Path:  # fmt: skip
    """Fit all detectors that learn, or some of them, and store what they learned beside the checkpoint.

    Args:
        checkpoint: a file; "demo" fits for the weights that ship.
        manifest: table of videos; its `train` rows are used, which must be real.
        encoding: what the clips of those that learn from reals alone go through first, as in every ladder.
        seed: of the pairs, the weights and the order.
        material: how much they see.
        workers: processes that forge.
        device: where heads are trained.
        names: of the detectors to fit; the others keep what they have learned, which must be from the same groups,
            encoding and seed. All when empty.

    Returns:
        The file.

    Raises:
        ValueError: no real training clip, a fake among them, no such checkpoint, no detector of a name that learns, a
            head without pairs, a single variant, or what is kept was learned of other reals.
    """
    if material.pairs < 0 or min(material.head.steps, material.variant.steps) < 1:
        raise ValueError(f"pairs must be 0 or more, steps 1 or more; got {material.pairs} and {material.head.steps}")
    if material.variants < 0 or material.variants == 1:  # a single one would be taught nothing
        raise ValueError(f"variants must be 0, or 2 or more; got {material.variants}")
    wanted = _wanted(names := list(names), material)
    taught = any(issubclass(scoring.FITTED[name], Taught) for name in wanted)
    if names and taught and not material.pairs:
        raise ValueError(f"a head is taught on a pair or more; got 0 for {', '.join(names)}")
    table = read_manifest(manifest)
    check_one_class(table)
    model, encoding = load(checkpoint), Encoding.parse(encoding)
    clips = FixedClips(table[table["split"] == "train"], model.config.frames, None, material.per_video)
    if not len(clips):
        raise ValueError(f"detectors are fitted on a real training clip or more; got none in {manifest}")
    groups = [row["group"] for row in clips.rows]
    facts = {"seed": str(seed), "encoding": str(encoding), "groups": json.dumps(sorted(set(groups)))}
    if names:
        _check_same(checkpoint, facts)
    fitted = [scoring.build(name, model) for name in wanted if not issubclass(scoring.FITTED[name], Taught)]
    for detector in tqdm(fitted, desc="fitting", unit="detector"):
        detector.fit(Encoded(clips, encoding, detector.view))
    if material.pairs and taught:
        named = {name: family for name, family in families().items() if "landmarks" not in family.needs}
        data = SelfForged(clips.frames, groups, named, material.pairs, seed, material.variation)
        heads, without = fit_heads(model, make_pool(data, workers, device), material, seed, wanted)
        fitted, facts = fitted + heads, facts | {"left_out": json.dumps(without)}
    return save_detectors(checkpoint, fitted, facts, keep=bool(names))


def _wanted(names: list[str], material: Material) -> list[str]:
    """The detectors to fit, in the order of their registration; all but the large reference when none is named."""
    able = [name for name in scoring.FITTED if name != REFERENCE or material.supervised or name in names]
    for name in names:
        checks.one_of("a detector that learns", name, able)
    return [name for name in able if not names or name in names]


def _check_same(checkpoint: str, facts: dict[str, str]) -> None:
    """What is kept beside what is learned now must have been learned of the same reals."""
    for name, stored in facts_of(checkpoint).items():
        if stored != facts.get(name, stored):
            raise ValueError(f"detectors beside one another must have the same {name}, {stored}; got {facts[name]}")


def fit_heads(
    model: EnhancedTimeSformer, pool: Pool, material: Material, seed: int, names: Iterable[str]
) -> tuple[list[Detector], dict[str, list[str]]]:
    """Train each detector that is taught by fakes on all families of a pool, and variants of it, each without some.

    Variant k is trained without every so many-th family, from the k-th on, in the order of scopes and names: each
    lacks some of every scope, and each family is unknown to one variant.

    Returns:
        The detectors, and the families that each variant was trained without.
    """
    heads, left_out = [], {}
    for name in names:
        if issubclass(kind := scoring.FITTED[name], Taught):
            own = {f"{name}{VARIANT}{k}": pool.names[k :: material.variants] for k in range(material.variants)}
            whole = kind(model, recipe=material.head, seed=seed)
            seen = whole.sees(pool)
            heads.append(_taught(whole, name, seen, []))
            heads += [_taught(kind(model, recipe=material.variant, seed=seed), variant, seen, without)
                      for variant, without in own.items()]  # fmt: skip
            left_out |= own
    return heads, left_out


def _taught(detector: Taught, name: str, pool: Pool, without: Iterable[str]) -> Detector:
    detector.name = name
    return detector.learn_from(pool, pool.of(pool.groups, set(pool.names) - set(without)))


def calibrate_detectors(checkpoint: str, manifest: str, default: str = "") -> Path:
    """Choose the threshold of every detector on whole validation reals as they lie; store it and their scores.

    Args:
        checkpoint: a file or "demo", with a threshold of the card's detector beside it.
        manifest: table of videos; its `val` rows are used.
        default: the detector that judges when none is named; the one that did so before when empty.

    Returns:
        The file of thresholds.

    Raises:
        ValueError: no validation real could be scored, or the default is no detector of this checkpoint.
    """
    table, found = read_manifest(manifest), detector_set(checkpoint, variants=False)
    names = [detector.name for detector in found]
    if default and default not in names:
        raise ValueError(f"the default must be one of {', '.join(names)}; got {default!r}")
    val, frames = table[table["split"] == "val"], load(checkpoint).config.frames
    parts = []
    for view in dict.fromkeys(detector.view for detector in found):  # decoded to what each sees, as `tad score` does
        seeing, clips = [d for d in found if d.view == view], FixedClips(val, frames, view)
        parts.append(score_table(seeing, clips, NOTHING, Encoding("none"), 0, "scoring validation reals"))
    scores = pd.concat(parts, ignore_index=True)
    save_calibration(checkpoint, scores, table)
    chosen = {name: calibrate(scores, name) for name in names}
    if (file := threshold_path(checkpoint_path(checkpoint))).is_file():  # the card's was chosen when it was trained
        chosen.pop(load_threshold(checkpoint, CARD_DETECTOR)[0])
    else:
        save_threshold(checkpoint_path(checkpoint), CARD_DETECTOR, chosen.pop(CARD_DETECTOR))
    add_thresholds(checkpoint, chosen, default)
    return file


class Encoded:
    """Clips as a detector sees them after the encoder, made when they are asked for; may be passed over again."""

    def __init__(self, clips: FixedClips, encoding: Encoding, view: int | None):
        self.clips, self.encoding, self.view = clips, encoding, view

    def __iter__(self):
        for frames, row in zip(self.clips.frames, self.clips.rows, strict=True):
            yield look(transcode(frames, self.encoding, row["fps"]), self.view)
