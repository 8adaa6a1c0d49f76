"""Reals and the fakes made from them, through one path, scored: the scores table."""

from dataclasses import dataclass
from itertools import product

import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from tad.data import Encoding, FixedClips, to_frames, transcode
from tad.experiment.forging import Forger
from tad.experiment.parallel import in_order
from tad.forgery import Forgery, visibility
from tad.scoring import Detector, score

SCALES = ("psnr_db", "psnr_clip_db", "ssim", "ssim_clip", "jod")
COLUMNS = (
    "video", "group", "split", "label", "dataset", "method", "scope", "strength", "codec", "detector", "seed",
    "start_s", "score", "status", *SCALES,
)  # fmt: skip
LISTED = "listed"  # scope of fakes that a manifest brings along
CONTROL, TWICE = "control", "encoded twice"  # scope and method of the control


@dataclass(frozen=True)
class Ladder:
    """What is made of each real clip."""

    families: dict[str, Forgery]
    strengths: tuple[float, ...]
    twice: bool = False  # the control too: the real, encoded once more
    jod: bool = False  # visibility by ColorVideoVDP too; it takes seconds a clip

    def steps(self) -> list["Step"]:
        """Every version of a clip, the real first."""
        pairs = product(self.families.values(), self.strengths)
        return [Step(), *[Step(twice=True)] * self.twice, *(Step(*pair) for pair in pairs)]


@dataclass(frozen=True)
class Step:
    """One version of a clip: as it is, encoded once more, or forged."""

    family: Forgery | None = None
    strength: float = 0.0
    twice: bool = False


NOTHING = Ladder({}, ())


def version(
    forger: Forger, index: int, step: Step, encoding: Encoding, jod: bool = False
) -> tuple[dict, Tensor | None]:  # fmt: skip
    """Make one version of a clip, encoded and decoded as every other; measure its JOD too where that is asked for.

    Returns:
        The row's facts, and uint8 frames (T, 3, H, W) at the video's own resolution, or None where the family needs a
        face that is not there (the row's status says so).
    """
    facts, frames = forger.clips.rows[index], forger.clips.frames[index]
    fps, row = facts["fps"], {**facts, "seed": forger.seed, "codec": str(encoding), "strength": 0.0, "status": "ok"}
    if step.family is None:
        once = transcode(frames, encoding, fps)
        if step.twice:
            return {**row, "method": TWICE, "scope": CONTROL}, transcode(once, encoding, fps)
        return {**row, **_as_listed(facts)}, once
    row |= {"label": "fake", "method": step.family.name, "scope": step.family.scope, "strength": step.strength}
    made = forger(index, step.family, step.strength)
    if made is None:
        return {**row, "status": "error: no face in the clip"}, None
    seen = visibility(forger.clips[index], *made, fps=fps if jod and step.strength else None)
    return {**row, **seen}, transcode(to_frames(made[0]), encoding, fps)


def _as_listed(row: dict) -> dict:
    """Method, scope and strength of a video as its manifest lists it: a real, or a data set's own fake."""
    if row["label"] == "real":
        return {"method": "original", "scope": "", "strength": 0.0}
    return {"method": row["method"] or "unnamed", "scope": LISTED, "strength": float(row["strength"] or 1.0)}


def score_table(
    detectors: list[Detector], clips: FixedClips, ladder: Ladder, encoding: Encoding, seed: int, desc: str = "scoring",
    left_out: dict[str, list[str]] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Score every clip as it is and as the ladder forges it, by every detector.

    Args:
        detectors: built ones.
        clips: real clips at their own resolution; or a data set's own fakes, which are scored as they are.
        ladder: families and strengths; `NOTHING` for the clips alone.
        encoding: what every clip goes through, real or forged.
        seed: of the forgeries.
        desc: name of the progress bar.
        left_out: by name of a variant of a detector, the families that it was trained without: of the fakes it scores
            theirs alone.

    Returns:
        The scores table (`COLUMNS`), one row a clip and detector; what could not be decoded or forged has a row a
        detector with status "error: reason" and no score.
    """
    forger = Forger(clips, seed)
    if any("landmarks" in family.needs for family in ladder.families.values()):
        forger.find_faces()

    @torch.inference_mode()
    def rows(item: tuple[int, Step]) -> list[dict]:
        facts, frames = version(forger, *item, encoding, ladder.jod)
        family = item[1].family.name if item[1].family else None
        asked = [d for d in detectors if family is None or family in (left_out or {}).get(d.name, [family])]
        scores = dict.fromkeys((d.name for d in asked), float("nan")) if frames is None else score(asked, frames)
        return [{**facts, "detector": name, "score": value} for name, value in scores.items()]

    items = [(index, step) for index in range(len(clips)) for step in ladder.steps()]
    found = sum(tqdm(in_order(rows, items), total=len(items), desc=desc, unit="clip"), [])
    lost = {"codec": str(encoding), "seed": seed, "start_s": 0.0, "score": float("nan")}
    found += [{**row, **_as_listed(row), **lost, "status": reason, "detector": d.name}
              for row, reason in clips.failures for d in detectors]  # fmt: skip
    return pd.DataFrame(found, columns=COLUMNS)


def beside(kept: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Put detectors that were measured later beside those of a table, or in their place where they are the same.

    Args:
        kept: scores table, measured before.
        new: one of the same clips and forgeries by other detectors.

    Returns:
        The rows of `kept` by detectors that are not in `new`, then all of `new`.

    Raises:
        ValueError: a clip of `new` that is not in `kept`, or was made otherwise there: another seed, encoding or PSNR;
            of pooled tables, another fold.
    """
    clip = ["video", "start_s", "method", "strength", *(c for c in ("split", "change", "level") if c in kept)]
    facts = ["seed", "codec", *["fold"] * ("fold" in {*kept, *new}), "psnr_db"]
    if lacking := {column for column in facts if column not in kept or column not in new}:
        raise ValueError(f"both tables must hold the same columns; got one without {', '.join(sorted(lacking))}")
    old, own = (table.drop_duplicates(clip)[[*clip, *facts]] for table in (kept, new))
    both = own.merge(old, "left", on=clip, suffixes=("", "_kept"), indicator=True)
    if (both["_merge"] != "both").any():
        raise ValueError(
            f"both tables must hold the same clips; got {both.loc[both['_merge'] != 'both', clip[0]].iloc[0]}"
        )
    for fact in facts:
        differ = both[fact].ne(both[f"{fact}_kept"]) & both[[fact, f"{fact}_kept"]].notna().any(axis=1)
        if fact == "psnr_db":  # machines round otherwise
            differ &= ~(both[fact] - both[f"{fact}_kept"]).abs().lt(1e-3)
        if differ.any():
            row = both[differ].iloc[0]
            got = f"{row[fact]} and {row[f'{fact}_kept']} of {row['video']}, {row['method']}"
            raise ValueError(f"both tables must have the same {fact}; got {got}")
    return pd.concat([kept[~kept["detector"].isin(set(new["detector"]))], new], ignore_index=True)


def visibilities(scores: pd.DataFrame) -> pd.DataFrame:
    """How visible each family is at each strength: the medians over the clips, one row a family and strength.

    Args:
        scores: scores table.
    """
    made = scores[scores["label"].eq("fake") & scores["strength"].gt(0) & scores["status"].eq("ok")]
    clips = made.drop_duplicates(["video", "start_s", "method", "strength", "seed"])
    table = clips.groupby(["method", "scope", "strength"], sort=False)[list(SCALES)].median().reset_index()
    return table.rename(columns={"method": "family"})


@torch.inference_mode()
def reconstruct(model, clips: list[Tensor]) -> dict[str, Tensor]:
    """What the network makes of some clips: its features (see `EnhancedTimeSformer.features`)."""
    return model.features(torch.stack(clips))
