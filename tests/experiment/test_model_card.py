import json

import pandas as pd
import pytest
import torch
import yaml

pytest.importorskip("huggingface_hub")

from huggingface_hub import ModelCard

from tad.experiment.checkpoints import add_thresholds, halve, load_threshold, save_threshold
from tad.experiment.model_card import model_card, write_card, write_hub_folder
from tad.model import load_model, read_facts, save_checkpoint
from tad.scoring import Threshold

FACTS = {
    "recipe": {"preset": "tiny", "epochs": 2, "clips_per_epoch": 0, "batch_size": 4, "learning_rate": 0.001},
    "seed": 0, "datasets": ["city scenes"], "training_groups": [f"g{i}" for i in range(20)],
    "validation_groups": ["v"], "undecodable": {"x.mp4": "no such file"}, "best_epoch": 1, "steps": 12, "minutes": 3.5,
    "validation": {"val_frame_mse": 0.05, "val_copy_mse": 0.004, "val_neighbour_mean_mse": 0.003},
    "torch": "2", "device": "cpu",
}  # fmt: skip


@pytest.fixture
def weights(network, tmp_path):
    return save_checkpoint(tmp_path / "weights" / "model.safetensors", network, FACTS)


@pytest.fixture
def measured(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    facts = {"name": "mine", "size": "full", "seed": 0, "commit": "abc", "machine": "2 cores"}
    (folder / "run.json").write_text(json.dumps(facts))
    rows = [
        {"quantity": "accuracy", "card": "100 %", "measured": "71.4 %", "interval": "[66.7, 76.2]", "note": ""},
        {"quantity": "AUC", "card": "not stated", "measured": "0.86", "interval": "[0.82, 0.93]", "note": ""},
        {"quantity": "recall", "card": "100 %", "measured": "n/a (needs 12)", "interval": "", "note": ""},
    ]
    pd.DataFrame(rows).to_csv(folder / "against_card.csv", index=False)
    family = {"family": "splice", "scope": "local", "text": "0.53 [0.4, 0.6]", "verdict": "chance"}
    pd.DataFrame([family]).to_csv(folder / "families.csv", index=False)
    return folder


def test_the_header_is_complete_and_valid(weights, measured):
    card = ModelCard(model_card(weights, measured))
    header = card.data
    assert (header.license, header.library_name, header.pipeline_tag) == ("mit", "tad", "video-classification")
    assert header.datasets == ["city-scenes"] and "deepfake-detection" in header.tags
    results = {result.metric_type: result.metric_value for result in header.eval_results}
    assert results == {"accuracy": 0.714, "roc_auc": 0.86}  # "n/a" is no number
    assert header.metrics == list(results)
    raw = yaml.safe_load(card.content.split("---")[1])
    assert raw["model-index"][0]["results"][0]["dataset"]["name"].endswith("(run mine)")


def test_the_text_says_data_time_device_numbers_and_limits(weights, measured, network):
    text = ModelCard(model_card(weights, measured)).text
    for words in ("city scenes", "20 training groups: g0, ", "12 steps", "cpu, 3.5 minutes", "0.0500", "## Limits",
                  "| accuracy | 100 % | 71.4 % | [66.7, 76.2] |", "| splice | local | 0.53 [0.4, 0.6] | chance |",
                  "could not be used | 1", "every video's", "frame_pred - video[:, :, 2]"):  # fmt: skip
        assert words in text, words


def test_the_default_and_the_cards_detector_stand_beside_each_other(weights, measured):
    assert "## The detectors beside it" not in model_card(weights, measured)
    band = {"trained_on": "reals only", "false_positive_rate": 0.25, "n_real": 8}
    rows = [
        {"detector": "midframe_mse", "band": "extreme", "auc": 0.7, "text": "0.70 [0.6, 0.8]", **band},
        {"detector": "midframe_mse", "band": "moderate + subtle", "auc": 0.5, "text": "0.50 [0.4, 0.6]", **band},
        {"detector": "patch_error", "band": "extreme", "auc": 0.9, "text": "0.90 [0.8, 1.0]", **band},
        {"detector": "patch_error", "band": "subtle", "auc": 0.9, "text": "not shown", **band},
    ]
    pd.DataFrame(rows).to_csv(measured / "by_band.csv", index=False)
    save_threshold(weights, "midframe_mse", Threshold(0.25, 0.95, 12, 4, "no guarantee"))
    add_thresholds(weights, {"patch_error": Threshold(1.0, 0.95, 12, 4, "no guarantee")}, "patch_error")
    text = model_card(weights, measured)
    assert "judges by `patch_error`, chosen" in text and "--detector midframe_mse" in text and "not shown" not in text
    assert "| **midframe_mse** | reals only | 0.70 [0.6, 0.8] | 0.50 [0.4, 0.6] | 25% of 8 |" in text
    assert "| **patch_error** | reals only | 0.90 [0.8, 1.0] | n/a | 25% of 8 |" in text


def test_the_threshold_beside_the_weights_is_told(weights, measured):
    assert "| threshold |" not in model_card(weights, measured)
    save_threshold(weights, "midframe_mse", Threshold(0.25, 0.95, 12, 4, "no guarantee"))
    text = model_card(weights, measured)
    row = (
        "| threshold | 0.25, the 95 % quantile of 12 validation clips of 4 groups, as videos; no guarantee |\n| videos"
    )
    assert row in text


def test_half_the_bits_keep_scores_facts_and_threshold(weights, tmp_path, network, video):
    save_threshold(weights, "midframe_mse", Threshold(0.25, 0.95, 12, 4, "no guarantee"))
    weights.with_name(f"{weights.stem}.calibration.csv").write_text("what reals scored")
    small = halve(weights, tmp_path / "small.safetensors")
    assert small.stat().st_size < 0.6 * weights.stat().st_size
    assert torch.allclose(load_model(small)(video)[0], network(video)[0], atol=1e-2)
    assert read_facts(small) == read_facts(weights) and load_threshold(small) == load_threshold(weights)
    assert (tmp_path / "small.calibration.csv").read_text() == "what reals scored"


def test_it_lies_beside_the_weights_or_where_it_is_wanted(weights, measured, tmp_path):
    assert write_card(weights, measured) == weights.with_name("README.md")
    assert write_card(weights, measured, tmp_path / "card.md").read_text() == weights.with_name("README.md").read_text()


def test_the_hubs_folder_loads_by_both_ways(weights, measured, tmp_path, network, video):
    from tad.model.hub import HubTimeSformer

    folder = write_hub_folder(weights, measured, tmp_path / "hub")
    assert torch.equal(HubTimeSformer.from_pretrained(folder)(video)[0], network(video)[0])
    assert "71.4 %" in (folder / "README.md").read_text()
    assert torch.equal(load_model(weights)(video)[0], network(video)[0])


def test_what_is_missing_is_said(weights, measured, network, tmp_path):
    (measured / "families.csv").unlink()
    with pytest.raises(ValueError, match="lacks families.csv"):
        model_card(weights, measured)
    bare = save_checkpoint(tmp_path / "bare.safetensors", network)
    with pytest.raises(ValueError, match="say how they were trained"):
        model_card(bare, measured)
