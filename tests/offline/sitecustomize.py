"""First on a process's path, this refuses every connection but those to the machine itself, and notes who asked.

Kernels of notebooks and workers inherit the path, so that it holds for them too.
"""

import os
import sys

HERE = ("127.", "::1", "localhost", "0.0.0.0")


def _refuse(event: str, args: tuple) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) else ""  # else a socket in the file system
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host or ""
    if host and not host.startswith(HERE):
        with open(os.environ["OFFLINE_LOG"], "a") as log:
            log.write(f"{event} {host} {sys.argv[:1]}\n")
        raise OSError(f"no network: {event} {host}")


if "OFFLINE_LOG" in os.environ:
    sys.addaudithook(_refuse)
