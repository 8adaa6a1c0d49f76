"""Videos forged as files: one, or a whole ladder of them with its manifest."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, takewhile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

import tad
from tad.data import (
    LONG_SIDE,
    DecodeError,
    Encoding,
    at_most,
    decode,
    encode,
    probe,
    read_manifest,
    sha256,
    to_clip,
    to_frames,
    write_video,
)
from tad.experiment.forging import Forger, choose
from tad.forgery import Forgery, band, visibility

NO_FACE = "no face in at least half of the frames"
MANIFEST = ("path", "sha256", "label", "dataset", "method", "split", "group", "fps", "width", "height", "strength")


@dataclass
class Stretches:
    """The beginnings of some videos, decoded when they are asked for; what a `Forger` works on."""

    rows: list[dict]  # video, path, crop, group, split
    seconds: float
    start_s: float = 0.0
    long_side: int = LONG_SIDE
    most: int | None = None  # frames
    frames: "_Frames" = field(init=False)  # uint8 (T, 3, H, W) by index

    def __post_init__(self):
        if not (self.start_s >= 0 and 0 < self.seconds < math.inf):
            raise ValueError(
                f"a stretch must begin at 0 s or later and last; got {self.seconds} s from {self.start_s} s"
            )
        self.rows = [{**row, "start_s": self.start_s} for row in self.rows]
        self.frames, self._decode = _Frames(self), lru_cache(4)(self._decode)

    def __getitem__(self, index: int) -> Tensor:
        """Return clip (3, T, H, W) in [-1, 1]."""
        return to_clip(self._decode(index))

    def _decode(self, index: int) -> Tensor:
        row, end_s = self.rows[index], self.start_s + self.seconds
        timed = takewhile(lambda one: one[0] < end_s, decode(row["path"], row["crop"], self.start_s))
        found = [at_most(frame, self.long_side) for _, frame in islice(timed, self.most)]
        if len(found) < 2:
            raise DecodeError(f"{row['video']}: a forgery needs 2 frames; got {len(found)} from {self.start_s:g} s on")
        return torch.stack(found)


class _Frames:
    def __init__(self, stretches: Stretches):
        self.stretches = stretches

    def __getitem__(self, index: int) -> Tensor:
        return self.stretches._decode(index)


def forge_video(
    video: str | Path, family: str, strength: float, out: str | Path, *, seed: int = 0, donor: str | Path = "",
    encoding: str = "h264:18", start_s: float = 0.0, seconds: float = 10.0, long_side: int = LONG_SIDE,
    jod: bool = False,
) -> dict:  # fmt: skip
    """Forge a video: writes it, its mask (`NAME.mask.mkv`, grey, without loss) and what was done (`NAME.json`).

    Args:
        video: the file.
        family: name of the forgery.
        strength: in [0, 1].
        out: the file to write, .mp4 or .mkv.
        seed: of the draws.
        donor: another video, for families that need one; a face's donor is the same video at another time unless given.
        encoding: see `tad.data.Encoding`.
        start_s, seconds: the stretch that is forged and written, s.
        long_side: px at most; a larger video is scaled down.
        jod: say how visible it is by ColorVideoVDP too, which takes half a second a frame of 640 x 360 px.

    Returns:
        What the JSON says.

    Raises:
        ValueError: an unknown family or encoding, a video that cannot be decoded, no face, or no donor.
    """
    chosen, how, out = choose([family])[family], _How(Encoding.parse(encoding), seed, jod), Path(out)
    rows = [{"video": str(path), "path": path, "crop": None, "group": str(n), "split": "test"}
            for n, path in enumerate(filter(None, (video, donor)))]  # fmt: skip
    if chosen.scope == "face":  # then the donor is told by its group
        rows = [{**row, "group": "one"} for row in rows]
    stretches = Stretches(rows, seconds, start_s, long_side)
    if "donor" in chosen.needs and not donor and chosen.scope != "face":
        raise ValueError(f"{family} needs a donor, another video; got none")
    frames, fps = stretches.frames[0], probe(video).fps or 25.0
    made = Forger(stretches, seed)(0, chosen, strength)
    if made is None:
        raise ValueError(f"{family} needs a face: {NO_FACE} of {video}")
    told = {"source": Path(video).name, "source_sha256": sha256(video), "donor": Path(donor).name if donor else ""}
    return _write(out, frames, made, chosen, strength, fps, how, told | {"start_s": start_s})


@dataclass(frozen=True)
class _How:
    encoding: Encoding
    seed: int
    jod: bool


def _write(out: Path, frames, made, family: Forgery, strength: float, fps: float, how: _How, told: dict) -> dict:
    """Write video, mask and JSON, the JSON last: where it stands, the others are whole."""
    forged, mask = made
    seen = visibility(to_clip(frames), forged, mask, fps=fps if how.jod else None)
    _replaced(out, lambda part: write_video(part, to_frames(forged), how.encoding, fps))
    grey = (mask[:, None] * 255).round().to(torch.uint8)
    _replaced(out.with_suffix(".mask.mkv"), lambda part: encode(part, grey, fps, "ffv1"))
    facts = {
        **told, "family": family.name, "scope": family.scope, "strength": strength, "seed": how.seed,
        "encoding": str(how.encoding), "frames": len(frames), "fps": fps, "height": frames.shape[2],
        "width": frames.shape[3], "masked_share": mask.mean().item(), **seen, "band": band(seen["psnr_db"]),
        "tad": tad.__version__,
    }  # fmt: skip
    facts = {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in facts.items()}
    _replaced(out.with_suffix(".json"), lambda part: part.write_text(json.dumps(facts, indent=1) + "\n"))
    return facts


def _replaced(path: Path, write) -> None:
    part = path.with_name(f".part.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        part.replace(path)
    except OSError as error:
        raise ValueError(f"{path} must be a file that can be written; got {error.strerror}") from error
    finally:
        if part.exists():
            part.unlink()


def forge_ladder(
    manifest: str | Path, folder: str | Path, *, strengths: Sequence[float] = (0.1, 0.3, 1.0),
    families: list[str] | None = None, seed: int = 0, encoding: str = "h264:23", seconds: float = 4.0,
    long_side: int = LONG_SIDE, jod: bool = False,
) -> tuple[Path, dict[str, str]]:  # fmt: skip
    """Build a labelled set: the real videos of a manifest and, of its test split, every family at every strength.

    Reals and fakes are the same stretch through the same encoder. What stands already is not made again.

    Args:
        manifest: table of videos; its reals are used.
        folder: receives the videos with their masks and JSON files, and `manifest.csv`, which other commands take.
        strengths: in [0, 1].
        families: names; all when empty.
        seed, encoding, long_side, jod: as `forge_video`.
        seconds: the beginning of each video that is used.

    Returns:
        The new manifest, and what could not be made with its reason.

    Raises:
        ValueError: the folder holds a ladder made with another seed, encoding, length or size.
    """
    chosen, how, folder = choose(families), _How(Encoding.parse(encoding), seed, jod), Path(folder)
    settings = {"seed": seed, "encoding": str(how.encoding), "seconds": seconds, "px": long_side, "jod": jod}
    _same_settings(folder / "ladder.json", settings)
    table = read_manifest(manifest)
    rows = table[table["label"] == "real"].to_dict("records")
    if not rows:
        raise ValueError(f"a ladder is made of real videos; got none in {manifest}")
    stretches = Stretches(rows, seconds, long_side=long_side)
    forger, kept, left_out = Forger(stretches, seed), [], {}
    steps = [(family, strength) for family in chosen.values() for strength in strengths]
    plan = [(i, *step) for i, row in enumerate(rows) for step in [(None, 0.0), *steps * (row["split"] == "test")]]
    for i, family, strength in tqdm(plan, desc="forging", unit="video"):
        row = rows[i]
        name = f"{'real' if family is None else f'{family.name}/{strength:g}'}/{i:04d}_{Path(row['path']).stem}.mkv"
        try:
            _made(folder / name, stretches, i, family, strength, forger, how, row)
        except DecodeError as error:
            left_out[f"{row['video']}: {'real' if family is None else family.name}"] = str(error)
            continue
        frames = stretches.frames[i]
        facts = {"path": name, "sha256": sha256(folder / name), "label": "real" if family is None else "fake",
                 "method": row["method"] if family is None else family.name, "strength": strength or "",
                 "height": frames.shape[2], "width": frames.shape[3]}  # fmt: skip
        kept.append({**row, **facts})
    found = pd.DataFrame(kept).reindex(columns=[*MANIFEST])
    _replaced(folder / "manifest.csv", lambda part: found.to_csv(part, index=False))
    return folder / "manifest.csv", left_out


def _same_settings(path: Path, asked: dict) -> None:
    """Note what a ladder is made with, or refuse to go on with something else: what stands would be taken for it."""
    if path.is_file() and (stored := json.loads(path.read_text())) != asked:
        raise ValueError(f"a ladder goes on as it was begun, with {stored}; got {asked}")
    _replaced(path, lambda part: part.write_text(json.dumps(asked) + "\n"))


def _made(path: Path, stretches, index: int, family, strength: float, forger, how: _How, row: dict) -> None:
    """Make one file of a ladder unless it stands."""
    if path.with_suffix(".json").is_file():
        return
    frames, fps = stretches.frames[index], probe(row["path"]).fps or 25.0
    if family is None:
        _replaced(path, lambda part: write_video(part, frames, how.encoding, fps))
        _replaced(path.with_suffix(".json"), lambda part: part.write_text(json.dumps({"source": row["video"]}) + "\n"))
        return
    made = forger(index, family, strength)
    if made is None:
        raise DecodeError(NO_FACE)
    _write(path, frames, made, family, strength, fps, how, {"source": row["video"], "start_s": 0.0})
