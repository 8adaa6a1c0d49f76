import doctest
import importlib
import pkgutil

import pytest

ROOMS = ("model", "data", "report", "training", "scoring", "explain", "experiment")


def _modules(room):
    package = importlib.import_module(f"tad.{room}")
    return [package.__name__, *(module.name for module in pkgutil.walk_packages(package.__path__, f"tad.{room}."))]


@pytest.mark.parametrize("room", ROOMS)
def test_examples_run(room):
    for name in _modules(room):
        assert doctest.testmod(importlib.import_module(name)).failed == 0, name


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for room in ROOMS for name in _modules(room)]
    assert sum(bool(test.examples) for module in modules for test in finder.find(module)) >= 9
