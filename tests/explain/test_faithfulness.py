import pytest
import torch

from tad.explain import Remembered, blurred, cells, deletion_area, deletion_curve, infidelity, pooled, spread
from tad.explain.faithfulness import SHARES


class Counting:
    """Counts what it scores: the mean square of the clip."""

    def __init__(self):
        self.clips = 0

    def score(self, clips):
        self.clips += len(clips)
        return clips.square().mean((1, 2, 3, 4))


def heat_at(place, grid):
    return spread(torch.eye(32)[place], (4, 32, 32), grid)


def start():
    return torch.Generator().manual_seed(0)


def test_a_clip_is_scored_once(video):
    detector = Counting()
    score = Remembered(detector, batch=2)
    first = score(torch.cat([video, video[:1]]))
    assert detector.clips == 2 and first[0] == first[2] != first[1]
    assert torch.equal(score(video), first[:2]) and detector.clips == 2
    torch.testing.assert_close(first[:2], detector.score(video))


def test_the_hottest_cells_go_first(checked, grid, generator):
    """Against cells blurred one by one in the order of their heat."""
    values = torch.rand(32, generator=generator)
    found = deletion_curve(Remembered(Counting()), checked, spread(values, (4, 32, 32), grid), start(), grid)
    soft, number, slow = blurred(checked[None])[0], cells((4, 32, 32), grid), [checked.square().mean()]
    for share in SHARES:
        gone = values.argsort(descending=True)[: max(1, round(share * 32))]
        slow.append(torch.where(torch.isin(number, gone), soft, checked).square().mean())
    torch.testing.assert_close(found, torch.stack(slow))


def test_deletion_prefers_the_map_that_points_at_what_is_read(one_tubelet, checked, grid, place):
    score = Remembered(one_tubelet)
    curve = lambda heat: deletion_curve(score, checked, heat, start(), grid)  # noqa: E731
    reference = curve(torch.rand(4, 32, 32, generator=start()))
    right, wrong = (deletion_area(curve(heat_at(p, grid)), reference) for p in (place[0], 0))
    # the score is gone from the first point on, to which it falls in a straight line
    assert right == pytest.approx(-(1 - SHARES[0] / 2), abs=1e-4) and wrong > right + 0.1


def test_no_area_where_nothing_moves():
    assert deletion_area(torch.ones(5), torch.ones(5)) != deletion_area(torch.ones(5), torch.ones(5))  # NaN


def test_infidelity_is_nothing_for_the_truth_and_one_for_a_map_that_explains_nothing(one_tubelet, checked, grid, place):
    score = Remembered(one_tubelet)
    measure = lambda heat: infidelity(score, checked, heat, start(), 24, grid)  # noqa: E731
    assert measure(heat_at(place[0], grid)) == pytest.approx(0, abs=1e-5)
    assert measure(7 * heat_at(place[0], grid)) == pytest.approx(0, abs=1e-5)  # whatever its unit
    assert measure(torch.zeros(4, 32, 32)) == 1
    assert 0.3 < measure(heat_at(0, grid)) <= 1


def test_infidelity_against_its_definition(video, grid, generator):
    """The same draws, blurred one by one, and the least-squares scale by hand."""
    clip, heat = video[0], torch.randn(4, 32, 32, generator=generator)
    found = infidelity(Remembered(Counting()), clip, heat, start(), 16, grid)
    draw = start()
    shares = 0.5 * torch.rand(16, 1, generator=draw)
    gone = torch.rand(16, 32, generator=draw) < shares
    number, soft = cells((4, 32, 32), grid), blurred(clip[None])[0]
    said = gone.float() @ pooled(heat, grid)
    lost = [clip.square().mean() - torch.where(torch.isin(number, row.nonzero()), soft, clip).square().mean()
            for row in gone]  # fmt: skip
    lost = torch.stack(lost)
    scale = (said * lost).sum() / said.square().sum()
    assert found == pytest.approx(((scale * said - lost).square().sum() / lost.square().sum()).item(), abs=1e-3)


def test_infidelity_says_nothing_of_a_score_that_never_changes(checked, grid):
    class Constant:
        def score(self, clips):
            return torch.zeros(len(clips))

    found = infidelity(Remembered(Constant()), checked, torch.rand(4, 32, 32), start(), 4, grid)
    assert found != found
