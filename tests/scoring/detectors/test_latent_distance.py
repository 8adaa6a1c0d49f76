import pytest
import torch
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

from tad.model import create_model
from tad.scoring import build


def test_the_largest_distance_of_a_token(known, reals, clean):
    detector = build("latent_distance", known()).fit(reals)
    tokens = lambda clip: known().features(clip[None])["block_0"][0].flatten(1).T.double().numpy()  # noqa: E731
    fit = LedoitWolf().fit(torch.cat([torch.from_numpy(tokens(clip)) for clip in reals]).numpy())
    slow = [max(mahalanobis(f, fit.location_, fit.precision_) for f in tokens(clip)) / 2**0.5 for clip in clean]
    assert detector.score(clean).tolist() == pytest.approx(slow, rel=1e-3)


def test_odd_tokens_are_found_and_pointed_at(known, reals, rises, planted, box):
    detector = build("latent_distance", known()).fit(reals)
    assert rises(detector, "noise", "smooth", "frozen", "flicker")
    heat = detector.map(planted("noise")[None])[0]
    assert heat[(slice(None), *box[2:])].mean() > 1.5 * heat.mean()


@pytest.mark.parametrize("depth, block", [(1, "block_0"), (2, "block_0"), (4, "block_1"), (5, "block_1")])
def test_tokens_are_read_half_way(small, depth, block):
    network = create_model("tiny", **{**small, "depth": depth}).eval()
    detector = build("latent_distance", network)
    assert detector.block == block
    with torch.no_grad():
        assert detector.describe(torch.zeros(3, 4, 32, 32)).shape == (2, 4, 4, 24)
