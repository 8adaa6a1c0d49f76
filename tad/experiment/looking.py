"""Looking where typing would be slower: a browser of clips and a slider of strength, for whoever watches a notebook.

Widgets live in a kernel: a report, which has none, leaves the cells tagged "live" out.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tad.data import DecodeError, Encoding, probe, read_clips, read_manifest, to_frames, transcode
from tad.experiment.checkpoints import load, load_threshold
from tad.experiment.detector_set import detector_set
from tad.experiment.forge_videos import Stretches
from tad.experiment.forging import Forger
from tad.forgery import band, families, psnr_db
from tad.report import figures
from tad.scoring import look, score

SIDE = 320  # px, of what is shown
WIDE = widgets.Layout(width="34rem")


class ClipBrowser:
    """The videos of a manifest to choose from, with a slider over their length; `panel` is what to show."""

    def __init__(self, manifest: str | Path, frames: int = 16):
        """Read the manifest and show its first video.

        Args:
            manifest: table of videos.
            frames: T, of the clip that is shown.
        """
        self.rows, self.frames = read_manifest(manifest, check_groups=False), frames
        names = [(f"{row.video} ({row.label}, {row.split})", i) for i, row in enumerate(self.rows.itertuples())]
        self.video = widgets.Dropdown(options=names, description="video", layout=WIDE)
        self.start_s = widgets.FloatSlider(description="from, s", continuous_update=False, layout=WIDE)
        self.clip, self.told = widgets.Image(format="webp"), widgets.HTML()
        self.panel = widgets.VBox([self.video, self.start_s, self.clip, self.told])
        self.video.observe(self.choose, "value")
        self.start_s.observe(self.show, "value")
        self.choose()

    def choose(self, _=None) -> None:
        """Turn to another video, at its beginning."""
        row = self.rows.iloc[self.video.value]
        try:
            self.info = probe(row["path"])
        except DecodeError as error:
            self.clip.value, self.told.value = b"", escape(f"{row['video']}: {error}")
            return
        self.start_s.max = max(0.1, self.info.duration_s)
        self.start_s.value = 0.0
        self.show()

    def show(self, _=None) -> None:
        """Play the first clip from the chosen time on, or say why there is none."""
        row, info, start_s = self.rows.iloc[self.video.value], self.info, self.start_s.value
        facts = f"{info.codec}, {info.width} x {info.height} px, {info.fps:g} fps, {info.duration_s:.1f} s"
        try:
            clips = read_clips(row["path"], frames=self.frames, size=None, crop=row["crop"], start_s=start_s)
            clip = next(clips, None)
            told = "no whole clip from here on" if clip is None else f"shown: {clip.start_s:.2f} to {clip.end_s:.2f} s"
        except DecodeError as error:
            clip, told = None, str(error)
        self.clip.value = b"" if clip is None else moving(clip.frames, info.fps)
        self.told.value = escape(f"group {row['group']}, {facts}; {told}")


@dataclass(frozen=True)
class _Seen:
    """What a detector makes of a clip."""

    moving: bytes  # the clip, to be played
    score: float
    picture: np.ndarray  # (H, W, 3), its mid frame as the detector looks at it
    heat: Tensor | None  # (H, W), its map of that frame, where it has one


class StrengthExplorer:
    """One clip under one forgery of a strength to be pulled: the clip, the error map, the score; `panel` shows it."""

    def __init__(
        self, checkpoint: str | Path, manifest: str | Path, *, detector: str = "midframe_mse", seed: int = 0,
        encoding: str = "h264:23", seconds: float = 2.0,
    ):  # fmt: skip
        """Take the test reals of a manifest and show the first of them.

        Args:
            checkpoint: a file, or "demo" for the weights that ship.
            manifest: table of videos.
            detector: whose score and map are shown.
            seed: of the draws.
            encoding: what real and fake go through before they are scored, see `tad.data.Encoding`.
            seconds: how much of each video is decoded at most; the clip is its first frames.
        """
        table = read_manifest(manifest)
        rows = table[table["split"].eq("test") & table["label"].eq("real")].to_dict("records")
        model = load(checkpoint)
        [self.judge], self.frames = detector_set(checkpoint, [detector], model=model), model.config.frames
        self.forger = Forger(Stretches(rows, seconds, long_side=2 * SIDE, most=self.frames), seed)
        self.threshold = load_threshold(checkpoint, detector)[1].value
        self.encoding, self.seen_real = Encoding.parse(encoding), lru_cache(4)(self._real)
        videos = [(row["video"], i) for i, row in enumerate(rows)]
        self.video = widgets.Dropdown(options=videos, description="video", layout=WIDE)
        self.family = widgets.Dropdown(options=list(families()), value="flicker", description="forgery", layout=WIDE)
        self.strength = widgets.FloatSlider(
            0.5, min=0, max=1, step=0.05, description="strength", continuous_update=False, layout=WIDE
        )
        self.real, self.fake = (widgets.Image(format="webp") for _ in range(2))
        self.map, self.told = widgets.Image(format="png"), widgets.HTML()
        pair = widgets.HBox([self.real, self.fake])
        self.panel = widgets.VBox([self.video, self.family, self.strength, self.told, pair, self.map])
        for control in (self.video, self.family, self.strength):
            control.observe(self.show, "value")
        self.show()

    def show(self, _=None) -> None:
        """Forge the clip, score it beside the real, and draw both; or say why that cannot be done."""
        index, why = self.video.value, ""
        try:
            clip = self.forger.clips[index]
            made = self.forger(index, families()[self.family.value], self.strength.value)
            short = clip.shape[1] < self.frames
            why = f"the video is shorter than {self.frames} frames" if short else "" if made else "no face in the clip"
        except DecodeError as error:
            why = str(error)
        if why:
            self.real.value = self.fake.value = self.map.value = b""
            self.told.value = escape(why)
            return
        real, fake = self.seen_real(index), self._look(index, to_frames(made[0]))
        self.real.value, self.fake.value = real.moving, fake.moving
        self.map.value = self._maps(real, fake, made[1])
        level, verdict = psnr_db(clip, *made), "FAKE" if fake.score > self.threshold else "REAL"
        self.told.value = escape(
            f"{self.judge.name}: real {real.score:.4g}, forged {fake.score:.4g}, threshold {self.threshold:.4g}: "
            f"{verdict}; {level:.1f} dB in the mask, {band(level)}"
        )

    def _real(self, index: int) -> _Seen:
        return self._look(index, self.forger.clips.frames[index])

    @torch.inference_mode()
    def _look(self, index: int, frames: Tensor) -> _Seen:
        """Encode and decode frames as every clip is, and let the detector judge them."""
        fps = probe(self.forger.clips.rows[index]["path"]).fps
        frames = transcode(frames, self.encoding, fps or 25.0)
        clip, mid = look(frames, self.judge.view), len(frames) // 2
        heat = self.judge.map(clip[None])[0, mid] if hasattr(self.judge, "map") else None
        judged = score([self.judge], frames)[self.judge.name]
        return _Seen(moving(frames, fps), judged, to_frames(clip)[mid].permute(1, 2, 0).numpy(), heat)

    def _maps(self, real: _Seen, fake: _Seen, mask: Tensor) -> bytes:
        """Both mid frames as the detector looks at them, its maps on one scale, the mask outlined."""
        grey = (mask[:, None].expand(-1, 3, -1, -1) * 255).round().to(torch.uint8)
        outline = (look(grey, self.judge.view)[0, len(mask) // 2].numpy() + 1) / 2
        heats = None
        if real.heat is not None:
            most = max(real.heat.max(), fake.heat.max()).clamp(min=1e-12)
            heats = [(seen.heat / most).numpy() for seen in (real, fake)]
        figure = figures.film_strip(
            [[real.picture, fake.picture]], [f"{self.judge.name}: where the error is"],
            ["real", "forged, mask outlined"], overlays=[heats], outlines=[[0 * outline, outline]],
        )  # fmt: skip
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=64)
        return png.getvalue()


def moving(frames: Tensor, fps: float) -> bytes:
    """Make an animated WebP, endlessly repeated, of frames.

    Args:
        frames: uint8 (T, 3, H, W); shown at most `SIDE` px high.
        fps: frames a second; 25 where it is not known.

    Example:
        >>> moving(torch.zeros(2, 3, 16, 16, dtype=torch.uint8), 25)[:4]
        b'RIFF'
    """
    pictures = [Image.fromarray(frame.permute(1, 2, 0).numpy()) for frame in frames]
    for picture in pictures:
        picture.thumbnail((2 * SIDE, SIDE))
    out = io.BytesIO()
    pictures[0].save(
        out, "webp", save_all=True, append_images=pictures[1:], duration=round(1000 / (fps or 25)), loop=0, quality=70
    )
    return out.getvalue()
