"""One at a time: a folder that a process works in is held by it, for as long as it lives and no longer."""

import fcntl
import os
import time
import weakref
from pathlib import Path

PATIENCE_S = 5.0  # the kernel of a notebook outlives a killed run by up to a second


class Held:
    """A folder (or file) that no other process may hold; it is let go by `release`, or when the process ends, however.

    The system's lock on the folder itself (flock): nothing is left behind that a killed process could not take away.
    """

    def __init__(self, path: str | Path, what: str = "run"):
        """Hold it.

        Args:
            path: the folder or file, which exists.
            what: is at work there, for the message.

        Raises:
            ValueError: another process holds it.
        """
        self.fd = os.open(path, os.O_RDONLY)
        self.release = weakref.finalize(self, os.close, self.fd)
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    self.release()
                    raise ValueError(f"one {what} at a time may work in {path}; another is at it") from None
                time.sleep(0.1)
        # a forked worker that outlives this process must not hold on to it
        release = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: (held := release()) and held.release())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()
