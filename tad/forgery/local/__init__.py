"""Families that change a region, under a soft moving mask, from plain to see down to invisible."""

# Importing them registers their families.
from tad.forgery.local import (  # noqa: F401
    boundary,
    jitter_warp,
    local_noise,
    low_resolution,
    poisson_blend,
    self_blend,
    smooth_warp,
    splice,
    static_warp,
    texture_smoothing,
)
