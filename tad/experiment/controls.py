"""The six controls of an audit of generalisation, each held or not by what was really done.

Source: Cakiroglu, Lu, Dalkilic, Kurban, "Auditing Generalization in AI-Generated Video Detection: A Six-Control
Protocol and the VidAudit Toolkit", arXiv:2606.31004, 2026.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from tad import scoring
from tad.scoring.intervals import GROUPS_NEEDED

CLIP = ["video", "start_s"]
Verdict = tuple[str, str]  # yes, no or n/a, and why
NO_FAKES = "no fakes were given"


def six_controls(
    reals: pd.DataFrame, fakes: pd.DataFrame | None, floors: pd.DataFrame, frames: Iterable[int],
    known_datasets: Iterable[str],
) -> pd.DataFrame:  # fmt: skip
    """Tick off which of the six controls hold.

    Args:
        reals: scores table of the held-out reals as they are.
        fakes: scores table of one split with the fakes and their reals, or None where only reals were scored.
        floors: as `Sources.floors` gives them.
        frames: lengths of clips that occur.
        known_datasets: data sets of the training and validation reals.

    Returns:
        One row a control: control, held ("yes", "no", "n/a"), reason.
    """
    reals = reals[reals["score"].notna()]
    told = {
        "canonical re-encode": _one_encoder(reals, fakes),
        "length filter": _one_length(fakes, sorted(frames)),
        "real-against-real floor": _floor(floors),
        "matched harness": _one_harness(reals, fakes),
        "several seeds, bootstrap intervals": _seeds(reals, fakes),
        "cross-dataset cell": _other_datasets(reals, set(known_datasets)),
    }
    return pd.DataFrame([(name, *verdict) for name, verdict in told.items()], columns=["control", "held", "reason"])


def _held(held: bool) -> str:
    return "yes" if held else "no"


def _one_encoder(reals: pd.DataFrame, fakes: pd.DataFrame | None) -> Verdict:
    codecs = sorted({*reals["codec"], *(fakes["codec"] if fakes is not None else ())})
    of = f"{len(reals[CLIP].drop_duplicates())} clips of reals{'' if fakes is None else ' and all fakes'}"
    reason = f"{of} were encoded by {', '.join(codecs)}; what their own files did to them before stays"
    return _held(len(codecs) == 1 and codecs != ["none"]), reason


def _one_length(fakes: pd.DataFrame | None, frames: list[int]) -> Verdict:
    every = f"every clip has {' or '.join(map(str, frames))} frames"
    if fakes is None:
        return "n/a" if len(frames) == 1 else "no", f"{every}; {NO_FAKES} to compare their number with"
    rows = scoring.video_scores(fakes[fakes["detector"].eq(fakes["detector"].iloc[0])])
    rows = rows[rows["n_clips"].gt(0)].assign(score=lambda table: table["n_clips"].astype(float))
    found = scoring.group_bootstrap(scoring.auc_statistic(rows, np.ones(len(rows))))
    fair = found.value == 0.5 or found.low <= 0.5 <= found.high
    return _held(len(frames) == 1 and fair), f"{every}; how many a video has tells fakes with AUC {found.text()}"


def _floor(floors: pd.DataFrame) -> Verdict:
    n_sources, least = int(floors["n_sources"].min()), floors["least"].min()
    margins = int(floors["margin"].notna().sum())
    enough = n_sources >= 2 and least >= 2
    reason = f"{n_sources} sources of test reals, the fewest clips of one {least:.0f}"
    reason += "" if enough else " (needs 2 of each, and more to mean something)"
    return _held(enough and margins == len(floors)), f"{reason}; margins of {margins} of {len(floors)} detectors"


def _one_harness(reals: pd.DataFrame, fakes: pd.DataFrame | None) -> Verdict:
    scored = reals.pivot_table(index=CLIP, columns="detector", values="score", aggfunc="size")
    whole = bool(scored.notna().all(axis=None))
    reason = f"{scored.shape[1]} detectors scored {'the same' if whole else 'not the same'} {len(scored)} clips"
    if fakes is not None:
        again = fakes[fakes["label"].eq("real") & fakes["score"].notna()]
        both = reals.merge(again, on=[*CLIP, "detector", "codec"], suffixes=("", "_again"))
        same = bool(len(both)) and bool((both["score"] == both["score_again"]).all())
        lacking = sorted(set(reals["detector"]) - set(again["detector"]))
        whole = whole and same and not lacking
        reason += f"; beside the fakes the reals score {'the same' if same else 'otherwise or were not found'}"
        reason += f"; no fakes for {len(lacking)} detectors" if lacking else ""
    return _held(whole), f"{reason}; that all learnt from the same videos is not checked here"


def _seeds(reals: pd.DataFrame, fakes: pd.DataFrame | None) -> Verdict:
    seeds = sorted({*reals["seed"], *(fakes["seed"] if fakes is not None else ())})
    n_groups = reals.loc[reals["split"].eq("test"), "group"].nunique()
    resolved = n_groups >= GROUPS_NEEDED
    intervals = f"{n_groups} test groups {'resolve' if resolved else 'do not resolve'} bootstrap intervals"
    return _held(len(seeds) > 1 and resolved), f"{len(seeds)} seed{'s' * (len(seeds) != 1)}; {intervals}"


def _other_datasets(reals: pd.DataFrame, known: set[str]) -> Verdict:
    test = reals[reals["split"].eq("test")]
    other = test[~test["dataset"].isin(known)]
    n_groups, names = other["group"].nunique(), ", ".join(sorted(set(other["dataset"]))) or "none"
    reason = f"{n_groups} test groups of data sets unseen in training and validation ({names})"
    return _held(n_groups >= GROUPS_NEEDED), f"{reason}; an interval needs {GROUPS_NEEDED}"
