"""Patches that real footage is not made of: what the principal components of real patches leave of them.

Source: the eigen-patches of Hancock, Baddeley and Smith, "The principal components of natural images", 1992, and
reconstruction from them as a measure of novelty, here on blocks of 4 frames x 8 x 8 px. With p a block's brightness
less its mean, divided by its contrast c = sqrt(variance + 2^2), and U the 32 components of reals:

    e = log( |p - U U' p|^2 / 256 + 0.001 ),   z = (e - m(c)) / s(c)

m and s are the mean and deviation of e over real blocks of like contrast, in 8 bins. What is rougher than real blocks
has a large z, what is smoother a very negative one: the score is the mean of the highest 1 % of |z|.
"""

import torch
from torch import Tensor

from tad.scoring.detectors.patches import Patches, luma
from tad.scoring.detectors.protocol import register_fitted

BLOCK = (4, 8, 8)  # frames, px, px
COMPONENTS, BINS = 32, 8
FLOOR = 2.0  # levels: contrast that counts as none


@register_fitted
class PCAReconstruction(Patches):
    """How unlike real blocks of like contrast the most unusual blocks are, by what principal components leave."""

    name, trained_on, cell = "pca_reconstruction", "reals only", (4, 4, 4)
    learns = ("components", "edges", "mean", "spread")

    def samples(self, clip: Tensor) -> Tensor:
        return self.blocks(clip).flatten(0, 2)

    def blocks(self, clip: Tensor) -> Tensor:
        """Overlapping blocks of a clip's brightness: (t, h, w, 256)."""
        if any(side < least for side, least in zip(clip.shape[1:], BLOCK, strict=True)):
            raise ValueError(f"{self.name} needs a clip of {BLOCK} frames and px; got {tuple(clip.shape[1:])}")
        found = luma(clip)
        for axis, (side, step) in enumerate(zip(BLOCK, self.cell, strict=True)):
            found = found.unfold(axis, side, step)
        return found.flatten(3)

    def learn(self, samples: Tensor) -> dict[str, Tensor]:
        blocks, contrast = _normalised(samples.cpu().double())
        components = torch.linalg.eigh(blocks.T @ blocks).eigenvectors[:, -COMPONENTS:]
        left = _left(blocks, components)
        edges = contrast.quantile(torch.linspace(0, 1, BINS + 1, dtype=torch.float64)[1:-1])
        of = torch.bucketize(contrast, edges)
        mean, spread = left.mean().repeat(BINS), left.std().repeat(BINS)
        for i in of.unique():  # fewer than all where reals share a contrast
            mean[i], spread[i] = left[of == i].mean(), left[of == i].std(correction=0)
        found = (components, edges, mean, spread.clamp(min=0.05))
        return {name: of.float().contiguous() for name, of in zip(self.learns, found, strict=True)}

    def heat(self, clip: Tensor) -> Tensor:
        components, edges, mean, spread = (self.learned[name].to(clip) for name in self.learns)
        blocks, contrast = _normalised(self.blocks(clip))
        of = torch.bucketize(contrast, edges)
        return ((_left(blocks, components) - mean[of]) / spread[of]).abs()


def _normalised(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """Blocks (..., 256) without mean and contrast, and the contrast (...)."""
    centred = blocks - blocks.mean(-1, keepdim=True)
    contrast = (centred.square().mean(-1) + FLOOR**2).sqrt()
    return centred / contrast[..., None], contrast


def _left(blocks: Tensor, components: Tensor) -> Tensor:
    """Log of the mean square that the components leave of blocks (..., 256)."""
    # by Pythagoras: of orthonormal components the squares add up
    left = blocks.square().sum(-1) - (blocks @ components).square().sum(-1)
    return (left.clamp(min=0) / blocks.shape[-1] + 1e-3).log()
