"""A training run: footage, Lightning trainer, checkpoints, facts."""

import ast
import hashlib
import json
import logging
import os
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import lightning as L
import pandas as pd
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from tad import checks
from tad.data import Footage, open_footage
from tad.model import create_model, load_model, save_checkpoint
from tad.training.callbacks import Clock, Journal, LastCheckpoint, NextEpoch, Progress, WholeFiles, read_rows
from tad.training.feed import Feed
from tad.training.module import Reconstruction, TrainingStopped
from tad.training.recipes import Machine, Recipe

# the code that weights depend on: with any of it changed, a stopped training would go on as another one
TRAINS = (
    "model/attention.py", "model/config.py", "model/flow.py", "model/heads.py", "model/network.py", "model/stem.py",
    "training/feed.py", "training/module.py", "training/objectives.py",
)  # fmt: skip


def precision_for(device: str) -> str:
    """Mixed precision where the device has it: bf16, else fp16 with scaling, else plain fp32."""
    if device != "cuda":
        return "32-true"
    return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"


def fit(
    recipe: Recipe,
    data: str | Path,
    folder: str | Path,
    seed: int = 0,
    *,
    val_data: str | Path = "",
    machine: Machine = Machine(),  # noqa: B008 it is frozen
    restart: bool = False,
    **overrides,
) -> Path:
    """Train a network on real videos; a run that was stopped in the same folder is resumed, exactly.

    With a table of videos and the same machine, a resumed run ends with the weights of one that was never stopped,
    bit for bit; from shards it goes on at the start of an epoch (see `Feed`). Under `torchrun` or SLURM each process
    calls this function.

    Args:
        recipe: the numbers of the run.
        data, val_data: see `tad.data.open_footage`; all of it must be labelled real.
        folder: receives `last.ckpt` and `best.ckpt` (Lightning), `steps.csv`, `log.csv`, `failures.*.csv`,
            `model.safetensors` (the best epoch by validation frame error) and `training.json` (what was used).
        seed: of the weights and of the data's order.
        machine: what it runs on.
        restart: begin anew where the folder holds a training with other settings, instead of refusing it.
        **overrides: fields of the network's configuration.

    Returns:
        The path of `model.safetensors`.

    Raises:
        ValueError: a fake in the training or validation split, no clip in one of them, or another training's folder.
        TrainingStopped: the loss is not finite any more, or memory is short.
    """
    checks.of_kind("recipe", recipe, Recipe, "a Recipe")
    checks.of_kind("machine", machine, Machine, "a Machine")
    checks.path("folder", folder)
    checks.whole("seed", seed)
    folder = Path(folder)
    footage = open_footage(data, val_data)
    settings = _settings(recipe, footage, seed, overrides)
    last = _resume_point(folder, settings, restart)
    L.seed_everything(seed, verbose=False)
    model = create_model(recipe.preset, **overrides)
    model.recompute = machine.recompute
    if machine.compile:  # not the flow estimator: inductor gets the backward pass of its padding wrong (torch 2.14)
        for part in (model.stem, model.flow_encoder, *model.blocks):
            part.compile()
    feed = Feed(footage, model.config, recipe, machine, seed)
    told = {**settings, "machine": asdict(machine), "network": model.config.to_dict()}
    trainer = _trainer(recipe, machine, folder, told)
    _run(trainer, Reconstruction(model, recipe), feed, last)
    trainer.strategy.barrier("trained")
    if trainer.is_global_zero:
        if not (folder / "best.ckpt").is_file():
            at = f"at step {trainer.global_step}"
            raise TrainingStopped(f"the time was up {at}, before a validation; --resume goes on")
        best = load_model(folder / "best.ckpt", recipe.preset, **overrides)
        facts = _facts(told, footage, feed, folder)
        part = folder / "training.json.part"
        part.write_text(json.dumps(facts, indent=1))
        os.replace(part, folder / "training.json")
        save_checkpoint(folder / "model.safetensors", best, facts)
        done, planned = trainer.global_step, int(trainer.estimated_stepping_batches)
        if done < planned:
            print(f"stopped by --max-time after step {done} of {planned}; --resume goes on", file=sys.stderr)
    return folder / "model.safetensors"


def _run(trainer: L.Trainer, module: Reconstruction, feed: Feed, last: str | None):
    with warnings.catch_warnings():
        # data in memory needs no worker processes
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
        warnings.filterwarnings("ignore", message=".*`IterableDataset` has `__len__` defined.*")
        # it is entered where it was left: see `EachOnce.enter`
        warnings.filterwarnings("ignore", message=".*your dataloader is not resumable.*")
        try:
            trainer.fit(module, datamodule=feed, ckpt_path=last, weights_only=True)
        except SystemExit:
            if trainer.interrupted:  # Lightning turns Ctrl-C into an exit of the process; the caller decides on that
                raise KeyboardInterrupt from None
            raise
        except RuntimeError as error:
            if "DataLoader worker" in str(error):
                told = "a worker process died, as when memory is short; --resume goes on, --workers 0 needs none"
                raise TrainingStopped(f"{told}; {error}") from error
            if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
                raise
            raise TrainingStopped(
                f"memory is short for batches of {feed.recipe.batch_size} clips; lower --batch-size (and raise "
                "--accumulate by as much), add --recompute, use --precision bf16-mixed, or a smaller network by "
                f"--preset or --set size=...; {error}"
            ) from error


def _settings(recipe: Recipe, footage: Footage, seed: int, overrides: dict) -> dict:
    """What the weights of a training depend on: recipe, seed, network, videos, and the code that trains."""
    named = ["video", "sha256", "split", "group", "crop"]
    videos = [table[named].to_csv(index=False) for table in (footage.train, footage.val)]
    code, package = hashlib.sha256(), Path(__file__).parent.parent
    for name in TRAINS:
        code.update(_code((package / name).read_text()).encode())
    return {
        "recipe": asdict(recipe),
        "seed": seed,
        "network": overrides,
        "videos": hashlib.sha256(json.dumps([*videos, [Path(s).name for s in footage.shards]]).encode()).hexdigest(),
        "code": code.hexdigest(),
    }


def _code(source: str) -> str:
    """Source without comments, layout and docstrings, which train nothing."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def _resume_point(folder: Path, settings: dict, restart: bool) -> str | None:
    """The last checkpoint of the same training, if there is one; another training's files are refused or removed."""
    file, last = folder / "settings.json", folder / "last.ckpt"
    folder.mkdir(parents=True, exist_ok=True)
    if rank_zero_only.rank == 0:
        if not file.is_file() and any(folder.iterdir()):
            raise ValueError(f"a training needs a folder of its own; got {folder}, which holds other files")
        other = _differences(json.loads(file.read_text()), settings) if file.is_file() else []
        if other and not restart:
            raise ValueError(f"a training goes on as it began; {folder} was begun with another {', '.join(other)}")
        if other:
            print(f"{folder} holds a training with another {other[0]}; it is begun anew", file=sys.stderr)
            for pattern in ("*.ckpt", "*.csv", "model.*", "training.json"):
                for old in folder.glob(pattern):
                    old.unlink()
        part = file.with_suffix(".part")
        part.write_text(json.dumps(settings, indent=1))
        os.replace(part, file)
    return str(last) if last.is_file() else None


def _differences(began: dict, now: dict, prefix: str = "") -> list[str]:
    """The names of the settings that differ."""
    out = []
    for key in sorted(began.keys() | now.keys()):
        a, b = began.get(key), now.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            out += _differences(a, b, f"{key}.")
        elif a != b:
            out.append(prefix + key)
    return out


def _trainer(recipe: Recipe, machine: Machine, folder: Path, settings: dict) -> L.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # no advertisements
    cuda = torch.cuda.is_available() and machine.accelerator != "cpu"
    auto = {"accelerator": "gpu" if cuda else "cpu", "devices": "auto" if cuda else 1}
    asked = {name: getattr(machine, name) for name in auto if getattr(machine, name) != "auto"}
    if asked.get("devices", "").isdigit():
        asked["devices"] = int(asked["devices"])
    best = ModelCheckpoint(
        folder, "best", monitor="val_frame_mse", enable_version_counter=False, save_on_train_epoch_end=True
    )
    beside = [Journal(folder, machine.log_every), Progress(), NextEpoch(), _Settings(settings)]
    clock = [Clock(machine.max_time)] if machine.max_time else []
    return L.Trainer(
        **{**auto, **asked},
        num_nodes=machine.nodes,
        strategy=machine.strategy,
        precision=precision_for("cuda" if cuda else "cpu") if machine.precision == "auto" else machine.precision,
        max_epochs=recipe.epochs,
        accumulate_grad_batches=recipe.accumulate,
        gradient_clip_val=recipe.clip_norm,
        callbacks=[*beside, *clock, best, LastCheckpoint(folder, machine.save_every)],
        plugins=[WholeFiles()],
        default_root_dir=folder,
        logger=False,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


class _Settings(L.Callback):
    """Puts the resolved settings into every checkpoint."""

    def __init__(self, settings: dict):
        self.settings = settings

    def on_save_checkpoint(self, trainer, module, checkpoint):
        checkpoint["settings"] = self.settings


def _facts(told: dict, footage: Footage, feed: Feed, folder: Path) -> dict:
    log, steps = pd.read_csv(folder / "log.csv"), pd.read_csv(folder / "steps.csv")
    best = log.loc[log["val_frame_mse"].idxmin()]
    lost = {row["video"]: row["error"] for file in sorted(folder.glob("failures.*.csv")) for row in read_rows(file)}
    return {
        **{name: told[name] for name in ("recipe", "seed", "machine")},
        "datasets": sorted(set(footage.train["dataset"]) - {""}) or [f"{len(footage.shards)} shards"],
        "training_groups": feed.data.groups if isinstance(feed.data.groups, list) else sorted(feed.data.groups),
        "validation_groups": sorted({row["group"] for row in feed.clips.rows}),
        "counts": {**getattr(feed.data, "counts", {}), **feed.clips.counts},
        "undecodable": {**lost, **{row["video"]: reason for row, reason in feed.clips.failures}},
        "validation": {name: round(float(best[name]), 6) for name in best.index if name.startswith("val_")},
        "best_epoch": int(best["epoch"]),
        "steps": int(steps["step"].max()),
        "minutes": round(float(log["minutes"].sum()), 1),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }
