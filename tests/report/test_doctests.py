import doctest
import importlib
import pkgutil

import pytest

import tad.report

MODULES = [module.name for module in pkgutil.walk_packages(tad.report.__path__, "tad.report.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
