"""Fit every detector that learns for a checkpoint, on the training reals of a manifest: `tad fit`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm import tqdm

from tad import scoring
from tad.data import Encoding, FixedClips, check_one_class, read_manifest, transcode
from tad.experiment.checkpoints import load
from tad.experiment.detector_set import VARIANT, save_detectors
from tad.forgery import families
from tad.model import LocalBranch
from tad.scoring import Detector, look
from tad.training import HeadRecipe, Pool, SelfForged, Variation, fit_head, make_pool

HEAD = "local_head"


@dataclass(frozen=True)
class Material:
    """What detectors are fitted on."""

    per_video: int = 12  # clips, evenly spread
    pairs: int = 6000  # of real and self-forged tiles; 0: no heads
    variants: int = 4  # of the head, each trained without so large a share of the families
    head: HeadRecipe = HeadRecipe(steps=1200)
    variant: HeadRecipe = HeadRecipe(steps=600)
    variation: Variation = Variation(weakest=0.15)


def fit_detectors(
    checkpoint: str, manifest: str, *, encoding: str = "h264:23", seed: int = 0, material: Material = Material(),
    workers: int = 0, device: str = "cpu",
) -> Path:  # fmt: skip
    """Fit all detectors that learn, and store what they learned beside the checkpoint.

    Args:
        checkpoint: a file; "demo" fits for the weights that ship.
        manifest: table of videos; its `train` rows are used, which must be real.
        encoding: what the clips of those that learn from reals alone go through first, as in every ladder.
        seed: of the pairs, the weights and the order.
        material: how much they see.
        workers: processes that forge.
        device: where heads are trained.

    Returns:
        The file.

    Raises:
        ValueError: no real training clip, a fake among them, or no such checkpoint.
    """
    table = read_manifest(manifest)
    check_one_class(table)
    model, encoding = load(checkpoint), Encoding.parse(encoding)
    clips = FixedClips(table[table["split"] == "train"], model.config.frames, None, material.per_video)
    if not len(clips):
        raise ValueError(f"detectors are fitted on a real training clip or more; got none in {manifest}")
    fitted = [scoring.build(name, model) for name in scoring.FITTED if name != HEAD]
    for detector in tqdm(fitted, desc="fitting", unit="detector"):
        detector.fit(Encoded(clips, encoding, detector.view))
    groups = [row["group"] for row in clips.rows]
    facts = {"seed": str(seed), "encoding": str(encoding), "groups": json.dumps(sorted(set(groups)))}
    if material.pairs:
        named = {name: family for name, family in families().items() if "landmarks" not in family.needs}
        data = SelfForged(clips.frames, groups, named, material.pairs, seed, material.variation)
        heads, left_out = fit_heads(make_pool(data, workers, device), material, seed)
        fitted, facts = fitted + heads, facts | {"left_out": json.dumps(left_out)}
    return save_detectors(checkpoint, fitted, facts)


def fit_heads(pool: Pool, material: Material, seed: int) -> tuple[list[Detector], dict[str, list[str]]]:
    """Train the local head on all families of a pool, and its variants, each without some.

    Variant k is trained without every so many-th family, from the k-th on, in the order of scopes and names: each
    lacks some of every scope, and each family is unknown to one variant.

    Returns:
        The detectors, and the families that each variant was trained without.
    """
    left_out = {f"{HEAD}{VARIANT}{k}": pool.names[k :: material.variants] for k in range(material.variants)}
    heads = [_head(HEAD, pool, [], material.head, seed)]
    heads += [_head(name, pool, without, material.variant, seed) for name, without in left_out.items()]
    return heads, left_out


def _head(name: str, pool: Pool, without: Iterable[str], recipe: HeadRecipe, seed: int) -> Detector:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = LocalBranch().to(pool.real.device)
    which = pool.of(pool.groups, set(pool.names) - set(without))
    learned = fit_head(net, pool, which, recipe, seed, f"teaching {name}").cpu().state_dict()
    detector = scoring.build(HEAD, None).load(learned)
    detector.name = name
    return detector


class Encoded:
    """Clips as a detector sees them after the encoder, made when they are asked for; may be passed over again."""

    def __init__(self, clips: FixedClips, encoding: Encoding, view: int | None):
        self.clips, self.encoding, self.view = clips, encoding, view

    def __iter__(self):
        for frames, row in zip(self.clips.frames, self.clips.rows, strict=True):
            yield look(transcode(frames, self.encoding, row["fps"]), self.view)
