"""What scores of real video owe to their source, to benign changes, and to footage of another kind."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tad import scoring
from tad.experiment.controls import six_controls
from tad.experiment.scores import CONTROL

AS_IT_IS = "as it is"  # the change of reals that none was made to
PAIR = ["video", "start_s"]  # what a changed clip shares with the clip as it is


@dataclass
class Sources:
    """Scores of held-out reals, as they are and changed, and what they say of their sources."""

    scores: pd.DataFrame  # the scores table with change and level
    unlike: dict[str, str]  # videos whose container is unlike any in training, and how
    trained_on: frozenset[str]  # videos of the training split
    known: frozenset[str]  # data sets of the training and validation splits
    frames: frozenset[int]  # of a clip, all that occur
    alpha: float
    unit: str
    seed: int

    @cached_property
    def plain(self) -> pd.DataFrame:
        """The clips as they are."""
        return self.scores[self.scores["change"].eq(AS_IT_IS)]

    @cached_property
    def units(self) -> pd.DataFrame:
        """What is judged, as it is: scored videos (the mean of their clips), or clips."""
        return self._judged(self.plain)

    @cached_property
    def cuts(self) -> dict[str, scoring.Threshold]:
        """Each detector's threshold, from validation reals alone."""
        calibration = self.units[self.units["split"].eq("val")].groupby("detector", sort=False)
        return {name: scoring.quantile_threshold(rows, 1 - self.alpha) for name, rows in calibration}

    def thresholds(self) -> pd.DataFrame:
        """Each detector's threshold, and how far it moves when one validation group is left out.

        Returns:
            One row a detector: detector, value, low, high (over the groups left out; NaN where there is one alone),
            n_groups, guarantee in words.
        """
        lines = []
        for name, cut in self.cuts.items():
            rows = self._calibration(name)
            without = [rows[rows["group"].ne(group)] for group in rows["group"].unique()]
            values = [scoring.quantile_threshold(rest, 1 - self.alpha).value for rest in without if len(rest)]
            low, high = (min(values), max(values)) if values else (float("nan"),) * 2
            line = {"detector": name, "value": cut.value, "low": low, "high": high, "n_groups": cut.n_groups}
            lines.append(line | {"guarantee": cut.guarantee})
        return pd.DataFrame(lines)

    def by_source(self) -> pd.DataFrame:
        """What each detector says of each source of real video.

        Returns:
            One row a detector and group: detector, split, dataset, group, n (videos or clips), low, median, high of
            their scores, threshold, above (how many are over it), rate; p_value (the median of theirs) and n_groups
            that it rests on, which for a validation group are the others; guarantee: whether so few promise alpha.
            The validation groups chose the threshold, so their rate says nothing of other footage.
        """
        lines = []
        for (name, split, group), own in self.units.groupby(["detector", "split", "group"], sort=False):
            score, cut = own["score"], self.cuts[name].value
            line = {"detector": name, "split": split, "dataset": own["dataset"].iloc[0], "group": group, "n": len(own)}
            line |= {"low": score.min(), "median": score.median(), "high": score.max(), "threshold": cut}
            line |= {"above": int((score > cut).sum()), "rate": (score > cut).mean()}
            p, n_groups = self._p_values(own)
            promised = n_groups and scoring.guaranteed(self.alpha, n_groups)
            lines.append(line | {"p_value": p.median(), "n_groups": n_groups, "guarantee": self._promise(promised)})
        return pd.DataFrame(lines)

    def rates(self) -> pd.DataFrame:
        """Each detector's false-positive rate over the test groups, with its interval and what the threshold promises.

        Returns:
            One row a detector: detector, value, low, high, text, note, n_groups, guarantee.
        """
        lines = []
        for name, own in self.units[self.units["split"].eq("test")].groupby("detector", sort=False):
            found = scoring.false_positive_rate(own, self.cuts[name].value, seed=self.seed)
            line = {"detector": name, "value": found.value, "low": found.low, "high": found.high}
            line |= {"text": found.text("%"), "note": found.note, "n_groups": found.n_groups}
            lines.append(line | {"guarantee": self.cuts[name].guarantee})
        return pd.DataFrame(lines)

    def floors(self, fakes: pd.DataFrame | None = None, by: str = "group", scope: str = "") -> pd.DataFrame:
        """With what AUC each detector tells sources of test reals apart, and what its AUC on fakes has above that.

        Args:
            fakes: a scores table with fakes, as `evaluate` writes it; detectors that it lacks have no margin.
            by: the column that names the source, "group" or "dataset".
            scope: of the fakes; all when empty.

        Returns:
            As `tad.scoring.real_floor`, with least: the fewest clips of a source. With one clip a source every score
            tells any two apart, so that floor and chance are both 1.
        """
        lines = []
        for name in self.cuts:
            rows = self._with_fakes(fakes, name, scope)
            reals = self.plain[self.plain["split"].eq("test") & self.plain["detector"].eq(name)]
            pairs = scoring.source_pairs(reals if rows is None else rows, name, by, n_boot=1, seed=self.seed)
            if rows is None:
                line = {"detector": name, "by": by, "n_sources": reals[by].nunique(), "floor_mean": pairs["auc"].mean()}
                line |= {"floor_max": pairs["auc"].max(), "chance": pairs["chance"].mean(), "text": "n/a (no fakes)"}
            else:
                line = scoring.real_floor(rows, name, by, seed=self.seed).iloc[0].to_dict()
            lines.append(line | {"least": pairs[["n_a", "n_b"]].min().min()})
        known = ["detector", "by", "n_sources", "least", "floor_mean", "floor_max", "chance", "auc", "margin", "text"]
        return pd.DataFrame(lines).reindex(columns=known)

    def benign(self, split: str = "test") -> pd.DataFrame:
        """What each benign change does to each detector.

        Args:
            split: whose reals, "test" or "val"; the threshold is that of the validation reals as they are.

        Returns:
            One row a detector, change and level: n (videos or clips), n_groups, n_failed (clips); before and after,
            the false-positive rates of the same footage, and text, the latter with its interval; shift, the median over
            groups of how far scores move in percentiles of validation reals, and shift_text; rose: of how many groups
            the mean score rose. A score that passes all validation reals is at 1 and can rise no further.
        """
        lines = []
        changed = self.scores[self.scores["change"].ne(AS_IT_IS) & self.scores["split"].eq(split)]
        for (name, change, level), after in changed.groupby(["detector", "change", "level"], sort=False):
            line = {"detector": name, "change": change, "level": level, "n_failed": int(after["score"].isna().sum())}
            lines.append(line | self._effect(name, after[after["score"].notna()]))
        return pd.DataFrame(lines)

    def out_of_distribution(self, notable: dict[str, str] | None = None) -> pd.DataFrame:
        """What each detector says of reals whose container is unlike any in training, or that are named here.

        Args:
            notable: videos by name, and what they are, such as {"cityCC0.mpg": "time-lapse"}.

        Returns:
            One row a video and detector: video, group, split, why, detector, score, threshold, p_value, words. A named
            video that was trained on, or not scored, has one row that says so.
        """
        named, lines = notable or {}, []
        for video in dict.fromkeys([*named, *self.unlike]):
            own = self.units[self.units["video"].eq(video)]
            why = ", ".join(filter(None, [named.get(video, ""), self.unlike.get(video, "")]))
            if own.empty:
                reason = "n/a (trained on)" if video in self.trained_on else "n/a (not scored)"
                lines.append({"video": video, "why": why, "words": reason})
            for name, rows in own.groupby("detector", sort=False):
                p, n_groups = self._p_values(rows)
                words = scoring.in_words(p.median(), n_groups) if n_groups else "n/a (needs another validation group)"
                line = {"video": video, "group": rows["group"].iloc[0], "split": rows["split"].iloc[0], "why": why}
                line |= {"detector": name, "score": rows["score"].median(), "threshold": self.cuts[name].value}
                lines.append(line | {"p_value": p.median(), "words": words})
        columns = ["video", "group", "split", "why", "detector", "score", "threshold", "p_value", "words"]
        return pd.DataFrame(lines, columns=columns)

    def vidaudit(self, fakes: pd.DataFrame | None = None) -> pd.DataFrame:
        """Which of VidAudit's six controls hold here; see `tad.experiment.controls.six_controls`."""
        rows = None if fakes is None else fakes[fakes["split"].eq("test") & fakes["scope"].ne(CONTROL)]
        return six_controls(self.plain, rows, self.floors(fakes), self.frames, self.known)

    def _judged(self, clips: pd.DataFrame) -> pd.DataFrame:
        rows = clips[clips["score"].notna()]
        return scoring.video_scores(rows).query("n_clips > 0") if self.unit == "video" else rows

    def _calibration(self, detector: str) -> pd.DataFrame:
        return self.units[self.units["split"].eq("val") & self.units["detector"].eq(detector)]

    def _p_values(self, own: pd.DataFrame) -> tuple[pd.Series, int]:
        """Of one group's units by one detector: their p-values, and on how many validation groups, never its own."""
        rows = self._calibration(own["detector"].iloc[0])
        others = rows[rows["group"].ne(own["group"].iloc[0])]
        values = scoring.p_values(others, own["score"]) if len(others) else float("nan")
        return pd.Series(values, own.index), others["group"].nunique()

    def _promise(self, promised: bool) -> str:
        return f"{100 * self.alpha:.3g} %" if promised else f"no guarantee at {100 * self.alpha:.3g} %"

    def _effect(self, detector: str, after: pd.DataFrame) -> dict:
        """Hold the changed clips against the same clips as they are."""
        plain = self.plain[self.plain["detector"].eq(detector)]
        same = plain.merge(after[PAIR], on=PAIR)
        key = ["video"] if self.unit == "video" else PAIR
        then, now = (self._judged(rows).set_index(key).sort_index() for rows in (same, after))
        line = {"n": len(now), "n_groups": now["group"].nunique()}
        if now.empty:
            return line | {"text": "n/a (no clip was scored)", "shift_text": "n/a (no clip was scored)"}
        cut, calibration = self.cuts[detector].value, self._calibration(detector)
        rates = [scoring.false_positive_rate(rows, cut, seed=self.seed) for rows in (then, now)]
        places = [scoring.percentiles(calibration, rows["score"]) for rows in (then, now)]
        shift = scoring.median_over_groups(now["group"], places[1] - places[0], seed=self.seed)
        rose = (now["score"] - then["score"]).groupby(now["group"]).mean() > 0
        line |= {"before": rates[0].value, "after": rates[1].value, "text": rates[1].text("%"), "shift": shift.value}
        return line | {"shift_text": shift.text("%"), "rose": f"{rose.sum()} of {len(rose)}"}

    def _with_fakes(self, fakes: pd.DataFrame | None, detector: str, scope: str) -> pd.DataFrame | None:
        """One detector's test reals and fakes out of a scores table; None where it has no such fakes."""
        if fakes is None:
            return None
        rows = fakes[fakes["split"].eq("test") & fakes["detector"].eq(detector) & fakes["scope"].ne(CONTROL)]
        rows = rows[rows["label"].eq("real") | (rows["scope"].eq(scope) if scope else True)]
        return rows if set(rows["label"]) == {"real", "fake"} else None
