import torch

from tad.explain import control_maps, random_detector, random_twin
from tad.scoring.detectors import LocalHead, MidFrameMSE, NeighbourMean


def scene():
    """Still grey with a vertical edge at column 20, and a spot at (5, 5) that lights up in frame 2 of 5."""
    clip = torch.zeros(3, 5, 32, 32)
    clip[..., 20:] = 0.8
    clip[:, 2, 5, 5] = 1
    return clip


def test_each_control_shows_what_it_is_named_after(generator):
    maps = control_maps(scene(), generator)
    assert all(m.shape == (5, 32, 32) and m.min() >= 0 for m in maps.values())
    assert maps["edge map"][0].sum(0).topk(2).indices.sort().values.tolist() == [19, 20]
    assert maps["motion map"].flatten().argmax().item() == 2 * 1024 + 5 * 32 + 5
    assert maps["motion map"][1:4, 5, 5].min() > 0 and maps["motion map"][:, 20, 20].max() == 0
    assert abs(maps["random map"].mean().item() - 0.5) < 0.02
    centre = maps["centre-biased map"]
    assert centre.flatten().argmax().item() // 1024 == 2 and centre[2, 16, 16] > centre[2, 0, 0] > centre[0, 0, 0]


def test_a_random_twin_has_the_shape_and_not_the_weights(network, video):
    twin, again = (random_twin(network, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(twin(video)[0], again(video)[0])
    assert not torch.allclose(twin(video)[0], network(video)[0])
    wide = "frame_head.draw.weight"
    own, drawn = (dict(m.named_parameters())[wide] for m in (network, twin))
    assert abs(drawn.std() / own.std() - 1) < 0.1 and not torch.equal(own, drawn)


def test_a_random_detector_leaves_the_trained_one_alone(network, video, generator):
    detector = MidFrameMSE(network)
    with torch.no_grad():
        before = detector.score(video)
        twin = random_detector(detector, generator)
        assert twin.model is not network and not torch.allclose(twin.score(video), before)
        assert torch.equal(detector.score(video), before)
    head = LocalHead()
    head.load(head.make_net().state_dict())
    assert random_detector(head, generator).net is not head.net
    assert random_detector(NeighbourMean(network), generator) is None
