"""The detectors that belong to a checkpoint: what was fitted for it lies beside it, as `NAME.detectors.safetensors`."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tad import scoring
from tad.experiment.checkpoints import checkpoint_path, load
from tad.model import EnhancedTimeSformer
from tad.scoring import Detector

VARIANT = "-"  # stands between a detector's name and the number of a variant of it


def detectors_path(checkpoint: str | Path) -> Path:
    """The file beside a checkpoint that holds what its detectors have learned."""
    path = checkpoint_path(checkpoint)
    return path.with_name(f"{path.stem}.detectors.safetensors")


def detector_set(
    checkpoint: str | Path, names: Iterable[str] = (), *, variants: bool = True,
    model: EnhancedTimeSformer | None = None,
) -> list[Detector]:  # fmt: skip
    """Build the detectors of a checkpoint that can score: those that learn nothing, and those fitted for it.

    Args:
        checkpoint: a file, or "demo" for the weights that ship.
        names: of the detectors wanted; all that can score when empty.
        variants: whether all means those too that were trained without some families, to be judged on these.
        model: the checkpoint's network, where it is loaded already.

    Raises:
        ValueError: no such checkpoint, a detector of no such name, or one that was not fitted for this checkpoint.
    """
    model, wanted = model or load(checkpoint), list(names)
    learned = _learned(detectors_path(checkpoint), wanted)
    known = {**scoring.DETECTORS, **scoring.FITTED}
    found = [_build(name, model) for name in wanted or [*known, *sorted(set(learned) - set(known)) * variants]]
    for detector in found:
        if not detector.fitted and detector.name in learned:
            detector.load(learned[detector.name])
    lacking = [detector.name for detector in found if not detector.fitted]
    if wanted and lacking:
        raise ValueError(f"a detector must have been fitted for {checkpoint} (tad fit); got {', '.join(lacking)}")
    return [detector for detector in found if detector.fitted]


def _build(name: str, model) -> Detector:
    """Build a detector, or a variant of one, which is named after it with a number: "local_head-0"."""
    detector = scoring.build(name.partition(VARIANT)[0] if VARIANT in name else name, model)
    detector.name = name
    return detector


def left_out(checkpoint: str | Path) -> dict[str, list[str]]:
    """The families that each variant of a detector was trained without, as stored beside a checkpoint."""
    return json.loads(facts_of(checkpoint).get("left_out", "{}"))


def facts_of(checkpoint: str | Path) -> dict[str, str]:
    """What is stored about how the detectors of a checkpoint have learned; nothing where none has."""
    path = detectors_path(checkpoint)
    if not path.is_file():
        return {}
    with _opened(path) as file:
        return file.metadata() or {}


def save_detectors(
    checkpoint: str | Path, detectors: Iterable[Detector], facts: dict[str, str] | None = None, *, keep: bool = False
) -> Path:
    """Store what detectors have learned beside the checkpoint, and facts about it, all of them text.

    Args:
        checkpoint: a file or "demo".
        detectors: fitted ones.
        facts: by name; the families that variants lack as "left_out".
        keep: whether other detectors, and the variants of others, keep what is stored of them.

    Returns:
        The file.
    """
    path, detectors = detectors_path(checkpoint), list(detectors)
    tensors = {f"{d.name}/{key}": value for d in detectors for key, value in d.state().items()}
    if keep:
        kind = lambda name: name.partition(VARIANT)[0]  # noqa: E731
        new = {kind(d.name) for d in detectors}
        others = {name: learned for name, learned in _learned(path, []).items() if kind(name) not in new}
        tensors |= {f"{name}/{key}": value for name, of in others.items() for key, value in of.items()}
        without = {name: lacking for name, lacking in left_out(checkpoint).items() if name in others}
        without |= json.loads((facts or {}).get("left_out", "{}"))
        facts = {**(facts or {}), "left_out": json.dumps(without)}
    part = path.with_suffix(".part")
    # not save_file: what it writes nobody else may read
    part.write_bytes(save({key: value.contiguous().cpu() for key, value in tensors.items()}, facts))
    part.replace(path)
    return path


def _learned(path: Path, wanted: list[str]) -> dict[str, dict[str, Tensor]]:
    """What each wanted detector has learned, by its name, or each of all; nothing where there is no file."""
    out: dict[str, dict[str, Tensor]] = {}
    if path.is_file():
        with _opened(path) as file:
            for key in file.keys():
                name, _, part = key.partition("/")
                if wanted and name not in wanted:
                    continue
                out.setdefault(name, {})[part] = value = file.get_tensor(key)
                if not value.isfinite().all():
                    raise ValueError(f"what detectors have learned must be finite; {path} has {key} that is not")
    return out


@contextmanager
def _opened(path: Path) -> Iterator:
    try:
        with safe_open(path, "pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise ValueError(f"what detectors have learned must be readable (tad fit); got {path}: {error}") from error
