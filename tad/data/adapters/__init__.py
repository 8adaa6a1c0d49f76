"""Public data sets as they lie on disk after their official download, turned into manifests: one file a data set."""

from inspect import signature
from pathlib import Path

from tad.data.adapters import celebdf, deeperforensics, dfdc, faceforensics, fakeavceleb, folder, genvideo, webvid
from tad.data.adapters.base import Adapter, Index, write_manifest

ADAPTERS: dict[str, Adapter] = {
    adapter.name: adapter
    for adapter in (
        faceforensics.ADAPTER,
        celebdf.V2,
        celebdf.PLUS,
        dfdc.FULL,
        dfdc.PREVIEW,
        deeperforensics.ADAPTER,
        fakeavceleb.ADAPTER,
        genvideo.ADAPTER,
        webvid.ADAPTER,
        folder.ADAPTER,
    )
}


def index(dataset: str, root: str | Path, **options: str) -> Index:
    """Find the videos of a data set, with their labels, methods, splits and groups, and what is missing of them.

    Args:
        dataset: a name of `ADAPTERS`.
        root: its folder.
        options: those of the adapter's `read`.

    Raises:
        ValueError: no such data set or option, or the folder does not look like it.
    """
    if dataset not in ADAPTERS:
        raise ValueError(f"a data set must be one of {', '.join(ADAPTERS)}; got {dataset!r}")
    read = ADAPTERS[dataset].read
    known = [name for name in signature(read).parameters if name != "root"]
    if unknown := sorted(set(options) - set(known)):
        raise ValueError(f"{dataset} takes {', '.join(known) or 'no options'}; got {', '.join(unknown)}")
    return read(root, **options)


__all__ = ["ADAPTERS", "Adapter", "Index", "index", "write_manifest"]
