import pytest

from tad.data import EachOnce
from tad.data.sampling import PADDING


@pytest.mark.parametrize("items", [1, 7, 8, 9, 23])
@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("seed", [None, 5])
def test_an_epoch_has_every_item_exactly_once_over_all_processes(items, processes, seed):
    shares = [EachOnce(items, 2, seed=seed, rank=rank, processes=processes) for rank in range(processes)]
    drawn = [list(share) for share in shares]
    assert len({len(d) for d in drawn}) == 1 and {len(share) for share in shares} == {len(drawn[0])}
    named = [index for share in drawn for _, index in share]
    assert sorted(i for i in named if i != PADDING) == list(range(items))
    assert named.count(PADDING) == len(drawn[0]) * processes - items < processes


def test_processes_together_draw_the_batches_of_one():
    whole = [index for _, index in EachOnce(23, 4, seed=1)]
    halves = [[index for _, index in EachOnce(23, 2, seed=1, rank=rank, processes=2)] for rank in (0, 1)]
    for k in range(5):
        together = {i for half in halves for i in half[2 * k : 2 * k + 2]}
        assert together == set(whole[4 * k : 4 * k + 4])


def test_order_depends_on_seed_and_epoch_alone():
    one, same, other = (EachOnce(50, 4, seed=seed) for seed in (1, 1, 2))
    first = list(one)
    assert list(same) == first != list(other)
    one.epoch = 1
    assert [i for _, i in one] != [i for _, i in first] and {e for e, _ in one} == {1}
    assert [i for _, i in EachOnce(50, 4)] == list(range(50))


@pytest.mark.parametrize("done", [0, 1, 5, 6, 7, 13])
def test_an_epoch_is_entered_at_any_batch(done):
    whole = EachOnce(23, 4, seed=3)
    stream = []
    for epoch in range(3):
        whole.epoch = epoch
        drawn = list(whole)
        stream += [drawn[i : i + 4] for i in range(0, len(drawn), 4)]
    entered = EachOnce(23, 4, seed=3)
    entered.enter(done)
    rest = list(entered)
    end = whole.batches * (1 + done // whole.batches)
    assert [rest[i : i + 4] for i in range(0, len(rest), 4)] == stream[done:end]
    entered.epoch += 1  # the next epoch is whole again
    assert len(list(entered)) == 23
