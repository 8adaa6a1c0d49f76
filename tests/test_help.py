"""Help that is true: every command explains itself with examples, and every example in help and pages is understood."""

import argparse
import re
import shlex

import nbformat
import pytest

from tad.cli import _parser
from tad.data import project_root

ROOT = project_root()
PAGES = ("README.md", "notebooks/README.md", "data/README.md")


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name: sub for action in found for name, sub in action.choices.items()}


def every_parser(parser: argparse.ArgumentParser):
    yield parser
    for sub in subcommands(parser).values():
        yield from every_parser(sub)


PARSERS = list(every_parser(_parser(["train"])))


def lines_of_shell(text: str) -> list[str]:
    """The commands of a text, one a line, joined where a backslash says that they go on; comments are dropped."""
    lines = [" ".join(shlex.split(line, comments=True)) and line for line in re.sub(r"\\\n\s*", "", text).splitlines()]
    return [line.strip() for line in lines if line.strip()]


def blocks(page: str) -> list[str]:
    """The shell blocks of a page: fenced ones marked as such, and indented ones."""
    text = (ROOT / page).read_text()
    fenced = re.findall(r"^```(?:bash|sh|shell)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [*fenced, *re.findall(r"(?:^ {4,}\S.*\n)+", rest, re.MULTILINE)]


def commands(page: str) -> list[list[str]]:
    """What the shell blocks of a page call, as words."""
    return [shlex.split(line, comments=True) for block in blocks(page) for line in lines_of_shell(block)]


def tad_words(words: list[str]) -> list[str] | None:
    """The words after `tad`, or None where a line calls something else."""
    for at, word in enumerate(words):
        if word == "tad" or words[at : at + 2] == ["-m", "tad.cli"]:
            return [word for word in words[at + 1 + (word != "tad") :] if word != "..."]
    return None


def understood(words: list[str]) -> argparse.Namespace:
    try:
        return _parser(words).parse_args(words)
    except SystemExit:
        raise AssertionError(f"tad must understand: {' '.join(words)}") from None


@pytest.mark.parametrize("parser", PARSERS, ids=[parser.prog for parser in PARSERS])
def test_every_command_explains_itself_and_its_examples_are_understood(parser):
    assert parser.description and parser.description.endswith((".", "?"))
    examples = parser.epilog.partition("examples:\n")[2].partition("\n\n")[0]
    lines = [shlex.split(line, comments=True) for line in lines_of_shell(examples)]
    own = [words for words in lines if " ".join(words).startswith(parser.prog)]
    assert own, f"{parser.prog} has no example of its own"
    for words in lines:
        understood(tad_words(words))
    for action in parser._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction) or action.choices, action.option_strings


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_understood(page):
    found = [tad_words(words) for words in commands(page) if tad_words(words)]
    assert len(found) >= 4
    for words in found:
        options = understood(words)
        if options.command == "run":
            notebook = nbformat.read(ROOT / "notebooks" / f"{options.notebook}.ipynb", 4)
            (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
            known = set(re.findall(r"^(\w+):", cell.source, re.MULTILINE))
            assert {name for name, _ in options.parameter} <= known, words


def test_a_command_that_is_not_there_would_be_seen():
    with pytest.raises(AssertionError, match="tad must understand: scorr"):
        understood(["scorr", "a.mp4"])
    assert tad_words(shlex.split("torchrun --nproc-per-node 8 -m tad.cli train --output x")) == [
        "train",
        "--output",
        "x",
    ]
    assert lines_of_shell("tad a \\\n  b  # why\n# only why\n") == ["tad a b  # why"]


def test_each_page_names_files_that_are_there():
    for page in PAGES:
        text = (ROOT / page).read_text()
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
