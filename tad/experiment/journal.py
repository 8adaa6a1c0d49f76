"""Rows as they are finished, on disk at once: what is killed at any moment loses none, and goes on behind the last."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from tad.experiment.held import Held


class Journal:
    """A file of JSON lines: what the rows depend on, then a row a line, by its key.

    Only where each row begins is kept in memory. A last line that was cut off is taken out.
    """

    def __init__(self, path: str | Path, settings: dict):
        """Begin the journal, or go on in it.

        Args:
            path: the file; one process at a time has it.
            settings: what every row depends on, JSON.

        Raises:
            ValueError: the file holds rows that were made with other settings, or another process has it.
        """
        self.path, self.places = Path(path), {}
        self.file = open(path, "a+b")
        self.held = Held(path, "command")
        self.file.seek(0)
        first = self._line()
        if first is None:
            self._append(settings)
        elif first != settings:
            other = ", ".join(sorted(k for k in first.keys() | settings.keys() if first.get(k) != settings.get(k)))
            self.close()
            raise ValueError(
                f"rows are finished as they were begun; {path} holds some made with another {other}: give the first "
                "command again, or take the file away"
            )
        place = self.file.tell()
        while (entry := self._line()) is not None:
            self.places[entry["key"]] = place
            place = self.file.tell()

    def _line(self) -> dict | None:
        """The next line, or None at the end; what follows the last whole line is taken out."""
        place, line = self.file.tell(), self.file.readline()
        if line.endswith(b"\n"):
            return json.loads(line)
        self.file.truncate(place)
        return None

    def _append(self, entry: dict):
        self.file.seek(0, os.SEEK_END)
        self.file.write(json.dumps(entry).encode() + b"\n")
        self.file.flush()

    def __contains__(self, key: str) -> bool:
        return key in self.places

    def __getitem__(self, key: str) -> dict:
        self.file.seek(self.places[key])
        return json.loads(self.file.readline())["row"]

    def add(self, key: str, row: dict):
        """Put down a finished row."""
        self.file.seek(0, os.SEEK_END)
        self.places[key] = self.file.tell()
        self._append({"key": key, "row": row})

    def rows(self, keys: list[str]) -> Iterator[dict]:
        """The rows of some keys, read one after another."""
        return (self[key] for key in keys)

    def close(self, remove: bool = False):
        """Let go of the file; with `remove` its rows are elsewhere now."""
        if remove:
            self.path.unlink()
        self.held.release()
        self.file.close()
