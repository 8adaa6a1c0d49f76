"""A training run: data, Lightning trainer, checkpoints, log."""

import ast
import hashlib
import json
import os
import sys
import time
import warnings
from dataclasses import asdict
from pathlib import Path

import lightning as L
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch.utils.data import DataLoader
from tqdm import tqdm

from tad.data import FixedClips, TrainingClips, check_one_class, read_manifest
from tad.model import create_model, load_model, save_checkpoint
from tad.training.module import Reconstruction
from tad.training.recipes import Recipe


class _Progress(Callback):
    """One bar over all steps, with the validation error beside it."""

    def on_train_start(self, trainer, module):
        done = trainer.global_step
        self.bar = tqdm(total=module.total_steps, initial=done, desc="training", unit="step")

    def on_train_batch_end(self, trainer, module, *_):
        self.bar.update(trainer.global_step - self.bar.n)

    def on_validation_epoch_end(self, trainer, module):
        if not trainer.sanity_checking:
            self.bar.set_postfix(val_frame_mse=f"{trainer.callback_metrics['val_frame_mse'].item():.4f}")

    def on_train_end(self, trainer, module):
        self.bar.close()


class _Log(Callback):
    """Writes one row an epoch; a resumed run goes on in the same table."""

    def __init__(self, file: Path):
        self.file = file

    def on_train_epoch_start(self, trainer, module):
        self.began = time.monotonic()

    def on_train_epoch_end(self, trainer, module):
        names = ("epoch", "step", "minutes", "learning_rate")
        values = {name: value.item() for name, value in trainer.callback_metrics.items()}
        minutes = (time.monotonic() - self.began) / 60
        row = {"epoch": trainer.current_epoch, "step": trainer.global_step, "minutes": minutes, **values}
        rows = pd.read_csv(self.file).to_dict("records") if self.file.is_file() else []
        rows = [*(r for r in rows if r["epoch"] < trainer.current_epoch), row]
        part = self.file.with_suffix(".part")
        table = pd.DataFrame(rows)
        table[[*names, *sorted(set(table) - set(names))]].to_csv(part, index=False)
        os.replace(part, self.file)


class _NextEpoch(Callback):
    """Tells the dataset which epoch it draws for, so that a resumed run draws what it would have drawn."""

    def on_train_epoch_start(self, trainer, module):
        trainer.train_dataloader.dataset.epoch = trainer.current_epoch


def precision_for(device: str) -> str:
    """Mixed precision where the device has it: bf16, else fp16 with scaling, else plain fp32."""
    if device != "cuda":
        return "32-true"
    return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"


def fit(recipe: Recipe, manifest: str | Path, folder: str | Path, seed: int = 0, **overrides) -> Path:
    """Train a network on the real videos of a manifest; an interrupted run in the same folder is resumed.

    Args:
        recipe: the numbers of the run.
        manifest: its `train` and `val` rows are used; all must be labelled real.
        folder: receives `last.ckpt` and `best.ckpt` (Lightning), `log.csv`, `model.safetensors` (the best epoch by
            validation frame error) and `training.json` (what was used).
        seed: of the weights and of the data's order.
        **overrides: fields of the network's configuration.

    Returns:
        The path of `model.safetensors`.

    Raises:
        ValueError: a fake in the training or validation split, or no clip in one of them.
    """
    folder = Path(folder)
    table = read_manifest(manifest)
    check_one_class(table)
    last = _resume_point(folder, identity(recipe, table, seed, overrides))
    L.seed_everything(seed, verbose=False)
    model = create_model(recipe.preset, **overrides)
    train, val = _loaders(table, recipe, model.config, seed)
    module = Reconstruction(model, recipe, recipe.total_steps)
    trainer = _trainer(recipe, folder)
    with warnings.catch_warnings():
        # the data lies in memory: worker processes would only copy it
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
        try:
            trainer.fit(module, train, val, ckpt_path=last, weights_only=True)
        except SystemExit:
            if trainer.interrupted:  # Lightning turns Ctrl-C into an exit of the process; the caller decides on that
                raise KeyboardInterrupt from None
            raise
    log = pd.read_csv(folder / "log.csv")
    best = load_model(folder / "best.ckpt", recipe.preset, **overrides)
    facts = _facts(recipe, train.dataset, val.dataset, log, seed)
    (folder / "training.json").write_text(json.dumps(facts, indent=1))
    return save_checkpoint(folder / "model.safetensors", best, facts)


def identity(recipe: Recipe, table: pd.DataFrame, seed: int, overrides: dict) -> str:
    """A digest of what a training depends on: recipe, videos, seed, and the code of the network and its training."""
    told = [asdict(recipe), seed, overrides, table.drop(columns="path").to_csv(index=False)]
    digest = hashlib.sha256(json.dumps(told).encode())
    package = Path(__file__).parent.parent
    for file in sorted([*package.glob("model/*.py"), *package.glob("training/*.py")]):
        digest.update(_code(file.read_text()).encode())
    return digest.hexdigest()


def _code(source: str) -> str:
    """Source without comments, layout and docstrings, which train nothing."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def _resume_point(folder: Path, mark: str) -> str | None:
    """The last checkpoint of the same training, if there is one; the files of another training are taken away."""
    file, last = folder / "identity.txt", folder / "last.ckpt"
    folder.mkdir(parents=True, exist_ok=True)
    if not file.is_file() and any(folder.iterdir()):
        raise ValueError(f"a training needs a folder of its own; got {folder}, which holds other files")
    if file.is_file() and file.read_text() != mark:
        print(f"{folder} holds a training with other settings; it is begun anew", file=sys.stderr)
        for name in ("last.ckpt", "best.ckpt", "log.csv", "model.safetensors", "training.json"):
            (folder / name).unlink(missing_ok=True)
    file.write_text(mark)
    return str(last) if last.is_file() else None


def _loaders(table, recipe, config, seed) -> tuple[DataLoader, DataLoader]:
    rows = {split: table[table["split"] == split] for split in ("train", "val")}
    train = TrainingClips(rows["train"], config.frames, config.size, recipe.clips_per_epoch, seed)
    val = FixedClips(rows["val"], config.frames, config.size, per_video=4, desc="decoding validation videos")
    if not len(val):
        raise ValueError(f"validation needs a video with {config.frames} frames without a cut; got none")
    return DataLoader(train, recipe.batch_size), DataLoader(val, recipe.batch_size)


def _trainer(recipe: Recipe, folder: Path) -> L.Trainer:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    # at the end of the epoch, after its row in the log, so that no resumed run lacks one
    when = {"enable_version_counter": False, "save_on_train_epoch_end": True}
    best = ModelCheckpoint(folder, "best", monitor="val_frame_mse", **when)
    last = ModelCheckpoint(folder, "last", **when)
    return L.Trainer(
        max_epochs=recipe.epochs,
        accelerator=device,
        devices=1,
        precision=precision_for(device),
        gradient_clip_val=recipe.clip_norm,
        callbacks=[best, last, _Log(folder / "log.csv"), _Progress(), _NextEpoch()],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def _facts(recipe, train, val, log, seed) -> dict:
    best = log.loc[log["val_frame_mse"].idxmin()]
    return {
        "recipe": asdict(recipe),
        "seed": seed,
        "training_groups": sorted(train.groups),
        "validation_groups": sorted({row["group"] for row in val.rows}),
        "counts": {**train.counts, **val.counts},
        "validation": {name: round(float(best[name]), 6) for name in best.index if name.startswith("val_")},
        "best_epoch": int(best["epoch"]),
        "minutes": round(float(log["minutes"].sum()), 1),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }
