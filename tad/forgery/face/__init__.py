"""Families that change a face, given by its landmarks.

In all that this project ships, a donor is the same person at another time: nobody's identity is swapped. Who brings
footage of their own decides that for themselves.
"""

# Importing them registers their families.
from tad.forgery.face import face_swap, mouth_swap, self_blended_face  # noqa: F401
