"""The contact sheet: what every family does to one clip, at growing strength."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from torch import Tensor

from tad.data import LONG_SIDE, to_frames
from tad.experiment.forge_videos import Stretches
from tad.experiment.forging import Forger, choose
from tad.forgery import Forgery, band, psnr_db
from tad.report import figures
from tad.report.figures import SheetRow

FRAMES = 16


def sheet(
    video: str | Path, *, donor: str | Path = "", strengths: Sequence[float] = (0.1, 0.3, 1.0),
    families: list[str] | None = None, seed: int = 0, long_side: int = LONG_SIDE, seconds: float = 1.0,
) -> Figure:  # fmt: skip
    """Draw the ladder of every family on one clip: its mid frame, and at the right a slice through time.

    Args:
        video: of which the first frames are used; families that need a face are left out where it shows none.
        donor: another video; families that need one are left out without it.
        strengths: in [0, 1].
        families: names; all when empty.
        seed: of the draws.
        long_side: px at most.
        seconds: how much of the video is decoded; its first 16 frames are forged.
    """
    rows = [{"video": str(path), "path": path, "crop": None, "group": str(n), "split": "test"}
            for n, path in enumerate(filter(None, (video, donor)))]  # fmt: skip
    forger = Forger(Stretches(rows, seconds, long_side=long_side, most=FRAMES), seed)
    usable = [f for f in choose(families).values() if donor or f.scope == "face" or "donor" not in f.needs]
    made = [_row(forger, family, strengths) for family in usable]
    if not any(made):
        raise ValueError(f"a sheet needs a family that can forge {video}; got none (a donor, or a face, is missing)")
    heads = [f"strength {strength:g}" for strength in strengths]
    return figures.contact_sheet([row for row in made if row], heads, "the strongest, over time")


def _row(forger: Forger, family: Forgery, strengths: Sequence[float]) -> SheetRow | None:
    ladder = [forger(0, family, strength) for strength in strengths]
    if ladder[0] is None:
        return None
    clip = forger.clips[0]
    levels = [psnr_db(clip, *made) for made in ladder]
    mask = ladder[-1][1]
    line = int(mask.sum((0, 2)).argmax())  # the line of the frame where most is changed
    return SheetRow(
        family=f"{family.name}: {family.doc}" if len(family.doc) < 95 else family.name,
        scope=family.scope,
        real=_middle(clip),
        forged=[_middle(forged) for forged, _ in ladder],
        captions=[f"{level:.1f} dB, {band(level)}" for level in levels],
        mask=mask[len(mask) // 2].numpy(),
        extra=to_frames(ladder[-1][0])[:, :, line].permute(0, 2, 1).numpy(),
        extra_caption=f"row {line} of {len(mask)} frames",
    )


def _middle(clip: Tensor):
    return to_frames(clip)[clip.shape[1] // 2].permute(1, 2, 0).numpy()
