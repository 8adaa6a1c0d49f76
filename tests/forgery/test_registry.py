import pickle

import pytest
import torch

from tad import forgery
from tad.forgery import registry


@pytest.fixture
def empty_register(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTER", {})


def nothing(clip, strength, generator, **_):
    """Does nothing, e.g. for tests. And no more."""
    return clip, torch.ones_like(clip[0])


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_promised_families_are_there():
    whole = "block_shuffle channel_permutation foreign_frames frame_shuffle heavy_noise inversion posterise"
    whole += " time_repeated time_reversed"
    local = "jitter_warp low_resolution self_blend splice static_warp"
    temporal = "colour_drift damped_motion delay dropped_frames flicker freeze magnified_motion"
    assert set(whole.split()) <= set(forgery.families("whole"))
    assert set(local.split()) <= set(forgery.families("local"))
    assert set(temporal.split()) <= set(forgery.families("temporal"))
    assert list(forgery.families()) == [name for scope in forgery.SCOPES for name in forgery.families(scope)]


def test_register_and_list(empty_register):
    late = forgery.forgery("b_local", scope="local", needs=("donor",))(nothing)
    early = forgery.forgery("z_whole", scope="whole")(nothing)
    assert list(forgery.families().values()) == [early, late]
    assert forgery.families("local") == {"b_local": late}
    assert (late.name, late.scope, late.needs) == ("b_local", "local", ("donor",))
    assert late.__doc__ == nothing.__doc__
    assert late.doc == "Does nothing, e.g."  # the first full stop with a blank behind it, whatever it means


def test_a_name_is_taken_once(empty_register):
    forgery.forgery("same", scope="local")(nothing)
    with pytest.raises(ValueError, match="unique; got 'same'"):
        forgery.forgery("same", scope="whole")(eval("lambda clip, *_, **__: clip"))  # of another file
    assert forgery.get("same").scope == "local"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"scope": "global"}, "scope must be .*'whole', 'local'.*; got 'global'"),
        (
            {"scope": "local", "needs": ("money",)},
            r"needs must be .*'donor', 'landmarks'.*; got \('money',\)",
        ),
        ({"scope": "local", "needs": "donor"}, "needs must be a tuple .*; got 'donor'"),
    ],
)
def test_refused_registrations(empty_register, arguments, message):
    with pytest.raises(ValueError, match=message):
        forgery.forgery("new", **arguments)
    assert forgery.families() == {}


def test_unknown_names():
    with pytest.raises(ValueError, match="such as splice; got 'splise'"):
        forgery.get("splise")
    with pytest.raises(ValueError, match="such as block_shuffle, .* static_warp, .*; got 'xyz'"):
        forgery.get("xyz")
    with pytest.raises(ValueError, match="scope must be .*; got 'global'"):
        forgery.families("global")


def wrong_clips():
    good = torch.zeros(3, 4, 16, 16)
    hole = good.clone()
    hole[0, 0, 0, 0] = float("nan")
    yield "double", good.double(), r"float32 \(3, T, H, W\); got float64 \(3, 4, 16, 16\)"
    yield "batch", good[None], r"got float32 \(1, 3, 4, 16, 16\)"
    yield "grey", good[:1], r"got float32 \(1, 4, 16, 16\)"
    yield "no frame", good[:, :0], r"got float32 \(3, 0, 16, 16\)"
    yield "too bright", good + 1.5, r"in \[-1, 1\]; got values from 1.5 to 1.5"
    yield "too dark", good - 1.5, r"in \[-1, 1\]; got values from -1.5 to -1.5"
    yield "hole", hole, "finite .*; got values from nan to nan"
    yield "infinite", good / 0 + float("inf"), "finite"


@pytest.mark.parametrize("clip, message", [pytest.param(c, m, id=name) for name, c, m in wrong_clips()])
def test_refused_clips(clip, message):
    with pytest.raises(ValueError, match=f"clip must be .*{message}"):
        forgery.forge("inversion", clip, 0.5, 0)
    with pytest.raises(ValueError, match="donor must be"):
        forgery.forge("splice", torch.zeros(3, 4, 16, 16), 0.5, 0, donor=clip)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_refused_strengths(clip, strength):
    with pytest.raises(ValueError, match=rf"strength must lie in \[0, 1\]; got {strength}"):
        forgery.forge("inversion", clip, strength, 0)


def test_refused_generators(clip):
    for generator in (None, 7):
        with pytest.raises(ValueError, match=f"generator must be a torch.Generator on the CPU; got {generator}"):
            forgery.get("inversion")(clip, 0.5, generator)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_refused_generator_on_a_gpu(clip):
    with pytest.raises(ValueError, match="generator must be a torch.Generator on the CPU"):
        forgery.get("inversion")(clip, 0.5, torch.Generator("cuda"))


def test_refused_donor(clip, donor):
    with pytest.raises(ValueError, match=r"clip's shape \(3, 8, 48, 48\); got \(3, 4, 48, 48\)"):
        forgery.forge("splice", clip, 0.5, 0, donor=donor[:, :4])


def test_what_a_family_returns_is_checked(empty_register, clip):
    forgery.forgery("bad_mask", scope="local")(lambda clip, *_, **__: (clip, torch.ones(48, 48)))
    with pytest.raises(ValueError, match=r"bad_mask must return .* \(8, 48, 48\); got .* and \(48, 48\)"):
        forgery.forge("bad_mask", clip, 0.5, 0)
    forgery.forgery("bad_clip", scope="local")(lambda clip, *_, **__: (clip[:, :4], torch.ones(8, 48, 48)))
    with pytest.raises(ValueError, match=r"bad_clip must return .*; got \(3, 4, 48, 48\)"):
        forgery.forge("bad_clip", clip, 0.5, 0)


def test_the_door_holds_what_a_family_forgets(empty_register, clip):
    """Whatever a family does outside its mask or range is undone; its inputs arrive as they were given."""
    seen = {}

    @forgery.forgery("careless", scope="local", needs=("landmarks",))
    def careless(clip, strength, generator, **inputs):
        seen.update(inputs, strength=strength)
        mask = torch.zeros_like(clip[0])
        mask[:, :5] = 0.5
        return clip + 3, mask

    points = torch.zeros(1, 8, 468, 2)
    forged, _ = careless(clip, 1, rng(), landmarks=points)
    assert torch.equal(forged[:, :, 5:], clip[:, :, 5:])
    assert (forged[:, :, :5] == 1).all()
    assert seen["landmarks"] is points and seen["donor"] is None
    assert isinstance(seen["strength"], float)
    same, mask = careless(clip, 0, rng(), landmarks=points)
    assert same is clip and mask.count_nonzero() == 0


def test_forge_is_a_call_with_a_seed(clip):
    by_hand = forgery.get("flicker")(clip, 0.5, rng(9))
    by_name = forgery.forge("flicker", clip, 0.5, 9)
    assert all(torch.equal(*pair) for pair in zip(by_hand, by_name, strict=True))


def test_families_travel_to_other_processes():
    family = forgery.get("splice")
    assert pickle.loads(pickle.dumps(family)) is family


def test_a_file_of_families_is_imported_as_often_as_asked(empty_register, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from tad.forgery import forgery\n@forgery('mine', scope='local')\ndef mine(clip, strength, generator, **_):\n"
        "    return clip, clip[0].abs()\n"
    )
    assert forgery.load_file(file) == forgery.load_file(file) == ["mine"] == list(forgery.families())
    with pytest.raises(ValueError, match="must exist; got .*none.py"):
        forgery.load_file(tmp_path / "none.py")
    file.write_text("import torc")
    with pytest.raises(ValueError, match="must import; got ModuleNotFoundError: No module named 'torc'"):
        forgery.load_file(file)


def test_a_batch_is_its_clips(clip, donor):
    clips, donors = torch.stack([clip, donor]), torch.stack([donor, clip])
    forged, masks = forgery.forge_batch("splice", clips, 0.5, [3, 4], donors=donors)
    for i in range(2):
        one, mask = forgery.forge("splice", clips[i], 0.5, 3 + i, donor=donors[i])
        assert torch.equal(forged[i], one) and torch.equal(masks[i], mask)
    with pytest.raises(ValueError, match="as many as clips, 2; got 1"):
        forgery.forge_batch("splice", clips, 0.5, [3], donors=donors)


@pytest.mark.parametrize(
    "points, message",
    [
        (torch.zeros(8, 468, 2), r"float32 \(1, 8, 468, 2\); got float32 \(8, 468, 2\)"),
        (torch.zeros(1, 8, 468, 2).double(), "got float64"),
        (torch.full((1, 8, 468, 2), float("nan")), "finite; got 7488 values that are not"),
    ],
)
def test_refused_landmarks(empty_register, clip, points, message):
    forgery.forgery("needy", scope="face", needs=("landmarks",))(nothing)
    with pytest.raises(ValueError, match=message):
        forgery.forge("needy", clip, 0.5, 0, landmarks=points)
