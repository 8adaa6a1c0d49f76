"""What every registered family must keep, a user's own included: they are all found in the register."""

import pytest
import torch

from tad import forgery

STRENGTHS = (0.0, 0.1, 0.25, 0.5, 1.0)
SEEDS = (0, 1, 2, 3)

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
every_family = pytest.mark.parametrize("name", forgery.families())


@every_family
@pytest.mark.parametrize("seed", SEEDS)
def test_strength_0_is_the_identity_and_more_is_never_less(name, seed, clip, inputs):
    ladder = [forgery.forge(name, clip, strength, seed, **inputs(name)) for strength in STRENGTHS]
    assert torch.equal(ladder[0][0], clip)
    assert ladder[0][1].count_nonzero() == 0
    distances = [(forged - clip).abs().mean().item() for forged, _ in ladder]
    assert distances == sorted(distances)
    assert distances[0] == 0 < distances[1] < distances[-1]


@every_family
def test_a_weak_effect_is_weak(name, clip, inputs):
    weak, full = ((forgery.forge(name, clip, s, 0, **inputs(name))[0] - clip).abs().mean() for s in (0.01, 1.0))
    steps = 8 // 2  # families that move whole frames or blocks move at least one of so many
    assert weak <= 1.5 * full / steps


@every_family
@pytest.mark.parametrize("strength", STRENGTHS)
def test_what_comes_back(name, strength, clip, inputs):
    given = {"clip": clip} | inputs(name)
    before = {key: value.clone() for key, value in given.items()}
    forged, mask = forgery.forge(name, strength=strength, seed=0, **given)
    assert all(torch.equal(given[key], value) for key, value in before.items())
    assert forged.shape == clip.shape and forged.dtype == clip.dtype
    assert mask.shape == clip.shape[1:] and mask.dtype == clip.dtype
    assert forged.abs().max() <= 1 and 0 <= mask.min() and mask.max() <= 1
    outside = (mask == 0).expand_as(clip)
    assert torch.equal(forged[outside], clip[outside])


@every_family
def test_draws_do_not_depend_on_strength(name, clip, inputs):
    states = []
    for strength in (0.0, 0.1, 1.0):
        generator = torch.Generator().manual_seed(5)
        forgery.get(name)(clip, strength, generator, **inputs(name))
        states.append(generator.get_state())
    assert all(torch.equal(state, states[0]) for state in states)


@every_family
def test_a_seed_decides_everything(name, clip, inputs):
    elsewhere = torch.get_rng_state()
    once, mask = forgery.forge(name, clip, 0.7, 3, **inputs(name))
    again, mask_again = forgery.forge(name, clip, 0.7, 3, **inputs(name))
    assert torch.equal(once, again) and torch.equal(mask, mask_again)
    assert torch.equal(torch.get_rng_state(), elsewhere)
    fresh = torch.Generator().manual_seed(3)
    used = torch.Generator().manual_seed(3)
    forgery.get(name)(clip, 0.7, used, **inputs(name))
    others = [forgery.forge(name, clip, 0.7, seed, **inputs(name))[0] for seed in range(4, 12)]
    draws_nothing = torch.equal(fresh.get_state(), used.get_state())
    assert draws_nothing == all(torch.equal(once, other) for other in others)


@every_family
def test_any_layout_in_memory_and_odd_sizes(name, texture, inputs):
    clip, given = texture((3, 5, 37, 50), 3), inputs(name, (3, 5, 37, 50))
    strided = clip.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2)
    forged, mask = forgery.forge(name, clip, 1.0, 0, **given)
    assert not torch.equal(forged, clip) and mask.shape == (5, 37, 50)
    torch.testing.assert_close(forgery.forge(name, strided, 1.0, 0, **given)[0], forged)


@pytest.mark.parametrize("name", forgery.families("local"))
def test_local_families_touch_every_frame_softly(name, clip, inputs):
    forged, mask = forgery.forge(name, clip, 1.0, 0, **inputs(name))
    assert (mask > 0.5).any(2).any(1).all()
    assert ((forged != clip).any(0) & (mask > 0.5)).any(2).any(1).float().mean() > 0.8
    assert_fades_out(clip, forged, mask)


@pytest.mark.parametrize("name", forgery.families("temporal"))
def test_temporal_families_hit_whole_frames_or_a_soft_region(name, clip, inputs):
    forged, mask = forgery.forge(name, clip, 1.0, 0, **inputs(name))
    hit = mask.flatten(1).amax(1) > 0  # (T,)
    assert torch.equal(hit, (forged != clip).any(0).flatten(1).any(1))
    assert hit[4] and hit.sum() >= 3  # the mid frame among them
    if mask[hit].min() < 1:
        assert_fades_out(clip, forged, mask)


def assert_fades_out(clip, forged, mask):
    assert (mask == 0).float().mean() > 0.4
    rim = (mask > 0) & (mask < 0.02)  # (T, H, W): the change must fade out, not stop
    assert (forged - clip)[:, rim].abs().mean() < 0.02 < (forged - clip)[:, mask > 0.5].abs().mean()


@pytest.mark.parametrize("name", [name for name, family in forgery.families().items() if family.needs])
def test_needs_are_asked_for(name, clip, inputs):
    for need in forgery.get(name).needs:
        with pytest.raises(ValueError, match=f"{name} needs {need}; got None"):
            forgery.forge(name, clip, 0.5, 0, **inputs(name) | {need: None})


@every_family
def test_docstrings_state_the_parameters(name):
    family = forgery.get(name)
    assert family.doc.endswith(".") and "\n" not in family.doc
    assert all(f"{strength}:" in family.__doc__ for strength in ("Strength 0", "0.5", "1")), family.__doc__


@every_family
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_gpu)])
def test_a_batch_gives_what_single_clips_give_on_the_cpu(name, device, clip, donor, inputs):
    """Two clips, each the other's donor; on the CPU to the last bit."""
    given = [inputs(name), inputs(name) | ({"donor": clip} if "donor" in inputs(name) else {})]
    singles = [forgery.forge(name, one, 0.7, i, **given[i]) for i, one in enumerate((clip, donor))]
    plural = {"donor": "donors", "landmarks": "landmarks"}
    batched = {plural[key]: torch.stack([one[key] for one in given]).to(device) for key in given[0]}
    forged, masks = forgery.forge_batch(name, torch.stack([clip, donor]).to(device), 0.7, [0, 1], **batched)
    assert forged.device.type == masks.device.type == device
    for i, (one, mask) in enumerate(singles):
        torch.testing.assert_close(forged[i].cpu(), one, atol=1e-3 * (device == "cuda"), rtol=0)
        torch.testing.assert_close(masks[i].cpu(), mask, atol=1e-4 * (device == "cuda"), rtol=0)
