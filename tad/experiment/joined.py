"""Detectors that join a comparison: an ensemble of those in it, and a user's own from a table of scores."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

import pandas as pd

from tad import scoring
from tad.data import resolve
from tad.experiment.comparison import FUSED, Comparison
from tad.experiment.judged import LeftOut, by_fold, trained_on

ENSEMBLE = f"{FUSED} (mean)"
MEMBERS = ("midframe_mse", "latent_distance")  # both learn from reals alone
TEMPORAL = ("interpolation_residual", "flow_consistency")  # the first that is there joins them
TRAINED = ("nothing", "reals only", "reals with self-made fakes", "labelled fakes")


class Scored(Protocol):
    """What an evaluation leaves: see `Comparison`."""

    scores: pd.DataFrame
    reals: pd.DataFrame
    left_out: LeftOut
    unit: str
    seed: int


def compare(found: Scored, members: Iterable[str] = MEMBERS, other_scores: str = "") -> Comparison:
    """Set every detector of an evaluation side by side, with an ensemble and a user's own.

    Args:
        found: the evaluation, or a ladder's.
        members: detectors that are fused with one of temporal consistency; see `with_ensemble`.
        other_scores: a CSV of scores that other detectors gave to the same videos; see `tad.scoring.from_csv`.

    Raises:
        ValueError: a table of scores that is refused, or a member that no detector is named.
    """
    compared = Comparison(found.scores, found.reals, found.left_out, found.unit, found.seed)
    if other_scores:
        compared = with_scores(compared, other_scores)
    return with_ensemble(compared, members)


def with_scores(compared: Comparison, path: str) -> Comparison:
    """Add the detectors of a CSV; they can have scored reals and the fakes that the manifest lists, no others."""
    rows = scoring.from_csv(resolve(path), pd.concat([compared.reals, compared.scores], ignore_index=True))
    val = rows["split"].eq("val")
    return replace(
        compared,
        scores=pd.concat([compared.scores, rows[~val]], ignore_index=True),
        reals=pd.concat([compared.reals, rows[val]], ignore_index=True),
    )


def with_ensemble(compared: Comparison, members: Iterable[str] = MEMBERS) -> Comparison:
    """Add the mean of some detectors' percentiles among validation reals, as one more detector.

    Each validation real is placed among the reals of the other groups, so that the ensemble's threshold comes from
    reals that it was not calibrated on.

    Args:
        compared: with the scores of the members.
        members: names; those that were not scored are left out, and the first of temporal consistency joins them.

    Returns:
        The comparison with "ensemble (mean)", or as it is where fewer than two detectors could be fused.

    Raises:
        ValueError: no detector of such a name.
    """
    members, there = list(members), set(compared.scores["detector"]) & set(compared.reals["detector"])
    unknown = set(members) - there - set(scoring.DETECTORS | scoring.FITTED)
    if unknown:
        raise ValueError(f"a member must be one of {sorted(there)}; got {sorted(unknown)}")
    temporal = [] if set(members) & set(TEMPORAL) else [name for name in TEMPORAL if name in there][:1]
    chosen = [name for name in dict.fromkeys([*members, *temporal]) if name in there]
    if len(chosen) < 2:
        return compared
    reals, scores = (t[t["detector"].isin(chosen)] for t in (compared.reals, compared.scores))
    kinds = [trained_on(name, compared.stated) for name in chosen]
    most = max(kinds, key=TRAINED.index) if set(kinds) <= set(TRAINED) else "not stated"
    return replace(
        compared,
        scores=pd.concat(
            [compared.scores, *(scoring.ensemble(*fold) for fold in _folds(reals, scores))], ignore_index=True
        ),
        reals=pd.concat(
            [compared.reals, *(part for own in by_fold(reals) for part in _without_own_group(own))], ignore_index=True
        ),
        stated={**compared.stated, ENSEMBLE: most},
    )


def _folds(reals: pd.DataFrame, scores: pd.DataFrame) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Each fold's validation reals beside what it scored: no fold is fused by the reals of another."""
    if "fold" not in scores:
        return [(reals, scores)]
    return [(reals[reals["fold"].eq(own["fold"].iloc[0])], own) for own in by_fold(scores)]


def _without_own_group(reals: pd.DataFrame) -> list[pd.DataFrame]:
    """The reals of each group, fused by their percentiles among the other groups; none of a single group."""
    groups = reals["group"].unique()
    parts = [(reals[reals["group"].ne(group)], reals[reals["group"].eq(group)]) for group in groups]
    return [scoring.ensemble(others, own) for others, own in parts if len(others)]
