"""What holds for any plan of sampling, any cut into clips, and any manifest."""

import csv
from collections import Counter

import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tad.data import Counts, EachOnce, for_one_class, read_manifest, torn_groups
from tad.data.clips import windows
from tad.data.manifest import CONTROL, LABELS, SPLITS, check_manifest
from tad.data.sampling import PADDING

often = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@often
@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 5), st.none() | st.integers(0, 9), st.integers(0, 40))
def test_every_item_once_an_epoch_wherever_it_is_entered(items, batch, processes, seed, done):
    shares = [EachOnce(items, batch, seed=seed, rank=rank, processes=processes) for rank in range(processes)]
    named = Counter(index for share in shares for _, index in share)
    assert named.pop(PADDING, 0) == len(shares[0]) * processes - items < processes
    assert named == Counter(range(items))
    whole, entered = (EachOnce(items, batch, seed=seed) for _ in range(2))
    entered.enter(done)
    whole.epoch = entered.epoch
    assert list(entered) == list(whole)[(done % whole.batches) * batch :]


@often
@given(st.lists(st.booleans(), max_size=60), st.integers(1, 9), st.integers(1, 12))
def test_clips_lie_within_a_shot_at_their_stride(cuts, frames, stride):
    marked = [(cut or not i, float(i), torch.full((3, 1, 1), i, dtype=torch.uint8)) for i, cut in enumerate(cuts)]
    counts = Counts()
    found = [clip.frames[:, 0, 0, 0].tolist() for clip in windows(iter(marked), frames, stride, counts)]
    slow, start = [], 0
    for end in [*(i for i, cut in enumerate(cuts) if cut and i), len(cuts)]:  # shot by shot
        slow += [list(range(i, i + frames)) for i in range(start, end - frames + 1, stride)]
        start = end
    assert found == slow and counts.clips == len(slow)


names = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda text: not CONTROL.search(text) and "/" not in text and text not in (".", "..")
)
videos = st.lists(
    st.tuples(names, st.sampled_from(LABELS), st.sampled_from(SPLITS), st.sampled_from("abcde"), names),
    min_size=1, max_size=15, unique_by=lambda row: row[0],
)  # fmt: skip
COLUMNS = ["path", "label", "split", "group", "dataset"]


@often
@given(videos)
def test_a_manifest_is_read_as_it_was_written(tmp_path, rows):
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.to_csv(tmp_path / "m.csv", index=False, quoting=csv.QUOTE_ALL)
    read = read_manifest(tmp_path / "m.csv", check_groups=False)
    assert read[COLUMNS[1:]].values.tolist() == table[COLUMNS[1:]].values.tolist()
    assert read["video"].tolist() == table["path"].tolist()
    assert read["path"].tolist() == [f"{tmp_path}/{path}" for path in table["path"]]


@often
@given(videos)
def test_groups_are_torn_or_not_and_what_training_refuses_can_be_left_out(rows):
    table = pd.DataFrame(rows, columns=COLUMNS)
    sides = {group: {r[2] for r in rows if r[3] == group} for group in "abcde"}
    torn = [group for group, found in sides.items() if len(found) > 1]
    assert [told.split(" ")[0] for told in torn_groups(table)] == torn
    if torn:
        with pytest.raises(ValueError, match="a group must stand on one side"):
            check_manifest(table)
    kept, left_out = for_one_class(table)
    assert len(kept) + sum(left_out.values()) == len(table) and torn_groups(kept) == []
    assert set(kept.loc[kept["split"].ne("test"), "label"]) <= {"real"}
    assert kept["split"].eq("test").sum() == table["split"].eq("test").sum()
