"""Which methods can explain a detector, each under one name and with one call."""

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor

from tad import checks
from tad.explain.attention import attention_of_mid_frame, rollout
from tad.explain.attribution import BY_GRADIENT, BY_LAYER, WITHOUT_GRADIENT, Effort, Heat
from tad.explain.cells import enlarged
from tad.explain.error_maps import ERROR_MAPS, error_map
from tad.explain.target import check_explained, embedded_layer, is_differentiable
from tad.model import EnhancedTimeSformer
from tad.scoring import Detector

Method = Callable[[Tensor, Effort], Heat]  # clip (3, T, H, W) -> heat
OWN_MAP, ROLLOUT, LAST_LAYER = "own_map", "attention_rollout", "attention_last_layer"
METHODS = {
    **dict.fromkeys(WITHOUT_GRADIENT, "the score without a part of the clip; any detector"),
    **dict.fromkeys(BY_GRADIENT, "the score's gradient at the pixels; differentiable detectors"),
    **dict.fromkeys(BY_LAYER, "the score's gradient at the embedded tensor; differentiable detectors that have one"),
    ROLLOUT: "attention of all layers; detectors that read the network",
    LAST_LAYER: "attention of the last layer; detectors that read the network",
    OWN_MAP: "what the detector itself rates each place; detectors with a map",
    **dict.fromkeys(ERROR_MAPS, "the network's residual against that of real patches; detectors that read the network"),
}


def usable(detector: Detector, clip: Tensor, maps: Mapping[str, Detector] | None = None) -> dict[str, Method]:
    """List the methods that can explain a detector.

    Args:
        detector: fitted.
        clip: (3, T, H, W), one as it looks at; it is scored once to see whether a gradient comes back.
        maps: see `error_maps`; without them they are not listed.
    """
    check_explained(detector, clip)
    found = dict(WITHOUT_GRADIENT)
    if is_differentiable(detector, clip):
        found |= BY_GRADIENT | (BY_LAYER if embedded_layer(detector) is not None else {})
    out: dict[str, Method] = {name: partial(method, detector) for name, method in found.items()}
    model = getattr(detector, "model", None)
    if isinstance(model, EnhancedTimeSformer):
        out[ROLLOUT] = lambda clip, _: Heat(enlarged(rollout(model, clip), clip.shape[1:]))
        out[LAST_LAYER] = partial(_last_layer, model)
        out |= {name: partial(_drawn, drawer) for name, drawer in (maps or {}).items()}
    if hasattr(detector, "map"):
        out[OWN_MAP] = partial(_drawn, detector)
    return out


def explain(detector: Detector, clip: Tensor, method: str, effort: Effort = Effort(), maps=None) -> Heat:  # noqa: B008 it is frozen
    """Explain a detector's score of a clip by one method.

    Args:
        detector: fitted.
        clip: (3, T, H, W) in [-1, 1], as the detector looks at it.
        method: one of `METHODS`.
        effort: see `Effort`.
        maps: see `error_maps`, for the methods of that name.

    Raises:
        ValueError: a method that there is not, or that cannot explain this detector.
    """
    checks.of_kind("effort", effort, Effort, "an Effort")
    known = usable(detector, clip, maps)
    if method not in known:
        raise ValueError(f"{detector.name} can be explained by {', '.join(known)}; got {method!r}")
    return known[method](clip, effort)


def _last_layer(model: EnhancedTimeSformer, clip: Tensor, effort: Effort) -> Heat:
    """Attention of the mid frame in the last layer: each time's share, spread over space as there, mean over heads."""
    maps = attention_of_mid_frame(model, clip, -1)
    share = maps["time"].mean(0).sum((1, 2), keepdim=True)  # (T', 1, 1)
    return Heat(enlarged(share * maps["space"].mean(0), clip.shape[1:]))


def _drawn(detector: Detector, clip: Tensor, effort: Effort) -> Heat:
    return error_map(detector, clip)
