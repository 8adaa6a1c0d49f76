"""What a table of videos holds: counts, seconds, sizes, codecs, and a frame of each of some videos."""

from collections import Counter

import pandas as pd
from torch import Tensor
from tqdm.auto import tqdm

from tad.data.codec import DecodeError, decode, probe

NUMBERS = ["videos", "groups", "seconds", "sizes", "codecs", "unreadable"]


def describe(table: pd.DataFrame) -> pd.DataFrame:
    """Count what a table holds, by split and label.

    Args:
        table: with path, split, label and group, as `read_manifest` gives it.

    Returns:
        A row each split and label: `videos` and `groups` counted; `seconds`, `sizes` as "WxH (n)" in px and `codecs`
        as their containers say, the most frequent first; `unreadable` files by reason, which count as videos only.
    """
    order = {"train": 0, "val": 1, "test": 2}
    rows = [
        {"split": split, "label": label, **_numbers(part)} for (split, label), part in table.groupby(["split", "label"])
    ]
    rows.sort(key=lambda row: (order.get(row["split"], 3), row["label"] != "real", row["label"]))
    return pd.DataFrame(rows, columns=["split", "label", *NUMBERS])


def _numbers(part: pd.DataFrame) -> dict:
    infos, reasons = [], []
    for path in tqdm(part["path"], desc="reading containers", unit="video"):
        try:
            infos.append(probe(path))
        except DecodeError as error:
            reasons.append(str(error))
    sizes, codecs = [f"{info.width}x{info.height}" for info in infos], [info.codec for info in infos]
    seconds = round(sum(info.duration_s for info in infos), 1)
    counts = [len(part), part["group"].nunique(), seconds, _counted(sizes), _counted(codecs), _counted(reasons)]
    return dict(zip(NUMBERS, counts, strict=True))


def _counted(words: list[str]) -> str:
    ranked = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{word} ({n})" for word, n in ranked)


def samples(table: pd.DataFrame, most: int) -> list[tuple[str, Tensor]]:
    """Show what some videos look like.

    Args:
        table: with path and, as `read_manifest` gives them, video and crop.
        most: how many videos at most, spread evenly over the table; those that cannot be decoded are left out, and
            `describe` counts them.

    Returns:
        Name and first frame of each, uint8 RGB (3, H, W).
    """
    if most < 1:
        raise ValueError(f"a number of samples must be at least 1; got {most}")
    count = min(most, len(table))
    chosen = table.iloc[[i * len(table) // count for i in range(count)]]
    found = []
    for row in chosen.to_dict("records"):
        try:
            _, frame = next(decode(row["path"], row.get("crop") or None))
        except DecodeError:
            continue
        found.append((str(row.get("video", row["path"])), frame))
    return found
