"""Checkpoints: our own in safetensors with the configuration inside, and the model card's Lightning format."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from tad import checks
from tad.model.config import ModelConfig, resolve_config
from tad.model.network import EnhancedTimeSformer


def save_checkpoint(
    path: str | Path, model: EnhancedTimeSformer, facts: dict | None = None, half: bool = False
) -> Path:
    """Write the weights with the configuration and some facts on how they came about.

    The file appears under its name only when it is whole.

    Args:
        path: a `.safetensors` file.
        model: the network.
        facts: anything JSON can hold.
        half: whether to store 16-bit numbers; they are read into a network of 32 bit.

    Returns:
        The path.
    """
    checks.path("a checkpoint", path)
    checks.of_kind("model", model, EnhancedTimeSformer, "an EnhancedTimeSformer")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    kind = torch.float16 if half else torch.float32
    weights = {name: value.detach().to("cpu", kind).contiguous() for name, value in model.state_dict().items()}
    metadata = {"config": json.dumps(model.config.to_dict()), "facts": json.dumps(facts or {})}
    save_file(weights, part, metadata=metadata)
    os.replace(part, path)
    return path


def read_facts(path: str | Path) -> dict:
    """Return what `save_checkpoint` was told about the weights, with the configuration under "config".

    Args:
        path: a .safetensors file.
    """
    checks.path("a checkpoint", path)
    metadata = _metadata(Path(path))
    try:
        return {**json.loads(metadata.get("facts", "{}")), "config": json.loads(metadata["config"])}
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"a checkpoint's configuration must be JSON; got {path}: {error}") from error


def load_model(
    path: str | Path, preset: str = "base", *, may_differ: tuple[str, ...] = (), **overrides
) -> EnhancedTimeSformer:
    """Load a network from a checkpoint, in evaluation mode.

    Args:
        path: a `.safetensors` file of ours, which knows its configuration; or a Lightning `.ckpt` or plain state
            dict in the card's format, with the prefixes `model.` or `model.model.` in any mixture.
        preset, **overrides: the configuration of a checkpoint that does not know it.
        may_differ: patterns such as "flow_head.*" of weights that need not fit; those that do not keep the values
            of a fresh network, or are left out.

    Raises:
        ValueError: no such file, not a checkpoint, or its names and shapes are not those of the network.
    """
    model, weights, _ = _read(path, preset, overrides)
    wrong = [(name, fit) for name, fit in compare(model, weights)[["weight", "fit"]].itertuples(index=False)
             if fit != FITS]  # fmt: skip
    refused = [(name, fit) for name, fit in wrong if not any(fnmatch(name, pattern) for pattern in may_differ)]
    if refused:
        told = []
        for kind in dict.fromkeys(fit for _, fit in refused):
            names = [name for name, fit in refused if fit == kind]
            told.append(f"{len(names)} {kind} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})")
        raise ValueError(
            f"a checkpoint must hold exactly the network's weights; {path} has {'; '.join(told)}; "
            "`tad checkpoint inspect` lists them all"
        )
    broken = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    if broken:
        raise ValueError(f"a checkpoint's weights must be finite; {path} has {broken[0]} that is not")
    left = {name for name, _ in wrong}
    # where every value comes from the file, none is drawn: that takes longer than reading it
    model = EnhancedTimeSformer(model.config) if left else model.to_empty(device="cpu")
    model.load_state_dict({**model.state_dict(), **{k: v for k, v in weights.items() if k not in left}})
    return model.eval()


def inspect(
    path: str | Path, preset: str = "base", **overrides
) -> tuple[EnhancedTimeSformer, dict[str, Tensor], dict[str, object]]:
    """Read a checkpoint without loading it: a fresh network for it, its weights, and what it says of itself.

    Args and errors: as `load_model`, without looking whether names and shapes fit.
    """
    shapes, weights, told = _read(path, preset, overrides)
    return EnhancedTimeSformer(shapes.config), weights, told


def _read(
    path: str | Path, preset: str, overrides: dict
) -> tuple[EnhancedTimeSformer, dict[str, Tensor], dict[str, object]]:
    """A checkpoint's network in names and shapes alone, its weights, and what it says of itself."""
    checks.path("a checkpoint", path)
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"a checkpoint must be a file; got {path}")
    if path.suffix == ".safetensors":
        told = read_facts(path)
        shapes = _stated(path, told["config"])
        with _readable(path):
            return shapes, load_file(path), told
    content = _read_pickle(path)
    told = {name: content[name] for name in ("epoch", "global_step", "settings") if name in content}
    weights = strip_prefixes(content.get("state_dict", content))
    if "settings" in told and not overrides:  # our own training's
        return _stated(path, told["settings"].get("network")), weights, told
    return _shapes(resolve_config(preset, **overrides)), weights, told


FITS = "fits"


def compare(model: EnhancedTimeSformer, weights: dict[str, Tensor]) -> pd.DataFrame:
    """Hold a file's weights against a network's.

    Args:
        model: the network.
        weights: tensors by name, without the prefixes of a Lightning checkpoint.

    Returns:
        A row a weight: weight (its name), file and network (type and shape there), fit ("fits", "missing",
        "unexpected" or "other shape").
    """
    checks.of_kind("model", model, EnhancedTimeSformer, "an EnhancedTimeSformer")
    named = isinstance(weights, dict) and all(isinstance(value, Tensor) for value in weights.values())
    checks.check(named, "weights must be a dict of tensors by name", weights)
    own = model.state_dict()

    def shape(state: dict, name: str) -> str:
        return f"{str(state[name].dtype).removeprefix('torch.')} {tuple(state[name].shape)}" if name in state else ""

    def fit(name: str) -> str:
        if name not in weights or name not in own:
            return "unexpected" if name in weights else "missing"
        return FITS if weights[name].shape == own[name].shape else "other shape"

    rows = [(name, shape(weights, name), shape(own, name), fit(name)) for name in {**own, **weights}]
    return pd.DataFrame(rows, columns=["weight", "file", "network", "fit"])


def strip_prefixes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take leading `model.` off every name, as often as it stands there.

    Raises:
        ValueError: two names become one.
    """
    out = {}
    for name, value in state.items():
        short = name
        while short.startswith("model."):
            short = short.removeprefix("model.")
        if short in out:
            raise ValueError(f"a checkpoint may hold a weight once; got {short!r} under two prefixes")
        out[short] = value
    return out


def _shapes(config: ModelConfig) -> EnhancedTimeSformer:
    """A network without memory for its weights."""
    with torch.device("meta"):
        return EnhancedTimeSformer(config)


def _stated(path: Path, numbers: dict) -> EnhancedTimeSformer:
    """The network that a file states, in shapes, unless it asks for one that the file cannot fill."""
    try:
        config = ModelConfig(**numbers)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a checkpoint's configuration must be a network's; got {path}: {error}") from error
    size = path.stat().st_size
    if config.depth * config.width > size:  # before a layer of it is made
        raise ValueError(f"a checkpoint must fill its network; got {path} of {size} bytes for {config}")
    shapes = _shapes(config)
    weights = sum(value.numel() for value in shapes.state_dict().values())
    if weights > size:  # two bytes a weight, were they all there
        raise ValueError(f"a checkpoint must fill its network; got {path} of {size} bytes for {weights} weights")
    return shapes


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (SafetensorError, OSError) as error:
        raise ValueError(f"a .safetensors checkpoint must be readable; got {path}: {error}") from error


def _metadata(path: Path) -> dict[str, str]:
    with _readable(path), safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError(f"a .safetensors checkpoint must hold its configuration; got {path} without one")
    return metadata


def _first(error: Exception) -> str:
    """The first sentence; torch goes on to advise a load that runs code."""
    return re.split(r"[.\n]\s", f"{type(error).__name__}: {error}")[0]


def _read_pickle(path: Path) -> dict:
    """Read a state dict, or a checkpoint that holds one; `weights_only` refuses any pickle that would run code."""
    if is_zipfile(path):  # torch packs nothing, so what is packed is a bomb or not torch's
        with ZipFile(path) as file:
            if any(entry.compress_type for entry in file.infolist()):
                raise ValueError(f"a checkpoint must be stored without compression; got {path}")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # garbage makes the unpickler trip over anything: KeyError, IndexError, struct.error
        raise ValueError(f"a checkpoint must be a readable file of weights; got {path}: {_first(error)}") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"a checkpoint must hold a state dict of tensors; got {path} without one")
    return content
