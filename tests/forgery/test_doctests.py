import doctest
import importlib
import pkgutil

import pytest

from tad import forgery

MODULES = [module.name for module in pkgutil.walk_packages(forgery.__path__, "tad.forgery.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    assert sum(bool(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name))) >= 9
