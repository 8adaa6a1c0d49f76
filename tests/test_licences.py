"""tad/LICENCES.md names all that ships and all that is fetched."""

import re
import subprocess
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "tad" / "LICENCES.md").read_text()
SHIPS, FETCHED = TEXT.split("## What is fetched")
OWN = {".py", ".md", ".toml", ".yml", ".yaml", ".cff", ".txt", ".ipynb", ".j2", ".css", ".csv", ".json", ".js", ""}


def _rows(text: str) -> list[list[str]]:
    lines = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)[2:]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def _patterns() -> list[str]:
    return [pattern for row in _rows(SHIPS) for pattern in re.findall(r"`([^`]+)`", row[0])]


@pytest.fixture(scope="module")
def shipped() -> list[str]:
    done = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("what ships is what git knows, and this is no checkout")
    return done.stdout.splitlines()


def unlisted(files: list[str]) -> list[str]:
    """Files that are not plainly this project's own text and that no row names."""
    ours = [f for f in files if Path(f).suffix in OWN and not re.search(r"\.min\.|^data/demo/licences|LICENSE", f)]
    foreign = set(files) - set(ours) - {"LICENSE"}
    return sorted(f for f in foreign if not any(fnmatch(f, pattern) for pattern in _patterns()))


def test_what_ships_is_listed(shipped):
    assert unlisted(shipped) == []
    assert unlisted([*shipped, "tad/report/templates/jquery.min.js", "data/demo/new.webm"]) == [
        "data/demo/new.webm", "tad/report/templates/jquery.min.js",
    ]  # fmt: skip


def test_every_row_names_something(shipped):
    assert [p for p in _patterns() if not any(fnmatch(f, p) for f in shipped)] == []


def test_every_video_has_its_maker(shipped):
    attribution = (ROOT / "data" / "demo" / "ATTRIBUTION.md").read_text()
    videos = [Path(f).name for f in shipped if re.fullmatch(r"data/demo/[^/]+\.(m4v|mp4|mpg|mpeg|avi)", f)]
    assert len(videos) >= 18 and [v for v in videos if v not in attribution] == []


def test_every_package_is_listed_once():
    pins = [canonicalize_name(n) for n in re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.M)]
    listed = [canonicalize_name(row[0]) for row in _rows(FETCHED)]
    assert sorted(listed) == sorted(pins)


def test_licences_are_those_of_the_metadata():
    checked = 0
    for name, licence in _rows(FETCHED):
        try:
            stated = metadata(name).get("License-Expression")
        except PackageNotFoundError:
            continue
        if stated:
            assert licence == stated, name
            checked += 1
        assert licence, name
    assert checked > 40
