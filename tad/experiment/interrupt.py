"""A request to end (SIGTERM, as a cluster or a sweep sends it) does what Ctrl-C does: clean up, say so, end."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ends_like_ctrl_c() -> Iterator[None]:
    """Raise `KeyboardInterrupt` on SIGTERM inside; Ctrl-C may be ignored, as it is by what a shell puts behind it."""

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
