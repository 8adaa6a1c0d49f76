"""A training killed at any moment goes on to the weights of one that was never stopped."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from tad.cli import main
from tad.model import load_model

RECIPE = ("--epochs", "3", "--clips-per-epoch", "0", "--batch-size", "2", "--save-every", "1", "--workers", "2")


def _steps(folder: Path) -> int:
    file = folder / "training" / "steps.csv"
    return max(0, file.read_text().count("\n") - 1) if file.is_file() else 0


def _kill_after(words: list[str], folder: Path, steps: int, wait_s: float = 0.0, worker: bool = False) -> int:
    """Start a training and kill it, or one of its workers, once it has logged so many steps; return how many it had."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while _steps(folder) < steps:
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()[-3000:]
        time.sleep(0.002)
    time.sleep(wait_s)
    if worker:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[-1]), signal.SIGKILL)
        error = process.communicate(timeout=200)[1]
        assert process.returncode == 1 and "Traceback" not in error
        assert "tad: a worker process died, as when memory is short; --resume goes on, --workers 0 needs none" in error
    else:
        process.send_signal(signal.SIGKILL)
        process.wait()
    process.stderr.close()
    return _steps(folder)


@pytest.fixture(scope="module")
def whole(larger_corpus, tad_train, run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    run(tad_train(larger_corpus, folder, *RECIPE))
    return folder


def _same(a: Path, b: Path):
    """The last checkpoints hold the same weights and optimiser, bit for bit, and the best weights are the same."""
    last = [torch.load(folder / "training" / "last.ckpt", weights_only=True) for folder in (a, b)]
    assert last[0]["global_step"] == last[1]["global_step"] == 18
    assert all(torch.equal(last[0]["state_dict"][k], last[1]["state_dict"][k]) for k in last[0]["state_dict"])
    states = [checkpoint["optimizer_states"][0]["state"] for checkpoint in last]
    assert all(torch.equal(states[0][k]["exp_avg_sq"], states[1][k]["exp_avg_sq"]) for k in states[0])
    best = [load_model(folder / "training" / "model.safetensors").state_dict() for folder in (a, b)]
    assert all(torch.equal(best[0][k], best[1][k]) for k in best[0])


def _tables_agree(a: Path, b: Path):
    for name, timed in (("steps.csv", ["seconds", "clips_per_s", "wait_share"]),
                        ("log.csv", ["minutes", "train_clips_per_s", "train_wait_share"])):  # fmt: skip
        one, two = (pd.read_csv(folder / "training" / name).drop(columns=timed) for folder in (a, b))
        pd.testing.assert_frame_equal(one, two)
    one, two = (pd.read_csv(folder / "training" / "failures.0.csv") for folder in (a, b))
    pd.testing.assert_frame_equal(one, two)


def test_killed_at_several_points(whole, larger_corpus, tad_train, run, tmp_path):
    """A worker in the first epoch; the training at its end, where checkpoints are written, and in the last."""
    words = tad_train(larger_corpus, tmp_path, *RECIPE)
    for steps in (3, 6, 14):
        done = _kill_after(words, tmp_path, steps, worker=steps == 3)
        assert steps <= done < 18
        words = tad_train(larger_corpus, tmp_path, *RECIPE, "--resume")
    run(words)
    _same(whole, tmp_path)
    _tables_agree(whole, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(12))
def test_killed_at_many_points(whole, larger_corpus, tad_train, run, tmp_path, seed):
    draw = torch.Generator().manual_seed(seed)
    words = tad_train(larger_corpus, tmp_path, *RECIPE)
    for _ in range(3):
        at = _steps(tmp_path) + int(torch.randint(1, 6, (), generator=draw))
        if at < 18:
            _kill_after(words, tmp_path, at, 0.2 * torch.rand((), generator=draw).item())
        words = tad_train(larger_corpus, tmp_path, *RECIPE, "--resume")
    run(words)
    _same(whole, tmp_path)
    _tables_agree(whole, tmp_path)


def _here(words: list[str]) -> int:
    """Run a command of `tad_train` in this process: where nothing is killed, none of its own is worth its start."""
    return main(words[words.index("train") :])


def test_a_folder_with_a_training_is_not_touched_without_resume(whole, larger_corpus, tad_train, capsys):
    before = (whole / "training" / "last.ckpt").stat().st_mtime_ns
    assert _here(tad_train(larger_corpus, whole, *RECIPE)) == 2
    assert "needs --resume" in capsys.readouterr().err
    assert _here(tad_train(larger_corpus, whole, *RECIPE, "--resume", "--learning-rate", "0.1")) == 2
    assert "begun with another recipe.learning_rate" in capsys.readouterr().err
    assert (whole / "training" / "last.ckpt").stat().st_mtime_ns == before


def test_the_checkpoint_holds_the_resolved_settings(whole):
    settings = torch.load(whole / "training" / "last.ckpt", weights_only=True)["settings"]
    assert settings["recipe"]["epochs"] == 3 and settings["recipe"]["weight_decay"] == 0.05
    assert settings["machine"]["workers"] == 2 and settings["network"]["width"] == 24


def test_time_that_is_up_at_once_is_said(larger_corpus, tad_train, tmp_path, capsys):
    assert _here(tad_train(larger_corpus, tmp_path, *RECIPE, "--max-time", "00:00:00:00")) == 1
    told = "tad: the time was up at step 0, before a validation; --resume goes on"
    assert told in capsys.readouterr().err
