"""What the tests share: a small network, and one thread so that results do not depend on the machine."""

import os

# Before numpy is loaded. For small systems of equations, as of a face swap, two threads that wait for each other beside
# a busy process take three times as long and more.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import pytest
import torch
from chromium import CHROMIUM, Chromium

from tad.data import roots

torch.set_num_threads(1)


def pytest_addoption(parser):
    parser.addoption("--plugin", action="append", default=[], help="a file of your own families, to be tested")


def pytest_configure(config):
    from tad.forgery import load_file

    for file in config.getoption("--plugin"):
        load_file(file)


# Rooms are imported where they are used, so that a room's own tests run where the libraries of another are lacking: the
# forgeries' on a machine with a GPU and little else, say.
SMALL = {"frames": 4, "size": 32, "patch": 8, "width": 24, "depth": 2, "heads": 2, "stem_width": 8, "flow_width": 8}


@pytest.fixture(scope="session", autouse=True)
def footage_may_lie_in_temporary_folders(tmp_path_factory):
    """As if the user had named the folder of all tests in `data/roots.txt`; tests/data/test_roots.py does without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roots, "named_roots", lambda project: [tmp_path_factory.getbasetemp().resolve()])
        yield


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def small():
    """The configuration of that network, as overrides of the preset tiny."""
    return SMALL


@pytest.fixture
def network():
    """A network that fits a test, with weights of its own seed."""
    from tad.model import create_model

    torch.manual_seed(0)
    return create_model("tiny", **SMALL).eval()


@pytest.fixture
def video(generator):
    """A batch of two clips for it: (2, 3, 4, 32, 32) in [-1, 1]."""
    return torch.rand(2, 3, 4, 32, 32, generator=generator) * 2 - 1


@pytest.fixture(scope="session")
def moving_video(tmp_path_factory):
    """A file of 40 frames, 96 x 128 px, of a texture that moves by two pixels a frame."""
    from tad.data import encode

    texture = torch.rand(3, 14, 30, generator=torch.Generator().manual_seed(5))
    texture = torch.nn.functional.interpolate(texture[None], (112, 240), mode="bicubic")[0].clamp(0, 1) * 255
    frames = [texture[:, 8:104, 2 * i : 2 * i + 128].to(torch.uint8) for i in range(40)]
    return encode(tmp_path_factory.mktemp("video") / "moving.mp4", frames)


SPLITS = ("train", "val", "val", "test", "test", "test")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Weights of a tiny network, untrained, with a threshold beside them."""
    from tad.experiment.checkpoints import save_threshold
    from tad.model import create_model, save_checkpoint
    from tad.scoring import Threshold

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_checkpoint(path, create_model("tiny", **SMALL), {"training_groups": ["g0"]})
    save_threshold(path, "midframe_mse", Threshold(0.5, 0.95, 4, 2, "none"))
    return path


@pytest.fixture(scope="session")
def manifest(tmp_path_factory):
    """A manifest of six videos of 12 frames, each a group of its own."""
    import pandas as pd

    from tad.data import encode

    folder, rows = tmp_path_factory.mktemp("corpus"), []
    for i, split in enumerate(SPLITS):
        generator = torch.Generator().manual_seed(i)
        texture = torch.nn.functional.interpolate(torch.rand(1, 3, 9, 15, generator=generator), (72, 120))[0] * 255
        encode(folder / f"{i}.mp4", [texture[:, 4:68, 2 * t : 2 * t + 80].to(torch.uint8) for t in range(12)])
        rows.append({"path": f"{i}.mp4", "label": "real", "split": split, "group": f"g{i}", "dataset": "made"})
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A browser to be driven (see tests/chromium.py); tests that want it are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    running = Chromium(tmp_path_factory.mktemp("profile"))
    yield running
    running.close()
