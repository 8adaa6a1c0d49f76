import numpy as np
import pytest
import torch

from tad.data import FixedClips, project_root, read_manifest, to_clip
from tad.experiment import forging
from tad.experiment.forging import Forger, choose
from tad.forgery import families, get


@pytest.fixture(scope="module")
def clips(manifest):
    table = read_manifest(manifest)
    return FixedClips(table[table["split"] == "test"], 4)


def test_strength_does_not_change_the_draw(clips):
    flicker, forger = get("flicker"), Forger(clips, 0)
    weak, strong = (forger(0, flicker, s)[0] for s in (0.5, 1.0))
    assert 0 < (weak - clips[0]).abs().mean() < (strong - clips[0]).abs().mean()
    assert torch.equal(forger(0, flicker, 0.0)[0], clips[0])
    assert torch.equal(Forger(clips, 0)(0, flicker, 1.0)[0], strong)
    assert not torch.equal(Forger(clips, 1)(0, flicker, 1.0)[0], strong)
    assert not torch.equal(forger(1, flicker, 1.0)[1], forger(0, flicker, 1.0)[1])


def test_donors_come_from_another_group_of_the_split(clips, manifest, monkeypatch):
    given = []
    monkeypatch.setattr(forging, "forge", lambda *_, donor, **__: given.append(donor))
    for index, taker in enumerate(clips.rows):
        Forger(clips, 0)(index, get("splice"), 1.0)
        [source] = [i for i in range(len(clips)) if torch.equal(clips[i], given[-1])]
        assert clips.rows[source]["group"] != taker["group"]
    table = read_manifest(manifest)
    alone = FixedClips(table[table["group"] == "g3"], 4)
    with pytest.raises(ValueError, match="another group of the split; got one group, g3"):
        Forger(alone, 0)(0, get("splice"), 1.0)


def test_a_donor_of_another_size_and_length_is_made_to_fit(clips, monkeypatch):
    given = []
    monkeypatch.setattr(forging, "forge", lambda *_, donor, **__: given.append(donor))
    forger = Forger(clips, 0)
    wide = torch.arange(3, dtype=torch.uint8)[:, None, None, None].expand(3, 3, 30, 100) * 50
    monkeypatch.setattr(forger, "_donor", lambda *_: wide)
    forger(0, get("splice"), 1.0)
    assert given[0].shape == clips[0].shape
    torch.testing.assert_close(given[0][0, :, 0, 0], to_clip(wide)[0, [0, 1, 2, 0], 0, 0])


def test_a_face_is_asked_for_and_its_donor_is_the_same_person(clips, monkeypatch):
    face_swap = get("face_swap")
    assert Forger(clips, 0)(0, face_swap, 1.0) is None  # textures have no face
    given = []
    monkeypatch.setattr(forging, "forge", lambda *a, donor, landmarks: given.append((donor, landmarks)))
    points = torch.from_numpy(np.arange(4 * 468 * 2, dtype=np.float32)).reshape(4, 468, 2)
    monkeypatch.setattr(forging, "face_landmarks", lambda frames: points)
    forger = Forger(clips, 0)
    forger.find_faces()
    forger(0, face_swap, 1.0)
    own = [i for i, row in enumerate(clips.rows) if row["group"] == clips.rows[0]["group"] and i > 0]
    donor, landmarks = given[0]
    assert own and any(torch.equal(donor, clips[i]) for i in own)
    assert landmarks.shape == (2, 4, 468, 2) and torch.equal(landmarks[1], points)


def test_a_person_with_one_clip_gives_it_half_its_length_later(clips, monkeypatch):
    given = []
    monkeypatch.setattr(forging, "forge", lambda *a, donor, landmarks: given.append(donor))
    monkeypatch.setattr(forging, "face_landmarks", lambda frames: torch.zeros(4, 468, 2))
    alone = FixedClips.__new__(FixedClips)
    alone.frames, alone.rows = clips.frames[:1], clips.rows[:1]
    Forger(alone, 0)(0, get("face_swap"), 1.0)
    assert torch.equal(given[0], clips[0].roll(2, 1))


@pytest.mark.parametrize("name", ["self_blended_face", "face_swap", "mouth_swap"])
def test_real_faces_are_forged(name):
    table = read_manifest(project_root() / "data/demo/manifest.csv")
    clips = FixedClips(table[table["group"] == "smile"], 16, per_video=2, long_side=320)
    forged, mask = Forger(clips, 0)(0, get(name), 1.0)
    changed = (forged - clips[0]).abs().amax(0) > 0
    assert 0.002 < changed.float().mean() < 0.4 and not changed[mask == 0].any()


def test_choose():
    assert choose() == families()
    assert list(choose(["splice", "inversion"])) == ["splice", "inversion"]
    with pytest.raises(ValueError, match="families must be among .*; got nonsense"):
        choose(["nonsense"])
