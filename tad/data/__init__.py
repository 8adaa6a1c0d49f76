"""Videos, manifests and clips: files in, tensors out."""

from tad.data.clips import Clip, Counts, network_input, no_clip_reason, preprocess_video, read_clips
from tad.data.codec import DecodeError, VideoInfo, decode, encode, key_frame_distance, probe
from tad.data.face_tracks import face_clip, face_landmarks
from tad.data.fixed_clips import LONG_SIDE, FixedClips
from tad.data.folds import folds, write_manifest
from tad.data.footage import Footage, open_footage
from tad.data.loading import TrainingClips, VideoFiles, sample
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
from tad.data.transcode import Encoding, transcode, write_video
from tad.data.transforms import at_most, centre_crop, check_clip, cover, resize_short_side, to_clip, to_frames

__all__ = [
    "LONG_SIDE", "Clip", "Counts", "DecodeError", "EachOnce", "Encoding", "FixedClips", "Footage", "ShardClips",
    "TrainingClips", "VideoFiles", "VideoInfo", "at_most", "centre_crop", "check_clip", "check_one_class", "cover",
    "decode", "encode", "face_clip", "face_landmarks", "folds", "for_one_class", "key_frame_distance", "network_input",
    "no_clip_reason", "open_footage", "preprocess_video", "probe", "project_root", "read_clips", "read_manifest",
    "resize_short_side", "resolve", "sample", "sha256", "to_clip", "to_frames", "torn_groups", "transcode",
    "write_manifest", "write_video",
]  # fmt: skip
