"""Families that change a region, under a soft moving mask, from plain to see down to invisible."""

# Importing them registers their families.
from tad.forgery.local import flicker, jitter_warp, low_resolution, self_blend, splice, static_warp  # noqa: F401
