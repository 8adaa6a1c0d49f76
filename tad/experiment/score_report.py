"""Verdicts on video files as a page to be read: what was found, what it rests on, where to look, what it cannot say."""

import heapq
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

import tad
from tad.data import Clip, DecodeError, at_most, probe, sha256, to_frames
from tad.experiment.calibration import load_calibration
from tad.experiment.checkpoints import checkpoint_path, load_threshold
from tad.experiment.detector_set import detector_set
from tad.experiment.score import choose_threshold, score_videos
from tad.experiment.verdict import limits, reasons_for
from tad.report import figures
from tad.report.picture import Picture, picture
from tad.report.score_page import ScoredVideo, write_score_page
from tad.scoring import Detector, look

MOMENTS, FRAMES = 3, 4  # clips that are shown, and frames of each
THUMBNAILS, THUMBNAIL_PX = 64, 220


class Watched:
    """What is kept of a video while it is scored: every score, some thumbnails, the clips that scored highest."""

    def __init__(self):
        self.rows: list[dict] = []
        self.thumbnails: list[tuple[float, np.ndarray]] = []
        self.highest: list[tuple[float, int, Clip, Tensor]] = []
        self.every = 1  # of so many clips one has a thumbnail

    def __call__(self, clip: Clip, judged: Tensor, score: float) -> None:
        number = len(self.rows)
        self.rows.append({"start_s": clip.start_s, "end_s": clip.end_s, "score": score})
        if number % self.every == 0:
            small = at_most(judged[len(judged) // 2 :][:1], THUMBNAIL_PX)[0]
            self.thumbnails.append((clip.start_s, _picture(small)))
        if len(self.thumbnails) > THUMBNAILS:  # a long video must not fill the memory
            self.thumbnails, self.every = self.thumbnails[::2], 2 * self.every
        heapq.heappush(self.highest, (score, -number, clip, judged))
        if len(self.highest) > MOMENTS:
            heapq.heappop(self.highest)


def score_report(
    paths: Iterable[str | Path], out: str | Path, checkpoint: str = "demo", threshold: str = "", crop: str = "frame",
    decoder: str = "pyav", detector: str = "", done: Callable[[], object] = lambda: None,
) -> list[dict]:  # fmt: skip
    """Score videos and write a page about them.

    Args:
        paths: files.
        out: the page, one file that needs no other.
        checkpoint, threshold, crop, decoder, detector: as for `score_videos`.
        done: is called after each video.

    Returns:
        The rows of `score_videos`.

    Raises:
        ValueError: what `score_videos` refuses, or a page that is no .html or lies in no folder.
    """
    out = Path(out)
    if out.suffix != ".html" or not out.parent.is_dir():
        raise ValueError(f"a report must be an .html in a folder that exists; got {out}")
    name, limit = choose_threshold(checkpoint, threshold, detector)
    [judge], reals = detector_set(checkpoint, [name]), load_calibration(checkpoint, name)
    if crop == "face":
        reals = reals[:0]  # it was made on whole frames, and says nothing of faces
    rows, sections = [], []
    for path in paths:
        watched = Watched()
        given = {"crop": crop, "decoder": decoder, "detector": name, "watch": watched}
        [row] = score_videos([path], checkpoint, threshold, **given)
        rows.append(row)
        sections.append(_section(row, watched, judge, reals))
        done()
    made = {
        "detector": name,
        "threshold": f"{limit:.6g}: {_origin(checkpoint, threshold, name)}",
        "weights": f"{checkpoint} (SHA-256 {sha256(checkpoint_path(checkpoint))[:16]}…)",
        "looked at": "the largest face" if crop == "face" else _view(judge),
        "decoder": decoder,
        "tad": tad.__version__,
    }
    write_score_page(out, sections, limits(reals, checkpoint, crop), made)
    return rows


def _section(row: dict, watched: Watched, judge: Detector, reals: pd.DataFrame) -> ScoredVideo:
    short, reasons = reasons_for(row, reals)
    name = os.fsencode(Path(row["video"]).name).decode(errors="replace")  # its folder is nobody's business
    facts = {"name": name, "verdict": row["verdict"], "short": short}
    facts |= {"reasons": reasons, "score": row["score"], "file": file_facts(row)}
    if not watched.rows:
        return ScoredVideo(**facts)
    clips, of_reals = pd.DataFrame(watched.rows), list(reals["score"])
    above = int((clips["score"] > row["threshold"]).sum())
    alt = (
        f"Score over time: {len(clips)} clips from {clips['score'].min():.3g} to {clips['score'].max():.3g}, "
        f"mean {row['score']:.3g}, threshold {row['threshold']:.3g}; {above} above it."
    )
    caption = f"Each line is a clip; the verdict goes by their mean, {row['score']:.4g}"
    caption += ", beside the means of the real videos." if of_reals else "."
    drawn = figures.score_timeline(clips, row["threshold"], of_reals, watched.thumbnails)
    timeline = picture(drawn, alt, caption)
    highest = sorted(watched.highest, reverse=True, key=lambda item: item[:2])
    return ScoredVideo(**facts, timeline=timeline, moments=_pictures([_moment(*one, judge) for one in highest], judge))


def file_facts(row: dict) -> dict[str, str]:
    """What a file is, as its container says; only its length and digest where it is no video."""
    path = Path(row["video"])
    facts = {}
    if path.is_file():
        facts = {"size of the file": f"{path.stat().st_size:,} bytes", "SHA-256": sha256(path)}
    try:
        info = probe(path)
    except DecodeError as error:
        return {**facts, "container": f"not readable: {error}"}
    return facts | {
        "codec": f"{info.codec}, {info.pixel_format}",
        "picture": f"{info.width} x {info.height} px, {info.fps:.4g} frames a second",
        "duration": f"{info.duration_s:.2f} s, {info.frames} frames",
        "scored": f"{row['clips']} clips of the first {row['seconds']:.2f} s",
    }


class Moment(NamedTuple):
    """Some frames of a clip that scored high."""

    title: str
    frames: list[np.ndarray]  # (H, W, 3), uint8
    heats: list[np.ndarray] | None  # (H, W) in [0, 1]
    labels: list[str]


def _moment(score: float, _, clip: Clip, judged: Tensor, judge: Detector) -> Moment:
    seen = look(judged, judge.view)
    heat = _heat(judge, seen)
    alive = [i for i in range(len(judged)) if heat is None or heat[i].any()]  # some maps speak of the mid frame alone
    alive = alive or [len(judged) // 2]
    picked = [alive[i] for i in np.unique(np.linspace(0, len(alive) - 1, FRAMES).round().astype(int))]
    step = (clip.end_s - clip.start_s) / max(1, len(judged) - 1)
    return Moment(
        f"{clip.start_s:.2f} to {clip.end_s:.2f} s, score {score:.4g}",
        [_picture(frame) for frame in to_frames(seen)[picked]],
        None if heat is None else [heat[i] for i in picked],
        [f"{clip.start_s + i * step:.2f} s" for i in picked],
    )


def _pictures(moments: list[Moment], judge: Detector) -> list[Picture]:
    """A strip a moment, or one of all where a map speaks of one frame each; below, where the score comes from."""
    if all(len(moment.frames) == 1 for moment in moments):
        labels = [f"{moment.labels[0]}, from {moment.title}" for moment in moments]
        frames = [moment.frames[0] for moment in moments]
        heats = None if moments[0].heats is None else [moment.heats[0] for moment in moments]
        moments = [Moment(f"the {len(moments)} clips that scored highest", frames, heats, labels)]
    told = "Heat: where the score of a clip comes from, scaled within the clip, its brightest 0.1 % cut off."
    if moments[0].heats is None:
        told = f"{judge.name} does not say where its score comes from."
    found = []
    for title, frames, heats, labels in moments:
        rows, titles, overlays = [frames], [title], [None]
        if heats is not None:
            rows, titles, overlays = [frames] * 2, [title, f"where {judge.name} sees it"], [None, heats]
        strip = figures.film_strip(rows, titles, labels, overlays)
        found.append(picture(strip, f"{len(frames)} frames: {title}. {told}", told))
    return found


@torch.no_grad()
def _heat(judge: Detector, seen: Tensor) -> np.ndarray | None:
    """The detector's map of a clip (3, T, H, W), its greatest 0.1 % cut off, in [0, 1]: (T, H, W); None without one."""
    if not hasattr(judge, "map"):
        return None
    heat = judge.map(seen[None])[0].float().numpy()
    heat = heat - heat.min()  # logits may lie below 0
    top = np.quantile(heat[heat > 0], 0.999) if heat.any() else 1.0  # one bright pixel would leave the rest dark
    return np.clip(heat / top, 0, 1)


def _picture(frame: Tensor) -> np.ndarray:
    """A uint8 frame (3, H, W) as (H, W, 3)."""
    return frame.permute(1, 2, 0).numpy()


def _view(judge: Detector) -> str:
    if judge.view is None:
        return "the whole frame, at its own resolution or 640 px at most"
    return f"the middle of the frame, {judge.view} x {judge.view} px"


def _origin(checkpoint: str, asked: str, name: str) -> str:
    """Where a threshold comes from."""
    if asked == "card":
        return "the model card's, for the card's own weights"
    return "given by hand" if asked else load_threshold(checkpoint, name)[1].guarantee
