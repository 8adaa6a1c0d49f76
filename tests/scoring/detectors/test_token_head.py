import pytest
import torch

from tad.model import peak
from tad.scoring import build
from tad.scoring.detectors import TokenHead
from tad.training import HeadRecipe, Pool, Variation


@pytest.fixture
def learned(network):
    """Taught for three steps, on forgeries of two clips that have the network's number of frames."""
    g = torch.Generator().manual_seed(0)
    clips = [torch.rand(3, 4, 48, 48, generator=g) * 2 - 1 for _ in range(2)]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    head = TokenHead(network, pairs=6, recipe=HeadRecipe(3, 2), variation=Variation(tile=32)).fit(clips)
    return head, before


def test_teaching_leaves_the_network_and_its_predictions_as_they_were(network, video, learned):
    head, before = learned
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters()) and not network.training
    assert head.fitted and not any(name.startswith("network") for name in head.state())


def test_the_score_is_the_peak_over_tokens(network, video, learned):
    head, _ = learned
    with torch.no_grad():
        logits = head.net(video)
    assert logits.shape == (2, 2, 4, 4)  # two times of 4 x 4 patches of 8 px
    torch.testing.assert_close(head.score(video), peak(logits, 0.03))
    assert head.map(video).shape == (2, 4, 32, 32) and head.view == network.config.size


def test_it_looks_through_the_network(network, video, learned):
    """The same head on another network says something else."""
    head, _ = learned
    torch.manual_seed(5)
    other = type(network)(network.config).eval()
    assert not torch.allclose(build("token_head", other).load(head.state()).score(video), head.score(video))
    torch.testing.assert_close(build("token_head", network).load(head.state()).score(video), head.score(video))


def test_learning_from_tiles_and_from_their_tokens_is_the_same(network):
    """What the network makes of the tiles may be made once and shared by variants."""
    g = torch.Generator().manual_seed(1)
    tiles = torch.randint(0, 256, (2, 6, 4, 3, 32, 32), generator=g, dtype=torch.uint8)
    mask = torch.rand(6, 2, 4, 4, generator=g)
    data = Pool(*tiles, mask, torch.zeros(6).long(), torch.zeros(6).long(), ["g"], ["x"])
    build_one = lambda: TokenHead(network, recipe=HeadRecipe(3, 2))  # noqa: E731
    seen = build_one().sees(data)
    assert seen.real.shape == (6, 2 * network.config.width, 2, 4, 4) and build_one().sees(seen) is seen
    first, second = (build_one().learn_from(source, torch.arange(6)).state() for source in (data, seen))
    assert all(torch.equal(first[name], second[name]) for name in first) and first
