import pytest
import torch

from tad.explain import ClipScore, blurred, embedded_layer, is_differentiable
from tad.scoring import DETECTORS, FITTED, build
from tad.scoring.detectors import LocalHead, MidFrameMSE

DIFFERENTIABLE = {
    "midframe_mse": True, "neighbour_copy": True, "neighbour_mean": True, "patch_error": True, "latent_distance": True,
    "latent_change": True, "flow_consistency": True, "local_head": True, "srm_residual": True,
    "pca_reconstruction": True, "interpolation_residual": False, "second_difference": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def reals():
    """Clips (3, 6, 32, 32) of a texture that moves."""
    wide = torch.rand(4, 3, 32, 44, generator=torch.Generator().manual_seed(4)) * 2 - 1
    return [torch.stack([one[..., 2 * t : 2 * t + 32] for t in range(6)], 1) for one in wide]


@pytest.mark.parametrize("name", [*DETECTORS, *FITTED])
def test_one_score_a_clip_that_is_the_detectors_and_whether_it_has_a_gradient(name, network, reals):
    if name not in DIFFERENTIABLE:
        pytest.skip("a detector that another test brought along")
    detector = build(name, network)
    if isinstance(detector, LocalHead):
        detector.load(detector.make_net().state_dict())
    elif not detector.fitted:
        detector.fit(reals)
    clips = torch.stack(reals[:2])
    with torch.no_grad():
        torch.testing.assert_close(ClipScore(detector)(clips), detector.score(clips).to(clips.dtype))
    assert is_differentiable(detector, clips[0]) == DIFFERENTIABLE[name]


def test_what_else_goes_wrong_is_not_taken_for_a_missing_gradient(network, reals):
    with pytest.raises(RuntimeError, match="size"):
        is_differentiable(Broken(network), reals[0])


class Broken(MidFrameMSE):
    """Adds what does not fit."""

    def score(self, clips):
        return clips.mean((0, 1, 2, 3))[:5] + torch.zeros(7)


def test_the_gradient_passes_through_the_true_mid_frame(network, video):
    """It is the part through the network's input, where the target is held, and the part through the target."""
    clip, target = video[:1].clone().requires_grad_(), video[:1, :, 2].clone()
    ClipScore(MidFrameMSE(network))(clip).sum().backward()
    held = video[:1].clone().requires_grad_()
    error = network(held)[0] - target
    error.square().mean().backward()
    through_target = -2 * error.detach() / error.numel()
    assert through_target.abs().mean() > 1e-5
    torch.testing.assert_close(clip.grad[:, :, 2], held.grad[:, :, 2] + through_target, atol=1e-6, rtol=1e-3)
    torch.testing.assert_close(clip.grad[:, :, 0], held.grad[:, :, 0], atol=1e-6, rtol=1e-3)


def test_layers(network):
    assert embedded_layer(MidFrameMSE(network)) is network.embedded
    head = LocalHead()
    head.load(head.make_net().state_dict())
    assert embedded_layer(head) is head.net.deep
    assert embedded_layer(build("interpolation_residual", network)) is None


def test_a_blurred_clip_keeps_brightness_and_loses_detail(video):
    soft = blurred(video)
    assert soft.shape == video.shape
    torch.testing.assert_close(soft.mean((3, 4)), video.mean((3, 4)), atol=0.1, rtol=0)
    assert soft.std((3, 4)).max() < 0.25 * video.std((3, 4)).min()
    steady = torch.full((1, 3, 2, 16, 24), 0.3)
    steady[:, :, 1] = -0.6
    torch.testing.assert_close(blurred(steady), steady)
