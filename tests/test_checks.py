"""The checks that every room shares; that each room makes them is held by tests/robustness/test_public_functions.py."""

import doctest
import re
from math import inf, nan

import numpy as np
import pandas as pd
import pytest
import torch

from tad import checks


def test_examples_run():
    assert doctest.testmod(checks).failed == 0


GOOD = [
    (checks.number, "x", 0.5), (checks.number, "x", np.float32(0.5)), (checks.number, "x", 1, 0, 1),
    (checks.whole, "x", np.int64(3)), (checks.whole, "x", 0), (checks.sizes, "x", (1, 2), 2),
    (checks.tensor, "x", torch.zeros(3, 4, 2, 2), "3 T H W"), (checks.tensor, "x", torch.zeros(2, 2), "... H W"),
    (checks.tensor, "x", torch.zeros(5, 4, 3, 2, 2), "... 3 H W"), (checks.table, "x", pd.DataFrame({"a": []}), ["a"]),
    (checks.path, "x", "file"), (checks.one_of, "x", "a", {"a": 1}), (checks.texts, "x", ["a"]),
]  # fmt: skip
BAD = [
    (checks.number, ("x", nan), "x must be a number; got nan"),
    (checks.number, ("x", True), "x must be a number; got True"),
    (checks.number, ("x", "1"), "x must be a number; got '1'"),
    (checks.number, ("x", -1, 0), "x must be a number of 0 or more; got -1"),
    (checks.number, ("x", 0, 0, inf, True), "x must be a number above 0; got 0"),
    (checks.number, ("x", 2, 0, 1), "x must lie in [0, 1]; got 2"),
    (checks.number, ("x", 0, 0, 1, True), "x must lie in (0, 1]; got 0"),
    (checks.whole, ("x", 1.0), "x must be a whole number of 0 or more; got 1.0"),
    (checks.sizes, ("x", (1, 0), 2), "x must be 2 whole numbers of 1 or more; got (1, 0)"),
    (checks.tensor, ("x", torch.zeros(2), "H W"), "x must be floating-point (H, W); got float32 (2,)"),
    (checks.tensor, ("x", torch.zeros(0, 2), "H W"), "x must be floating-point (H, W); got float32 (0, 2)"),
    (checks.tensor, ("x", np.zeros(2), "N", torch.uint8), "x must be uint8 (N); got float64 (2,)"),
    (checks.tensor, ("x", torch.zeros(2), "... H W"), "x must be floating-point (..., H, W); got float32 (2,)"),
    (checks.clip, ("x", torch.full((3, 1, 1, 1), nan)),
     "x must be finite and lie in [-1, 1]; got values from nan to nan"),
    (checks.numbers, ("x", ["a"]), "x must be a row of finite numbers; got ['a']"),
    (checks.numbers, ("x", [2.0], 0, 1), "x must be a row of finite numbers in [0, 1]; got [2.0]"),
    (checks.table, ("x", {}), "x must be a pandas.DataFrame; got {}"),
    (checks.table, ("x", pd.DataFrame(), ["a"]), "x must have the columns ['a']; got none named ['a']"),
    (checks.path, ("x", ""), "x must be a path; got ''"),
    (checks.generator, (0,), "generator must be a torch.Generator on the CPU; got 0"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "arguments"), [(row[0], row[1:]) for row in GOOD])
def test_what_fits_passes(check, arguments):
    check(*arguments)


@pytest.mark.parametrize(("check", "arguments", "told"), BAD)
def test_what_does_not_fit_is_refused(check, arguments, told):
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        check(*arguments)


def test_a_long_value_is_cut_short():
    assert len(checks.shown("a" * 1000)) == checks.LONGEST and "\n" not in checks.shown(pd.Series([1, 2]))
