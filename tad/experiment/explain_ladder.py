"""How right explanations are: every method held against the masks of a ladder of forgeries, beside the controls."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from tad import explain
from tad.data import LONG_SIDE, Encoding, FixedClips, centre_crop, resize_short_side, resolve, to_frames, transcode
from tad.experiment.checkpoints import load
from tad.experiment.detector_set import detector_set
from tad.experiment.evaluation import ENCODING, reals_of
from tad.experiment.fit_detectors import Encoded
from tad.experiment.forging import Forger, choose
from tad.experiment.output import folder
from tad.explain import Effort, Questions
from tad.forgery import Forgery, psnr_db
from tad.scoring import Detector, look

DETECTORS = ("midframe_mse", "local_head", "interpolation_residual")  # those of these that can score are explained
KEY = ("video", "group", "family", "scope", "strength", "detector")


@dataclass(frozen=True)
class View:
    """One version of a clip, real or forged, as a detector looks at it."""

    facts: dict  # video, group, family, scope, strength, psnr_db
    frames: Tensor  # uint8 (T, 3, H, W), after the encoder, at the video's own resolution
    mask: Tensor  # (T, H, W) in [0, 1], of what was changed, before it

    def clip(self, view: int | None) -> Tensor:
        """The clip (3, T, h, w), see `tad.scoring.look`."""
        return look(self.frames, view)

    def changed(self, view: int | None) -> Tensor:
        """The mask (T, h, w), scaled and cropped as the clip."""
        if view is None:
            return self.mask
        return centre_crop(resize_short_side(self.mask[:, None], view), view)[:, 0].clamp(0, 1)


@dataclass
class Looked:
    """The clips whose explanations are measured, and what explains them."""

    checkpoint: str = "demo"  # a file, or the weights that ship
    manifest: str = "data/demo/manifest.csv"  # its test rows are forged and explained, its val rows say what is usual
    detectors: list[str] = field(default_factory=list)  # names; those of `DETECTORS` that can score when empty
    lasting: int = 6  # frames that are forged, the mid frame among them; 0 for all
    most: int = 0  # groups, one clip each; 0 for all
    encoding: str = ENCODING
    long_side: int = LONG_SIDE  # px at most
    seed: int = 0

    @cached_property
    def model(self):
        """The network."""
        return load(self.checkpoint)

    @cached_property
    def clips(self) -> FixedClips:
        """One test clip of each group, at its own resolution."""
        rows = reals_of(self.manifest, "test").drop_duplicates("group")
        rows = rows.head(self.most) if self.most else rows
        return FixedClips(rows, self.model.config.frames, None, 1, "decoding test videos", self.long_side)

    @cached_property
    def judges(self) -> list[Detector]:
        """The detectors whose scores are explained."""
        if self.detectors:
            return detector_set(self.checkpoint, self.detectors)
        return [d for d in detector_set(self.checkpoint, variants=False) if d.name in DETECTORS]

    @cached_property
    def maps(self) -> dict[str, Detector]:
        """The error maps; fitted on validation reals where they were not fitted for this checkpoint."""
        fitted = detector_set(self.checkpoint, variants=False)
        if set(explain.ERROR_MAPS.values()) <= {d.name for d in fitted}:
            return explain.error_maps(self.model, fitted=fitted)
        reals = FixedClips(
            reals_of(self.manifest, "val"), self.model.config.frames, None, 1, "decoding validation videos",
            self.long_side,
        )  # fmt: skip
        return explain.error_maps(self.model, Encoded(reals, Encoding.parse(self.encoding), self.model.config.size))

    def views(self, families: dict[str, Forgery], strengths: list[float]) -> Iterator[View]:
        """Forge every clip by every family at every strength, for a part of its time, and encode it.

        At strength 0 it is the real; its mask is that of the greatest strength, so that it says how often a map points
        there when nothing was changed. What a family cannot forge is left out.
        """
        forger, encoding = Forger(self.clips, self.seed), Encoding.parse(self.encoding)
        for family, (index, row) in product(families.values(), enumerate(self.clips.rows)):
            made = {s: forger(index, family, s) for s in sorted({*strengths, max(strengths)})}
            if made[max(strengths)] is None:
                continue
            when = self._when(row)
            for strength in strengths:
                forged, mask = made[strength][0], made[strength if strength else max(strengths)][1]
                mask = torch.where(when, mask, 0)
                clip = torch.where(when, forged, self.clips[index])
                facts = {name: row[name] for name in ("video", "group", "start_s")}
                facts |= {"family": family.name, "scope": family.scope, "strength": strength, "fps": row["fps"]}
                facts["psnr_db"] = psnr_db(self.clips[index], clip, mask) if strength else float("inf")
                yield View(facts, transcode(to_frames(clip), encoding, row["fps"]), mask)

    def _when(self, row: dict) -> Tensor:
        """Which frames are forged, (T, 1, 1): a stretch drawn for each clip, the mid frame somewhere in it."""
        total = self.model.config.frames
        lasting = min(self.lasting or total, total)
        first, last = max(0, total // 2 - lasting + 1), min(total // 2, total - lasting)
        start = first + _draw(self.seed, row) % (last - first + 1)
        frames = torch.arange(total)[:, None, None]
        return (frames >= start) & (frames < start + lasting)


def _draw(seed: int, row: dict) -> int:
    """A number of each clip, whatever was done to it: of its stretch, its random map, its deletions."""
    name = f"{seed} stretch {row['video']} {row['start_s']}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


def measure_explanations(
    looked: Looked, families: list[str], strengths: list[float], effort: Effort = Effort(),  # noqa: B008 it is frozen
    questions: Questions = Questions(), weaker: Questions | None = None,  # noqa: B008 it is frozen
) -> pd.DataFrame:  # fmt: skip
    """Explain every detector's score of every forged clip by every method, and measure how right each is.

    Args:
        looked: which clips and detectors.
        families: names; the local ones when empty. Faces are left out where a clip shows none.
        strengths: in [0, 1]; 0 is the real held against the mask of its fake.
        effort: see `tad.explain.Effort`.
        questions: see `tad.explain.Questions`, asked at the greatest strength; random weights in the first family
            alone.
        weaker: asked at the others; the same when None.

    Returns:
        A row a clip, family, strength, detector and method: `KEY`, psnr_db and what `tad.explain.measure_clip` returns.
    """
    chosen = choose(families or [name for name, family in choose().items() if family.scope == "local"])
    total = len(looked.clips) * len(chosen) * len(strengths)
    lines = []
    for view in tqdm(looked.views(chosen, strengths), total=total, desc="measuring explanations", unit="clip"):
        asked = questions if view.facts["strength"] == max(strengths) else weaker or questions
        if view.facts["family"] != next(iter(chosen)):
            asked = replace(asked, against_random_weights=False)
        for judge in looked.judges:
            clip, mask = view.clip(judge.view), view.changed(judge.view)
            maps = looked.maps if judge.view == looked.model.config.size else None
            rows = explain.measure_clip(judge, clip, mask, effort, asked, maps, _draw(looked.seed, view.facts))
            lines += [{**view.facts, "detector": judge.name, "seed": looked.seed, **row} for row in rows]
    if not lines:
        raise ValueError(f"explanations are measured on clips that a family can forge; got none by {sorted(chosen)}")
    return pd.DataFrame(lines)


def explanations(
    looked: Looked, output: str | Path, families: list[str], strengths: list[float], effort: Effort, *,
    measured: str = "", more: list[str] | None = None, methods: list[str] | None = None,
    weaker: list[str] | None = None, draws: int = 24,
) -> pd.DataFrame:  # fmt: skip
    """Measure explanations, or read what was measured before, and leave `explanations.parquet`.

    Args:
        looked, families, strengths, effort: see `measure_explanations`.
        output: folder.
        measured: a table that this wrote before, narrowed to the families and strengths asked for; measured now when
            empty.
        more: families that are measured at the greatest strength alone, by the methods of `weaker`, against the mask.
        methods: asked at the greatest strength, against mask, model and random weights; all when empty.
        weaker: asked at the others, against the mask alone; all when empty.
        draws: of infidelity.
    """
    if measured:
        rows = measured_explanations(measured)
        rows = rows[rows["strength"].isin(strengths)]
        rows = rows[rows["family"].isin([*families, *(more or [])] if families else rows["family"])]
        rows = rows[rows["detector"].isin(looked.detectors or rows["detector"])]
    else:
        questions = Questions(tuple(methods or ()), draws=draws)
        others = Questions(tuple(weaker or ()), against_model=False, against_random_weights=False)
        rows = measure_explanations(looked, families, strengths, effort, questions, others)
        if more:
            brief = measure_explanations(looked, more, [max(strengths)], effort, others)
            rows = pd.concat([rows, brief], ignore_index=True)
    rows.to_parquet(folder(output) / "explanations.parquet", index=False)
    return rows


def measured_explanations(file: str | Path) -> pd.DataFrame:
    """Read what `measure_explanations` wrote before.

    Args:
        file: the table, Parquet.

    Raises:
        ValueError: a table of something else.
    """
    table = pd.read_parquet(resolve(file))
    if lacking := {*KEY, "method", "kind", *explain.COLUMNS} - set(table):
        raise ValueError(f"{file} must be a table of measured explanations; it lacks {sorted(lacking)}")
    return table


def falling(rows: pd.DataFrame, measure: str = "space_auc", seed: int = 0) -> pd.DataFrame:
    """How a measure changes with strength: one row a detector, method and strength, mean and interval over groups.

    Families that were not measured at every strength are left out.

    Args:
        rows: as `measure_explanations` gives them.
        measure: a column, see `tad.explain.COLUMNS`.
        seed: of the bootstrap over groups.
    """
    steps = rows.groupby(["detector", "family"])["strength"].transform("nunique")
    rows, lines = rows[steps == rows["strength"].nunique()], []
    for (detector, method, kind, strength), own in rows.groupby(
        ["detector", "method", "kind", "strength"], sort=False
    ):  # fmt: skip
        found = explain.mean_over_groups(own["group"], own[measure], seed=seed)
        line = {"detector": detector, "method": method, "kind": kind, "strength": strength, "measure": measure}
        line |= {"value": found.value, "low": found.low, "high": found.high, "text": found.text()}
        lines.append(line | {"n_groups": found.n_groups, "psnr_db": own["psnr_db"].median()})
    return pd.DataFrame(lines)


def by_family(rows: pd.DataFrame, measure: str = "space_auc", seed: int = 0) -> pd.DataFrame:
    """How right each method and control is on each family at full strength: a row a detector and family.

    Args:
        rows: as `measure_explanations` gives them.
        measure: a column, see `tad.explain.COLUMNS`.
        seed: of the bootstrap over groups.

    Returns:
        Columns detector, family, n (groups), and one a method, mean and interval over groups; methods that were not
        measured on every family are left out.
    """
    full = rows[rows["strength"] == rows["strength"].max()]
    lines = []
    for (detector, family), own in full.groupby(["detector", "family"], sort=False):
        lines.append({"detector": detector, "family": family, "n": own["group"].nunique()} | {
            name: explain.mean_over_groups(part["group"], part[measure], seed=seed).text()
            for name, part in own.groupby("method", sort=False)
        })  # fmt: skip
    table = pd.DataFrame(lines)
    return table.dropna(axis="columns") if table["detector"].nunique() == 1 else table


def in_words(rows: pd.DataFrame, seed: int = 0) -> list[str]:
    """Say which methods look where the change is, and whether this falls with strength; a sentence a line.

    Args:
        rows: as `measure_explanations` gives them.
        seed: of the bootstrap over groups.
    """
    lines = []
    for detector, own in rows.groupby("detector", sort=False):
        found = explain.summary(own[own["strength"] == own["strength"].max()], seed)
        said = found[found["measure"].isin(explain.IN_WORDS) & found["verdict"].notna()]
        for method, rows_of in said.groupby("method", sort=False):
            parts = (f"{explain.IN_WORDS[row.measure]} {row.text}, {row.verdict}" for row in rows_of.itertuples())
            lines.append(f"{detector}, {method}: {'; '.join(parts)}.")
        lines += _fall(str(detector), own, seed)
    return lines


def _fall(detector: str, rows: pd.DataFrame, seed: int) -> list[str]:
    """How much of each method's pixel AUC is owed to the forgery: its gain over the real clip, by strength.

    Strengths are compared on the same families: those measured at all of them, and all families where these share some.
    """
    lines = []
    for method, own in rows[rows["kind"].ne("control")].groupby("method", sort=False):
        wide = own.pivot_table(index=["group", "family"], columns="strength", values="space_auc")
        whole, shared = wide.dropna(), wide.dropna(axis="columns")
        for part in [whole] if len(whole) == len(shared) else [whole, shared]:
            if 0.0 in part and len(part.columns) > 1 and len(part):
                groups = pd.Series(part.index.get_level_values("group"))
                gains = {s: explain.mean_over_groups(groups, (part[s] - part[0.0]).reset_index(drop=True), seed=seed)
                         for s in part.columns if s}  # fmt: skip
                texts = ", ".join(f"{gain.text('+.2f')} at strength {s:g}" for s, gain in gains.items())
                n = part.index.get_level_values("family").nunique()
                told = f"{n} families" if n > 1 else part.index.get_level_values("family")[0]
                lines.append(f"{detector}, {method}, {told}: pixel AUC above that of the real clip {texts}.")
    return lines
