import pandas as pd
import pytest
import torch

from tad.scoring import DETECTORS, build, from_csv, load_detectors

MINE = """
from tad.scoring import register
from tad.scoring.detectors import Base


@register
class Brightness(Base):
    name = "brightness"

    def score_clip(self, clip):
        return clip.mean()
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    yield tmp_path / "mine.py"
    DETECTORS.pop("brightness", None)


def test_a_users_own_detector_stands_among_the_others(mine):
    assert load_detectors(mine) == ["brightness"] == load_detectors(str(mine))  # it may be loaded again
    assert list(DETECTORS)[-1] == "brightness"
    assert build("brightness", None).score(torch.full((2, 3, 4, 8, 8), 0.25)).tolist() == [0.25, 0.25]


def test_files_that_cannot_be_used_are_refused(mine, tmp_path):
    with pytest.raises(ValueError, match="a file of detectors must exist; got .*none.py"):
        load_detectors(tmp_path / "none.py")
    (tmp_path / "broken.py").write_text("import nothing_of_that_name")
    with pytest.raises(ValueError, match="broken.py must import; got ModuleNotFoundError"):
        load_detectors(tmp_path / "broken.py")
    load_detectors(mine)
    (tmp_path / "other.py").write_text(MINE)
    with pytest.raises(ValueError, match="other.py must import.*unique; got 'brightness' a second time"):
        load_detectors(tmp_path / "other.py")


@pytest.fixture
def scores(make_scores):
    """Reals, a fake that the manifest lists, and fakes made on the way."""
    table = make_scores(groups=2, videos=1, clips=2)
    listed = table[table["label"].eq("real")].assign(video="listed-fake", label="fake", method="swap", scope="listed")
    return pd.concat([table, listed.assign(strength=1.0)], ignore_index=True)


def given(tmp_path, rows, columns=("video", "detector", "score")):
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "given.csv", index=False)
    return tmp_path / "given.csv"


def test_scores_of_videos_become_rows_of_their_clips(scores, tmp_path):
    path = given(tmp_path, [("test-0-0", "theirs", 0.2), ("listed-fake", "theirs", 0.9)])
    rows = from_csv(path, scores)
    assert list(rows) == list(scores) and len(rows) == 2 + 2
    assert rows.groupby("video")["score"].agg(set).to_dict() == {"test-0-0": {0.2}, "listed-fake": {0.9}}
    assert set(rows["detector"]) == {"theirs"} and set(rows["status"]) == {"ok"}
    facts = ["video", "group", "label", "method", "scope", "strength", "split", "codec", "start_s"]
    listed = scores[scores["scope"].isin(["", "listed"])]
    assert len(rows.merge(listed, on=facts).drop_duplicates(facts)) == 4
    assert set(rows["method"]) == {"original", "swap"} and set(rows["scope"]) == {"", "listed"}


def test_scores_of_clips_go_to_their_clips(scores, tmp_path):
    columns = ("video", "detector", "score", "start_s")
    path = given(tmp_path, [("test-0-0", "theirs", 0.2, 0.5), ("test-0-0", "theirs", 0.3, 0.0)], columns)
    rows = from_csv(path, scores)
    assert dict(zip(rows["start_s"], rows["score"], strict=True)) == {0.5: 0.2, 0.0: 0.3}
    path = given(tmp_path, [("test-0-0", "theirs", 0.2, 7.5)], columns)
    with pytest.raises(ValueError, match="listed clips alone; got .*test-0-0 at 7.5"):
        from_csv(path, scores)


@pytest.mark.parametrize(
    "rows, words",
    [
        ([("test-0-0", "theirs", 1), ("nobody", "theirs", 1)], "listed videos alone; got .*'nobody'"),
        ([("test-0-0", "theirs", 1), ("test-0-0", "theirs", 2)], "once a detector; got twice: .*test-0-0"),
        ([("test-0-0", "theirs", "much")], "score in .* must be a number; got none for .*test-0-0"),
        ([("test-0-0", "midframe_mse", 1)], "a name of its own; got .*midframe_mse"),
    ],
)
def test_tables_that_do_not_fit_are_refused(scores, tmp_path, rows, words):
    with pytest.raises(ValueError, match=words):
        from_csv(given(tmp_path, rows), scores)


def test_columns_files_and_codecs_that_do_not_fit_are_refused(scores, tmp_path):
    with pytest.raises(ValueError, match="must exist; got .*none.csv"):
        from_csv(tmp_path / "none.csv", scores)
    with pytest.raises(ValueError, match="none named \\['score'\\]"):
        from_csv(given(tmp_path, [("test-0-0", "theirs")], ("video", "detector")), scores)
    path = given(tmp_path, [("test-0-0", "theirs", 1)])
    two = scores.assign(codec=["none", "h264:23"] * (len(scores) // 2))
    two.loc[two["scope"].eq(""), "codec"] = ["none", "h264:23"] * (two["scope"].eq("").sum() // 2)
    with pytest.raises(ValueError, match="one codec; got \\['h264:23', 'none'\\]"):
        from_csv(path, two)
