import json
import pickle

import pytest
import torch

from tad.model import ModelConfig, compare, create_model, inspect, load_model, read_facts, save_checkpoint
from tad.model.checkpoint import strip_prefixes


def test_round_trip_keeps_weights_configuration_and_facts(network, video, tmp_path):
    path = save_checkpoint(tmp_path / "a" / "model.safetensors", network, {"seed": 3, "groups": ["a"]})
    loaded = load_model(path)
    assert loaded.config == network.config and not loaded.training
    assert torch.equal(loaded(video)[0], network(video)[0])
    assert read_facts(path) == {"seed": 3, "groups": ["a"], "config": network.config.to_dict()}
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("prefixes", [("model.",), ("model.model.",), ("model.", "model.model.", "")])
def test_the_cards_lightning_format_with_any_prefixes(network, video, tmp_path, prefixes, small):
    state = {prefixes[i % len(prefixes)] + name: v for i, (name, v) in enumerate(network.state_dict().items())}
    torch.save({"state_dict": state, "epoch": 14, "hyper_parameters": {"lr": 1e-4}}, tmp_path / "card.ckpt")
    assert torch.equal(load_model(tmp_path / "card.ckpt", "tiny", **small)(video)[0], network(video)[0])


def test_a_plain_state_dict(network, video, tmp_path, small):
    torch.save(network.state_dict(), tmp_path / "plain.pt")
    assert torch.equal(load_model(tmp_path / "plain.pt", "tiny", **small)(video)[0], network(video)[0])


def test_what_does_not_fit_is_listed(network, tmp_path, small):
    state = network.state_dict()
    del state["flow_head.draw.bias"]
    state["extra"] = torch.zeros(1)
    state["patch_embed.bias"] = torch.zeros(3)
    torch.save(state, tmp_path / "odd.pt")
    told = "1 other shape .patch_embed.bias.*1 missing .flow_head.draw.bias.*1 unexpected .extra"
    with pytest.raises(ValueError, match=told):
        load_model(tmp_path / "odd.pt", "tiny", **small)
    table = compare(*inspect(tmp_path / "odd.pt", "tiny", **small)[:2]).set_index("weight")
    assert table["fit"].value_counts().to_dict() == {
        "fits": len(state) - 2, "other shape": 1, "missing": 1, "unexpected": 1,
    }  # fmt: skip
    assert tuple(table.loc["patch_embed.bias"]) == ("float32 (3,)", "float32 (24,)", "other shape")


def test_what_is_named_may_differ(network, tmp_path, small):
    state = {name: value + 1 for name, value in network.state_dict().items()}
    del state["flow_head.draw.bias"]
    state["extra"] = torch.zeros(1)
    state["patch_embed.bias"] = torch.zeros(3)
    torch.save(state, tmp_path / "odd.pt")
    with pytest.raises(ValueError, match="has 1 unexpected .extra"):
        load_model(tmp_path / "odd.pt", "tiny", may_differ=("flow_head.*", "patch_embed.bias"), **small)
    loaded = load_model(tmp_path / "odd.pt", "tiny", may_differ=("flow_head.*", "patch_embed.*", "extra"), **small)
    assert torch.equal(loaded.patch_embed.weight, state["patch_embed.weight"])
    assert loaded.patch_embed.bias.shape == (24,)


def test_half_precision_is_read_into_a_network_of_full_precision(network, tmp_path, small):
    torch.save({name: value.half() for name, value in network.state_dict().items()}, tmp_path / "half.pt")
    loaded = load_model(tmp_path / "half.pt", "tiny", **small)
    assert loaded.patch_embed.weight.dtype == torch.float32
    assert torch.allclose(loaded.patch_embed.weight, network.patch_embed.weight, atol=1e-3)


def test_a_file_holds_all_that_a_network_is(network):
    """Loading fills a network without values: what no file holds would be whatever lay in memory."""
    assert {name for name, _ in network.named_buffers()} <= set(network.state_dict())


def test_two_prefixes_for_one_name_are_refused():
    with pytest.raises(ValueError, match="got 'a' under two prefixes"):
        strip_prefixes({"model.a": torch.zeros(1), "a": torch.zeros(1)})


class Canary:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pickle_that_runs_code_is_refused(tmp_path, small):
    canary = tmp_path / "canary"
    (tmp_path / "evil.ckpt").write_bytes(pickle.dumps({"state_dict": Canary(canary)}))
    torch.save({"state_dict": Canary(canary)}, tmp_path / "evil.pt")
    for name in ("evil.ckpt", "evil.pt"):
        with pytest.raises(ValueError, match="readable file of weights"):
            load_model(tmp_path / name, "tiny", **small)
    assert not canary.exists()
    torch.load(tmp_path / "evil.pt", weights_only=False)
    assert canary.exists(), "the canary works"


@pytest.mark.parametrize("name", ["empty.safetensors", "text.ckpt"])
def test_files_that_are_no_checkpoint(tmp_path, name, small):
    (tmp_path / name).write_bytes(b"" if "empty" in name else b"no weights")
    with pytest.raises(ValueError, match="checkpoint must be"):
        load_model(tmp_path / name, "tiny", **small)
    with pytest.raises(ValueError, match="must be a file"):
        load_model(tmp_path / "none.ckpt")


@pytest.mark.parametrize(
    "content", [b"hi\n", b"K", b"}(", b"\x80\x02}q\x00.", *(bytes([i] * 40) for i in range(0, 256, 17))]
)
def test_bytes_that_the_unpickler_trips_over_are_refused_in_words(tmp_path, content):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(ValueError, match="checkpoint must"):
        load_model(tmp_path / "x.ckpt", "tiny")


def test_the_configuration_is_readable_without_us(network, tmp_path):
    path = save_checkpoint(tmp_path / "m.safetensors", network)
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert ModelConfig(**json.loads(header["__metadata__"]["config"])) == network.config


def test_the_cards_usage(tmp_path, moving_video):
    """The steps of the card's snippet, on the processor, with a checkpoint of its format and our names."""
    from torch.nn import functional as F

    from tad.data import preprocess_video

    written = create_model(depth=1, width=48, heads=2, stem_width=8, flow_width=8)
    torch.save({"state_dict": {f"model.{k}": v for k, v in written.state_dict().items()}}, tmp_path / "best.ckpt")

    model = create_model(depth=1, width=48, heads=2, stem_width=8, flow_width=8)
    checkpoint = torch.load(tmp_path / "best.ckpt", map_location="cpu", weights_only=True)
    model.load_state_dict({name.replace("model.", ""): value for name, value in checkpoint["state_dict"].items()})
    model.eval().cpu()
    video = preprocess_video(moving_video).cpu()
    with torch.no_grad():
        frame_pred, flow_pred = model(video)
        mse = F.mse_loss(frame_pred, video[:, :, video.shape[2] // 2])
    assert video.shape == (1, 3, 16, 224, 224) and flow_pred.shape == (1, 2, 224, 224)
    slow = (frame_pred[0] - video[0, :, 8]).square().mean()  # the mid frame of 16
    assert 0 < mse.item() < float("inf") and torch.isclose(mse, slow)
