import json

import pytest
import torch

from tad import experiment, scoring
from tad.experiment.checkpoints import add_thresholds, load_threshold, save_threshold
from tad.experiment.detector_set import detectors_path, left_out, save_detectors
from tad.model import create_model, save_checkpoint
from tad.scoring import Threshold


@pytest.fixture
def weights(tmp_path, small):
    torch.manual_seed(0)
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, create_model("tiny", **small), {})
    save_threshold(path, "midframe_mse", Threshold(0.5, 0.95, 4, 2, "none"))
    return path


@pytest.fixture
def head():
    torch.manual_seed(1)
    found = scoring.build("local_head", None)
    return found.load(found.make_net().state_dict())


def test_without_a_file_what_learns_nothing_scores(weights):
    names = [detector.name for detector in experiment.detector_set(weights)]
    assert names == [
        "midframe_mse",
        "hidden_midframe_mse",
        "neighbour_copy",
        "neighbour_mean",
        "interpolation_residual",
    ]
    assert left_out(weights) == {}
    with pytest.raises(ValueError, match=r"must have been fitted for .*got local_head"):
        experiment.detector_set(weights, ["midframe_mse", "local_head"])
    with pytest.raises(ValueError, match="detector must be one of"):
        experiment.detector_set(weights, ["midframe"])


def test_what_is_stored_comes_back_variants_too(weights, head):
    variant = scoring.build("local_head", None).load({k: v + 1 for k, v in head.state().items()})
    variant.name = "local_head-0"
    save_detectors(weights, [head, variant], {"left_out": json.dumps({"local_head-0": ["splice"]})})
    found = {detector.name: detector for detector in experiment.detector_set(weights)}
    assert {"local_head", "local_head-0"} < set(found) and left_out(weights) == {"local_head-0": ["splice"]}
    for mine in (head, variant):
        assert all(torch.equal(found[mine.name].state()[key], of) for key, of in mine.state().items())
    kept = experiment.detector_set(weights, variants=False)
    assert {d.name for d in kept} == set(found) - {"local_head-0"}
    assert detectors_path(weights).stat().st_mode & 0o044  # others may read it


def test_thresholds_of_many_detectors(weights):
    add_thresholds(weights, {"local_head": Threshold(2.0, 0.95, 4, 2, "none")})
    assert load_threshold(weights)[0] == "midframe_mse"
    add_thresholds(weights, {"neighbour_mean": Threshold(3.0, 0.95, 4, 2, "none")}, default="local_head")
    assert load_threshold(weights)[0] == "local_head" and load_threshold(weights)[1].value == 2.0
    assert load_threshold(weights, "midframe_mse")[1].value == 0.5
    assert load_threshold(weights, "neighbour_mean")[1].value == 3.0
    with pytest.raises(ValueError, match="has thresholds for local_head, midframe_mse, neighbour_mean; got 'other'"):
        load_threshold(weights, "other")
