"""Independent pieces of work, one core each: a small network and a small clip cannot keep two cores busy together."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import cv2
import torch

In, Out = TypeVar("In"), TypeVar("Out")


@contextmanager
def one_core_each() -> Iterator[None]:
    """Have torch and OpenCV use one thread in each thread of Python's, for as long as this lasts."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def in_order(function: Callable[[In], Out], items: Iterable[In], workers: int = 0) -> Iterator[Out]:
    """Apply a function to items on all cores; results come in the items' order, few of them ahead of their time.

    Args:
        function: must be safe to call from several threads; what it raises is raised here.
        items: in any number.
        workers: threads; as many as cores when 0.

    Example:
        >>> list(in_order(lambda x: x * x, range(5), workers=2))
        [0, 1, 4, 9, 16]
    """
    workers = workers or len(os.sched_getaffinity(0))
    with one_core_each(), ThreadPoolExecutor(workers) as pool:
        waiting = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
