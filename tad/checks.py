"""What every room asks of what comes through its door: each check refuses in a sentence with the rule and the value."""

import math
import os
from collections.abc import Collection
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

LONGEST = 80  # characters of a value in a message


def shown(value: object) -> str:
    """Write a value in a few words: arrays and tables by type and shape, others as Python does, cut short.

    Example:
        >>> shown(torch.zeros(2, 3)), shown(None)
        ('float32 (2, 3)', 'None')
    """
    if isinstance(value, Tensor | np.ndarray):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    if hasattr(value, "columns"):
        return f"a table of {len(value)} x {len(value.columns)}"
    text = repr(value).replace("\n", " ")
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def check(fits: bool, rule: str, value: object) -> None:
    """Refuse a value that does not fit its rule."""
    if not fits:
        raise ValueError(f"{rule}; got {shown(value)}")


def of_kind(name: str, value: object, kind: type, told: str) -> None:
    """Refuse what is not of a kind, told in words."""
    check(isinstance(value, kind), f"{name} must be {told}", value)


def number(name: str, value: object, least: float = -math.inf, most: float = math.inf, above: bool = False) -> None:
    """Refuse what is not a finite number from `least` to `most`; `above` leaves out the least itself."""
    rule = f"{name} must be a number"
    if most < math.inf:
        rule = f"{name} must lie in {'(' if above else '['}{least:g}, {most:g}]"
    elif least > -math.inf:
        rule += f" above {least:g}" if above else f" of {least:g} or more"
    good = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    check(good and least <= value <= most and not (above and value == least), rule, value)


def whole(name: str, value: object, least: int = 0) -> None:
    """Refuse what is not a whole number of `least` or more."""
    good = isinstance(value, Integral) and not isinstance(value, bool) and value >= least
    check(good, f"{name} must be a whole number of {least} or more", value)


def sizes(name: str, value: object, count: int, least: int = 1) -> None:
    """Refuse what is not so many whole numbers of `least` or more."""
    good = isinstance(value, tuple | list | torch.Size) and len(value) == count
    good = good and all(isinstance(n, Integral) and not isinstance(n, bool) and n >= least for n in value)
    check(good, f"{name} must be {count} whole numbers of {least} or more", value)


def texts(name: str, value: object) -> None:
    """Refuse what is not a list of texts, at least one."""
    good = isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(text, str) for text in value)
    check(good, f"{name} must be a list of texts, one or more", value)


def one_of(name: str, value: object, known: Collection[str]) -> None:
    """Refuse what is none of the known names."""
    check(isinstance(value, str) and value in known, f"{name} must be one of {', '.join(known)}", value)


def path(name: str, value: object) -> None:
    """Refuse what names no place on the disk; whether something is there is another question."""
    check(isinstance(value, str | os.PathLike) and str(value) not in ("", "."), f"{name} must be a path", value)


def generator(value: object) -> None:
    """Refuse what is not a source of draws on the CPU."""
    good = isinstance(value, torch.Generator) and value.device.type == "cpu"
    check(good, "generator must be a torch.Generator on the CPU", value)


def tensor(name: str, value: object, shape: str, dtype: torch.dtype | None = None) -> None:
    """Refuse what is not a tensor of a type and a shape, with at least one number in it.

    Args:
        name: of the argument.
        value: what came.
        shape: letters and sizes, as "T 3 H W"; where it begins with "...", any axes may stand before the others.
        dtype: a type; any of floats when None.

    Example:
        >>> tensor("frames", torch.zeros(2, 3, 8, 8), "T 3 H W")
    """
    sizes = shape.split()
    if not (isinstance(value, Tensor) and _is_of(value.dtype, dtype) and value.numel() and _fits(value.shape, sizes)):
        told = "floating-point" if dtype is None else str(dtype).removeprefix("torch.")
        raise ValueError(f"{name} must be {told} ({', '.join(sizes)}); got {shown(value)}")


def _is_of(found: torch.dtype, dtype: torch.dtype | None) -> bool:
    return found.is_floating_point if dtype is None else found == dtype


def _fits(found: torch.Size, sizes: list[str]) -> bool:
    if sizes[0] == "...":
        sizes = sizes[1:]
        found = found[-len(sizes) :]
    return len(found) == len(sizes) and all(not n.isdigit() or int(n) == side for n, side in zip(sizes, found))  # noqa: B905 as long


def clip(name: str, value: object) -> None:
    """Refuse what is not a clip: float32 (3, T, H, W), finite, in [-1, 1]."""
    tensor(name, value, "3 T H W", torch.float32)
    in_range(name, value)


def in_range(name: str, value: Tensor) -> None:
    """Refuse numbers outside [-1, 1], NaN among them."""
    low, high = (bound.item() for bound in value.aminmax())
    if not (-1 <= low and high <= 1):  # written so that NaN fails too
        raise ValueError(f"{name} must be finite and lie in [-1, 1]; got values from {low:.3g} to {high:.3g}")


def finite(name: str, value: Tensor | np.ndarray) -> None:
    """Refuse NaN and infinity."""
    if isinstance(value, Tensor) and value.numel() and value.is_floating_point():
        if all(bound.isfinite() for bound in value.aminmax()):  # either is NaN where one is; nothing is allocated
            return
    bad = ~(value.isfinite() if isinstance(value, Tensor) else np.isfinite(value))
    if bad.any():
        raise ValueError(f"{name} must be finite; got {int(bad.sum())} values that are not")


def numbers(name: str, value: object, least: float = -math.inf, most: float = math.inf) -> np.ndarray:
    """Make finite numbers from `least` to `most` into an array (N,), or refuse them."""
    try:
        found = np.asarray(value, float)
    except (ValueError, TypeError):
        found = np.empty(())
    good = found.ndim == 1 and found.size and np.isfinite(found).all() and least <= found.min() <= found.max() <= most
    bounds = f" in [{least:g}, {most:g}]" if most < math.inf else ""
    check(bool(good), f"{name} must be a row of finite numbers{bounds}", value)
    return found


def table(name: str, value: object, columns: Collection[str] = ()) -> None:
    """Refuse what is not a table with some columns."""
    import pandas as pd  # forgeries, which take no tables, do without

    of_kind(name, value, pd.DataFrame, "a pandas.DataFrame")
    if missing := [column for column in columns if column not in value.columns]:
        raise ValueError(f"{name} must have the columns {list(columns)}; got none named {missing}")


def rows(name: str, value: object, columns: Collection[str] = ()) -> None:
    """Refuse what is not a table with some columns and a row or more."""
    table(name, value, columns)
    check(len(value) > 0, f"{name} must hold a row or more", value)


def picture(name: str, value: object) -> None:
    """Refuse what is not an array (H, W, 3), uint8 or numbers in [0, 1]."""
    good = isinstance(value, np.ndarray) and value.ndim == 3 and value.shape[2] == 3 and value.size
    check(bool(good) and value.dtype.kind in "uif", f"{name} must be (H, W, 3), uint8 or in [0, 1]", value)
    if value.dtype != np.uint8:
        _share(name, value)


def plane(name: str, value: object) -> None:
    """Refuse what is not an array (H, W), of numbers in [0, 1] or of truths."""
    good = isinstance(value, np.ndarray) and value.ndim == 2 and value.size
    check(bool(good) and value.dtype.kind in "buif", f"{name} must be (H, W), in [0, 1]", value)
    _share(name, value)


def _share(name: str, value: np.ndarray) -> None:
    """Refuse numbers outside [0, 1] by more than a rounding, NaN among them."""
    low, high = value.min(), value.max()
    if not (low >= -1e-6 and high <= 1 + 1e-6):
        raise ValueError(f"{name} must be finite and lie in [0, 1]; got values from {low:.3g} to {high:.3g}")
