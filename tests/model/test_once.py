import threading

import pytest
import torch

from tad.model import features_once


@pytest.fixture
def passes(network):
    """How often the network's stem has run."""
    counted = []
    handle = network.stem.register_forward_hook(lambda *_: counted.append(1))
    yield counted
    handle.remove()


@torch.inference_mode()
def test_a_clip_is_passed_through_once_and_gives_the_same(network, video, passes):
    alone, (frame, flow) = network.features(video), network(video)
    assert len(passes) == 2
    with features_once():
        together = [network.features(video), network.features(video[:1]), network.features(video[0][None])]
        again = network(video)
        assert len(passes) == 4  # the batch, and its first clip
    assert all(torch.equal(together[0][name], value) for name, value in alone.items())
    assert together[1] is together[2] and torch.equal(again[0], frame) and torch.equal(again[1], flow)
    network(video)
    assert len(passes) == 5  # nothing is kept beyond the context


@torch.inference_mode()
def test_other_clips_and_networks_have_features_of_their_own(network, video, passes):
    torch.manual_seed(9)
    other = type(network)(network.config).eval()
    with features_once():
        for i in range(6):  # each is let go at once, and the next may lie where it lay
            own = video + 0.01 * i
            kept = network.features(own)["frame_pred"]
            del own
        slow = torch.stack([network.features(video + 0.01 * i)["frame_pred"] for i in range(6)])[-1]
        assert torch.equal(kept, slow)
        assert not torch.equal(other.features(video)["frame_pred"], network.features(video)["frame_pred"])


@torch.inference_mode()
def test_another_thread_keeps_nothing_of_this_one(network, video, passes):
    with features_once():
        network(video)
        thread = threading.Thread(target=torch.inference_mode()(lambda: network(video)))
        thread.start()
        thread.join()
    assert len(passes) == 2
