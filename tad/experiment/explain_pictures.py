"""What 04 shows of single clips: strips of heat, a clip in motion, the score over time."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from tad import explain
from tad.data import Encoding, FixedClips, to_frames, transcode
from tad.experiment.evaluation import reals_of
from tad.experiment.explain_ladder import Looked, View
from tad.experiment.explain_video import spaced
from tad.experiment.forging import Forger, choose
from tad.explain import Effort
from tad.report import figures
from tad.scoring import Detector, score

LONG = 3  # clips of the stretch whose score is followed over time; the middle one is forged


class Picture(NamedTuple):
    """A figure, or an animated WebP, with what is seen in it and what stands below."""

    figure: Figure | bytes
    alt: str
    caption: str


def pairs(looked: Looked, family: str, strength: float) -> tuple[View, View]:
    """The real and the fake of the first clip that a family can forge.

    Raises:
        ValueError: there is none.
    """
    for fake in looked.views(choose([family]), [strength]):
        real = next(v for v in looked.views(choose([family]), [0.0]) if v.facts["video"] == fake.facts["video"])
        return real, fake
    raise ValueError(f"{family} needs a test clip that it can forge; got none")


def strip(
    looked: Looked, judge: Detector, family: str, strength: float, methods: Iterable[str], effort: Effort
) -> Picture:  # fmt: skip
    """Draw some methods on a real clip and on its fake, with what was changed, all rows of a method on one scale.

    Args:
        looked, judge: where clips come from, and whose score.
        family, strength: of the forgery.
        methods: names, see `tad.explain.METHODS`.
        effort: how long a method may take.
    """
    real, fake = pairs(looked, family, strength)
    clips, mask = [view.clip(judge.view) for view in (real, fake)], fake.changed(judge.view)
    picked = spaced(clips[0].shape[1])
    frames = [to_frames(clip).permute(0, 2, 3, 1).numpy()[picked] for clip in clips]
    rows, titles, heats, masks = [*frames], ["real", f"{family}, strength {strength:g}"], [None, None], [None, mask]
    said = []
    for name in methods:
        found = [_shown(judge, clip, name, effort, looked) for clip in clips]
        scale = max(heat.max() for heat in found).clamp(min=1e-12)
        auc = explain.localisation(found[1], mask)["space_auc"]
        titles += [f"{name}, on the real", f"{name}, on the fake: pixel AUC {auc:.2f}"]
        said.append(f"{name} {auc:.2f}")
        rows, masks = [*rows, *frames], [*masks, None, mask]
        heats += [(heat / scale).numpy()[picked] for heat in found]
    outlines = [None if of is None else of.numpy()[picked] for of in masks]
    figure = figures.film_strip(rows, titles, [f"frame {i}" for i in picked], heats, outlines)
    group = real.facts["group"]
    alt = (
        f"Frames of {group}, real and under {family}, with heat over both; of telling the changed pixels from the "
        f"others the heat on the fake has an AUC of: {', '.join(said)}"
    )
    return Picture(figure, alt, f"{judge.name} on {group}; each method's two rows share one scale. 0.5 is chance.")


def motion(looked: Looked, judge: Detector, family: str, strength: float, method: str, effort: Effort) -> Picture:
    """Play a fake beside itself under a method's heat.

    The arguments looked, judge, family, strength and effort are those of `strip`.

    Args:
        method: name, see `tad.explain.METHODS`.
    """
    _, fake = pairs(looked, family, strength)
    clip, mask = fake.clip(judge.view), fake.changed(judge.view)
    heat = _shown(judge, clip, method, effort, looked)
    scaled = (heat / heat.max().clamp(min=1e-12)).numpy()
    webp = figures.animation(to_frames(clip).permute(0, 2, 3, 1).numpy(), scaled, mask.numpy())
    changed = (mask > 0.5).flatten(1).any(1).nonzero().flatten().tolist()
    hottest = int(heat.sum((1, 2)).argmax())
    alt = (
        f"The forged clip of {fake.facts['group']} playing beside itself under the heat of {method}; frames "
        f"{changed[0]} to {changed[-1]} were changed within the outline, the hottest frame is {hottest}"
    )
    return Picture(webp, alt, f"{family} at strength {strength:g}, {method} of {judge.name}; it stops by itself.")


def _shown(judge: Detector, clip: Tensor, method: str, effort: Effort, looked: Looked) -> Tensor:
    maps = looked.maps if judge.view == looked.model.config.size else None
    return explain.evidence(explain.explain(judge, clip, method, effort, maps).values)


def profile(looked: Looked, judge: Detector, family: str, strength: float, stride: int = 4) -> Picture:
    """Follow a score over time through a stretch of which the middle third was forged, and through the real.

    Args:
        looked, judge: where clips come from, and whose score.
        family, strength: of the forgery.
        stride: frames from one scored clip to the next.

    Raises:
        ValueError: no test video is that long, or the family can forge none of them.
    """
    total = looked.model.config.frames
    rows = reals_of(looked.manifest, "test").drop_duplicates("group")
    clips = FixedClips(rows, LONG * total, None, 1, "decoding longer stretches", looked.long_side)
    forger, chosen, encoding = Forger(clips, looked.seed), choose([family])[family], Encoding.parse(looked.encoding)
    for index, row in enumerate(clips.rows):
        if (made := forger(index, chosen, strength)) is None:
            continue
        when = (torch.arange(LONG * total) // total == LONG // 2)[:, None, None]
        versions = {"real": clips[index], "fake": torch.where(when, made[0], clips[index])}
        starts = range(0, (LONG - 1) * total + 1, stride)
        scores = {
            name: [score([judge], encoded[start : start + total])[judge.name] for start in starts]
            for name, clip in versions.items()
            for encoded in [transcode(to_frames(clip), encoding, row["fps"])]
        }
        times = [row["start_s"] + (start + total // 2) / row["fps"] for start in starts]
        changed = [(row["start_s"] + edge * total / row["fps"]) for edge in (LONG // 2, LONG // 2 + 1)]
        figure = figures.score_profile(times, scores, [tuple(changed)])
        inside = [changed[0] <= t < changed[1] for t in times]
        gap = np.subtract(scores["fake"], scores["real"])
        alt = (
            f"Score of {judge.name} over time on {row['group']}, real and with {family} in the middle third: where the "
            f"mid frame is a changed one the fake scores {gap[inside].mean():+.3g} above the real, elsewhere "
            f"{gap[np.logical_not(inside)].mean():+.3g}"
        )
        caption = f"{row['group']}, {family} at strength {strength:g}; clips overlap, each stands at its mid frame."
        return Picture(figure, alt, caption)
    raise ValueError(f"a profile needs a test video of {LONG * total} frames that {family} can forge; got none")


def head_grid(looked: Looked, family: str, strength: float) -> Picture:
    """Draw the space attention of every layer and head on a fake.

    Args:
        looked: where clips come from.
        family, strength: of the forgery.
    """
    _, fake = pairs(looked, family, strength)
    clip, depth = fake.clip(looked.model.config.size), looked.model.config.depth
    maps = torch.stack([explain.attention_of_mid_frame(looked.model, clip, i)["space"] for i in range(depth)])
    flat = maps.flatten(2)
    spread = (-(flat * flat.clamp(min=1e-12).log()).sum(-1)).exp() / flat.shape[-1]  # perplexity, share of all squares
    alt = (
        f"Space attention of {depth} layers and {maps.shape[1]} heads on the forged clip of {fake.facts['group']}; the "
        f"narrowest head looks at {spread.min():.0%} of the squares, the widest at {spread.max():.0%}"
    )
    return Picture(figures.attention_grid(maps.numpy()), alt, "Mean over the squares of the mid frame that look.")
