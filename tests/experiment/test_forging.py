import pytest
import torch

from tad.data import FixedClips, read_manifest
from tad.experiment.forging import COLUMNS, choose, forged, score_table
from tad.forgery import families
from tad.scoring import DETECTORS


@pytest.fixture(scope="module")
def clips(manifest):
    table = read_manifest(manifest)
    return FixedClips(table[table["split"] == "test"], 4, 32)


def test_strength_does_not_change_the_draw(clips):
    flicker = families()["flicker"]
    weak, strong = (forged(clips, 0, flicker, s, seed=0)[0] for s in (0.5, 1.0))
    assert 0 < (weak - clips[0]).abs().mean() < (strong - clips[0]).abs().mean()
    assert torch.equal(forged(clips, 0, flicker, 0.0, seed=0)[0], clips[0])
    assert torch.equal(forged(clips, 0, flicker, 1.0, seed=0)[0], strong)
    assert not torch.equal(forged(clips, 0, flicker, 1.0, seed=1)[0], strong)
    assert not torch.equal(forged(clips, 1, flicker, 1.0, seed=0)[1], forged(clips, 0, flicker, 1.0, seed=0)[1])


def test_donors_come_from_another_group_of_the_split(clips, manifest):
    splice = families()["splice"]
    given = []

    class Spy(FixedClips):
        def __init__(self):
            self.__dict__ = dict(clips.__dict__)

        def __getitem__(self, index):
            given.append(index)
            return clips[index]

    for index in range(len(clips)):
        given.clear()
        forged(Spy(), index, splice, 1.0, seed=0)
        taker, donor = (clips.rows[i] for i in (index, given[0] if given[0] != index else given[1]))
        assert donor["group"] != taker["group"] and donor["split"] == taker["split"]
    table = read_manifest(manifest)
    alone = FixedClips(table[table["group"] == "g3"], 4, 32)
    with pytest.raises(ValueError, match="another group of the split; got one group, g3"):
        forged(alone, 0, splice, 1.0, seed=0)


def test_the_scores_table(network, clips):
    scores = score_table(network, clips, choose(names=["flicker", "inversion"]), (0.0, 1.0), seed=3)
    assert tuple(scores) == COLUMNS
    assert len(scores) == len(clips) * (1 + 2 * 2) * len(DETECTORS)
    assert set(scores["split"]) == {"test"} and set(scores["status"]) == {"ok"} and set(scores["seed"]) == {3}
    fakes = scores[scores["label"] == "fake"]
    assert set(fakes["method"]) == {"flicker", "inversion"} and set(scores["label"]) == {"real", "fake"}
    key = ["video", "start_s", "detector"]
    reals = scores[scores["label"] == "real"].set_index(key)["score"]
    nothing = fakes[(fakes["strength"] == 0) & (fakes["method"] == "flicker")].set_index(key)["score"]
    assert (reals - nothing).abs().max() < 1e-6  # the same clip, in another batch
    assert (fakes.loc[fakes["strength"] == 0, "psnr_db"] == float("inf")).all()


def test_a_broken_video_is_counted_not_scored(network, manifest, tmp_path):
    (tmp_path / "broken.mp4").write_text("not a video")
    table = read_manifest(manifest)
    table = table[table["split"] == "test"].copy()
    table.loc[table.index[0], "path"] = str(tmp_path / "broken.mp4")
    scores = score_table(network, FixedClips(table, 4, 32), {}, (), seed=0)
    lost = scores[scores["status"] != "ok"]
    assert len(lost) == len(DETECTORS) and lost["score"].isna().all()
    assert lost["status"].str.startswith("error: ").all() and set(lost["video"]) == {"3.mp4"}


def test_choose():
    assert set(choose("local")) == set(families("local"))
    with pytest.raises(ValueError, match="families must be among .*; got nonsense"):
        choose(names=["nonsense"])
