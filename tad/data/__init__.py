"""Videos, manifests and clips: files in, tensors out."""

from tad.data.clips import Clip, Counts, network_input, no_clip_reason, preprocess_video, read_clips
from tad.data.codec import DecodeError, VideoInfo, decode, encode, probe
from tad.data.loading import FixedClips, TrainingClips
from tad.data.manifest import check_one_class, project_root, read_manifest, resolve, sha256
from tad.data.transforms import check_clip, to_clip, to_frames

__all__ = [
    "Clip", "Counts", "DecodeError", "FixedClips", "TrainingClips", "VideoInfo", "check_clip", "check_one_class",
    "decode", "encode", "network_input", "no_clip_reason", "preprocess_video", "probe", "project_root",
    "read_clips", "read_manifest", "resolve", "sha256", "to_clip", "to_frames",
]  # fmt: skip
