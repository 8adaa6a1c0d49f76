"""The table of videos of an experiment."""

import hashlib
import re
from pathlib import Path

import pandas as pd

from tad import checks
from tad.data.roots import contained

REQUIRED = ("path", "label", "split", "group")
COLUMNS = (
    "path", "sha256", "label", "dataset", "method", "split", "group", "crop",
    "fps", "width", "height", "face", "source", "licence", "compression", "strength",
)  # fmt: skip
LABELS = ("real", "fake", "unknown")
SPLITS = ("train", "val", "test")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")  # also what turns text around


def project_root() -> Path:
    """The folder of the project: the nearest one above the working folder, or above this file, with `data/demo`."""
    here = Path.cwd()
    for folder in [here, *here.parents, *Path(__file__).resolve().parents]:
        if (folder / "data" / "demo" / "manifest.csv").is_file():
            return folder
    return here


def resolve(path: str | Path) -> Path:
    """A path as given where it exists, else the same path from the project's root."""
    checks.path("path", path)
    path = Path(path).expanduser()
    return path if path.is_absolute() or path.exists() else project_root() / path


def read_manifest(path: str | Path, check_groups: bool = True) -> pd.DataFrame:
    """Read and check a manifest.

    Args:
        path: a CSV with at least the columns path, label, split and group; paths are relative to its folder, and
            must lie where footage may (see `tad.data.roots`).
        check_groups: whether to refuse a group on two sides; an audit reports it instead.

    Returns:
        One row a video, with every column of `COLUMNS` and `video`, which names it everywhere: the path as written, or
        what a column of that name says, so that a video keeps its name and its draws in another folder's table; `path`
        is absolute, `crop` a box of four integers (top, bottom, left, right, px) or None.

    Raises:
        ValueError: a column or a value is not as it must be, or a group stands on two sides of a split.
    """
    checks.path("a manifest", path)
    file = resolve(path)
    if not file.is_file():
        raise ValueError(f"a manifest must be a file; got {path}")
    table = read_table(file)
    missing = [name for name in REQUIRED if name not in table]
    if missing:
        raise ValueError(f"a manifest needs the columns {', '.join(REQUIRED)}; {path} lacks {', '.join(missing)}")
    named = table.get("video", table["path"])
    table = table.reindex(columns=[*COLUMNS], fill_value="")
    check_manifest(table, check_groups)
    table["video"] = named.where(named.ne(""), table["path"])
    if twice := table.loc[table["video"].duplicated(), "video"].tolist():
        raise ValueError(f"a video may be named once; got twice: {', '.join(twice[:5])}")
    table["path"] = contained(table["path"], file.resolve().parent, project_root())
    table["crop"] = [_parse_crop(c) for c in table["crop"]]
    return table


def read_table(file: Path, **how) -> pd.DataFrame:
    """Read a CSV as text.

    Raises:
        ValueError: it is none.
    """
    try:
        return pd.read_csv(file, dtype=str, keep_default_na=False, **how)
    except (UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise ValueError(f"a table must be a CSV in UTF-8 with a row of names; got {file}: {error}") from error


def check_manifest(table: pd.DataFrame, check_groups: bool = True):
    """Raise ValueError unless labels and splits are known, paths unique and groups on one side of the split."""
    if table.empty:
        raise ValueError("a manifest needs at least one video; got none")
    for column, allowed in (("label", LABELS), ("split", SPLITS)):
        wrong = sorted(set(table[column]) - set(allowed))
        if wrong:
            raise ValueError(f"{column} must be one of {', '.join(allowed)}; got {', '.join(map(repr, wrong))}")
    for column in ("path", "group"):
        if (table[column] == "").any():
            raise ValueError(f"every video needs a {column}; row {int((table[column] == '').argmax()) + 2} has none")
    for column in table.columns.intersection(COLUMNS):  # they would act on a terminal
        if (first := _control(table[column])) is not None:
            told = f"row {first + 2} has {column} {table[column].iloc[first]!r}"
            raise ValueError(f"a manifest may hold no control characters; {told}")
    twice = table.loc[table["path"].duplicated(), "path"].tolist()
    if twice:
        raise ValueError(f"a video may be listed once; got twice: {', '.join(twice[:5])}")
    if check_groups and (torn := torn_groups(table)):
        raise ValueError(f"a group must stand on one side of the split; got {'; '.join(torn[:5])}")


def _control(cells: pd.Series) -> int | None:
    """The first row whose text holds a control character; looked for in all at once, which is soon done."""
    if not CONTROL.search("".join(map(str, cells.unique().tolist()))):
        return None
    return next(row for row, cell in enumerate(cells) if CONTROL.search(str(cell)))


def torn_groups(table: pd.DataFrame) -> list[str]:
    """The groups that stand on two sides of the split, each with its sides.

    Args:
        table: rows of `read_manifest`.
    """
    checks.table("table", table, ("group", "split"))
    pairs = table[["group", "split"]].drop_duplicates().sort_values("split")
    sides = pairs[pairs["group"].duplicated(keep=False)].groupby("group")["split"].agg(list)
    return [f"{group} ({', '.join(s)})" for group, s in sides.items()]


def check_one_class(table: pd.DataFrame):
    """Raise ValueError if a training or validation video is not labelled real: this is one-class learning.

    Args:
        table: rows of `read_manifest`.
    """
    checks.table("table", table, ("path", "label", "split"))
    used = table[table["split"].isin(["train", "val"])]
    wrong = used.loc[used["label"] != "real", "path"].tolist()
    if wrong:
        raise ValueError(
            f"training and validation videos must be labelled real; got {len(wrong)} that are not, first {wrong[0]}"
        )


def for_one_class(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Leave out what one-class training refuses, and nothing of the test split.

    Args:
        table: rows of `read_manifest`.

    Returns:
        The rest, and how many videos were left out for which reason: fakes in training or validation, and videos there
        of groups that stand in test, or in validation for those of training.
    """
    checks.table("table", table, ("label", "split", "group"))
    fake = table["split"].isin(["train", "val"]) & (table["label"] != "real")
    kept, left_out = table[~fake], {"not real, in train or val": int(fake.sum())}
    for side, other in (("train", "test"), ("val", "test"), ("train", "val")):
        torn = (kept["split"] == side) & kept["group"].isin(kept.loc[kept["split"] == other, "group"])
        kept, left_out[f"in {side}, of a group that stands in {other}"] = kept[~torn], int(torn.sum())
    return kept, left_out


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal digits.

    Args:
        path: the file, read in pieces.
    """
    checks.path("path", path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parse_crop(text: str) -> tuple[int, int, int, int] | None:
    if not text:
        return None
    parts = text.split()
    if len(parts) != 4 or not all(p.isdigit() for p in parts):
        raise ValueError(f"crop must be four whole numbers, top bottom left right; got {text!r}")
    top, bottom, left, right = map(int, parts)
    if top >= bottom or left >= right:
        raise ValueError(f"crop must have top < bottom and left < right; got {text!r}")
    return top, bottom, left, right
