"""Verdicts on video files."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path

import pandas as pd
from torch import Tensor

import tad
from tad.data import LONG_SIDE, Clip, Counts, DecodeError, face_clip, no_clip_reason, read_clips, sha256
from tad.data.second_decoder import check_decoder
from tad.experiment.calibration import load_calibration, unlike_calibration
from tad.experiment.checkpoints import checkpoint_path, load, load_threshold
from tad.experiment.detector_set import detector_set, detectors_path
from tad.experiment.parallel import in_order
from tad.report import CARD
from tad.scoring import score

MSE = "midframe_mse"  # the card's
FACE_PX = 192  # side of a face, for detectors without a size of their own
LEAST_PX = 32  # of a side: what every detector can work on
COLUMNS = ("video", "status", "score", "threshold", "verdict", "clips", "seconds")
Watch = Callable[[Clip, Tensor, float], None]


def choose_threshold(checkpoint: str, asked: str = "", detector: str = "") -> tuple[str, float]:
    """The detector and the threshold to judge by.

    Args:
        checkpoint: a file or "demo".
        asked: "" for the one stored beside the weights, "card" for the model card's 0.3137, or a number.
        detector: by name; the default beside the weights when empty, the card's with its threshold.

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
    watch: Watch | None = None,
) -> Iterator[dict[str, str | float | int | None]]:
    """Score videos in their order, as many clips at once as there are cores.

    Args:
        paths: files.
        checkpoint: a file or "demo", the weights that ship.
        threshold: see `choose_threshold`.
        crop: "frame" for the middle of the frame, "face" for the largest face.
        decoder: "pyav", or "torchcodec" where it imports.
        detector: by name; the default beside the weights when empty.
        watch: is told of each clip, what was judged of it, uint8 (T, 3, h, w), and its score.

    Yields:
        A row a video (`COLUMNS`): the score is the mean over its clips, `seconds` how much video was decoded, the
        verdict FAKE above the threshold, REAL otherwise; UNKNOWN for a file of another kind than any that the detector
        was calibrated on (where that is stored), and, with an empty score and the reason in `status`, for one that
        cannot be decoded, holds no whole clip, or no face where one is asked for. A status that begins with "ok" says
        what was left out.

    Raises:
        ValueError: another crop, no such checkpoint or threshold, a decoder that is another or does not import.
    """
    if crop not in ("frame", "face"):
        raise ValueError(f"crop must be frame or face; got {crop!r}")
    check_decoder(decoder)
    name, limit = choose_threshold(checkpoint, threshold, detector)
    model = load(checkpoint)
    [judge], frames = detector_set(checkpoint, [name], model=model), model.config.frames
    calibration = load_calibration(checkpoint, name)

    def parts() -> Iterator[tuple[_Video, Clip | None, Tensor | None]]:
        """The clips of all videos one after another with what is judged of each, and nothing where a video ends."""
        for path in paths:
            video = _Video(path)
            size = judge.view if crop == "frame" else None
            most = LONG_SIDE if crop == "frame" and size is None else None
            clips = read_clips(path, frames=frames, size=size, counts=video.counts, decoder=decoder, long_side=most)
            try:
                for clip, one in _inputs(clips, judge.view, video, crop == "face"):
                    yield video, clip, one
            except DecodeError as error:
                video.error = str(error)
            yield video, None, None

    def judged(part: tuple[_Video, Clip | None, Tensor | None]) -> tuple:
        return *part, None if part[2] is None else score([judge], part[2])[name]

    # while some clips are scored, the next are decoded, be they of this video or the one after
    for video, clip, one, value in in_order(judged, parts()):
        if value is None:
            yield video.row(limit, frames, calibration)
        else:
            video.scores.append(value)
            if watch:
                watch(clip, one, value)


@dataclass
class _Video:
    """What is known of a video so far."""

    path: str | Path
    counts: Counts = field(default_factory=Counts)
    scores: list[float] = field(default_factory=list)
    end_s: float = 0.0
    faceless: int = 0  # clips without a face, where one is asked for
    error: str = ""

    def row(self, limit: float, frames: int, calibration: pd.DataFrame) -> dict[str, str | float | int | None]:
        """The verdict (`COLUMNS`)."""
        if not self.scores and not self.error:
            none = f"no face in {self.faceless} clips"
            self.error = none if self.faceless else no_clip_reason(self.counts, frames)
        judged = self._unknown() if self.error else self._judged(limit, calibration)
        row = {"video": str(self.path), "threshold": limit, **judged, "seconds": round(self.end_s, 2)}
        return {column: row[column] for column in COLUMNS}

    def _unknown(self) -> dict:
        return {"status": f"error: {self.error}", "score": None, "verdict": "UNKNOWN", "clips": self.counts.clips}

    def _judged(self, limit: float, calibration: pd.DataFrame) -> dict:
        try:
            unlike = unlike_calibration(self.path, calibration)
        except DecodeError as error:  # it was there when it was decoded
            self.error = str(error)
            return self._unknown()
        counts, mean = self.counts, sum(self.scores) / len(self.scores)
        said = f", no face in {self.faceless} of {counts.clips} clips" if self.faceless else ""
        said += f", broken off after {counts.frames} frames: {counts.broken}" if counts.broken else ""
        said += f", unlike calibration: {unlike}" if unlike else ""
        verdict = "UNKNOWN" if unlike else "FAKE" if mean > limit else "REAL"
        return {"status": f"ok{said}", "score": mean, "verdict": verdict, "clips": len(self.scores)}


def _inputs(clips: Iterable[Clip], view: int | None, video: _Video, face: bool) -> Iterator[tuple[Clip, Tensor]]:
    """Clips with what is judged of each, uint8: its frames or their face; a note where a clip has none.

    What looks at the video's own resolution gets at most what it was fitted on, and faces as large as its tiles.
    """
    for clip in clips:
        height, width = clip.frames.shape[-2:]
        if min(height, width) < LEAST_PX:
            raise DecodeError(f"a picture of {width} x {height} px is too small to judge: needs {LEAST_PX} px a side")
        video.end_s = clip.end_s
        if not face:
            yield clip, clip.frames
        elif (found := face_clip(clip.frames, view or FACE_PX)) is not None:
            yield clip, found
        else:
            video.faceless += 1
