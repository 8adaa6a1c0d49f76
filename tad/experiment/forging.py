"""Reals and the fakes made from them, scored in one pass through one path: the scores table."""

import hashlib
from collections.abc import Iterator

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from tad.data import FixedClips
from tad.forgery import Forgery, families, forge, psnr_db
from tad.scoring import DETECTORS, Detector, build, score_stream

COLUMNS = (
    "video", "group", "split", "label", "dataset", "method", "scope", "strength", "codec", "detector", "seed",
    "start_s", "score", "status", "psnr_db",
)  # fmt: skip
LISTED = "listed"  # scope of fakes that a manifest brings along


def forged(clips: FixedClips, index: int, family: Forgery, strength: float, seed: int) -> tuple[Tensor, Tensor]:
    """Forge one clip; the draws depend on the seed, the family and the clip, not on the strength.

    The donor, where one is needed, is a clip of another group of the same split.

    Returns:
        The forged clip and its mask.

    Raises:
        ValueError: there is no other group to take a donor from.
    """
    row = clips.rows[index]
    name = f"{seed} {family.name} {row['video']} {row['start_s']}"
    draw = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
    donor = None
    if "donor" in family.needs:
        others = [i for i, other in enumerate(clips.rows) if _may_give(other, row)]
        if not others:
            raise ValueError(f"a donor must come from another group of the split; got one group, {row['group']}")
        donor = clips[others[draw % len(others)]]
    return forge(family.name, clips[index], strength, draw, donor=donor)


def _may_give(donor: dict, taker: dict) -> bool:
    return donor["group"] != taker["group"] and donor["split"] == taker["split"]


def score_table(
    model, clips: FixedClips, chosen: dict[str, Forgery], strengths: tuple[float, ...], seed: int, desc: str = "scoring"
) -> pd.DataFrame:
    """Score every clip as it is and as each family forges it at each strength, by every detector.

    Args:
        model: the network.
        clips: real clips; or a data set's own fakes, which are scored as they are.
        chosen: families by name; none for the reals alone.
        strengths: of the forgeries, in [0, 1].
        seed: of the forgeries.
        desc: name of the progress bar.

    Returns:
        The scores table (`COLUMNS`), one row a clip and detector; videos that could not be decoded have a row a
        detector with status "error: reason" and no score.
    """
    detectors = [build(name, model) for name in DETECTORS]
    facts: list[dict] = []
    plan = [
        (i, f, s)
        for i in range(len(clips))
        for f, s in [(None, 0.0), *((f, s) for f in chosen.values() for s in strengths)]
    ]

    def tensors() -> Iterator[Tensor]:
        for index, family, strength in plan:
            clip, row = clips[index], {**clips.rows[index], "seed": seed, "codec": "none", "strength": strength}
            if family is None:
                facts.append({**row, **_as_listed(row), "psnr_db": float("nan")})
                yield clip
                continue
            fake, mask = forged(clips, index, family, strength, seed)
            visible = psnr_db(clip, fake, mask)
            facts.append({**row, "label": "fake", "method": family.name, "scope": family.scope, "psnr_db": visible})
            yield fake

    rows = []
    for i, scores in enumerate(tqdm(score_stream(detectors, tensors()), total=len(plan), desc=desc, unit="clip")):
        rows += [{**facts[i], "detector": name, "score": score, "status": "ok"} for name, score in scores.items()]
    rows += _failures(clips, detectors, seed)
    return pd.DataFrame(rows, columns=COLUMNS)


def _as_listed(row: dict) -> dict:
    """Method, scope and strength of a video as its manifest lists it: a real, or a data set's own fake."""
    if row["label"] == "real":
        return {"method": "original", "scope": "", "strength": 0.0}
    return {"method": row["method"] or "unnamed", "scope": LISTED, "strength": 1.0}


def _failures(clips: FixedClips, detectors: list[Detector], seed: int) -> list[dict]:
    lost = {"codec": "none", "seed": seed, "start_s": 0.0, "score": float("nan"), "psnr_db": float("nan")}
    return [
        {**row, **_as_listed(row), **lost, "detector": detector.name, "status": reason}
        for row, reason in clips.failures
        for detector in detectors
    ]


def choose(scope: str | None = None, names: list[str] | None = None) -> dict[str, Forgery]:
    """Families by scope and, where given, by name.

    Raises:
        ValueError: a name that no family of that scope has.
    """
    known = families(scope)
    unknown = sorted(set(names or []) - set(known))
    if unknown:
        raise ValueError(f"families must be among {', '.join(known)}; got {', '.join(unknown)}")
    usable = {name: f for name, f in known.items() if "landmarks" not in f.needs}
    return {name: usable[name] for name in names} if names else usable


@torch.inference_mode()
def reconstruct(model, clips: list[Tensor]) -> dict[str, Tensor]:
    """What the network makes of some clips: its features (see `EnhancedTimeSformer.features`)."""
    return model.features(torch.stack(clips))
