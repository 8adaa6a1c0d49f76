"""Where the videos of a manifest may lie, so that a stranger's table cannot name a file of yours elsewhere.

With links resolved, each must lie under the manifest's folder, under the project, or under a folder that you named:
a line of `data/roots.txt` in the project, which `tad data index` adds for the data set that it was told to index.
"""

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

ROOTS = Path("data") / "roots.txt"  # from the project's root


def named_roots(project: Path) -> list[Path]:
    """The folders that the user named, resolved; none without the file."""
    file = project / ROOTS
    lines = file.read_text().splitlines() if file.is_file() else []
    return [Path(line).expanduser().resolve() for line in map(str.strip, lines) if line and not line.startswith("#")]


def name_root(folder: str | Path, project: Path, manifest: str | Path) -> Path | None:
    """Add a folder to those that the user named, unless a manifest may name what is in it anyway.

    Args:
        folder: where footage lies.
        project: the project's root.
        manifest: the table that names it.

    Returns:
        The file that names it now; None where that was not needed.
    """
    folder, beside = Path(folder).expanduser().resolve(), Path(manifest).expanduser().resolve().parent
    if _below(str(folder), [project.resolve(), beside, *named_roots(project)]):
        return None
    file = project / ROOTS
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "a") as lines:
        lines.write(f"{folder}\n")
    return file


def contained(paths: Iterable[str], folder: Path, project: Path) -> list[str]:
    """The absolute paths that a table's paths mean.

    Args:
        paths: relative to `folder`, or absolute.
        folder: the table's.
        project: the project's root.

    Raises:
        ValueError: one leads, links resolved, to where no footage may lie.
    """
    folder = folder.resolve()
    roots = [folder, project.resolve(), *named_roots(project)]
    real = lru_cache(None)(os.path.realpath)  # a folder holds many videos
    out = []
    for path in paths:
        full = os.path.join(folder, path)
        name = os.path.basename(full)
        seen = os.path.join(real(os.path.dirname(full)), name) if name not in ("", ".", "..") else full
        if name in ("", ".", "..") or os.path.islink(seen):
            seen = os.path.realpath(full)
        if not _below(seen, roots):
            raise ValueError(
                f"a manifest's videos must lie in its folder, in the project or in a folder named in "
                f"{project / ROOTS}; got {path}" + ("" if seen == path else f", which is {seen}")
            )
        out.append(full)
    return out


def _below(path: str, roots: list[Path]) -> bool:
    return any(path == str(root) or path.startswith(f"{str(root).rstrip(os.sep)}{os.sep}") for root in roots)
