"""What each whole-clip family does, in numbers."""

import pytest
import torch

from tad.forgery import band, families, forge, psnr_db

SEEDS = range(4)


@pytest.mark.parametrize("name", set(families("whole")) - {"frame_shuffle"})  # its every frame stays real
def test_extreme_at_full_strength(name, clip, donor):
    forged, mask = forge(name, clip, 1.0, 0, donor=donor)
    assert band(psnr_db(clip, forged, mask)) == "extreme"
    assert mask[4].min() == 1  # the mid frame is hit


def blocks_of(frame, side):  # (C, H, W) -> list of blocks as tuples
    rows, columns = frame.shape[1] // side, frame.shape[2] // side
    cut = [(r * side, c * side) for r in range(rows) for c in range(columns)]
    return [tuple(frame[:, y : y + side, x : x + side].flatten().tolist()) for y, x in cut]


@pytest.mark.parametrize("seed", SEEDS)
def test_block_shuffle_moves_whole_blocks(seed, texture):
    clip = texture((3, 3, 37, 50), seed)  # blocks of 5: seven rows, ten columns, two rows of pixels over
    orders = []
    for strength in (0.3, 0.6, 1.0):
        forged, mask = forge("block_shuffle", clip, strength, seed)
        orders.append([])
        for t in range(3):
            before, after = blocks_of(clip[:, t], 5), blocks_of(forged[:, t], 5)
            assert sorted(before) == sorted(after)
            moved = [a != b for a, b in zip(after, before, strict=True)]
            assert moved == [any(block) for block in blocks_of(mask[None, t], 5)]
            assert sum(moved) == pytest.approx(strength * 70, abs=1)
            orders[-1].append([before.index(block) for block in after])
        assert mask[:, 35:].count_nonzero() == 0
        assert orders[-1][0] != orders[-1][1]  # another permutation in each frame
    for weak, strong in zip(orders, orders[1:], strict=False):
        for i, (a, b) in enumerate(zip(sum(weak, []), sum(strong, []), strict=True)):
            assert a == i % 70 or a == b  # what has moved stays where it went


@pytest.mark.parametrize("seed", SEEDS)
def test_channel_permutation_is_a_derangement(seed, clip):
    full, half = (forge("channel_permutation", clip, strength, seed)[0] for strength in (1.0, 0.5))
    order = [next(k for k in range(3) if torch.equal(full[c], clip[k])) for c in range(3)]
    assert sorted(order) == [0, 1, 2] and all(k != c for c, k in enumerate(order))
    torch.testing.assert_close(half, (clip + clip[order]) / 2)


def test_channel_permutation_knows_both_orders(clip):
    assert len({forge("channel_permutation", clip, 1.0, seed)[0].sum((1, 2, 3))[0].item() for seed in range(8)}) == 2


@pytest.mark.parametrize("frames", [7, 8])
def test_foreign_frames_come_from_the_donor(frames, texture):
    clip, donor = texture((3, frames, 16, 16), 0), texture((3, frames, 16, 16), 1)
    before = set()
    for strength, least in ((0.1, 1), (0.5, 2), (1.0, frames // 2)):
        forged, mask = forge("foreign_frames", clip, strength, 0, donor=donor)
        foreign = {t for t in range(frames) if torch.equal(forged[:, t], donor[:, t])}
        assert foreign == {t for t in range(frames) if mask[t].min() == 1}
        assert all(torch.equal(forged[:, t], clip[:, t]) for t in set(range(frames)) - foreign)
        assert before <= foreign and len(foreign) >= least
        before = foreign
    assert before == {t for t in range(frames) if (t - frames // 2) % 2 == 0}


@pytest.mark.parametrize("frames", [7, 8])
def test_frame_shuffle_only_reorders(frames, texture):
    clip = texture((3, frames, 16, 16), 0)
    before = set()
    for strength in (0.1, 0.5, 1.0):
        forged, mask = forge("frame_shuffle", clip, strength, 1)
        order = [next(s for s in range(frames) if torch.equal(forged[:, t], clip[:, s])) for t in range(frames)]
        moved = {t for t in range(frames) if order[t] != t}
        assert sorted(order) == list(range(frames))
        assert moved == {t for t in range(frames) if mask[t].min() == 1} and before <= moved
        assert abs(len(moved) - strength * frames) <= 1.5
        before = moved
    assert before == set(range(frames))


def test_heavy_noise_has_its_standard_deviation():
    grey = torch.zeros(3, 8, 48, 48)
    for strength in (0.1, 0.25):  # where next to nothing is clipped
        noise = forge("heavy_noise", grey, strength, 0)[0]
        assert noise.std() == pytest.approx(strength, rel=0.02) and abs(noise.mean()) < 0.01
    weak, strong = (forge("heavy_noise", grey, strength, 0)[0] for strength in (0.1, 0.2))
    torch.testing.assert_close(strong, 2 * weak)


def test_inversion_ends_in_the_negative_and_never_in_grey(clip):
    torch.testing.assert_close(forge("inversion", clip, 1.0, 0)[0], -clip)
    contrast = clip.std((1, 2, 3))
    for strength in torch.linspace(0.05, 1, 20).tolist():
        kept = forge("inversion", clip, strength, 0)[0].std((1, 2, 3)) / contrast
        assert (kept > 0.99).sum() >= 2
    flat = forge("inversion", clip, 0.5, 0)[0].abs().amax((1, 2, 3))
    assert (flat < 1e-6).sum() == 1


def test_posterise_leaves_few_levels_and_only_darkens(clip):
    two, four = (forge("posterise", clip, strength, 0)[0] for strength in (1.0, 6 / 7))
    assert two.unique().tolist() == pytest.approx([-1, 2 * 128 / 255 - 1], abs=1e-6)
    assert 4 <= four.unique().numel() <= 8  # rounding of 6/7 may leave a trace of the next finer step
    torch.testing.assert_close(forge("posterise", clip, 13 / 14, 0)[0], (two + four) / 2, atol=1e-5, rtol=0)
    last = clip
    for strength in (0.05, 0.3, 0.55, 0.8, 1.0):
        forged = forge("posterise", clip, strength, 0)[0]
        assert (forged <= last + 1e-6).all()
        last = forged


def order_of(forged, clip):
    """Which frame of the clip stands in each place."""
    frames = range(clip.shape[1])
    return [next(s for s in frames if torch.equal(forged[:, t], clip[:, s])) for t in frames]


@pytest.mark.parametrize(
    "strength, order",
    [
        (0.01, [0, 1, 2, 4, 3, 5, 6, 7]),
        (0.25, [0, 1, 2, 4, 3, 5, 6, 7]),
        (0.5, [0, 1, 5, 4, 3, 2, 6, 7]),
        (0.6, [0, 6, 5, 4, 3, 2, 1, 7]),
        (1.0, [7, 6, 5, 4, 3, 2, 1, 0]),
    ],
)
def test_time_reversed_turns_from_the_middle_outwards(strength, order, texture):
    clip = texture((3, 8, 16, 16), 0)
    forged, mask = forge("time_reversed", clip, strength, 0)
    assert order_of(forged, clip) == order
    assert mask.amin((1, 2)).tolist() == mask.amax((1, 2)).tolist() == [s != t for t, s in enumerate(order)]


@pytest.mark.parametrize("frames, order", [(1, [0]), (2, [1, 0]), (3, [1, 0, 2]), (5, [3, 2, 1, 0, 4])])
def test_time_reversed_in_short_clips(frames, order, texture):
    clip = texture((3, frames, 16, 16), 0)
    assert order_of(forge("time_reversed", clip, 1.0, 0)[0], clip) == order


@pytest.mark.parametrize("frames", [5, 8, 16])
@pytest.mark.parametrize("seed", SEEDS)
def test_time_repeated_spreads_a_loop_from_the_mid_frame(frames, seed, texture):
    clip = texture((3, frames, 16, 16), 0)
    loop = order_of(forge("time_repeated", clip, 1.0, seed)[0], clip)
    stretch = sorted(set(loop))
    assert stretch == list(range(frames // 2 - len(stretch), frames // 2)) and 2 <= len(stretch)
    assert all(loop[t] == loop[t - len(stretch)] for t in range(len(stretch), frames))
    before = set()
    for strength in (0.01, 0.3, 0.6, 1.0):
        forged, mask = forge("time_repeated", clip, strength, seed)
        order = order_of(forged, clip)
        replaced = {t for t in range(frames) if order[t] != t}
        assert mask.amin((1, 2)).tolist() == mask.amax((1, 2)).tolist() == [t in replaced for t in range(frames)]
        assert all(order[t] == loop[t] for t in replaced) and before <= replaced and frames // 2 in replaced
        assert 0 <= len(replaced) - strength * (frames - len(stretch)) < 1
        together = sorted(replaced | set(stretch))
        assert together == list(range(together[0], together[-1] + 1))
        before = replaced


def test_time_repeated_knows_short_and_long_loops(texture):
    clip = texture((3, 16, 8, 8), 0)
    lengths = {len(set(order_of(forge("time_repeated", clip, 1.0, seed)[0], clip))) for seed in range(60)}
    assert lengths == set(range(2, 9))


@pytest.mark.parametrize("frames, order", [(1, [0]), (2, [0, 0]), (3, [0, 0, 0])])
def test_time_repeated_in_short_clips(frames, order, texture):
    clip = texture((3, frames, 16, 16), 0)
    assert order_of(forge("time_repeated", clip, 1.0, 0)[0], clip) == order
