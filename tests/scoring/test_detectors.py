import pytest
import torch

from tad.scoring import DETECTORS, build, score_stream


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


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_a_stream_keeps_order_and_holds_one_batch(network, generator, batch_size):
    clips = torch.rand(7, 3, 4, 32, 32, generator=generator) * 2 - 1
    taken = []

    def stream():
        for i, clip in enumerate(clips):
            taken.append(i)
            yield clip

    scores = score_stream([build(name, network) for name in DETECTORS], stream(), batch_size)
    first = next(scores)
    assert len(taken) == min(batch_size, 7)
    rows = [first, *scores]
    assert [r["neighbour_copy"] for r in rows] == pytest.approx(build("neighbour_copy", None).score(clips).tolist())
    assert set(first) == set(DETECTORS)


def test_unknown_names_are_refused(network):
    with pytest.raises(ValueError, match="one of midframe_mse.*got 'mse'"):
        build("mse", network)


@pytest.mark.parametrize("wrong", [float("nan"), 1.5, -1.01])
def test_clips_out_of_range_are_refused(network, video, wrong):
    clip = video[0].clone()
    clip[0, 0, 0, 0] = wrong
    with pytest.raises(ValueError, match=r"finite and lie in \[-1, 1\]"):
        list(score_stream([build("neighbour_copy", network)], [clip]))
