import pytest
import torch

from tad.scoring import build


def test_the_second_difference_of_tokens(known, reals, clean):
    detector = build("latent_change", known())
    a, b, c = known().features(clean[:1])["block_0"][0].unbind(1)
    slow = (a - 2 * b + c).movedim(0, -1)[None]
    assert torch.allclose(detector.describe(clean[0]), slow, atol=1e-6)


def test_a_burst_is_found_and_what_stays_is_not(known, reals, rises, planted, box):
    detector = build("latent_change", known()).fit(reals)
    assert rises(detector, "burst")
    assert not rises(detector, "smooth")
    heat = detector.map(planted("burst")[None])[0]
    assert heat[(slice(None), *box[2:])].mean() > 1.5 * heat.mean()


def test_two_positions_in_time_have_a_first_difference(network, video):
    detector = build("latent_change", network).fit(list(video))
    assert detector.order == 1 and detector.score(video).isfinite().all()
    with pytest.raises(ValueError, match="more than 2 positions in time; got 2"):
        detector.order = 2
        detector.score(video)
