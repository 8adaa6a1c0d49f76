"""Two processes on the CPU against one process with twice the batch."""

import json

import pandas as pd
import torch

from tad.model import load_model


def test_two_processes_reach_the_weights_of_one_with_twice_the_batch(larger_corpus, tad_train, run, tmp_path):
    """Eleven videos, one of them broken, two processes: shares that differ, and a batch that is half blank.

    In double precision, since Adam divides by the size of the gradient and so makes rounding visible.
    """
    every = ("--clips-per-epoch", "0", "--epochs", "2", "--precision", "64-true")
    run(tad_train(larger_corpus, tmp_path / "one", *every, "--batch-size", "4", "--devices", "1"))
    launcher = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29611")
    two = ("--batch-size", "2", "--devices", "2", "--strategy", "ddp")
    run(tad_train(larger_corpus, tmp_path / "two", *every, *two, launcher=launcher))
    one, two = (tmp_path / name / "training" for name in ("one", "two"))
    a, b = (load_model(folder / "model.safetensors").state_dict() for folder in (one, two))
    assert a.keys() == b.keys()
    assert max((a[name] - b[name]).abs().max().item() for name in a) < 1e-6
    logs = [pd.read_csv(folder / "log.csv") for folder in (one, two)]
    assert logs[0]["step"].tolist() == logs[1]["step"].tolist() == [3, 6]
    assert torch.allclose(*(torch.tensor(log["val_frame_mse"]) for log in logs), rtol=1e-6)
    for folder in (one, two):
        facts = json.loads((folder / "training.json").read_text())
        assert list(facts["undecodable"]) == ["4.mp4"]
    rows = pd.concat(pd.read_csv(file) for file in two.glob("failures.*.csv"))
    assert rows["video"].tolist() == ["4.mp4", "4.mp4"]  # once an epoch over both processes
