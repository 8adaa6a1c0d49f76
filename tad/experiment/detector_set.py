"""The detectors that belong to a checkpoint: what was fitted for it lies beside it, as `NAME.detectors.safetensors`."""

from collections.abc import Iterable
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from tad import scoring
from tad.experiment.checkpoints import checkpoint_path, load
from tad.scoring import Detector


def detectors_path(checkpoint: str | Path) -> Path:
    """The file beside a checkpoint that holds what its detectors have learned."""
    path = checkpoint_path(checkpoint)
    return path.with_name(f"{path.stem}.detectors.safetensors")


def detector_set(checkpoint: str | Path, names: Iterable[str] = ()) -> list[Detector]:
    """Build the detectors of a checkpoint that can score: those that learn nothing, and those fitted for it.

    Args:
        checkpoint: a file, or "demo" for the weights that ship.
        names: of the detectors wanted; all that can score when empty.

    Raises:
        ValueError: no such checkpoint, a detector of no such name, or one that was not fitted for this checkpoint.
    """
    model, learned, wanted = load(checkpoint), _learned(detectors_path(checkpoint)), list(names)
    found = [scoring.build(name, model) for name in wanted or {**scoring.DETECTORS, **scoring.FITTED}]
    for detector in found:
        if not detector.fitted and detector.name in learned:
            detector.load(learned[detector.name])
    lacking = [detector.name for detector in found if not detector.fitted]
    if wanted and lacking:
        raise ValueError(f"a detector must have been fitted for {checkpoint} (tad fit); got {', '.join(lacking)}")
    return [detector for detector in found if detector.fitted]


def save_detectors(checkpoint: str | Path, detectors: Iterable[Detector], facts: dict[str, str] | None = None) -> Path:
    """Store what detectors have learned beside the checkpoint."""
    path = detectors_path(checkpoint)
    tensors = {f"{d.name}/{key}": value for d in detectors for key, value in d.state().items()}
    part = path.with_suffix(".part")
    save_file({key: value.contiguous().cpu() for key, value in tensors.items()}, part, metadata=facts)
    part.replace(path)
    return path


def _learned(path: Path) -> dict[str, dict[str, Tensor]]:
    """What each detector has learned, by its name; nothing where there is no file."""
    out: dict[str, dict[str, Tensor]] = {}
    if path.is_file():
        with safe_open(path, "pt") as file:
            for key in file.keys():
                name, _, part = key.partition("/")
                out.setdefault(name, {})[part] = file.get_tensor(key)
    return out
