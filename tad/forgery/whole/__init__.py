"""Families that change entire frames: at strength 1 nobody overlooks them."""

from tad.forgery.whole import (  # noqa: F401 - importing them registers their families
    block_shuffle,
    channel_permutation,
    foreign_frames,
    frame_shuffle,
    heavy_noise,
    inversion,
    posterise,
    time_repeated,
    time_reversed,
)
