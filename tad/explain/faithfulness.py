"""How right a heat map is about its detector: does the score change where the map says that it comes from?

Both measures blur parts of the clip and score it again. What is blurred does not depend on the weights of a map, so
that one clip's maps share many of these versions: `Remembered` scores each of them once.
"""

import hashlib

import torch
from captum.metrics import infidelity as captum_infidelity
from torch import Tensor

from tad import checks
from tad.explain.cells import TUBELETS, Grid, cells, check_heat, pooled
from tad.explain.target import ClipScore, blurred
from tad.scoring import Detector

SHARES = (0.05, 0.15, 0.4, 1.0)  # of the cells, that a deletion curve has lost at its points


class Remembered:
    """A detector's scores of versions of clips, each computed once."""

    def __init__(self, detector: Detector, batch: int = 4):
        checks.whole("batch", batch, 1)
        self.score, self.batch, self.known = ClipScore(detector), batch, {}

    @torch.no_grad()
    def __call__(self, clips: Tensor) -> Tensor:
        """Score clips (B, 3, T, H, W): (B,)."""
        keys = [hashlib.blake2b(clip.contiguous().numpy().data).digest() for clip in clips]
        new = {key: clip for key, clip in zip(keys, clips, strict=True) if key not in self.known}
        for start in range(0, len(new), self.batch):
            some = list(new)[start : start + self.batch]
            scores = self.score(torch.stack([new[key] for key in some]))
            self.known |= dict(zip(some, scores.tolist(), strict=True))
        return clips.new_tensor([self.known[key] for key in keys])


def deletion_curve(score: Remembered, clip: Tensor, heat: Tensor, generator: torch.Generator, grid: Grid = TUBELETS):
    """Blur the cells of a clip from the hottest to the coldest and score what is left.

    Args:
        score: of the detector.
        clip: (3, T, H, W).
        heat: (T, H, W); equally hot cells come in random order.
        generator: of that order.
        grid: of the cells.

    Returns:
        The scores (1 + len(SHARES),) from the clip itself to the clip blurred throughout.

    Source: Petsiuk et al. 2018, "RISE".
    """
    _check(score, clip, heat, generator)
    values, number, soft = pooled(heat, grid), cells(clip.shape[1:], grid), blurred(clip[None])[0]
    mixed = torch.randperm(len(values), generator=generator)
    order = mixed[values[mixed].argsort(descending=True, stable=True)]
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    gone = [rank[number] < max(1, round(share * len(order))) for share in SHARES]
    return score(torch.stack([clip, *(torch.where(these, soft, clip) for these in gone)]))


def _check(score: Remembered, clip: Tensor, heat: Tensor, generator: torch.Generator) -> None:
    checks.of_kind("score", score, Remembered, "a Remembered")
    checks.clip("clip", clip)
    check_heat(heat)
    checks.check(heat.shape == clip.shape[1:], f"heat must have the clip's frames {tuple(clip.shape[1:])}", heat)
    checks.generator(generator)


def deletion_area(curve: Tensor, reference: Tensor) -> float:
    """Area between a deletion curve and the clip's own score, lower = better: the score falls early.

    Its unit is the largest change of the score along a reference curve, that of the random map: -1 is a score that
    falls by as much at once, 0 one that does not move. NaN where the score does not move along the reference.

    Example:
        >>> round(deletion_area(torch.tensor([2.0, 1, 1, 1, 1]), torch.tensor([2.0, 2, 2, 2, 1])), 3)
        -0.975
    """
    for name, value in {"curve": curve, "reference": reference}.items():
        checks.tensor(name, value, str(1 + len(SHARES)))
        checks.check(not value.isinf().any(), f"{name} must be finite, or NaN where there is no score", value)
    scale = (reference - reference[0]).abs().max()
    shares = torch.tensor((0.0, *SHARES))
    return (torch.trapezoid(curve - curve[0], shares) / scale).item() if scale > 0 else float("nan")


def infidelity(
    score: Remembered, clip: Tensor, heat: Tensor, generator: torch.Generator, n: int = 24, grid: Grid = TUBELETS
) -> float:
    """How much of the score's change a map leaves unexplained, lower = better.

    So many times half of the cells or fewer, drawn at random, are blurred; the map's sum over them, scaled by one
    factor for all, should be what the score loses. This is Captum's infidelity, with its own scaling, over that of a
    map that explains nothing: 0 explains all, 1 nothing.

    Args:
        score, clip, grid: as `deletion_curve`.
        heat: (T, H, W), signed.
        generator: of the draws; the same state gives the same versions of the clip for every map.
        n: number of draws.

    Returns:
        A number in [0, 1]; NaN where the score never changes.

    Source: Yeh et al. 2019, "On the (In)fidelity and Sensitivity of Explanations".
    """
    _check(score, clip, heat, generator)
    checks.whole("n", n, 1)
    number, soft = cells(clip.shape[1:], grid), blurred(clip[None])
    shares = 0.5 * torch.rand(n, 1, generator=generator)
    gone = (torch.rand(n, int(number.max()) + 1, generator=generator) < shares)[:, number][:, None]  # (n, 1, T, H, W)

    def measured(heat: Tensor, normalize: bool) -> float:
        left = iter(gone)

        def perturb(inputs: Tensor) -> tuple[Tensor, Tensor]:
            these = torch.stack([next(left) for _ in inputs])
            return these.expand_as(inputs).to(inputs), torch.where(these, soft, inputs)

        parts = (heat / 3).expand(1, 3, *heat.shape)  # over colours, which are blurred together
        return captum_infidelity(
            score, perturb, clip[None], parts, n_perturb_samples=n, max_examples_per_batch=min(score.batch, n),
            normalize=normalize,
        ).item()  # fmt: skip

    nothing = measured(torch.zeros_like(heat), False)
    return min(1.0, max(0.0, measured(heat, True) / nothing)) if nothing > 0 else float("nan")
