"""Checkpoints made to harm, or harmed: each is refused in one sentence that names the file, and nothing of it runs."""

import json
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from tad.experiment.checkpoints import load_threshold, save_threshold, threshold_path
from tad.experiment.detector_set import detector_set, detectors_path
from tad.model import load_model, save_checkpoint
from tad.scoring import Threshold


@pytest.fixture
def whole(network, tmp_path):
    return save_checkpoint(tmp_path / "m.safetensors", network)


def parts(path: Path) -> tuple[dict, bytes]:
    """Header and data of a safetensors file."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def put(path: Path, header: dict, data: bytes, length: int | None = None) -> None:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)


def _shape(header):
    header["patch_embed.weight"]["shape"] = [1 << 31, 1 << 31]


def _beyond(header):
    name = next(n for n in header if n != "__metadata__")
    header[name]["data_offsets"][1] += 1 << 40


def _overlap(header):
    one, other = [n for n in header if n != "__metadata__"][:2]
    header[one]["data_offsets"] = header[other]["data_offsets"]


def _kind(header):
    header["patch_embed.weight"]["dtype"] = "F64"


def _negative(header):
    header["patch_embed.weight"]["data_offsets"][0] = -1


@pytest.mark.parametrize("lie", [_shape, _beyond, _overlap, _kind, _negative])
def test_headers_that_lie(whole, lie):
    header, data = parts(whole)
    lie(header)
    put(whole, header, data)
    with pytest.raises(ValueError, match=f"a .safetensors checkpoint must be readable; got {whole}"):
        load_model(whole)


@pytest.mark.parametrize("length", [0, 1, 1 << 30, (1 << 64) - 1])
def test_a_header_of_a_length_that_lies(whole, length):
    put(whole, *parts(whole), length)
    with pytest.raises(ValueError, match="must be readable"):
        load_model(whole)


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_a_file_cut_short(whole, share):
    raw = whole.read_bytes()
    whole.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(ValueError, match="must be readable"):
        load_model(whole)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.999])
def test_a_lightning_file_cut_short(network, tmp_path, share, small):
    torch.save({"state_dict": network.state_dict()}, tmp_path / "m.ckpt")
    raw = (tmp_path / "m.ckpt").read_bytes()
    (tmp_path / "m.ckpt").write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(ValueError, match="readable file of weights"):
        load_model(tmp_path / "m.ckpt", "tiny", **small)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"depth": 10**9}, "must fill its network"),
        ({"width": 3 * 10**6}, "must fill its network"),
        ({"depth": 300, "width": 600}, "must fill its network"),
        ({"flow_width": 10**5}, "must fill its network"),
        ({"depth": -1}, "must be a network's.*depth must be a positive number; got -1"),
        ({"depth": "all"}, "must be a network's"),
        ({"evil": 1}, "must be a network's"),
        ([], "must be a network's"),
        ('{"depth": 1', "must be JSON"),
        ("[" * 100_000, "must be JSON"),
    ],
)
def test_a_configuration_that_asks_for_more_than_the_file_holds(network, whole, config, told):
    header, data = parts(whole)
    full = {**network.config.to_dict(), **config} if isinstance(config, dict) else config
    header["__metadata__"]["config"] = full if isinstance(full, str) else json.dumps(full)
    put(whole, header, data)
    with pytest.raises(ValueError, match=told) as refused:
        load_model(whole)
    assert str(whole) in str(refused.value) and len(str(refused.value)) < 600


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("format", ["safetensors", "ckpt"])
def test_weights_that_are_no_numbers(network, tmp_path, small, value, format):
    with torch.no_grad():
        network.patch_embed.weight[0, 0] = value
    if format == "ckpt":
        torch.save(network.state_dict(), tmp_path / "m.ckpt")
    else:
        save_checkpoint(tmp_path / "m.safetensors", network)
    with pytest.raises(ValueError, match="weights must be finite; .* has patch_embed.weight that is not"):
        load_model(tmp_path / f"m.{format}", "tiny", **small)


def test_a_checkpoint_of_another_preset(network, tmp_path):
    torch.save(network.state_dict(), tmp_path / "m.pt")
    with pytest.raises(ValueError, match="must hold exactly the network's weights; .*m.pt has .* other shape"):
        load_model(tmp_path / "m.pt", "tiny")


def test_a_packed_checkpoint_is_not_unpacked(tmp_path):
    """Thirty-two megabytes of nothing in some kilobytes; without the guard they are read into memory."""
    torch.save({"a": torch.zeros(4)}, tmp_path / "small.pt")
    with zipfile.ZipFile(tmp_path / "small.pt") as read, \
            zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as write:  # fmt: skip
        for name in read.namelist():
            with write.open(name, "w", force_zip64=True) as file:
                if name.endswith("data/0"):
                    for _ in range(32):
                        file.write(bytes(1 << 20))
                else:
                    file.write(read.read(name))
    assert (tmp_path / "bomb.pt").stat().st_size < 100_000
    with pytest.raises(ValueError, match="a checkpoint must be stored without compression; got "):
        load_model(tmp_path / "bomb.pt", "tiny")


# What lies beside a checkpoint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "as `tad fit` writes them"),
        ("{", "as `tad fit` writes them"),
        ("[]", "as `tad fit` writes them"),
        ('{"detector": "midframe_mse"}', "as `tad fit` writes them"),
        ('{"detector": "a", "unit": "video", "value": 1}', "as `tad fit` writes them"),
        ("nan", "must be a finite number; .* has nan for midframe_mse"),
        ("Infinity", "must be a finite number"),
        ('"low"', "as `tad fit` writes them"),
    ],
)
def test_thresholds_that_are_none(whole, text, told):
    save_threshold(whole, "midframe_mse", Threshold(0.5, 0.95, 4, 2, "none"))
    stored = threshold_path(whole).read_text()
    new = stored.replace("0.5", text.replace("nan", "NaN")) if text in ("nan", "Infinity", '"low"') else text
    threshold_path(whole).write_text(new)
    with pytest.raises(ValueError, match=told):
        load_threshold(whole)


def test_what_detectors_learned_may_be_damaged(whole):
    path = detectors_path(whole)
    path.write_bytes(b"no weights at all")
    with pytest.raises(ValueError, match=f"must be readable .tad fit.; got {path}"):
        detector_set(whole)
    path.write_bytes(save({"latent_distance/mean": torch.tensor([float("nan")])}))
    with pytest.raises(ValueError, match="must be finite; .* has latent_distance/mean that is not"):
        detector_set(whole)
