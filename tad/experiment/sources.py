"""Score real video of several sources, as it is and under benign changes: nothing here is a forgery."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from tad import scoring
from tad.data import (
    LONG_SIDE,
    DecodeError,
    Encoding,
    FixedClips,
    probe,
    read_clips,
    read_manifest,
    resolve,
    transcode,
)
from tad.experiment.benign import Change, choose_changes
from tad.experiment.calibration import unlike
from tad.experiment.checkpoints import load
from tad.experiment.detector_set import detector_set
from tad.experiment.evaluation import ENCODING, reals_of
from tad.experiment.output import folder
from tad.experiment.parallel import in_order
from tad.experiment.real_video import AS_IT_IS, Sources
from tad.experiment.recipes import training_groups
from tad.experiment.scores import COLUMNS, NOTHING, score_table

TIME_SLACK_S = 1e-3  # times in a scores table are rounded


def sources(
    checkpoint: str, manifest: str, output: str | Path, *, seed: int = 0, per_video: int = 0, unit: str = "video",
    encoding: str = ENCODING, long_side: int = LONG_SIDE, detectors: Iterable[str] = (), changes: Iterable[str] = (),
    alpha: float = 0.05, measured: str = "",
) -> Sources:  # fmt: skip
    """Score the reals of the validation and test splits, as they are and under each benign change.

    Args:
        checkpoint: a file, or "demo" for the weights that ship.
        manifest: table of videos; its `val` reals give the thresholds, its `train` videos say what is usual.
        output: folder; receives `sources.parquet`, the scores table with the columns change and level.
        seed: of the noise and the bootstrap.
        per_video: at most so many clips of a video, evenly spread; 0 for all.
        unit: what is judged, "video" (mean of its clips) or "clip".
        encoding: what every clip goes through, after a change or in its place.
        long_side: at which clips are changed and encoded, px at most.
        detectors: names; all that can score when empty.
        changes: names of benign changes; all when empty.
        alpha: false-positive rate that the thresholds aim at.
        measured: a table `sources.parquet` that was measured before, narrowed to the detectors and changes asked for;
            measured now when empty.

    Raises:
        ValueError: a name that none has, a unit or rate that is none, a real of a group that was trained on, or a
            table of other videos, of another seed or encoding, or without what is asked for.
    """
    if unit not in ("video", "clip") or not 0 < alpha < 1:
        raise ValueError(f'unit must be "video" or "clip" and alpha between 0 and 1; got {unit!r} and {alpha}')
    usual, chosen = Encoding.parse(encoding), choose_changes(changes)
    held = pd.concat([reals_of(manifest, split) for split in ("val", "test")])
    if seen := sorted(set(training_groups(checkpoint)) & set(held["group"])):
        raise ValueError(f"sources must be of groups that were not trained on; got {', '.join(seen)}")
    model = load(checkpoint)
    if measured:
        scores = _measured(measured, held, chosen, usual, seed, list(detectors))
    else:
        built, n_frames = detector_set(checkpoint, detectors, variants=False, model=model), model.config.frames
        clips = FixedClips(held, n_frames, None, per_video or None, "decoding reals", long_side)
        plain = score_table(built, clips, NOTHING, usual, seed, "scoring reals").assign(change=AS_IT_IS, level="")
        scores = pd.concat([plain, _changed(built, clips, held, chosen, usual, seed, long_side)], ignore_index=True)
    scores.to_parquet(folder(output) / "sources.parquet")
    rows = read_manifest(manifest)
    trained_on = frozenset(rows.loc[rows["split"].eq("train"), "video"])
    known = frozenset(rows.loc[rows["split"].isin(["train", "val"]), "dataset"])
    lengths = frozenset({model.config.frames})
    return Sources(scores, unlike_training(rows), trained_on, known, lengths, alpha, unit, seed)


def _measured(
    file: str, held: pd.DataFrame, changes: dict[str, Change], usual: Encoding, seed: int, detectors: list[str]
) -> pd.DataFrame:
    """Read what was measured before of these reals, narrowed to some changes and, where any are named, detectors."""
    table = pd.read_parquet(resolve(file))
    if lacking := sorted({*COLUMNS, "change", "level"} - set(table)):
        raise ValueError(f"{file} must be a table of scores of sources; it lacks {lacking}")
    wanted = {
        "video": (set(held["video"]), set(table["video"])),
        "seed": ({seed}, set(table["seed"])),
        "encoding": ({str(usual)}, set(table.loc[table["change"].eq(AS_IT_IS), "codec"])),
        "change": ({AS_IT_IS, *changes}, set(table["change"]) & {AS_IT_IS, *changes}),
        "detector": (set(detectors), set(table["detector"]) & set(detectors)),
    }
    for what, (asked, there) in wanted.items():
        if asked != there:
            raise ValueError(f"{file} must have been measured with each {what} of {sorted(asked)}; got {sorted(there)}")
    kept = table["change"].isin(wanted["change"][0])
    kept &= table["detector"].isin(detectors) if detectors else True
    return table[kept].reset_index(drop=True)


def _changed(
    detectors: list[scoring.Detector], clips: FixedClips, held: pd.DataFrame, changes: dict[str, Change],
    usual: Encoding, seed: int, long_side: int,
) -> pd.DataFrame:  # fmt: skip
    """The scores table of every clip under every change, with the columns change and level."""
    files = held.set_index("video")

    @torch.inference_mode()
    def rows(item: tuple[int, Change, str]) -> list[dict]:
        index, change, level = item
        facts, frames, encoding = clips.rows[index], clips.frames[index], change.encoding(level, usual)
        told = {**facts, "method": "original", "scope": "", "strength": 0.0, "codec": str(encoding), "seed": seed}
        told |= {"change": change.name, "level": level, "status": "ok"}
        if change.span > 1:
            frames = _longer(files.loc[facts["video"]], facts["start_s"], frames, change.span, long_side)
        if frames is None:
            needed = change.span * len(clips.frames[index])
            told["status"] = f"error: needs {needed} frames in one shot from here on"
            return [{**told, "detector": d.name, "score": float("nan")} for d in detectors]
        made = change(frames, level, draws(seed, change.name, facts))
        found = scoring.score(detectors, transcode(made, encoding, facts["fps"] / change.span))
        return [{**told, "detector": name, "score": value} for name, value in found.items()]

    items = [(i, change, level) for i in range(len(clips)) for change in changes.values() for level in change.levels]
    found = tqdm(in_order(rows, items), total=len(items), desc="scoring changed reals", unit="clip")
    return pd.DataFrame(sum(found, []), columns=[*COLUMNS, "change", "level"])


def draws(seed: int, name: str, row: dict) -> torch.Generator:
    """The source of draws of a change of a clip, the same at every level."""
    text = f"{seed} {name} {row['video']} {row['start_s']}"
    return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big"))


def _longer(file: pd.Series, start_s: float, frames: Tensor, span: int, long_side: int) -> Tensor | None:
    """A clip with the frames that follow it, so many times its length; None where its shot or the video ends before."""
    try:
        wanted = {"frames": span * len(frames), "size": None, "crop": file["crop"], "long_side": long_side}
        found = next(read_clips(file["path"], start_s=max(0.0, start_s - TIME_SLACK_S), **wanted), None)
    except DecodeError:
        return None
    if found is None or abs(found.start_s - start_s) > TIME_SLACK_S:
        return None
    return found.frames if torch.equal(found.frames[: len(frames)], frames) else None


def unlike_training(manifest: pd.DataFrame) -> dict[str, str]:
    """Find videos whose container is unlike that of every training real: another codec, pixel format or frame rate.

    Args:
        manifest: rows of `read_manifest`.

    Returns:
        By the name of a held-out real, what is unlike; nothing where the manifest has no training reals to hold it to.
    """
    infos = {"train": {}, "held": {}}
    for row in manifest[manifest["label"].eq("real")].itertuples():
        try:
            infos["train" if row.split == "train" else "held"][row.video] = probe(row.path)
        except DecodeError:
            continue  # it has a row with its reason in the scores table
    usual = list(infos["train"].values())
    found = {video: unlike(info, usual) for video, info in infos["held"].items()} if usual else {}
    return {video: why for video, why in found.items() if why}
