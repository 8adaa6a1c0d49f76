"""Families whose every frame is real, or nearly: what is wrong is when, or how, it changes over time."""

from tad.forgery.temporal import (  # noqa: F401 - importing them registers their families
    colour_drift,
    damped_motion,
    delay,
    dropped_frames,
    flicker,
    freeze,
    magnified_motion,
)
