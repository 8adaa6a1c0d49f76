"""Videos, manifests and clips: files in, tensors out."""

from tad.data.clips import Clip, Counts, network_input, no_clip_reason, preprocess_video, read_clips
from tad.data.codec import DecodeError, VideoInfo, decode, encode, key_frame_distance, probe
from tad.data.face_tracks import face_clip
from tad.data.footage import Footage, open_footage
from tad.data.loading import FixedClips, TrainingClips, VideoFiles, sample
from tad.data.manifest import (
    check_one_class,
    for_one_class,
    project_root,
    read_manifest,
    resolve,
    sha256,
    torn_groups,
)
from tad.data.sampling import EachOnce
from tad.data.shards import ShardClips
from tad.data.transforms import check_clip, to_clip, to_frames

__all__ = [
    "Clip", "Counts", "DecodeError", "EachOnce", "FixedClips", "Footage", "ShardClips", "TrainingClips",
    "VideoFiles", "VideoInfo", "check_clip", "check_one_class", "decode", "encode", "face_clip", "for_one_class",
    "key_frame_distance", "network_input", "no_clip_reason", "open_footage", "preprocess_video", "probe",
    "project_root", "read_clips", "read_manifest", "resolve", "sample", "sha256", "to_clip", "to_frames",
    "torn_groups",
]  # fmt: skip
