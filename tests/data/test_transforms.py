import pytest
import torch

from tad.data import check_clip, to_clip, to_frames
from tad.data.transforms import MAX_PAN_PX, augment, centre_crop, resize_short_side, vary_light


def _frames(*shape):
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


# Scaling


def test_to_clip_scales_and_turns():
    frames = _frames(5, 3, 6, 8)
    clip = to_clip(frames)
    assert clip.shape == (3, 5, 6, 8) and clip.dtype == torch.float32 and clip.is_contiguous()
    assert clip[1, 4, 2, 7].item() == pytest.approx(frames[4, 1, 2, 7].item() / 127.5 - 1, abs=1e-6)
    assert to_clip(torch.tensor([0, 255], dtype=torch.uint8).expand(1, 3, 1, 2)).unique().tolist() == [-1, 1]


def test_to_frames_is_the_inverse_at_every_level():
    frames = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).repeat(2, 3, 1, 1)
    assert torch.equal(to_frames(to_clip(frames)), frames)


def test_to_frames_clamps_what_a_network_overshoots():
    assert to_frames(torch.tensor([-1.5, 1.5]).expand(3, 1, 1, 2)).unique().tolist() == [0, 255]


@pytest.mark.parametrize("frames", [_frames(2, 3, 4, 4).float(), _frames(3, 4, 4), _frames(2, 1, 4, 4)])
def test_to_clip_refuses_another_type_or_shape(frames):
    with pytest.raises(ValueError, match=r"must be uint8 \(T, 3, H, W\); got"):
        to_clip(frames)


@pytest.mark.parametrize("shape", [(3, 4, 8, 8), (2, 3, 4, 8, 8)])
def test_check_clip_returns_a_good_clip(shape):
    clip = torch.linspace(-1, 1, torch.Size(shape).numel()).reshape(shape)
    assert check_clip(clip) is clip


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1.001, -1.001])
def test_check_clip_refuses_a_single_bad_value(bad):
    clip = torch.zeros(3, 4, 8, 8)
    clip[2, 1, 3, 5] = bad
    with pytest.raises(ValueError, match=r"must be finite and lie in \[-1, 1\]; got"):
        check_clip(clip)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.float64])
def test_check_clip_refuses_another_type(dtype):
    with pytest.raises(ValueError, match="must be float32 .*; got"):
        check_clip(torch.zeros(3, 4, 8, 8, dtype=dtype))


def test_resize_and_crop():
    assert resize_short_side(_frames(2, 3, 20, 50), 10).shape == (2, 3, 10, 25)
    assert resize_short_side(_frames(2, 3, 50, 20), 40).shape == (2, 3, 100, 40)
    frames = _frames(2, 3, 20, 50)
    assert torch.equal(centre_crop(frames, 10), frames[..., 5:15, 20:30])


def test_shrinking_does_not_alias():
    stripes = (torch.arange(64) % 2 * 255).to(torch.uint8).expand(1, 3, 64, 64)
    assert resize_short_side(stripes, 16)[..., 2:-2].float().std() < 3


# Augmentation: each pixel of these frames tells its row, its column and its frame

T, H, W, SIZE = 8, 60, 90, 32


def _told():
    frames = torch.empty(T, 3, H, W, dtype=torch.uint8)
    frames[:, 0] = torch.arange(H)[:, None]
    frames[:, 1] = torch.arange(W)
    frames[:, 2] = torch.arange(T)[:, None, None]
    return frames


def _augmented(seed):
    return augment(_told(), SIZE, torch.Generator().manual_seed(seed))


def _unmirrored(out):
    """The result, turned back if it was mirrored, and whether it was."""
    mirrored = bool(out[0, 1, 0, 0] > out[0, 1, 0, -1])
    return (out.flip(-1) if mirrored else out), mirrored


def _is_window(out):
    """Whether each frame was cut out as it was, without resizing."""
    rows, columns = out[:, 0].int(), out[:, 1].int()
    return bool((rows.diff(dim=1) == 1).all() and (columns.diff(dim=2) == 1).all())


OUTS = [_unmirrored(_augmented(seed)) for seed in range(80)]
WINDOWS = [out for out, _ in OUTS if _is_window(out)]


def test_augment_keeps_the_form_and_the_order_of_frames():
    for out, _ in OUTS:
        assert out.dtype == torch.uint8 and out.shape == (T, 3, SIZE, SIZE)
        assert torch.equal(out[:, 2], torch.arange(T, dtype=torch.uint8)[:, None, None].expand(T, SIZE, SIZE))


def test_augment_depends_on_its_generator_alone():
    assert torch.equal(_augmented(3), _augmented(3))
    assert len({bytes(_augmented(seed).numpy()) for seed in range(20)}) == 20
    generator = torch.Generator().manual_seed(3)
    assert not torch.equal(augment(_told(), SIZE, generator), augment(_told(), SIZE, generator))


def test_about_half_are_mirrored_and_half_are_panned():
    assert 24 <= sum(mirrored for _, mirrored in OUTS) <= 56
    assert 24 <= len(WINDOWS) <= 56


def test_a_pan_is_a_window_on_the_frames():
    told = _told()
    for out in WINDOWS:
        for i in range(T):
            y, x = int(out[i, 0, 0, 0]), int(out[i, 1, 0, 0])
            assert torch.equal(out[i], told[i, :, y : y + SIZE, x : x + SIZE])


def test_a_pan_moves_evenly_and_not_too_fast():
    corners = torch.stack([out[:, :2, 0, 0].double() for out in WINDOWS])  # (windows, T, 2)
    even = torch.arange(T)[None, :, None] * (corners[:, -1:] - corners[:, :1]) / (T - 1) + corners[:, :1]
    assert (corners - even).abs().max() <= 1  # whole pixels
    steps = corners.diff(dim=1)
    assert steps.abs().max() <= MAX_PAN_PX
    per_frame = (corners[:, -1] - corners[:, 0]) / (T - 1)
    assert per_frame.min() < -MAX_PAN_PX / 2 and per_frame.max() > MAX_PAN_PX / 2  # to both sides, and fast ones too


def test_what_is_not_panned_is_one_square_for_all_frames():
    others = [out for out, _ in OUTS if not _is_window(out)]
    assert all(torch.equal(out[:1, :2].expand(T, 2, SIZE, SIZE), out[:, :2]) for out in others)
    sides = torch.tensor([int(out[0, 0, -1, 0]) - int(out[0, 0, 0, 0]) + 1.0 for out in others])
    assert sides.min() < 42 and sides.max() > 50  # from the crop's own size to the whole height


def test_frames_of_the_crops_own_size_stay_where_they_are():
    frames = _told()[..., :SIZE, :SIZE]
    for seed in range(10):
        out, _ = _unmirrored(augment(frames, SIZE, torch.Generator().manual_seed(seed)))
        assert torch.equal(out, frames)


@pytest.mark.parametrize("shape", [(31, 90), (60, 31)])
def test_frames_smaller_than_the_crop_are_refused(shape):
    with pytest.raises(ValueError, match=f"at least 32 px high and wide; got {shape[0]} x {shape[1]}"):
        augment(_frames(T, 3, *shape), SIZE, torch.Generator())


def test_light_changes_by_one_factor_a_clip(generator):
    grey = torch.full((6, 3, 40, 40), 100, dtype=torch.uint8)
    levels = set()
    for _ in range(20):
        out = vary_light(grey, generator)
        assert out.unique().numel() == 1  # the same for every frame and pixel
        levels.add(out.unique().item())
    assert 58 <= min(levels) and max(levels) <= 141 and len(levels) > 10
