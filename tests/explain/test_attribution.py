import pytest
import torch
from torch import nn

from tad.explain import integrated_gradients, per_token, share_inside
from tad.explain.attention import MidFrameError


def test_integrated_gradients_are_complete(network, video):
    found, delta = integrated_gradients(network, video[0], steps=32)
    score = MidFrameError(network)
    with torch.no_grad():
        difference = (score(video[:1]) - score(torch.zeros_like(video[:1]))).item()
    assert found.shape == (4, 32, 32)
    assert found.sum().item() == pytest.approx(difference, abs=0.05 * abs(difference))
    assert delta == pytest.approx(found.sum().item() - difference, abs=1e-3)


class ReadsOneTubelet(nn.Module):
    """Predicts black, and adds what it reads in one place of one frame: the right answer is known."""

    def forward(self, video):
        out = torch.zeros_like(video[:, :, 0])
        out[:, :, 0, 0] = video[:, :, 0, 8:16, 16:24].mean(dim=(2, 3))
        return out, None


def test_it_points_at_what_is_read():
    clip = torch.zeros(3, 4, 32, 32)
    clip[:, 0, 8:16, 16:24] = 0.5  # read, and so part of the error
    clip[:, 1] = 0.9  # seen by nobody
    found, _ = integrated_gradients(ReadsOneTubelet(), clip, steps=16)
    tokens = per_token(found, 1, 8)
    assert tokens.flatten().argmax().item() == 0 * 16 + 1 * 4 + 2
    assert share_inside(found, (clip[0] == 0.5).float()) == pytest.approx(1)


def test_per_token_sums_sizes(generator):
    heat = torch.randn(4, 8, 8, generator=generator)
    slow = torch.zeros(2, 2, 2)
    for t in range(4):
        for y in range(8):
            for x in range(8):
                slow[t // 2, y // 4, x // 4] += heat[t, y, x].abs()
    torch.testing.assert_close(per_token(heat, 2, 4), slow)
