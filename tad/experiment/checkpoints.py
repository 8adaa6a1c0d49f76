"""Which weights are meant, and the threshold that belongs to them."""

import json
import shutil
from dataclasses import asdict
from math import isfinite
from pathlib import Path

from tad.data import resolve
from tad.model import EnhancedTimeSformer, load_model, read_facts, save_checkpoint
from tad.scoring import Threshold

SHIPPED = Path(__file__).parent.parent / "weights" / "tiny.safetensors"
DEMO = "demo"  # the name of the weights that ship


def checkpoint_path(checkpoint: str | Path) -> Path:
    """The file that is meant: "demo" is the weights that ship with the package.

    Raises:
        ValueError: no such file.
    """
    path = SHIPPED if str(checkpoint) == DEMO else resolve(checkpoint)
    if not path.is_file():
        raise ValueError(f"a checkpoint must be a file or {DEMO!r}; got {checkpoint}")
    return path


def load(checkpoint: str | Path) -> EnhancedTimeSformer:
    """Load the network of a checkpoint (see `checkpoint_path`), in evaluation mode."""
    return load_model(checkpoint_path(checkpoint))


def threshold_path(checkpoint: str | Path) -> Path:
    """The file beside a checkpoint that holds its threshold."""
    path = Path(checkpoint)
    return path.with_name(f"{path.stem}.threshold.json")


def calibration_path(checkpoint: str | Path) -> Path:
    """The file beside a checkpoint that holds what its validation reals scored."""
    path = Path(checkpoint)
    return path.with_name(f"{path.stem}.calibration.csv")


def save_threshold(checkpoint: str | Path, detector: str, threshold: Threshold) -> Path:
    """Store a detector's threshold, for the scores of whole videos, beside the weights.

    Args:
        checkpoint: the file of weights.
        detector: its name.
        threshold: chosen on validation reals.
    """
    return _write(threshold_path(checkpoint), {"detector": detector, "unit": "video", **asdict(threshold)})


def add_thresholds(checkpoint: str | Path, others: dict[str, Threshold], default: str = "") -> Path:
    """Store more detectors' thresholds beside the weights; one of them becomes the default where it is named.

    Raises:
        ValueError: no threshold lies there yet.
    """
    name, threshold = load_threshold(checkpoint)
    path = threshold_path(checkpoint_path(checkpoint))
    known = json.loads(path.read_text()).get("others", {}) | {name: asdict(threshold)}
    known |= {detector: asdict(of) for detector, of in others.items()}
    default = default or name
    return _write(path, {"detector": default, "unit": "video", **known.pop(default), "others": known})


def _write(path: Path, thresholds: dict) -> Path:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(thresholds, indent=1) + "\n")
    part.replace(path)
    return path


def load_threshold(checkpoint: str | Path, detector: str = "") -> tuple[str, Threshold]:
    """Return a detector's name and its threshold as stored beside the weights.

    Args:
        checkpoint: a file or "demo".
        detector: a name; the default detector's when empty.

    Raises:
        ValueError: there is none.
    """
    path = threshold_path(checkpoint_path(checkpoint))
    if not path.is_file():
        raise ValueError(f"a threshold must lie beside the weights; got no {path}")
    default, others = _read_thresholds(path)
    if (detector or default) not in others:
        raise ValueError(f"{path} has thresholds for {', '.join(sorted(others))}; got {detector!r}")
    return detector or default, others[detector or default]


def _read_thresholds(path: Path) -> tuple[str, dict[str, Threshold]]:
    """The default detector, and every detector's threshold."""
    try:
        stored = json.loads(path.read_text())
        default, others = stored.pop("detector"), stored.pop("others", {})
        stored.pop("unit")
        found = {name: Threshold(**facts) for name, facts in {**others, default: stored}.items()}
        unfit = [name for name, threshold in found.items() if not isfinite(threshold.value)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"thresholds must be stored as `tad fit` writes them; got {path}: {error!r}") from error
    if unfit:
        raise ValueError(f"a threshold must be a finite number; {path} has {found[unfit[0]].value} for {unfit[0]}")
    return default, found


def halve(checkpoint: str | Path, out: str | Path) -> Path:
    """Store weights in 16 bit, with what is known of them, and threshold and calibration that lie beside them."""
    file = checkpoint_path(checkpoint)
    facts = {name: value for name, value in read_facts(file).items() if name != "config"}
    save_checkpoint(out, load(file), facts, half=True)
    for beside in (threshold_path, calibration_path):
        if beside(file).is_file():
            shutil.copyfile(beside(file), beside(out))
    return Path(out)
