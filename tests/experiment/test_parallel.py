import threading

import pytest
import torch

from tad.experiment.parallel import in_order, one_core_each


def test_results_come_in_order_from_several_threads():
    seen, both = set(), threading.Barrier(2, timeout=30)

    def work(x):
        if x < 2:
            both.wait()  # two pieces must be under way at once, or this breaks
        seen.add(threading.get_ident())
        return x * x

    assert list(in_order(work, range(20), workers=2)) == [x * x for x in range(20)]
    assert len(seen) == 2


def test_few_results_are_made_ahead():
    taken = []
    results = in_order(lambda x: x, (taken.append(i) or i for i in range(100)), workers=2)
    assert next(results) == 0 and len(taken) <= 6


def test_an_error_comes_out():
    def work(x):
        if x == 3:
            raise ValueError("three")
        return x

    results = in_order(work, range(100), workers=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)


def test_the_number_of_threads_is_put_back():
    before = torch.get_num_threads()
    with pytest.raises(KeyError), one_core_each():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == before
