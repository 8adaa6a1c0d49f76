"""Checkpoints: our own in safetensors with the configuration inside, and the model card's Lightning format."""

import json
import os
import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from tad.model.config import ModelConfig
from tad.model.network import EnhancedTimeSformer, create_model


def save_checkpoint(path: str | Path, model: EnhancedTimeSformer, facts: dict | None = None) -> Path:
    """Write the weights with the configuration and some facts on how they came about.

    The file appears under its name only when it is whole.

    Args:
        path: a `.safetensors` file.
        model: the network.
        facts: anything JSON can hold.

    Returns:
        The path.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    metadata = {"config": json.dumps(model.config.to_dict()), "facts": json.dumps(facts or {})}
    save_file(weights, part, metadata=metadata)
    os.replace(part, path)
    return path


def read_facts(path: str | Path) -> dict:
    """Return what `save_checkpoint` was told about the weights, with the configuration under "config"."""
    metadata = _metadata(Path(path))
    return {**json.loads(metadata.get("facts", "{}")), "config": json.loads(metadata["config"])}


def load_model(path: str | Path, preset: str = "base", **overrides) -> EnhancedTimeSformer:
    """Load a network from a checkpoint, in evaluation mode.

    Args:
        path: a `.safetensors` file of ours, which knows its configuration; or a Lightning `.ckpt` or plain state
            dict in the card's format, with the prefixes `model.` or `model.model.` in any mixture.
        preset, **overrides: the configuration of a checkpoint that does not know it.

    Raises:
        ValueError: no such file, not a checkpoint, or its names and shapes are not those of the network.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"a checkpoint must be a file; got {path}")
    if path.suffix == ".safetensors":
        model = EnhancedTimeSformer(ModelConfig(**json.loads(_metadata(path)["config"])))
        weights = load_file(path)
    else:
        weights = strip_prefixes(_read_pickle(path))
        model = create_model(preset, **overrides)
    check_fit(model, weights)
    model.load_state_dict(weights)
    return model.eval()


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


def check_fit(model: EnhancedTimeSformer, weights: dict[str, Tensor]):
    """Raise ValueError that lists what is missing, unexpected or of another shape."""
    own = model.state_dict()
    problems = {
        "missing": [name for name in own if name not in weights],
        "unexpected": [name for name in weights if name not in own],
        "other shape": [
            f"{name} {tuple(weights[name].shape)} for {tuple(own[name].shape)}"
            for name in own
            if name in weights and own[name].shape != weights[name].shape
        ],
    }
    told = [f"{len(names)} {kind} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
            for kind, names in problems.items() if names]  # fmt: skip
    if told:
        raise ValueError(f"a checkpoint must hold exactly the network's weights; got {'; '.join(told)}")


def _metadata(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"a .safetensors checkpoint must be readable; got {path}: {error}") from error
    if "config" not in metadata:
        raise ValueError(f"a .safetensors checkpoint must hold its configuration; got {path} without one")
    return metadata


def _read_pickle(path: Path) -> dict[str, Tensor]:
    """Read a state dict; `weights_only` refuses any pickle that would run code."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(f"a checkpoint must be a readable file of weights; got {path}: {error}") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"a checkpoint must hold a state dict of tensors; got {path} without one")
    return state
