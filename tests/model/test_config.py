import pytest

from tad.model import PRESETS, ModelConfig, create_model, resolve_config


def test_base_is_the_card():
    base = create_model.__defaults__[0]
    c = PRESETS[base]
    assert (c.frames, c.size, c.depth, c.heads) == (16, 224, 12, 12)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_overridden(preset):
    assert resolve_config(preset, depth=1).depth == 1
    assert resolve_config(preset) == PRESETS[preset]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": 100}, "size must be a multiple of patch; got 100 and 16"),
        ({"width": 100}, "width must be a multiple of heads; got 100 and 12"),
        ({"frames": 15}, "frames must be a multiple of tubelet; got 15 and 2"),
        ({"frames": 2}, "frames must be at least 3; got 2"),
        ({"patch": 14}, "patch must be a multiple of 4; got 14"),
        ({"depth": 0}, "depth must be a positive number; got 0"),
        ({"depth": 1.5}, "depth must be an integer; got 1.5"),
        ({"depth": "12"}, "depth must be a positive number; got '12'"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        ModelConfig(**fields)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="preset must be one of base, small, tiny; got 'huge'"):
        resolve_config("huge")
    with pytest.raises(ValueError, match="got dept"):
        resolve_config("tiny", dept=3)
