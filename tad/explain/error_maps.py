"""Where the network is more wrong than it should be: its residuals, normalised by what is expected of a real patch.

The reconstruction's: log error less what real patches of that texture and motion cost the network (`PatchError`). The
flow's: how far the disagreement of predicted and estimated flow lies from that of real patches (`FlowConsistency`, a
Mahalanobis distance). Both speak of the mid frame, which is what the network predicts; elsewhere they are zero.
"""

from collections.abc import Iterable

from torch import Tensor

from tad import checks
from tad.explain.attribution import Heat
from tad.explain.target import check_explained
from tad.model import EnhancedTimeSformer
from tad.scoring import Detector
from tad.scoring.detectors import FlowConsistency, PatchError
from tad.scoring.detectors.protocol import check_detector

ERROR_MAPS = {"reconstruction_error": "patch_error", "flow_error": "flow_consistency"}


def error_maps(
    model: EnhancedTimeSformer, reals: Iterable[Tensor] = (), fitted: Iterable[Detector] = ()
) -> dict[str, Detector]:
    """Build what draws the error maps of a network.

    Args:
        model: in evaluation mode.
        reals: real clips (3, T, H, W) that say what is expected; passed over twice, not touched where all are fitted.
        fitted: detectors among which those that were fitted for this network are taken.

    Returns:
        By name, "reconstruction_error" and "flow_error"; see `error_map`.
    """
    checks.of_kind("model", model, EnhancedTimeSformer, "an EnhancedTimeSformer")
    checks.of_kind("fitted", fitted, Iterable, "a list of detectors")
    fitted = list(fitted)
    for detector in fitted:
        check_detector(detector)
    known = {detector.name: detector for detector in fitted}
    built = {"patch_error": PatchError, "flow_consistency": FlowConsistency}
    return {name: known.get(of) or built[of](model).fit(reals) for name, of in ERROR_MAPS.items()}


def error_map(detector: Detector, clip: Tensor) -> Heat:
    """Draw the map of a detector that has one, of a clip (3, T, H, W)."""
    check_explained(detector, clip)
    checks.check(hasattr(detector, "map"), "the detector must have a map", detector)
    return Heat(detector.map(clip[None])[0].detach())
