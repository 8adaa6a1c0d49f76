import pytest
import torch

from tad.scoring import build


def test_the_cards_score_written_out(network, video):
    with torch.inference_mode():
        predicted = network(video)[0]
        slow = [((predicted[i] - video[i, :, 2]) ** 2).mean().item() for i in range(2)]
        detector = build("midframe_mse", network)
        assert detector.score(video).tolist() == pytest.approx(slow, rel=1e-5)
        heat = detector.map(video)
    assert heat.shape == (2, 4, 32, 32)
    assert heat[:, 2].mean(dim=(1, 2)).tolist() == pytest.approx(slow, rel=1e-5)
    assert heat[:, [0, 1, 3]].abs().sum() == 0


def test_noise_is_found(known, rises):
    assert rises(build("midframe_mse", known()), "noise", "flicker")
