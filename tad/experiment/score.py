"""Verdicts on video files."""

from collections.abc import Iterable, Iterator
from math import isfinite, nan
from pathlib import Path

from torch import Tensor

import tad
from tad.data import LONG_SIDE, Clip, Counts, DecodeError, at_most, face_clip, no_clip_reason, read_clips, sha256
from tad.data.second_decoder import check_decoder
from tad.experiment.checkpoints import checkpoint_path, load, load_threshold
from tad.experiment.detector_set import detector_set, detectors_path
from tad.report import CARD
from tad.scoring import score

MSE = "midframe_mse"  # the card's
FACE_PX = 192  # side of a face, for detectors without a size of their own
LEAST_PX = 32  # of a side: what every detector can work on
COLUMNS = ("video", "status", "score", "threshold", "verdict", "clips", "seconds")


def choose_threshold(checkpoint: str, asked: str = "", detector: str = "") -> tuple[str, float]:
    """The detector and the threshold to judge by.

    Args:
        checkpoint: a file or "demo".
        asked: "" for the one stored beside the weights, "card" for the model card's 0.3137, or a number.
        detector: a name; when empty the card's with "card", else the default beside the weights.

    Raises:
        ValueError: none is stored, the text is no number, or the card's threshold is asked for another detector.
    """
    if asked == "card":
        if detector not in ("", MSE):
            raise ValueError(f"the card's threshold belongs to {MSE}; got {detector}")
        return MSE, CARD.threshold
    if asked:
        try:
            value = float(asked)
        except ValueError:
            value = nan
        if not isfinite(value):
            raise ValueError(f"threshold must be a number or card; got {asked!r}")
        return detector or load_threshold(checkpoint)[0], value
    found, threshold = load_threshold(checkpoint, detector)
    return found, threshold.value


def score_settings(checkpoint: str, threshold: str, crop: str, decoder: str, detector: str) -> dict[str, str | float]:
    """What a score and its verdict depend on besides the video: by these a command that was stopped may go on."""
    name, limit = choose_threshold(checkpoint, threshold, detector)
    files = [checkpoint_path(checkpoint), *filter(Path.is_file, [detectors_path(checkpoint)])]
    told = {"detector": name, "threshold": limit, "crop": crop, "decoder": decoder, "tad": tad.__version__}
    return {**told, "weights": " ".join(sha256(file) for file in files)}


def score_videos(
    paths: Iterable[str | Path],
    checkpoint: str = "demo",
    threshold: str = "",
    crop: str = "frame",
    decoder: str = "pyav",
    detector: str = "",
) -> Iterator[dict[str, str | float | int | None]]:
    """Score videos one after another.

    Args:
        paths: files.
        checkpoint: a file or "demo", the weights that ship.
        threshold: see `choose_threshold`.
        crop: "frame" for the middle of the frame, "face" for the largest face.
        decoder: "pyav", or "torchcodec" where it imports.
        detector: by name; the default beside the weights when empty.

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
    name, limit = choose_threshold(checkpoint, threshold, detector)
    [judge], frames = detector_set(checkpoint, [name]), load(checkpoint).config.frames
    for path in paths:
        counts, ends, faceless = Counts(), [0.0], []
        row = {"video": str(path), "threshold": limit}
        try:
            size = judge.view if crop == "frame" else None
            clips = read_clips(path, frames=frames, size=size, counts=counts, decoder=decoder)
            clips = _large_enough(clips)
            inputs = _inputs(clips, judge.view, ends, faceless if crop == "face" else None)
            scores = [score([judge], one)[name] for one in inputs]
            if not scores and faceless:
                raise DecodeError(f"no face in {len(faceless)} clips")
            if not scores:
                raise DecodeError(no_clip_reason(counts, frames))
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


def _large_enough(clips: Iterable[Clip]) -> Iterator[Clip]:
    for clip in clips:
        height, width = clip.frames.shape[-2:]
        if min(height, width) < LEAST_PX:
            raise DecodeError(f"a picture of {width} x {height} px is too small to judge: needs {LEAST_PX} px a side")
        yield clip


def _inputs(clips: Iterable[Clip], view: int | None, ends: list[float], faceless: list | None) -> Iterator[Tensor]:
    """The frames of clips, uint8; with `faceless` given, their face, and there the times of clips without one.

    What looks at the video's own resolution gets at most what it was fitted on, and faces as large as its tiles.
    """
    for clip in clips:
        ends[0] = clip.end_s
        if faceless is None:
            yield at_most(clip.frames, LONG_SIDE) if view is None else clip.frames
        elif (face := face_clip(clip.frames, view or FACE_PX)) is not None:
            yield face
        else:
            faceless.append(clip.start_s)
