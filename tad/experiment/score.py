"""Verdicts on video files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tad.data import Counts, DecodeError, network_input, no_clip_reason, read_clips
from tad.experiment.checkpoints import load, load_threshold
from tad.report import CARD
from tad.scoring import build, score_stream

COLUMNS = ("video", "status", "score", "threshold", "verdict", "clips", "seconds")


def choose_threshold(checkpoint: str, asked: str = "") -> tuple[str, float]:
    """The detector and the threshold to judge by.

    Args:
        checkpoint: a file or "demo".
        asked: "" for the one stored beside the weights, "card" for the model card's 0.3137, or a number.

    Raises:
        ValueError: none is stored, or the text is no number.
    """
    if asked == "card":
        return "midframe_mse", CARD.threshold
    if asked:
        try:
            return "midframe_mse", float(asked)
        except ValueError:
            raise ValueError(f"threshold must be a number or card; got {asked!r}") from None
    detector, threshold = load_threshold(checkpoint)
    return detector, threshold.value


def score_videos(
    paths: Iterable[str | Path], checkpoint: str = "demo", threshold: str = ""
) -> Iterator[dict[str, str | float | int | None]]:
    """Score videos one after another.

    Args:
        paths: files.
        checkpoint: a file or "demo", the weights that ship.
        threshold: see `choose_threshold`.

    Yields:
        A row a video (`COLUMNS`): the score is the mean over its clips, `seconds` how much video was decoded, the
        verdict FAKE above the threshold, REAL otherwise; UNKNOWN, with an empty score and the reason in `status`, for
        a file that cannot be decoded or holds no whole clip.
    """
    name, limit = choose_threshold(checkpoint, threshold)
    model = load(checkpoint)
    detector, c = build(name, model), model.config
    for path in paths:
        counts, ends = Counts(), [0.0]
        row = {"video": str(path), "threshold": limit}
        try:
            clips = _clips(path, c.frames, c.size, counts, ends)
            scores = [found[name] for found in score_stream([detector], clips)]
            if not scores:
                raise DecodeError(no_clip_reason(counts, c.frames))
        except DecodeError as error:
            judged = {"status": f"error: {error}", "score": None, "verdict": "UNKNOWN", "clips": counts.clips}
        else:
            score = sum(scores) / len(scores)
            verdict = "FAKE" if score > limit else "REAL"
            judged = {"status": "ok", "score": score, "verdict": verdict, "clips": len(scores)}
        row |= {**judged, "seconds": round(ends[-1], 2)}
        yield {column: row[column] for column in COLUMNS}


def _clips(path, frames: int, size: int, counts: Counts, ends: list[float]):
    for clip in read_clips(path, frames=frames, size=size, counts=counts):
        ends[0] = clip.end_s
        yield network_input(clip, size)
