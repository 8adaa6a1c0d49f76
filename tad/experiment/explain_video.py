"""Why a video of one's own got its score: a page with the score over time, heat over the clip, and what it is worth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tad import explain
from tad.data import (
    LONG_SIDE,
    Clip,
    Counts,
    DecodeError,
    at_most,
    centre_crop,
    decode,
    network_input,
    no_clip_reason,
    read_clips,
    resize_short_side,
    to_frames,
)
from tad.experiment.checkpoints import load
from tad.experiment.detector_set import detector_set
from tad.experiment.score import choose_threshold
from tad.explain import Effort, Grid
from tad.model import EnhancedTimeSformer
from tad.report import Part, animation_html, figure_html, figures, write_explanation
from tad.scoring import Detector, look, score

SHOWN = 5  # frames of a strip, the mid frame among them
DRAWN = ("own_map", *explain.ERROR_MAPS)  # methods that are shown as fine as they are; the others on cells
CAUTION = (
    "A heat map convinces whether or not it is right. The notebook 04_attention holds every method against forgeries "
    "whose place and time are known, beside maps that know nothing of the detector. Below, this one is held against "
    "its own detector."
)


@dataclass
class Watched:
    """A video that was scored clip by clip, and the clip with the highest score."""

    starts: list[float]
    mids: list[float]  # times of the mid frames, s
    scores: list[float]
    best: Clip
    seconds: float


def explain_video(
    video: str | Path, out: str | Path, *, detector: str = "", method: str = "", checkpoint: str = "demo",
    mask: str | Path = "", effort: Effort = Effort(),  # noqa: B008 it is frozen
) -> dict:  # fmt: skip
    """Score a video, explain its most suspicious clip, and write a page about it.

    Args:
        video: the file.
        out: the page, HTML.
        detector: by name; the default beside the weights when empty.
        method: one of `tad.explain.METHODS`; the detector's own map when empty, or ablation where it has none.
        checkpoint: a file or "demo".
        mask: a video of what was changed, as `tad forge` writes it; when empty VIDEO.mask.mkv where it lies beside.
        effort: see `tad.explain.Effort`.

    Returns:
        What was found: video, detector, method, score, threshold, verdict, start_s of the clip, and where a mask is
        known the measures of `tad.explain.localisation`.

    Raises:
        ValueError: a video or mask that cannot be used, or a detector or method that there is not.
    """
    name, threshold = choose_threshold(checkpoint, "", detector)
    model = load(checkpoint)
    [judge] = detector_set(checkpoint, [name], model=model)
    method = method or ("own_map" if hasattr(judge, "map") else "ablation")
    try:
        watched = _watch(video, judge, model.config.frames)
        beside = Path(video).with_suffix(".mask.mkv")
        file = mask or (beside if beside.is_file() else "")
        truth = _Mask(file, watched.best, judge.view) if file else None
    except DecodeError as error:
        raise ValueError(f"{video} cannot be explained: {error}") from error
    clip = look(_prepared(watched.best, judge), judge.view)
    known = detector_set(checkpoint, variants=False, model=model)
    fitted = [d for d in known if d.name in explain.ERROR_MAPS.values()]
    maps = explain.error_maps(model, fitted=fitted) if len(fitted) == len(explain.ERROR_MAPS) else {}
    heat = explain.explain(judge, clip, method, effort, maps if judge.view else None)
    grid = explain.fitting(explain.TUBELETS, clip.shape[1:])
    cells = explain.evidence(heat.values, grid)
    shown = heat.values.clamp(min=0) if method in DRAWN else cells
    mean = float(np.mean(watched.scores))
    facts = {"video": str(video), "detector": name, "method": method, "score": mean, "threshold": threshold}
    facts |= {"verdict": "FAKE" if mean > threshold else "REAL", "start_s": watched.best.start_s}
    facts |= explain.localisation(cells, truth.mask) if truth else {}
    parts = [
        _over_time(watched, facts, truth),
        _where(clip, shown, facts, heat, truth),
        _worth(judge, clip, cells, grid, effort),
        _residuals(model, maps, watched.best),
    ]
    write_explanation(out, f"Why {Path(video).name} got its score", parts)
    return facts


def _watch(video: str | Path, judge: Detector, frames: int) -> Watched:
    """Score the clips that `tad score` scores, keeping the one with the highest score."""
    counts, found, best = Counts(), [], None
    for clip in read_clips(video, frames=frames, size=judge.view, counts=counts):
        value = score([judge], _prepared(clip, judge))[judge.name]
        best = clip if not found or value > max(v for *_, v in found) else best
        found.append((clip.start_s, clip.start_s + (clip.end_s - clip.start_s) * (frames // 2) / (frames - 1), value))
        last = clip.end_s
    if best is None:
        raise DecodeError(no_clip_reason(counts, frames))
    starts, mids, scores = (list(column) for column in zip(*found, strict=True))
    return Watched(starts, mids, scores, best, last)


def _prepared(clip: Clip, judge: Detector) -> Tensor:
    return at_most(clip.frames, LONG_SIDE) if judge.view is None else clip.frames


class _Mask:
    """What was changed, from a video as long as the forged one: of one clip, and over time."""

    def __init__(self, file: str | Path, clip: Clip, view: int | None):
        half = (clip.end_s - clip.start_s) / (len(clip.frames) - 1) / 2
        found, self.changed = [], []
        for time_s, frame in decode(file):
            if frame.max() > 127:
                going_on = self.changed and time_s - self.changed[-1][1] < 3 * half
                self.changed[-1 if going_on else len(self.changed) :] = [
                    (self.changed[-1][0] if going_on else time_s - half, time_s + half)
                ]
            if clip.start_s - half < time_s < clip.end_s + half:
                found.append(frame)
        if len(found) != len(clip.frames):
            raise ValueError(f"{file} must have a frame for each of the video; got {len(found)} of {len(clip.frames)}")
        frames = torch.stack(found)
        frames = at_most(frames, LONG_SIDE) if view is None else centre_crop(resize_short_side(frames, view), view)
        self.mask = frames[:, 0] / 255


def _over_time(watched: Watched, facts: dict, truth: _Mask | None) -> Part:
    best = watched.best
    said = (
        f"Mean score {facts['score']:.4g} over {len(watched.scores)} clips of {len(best.frames)} frames by "
        f"{facts['detector']}, threshold {facts['threshold']:.4g}: {facts['verdict']}. "
        f"Explained is the clip with the highest score, {max(watched.scores):.4g}, "
        f"from {best.start_s:.2f} to {best.end_s:.2f} s."
    )
    figure = figures.score_profile(
        watched.mids, {"score": watched.scores}, truth.changed if truth else (), facts["threshold"],
        (best.start_s, best.end_s),
    )  # fmt: skip
    alt = f"Score of each clip over {watched.seconds:.1f} s, between {min(watched.scores):.3g} and "
    alt += f"{max(watched.scores):.3g}, highest at {watched.mids[int(np.argmax(watched.scores))]:.2f} s"
    return Part("The score over time", [said], [figure_html(figure, alt)])


def _where(clip: Tensor, shown: Tensor, facts: dict, heat: explain.Heat, truth: _Mask | None) -> Part:
    total = clip.shape[1]
    picked = spaced(total)
    frames = to_frames(clip).permute(0, 2, 3, 1).numpy()
    scaled = (shown / shown.max().clamp(min=1e-12)).numpy()
    masks = truth.mask.numpy() if truth else None
    strip = figures.film_strip(
        [frames[picked]] * 2, ["the clip, as the detector looks at it", f"{facts['method']}: what adds to the score"],
        [f"frame {i}" for i in picked], [None, scaled[picked]], [None if masks is None else masks[picked]] * 2,
    )  # fmt: skip
    hottest = np.unravel_index(int(shown.argmax()), shown.shape)
    place = _place(hottest[1] / shown.shape[1], hottest[2] / shown.shape[2])
    said = [f"{facts['method']}: {explain.METHODS[facts['method']]}."]
    if shown.max() <= 0:
        said.append("No place of this clip adds to its score: the map is empty.")
    else:
        said.append(f"The hottest place lies in frame {hottest[0]}, {place}.")
    if heat.delta == heat.delta:  # not NaN
        said.append(f"Convergence delta: {heat.delta:.2g} (by so much the sum misses the difference of the scores).")
    if truth:
        said.append(_in_numbers(facts))
    alt = f"Some frames of the clip, and below them the same under the heat of {facts['method']}, hottest {place}"
    moving = figures.animation(frames, scaled, masks)
    pictures = [
        figure_html(strip, alt, "Colours run from nothing to the greatest heat of this clip; the scale is below."),
        animation_html(moving, f"The clip playing beside itself under the heat; hottest {place}",
                       "The same, moving: slower than the video, and it stops by itself."),
    ]  # fmt: skip
    return Part("Where it comes from", [CAUTION, *said], pictures)


def _in_numbers(facts: dict) -> str:
    if np.isnan(facts["space_auc"]):
        where = "every place of this clip was changed, or none, so that nothing can be said of where"
    else:
        where = (
            f"pixel AUC {facts['space_auc']:.2f}, average precision {facts['space_average_precision']:.2f}, "
            f"IoU {facts['space_iou']:.2f}, the hottest place {_side(facts['space_pointing'])}"
        )
    when = "every frame was changed, or none, so that nothing can be said of when"
    if not np.isnan(facts["time_auc"]):
        when = f"frame AUC {facts['time_auc']:.2f}, the hottest frame {_side(facts['time_pointing'])}"
    return f"Held against the mask, in space: {where}; over time: {when}."


def _side(pointing: float) -> str:
    return "inside what was changed" if pointing > 0.5 else "outside"


def spaced(total: int) -> np.ndarray:
    """Some frames of a clip, evenly spaced, the mid frame among them."""
    return np.unique([*np.linspace(0, total - 1, SHOWN).round().astype(int)[[0, 1, 3, 4]], total // 2])


def _place(y: float, x: float) -> str:
    row = ("at the top", "halfway up", "at the bottom")[min(2, int(3 * y))]
    return f"{row}, {('on the left', 'in the middle', 'on the right')[min(2, int(3 * x))]}"


def _worth(judge: Detector, clip: Tensor, cells: Tensor, grid: Grid, effort: Effort) -> Part:
    """Deletion by this map beside deletion in random order."""
    known, generator = explain.Remembered(judge, effort.batch), torch.Generator().manual_seed(effort.seed)
    own = explain.deletion_curve(known, clip, cells, generator, grid)
    mixed = torch.stack([explain.deletion_curve(known, clip, cells * 0, generator, grid) for _ in range(3)]).mean(0)
    area, by_chance = (explain.deletion_area(curve, mixed) for curve in (own, mixed))
    verdict = "falls faster" if area < by_chance else "does not fall faster"
    said = (
        f"With the hottest 15 % of the cells blurred the score of this clip goes from {own[0]:.4g} to {own[2]:.4g}; "
        f"with 15 % at random, mean of three draws, to {mixed[2]:.4g}. Over the whole deletion curve the score "
        f"{verdict} than in random order (area {area:.2f} against {by_chance:.2f}, lower is better)."
    )
    return Part("Does the detector agree?", [said])


def _residuals(model: EnhancedTimeSformer, maps: dict[str, Detector], best: Clip) -> Part:
    """The network's own residuals on the mid frame, whatever the detector."""
    size = model.config.size
    clip = network_input(Clip(best.start_s, best.end_s, resize_short_side(best.frames, size)), size)
    mid = clip.shape[1] // 2
    with torch.inference_mode():
        drawn = model(clip[None])[0]
    frames = [to_frames(part)[0].permute(1, 2, 0).numpy() for part in (clip[:, mid : mid + 1], drawn.transpose(0, 1))]
    names = {"reconstruction_error": "its error", "flow_error": "disagreement of flows"}
    heats = [explain.error_map(drawer, clip).values[mid].clamp(min=0) for drawer in maps.values()]
    scaled = [(heat / heat.max().clamp(min=1e-12)).numpy() for heat in heats]
    strip = figures.film_strip(
        [[*frames, *[frames[0]] * len(maps)]], ["the mid frame of that clip, as the network sees it"],
        ["frame", "reconstruction", *(names[name] for name in maps)],
        overlays=[[None, None, *scaled]] if maps else None,
    )  # fmt: skip
    said = (
        "Both residuals are relative to what real patches of that texture and motion cost the network; a network "
        "trained on a few minutes of footage is wrong in many places that are real."
    )
    if not maps:
        said = "What is usual on real patches was not fitted for these weights (tad fit), so that no error is drawn."
    alt = "The mid frame and its reconstruction" + ", and the frame under the heat of both residuals" * bool(maps)
    return Part("What the network did not expect", [said], [figure_html(strip, alt)])
