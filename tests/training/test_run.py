import dataclasses
import io
import json
import shutil
import signal
import tarfile
from pathlib import Path

import pandas as pd
import pytest
import torch

from tad.model import load_model
from tad.training import Machine, Recipe, Reconstruction, TrainingStopped, callbacks, fit, run
from tad.training.run import precision_for

RECIPE = Recipe(epochs=2, clips_per_epoch=4, batch_size=2)
NET = {"frames": 4, "size": 32, "patch": 8, "width": 24, "depth": 1, "heads": 2, "stem_width": 8, "flow_width": 8}


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    return fit(RECIPE, corpus, folder, seed=1, **NET)


def test_what_a_training_leaves(trained):
    folder = trained.parent
    assert {"best.ckpt", "last.ckpt", "log.csv", "model.safetensors", "training.json"} <= {
        p.name for p in folder.iterdir()
    }
    log = pd.read_csv(folder / "log.csv")
    assert log["epoch"].tolist() == [0, 1] and log["step"].tolist() == [2, 4]
    assert log[["train_loss", "val_loss", "val_frame_mse", "val_copy_mse", "val_neighbour_mean_mse"]].notna().all(None)
    facts = json.loads((folder / "training.json").read_text())
    assert facts["training_groups"] == ["g0", "g1"] and facts["validation_groups"] == ["g2"]
    assert facts["recipe"] == dataclasses.asdict(RECIPE) and facts["seed"] == 1
    assert facts["validation"]["val_frame_mse"] == pytest.approx(log["val_frame_mse"].min(), abs=1e-6)


def test_the_best_epoch_is_kept(trained):
    log = pd.read_csv(trained.parent / "log.csv")
    best = torch.load(trained.parent / "best.ckpt", weights_only=True)
    assert best["epoch"] == log["val_frame_mse"].idxmin()
    weights = load_model(trained).state_dict()
    assert all(torch.equal(weights[k.removeprefix("model.")], v) for k, v in best["state_dict"].items())


def test_same_seed_same_weights(corpus, trained, tmp_path):
    again = load_model(fit(RECIPE, corpus, tmp_path / "same", seed=1, **NET)).state_dict()
    other = load_model(fit(RECIPE, corpus, tmp_path / "other", seed=2, **NET)).state_dict()
    first = load_model(trained).state_dict()
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["patch_embed.weight"], other["patch_embed.weight"])


def test_a_training_stopped_between_epochs_goes_on_to_the_same_weights(corpus, trained, tmp_path, monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background

    class Stop(run.Progress):
        def on_train_epoch_start(self, trainer, _):
            if trainer.current_epoch == 1:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(run, "Progress", Stop)
    with pytest.raises(KeyboardInterrupt):
        fit(RECIPE, corpus, tmp_path / "run", seed=1, **NET)
    signal.signal(signal.SIGINT, before)
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert pd.read_csv(tmp_path / "run" / "log.csv")["epoch"].tolist() == [0]
    monkeypatch.undo()
    resumed = load_model(fit(RECIPE, corpus, tmp_path / "run", seed=1, **NET)).state_dict()
    whole = load_model(trained).state_dict()
    assert pd.read_csv(tmp_path / "run" / "log.csv")["epoch"].tolist() == [0, 1]
    assert all(torch.equal(whole[k], resumed[k]) for k in whole)


def test_a_training_whose_time_is_up_goes_on_to_the_same_weights(corpus, trained, tmp_path, monkeypatch, capsys):

    class Up(run.Clock):
        def on_train_batch_end(self, trainer, *_):
            trainer.should_stop = trainer.global_step == 3  # in the middle of the second epoch

    monkeypatch.setattr(run, "Clock", Up)
    timed = Machine(max_time="00:01:00:00")
    fit(RECIPE, corpus, tmp_path / "run", seed=1, machine=timed, **NET)
    assert "stopped by --max-time after step 3 of 4; --resume goes on" in capsys.readouterr().err
    monkeypatch.undo()
    resumed = load_model(fit(RECIPE, corpus, tmp_path / "run", seed=1, machine=timed, **NET)).state_dict()
    whole = load_model(trained).state_dict()
    assert all(torch.equal(whole[k], resumed[k]) for k in whole)
    assert pd.read_csv(tmp_path / "run" / "steps.csv")["step"].tolist() == [1, 2, 3, 4]


def test_short_memory_says_which_settings_to_lower(corpus, tmp_path, monkeypatch):
    def short(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr("tad.training.module.Reconstruction.losses", short)
    with pytest.raises(
        TrainingStopped, match="batches of 2 clips; lower --batch-size.*--recompute.*--precision.*2 GiB"
    ):
        fit(RECIPE, corpus, tmp_path / "run", **NET)


def test_other_errors_pass(corpus, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr("tad.training.module.Reconstruction.losses", broken)
    with pytest.raises(RuntimeError, match="^a bug$"):
        fit(RECIPE, corpus, tmp_path / "run", **NET)


def test_divergence_stops_the_run_and_leaves_the_last_good_checkpoint(corpus, trained, tmp_path, monkeypatch):
    whole = Reconstruction.losses

    def diverging(self, *given):
        parts = whole(self, *given)
        return {**parts, "loss": parts["loss"] * (float("nan") if self.trainer.global_step == 3 else 1)}

    monkeypatch.setattr(Reconstruction, "losses", diverging)
    with pytest.raises(
        TrainingStopped, match=r"loss must stay finite; got nan at step 3, epoch 1, with the videos \d.mp4"
    ):
        fit(RECIPE, corpus, tmp_path / "run", seed=1, machine=Machine(save_every=1), **NET)
    last = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)
    assert last["global_step"] == 3 and all(value.isfinite().all() for value in last["state_dict"].values())
    monkeypatch.undo()
    resumed = load_model(fit(RECIPE, corpus, tmp_path / "run", seed=1, machine=Machine(save_every=1), **NET))
    expected = load_model(trained).state_dict()
    assert all(torch.equal(expected[k], v) for k, v in resumed.state_dict().items())


def test_a_half_written_checkpoint_is_never_picked_up(corpus, trained, tmp_path, monkeypatch):
    real = callbacks.TorchCheckpointIO.save_checkpoint

    def torn(self, checkpoint, path, options=None):
        if checkpoint["global_step"] == 3:
            Path(path).write_bytes(b"half a checkpoint")
            raise OSError("No space left on device")
        real(self, checkpoint, path, options)

    monkeypatch.setattr(callbacks.TorchCheckpointIO, "save_checkpoint", torn)
    with pytest.raises(OSError, match="No space"):
        fit(RECIPE, corpus, tmp_path / "run", seed=1, machine=Machine(save_every=1), **NET)
    assert (tmp_path / "run" / "last.ckpt.part").read_bytes() == b"half a checkpoint"
    monkeypatch.undo()
    resumed = load_model(fit(RECIPE, corpus, tmp_path / "run", seed=1, machine=Machine(save_every=1), **NET))
    expected = load_model(trained).state_dict()
    assert all(torch.equal(expected[k], v) for k, v in resumed.state_dict().items())


def test_gradient_checkpointing_changes_nothing_but_the_memory(corpus, trained, tmp_path):
    again = load_model(fit(RECIPE, corpus, tmp_path / "run", seed=1, machine=Machine(recompute=True), **NET))
    expected = load_model(trained).state_dict()
    assert all(torch.allclose(expected[k], v, atol=1e-6) for k, v in again.state_dict().items())


NEEDS_A_COMPILER = pytest.mark.skipif(shutil.which("g++") is None, reason="compiling for the processor needs g++")


@pytest.mark.parametrize("backend", ["eager", pytest.param("inductor", marks=[pytest.mark.slow, NEEDS_A_COMPILER])])
def test_a_compiled_network_learns_the_same_and_keeps_its_names(corpus, tmp_path, monkeypatch, backend):
    """Slow with the compiler itself, about a minute; with graphs that are traced and then run as they are, seconds."""
    compiled, traced = [], torch.nn.Module.compile
    monkeypatch.setattr(
        torch.nn.Module, "compile", lambda part: compiled.append(type(part).__name__) or traced(part, backend=backend)
    )
    short = dataclasses.replace(RECIPE, epochs=1)
    plain, fast = (
        load_model(fit(short, corpus, tmp_path / str(c), seed=1, machine=Machine(compile=c), **NET)).state_dict()
        for c in (False, True)
    )
    assert plain.keys() == fast.keys() and len(compiled) == 3
    assert all(torch.allclose(plain[k], fast[k], atol=1e-4) for k in plain)


def test_another_recipe_does_not_resume(corpus, tmp_path, capsys):
    short = dataclasses.replace(RECIPE, epochs=1, clips_per_epoch=2)
    fit(short, corpus, tmp_path / "run", **NET)
    slow = dataclasses.replace(short, learning_rate=1e-4)
    with pytest.raises(
        ValueError, match="goes on as it began; .*run was begun with another recipe.learning_rate, seed"
    ):
        fit(slow, corpus, tmp_path / "run", 3, **NET)
    fit(slow, corpus, tmp_path / "run", restart=True, **NET)
    assert "begun anew" in capsys.readouterr().err
    assert len(pd.read_csv(tmp_path / "run" / "log.csv")) == 1


def test_a_folder_of_other_files_is_left_alone(corpus, tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(ValueError, match="a folder of its own"):
        fit(RECIPE, corpus, tmp_path, **NET)
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_fake_in_training_or_validation_is_refused(corpus, tmp_path, split):
    table = pd.read_csv(corpus)
    table["path"] = [str(corpus.parent / p) for p in table["path"]]
    table.loc[table.index[table["split"] == split][0], "label"] = "fake"
    table.to_csv(tmp_path / "manifest.csv", index=False)
    with pytest.raises(ValueError, match="must be labelled real; got 1 that are not"):
        fit(RECIPE, tmp_path / "manifest.csv", tmp_path / "run", **NET)


def test_a_fake_in_the_test_split_is_none_of_trainings_business(corpus, tmp_path):
    table = pd.read_csv(corpus)
    table["path"] = [str(corpus.parent / p) for p in table["path"]]
    table.loc[table["split"] == "test", "label"] = "fake"
    table.to_csv(tmp_path / "manifest.csv", index=False)
    fit(dataclasses.replace(RECIPE, epochs=1, clips_per_epoch=2), tmp_path / "manifest.csv", tmp_path / "run", **NET)


def test_precision_follows_the_device(monkeypatch):
    assert precision_for("cpu") == "32-true"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert precision_for("cuda") == "bf16-mixed"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert precision_for("cuda") == "16-mixed"


@pytest.fixture(scope="module")
def shards(corpus, tmp_path_factory):
    """Two shards: the corpus's training videos, and one that holds no video."""
    folder = tmp_path_factory.mktemp("shards")
    for n, content in enumerate(((corpus.parent / "0.mp4").read_bytes(), (corpus.parent / "1.mp4").read_bytes())):
        with tarfile.open(folder / f"{n:05d}.tar", "w") as tar:
            for key in ("good", "bad"):
                for ending, data in (("mp4", content), ("txt", b"a caption")):
                    entry = tarfile.TarInfo(f"{n}-{key}.{ending}")
                    entry.size = len(data) if key == "good" else 3
                    tar.addfile(entry, io.BytesIO(data))
    return folder


@pytest.mark.parametrize("workers", [0, 2])
def test_a_training_from_shards_counts_its_epoch_and_resumes_at_its_start(
    corpus, shards, tmp_path, monkeypatch, workers
):
    pytest.importorskip("webdataset")
    recipe, machine = dataclasses.replace(RECIPE, clips_per_epoch=10), Machine(save_every=1, workers=workers)
    how = {"val_data": corpus, "machine": machine, **NET}
    whole = load_model(fit(recipe, shards, tmp_path / "whole", seed=1, **how)).state_dict()
    assert pd.read_csv(tmp_path / "whole" / "log.csv")["step"].tolist() == [5, 10]
    facts = json.loads((tmp_path / "whole" / "training.json").read_text())
    assert set(facts["undecodable"]) <= {"00000.tar/0-bad", "00001.tar/1-bad"} and facts["undecodable"]
    assert facts["validation_groups"] == ["g2"]

    real = Reconstruction.training_step

    def killed(self, batch, index):
        if self.trainer.global_step == 7:
            raise KeyError("killed")
        return real(self, batch, index)

    monkeypatch.setattr(Reconstruction, "training_step", killed)
    with pytest.raises(KeyError):
        fit(recipe, shards, tmp_path / "run", seed=1, **how)
    assert torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["global_step"] == 5
    monkeypatch.undo()
    resumed = load_model(fit(recipe, shards, tmp_path / "run", seed=1, **how)).state_dict()
    assert all(torch.equal(whole[k], resumed[k]) for k in whole)


def test_shards_need_the_length_of_an_epoch(corpus, shards, tmp_path):
    with pytest.raises(ValueError, match="clips_per_epoch must be given; got 0"):
        fit(dataclasses.replace(RECIPE, clips_per_epoch=0), shards, tmp_path, val_data=corpus, **NET)
