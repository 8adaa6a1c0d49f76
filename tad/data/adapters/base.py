"""What adapters share: a folder looked up without regard to case, the rows found there, the manifest they become."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd

from tad.data.manifest import COLUMNS

VIDEO = {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"}


@dataclass(frozen=True)
class Adapter:
    """A data set that can be indexed."""

    name: str  # on the command line
    title: str
    page: str  # of its owners
    terms: str  # who may use it and how it is asked for
    read: Callable[..., "Index"]  # takes the root and the adapter's own options


@dataclass
class Index:
    """What was found of a data set."""

    table: pd.DataFrame  # the columns of a manifest, `path` absolute
    missing: list[str]  # what should be there and is not, such as "DFDC part 3: abc.mp4"
    unlisted: list[str] = field(default_factory=list)  # videos that no list of the owners names, left out


class Found:
    """Rows of a data set as they are found, and the names of those that are not."""

    def __init__(self, title: str, dataset: str):
        self.title, self.dataset = title, dataset
        self.rows: list[dict] = []
        self.missing: list[str] = []
        self.unlisted: list[str] = []

    def add(self, path: Path | None, where: str = "", **facts: str):
        """A row of a file with its label, method, split and group; `where` names the file if it is not there."""
        if path is None:
            self.lack(where)
        else:
            self.rows.append({"path": os.path.abspath(path), "dataset": self.dataset, **facts})

    def lack(self, where: str):
        """Something is not there."""
        self.missing.append(f"{self.title} {where}")

    def count(self, where: str, got: int, expected: int):
        """Fewer files than the owners state, where no list of theirs names them."""
        if got < expected:
            self.lack(f"{where}: {expected - got} of {expected} videos, named by no list")

    def leave(self, videos: Iterable[Path]):
        """Videos that are there; those that are no rows stand in no list of the owners."""
        rows = {row["path"] for row in self.rows}
        self.unlisted += [path for path in map(os.path.abspath, videos) if path not in rows]

    def index(self) -> Index:
        """The rows as a table.

        Raises:
            ValueError: there is none.
        """
        if not self.rows:
            told = f"{len(self.missing)} missing, first {self.missing[0]}" if self.missing else "none at all"
            raise ValueError(f"{self.title} must have videos; got {told}")
        table = pd.DataFrame(self.rows).reindex(columns=[*COLUMNS]).fillna("")
        return Index(table, self.missing, self.unlisted)


class Tree:
    """A folder whose names are looked up without regard to case, the exact name first.

    Args:
        root: the folder.
        title: of the data set it should hold.
        needs: paths without which it is not that data set.

    Raises:
        ValueError: not a folder, or one of those paths is not there.
    """

    def __init__(self, root: str | Path, title: str, *needs: str):
        self.root = Path(root).expanduser()
        self._names: dict[Path, dict[str, Path]] = {}
        lacks = [name for name in needs if self.find(name) is None]
        if not self.root.is_dir() or lacks:
            told = f" with {', '.join(needs)}; {root} lacks {', '.join(lacks)}" if needs else f"; got {root}"
            raise ValueError(f"{title} must be a folder{told}")

    def _inside(self, folder: Path) -> dict[str, Path]:
        if folder not in self._names:
            paths = sorted(folder.iterdir()) if folder.is_dir() else []
            self._names[folder] = {p.name.casefold(): p for p in paths} | {p.name: p for p in paths}
        return self._names[folder]

    def find(self, name: str | PurePosixPath) -> Path | None:
        """A file or folder by its path from the root, or None."""
        path = self.root
        for part in PurePosixPath(name).parts:
            inside = self._inside(path)
            path = inside.get(part) or inside.get(part.casefold())
            if path is None:
                return None
        return path

    def read(self, name: str) -> str:
        """The text of a file that is there."""
        return self.find(name).read_text(encoding="utf-8-sig")

    def relative(self, path: Path) -> PurePosixPath:
        """A path as seen from the root."""
        return PurePosixPath(path.relative_to(self.root).as_posix())

    def walk(self, name: str = "") -> Iterator[Path]:
        """Every file below a folder, in order of their paths; names that begin with a dot are left out."""
        for path in sorted(set(self._inside(self.find(name) or self.root / name).values())):
            if not path.name.startswith("."):
                yield from self.walk(str(self.relative(path))) if path.is_dir() else [path]

    def videos(self, name: str = "") -> list[Path]:
        """Every video below a folder; a folder that is not there has none."""
        return [path for path in self.walk(name) if path.suffix.lower() in VIDEO]


def side(group: str, val: float = 0.1, test: float = 0.1) -> str:
    """The side of a group where the owners give no split: by the SHA-256 of its name, so that it never changes.

    Args:
        group: its name.
        val: share of the groups that validate, in [0, 1].
        test: share of the groups that test, in [0, 1].

    >>> side("id00076"), side("id00076", val=0, test=1)
    ('train', 'test')
    """
    place = int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 2**32
    return "val" if place < val else "test" if place < val + test else "train"


def write_manifest(table: pd.DataFrame, out: str | Path) -> Path:
    """Write a table as a manifest.

    Args:
        table: as in `Index`; `path` absolute.
        out: the CSV; paths are written relative to its folder, absolute where they lie on another drive.

    Returns:
        The CSV.
    """
    out = Path(out).expanduser()
    out.parent.mkdir(parents=True, exist_ok=True)
    paths = [_relative(path, out.parent.resolve()) for path in table["path"]]
    table.reindex(columns=[*COLUMNS], fill_value="").assign(path=paths).to_csv(out, index=False)
    return out


def _relative(path: str, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # Windows: there is no way from one drive to another
        return path
