"""What a room offers explains itself: every public name has a docstring, and that names every parameter."""

import importlib
import inspect
import re

import pytest

ROOMS = ("model", "data", "forgery", "report", "training", "scoring", "experiment")
OFFERED = [(room, name) for room in ROOMS for name in importlib.import_module(f"tad.{room}").__all__]


def told(thing, room) -> str:
    """The docstring of a function or class, and of those that it refers to, as in "arguments as in `detectability`"."""
    texts = [inspect.getdoc(thing) or ""]
    if inspect.isclass(thing):
        texts.append(inspect.getdoc(thing.__init__) or "")
    for path in re.findall(r"(?:as|see)(?: in)? `([\w.]+)`", texts[0]):
        name, *inner = path.removeprefix(f"tad.{getattr(room, '__name__', '').split('.')[-1]}.").split(".")
        other = getattr(inspect.getmodule(thing), name, getattr(room, name, None))
        for part in inner:
            other = getattr(other, part, None)
        texts += [told(other, room)] if other is not None and other is not thing else []
    return "\n".join(texts)


def parameters(thing) -> list[str]:
    """What a caller passes; the fields of a dataclass are told where they stand."""
    if inspect.isclass(thing) and (hasattr(thing, "__dataclass_fields__") or "__init__" not in vars(thing)):
        return []
    kinds = inspect.Parameter
    found = inspect.signature(thing).parameters.values()
    return [p.name for p in found if p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)]


@pytest.mark.parametrize(("room", "name"), OFFERED, ids=[f"{room}.{name}" for room, name in OFFERED])
def test_every_public_name_is_explained_with_its_parameters(room, name):
    package = importlib.import_module(f"tad.{room}")
    thing = getattr(package, name)
    if not (inspect.isfunction(thing) or inspect.isclass(thing)):
        return  # a constant; what it means stands beside it
    text = told(thing, package)
    assert re.match(r"[A-Z\"1-9`].{15,}[.:]", text), f"tad.{room}.{name} needs a sentence; it has {text[:60]!r}"
    silent = [parameter for parameter in parameters(thing) if not re.search(rf"\b{parameter}\b", text)]
    assert not silent, f"the docstring of tad.{room}.{name} must name {silent}"


def test_a_parameter_that_is_not_told_would_be_seen():
    def silent(one, other):
        """Do what it does with one."""

    text = told(silent, None)
    assert [p for p in parameters(silent) if not re.search(rf"\b{p}\b", text)] == ["other"]
