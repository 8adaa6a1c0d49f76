import pytest
import torch

from tad.scoring import build


def test_the_score_written_out(network, video):
    """Frame 2 of four is replaced by the mean of frames 1 and 3, and the answer is held against the true one."""
    shown = video.clone()
    shown[:, :, 2] = (video[:, :, 1] + video[:, :, 3]) / 2
    with torch.inference_mode():
        predicted = network(shown)[0]
        slow = [((predicted[i] - video[i, :, 2]) ** 2).mean().item() for i in range(2)]
        detector = build("hidden_midframe_mse", network)
        assert detector.score(video).tolist() == pytest.approx(slow, rel=1e-5)
        heat = detector.map(video)
    assert heat[:, 2].mean(dim=(1, 2)).tolist() == pytest.approx(slow, rel=1e-5)
    assert heat[:, [0, 1, 3]].abs().sum() == 0


def test_the_network_does_not_see_the_frame_that_it_is_asked_for(network, video):
    """Whatever the mid frame is, the prediction stays: it cannot be copied."""
    seen = []
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
    other = video.clone()
    other[:, :, 2] = torch.rand_like(other[:, :, 2]) * 2 - 1
    with torch.inference_mode():
        first, second = (build("hidden_midframe_mse", network).score(one) for one in (video, other))
    assert torch.equal(seen[0], seen[1]) and not torch.equal(first, second)


def test_noise_is_found(known, rises):
    assert rises(build("hidden_midframe_mse", known()), "noise", "flicker")
