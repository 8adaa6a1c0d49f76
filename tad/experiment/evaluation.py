"""Held-out reals and their fakes, scored by every detector: what 02 and 03 show."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tad import scoring
from tad.data import LONG_SIDE, Encoding, FixedClips, read_manifest, resolve
from tad.experiment.checkpoints import checkpoint_path, load, load_threshold, threshold_path
from tad.experiment.detector_set import detector_set, left_out
from tad.experiment.forging import choose
from tad.experiment.judged import has_both, left_out_in, scored, threshold_of
from tad.experiment.output import folder
from tad.experiment.scores import CONTROL, LISTED, NOTHING, Ladder, score_table
from tad.report import CARD

CARD_DETECTOR = "midframe_mse"
N_FITS = 200  # resamples, each with a fit of its own
ENCODING = "h264:23"  # of reals and fakes alike, unless another is asked for


def calibrate(scores: pd.DataFrame, detector: str = CARD_DETECTOR, unit: str = "video") -> scoring.Threshold:
    """The threshold of a detector, of whole videos or of clips; see `threshold_of`."""
    return threshold_of(scores[scores["detector"] == detector], unit)


@dataclass
class Evaluation:
    """Scores of test clips and their fakes, with what validation reals say of them."""

    scores: pd.DataFrame
    control: pd.DataFrame  # the same reals, encoded once more
    reals: pd.DataFrame  # of the validation split, by every detector
    left_out: dict[str, list[str]]  # the families that each variant of a detector was trained without
    unit: str
    seed: int

    @property
    def threshold(self) -> scoring.Threshold:
        """Of the card's detector."""
        return calibrate(self.reals, unit=self.unit)

    @property
    def folds(self) -> int:
        """How many folds the scores were pooled of (see `cross_fit`); 0 where one network judges all."""
        return self.scores["fold"].nunique() if "fold" in self.scores else 0

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
        threshold = calibrate(self.reals, detector, self.unit)
        return scoring.by_family(self.scores, threshold, detector, self.unit, seed=self.seed)

    def against_card(self) -> pd.DataFrame:
        """The ultra-extreme families beside the card's numbers."""
        return scoring.against_card(self.summary(), self.summary(threshold=self.oracle()), vars(CARD))

    def curves(self) -> pd.DataFrame:
        """The AUC of each family at each strength by each detector, beside a fit that rises with strength.

        Returns:
            As `tad.scoring.detectability`, with detector; and fit, fit_low and fit_high above strength 0, see
            `tad.scoring.monotone_auc`.
        """
        found = _each_detector(self.scores, self.unit, self.seed)
        fits = [
            scoring.monotone_auc(self.scores, name, self.unit, N_FITS, self.seed) for name in found["detector"].unique()
        ]
        fits = pd.concat(fits, ignore_index=True).rename(columns={"low": "fit_low", "high": "fit_high"})
        key = ["family", "scope", "detector", "strength"]
        return found.merge(fits[[*key, "fit", "fit_low", "fit_high"]], how="left", on=key)

    def at_strength_zero(self) -> str:
        """Say how many forgeries at strength 0 score exactly as the clip they were made from.

        Raises:
            ValueError: one does not: then a ladder does not start at the real.
        """
        key = ["video", "start_s", "detector", "codec", "seed"]
        rows = self.scores[scored(self.scores)]
        reals = rows[rows["method"].eq("original")].set_index(key)["score"]
        fakes = rows[rows["label"].eq("fake") & rows["strength"].eq(0) & rows["scope"].ne(LISTED)]
        of_real = reals.reindex(pd.MultiIndex.from_frame(fakes[key])).to_numpy()
        other = fakes[fakes["score"].to_numpy() != of_real]
        if len(other):
            first = other.iloc[0]
            raise ValueError(
                f"strength 0 must score exactly as the real; got {len(other)} of {len(fakes)} that do not, the first "
                f"{first['method']} of {first['video']} by {first['detector']}"
            )
        return f"strength 0: {len(fakes):,} of {len(fakes):,} scores equal that of the real, exactly"

    def codec_control(self) -> pd.DataFrame:
        """How well each detector tells reals that were encoded twice from the same reals encoded once: 0.5 is right."""
        reals = self.scores[self.scores["label"] == "real"]
        return _each_detector(pd.concat([reals, self.control.assign(label="fake")]), self.unit, self.seed)


def _each_detector(scores: pd.DataFrame, unit: str, seed: int) -> pd.DataFrame:
    # where few families are asked for, a variant may have scored none
    names = [str(name) for name, rows in scores.groupby("detector", sort=False) if has_both(rows)]
    found = [scoring.detectability(scores, name, unit, seed=seed).assign(detector=name) for name in names]
    return pd.concat(found, ignore_index=True)


def card_and_default(checkpoint: str, scored_by: Iterable[str]) -> list[str]:
    """Name the card's detector and the one that `tad score` judges by, those that scored: what reports draw large.

    Args:
        checkpoint: a file, or "demo" for the weights that ship.
        scored_by: names of the detectors that scored.
    """
    file, there = threshold_path(checkpoint_path(checkpoint)), set(scored_by)
    default = [load_threshold(checkpoint)[0]] if file.is_file() else []
    return [name for name in dict.fromkeys([CARD_DETECTOR, *default]) if name in there]


@dataclass(frozen=True)
class Setting:
    """How clips are taken and scored, the same in every recipe."""

    seed: int = 0  # of the forgeries and the bootstrap
    per_video: int = 0  # at most so many clips of a video, evenly spread; 0 for all
    unit: str = "video"  # what is judged: "video" (mean of its clips) or "clip"
    encoding: str = ENCODING  # what every clip goes through, real or forged; see `tad.data.Encoding`
    long_side: int = LONG_SIDE  # at which clips are forged and encoded, px at most
    detectors: tuple[str, ...] | list[str] = ()  # names; all that can score when empty
    scores: str = ""  # a table that `measure` wrote before, of the same videos; measured now when empty


def evaluate(
    checkpoint: str, manifest: str, output: str | Path, *, families: list[str] | None = None, **setting
) -> Evaluation:
    """Score held-out reals, each family at full strength, and the fakes that the manifest itself lists.

    Args:
        checkpoint: a file, or "demo" for the weights that ship.
        manifest: table of videos; its `val` rows give the threshold, its `test` rows are judged.
        output: folder; receives `scores.parquet` and `against_card.csv`.
        families: names; all when empty.
        **setting: see `Setting`.
    """
    steps = Ladder(choose(families), (1.0,), twice=True)
    found = _evaluation(checkpoint, manifest, folder(output) / "scores.parquet", steps, Setting(**setting))
    found.against_card().to_csv(folder(output) / "against_card.csv", index=False)
    return found


def ladder(
    checkpoint: str, manifest: str, output: str | Path, *, strengths: list[float], families: list[str] | None = None,
    jod: bool = False, **setting,
) -> tuple[Evaluation, pd.DataFrame]:  # fmt: skip
    """Score each family at growing strength, the same manipulation at every step.

    Args:
        strengths: in [0, 1].
        families: names; all when empty.
        jod: measure the visibility of every forged clip by ColorVideoVDP too; it takes seconds a clip.
        others: as `evaluate`.

    Returns:
        The scores, also in `output/ladder.parquet`, and the AUC over strength of each family and detector.
    """
    steps = Ladder(choose(families), tuple(strengths), twice=True, jod=jod)
    setting = Setting(**{"unit": "clip"} | setting)
    found = _evaluation(checkpoint, manifest, folder(output) / "ladder.parquet", steps, setting)
    return found, found.curves()


def measure(checkpoint: str, manifest: str, steps: Ladder, setting: Setting) -> pd.DataFrame:
    """Score the validation reals, the test reals, what a ladder makes of them, and the fakes that are listed.

    This is the long work, and nothing but the scores table comes of it: it may be done on another machine than the
    notebooks that read it (`Setting.scores`).

    Args:
        checkpoint: a file, or "demo" for the weights that ship.
        manifest: table of videos; its `val` and `test` rows are used.
        steps: families and strengths.
        setting: how clips are taken and scored.
    """
    model = load(checkpoint)
    detectors, frames = detector_set(checkpoint, setting.detectors, model=model), model.config.frames
    without = left_out(checkpoint)

    def scored(rows: pd.DataFrame, what: Ladder, desc: str) -> pd.DataFrame:
        clips = FixedClips(rows, frames, None, setting.per_video or None, f"decoding {desc}", setting.long_side)
        encoding = Encoding.parse(setting.encoding)
        return score_table(detectors, clips, what, encoding, setting.seed, f"scoring {desc}", without)

    val, test = (
        reals_of(manifest, split) for split in ("val", "test")
    )  # both are asked for before the long work begins
    found = [scored(val, NOTHING, "validation reals"), scored(test, steps, "test reals and fakes")]
    if len(own := _rows(manifest, "test", "fake")):
        found.append(scored(own, NOTHING, "the manifest's own fakes"))
    return pd.concat(found, ignore_index=True)


def _evaluation(checkpoint: str, manifest: str, file: Path, steps: Ladder, setting: Setting) -> Evaluation:
    if setting.scores:
        stated = left_out_in(pd.read_parquet(resolve(setting.scores)))  # before it is narrowed to some families
        table = measured(setting.scores, manifest, steps, setting)
    else:
        stated, table = {}, measure(checkpoint, manifest, steps, setting)
    table.to_parquet(file)
    reals, scores = table[table["split"] == "val"], table[table["split"] == "test"]
    control = scores["scope"] == CONTROL
    known = stated | left_out(checkpoint)  # a table may hold heads that this checkpoint does not know
    without = {name: kept for name, kept in known.items() if name in set(table["detector"])}
    return Evaluation(scores[~control], scores[control], reals, without, setting.unit, setting.seed)


def measured(file: str, manifest: str, steps: Ladder, setting: Setting) -> pd.DataFrame:
    """Read what was measured before of these videos, narrowed to what a recipe asks for.

    Which checkpoint measured it, and at which size, the table does not say: there the caller is taken at his word.

    Raises:
        ValueError: a table made of other videos, by another seed or encoding, or without a family or strength.
    """
    table, rows = pd.read_parquet(resolve(file)), read_manifest(manifest)
    asked = {"seed": setting.seed, "codec": str(Encoding.parse(setting.encoding))}
    for column, value in asked.items():
        if set(table[column]) != {value}:
            raise ValueError(f"{file} must have been measured with the {column} {value}; got {set(table[column])}")
    reals = set(rows.loc[rows["split"].isin(["val", "test"]) & rows["label"].eq("real"), "video"])
    if set(table.loc[table["label"] == "real", "video"]) != reals:
        raise ValueError(
            f"{file} must hold the videos of {manifest}; got {sorted(set(table['video']) ^ reals)} besides"
        )
    made = table["label"].eq("fake") & ~table["scope"].isin([LISTED])
    there = set(zip(table["method"][made], table["strength"][made], strict=True))
    wanted = {(name, strength) for name in steps.families for strength in steps.strengths}
    if lacking := sorted(wanted - there):
        raise ValueError(f"{file} must hold every family and strength asked for; got none of {lacking[:5]}")
    pairs = pd.Series(list(zip(table["method"], table["strength"], strict=True)), index=table.index)
    table = table[~made | pairs.isin(wanted)]
    names = set(setting.detectors) or set(table["detector"])
    return table[table["detector"].isin(names)].reset_index(drop=True)


def reals_of(manifest: str, split: str) -> pd.DataFrame:
    rows = _rows(manifest, split, "real")
    if rows.empty:
        raise ValueError(f"the {split} split must hold a real video; got none in {manifest}")
    return rows


def _rows(manifest: str, split: str, label: str) -> pd.DataFrame:
    rows = read_manifest(manifest)
    return rows[(rows["split"] == split) & (rows["label"] == label)]
