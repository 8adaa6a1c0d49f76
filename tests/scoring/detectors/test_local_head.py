import pytest
import torch

from tad.model import peak
from tad.scoring import build


@pytest.fixture
def learned():
    """A head with fresh weights: what it says is arbitrary, but it is something."""
    torch.manual_seed(0)
    head = build("local_head", None)
    return head.load(head.make_net().state_dict())


def test_the_score_is_the_peak_of_its_logits(learned, reals):
    clips = torch.stack(reals[:2])
    with torch.no_grad():
        slow = torch.stack([peak(learned.net(clip[None]), 0.03)[0] for clip in clips])
    torch.testing.assert_close(learned.score(clips), slow)


def test_the_map_shows_each_logit_at_its_place(learned, reals):
    clip = reals[0][None]
    found = learned.map(clip)
    with torch.no_grad():
        logits = learned.net(clip)
    assert found.shape == clip[:, 0].shape
    torch.testing.assert_close(found.mean(), logits.mean(), atol=0.05, rtol=0.05)
    assert found.min() >= logits.min() - 1e-5 and found.max() <= logits.max() + 1e-5


def test_what_it_learned_makes_another_the_same(learned, reals):
    other = build("local_head", None).load({k: v.clone() for k, v in learned.state().items()})
    torch.testing.assert_close(other.score(reals[0][None]), learned.score(reals[0][None]))


def test_half_precision_is_taken_up(learned, reals):
    half = {k: v.half() if v.is_floating_point() else v for k, v in learned.state().items()}
    other = build("local_head", None).load(half)
    torch.testing.assert_close(other.score(reals[0][None]), learned.score(reals[0][None]), atol=5e-3, rtol=5e-3)


def test_untaught_it_does_not_score(reals):
    with pytest.raises(ValueError, match="local_head must be fitted"):
        build("local_head", None).score(reals[0][None])


def test_fitting_is_teaching_on_forgeries_of_the_clips(reals):
    from tad.forgery import families
    from tad.scoring.detectors import LocalHead
    from tad.training import HeadRecipe, Variation

    asked = []

    def noted(clip, strength, generator, *, donor):
        asked.append(strength)
        return families()["heavy_noise"](clip, strength, generator, donor=donor)

    head = LocalHead(pairs=6, recipe=HeadRecipe(3, 2), variation=Variation(tile=32))
    head.fit(reals[:2], forgeries={"mine": noted})
    assert head.fitted and len(asked) == 6 and head.trained_on == "reals with self-made fakes"
