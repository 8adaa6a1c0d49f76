import dataclasses
import json
import signal
import sys

import pandas as pd
import pytest
import torch

from tad.data import encode
from tad.model import load_model
from tad.training import Recipe, fit
from tad.training.fit import precision_for

RECIPE = Recipe(epochs=2, clips_per_epoch=4, batch_size=2)
NET = {"frames": 4, "size": 32, "patch": 8, "width": 24, "depth": 1, "heads": 2, "stem_width": 8, "flow_width": 8}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A manifest of four tiny videos in four groups."""
    folder, rows = tmp_path_factory.mktemp("corpus"), []
    for i, split in enumerate(("train", "train", "val", "test")):
        generator = torch.Generator().manual_seed(i)
        texture = torch.nn.functional.interpolate(torch.rand(1, 3, 9, 15, generator=generator), (72, 120))[0] * 255
        frames = [texture[:, 4:68, 2 * t : 2 * t + 80].to(torch.uint8) for t in range(14)]
        encode(folder / f"{i}.mp4", frames)
        rows.append({"path": f"{i}.mp4", "label": "real", "split": split, "group": f"g{i}"})
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


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
    module = sys.modules["tad.training.fit"]  # the package offers the function under that name

    class Stop(module._Progress):
        def on_train_epoch_start(self, trainer, _):
            if trainer.current_epoch == 1:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(module, "_Progress", Stop)
    with pytest.raises(KeyboardInterrupt):
        fit(RECIPE, corpus, tmp_path / "run", seed=1, **NET)
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert pd.read_csv(tmp_path / "run" / "log.csv")["epoch"].tolist() == [0]
    monkeypatch.undo()
    resumed = load_model(fit(RECIPE, corpus, tmp_path / "run", seed=1, **NET)).state_dict()
    whole = load_model(trained).state_dict()
    assert pd.read_csv(tmp_path / "run" / "log.csv")["epoch"].tolist() == [0, 1]
    assert all(torch.equal(whole[k], resumed[k]) for k in whole)


def test_another_recipe_does_not_resume(corpus, tmp_path, capsys):
    short = dataclasses.replace(RECIPE, epochs=1, clips_per_epoch=2)
    fit(short, corpus, tmp_path / "run", **NET)
    fit(dataclasses.replace(short, learning_rate=1e-4), corpus, tmp_path / "run", **NET)
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
