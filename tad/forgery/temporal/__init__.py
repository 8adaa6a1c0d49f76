"""Families whose every frame is real, or nearly: what is wrong is when, or how, it changes over time."""
