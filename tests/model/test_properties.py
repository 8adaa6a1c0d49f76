"""What holds for any names of weights."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tad.model import compare, create_model
from tad.model.checkpoint import FITS, strip_prefixes

often = settings(max_examples=60, deadline=None, derandomize=True)
names = st.from_regex(r"[a-z]{1,4}(\.[a-z0-9]{1,4}){0,2}", fullmatch=True).filter(lambda n: not n.startswith("model."))


@often
@given(st.dictionaries(names, st.integers(0, 3), min_size=1, max_size=12))
def test_any_number_of_prefixes_comes_off_and_nothing_else(prefixed):
    state = {"model." * count + name: torch.tensor(count) for name, count in prefixed.items()}
    stripped = strip_prefixes(state)
    assert {name: int(value) for name, value in stripped.items()} == prefixed
    assert strip_prefixes(stripped) == stripped


@often
@given(names, st.integers(0, 3), st.integers(0, 3))
def test_two_that_become_one_are_refused(name, one, other):
    state = [("model." * one + name, torch.zeros(1)), ("model." * other + name, torch.zeros(1))]
    if one == other:
        assert list(strip_prefixes(dict(state))) == [name]
    else:
        with pytest.raises(ValueError, match="under two prefixes"):
            strip_prefixes(dict(state))


@pytest.fixture(scope="module")
def whole(small):
    return create_model("tiny", **small)


@often
@given(st.data())
def test_every_weight_is_told_of_once(whole, data):
    own = whole.state_dict()
    drop = data.draw(st.sets(st.sampled_from(sorted(own)), max_size=5))
    reshape = data.draw(st.sets(st.sampled_from(sorted(own)), max_size=5)) - drop
    more = data.draw(st.sets(names, max_size=3)) - set(own)
    state = {name: torch.zeros(7, 7, 7, 7, 7) if name in reshape else v for name, v in own.items() if name not in drop}
    fit = compare(whole, {**state, **{name: torch.zeros(1) for name in more}}).set_index("weight")["fit"]
    assert fit.index.is_unique and set(fit.index) == set(own) | more
    wanted = {
        **dict.fromkeys(drop, "missing"),
        **dict.fromkeys(reshape, "other shape"),
        **dict.fromkeys(more, "unexpected"),
    }
    assert {name: what for name, what in fit.items() if what != FITS} == wanted
