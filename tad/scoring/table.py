"""The scores table: which of its rows count, how clips become videos, and what each fake weighs."""

import numpy as np
import pandas as pd

from tad import checks

SOURCE = ["video", "group", "codec", "detector", "seed"]  # what a fake shares with the real it was made from
VIDEO = [*SOURCE, "split", "label", "dataset", "method", "scope", "strength"]  # with it, one video's row
COLUMNS = [*VIDEO, "start_s", "score", "status", "psnr_db"]


def require(table: pd.DataFrame, columns: list[str]) -> None:
    """Refuse what is no table, lacks one of the columns, or has words in place of scores."""
    checks.table("a scores table", table, columns)
    if "score" in columns and not pd.api.types.is_numeric_dtype(table["score"]):
        wrong = table["score"][pd.to_numeric(table["score"], errors="coerce").isna() & table["score"].notna()]
        if len(wrong):
            raise ValueError(f"a scores table must hold numbers as score; got {wrong.iloc[0]!r}")


def require_scored(table: pd.DataFrame, columns: list[str]) -> None:
    """Refuse a table that lacks a row, one of the columns, or a finite score in one of its rows."""
    require(table, [*columns, "score"])
    checks.check(len(table) > 0, "a scores table must hold a row", table)
    checks.finite("the scores of a table", table["score"].to_numpy(float))


def row_weights(table: pd.DataFrame, weights: np.ndarray | None) -> np.ndarray:
    """The weights of rows (R,), one fake per real where none are given."""
    if weights is None:
        return one_fake_per_real(table)
    good = isinstance(weights, np.ndarray) and weights.shape == (len(table),) and np.isfinite(weights).all()
    checks.check(good and (weights >= 0).all(), f"weights must be {len(table)} numbers of 0 or more", weights)
    return weights


def is_fake(table: pd.DataFrame) -> np.ndarray:
    """Which rows are fakes (R,); another label, or a class without a row, is refused."""
    checks.table("a scores table", table, ["label"])
    labels = set(table["label"])
    if labels != {"real", "fake"}:
        raise ValueError(f"metrics need scored rows of both labels, real and fake; got {sorted(labels)}")
    return table["label"].eq("fake").to_numpy()


def usable(scores: pd.DataFrame) -> np.ndarray:
    """Which rows hold a score (R,): the status is "ok" and the number is finite."""
    require(scores, ["status", "score"])
    return (scores["status"].eq("ok") & np.isfinite(scores["score"].astype(float))).to_numpy()


def counts(table: pd.DataFrame) -> dict[str, int]:
    """Number of rows of either label."""
    return {f"n_{label}": int(table["label"].eq(label).sum()) for label in ("real", "fake")}


def video_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the clips of each video, so that a long video counts no more than a short one.

    Args:
        scores: scores table, one row a clip and detector.

    Returns:
        One row a video, variant (method, strength, codec, seed) and detector: `score` and `psnr_db` are means over the
        scored clips, `n_clips` counts them, `n_failed` the others. A video without a scored clip has an empty score.
    """
    require(scores, COLUMNS)
    ok = usable(scores)
    clips = scores.assign(n_clips=ok.astype(int), n_failed=(~ok).astype(int))
    clips.loc[~ok, ["score", "psnr_db"]] = np.nan
    videos = clips.groupby(VIDEO, sort=False, dropna=False, observed=True)
    table = videos.agg({"score": "mean", "psnr_db": "mean", "n_clips": "sum", "n_failed": "sum"}).reset_index()
    return table.assign(status=np.where(table["n_clips"] > 0, "ok", "error: no clip was scored"))


def one_detector(scores: pd.DataFrame, detector: str) -> pd.DataFrame:
    """Take one detector's rows, failed ones included, if they are fit to be compared with each other."""
    require(scores, COLUMNS)
    rows = scores[scores["detector"].eq(detector)]
    if rows.empty:
        raise ValueError(f"detector must be one of {sorted(set(scores['detector']))}; got {detector!r}")
    if rows["split"].nunique() > 1:
        raise ValueError(f"metrics are of one split at a time; got {sorted(set(rows['split']))}")
    is_fake(rows[usable(rows)])
    of_reals, of_fakes = (set(rows["codec"][rows["label"].eq(label)]) for label in ("real", "fake"))
    if of_reals != of_fakes:  # the codec would be measured, not the forgery
        raise ValueError(f"reals and fakes must share codecs; got {sorted(of_reals)} and {sorted(of_fakes)}")
    return rows


def per_unit(clips: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Leave scored clips as they are, or average them to videos."""
    if unit not in ("clip", "video"):
        raise ValueError(f'unit must be "clip" or "video"; got {unit!r}')
    return clips if unit == "clip" else video_scores(clips)


def source_of(table: pd.DataFrame) -> np.ndarray:
    """Number the footage, clip or video, behind each row (R,): a real and all fakes made from it share the number."""
    key = [*SOURCE, "start_s"] if "start_s" in table.columns else SOURCE
    numbers = np.zeros(len(table), np.int64)
    for column in key:  # half of the time of a groupby on a small table, and of these there are many
        codes, values = pd.factorize(table[column], use_na_sentinel=False)
        numbers = pd.factorize(numbers * max(1, len(values)) + codes)[0]
    return numbers


def matched(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the scored fakes and exactly the reals they were made from; none is left if there is no such pair.

    A family that needs a face forges only some clips. Against all reals its AUC would measure the difference between
    scenes. Fakes that were made from none of the reals here (a data set's own) are left beside all of them.
    """
    source, fake, ok = source_of(rows), is_fake(rows), usable(rows)
    if not np.isin(source[fake], source[~fake]).any():
        return rows[ok] if ok[fake].any() else rows[:0]
    both = np.intersect1d(source[fake & ok], source[~fake & ok])
    return rows[ok & np.isin(source, both)]


def one_fake_per_real(table: pd.DataFrame) -> np.ndarray:
    """Weigh rows (R,) as if every real had one fake, however many families were made from it.

    A fake weighs 1 / (number of fakes of its source), a real 1. Where sources lack a real or a fake, all fakes are
    scaled alike, so that fakes and reals weigh the same in sum.
    """
    source, fake = source_of(table), is_fake(table)
    n_fakes = np.bincount(source, weights=fake)[source]
    weights = np.divide(1.0, n_fakes, out=np.ones(len(table)), where=fake)
    weights[fake] *= (~fake).sum() / weights[fake].sum()
    return weights
