"""What every registered detector keeps, and the way to it: building, looking, scoring."""

import pytest
import torch
from safetensors.torch import load, save

from tad.model import create_model
from tad.scoring import DETECTORS, build, look, score
from tad.scoring.detectors import FITTED, Taught
from tad.scoring.detectors.protocol import Base, register
from tad.training import HeadRecipe, Variation

ALL = {**DETECTORS, **FITTED}
LEARNING = sorted(set(FITTED) - {"interpolation_residual"})
NATIVE = ("second_difference", "interpolation_residual", "srm_residual", "pca_reconstruction")


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    small = {"patch": 8, "width": 24, "depth": 2, "heads": 2, "stem_width": 8, "flow_width": 8}
    return create_model("tiny", frames=6, size=48, **small).eval()


def fitted(name, net, reals):
    """A detector that has learned; one that is taught from few pairs, in few steps."""
    few = {"pairs": 4, "recipe": HeadRecipe(2, 1), "variation": Variation(tile=48)}
    return ALL[name](net, **few if issubclass(ALL[name], Taught) else {}).fit(reals)


@pytest.fixture(scope="module")
def ready(net, reals):
    """Every detector, fitted."""
    return {name: fitted(name, net, reals) for name in ALL}


def test_what_scores_unfitted_stands_apart():
    assert list(DETECTORS) == ["midframe_mse", "hidden_midframe_mse", "neighbour_copy", "neighbour_mean"]
    assert not set(DETECTORS) & set(FITTED) and len(FITTED) == 12


@pytest.mark.parametrize("name", ALL)
def test_one_finite_score_a_clip_whatever_stands_beside_it(ready, clean, name):
    detector = ready[name]
    with torch.inference_mode():
        scores = detector.score(clean[:3])
        alone = torch.cat([detector.score(clean[i : i + 1]) for i in (2, 0, 1)])[[1, 2, 0]]
    assert scores.shape == (3,) and scores.isfinite().all()
    if name in FITTED:
        assert torch.equal(scores, alone)
    assert scores.tolist() == pytest.approx(alone.tolist(), rel=1e-4)
    assert detector.trained_on in ("nothing", "reals only", "reals with self-made fakes", "labelled fakes")
    assert detector.name == name and detector.view in (None, 48, 32) and isinstance(detector, Base)


@pytest.mark.parametrize("name", ALL)
def test_what_was_learned_is_stored_and_taken_up(net, ready, clean, name):
    state = load(save({key: of.contiguous() for key, of in ready[name].state().items()}))
    assert bool(state) == (name in LEARNING)
    again = build(name, net).load(state)
    assert again.fitted
    with torch.inference_mode():
        assert torch.equal(again.score(clean[:2]), ready[name].score(clean[:2]))
    with pytest.raises(ValueError, match=r"stores \[.*got .*'junk'"):
        again.load({**state, "junk": torch.zeros(1)})


@pytest.mark.parametrize("name", ALL)
def test_fitting_twice_is_fitting_the_same(net, reals, ready, name):
    again = fitted(name, net, reals).state()
    assert again.keys() == ready[name].state().keys()
    assert all(torch.equal(of, again[key]) for key, of in ready[name].state().items())


@pytest.mark.parametrize("name", LEARNING)
def test_unfitted_ones_refuse_to_score(net, clean, name):
    detector = build(name, net)
    assert not detector.fitted
    with pytest.raises(ValueError, match=f"{name} must be fitted on real clips before it scores; got no "):
        detector.score(clean[:1])
    with pytest.raises(ValueError, match=f"{name} is fitted on one real clip or more; got none"):
        detector.fit([])


@pytest.mark.parametrize("name", sorted(set(ALL) - set(LEARNING)))
def test_what_learns_nothing_leaves_the_clips_alone(net, name):
    clips = iter([1])
    detector = build(name, net)
    assert detector.fitted and detector.fit(clips) is detector and next(clips) == 1


@pytest.mark.parametrize("name", [name for name in ALL if hasattr(ALL[name], "map")])
def test_maps_have_the_clips_shape(ready, clean, name):
    with torch.inference_mode():
        heat = ready[name].map(clean[:2])
    assert heat.shape == (2, 6, 48, 48) and heat.isfinite().all() and heat.unique().numel() > 2


@pytest.mark.parametrize("name", NATIVE)
def test_native_ones_take_frames_of_any_size(ready, make_texture, name):
    clip = make_texture(0, frames=7, size=53)[:, :, :41]
    for seen in (clip, clip.transpose(2, 3)):
        assert ready[name].score(seen[None]).isfinite().all()
    black = ready[name].score(torch.full((1, 3, 6, 48, 48), -1.0))
    assert black.isfinite().all()


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


def test_one_clip_by_all_detectors(ready):
    frames = torch.randint(0, 256, (6, 3, 50, 60), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    scores = score(list(ready.values()), frames)
    assert list(scores) == list(ALL)
    assert scores["srm_residual"] == ready["srm_residual"].score(look(frames, None)[None]).item()


def test_the_smallest_network_of_the_tests_serves_all(network, video):
    reals = [video[0], video[1], -video[0]]
    for name in FITTED:
        assert fitted(name, network, reals).score(video).isfinite().all()


def test_unknown_names_are_refused(network):
    with pytest.raises(ValueError, match="one of midframe_mse.*got 'mse'"):
        build("mse", network)


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="unique; got 'srm_residual' a second time"):
        register(type("Other", (), {"name": "srm_residual", "score": lambda self, clips: clips}))
    assert "srm_residual" not in DETECTORS


def test_what_is_no_frames_is_refused(network, video):
    with pytest.raises(ValueError, match="frames must be uint8"):
        score([build("neighbour_copy", None)], video[0])


def test_detectors_share_the_passes_of_their_network_and_score_as_each_alone(network, video):
    """Two passes whatever looks through it: the clip as it is, and with its mid frame hidden."""
    names = [name for name, kind in ALL.items() if not issubclass(kind, Taught)]
    detectors = [build(name, network).fit(list(torch.rand(2, 3, 4, 48, 48) * 2 - 1)) for name in names]
    frames, passes = (video[0].movedim(0, 1) * 127.5 + 127.5).byte(), []
    frames = frames.repeat_interleave(2, -1).repeat_interleave(2, -2)
    alone = {name: score([detector], frames)[name] for name, detector in zip(names, detectors, strict=True)}
    handle = network.stem.register_forward_hook(lambda *_: passes.append(1))
    assert score(detectors, frames) == alone
    handle.remove()
    assert len(passes) == 2
