"""What happens beside the steps: the bar, the tables, the checkpoints, the clock."""

import os
import time
from pathlib import Path

import pandas as pd
from lightning.pytorch.callbacks import Callback, Checkpoint, Timer
from lightning.pytorch.plugins.io import TorchCheckpointIO
from tqdm.auto import tqdm


class Progress(Callback):
    """One bar over all steps, with the validation error beside it, and beside that what copying reaches."""

    def on_train_start(self, trainer, module):
        total = int(trainer.estimated_stepping_batches)
        self.bar = tqdm(total=total, initial=trainer.global_step, desc="training", unit="step",
                        disable=not trainer.is_global_zero)  # fmt: skip

    def on_train_batch_end(self, trainer, *_):
        self.bar.update(trainer.global_step - self.bar.n)

    def on_validation_end(self, trainer, module):
        names = {"val_mse": "val_frame_mse", "copy": "val_copy_mse", "mean": "val_neighbour_mean_mse"}
        self.bar.set_postfix({k: f"{trainer.callback_metrics[v].item():.4f}" for k, v in names.items()})

    def on_train_end(self, *_):
        self.bar.close()


class NextEpoch(Callback):
    """Tells the data which epoch it draws for."""

    def on_train_epoch_start(self, trainer, module):
        trainer.datamodule.begin_epoch(trainer.current_epoch)


class Journal(Callback):
    """Writes `steps.csv`, `log.csv` (a row an epoch) and `failures.N.csv` (of process N).

    A resumed run goes on in the same tables: what was written after its checkpoint is taken out first. Losses and
    speed are those of the first process, validation is everybody's.
    """

    def __init__(self, folder: Path, every: int):
        self.folder, self.every = folder, every

    def on_train_start(self, trainer, module):
        self.failures = self.folder / f"failures.{trainer.global_rank}.csv"
        known = [{"step": 0, "video": v, "error": e} for v, e in getattr(trainer.datamodule.data, "failures", [])]
        past = [row for row in read_rows(self.failures) if 0 < row["step"] <= trainer.global_step]
        write_rows(self.failures, known + past)
        self.steps, self.epochs = ([r for r in read_rows(self.folder / name) if r["step"] <= trainer.global_step]
                                   for name in ("steps.csv", "log.csv"))  # fmt: skip
        self._write("steps.csv", self.steps, trainer)
        self.steps = [row for row in self.steps if row["epoch"] == trainer.current_epoch]
        self._begin()

    def _begin(self):
        self.pending, self.clips, self.waited = [], 0.0, 0.0
        self.began = self.idle = time.monotonic()

    def on_train_batch_start(self, *_):
        self.waited += time.monotonic() - self.idle

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        self.pending.append(module.parts)
        self.clips += batch["weight"].sum().item()
        lost = [{"step": trainer.global_step, "video": v, "error": e}
                for v, e in zip(batch["video"], batch["error"], strict=True) if e]  # fmt: skip
        if lost:
            append_rows(self.failures, lost)
        self.idle = time.monotonic()
        stepped = "grad_norm" in module.parts and trainer.global_step % self.every == 0
        if stepped or trainer.is_last_batch:
            self._row(trainer, module)
            self._begin()

    def _row(self, trainer, module):
        seconds = time.monotonic() - self.began
        row = {"epoch": trainer.current_epoch, "step": trainer.global_step, **pd.DataFrame(self.pending).mean()}
        row["learning_rate"] = module.optimizers().param_groups[0]["lr"]
        row |= {"seconds": seconds, "clips_per_s": self.clips / seconds, "wait_share": self.waited / seconds}
        self.steps.append(row)
        if trainer.is_global_zero:
            append_rows(self.folder / "steps.csv", [row])

    def on_validation_end(self, *_):
        self._begin()  # its time is none of the steps'

    def on_train_epoch_end(self, trainer, module):
        means = pd.DataFrame(self.steps).drop(columns=["epoch", "step", "seconds"]).mean()
        row = {"epoch": trainer.current_epoch, "step": trainer.global_step}
        row["minutes"] = sum(step["seconds"] for step in self.steps) / 60
        row |= {name if name == "learning_rate" else f"train_{name}": value for name, value in means.items()}
        row |= {name: value.item() for name, value in sorted(trainer.callback_metrics.items())}
        self.epochs = [*(r for r in self.epochs if r["epoch"] < trainer.current_epoch), row]
        self._write("log.csv", self.epochs, trainer)
        self.steps = []
        self._begin()

    def _write(self, name: str, rows: list[dict], trainer):
        if trainer.is_global_zero:
            write_rows(self.folder / name, rows)


def read_rows(file: Path) -> list[dict]:
    """The rows of a table; a last line that was cut off is left out."""
    if not file.is_file() or not file.stat().st_size:
        return []
    text = file.read_text()
    if not text.endswith("\n"):
        file.write_text(text[: text.rfind("\n") + 1])
    return pd.read_csv(file, float_precision="round_trip").to_dict("records") if "\n" in text else []


def write_rows(file: Path, rows: list[dict]):
    """Write a table at once; an empty one is no file."""
    if not rows:
        file.unlink(missing_ok=True)
        return
    part = file.with_suffix(".part")
    pd.DataFrame(rows).to_csv(part, index=False)
    os.replace(part, file)


def append_rows(file: Path, rows: list[dict]):
    """Add rows to a table."""
    pd.DataFrame(rows).to_csv(file, mode="a", index=False, header=not file.is_file() or not file.stat().st_size)


class LastCheckpoint(Checkpoint):
    """Keeps `last.ckpt`: every so many steps where an epoch can be entered, at its end, and when the time is up.

    The end of an epoch is saved after its validation and its row in the log, so that no resumed run lacks them.
    """

    def __init__(self, folder: Path, every: int):
        self.file, self.every, self.saved = folder / "last.ckpt", every, -1

    def on_train_batch_end(self, trainer, module, *_):
        step = trainer.global_step
        due = trainer.should_stop or (step % self.every == 0 and step != self.saved)
        if due and "grad_norm" in module.parts and not trainer.is_last_batch and not trainer.datamodule.streams:
            self._save(trainer)

    def on_train_epoch_end(self, trainer, module):
        if trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:
            self._save(trainer)

    def _save(self, trainer):
        self.saved = trainer.global_step
        trainer.save_checkpoint(self.file)


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it: a half-written one has another name."""

    def save_checkpoint(self, checkpoint, path, storage_options=None):
        part = f"{path}.part"
        super().save_checkpoint(checkpoint, part, storage_options)
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)


class Clock(Timer):
    """Stops a training after some time, counted anew at every start: a resumed job has its full time."""

    def state_dict(self) -> dict:
        return {}

    def load_state_dict(self, state_dict: dict):
        pass
