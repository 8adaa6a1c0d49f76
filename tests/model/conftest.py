import pytest
import torch

from tad.data import TrainingClips, read_manifest


@pytest.fixture(scope="session")
def real_pairs():
    """Pairs of successive real frames seen through a window that moves, from four training videos."""
    table = read_manifest("data/demo/manifest.csv")
    table = table[table["path"].str.contains("v1.m4v|cap13_edit2|box.mp4|BugsSample")]

    def draw(count: int, size: int) -> torch.Tensor:
        clips = sources[size] if size in sources else sources.setdefault(size, TrainingClips(table, 2, size, 10**6))
        return torch.stack([clips[0, next(index)]["clip"] for _ in range(count)])

    sources, index = {}, iter(range(10**6))
    return draw
