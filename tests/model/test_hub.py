import json

import pytest
import torch
from safetensors.torch import load_file, save_file

pytest.importorskip("huggingface_hub")

from tad.model import ModelConfig
from tad.model.hub import HubTimeSformer


def test_there_and_back_through_the_hubs_layout(network, video, tmp_path):
    HubTimeSformer.of(network).save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors", "README.md"}
    assert ModelConfig(**json.loads((tmp_path / "config.json").read_text())) == network.config
    loaded = HubTimeSformer.from_pretrained(tmp_path)
    assert not loaded.training and torch.equal(loaded(video)[0], network(video)[0])


def test_weights_that_do_not_fit_are_not_left_out_silently(network, tmp_path):
    HubTimeSformer.of(network).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("flow_head.draw.bias")
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(RuntimeError, match="flow_head.draw.bias"):
        HubTimeSformer.from_pretrained(tmp_path)
