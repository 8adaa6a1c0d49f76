import numpy as np
import pytest
import torch

from tad.scoring import build


def test_flow_that_goes_astray_is_found_and_pointed_at(known, reals, clean, box):
    detector = build("flow_consistency", known()).fit(reals)
    clean_scores = detector.score(clean)
    detector.model = known(astray=2.0)
    assert detector.score(clean).min() > clean_scores.max()
    heat = detector.map(clean[:1])[0]
    assert heat[[0, 1, 2, 4, 5]].abs().sum() == 0
    assert heat[3][box[2:]].mean() > 3 * heat[3].mean(dim=1)[:8].mean()


def test_features_where_the_answer_is_known(known, make_texture):
    """Both flows are whole pixels, so that what they fetch can be written out by shifting."""
    network, clip = known(), make_texture(5)
    plain = network.features

    def features(video):
        found = plain(video)
        return found | {"flow_pred": torch.full_like(found["flow_pred"], -2.0)}

    network.features = features
    found = build("flow_consistency", network).describe(clip)[0]
    here, there = clip[:, 3].double().numpy(), clip[:, 4].double().numpy()
    fetch = lambda dy, dx: there[:, np.clip(np.arange(48) + dy, 0, 47)][:, :, np.clip(np.arange(48) + dx, 0, 47)]  # noqa: E731
    patch = (slice(16, 24), slice(24, 32))
    by_predicted, by_estimated = (np.abs(here - fetch(*d)).mean(0)[patch].mean() for d in ((-2, -2), (0, -1)))
    slow = [np.log(by_predicted + 0.01) - np.log(by_estimated + 0.01), np.log(np.hypot(1, 2) + 0.1)]
    assert found[2, 3].tolist() == pytest.approx(slow, rel=1e-3)
