"""Small trees in the layouts of public data sets: one tiny real video, made once, stands for every file."""

import json

import pytest

from tad.data import read_manifest
from tad.data.adapters import index, write_manifest


@pytest.fixture(scope="session")
def tiny(moving, write):
    """The bytes of a video of four frames."""
    return write(moving(4, height=16, width=16)).read_bytes()


@pytest.fixture
def root(tmp_path):
    """The folder of a data set; its name has a space."""
    (tmp_path / "the data").mkdir()
    return tmp_path / "the data"


@pytest.fixture
def lay(root, tiny):
    """A function that lays files below the root: videos by name, and texts, tables or JSON by keyword pairs."""

    def lay_files(*names: str, texts: dict[str, object] | None = None):
        for name, content in {**dict.fromkeys(names, tiny), **(texts or {})}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = json.dumps(content) if isinstance(content, list | dict) else content
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return lay_files


@pytest.fixture
def indexed(root, tmp_path):
    """A function that indexes the root, writes the manifest, reads it back, and gives rows by name, and the index."""

    def through(dataset: str, at: str = "", **options):
        found = index(dataset, root / at, **options)
        table = read_manifest(write_manifest(found.table, tmp_path / "out" / "m.csv"), check_groups=False)
        assert set(table["dataset"]) <= {dataset, "deepfakedetection", root.name, "table"}
        names = [name.removeprefix("../the data/") for name in table["video"]]
        return dict(zip(names, table.to_dict("records"), strict=True)), found

    return through


@pytest.fixture
def facts():
    """A function that gives label, method, split and group of rows, by name."""
    return lambda rows: {n: (r["label"], r["method"], r["split"], r["group"]) for n, r in rows.items()}
