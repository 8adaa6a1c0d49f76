"""Every detector beside the others on the same clips: by band, family by family, in pairs, at rare false alarms.

The band of a family at a strength is that of the median PSNR in its mask, the same for every detector.
"""

from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isnan

import pandas as pd

from tad import scoring
from tad.experiment.judged import (
    LEFT_OUT,
    SEEN,
    Judged,
    LeftOut,
    has_both,
    head_of,
    judged,
    scored,
    threshold_of,
    trained_on,
)
from tad.experiment.scores import visibilities
from tad.forgery import BANDS_DB, band
from tad.scoring import Interval
from tad.scoring.pooled import Cell, compared_cells

SUBTLER = ("moderate", "subtle")
BOTH = " + ".join(SUBTLER)
BANDS = {name: (name,) for name in (*BANDS_DB, "invisible")} | {BOTH: SUBTLER}
TARGETS = {
    "extreme": (0.99, "extreme fakes"), BOTH: (0.90, "moderate and subtle fakes"),
}  # least mean AUC, of what has not seen their families  # fmt: skip
FUSED = "ensemble"  # how the names of fused detectors begin
NO_FAKE = ("nothing", "reals only")
SUPERVISED = "labelled fakes"
AT_POINTS = ("AUC", "average precision", "EER", "pAUC at 10 % FPR", "TPR at 1 % FPR", "TPR at 0.1 % FPR")
PAIRED = ["detector_a", "detector_b", "difference", "low", "high", "p", "p_holm", "n_groups", "verdict", "note"]
MATRIX = ["family", "scope", "detector", "auc", "left_out", "n_groups"]


@dataclass(frozen=True)
class Comparison:
    """The scores of several detectors on the same clips, and the tables that set them side by side.

    Args:
        scores: scores table of the test split, reals and fakes, one row a clip and detector.
        reals: scores table of the validation reals by the same detectors, for the thresholds.
        left_out: of each variant of a head, such as "local_head-0", the families that it was trained without.
        unit: what is judged, "video" (mean of its clips) or "clip".
        seed, n_boot: of the bootstraps over groups.
        stated: what detectors that are not registered were trained on.
    """

    scores: pd.DataFrame
    reals: pd.DataFrame
    left_out: LeftOut = field(default_factory=dict)
    unit: str = "clip"
    seed: int = 0
    n_boot: int = 1000
    stated: dict[str, str] = field(default_factory=dict)

    @cached_property
    def judged(self) -> list[Judged]:
        """Every detector that scored a real and a fake, with what it may be judged on."""
        return judged(self.scores, self.left_out)

    @cached_property
    def thresholds(self) -> dict[str, scoring.Threshold]:
        """The 95 % quantile of the validation reals, of every detector that scored any; see `threshold_of`."""
        rows = self.reals[scored(self.reals)]
        return {str(name): threshold_of(own, self.unit) for name, own in rows.groupby("detector")}

    @cached_property
    def bands(self) -> pd.DataFrame:
        """The median PSNR in the mask of each family at each strength, dB, and its band."""
        seen = visibilities(self.scores).dropna(subset="psnr_db")
        return seen[["family", "strength", "psnr_db"]].assign(band=[band(p) for p in seen["psnr_db"]])

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Every family at every strength by every detector.

        Returns:
            As `tad.scoring.by_family`, with detector (its title), scored_by, strength, psnr_db and band of the family
            at that strength (NaN where not measured) and balanced_accuracy: the mean of recall and true-negative rate
            over the reals that the fakes were made from (NaN without a threshold).

        Raises:
            ValueError: no detector scored a real and a fake.
        """
        lines = [self._cells(one) for one in self.judged]
        if not lines:
            raise ValueError(
                f"a comparison needs a detector that scored a real and a fake; got {len(self.scores)} rows"
            )
        table = pd.concat(lines, ignore_index=True).drop(columns="psnr_db")
        right = (table["recall"] + 1 - table["false_positive_rate"]) / 2
        table["balanced_accuracy"] = right.where(table["scored_by"].isin(self.thresholds))
        return table.merge(self.bands, how="left", on=["family", "strength"])

    def _cells(self, one: Judged) -> pd.DataFrame:
        cut, real = self.thresholds.get(one.detector, inf), one.rows["label"].eq("real")
        lines = []
        for strength, fakes in one.rows[~real].groupby("strength"):
            part = pd.concat([one.rows[real], fakes])
            if has_both(part):
                found = scoring.by_family(part, cut, one.detector, self.unit, self.n_boot, self.seed)
                lines.append(found.assign(detector=one.title, scored_by=one.detector, strength=strength))
        return pd.concat(lines, ignore_index=True)

    def by_band(self) -> pd.DataFrame:
        """Set each detector beside the others in each band of visibility, and in moderate and subtle together.

        Returns:
            One row a detector and band: detector, trained_on, band; auc (the mean over a family's strengths, then over
            families) with low, high, text and note; own_real (the share of fakes above the very real they were made
            from, likewise) with own_real_text; n_families, n_cells (families at a strength), balanced_accuracy at
            the threshold from validation reals, false_positive_rate of all test reals there (each group weighing the
            same) and n_real of them. Of variants, each family counts with its own. NaN where there is nothing.
        """
        alarms = {one.detector: self._false_positives(one) for one in self.judged}
        lines = []
        for name, inside in BANDS.items():
            for title, cells in self.cells.groupby("detector", sort=False):
                at = cells[cells["band"].isin(inside) & cells["auc"].notna()]
                line = {"detector": title, "trained_on": trained_on(str(title), self.stated), "band": name}
                line |= _told("auc", self._mean(at))
                own = scoring.above_own_real(self._compared(at), self.unit, self.n_boot, self.seed)
                line |= {"own_real": own.value, "own_real_text": own.text(".2f")}
                line |= {"n_families": at["family"].nunique(), "n_cells": len(at)}
                line["balanced_accuracy"] = _over_families(at, at["balanced_accuracy"])
                rates = at["scored_by"].map({by: rate for by, (rate, _) in alarms.items()}).astype(float)
                line["false_positive_rate"] = _over_families(at, rates)
                lines.append(line | {"n_real": min(alarms[by][1] for by in set(cells["scored_by"]))})
        return pd.DataFrame(lines)

    def left_out_matrix(self) -> pd.DataFrame:
        """Measure every family by the head and by each variant of it, marked where the variant was trained without.

        Returns:
            One row a family and variant: family, scope, detector, auc (mean over strengths, NaN where it was not
            scored), left_out, n_groups. Empty where there is no variant.
        """
        rows = self.scores[self.scores["label"].eq("real") | self.scores["strength"].gt(0)]
        found = []
        for name in dict.fromkeys([*map(head_of, self.left_out), *self.left_out]):
            if has_both(rows[rows["detector"].eq(name)]):
                curves = scoring.detectability(rows, name, self.unit, n_boot=1).groupby(["family", "scope"], sort=False)
                means = curves.agg(auc=("auc", "mean"), n_groups=("n_groups", "max")).reset_index()
                found.append(means.assign(detector=name, left_out=means["family"].isin(self.left_out.get(name, []))))
        return pd.concat(found, ignore_index=True)[MATRIX] if found else pd.DataFrame(columns=MATRIX)

    def left_out_gain(self) -> pd.DataFrame:
        """Measure what a head gains by having seen a family, on the fakes that the variant without it scored as well.

        Returns:
            One row a head and band: detector, band, seen and left_out (mean AUCs over families), gain with low, high,
            text and note (over groups, drawn for both alike), n_families. Empty where there is no variant.
        """
        found = [self._gain(head + SEEN, head + LEFT_OUT).assign(detector=head) for head in self._heads()]
        named = {"first": "seen", "second": "left_out"}
        return pd.concat(found, ignore_index=True).rename(columns=named) if found else pd.DataFrame()

    def supervised_gain(self) -> pd.DataFrame:
        """Measure how far supervised detectors lie above those that saw no fake, on seen and on unseen families.

        The card claims that they generalise worse: then the gain falls below zero on families that were left out.

        Returns:
            One row a supervised detector, families ("seen", "left out"), other detector and band: detector, families,
            one_class, band, supervised and auc (mean AUCs on the fakes that both scored), gain with low, high, text and
            note (over groups, drawn for both alike), n_families. Empty where no supervised detector scored.
        """
        blind = [one.title for one in self.judged if trained_on(one.title, self.stated) in NO_FAKE]
        found = []
        for head in self._heads():
            if trained_on(head, self.stated) == SUPERVISED:
                for families, title in (("seen", head + SEEN), ("left out", head + LEFT_OUT)):
                    told = {"detector": head, "families": families}
                    found += [self._gain(title, other).assign(one_class=other, **told) for other in blind]
        named = {"first": "supervised", "second": "auc"}
        return pd.concat(found, ignore_index=True).rename(columns=named) if found else pd.DataFrame()

    def _heads(self) -> list[str]:
        """The heads of which variants scored."""
        return list(dict.fromkeys(head_of(one.detector) for one in self.judged if one.detector in self.left_out))

    def _gain(self, first: str, second: str) -> pd.DataFrame:
        """The mean AUC of one title less that of another on the fakes that both scored, in all bands and in each."""
        cells, lines = self.cells[self.cells["auc"].notna()], []
        one, other = (cells[cells["detector"].eq(title)] for title in (first, second))
        for name, inside in ({"all": tuple(BANDS)} | BANDS).items():
            here, there = (at[at["band"].isin(inside)] for at in (_shared(one, other), _shared(other, one)))
            line = {"band": name, "first": _over_families(here, here["auc"])}
            line |= {"second": _over_families(there, there["auc"])} | _told("gain", self._mean(here, there))
            lines.append(line | {"n_families": here["family"].nunique()})
        return pd.DataFrame(lines)

    def limits(self, levels: tuple[float, ...] = (0.75, 0.95), n_boot: int = 200) -> pd.DataFrame:
        """Find the least strength and the highest PSNR at which each detector's AUC on a family passes a level.

        Args:
            levels: AUCs above 0.5.
            n_boot: of a bootstrap that fits a curve a resample.

        Returns:
            As `tad.scoring.detection_limits`, of every detector; its text says "not reached" where it is not.
        """
        found = [
            scoring.detection_limits(one.rows, one.detector, levels, self.unit, n_boot, self.seed)
            for one in self.judged
        ]
        titles = [one.title for one in self.judged]
        return pd.concat([t.assign(detector=title) for t, title in zip(found, titles, strict=True)], ignore_index=True)

    def pairs(self, strength: float, against: str = "midframe_mse", bands: tuple[str, ...] = SUBTLER) -> pd.DataFrame:
        """Test one detector against each other on the same videos, corrected for the number of pairs.

        A variant of a head is tested on the families that it was trained without.

        Args:
            strength: of the fakes.
            against: the detector that is held against the others.
            bands: of the fakes.

        Returns:
            As `tad.scoring.paired`, with n_families; empty where nothing of these bands was scored by two.
        """
        at = self.bands[self.bands["strength"].eq(strength) & self.bands["band"].isin(bands)]
        first = next((one.rows for one in self.judged if one.title == against), self.scores[:0])
        tables = []
        for one in self.judged:
            rows = _narrow(one.rows, at).assign(detector=one.name)
            same = _narrow(first, at[at["family"].isin(rows["method"])])
            if one.title != against and has_both(rows) and has_both(same):
                found = scoring.paired(pd.concat([same, rows]), self.unit, self.n_boot, seed=self.seed)
                tables.append(found.assign(n_families=_n_families(rows)))
        if not tables:
            return pd.DataFrame(columns=[*PAIRED, "n_families"])
        table = pd.concat(tables, ignore_index=True)
        return scoring.corrected(table).assign(n_families=table["n_families"])

    def operating(self, band: str = "extreme") -> pd.DataFrame:
        """Measure each detector where false alarms must be rare, on the fakes of one band, at one fake per real.

        Returns:
            One row a detector: detector, trained_on, texts of AUC, average precision, EER, pAUC at 10 % FPR and TPR at
            1 % and 0.1 % FPR ("n/a (needs N reals)" where the reals are too few), n_real, n_fake, n_families.
        """
        at, lines = self.bands[self.bands["band"].eq(band)], []
        none = scoring.Threshold(inf, None, 0, 0, "no validation real")  # nothing passes it
        for one in self.judged:
            rows = _narrow(one.rows, at)
            if has_both(rows):
                cut = self.thresholds.get(one.detector, none)
                found = scoring.summary(rows, cut, one.detector, self.unit, self.n_boot, self.seed)
                texts = found.set_index("quantity")["text"]
                line = {"detector": one.name, "trained_on": trained_on(one.title, self.stated)}
                line |= {name: texts[name] for name in AT_POINTS} | found.iloc[0][["n_real", "n_fake"]].to_dict()
                lines.append(line | {"n_families": _n_families(rows)})
        return pd.DataFrame(lines, columns=["detector", "trained_on", *AT_POINTS, "n_real", "n_fake", "n_families"])

    def _units(self, rows: pd.DataFrame) -> pd.DataFrame:
        return scoring.video_scores(rows) if self.unit == "video" else rows

    def _false_positives(self, one: Judged) -> tuple[float, int]:
        """The share of the test reals above the threshold, and how many there are."""
        reals = self._units(one.rows[one.rows["label"].eq("real") & scored(one.rows)])
        cut = self.thresholds.get(one.detector)
        rate = float("nan") if cut is None else scoring.false_positive_rate(reals, cut, n_boot=1).value
        return rate, len(reals)

    def _mean(self, cells: pd.DataFrame, less: pd.DataFrame | None = None) -> Interval:
        """The mean AUC over the families of some cells, or its difference from that of others."""
        tables = [self._compared(at) for at in (cells, less) if at is not None]
        return scoring.mean_auc(*tables, unit=self.unit, n_boot=self.n_boot, seed=self.seed)

    def _compared(self, cells: pd.DataFrame) -> list[Cell]:
        """What is compared for some cells."""
        asked = set(cells[["detector", "family", "strength", "scored_by"]].itertuples(index=False, name=None))
        return [cell for key, cell in self._every_cell.items() if key in asked]

    @cached_property
    def _every_cell(self) -> dict[tuple[str, str, float, str], Cell]:
        """What is compared by each title for each family, strength and detector: bands ask for it again and again."""
        found = ((one.title, compared_cells(one.rows, self.unit)) for one in self.judged)
        return {(title, *key): cell for title, cells in found for key, cell in cells.items()}


def target(by_band: pd.DataFrame) -> str:
    """Say whether the best of what has not seen their families reaches the mean AUC that was set for a band.

    Args:
        by_band: `Comparison.by_band`. Eligible are detectors that saw no fake, and heads on families that their
            variants were not taught; fused ones are not.

    Returns:
        A line a target, with the false positives and the accuracy at the detector's own threshold.
    """
    return "\n".join(_reached(by_band[by_band["band"].eq(band)], *asked) for band, asked in TARGETS.items())


def _reached(rows: pd.DataFrame, least: float, told: str) -> str:
    eligible = rows["detector"].str.endswith(LEFT_OUT) | rows["trained_on"].isin(NO_FAKE)
    rows = rows[eligible & rows["auc"].notna() & ~rows["detector"].str.startswith(FUSED)]
    asked = f"mean AUC on {told} >= {least:.2f}: "
    if rows.empty:
        return asked + "n/a (no such fake was scored)"
    best = rows.sort_values("auc", kind="stable").iloc[-1]
    verdict = "reached" if best["auc"] >= least else "not reached"
    alarms = f"{best['false_positive_rate']:.0%} of {best['n_real']} reals above its threshold"
    accuracy = f"balanced accuracy {best['balanced_accuracy']:.0%}"
    at = "no threshold" if isnan(best["false_positive_rate"]) else f"{accuracy}, {alarms}"
    return f"{asked}{verdict} ({best['detector']}, {best['text']}, n = {best['n_families']} families; {at})"


def _narrow(rows: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The reals, and the fakes of the families at the strengths of some cells."""
    inside = pd.MultiIndex.from_frame(rows[["method", "strength"]]).isin(_keys(cells))
    return rows[rows["label"].eq("real") | inside]


def _shared(cells: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    return cells[_keys(cells).isin(_keys(others))]


def _keys(cells: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(cells[["family", "strength"]])


def _over_families(cells: pd.DataFrame, values: pd.Series) -> float:
    """The mean over families of each one's mean."""
    return float(values.groupby(cells["family"]).mean().mean())


def _n_families(rows: pd.DataFrame) -> int:
    return rows["method"][rows["label"].eq("fake") & scored(rows)].nunique()


def _told(name: str, found: Interval) -> dict[str, object]:
    text = found.text("+.2f" if name == "gain" else ".2f")
    return {name: found.value, "low": found.low, "high": found.high, "text": text, "note": found.note}
