"""Verdicts on video files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from tad.data import LONG_SIDE, Clip, Counts, DecodeError, at_most, face_clip, no_clip_reason, read_clips
from tad.data.second_decoder import check_decoder
from tad.experiment.checkpoints import load, load_threshold
from tad.experiment.detector_set import detector_set
from tad.experiment.parallel import in_order
from tad.report import CARD
from tad.scoring import score

MSE = "midframe_mse"  # the card's
FACE_PX = 192  # side of a face, for detectors without a size of their own
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
            return detector or load_threshold(checkpoint)[0], float(asked)
        except ValueError:
            raise ValueError(f"threshold must be a number or card; got {asked!r}") from None
    found, threshold = load_threshold(checkpoint, detector)
    return found, threshold.value


def score_videos(
    paths: Iterable[str | Path],
    checkpoint: str = "demo",
    threshold: str = "",
    crop: str = "frame",
    decoder: str = "pyav",
    detector: str = "",
) -> Iterator[dict[str, str | float | int | None]]:
    """Score videos in their order, as many clips at once as there are cores.

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

    def parts() -> Iterator[tuple[_Video, Tensor | None]]:
        """The clips of all videos one after another, and nothing where a video ends."""
        for path in paths:
            video = _Video(path)
            size = judge.view if crop == "frame" else None
            clips = read_clips(path, frames=frames, size=size, counts=video.counts, decoder=decoder)
            try:
                for one in _inputs(clips, judge.view, video, crop == "face"):
                    yield video, one
            except DecodeError as error:
                video.error = str(error)
            yield video, None

    def judged(part: tuple[_Video, Tensor | None]) -> tuple[_Video, float | None]:
        video, one = part
        return video, None if one is None else score([judge], one)[name]

    # while some clips are scored, the next are decoded, be they of this video or the one after
    for video, value in in_order(judged, parts()):
        if value is None:
            yield video.row(limit, frames)
        else:
            video.scores.append(value)


@dataclass
class _Video:
    """What is known of a video so far."""

    path: str | Path
    counts: Counts = field(default_factory=Counts)
    scores: list[float] = field(default_factory=list)
    end_s: float = 0.0
    faceless: int = 0  # clips without a face, where one is asked for
    error: str = ""

    def row(self, limit: float, frames: int) -> dict[str, str | float | int | None]:
        """The verdict (`COLUMNS`)."""
        counts, error = self.counts, self.error
        if not self.scores and not error:
            error = f"no face in {self.faceless} clips" if self.faceless else no_clip_reason(counts, frames)
        if error:
            judged = {"status": f"error: {error}", "score": None, "verdict": "UNKNOWN", "clips": counts.clips}
        else:
            mean = sum(self.scores) / len(self.scores)
            left_out = f", no face in {self.faceless} of {counts.clips} clips" if self.faceless else ""
            left_out += f", broken off after {counts.frames} frames: {counts.broken}" if counts.broken else ""
            verdict = "FAKE" if mean > limit else "REAL"
            judged = {"status": f"ok{left_out}", "score": mean, "verdict": verdict, "clips": len(self.scores)}
        row = {"video": str(self.path), "threshold": limit, **judged, "seconds": round(self.end_s, 2)}
        return {column: row[column] for column in COLUMNS}


def _inputs(clips: Iterable[Clip], view: int | None, video: _Video, face: bool) -> Iterator[Tensor]:
    """The frames of clips, uint8; or their face, and a note where a clip has none.

    What looks at the video's own resolution gets at most what it was fitted on, and faces as large as its tiles.
    """
    for clip in clips:
        video.end_s = clip.end_s
        if not face:
            yield at_most(clip.frames, LONG_SIDE) if view is None else clip.frames
        elif (found := face_clip(clip.frames, view or FACE_PX)) is not None:
            yield found
        else:
            video.faceless += 1
