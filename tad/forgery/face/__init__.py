"""Families that change a face, given by its landmarks."""
