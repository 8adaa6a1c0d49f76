"""Families that change the spectrum of a region: the traces of decoders, resamplers and codecs."""
