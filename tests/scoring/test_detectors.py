import pytest
import torch

from tad.scoring import DETECTORS, build, look, score


@pytest.mark.parametrize("name", DETECTORS)
def test_one_score_a_clip_whatever_stands_beside_it(network, video, name):
    with torch.inference_mode():
        detector = build(name, network)
        scores = detector.score(video)
        assert scores.shape == (2,)
        assert detector.score(video[1:]).item() == pytest.approx(scores[1].item(), rel=1e-4)
    assert detector.trained_on in ("nothing", "reals only", "reals with self-made fakes", "labelled fakes")


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


def test_the_controls_never_ask_the_network(video):
    still = video[:, :, :1].expand(-1, -1, 4, -1, -1)
    for name in ("neighbour_copy", "neighbour_mean"):
        assert build(name, None).score(still).tolist() == [0, 0]
        assert build(name, None).score(video).min() > 0.1


def test_frames_of_any_size_are_scored_as_each_detector_asks(network, generator):
    frames = torch.randint(0, 256, (4, 3, 48, 70), generator=generator, dtype=torch.uint8)
    detectors = [build(name, network) for name in DETECTORS] + [build("neighbour_copy", None)]
    assert look(frames, 32).shape == (3, 4, 32, 32) and look(frames, None).shape == (3, 4, 48, 70)
    scores = score(detectors[:-1], frames)
    assert list(scores) == list(DETECTORS)
    with torch.no_grad():
        for detector in detectors[:-1]:
            assert scores[detector.name] == detector.score(look(frames, 32)[None]).item()
    assert score(detectors[-1:], frames)["neighbour_copy"] == detectors[-1].score(look(frames, None)[None]).item()


def test_unknown_names_are_refused(network):
    with pytest.raises(ValueError, match="one of midframe_mse.*got 'mse'"):
        build("mse", network)


def test_what_is_no_frames_is_refused(network, video):
    with pytest.raises(ValueError, match="frames must be uint8"):
        score([build("neighbour_copy", None)], video[0])
