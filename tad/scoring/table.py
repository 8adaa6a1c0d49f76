"""The scores table: which of its rows count, how clips become videos, and what each fake weighs."""

import numpy as np
import pandas as pd

SOURCE = ["video", "group", "codec", "detector", "seed"]  # what a fake shares with the real it was made from
VIDEO = [*SOURCE, "split", "label", "dataset", "method", "scope", "strength"]  # with it, one video's row
COLUMNS = [*VIDEO, "start_s", "score", "status", "psnr_db"]


def require(table: pd.DataFrame, columns: list[str]) -> None:
    """Refuse a table that lacks one of the columns.

    Raises:
        ValueError: a column is missing.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ValueError(f"a scores table must have the columns {columns}; got none named {missing}")


def is_fake(table: pd.DataFrame) -> np.ndarray:
    """Which rows are fakes.

    Args:
        table: scores of both labels.

    Returns:
        Booleans (R,).

    Raises:
        ValueError: another label than "real" and "fake", or a class without a row.

    Example:
        >>> is_fake(pd.DataFrame({"label": ["real", "fake"]}))
        array([False,  True])
    """
    labels = set(table["label"])
    if labels != {"real", "fake"}:
        raise ValueError(f"metrics need scored rows of both labels, real and fake; got {sorted(labels)}")
    return table["label"].eq("fake").to_numpy()


def usable(scores: pd.DataFrame) -> np.ndarray:
    """Which rows hold a score: the status is "ok" and the number is finite.

    Example:
        >>> usable(pd.DataFrame({"status": ["ok", "ok", "error: cut"], "score": [0.5, np.nan, 0.5]}))
        array([ True, False, False])
    """
    return (scores["status"].eq("ok") & np.isfinite(scores["score"].astype(float))).to_numpy()


def video_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the clips of each video, so that a long video counts no more than a short one.

    Args:
        scores: scores table, one row a clip and detector.

    Returns:
        One row a video, variant (method, strength, codec, seed) and detector: the shared columns, `score` and
        `psnr_db` (means over the scored clips), `n_clips` scored, `n_failed` not scored, and `status`. A
        video none of whose clips was scored keeps its row, with an empty score.

    Raises:
        ValueError: a column is missing.

    Example:
        >>> clips = pd.DataFrame({"start_s": [0.0, 1.0], "score": [0.25, 0.75], "psnr_db": np.nan})
        >>> what = dict(video="a", group="a", split="test", label="real", dataset="demo", method="original")
        >>> how = dict(scope="", strength=0.0, codec="none", detector="midframe_mse", seed=0, status="ok")
        >>> clips = clips.assign(**what, **how)
        >>> video_scores(clips)[["video", "score", "n_clips", "n_failed"]]
          video  score  n_clips  n_failed
        0     a    0.5        2         0
    """
    require(scores, COLUMNS)
    ok = usable(scores)
    clips = scores.assign(n_clips=ok.astype(int), n_failed=(~ok).astype(int))
    clips.loc[~ok, ["score", "psnr_db"]] = np.nan
    videos = clips.groupby(VIDEO, sort=False, dropna=False, observed=True)
    table = videos.agg({"score": "mean", "psnr_db": "mean", "n_clips": "sum", "n_failed": "sum"}).reset_index()
    return table.assign(status=np.where(table["n_clips"] > 0, "ok", "error: no clip was scored"))


def one_detector(scores: pd.DataFrame, detector: str) -> pd.DataFrame:
    """Take one detector's rows, if they are fit to be compared with each other.

    Args:
        scores: scores table, one row a clip and detector.
        detector: name in the column `detector`.

    Returns:
        Its rows, failed ones included.

    Raises:
        ValueError: a column is missing, the detector is not there, several splits are mixed, a class has no
            scored row, or the reals went through other codecs than the fakes (that would measure the codec).
    """
    require(scores, COLUMNS)
    rows = scores[scores["detector"].eq(detector)]
    if rows.empty:
        raise ValueError(f"detector must be one of {sorted(set(scores['detector']))}; got {detector!r}")
    if rows["split"].nunique() > 1:
        raise ValueError(f"metrics are of one split at a time; got {sorted(set(rows['split']))}")
    is_fake(rows[usable(rows)])
    of_reals, of_fakes = (set(rows["codec"][rows["label"].eq(label)]) for label in ("real", "fake"))
    if of_reals != of_fakes:
        raise ValueError(f"reals and fakes must share codecs; got {sorted(of_reals)} and {sorted(of_fakes)}")
    return rows


def per_unit(clips: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Leave scored clips as they are, or average them to videos.

    Args:
        clips: scored rows.
        unit: "clip" or "video".

    Raises:
        ValueError: another unit.
    """
    if unit not in ("clip", "video"):
        raise ValueError(f'unit must be "clip" or "video"; got {unit!r}')
    return clips if unit == "clip" else video_scores(clips)


def source_of(table: pd.DataFrame) -> np.ndarray:
    """Number the footage behind each row: a real and all fakes made from it have the same number.

    Args:
        table: clips (their source is the clip) or, without the column `start_s`, videos.

    Returns:
        Integers (R,).
    """
    require(table, SOURCE)
    key = [*SOURCE, "start_s"] if "start_s" in table.columns else SOURCE
    return table.groupby(key, sort=False, dropna=False, observed=True).ngroup().to_numpy()


def matched(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the scored fakes and exactly the reals they were made from.

    A family that needs a face forges only some clips. Against all reals its AUC would measure the difference
    between scenes, not between real and fake. Fakes that were made from none of the reals here (a data set's
    own) are left beside all of them.

    Args:
        rows: clips of both labels, failed ones included.

    Returns:
        The scored rows whose source was scored both as real and as fake; no row if there is no such source.
    """
    source, fake, ok = source_of(rows), is_fake(rows), usable(rows)
    if not np.isin(source[fake], source[~fake]).any():
        return rows[ok] if ok[fake].any() else rows[:0]
    both = np.intersect1d(source[fake & ok], source[~fake & ok])
    return rows[ok & np.isin(source, both)]


def one_fake_per_real(table: pd.DataFrame) -> np.ndarray:
    """Weigh the rows as if every real had one fake, however many families were made from it.

    A fake weighs 1 / (number of fakes of its source), a real 1. Where sources lack a real or a fake, all
    fakes are scaled alike, so that fakes and reals weigh the same in sum.

    Args:
        table: rows of both labels.

    Returns:
        Weights (R,), positive.

    Raises:
        ValueError: a class is empty, or a column is missing.

    Example:
        >>> three = pd.DataFrame({"video": "a", "label": ["real", "fake", "fake"]})
        >>> one_fake_per_real(three.assign(group="a", codec="none", detector="midframe_mse", seed=0))
        array([1. , 0.5, 0.5])
    """
    source, fake = source_of(table), is_fake(table)
    n_fakes = np.bincount(source, weights=fake)[source]
    weights = np.divide(1.0, n_fakes, out=np.ones(len(table)), where=fake)
    weights[fake] *= (~fake).sum() / weights[fake].sum()
    return weights
