"""Families that change a region, under a soft moving mask, from plain to see down to invisible."""

from tad.forgery.local import flicker, jitter_warp, low_resolution, self_blend, splice, static_warp

__all__ = ["flicker", "jitter_warp", "low_resolution", "self_blend", "splice", "static_warp"]
