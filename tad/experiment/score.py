"""Verdicts on video files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from torch import Tensor

from tad.data import Clip, Counts, DecodeError, face_clip, no_clip_reason, read_clips
from tad.data.second_decoder import check_decoder
from tad.experiment.checkpoints import load, load_threshold
from tad.report import CARD
from tad.scoring import build, score

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
    paths: Iterable[str | Path],
    checkpoint: str = "demo",
    threshold: str = "",
    crop: str = "frame",
    decoder: str = "pyav",
) -> Iterator[dict[str, str | float | int | None]]:
    """Score videos one after another.

    Args:
        paths: files.
        checkpoint: a file or "demo", the weights that ship.
        threshold: see `choose_threshold`.
        crop: "frame" for the middle of the frame, "face" for the largest face.
        decoder: "pyav", or "torchcodec" where it imports.

    Yields:
        A row a video (`COLUMNS`): the score is the mean over its clips, `seconds` how much video was decoded, the
        verdict FAKE above the threshold, REAL otherwise; UNKNOWN, with an empty score and the reason in `status`, for
        a file that cannot be decoded, holds no whole clip, or no face where one is asked for. A status that begins
        with "ok" says what was left out.

    Raises:
        ValueError: another crop, no such checkpoint or threshold, a decoder that is another or does not import.
    """
    if crop not in ("frame", "face"):
        raise ValueError(f"crop must be frame or face; got {crop!r}")
    check_decoder(decoder)
    name, limit = choose_threshold(checkpoint, threshold)
    model = load(checkpoint)
    detector, c = build(name, model), model.config
    for path in paths:
        counts, ends, faceless = Counts(), [0.0], []
        row = {"video": str(path), "threshold": limit}
        try:
            size = c.size if crop == "frame" else None
            clips = read_clips(path, frames=c.frames, size=size, counts=counts, decoder=decoder)
            inputs = _inputs(clips, c.size, ends, faceless if crop == "face" else None)
            scores = [score([detector], frames)[name] for frames in inputs]
            if not scores and faceless:
                raise DecodeError(f"no face in {len(faceless)} clips")
            if not scores:
                raise DecodeError(no_clip_reason(counts, c.frames))
        except DecodeError as error:
            judged = {"status": f"error: {error}", "score": None, "verdict": "UNKNOWN", "clips": counts.clips}
        else:
            mean = sum(scores) / len(scores)
            verdict = "FAKE" if mean > limit else "REAL"
            left_out = f", no face in {len(faceless)} of {counts.clips} clips" if faceless else ""
            left_out += f", broken off after {counts.frames} frames: {counts.broken}" if counts.broken else ""
            judged = {"status": f"ok{left_out}", "score": mean, "verdict": verdict, "clips": len(scores)}
        row |= {**judged, "seconds": round(ends[-1], 2)}
        yield {column: row[column] for column in COLUMNS}


def _inputs(clips: Iterable[Clip], size: int, ends: list[float], faceless: list | None) -> Iterator[Tensor]:
    """The frames of clips, uint8; with `faceless` given, their face, and there the times of clips without one."""
    for clip in clips:
        ends[0] = clip.end_s
        if faceless is None:
            yield clip.frames
        elif (face := face_clip(clip.frames, size)) is not None:
            yield face
        else:
            faceless.append(clip.start_s)
