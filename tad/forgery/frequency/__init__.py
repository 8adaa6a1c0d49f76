"""Families that change the spectrum of a region: the traces of decoders, resamplers and codecs."""

# Importing them registers their families.
from tad.forgery.frequency import band_attenuated, jpeg_region, upsampling_grid  # noqa: F401
