"""What an explanation must beat: maps that know nothing of the detector, and networks that have learned nothing."""

import copy

import torch
from kornia.filters import sobel
from torch import Generator, Tensor, nn

from tad import checks
from tad.explain.target import modules
from tad.scoring import Detector
from tad.scoring.detectors.patches import luma

CENTRE = 0.25  # deviation of the centre-biased map, in sides of the clip


def random_map(clip: Tensor, generator: Generator) -> Tensor:
    """Uniform numbers at every pixel of a clip (3, T, H, W): (T, H, W)."""
    return torch.rand(clip.shape[1:], generator=generator)


def centre_map(clip: Tensor) -> Tensor:
    """A Gaussian in the middle of space and time: photographers, and our forgeries, put things there."""
    t, y, x = ((torch.linspace(-0.5, 0.5, side) / CENTRE).square() for side in clip.shape[1:])
    return (-(t[:, None, None] + y[:, None] + x) / 2).exp()


def edge_map(clip: Tensor) -> Tensor:
    """How fast brightness changes over space (Sobel): what many attributions show whatever the weights are."""
    return sobel(luma(clip)[:, None])[:, 0]


def motion_map(clip: Tensor) -> Tensor:
    """How much brightness differs from the frames before and after."""
    change = luma(clip).diff(dim=0).abs()
    return torch.cat([change[:1], (change[1:] + change[:-1]) / 2, change[-1:]])


def control_maps(clip: Tensor, generator: Generator) -> dict[str, Tensor]:
    """All controls of a clip (3, T, H, W), by name, (T, H, W) each, >= 0."""
    checks.clip("clip", clip)
    checks.generator(generator)
    return {
        "random map": random_map(clip, generator), "centre-biased map": centre_map(clip), "edge map": edge_map(clip),
        "motion map": motion_map(clip),
    }  # fmt: skip


def random_twin(module: nn.Module, generator: Generator) -> nn.Module:
    """A network of the same shape whose weights are drawn anew, each tensor with its own mean and deviation.

    Source: Adebayo et al. 2018, "Sanity Checks for Saliency Maps".
    """
    checks.of_kind("module", module, nn.Module, "a torch.nn.Module")
    checks.generator(generator)
    twin = copy.deepcopy(module).eval()
    with torch.no_grad():
        for own in twin.parameters():
            drawn = torch.randn(own.shape, generator=generator).to(own)
            own.copy_(drawn * own.std(correction=0) + own.mean())
    return twin


def random_detector(detector: Detector, generator: Generator) -> Detector | None:
    """The same detector on networks whose weights are drawn anew; None where it holds no network."""
    checks.generator(generator)
    if not (found := modules(detector)):
        return None
    twin = copy.copy(detector)
    for name, module in found:
        setattr(twin, name, random_twin(module, generator))
    return twin
