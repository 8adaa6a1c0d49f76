"""One clip's explanations held against its mask, its detector, the controls and a network that has learned nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from scipy.stats import spearmanr
from torch import Generator, Tensor

from tad import checks
from tad.explain.attribution import WITHOUT_GRADIENT, Effort, Heat
from tad.explain.cells import TUBELETS, Grid, evidence, fitting, pooled
from tad.explain.controls import control_maps, random_detector
from tad.explain.faithfulness import Remembered, deletion_area, deletion_curve, infidelity
from tad.explain.localisation import localisation
from tad.explain.methods import METHODS, usable
from tad.scoring import Detector

METHOD, CONTROL, RANDOM = "method", "control", "random map"


@dataclass(frozen=True)
class Questions:
    """What is asked of one clip's explanations."""

    methods: tuple[str, ...] = ()  # names; all that can explain the detector when empty
    against_model: bool = True  # deletion and infidelity: some 40 scorings a clip
    against_random_weights: bool = True  # once more on weights drawn anew; not ablation and occlusion, which cost most
    draws: int = 24  # of infidelity
    grid: Grid = TUBELETS  # of the cells on which maps are compared

    def __post_init__(self):
        known = isinstance(self.methods, tuple | list) and set(self.methods) <= set(METHODS)
        checks.check(known, f"methods must be out of {', '.join(METHODS)}", self.methods)
        checks.whole("draws", self.draws, 1)
        checks.sizes("grid", self.grid, 3)


def measure_clip(
    detector: Detector, clip: Tensor, mask: Tensor, effort: Effort, questions: Questions = Questions(),
    maps: Mapping[str, Detector] | None = None, seed: int = 0,
) -> list[dict]:  # fmt: skip
    """Explain a detector's score of a forged clip by every method, and measure how right each is.

    Args:
        detector: fitted.
        clip: (3, T, H, W) in [-1, 1], as the detector looks at it.
        mask: (T, H, W) in [0, 1], what was changed, as it looks at it.
        effort: see `Effort`.
        questions: see `Questions`.
        maps: see `error_maps`.
        seed: of the controls, the deletions and the random weights.

    Returns:
        A row a method and control: method, kind, delta; the measures of `localisation`, of positive evidence on cells;
        deletion, infidelity, random_weights (rank correlation of the map with that of the random network). What was
        not asked, or is not defined, is NaN.
    """
    checks.clip("clip", clip)
    checks.tensor("mask", mask, " ".join(map(str, clip.shape[1:])))
    checks.finite("mask", mask)
    checks.of_kind("effort", effort, Effort, "an Effort")
    checks.of_kind("questions", questions, Questions, "Questions")
    checks.whole("seed", seed)
    grid = fitting(questions.grid, clip.shape[1:])
    heats = _by_name(detector, clip, effort, questions.methods, maps)
    generator = lambda: Generator().manual_seed(seed)  # noqa: E731 the same draws for every map
    controls = {name: Heat(heat) for name, heat in control_maps(clip, generator()).items()}
    twins = {}
    if questions.against_random_weights and (twin := random_detector(detector, generator())):
        drawn = {name: random_detector(drawer, generator()) for name, drawer in (maps or {}).items()}
        again = tuple(name for name in heats if name not in WITHOUT_GRADIENT)
        twins = _by_name(twin, clip, effort, again, drawn) if again else {}
    score, curves, rows = Remembered(detector, effort.batch), {}, []
    for name, heat in {**controls, **heats}.items():
        shown = evidence(heat.values, grid)
        row = {"method": name, "kind": CONTROL if name in controls else METHOD, "delta": heat.delta}
        row |= localisation(shown, mask) | dict.fromkeys(("deletion", "infidelity", "random_weights"), float("nan"))
        if questions.against_model:
            curves[name] = deletion_curve(score, clip, shown, generator(), grid)  # the random map's first
            row["deletion"] = deletion_area(curves[name], curves[RANDOM])
            row["infidelity"] = infidelity(score, clip, heat.values, generator(), questions.draws, grid)
        if name in twins:
            row["random_weights"] = _likeness(shown, evidence(twins[name].values, grid), grid)
        rows.append(row)
    return rows


def _by_name(detector, clip, effort, names, maps) -> dict[str, Heat]:
    known = usable(detector, clip, maps)
    return {name: method(clip, effort) for name, method in known.items() if not names or name in names}


def _likeness(one: Tensor, other: Tensor, grid: Grid) -> float:
    """Spearman's rank correlation of two maps over cells; NaN where one of them is the same everywhere."""
    values = torch.stack([pooled(one, grid), pooled(other, grid)])
    if (values.amax(1) == values.amin(1)).any():
        return float("nan")
    return float(spearmanr(*values.numpy()).statistic)
