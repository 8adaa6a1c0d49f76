"""The contract of every family under sizes, strengths and seeds that nobody chose."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tad import forgery

shapes = st.tuples(st.just(3), st.integers(3, 6), st.integers(33, 48), st.integers(33, 48))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(forgery.families())), shape=shapes, seed=st.integers(0, 2**31 - 1),
    strength=st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1, allow_subnormal=False)),
)  # fmt: skip
def test_the_contract(name, shape, seed, strength, texture, inputs):
    clip, given_ = texture(shape, seed % 7), inputs(name, shape)
    before = clip.clone()
    forged, mask = forgery.forge(name, clip, strength, seed, **given_)
    assert torch.equal(clip, before), "the clip is left alone"
    assert forged.shape == clip.shape and mask.shape == shape[1:]
    assert torch.isfinite(forged).all() and forged.abs().max() <= 1 and 0 <= mask.min() and mask.max() <= 1
    outside = (mask == 0).expand_as(clip)
    assert torch.equal(forged[outside], clip[outside])
    if strength == 0:
        assert torch.equal(forged, clip) and not mask.any()
    again, same = forgery.forge(name, clip, strength, seed, **given_)
    assert torch.equal(again, forged) and torch.equal(same, mask)
