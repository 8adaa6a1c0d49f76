import pytest
import torch

from tad.data import DecodeError, decode, encode
from tad.data.duplicates import MOST_DIFFERING, content_print, duplicates, find_duplicates


@pytest.fixture(scope="module")
def copies(moving, write, tmp_path_factory):
    """A video, and the same one after another encoder, size and quality."""
    original = write(moving(30, seed=3, height=96, width=128), "original.mp4")
    half = [torch.nn.functional.avg_pool2d(frame.float(), 2).byte() for _, frame in decode(original)]
    folder = tmp_path_factory.mktemp("copies")
    return original, [
        write([frame for _, frame in decode(original)], "coarse.mp4", crf=38),
        encode(folder / "half.avi", half, codec="mpeg4"),
        encode(folder / "half.mkv", half, codec="libx265", crf=30),
    ]


@pytest.fixture(scope="module")
def others(moving, write):
    return [write(moving(30, seed=seed, height=96, width=128)) for seed in (4, 5)]


def test_a_copy_is_found_after_another_encoder_and_size(copies, others):
    original, same = copies
    prints = torch.stack([content_print(path) for path in (original, *same, *others)])
    found = {(i, j) for i, j, _ in duplicates(prints)}
    assert found == {(i, j) for i in range(4) for j in range(i + 1, 4)}


def test_pairs_against_a_slow_comparison(copies, others):
    prints = torch.stack([content_print(path) for path in (copies[0], copies[1][0], *others)])
    for block in (1, 3, 1024):
        found = {(i, j): share for i, j, share in duplicates(prints, block)}
        for i in range(len(prints)):
            for j in range(i + 1, len(prints)):
                both = [(a, b) for a, b in zip(prints[i].tolist(), prints[j].tolist(), strict=True) if a and b]
                share = sum(a != b for a, b in both) / len(both)
                assert ((i, j) in found) == (share <= MOST_DIFFERING and len(both) >= 100)
                assert (i, j) not in found or found[i, j] == pytest.approx(share)


def test_flat_pictures_are_not_called_the_same(write):
    black = [torch.full((3, 48, 64), 16, dtype=torch.uint8)] * 12
    prints = torch.stack([content_print(write(black)), content_print(write(black))])
    assert list(duplicates(prints)) == []


def test_what_counts_depends_on_group_split_label_and_method(copies, others, manifest, tmp_path):
    original, (copy, half, other) = copies
    (tmp_path / "broken.mp4").write_text("no video")
    table = manifest(
        {"path": original, "group": "a", "split": "train"},
        {"path": copy, "group": "b", "split": "test"},
        {"path": half, "group": "a", "split": "train", "label": "fake", "method": "splice"},
        {"path": other, "group": "a", "split": "train", "label": "fake", "method": "splice"},
        {"path": others[0], "group": "c", "split": "train"},
        {"path": "broken.mp4", "group": "d", "split": "train"},
    )
    pairs, lost = find_duplicates(table)
    why = {(row.first, row.second): row.why for row in pairs.itertuples()}
    assert why[str(original), str(copy)] == "on two sides: train and test"
    assert why[str(half), str(other)] == "listed twice"
    assert (str(original), str(half)) not in why  # a fake of that real
    assert not any(str(others[0]) in pair for pair in why)
    assert list(lost) == ["broken.mp4"] and lost["broken.mp4"].startswith("Invalid data")
    moved = table.assign(split="train")
    assert "in two groups: a and b" in find_duplicates(moved)[0]["why"].tolist()


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(DecodeError, match="no such file"):
        content_print(str(tmp_path / "none.mp4"))
