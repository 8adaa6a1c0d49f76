"""The validation reals that a checkpoint was calibrated on: their scores, and what kind of files they are.

They lie beside the weights as `NAME.calibration.csv`, a row a detector and video, so that a verdict can say what it
rests on: its p-value, the real number of groups behind it, and whether a file is of a kind that calibration has seen.
"""

from pathlib import Path

import pandas as pd

from tad.data import VideoInfo, probe
from tad.experiment.checkpoints import calibration_path, checkpoint_path
from tad.scoring import video_scores

SCORE = ["detector", "video", "group", "n_clips", "score"]
KIND = ["codec", "pixel_format", "fps", "width", "height"]
RATE_SLACK = 1.1  # cameras of one nominal rate differ by less


def save_calibration(checkpoint: str | Path, clips: pd.DataFrame, files: pd.DataFrame) -> Path:
    """Store what validation reals scored, as whole videos, beside the weights; other detectors' rows there stay.

    Args:
        checkpoint: a file or "demo".
        clips: scores table of validation reals, one row a clip and detector.
        files: with the columns video and path, as `read_manifest` gives them.
    """
    videos = video_scores(clips)
    videos = videos[videos["status"].eq("ok")]
    paths = files.drop_duplicates("video").set_index("video")["path"]
    kinds = pd.DataFrame([vars(probe(paths[video])) | {"video": video} for video in dict.fromkeys(videos["video"])])
    found = videos[SCORE].merge(kinds[["video", *KIND]], on="video")
    path = calibration_path(checkpoint_path(checkpoint))
    if path.is_file():
        before = pd.read_csv(path, dtype={"video": str, "group": str})
        found = pd.concat([before[~before["detector"].isin(found["detector"])], found])
    part = path.with_suffix(".part")
    found.to_csv(part, index=False)
    part.replace(path)
    return path


def load_calibration(checkpoint: str | Path, detector: str) -> pd.DataFrame:
    """What a detector gave the validation reals: a row a video, as `p_values` takes them, with the files' kinds.

    Returns:
        No row where none is stored for this detector.
    """
    path = calibration_path(checkpoint_path(checkpoint))
    if not path.is_file():
        return pd.DataFrame(columns=[*SCORE, *KIND, "label", "split", "status"])
    table = pd.read_csv(path, dtype={"video": str, "group": str}, keep_default_na=False)
    return table[table["detector"].eq(detector)].assign(label="real", split="val", status="ok").reset_index(drop=True)


def unlike_calibration(path: str | Path, calibration: pd.DataFrame) -> str:
    """Say in what a file is unlike all videos of a calibration; nothing where it is not, or where none is known.

    Raises:
        DecodeError: the file is no video.
    """
    usual = [VideoInfo(frames=0, duration_s=0.0, **kind) for kind in calibration[KIND].to_dict("records")]
    return unlike(probe(path), usual) if usual else ""


def unlike(info: VideoInfo, usual: list[VideoInfo]) -> str:
    """Say in what a file is unlike all of some others: codec, pixel format, frame rate beyond theirs; or nothing.

    Example:
        >>> usual = [VideoInfo(640, 360, fps, 0, 0.0, "h264", "yuv420p") for fps in (25.0, 30.0)]
        >>> unlike(VideoInfo(640, 360, 60.0, 0, 0.0, "hevc", "yuv420p"), usual)
        'codec hevc, 60 frames a second'
    """
    why = []
    if info.codec not in {other.codec for other in usual}:
        why.append(f"codec {info.codec}")
    if _plane(info) not in {_plane(other) for other in usual}:
        why.append(f"pixel format {info.pixel_format}")
    rates = [other.fps for other in usual]
    if not min(rates) / RATE_SLACK <= info.fps <= max(rates) * RATE_SLACK:
        why.append(f"{info.fps:.3g} frames a second")
    return ", ".join(why)


def _plane(info: VideoInfo) -> str:
    """The pixel format but for the range of its values, which decoding evens out: yuvj420p is yuv420p."""
    return info.pixel_format.replace("yuvj", "yuv")
