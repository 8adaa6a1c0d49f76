"""The committed footage is what its manifest and its credits say."""

from pathlib import Path

import pytest

from tad.data import decode, probe, read_manifest, sha256

DEMO = Path(__file__).parents[2] / "data" / "demo"
TABLE = read_manifest(DEMO / "manifest.csv")
ROWS = list(TABLE.itertuples())
each_video = pytest.mark.parametrize("row", ROWS, ids=[row.video for row in ROWS])


@each_video
def test_the_bytes_are_those_of_the_manifest(row):
    assert sha256(row.path) == row.sha256


@each_video
def test_the_facts_are_those_of_the_file(row):
    info = probe(row.path)
    assert (str(info.width), str(info.height)) == (row.width, row.height)
    assert info.fps == pytest.approx(float(row.fps), abs=1e-3)


@each_video
def test_it_decodes_and_its_crop_lies_inside(row):
    _, frame = next(decode(row.path, row.crop))  # raises where the box leaves the frame
    top, bottom, left, right = row.crop or (0, int(row.height), 0, int(row.width))
    assert frame.shape == (3, bottom - top, right - left)


@each_video
def test_it_is_credited(row):
    assert row.source and row.licence and row.dataset
    assert f"`{row.video}`" in (DEMO / "ATTRIBUTION.md").read_text()


def test_nothing_lies_about_that_is_not_listed():
    documents = {"ATTRIBUTION.md", "manifest.csv"}
    assert {file.name for file in DEMO.iterdir() if file.is_file()} - documents == set(TABLE["video"])


def test_the_credits_name_licence_texts_that_are_there():
    text = (DEMO / "ATTRIBUTION.md").read_text()
    licences = {file.name for file in (DEMO / "licences").iterdir()}
    assert licences and all(f"licences/{name}" in text for name in licences)


def test_it_is_small_enough_to_be_committed():
    assert sum(file.stat().st_size for file in DEMO.rglob("*") if file.is_file()) <= 24 * 2**20


def test_all_of_it_is_real():
    assert set(TABLE["label"]) == {"real"} and set(TABLE["method"]) == {"original"}


def test_each_side_of_the_split_has_a_person_and_scenes_of_its_own():
    sides = {split: set(rows["group"]) for split, rows in TABLE.groupby("split")}
    assert set(sides) == {"train", "val", "test"}
    assert sum(map(len, sides.values())) == len(set.union(*sides.values()))
    assert set(TABLE.loc[TABLE["face"] == "yes", "split"]) == {"train", "val", "test"}
