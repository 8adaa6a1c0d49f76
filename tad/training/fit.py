"""A training run: data, Lightning trainer, checkpoints, log."""

import json
import os
import warnings
from dataclasses import asdict
from pathlib import Path

import lightning as L
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
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
    folder.mkdir(parents=True, exist_ok=True)
    table = read_manifest(manifest)
    check_one_class(table)
    L.seed_everything(seed, verbose=False)
    model = create_model(recipe.preset, **overrides)
    train, val = _loaders(table, recipe, model.config, seed)
    module = Reconstruction(model, recipe, recipe.total_steps)
    trainer = _trainer(recipe, folder)
    last = folder / "last.ckpt"
    with warnings.catch_warnings():
        # the data lies in memory: worker processes would only copy it
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*logging interval.*")
        trainer.fit(module, train, val, ckpt_path=str(last) if last.is_file() else None, weights_only=True)
    if trainer.interrupted:
        raise KeyboardInterrupt
    log = _write_log(folder)
    best = load_model(folder / "best.ckpt", recipe.preset, **overrides)
    facts = _facts(recipe, table, train.dataset, val.dataset, log, seed)
    (folder / "training.json").write_text(json.dumps(facts, indent=1))
    return save_checkpoint(folder / "model.safetensors", best, facts)


def _loaders(table, recipe, config, seed) -> tuple[DataLoader, DataLoader]:
    rows = {split: table[table["split"] == split] for split in ("train", "val")}
    train = TrainingClips(rows["train"], config.frames, config.size, recipe.clips_per_epoch, seed)
    val = FixedClips(rows["val"], config.frames, config.size, per_video=8, desc="decoding validation videos")
    if not len(val):
        raise ValueError(f"validation needs a video with {config.frames} frames without a cut; got none")
    return DataLoader(train, recipe.batch_size), DataLoader(val, recipe.batch_size)


def _trainer(recipe: Recipe, folder: Path) -> L.Trainer:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    best = ModelCheckpoint(folder, "best", monitor="val_frame_mse", enable_version_counter=False)
    last = ModelCheckpoint(folder, "last", monitor=None, enable_version_counter=False)
    return L.Trainer(
        max_epochs=recipe.epochs,
        accelerator=device,
        devices=1,
        precision=precision_for(device),
        gradient_clip_val=recipe.clip_norm,
        callbacks=[best, last, _Progress(), _NextEpoch()],
        logger=CSVLogger(folder, name="", version="lightning"),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def _write_log(folder: Path) -> pd.DataFrame:
    """One row an epoch from Lightning's log, where training and validation stand on rows of their own."""
    raw = pd.read_csv(folder / "lightning" / "metrics.csv")
    log = raw.groupby("epoch", as_index=False).last()
    part = folder / "log.csv.part"
    log.to_csv(part, index=False)
    os.replace(part, folder / "log.csv")
    return log


def _facts(recipe, table, train, val, log, seed) -> dict:
    best = log.loc[log["val_frame_mse"].idxmin()]
    return {
        "recipe": asdict(recipe),
        "seed": seed,
        "training_groups": sorted(train.groups),
        "validation_groups": sorted({row["group"] for row in val.rows}),
        "counts": {**train.counts, **val.counts},
        "validation": {name: round(float(best[name]), 6) for name in best.index if name.startswith("val_")},
        "best_epoch": int(best["epoch"]),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }
