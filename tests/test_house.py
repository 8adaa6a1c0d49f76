"""The rules that hold the house together: which way imports run, what is declared where, what is stored how."""

import ast
import io
import json
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import tad

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "tad").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# A room may import the rooms of the rows above its own.
ORDER = (
    ("checks",), ("model", "data", "forgery", "report"), ("training",), ("scoring",), ("explain",), ("experiment",),
    ("cli",),
)  # fmt: skip
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}


def _imports(source: str) -> set[str]:
    """Dotted names of all that a module imports, at its head or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"imports are written out in full; got line {node.lineno}: {ast.unparse(node)}"
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def _trespasses(room: str, source: str) -> set[str]:
    """What a module of a room imports although it may not; `tad.__version__` and the like belong to no room."""
    rooms = {name.split(".")[1] for name in _imports(source) if name.startswith("tad.")} & set(RANK)
    return {other for other in rooms if other != room and RANK[other] >= RANK[room]}


def _room(file: Path) -> str:
    return file.relative_to(ROOT / "tad").with_suffix("").parts[0]


# Imports


@pytest.mark.parametrize("file", SOURCES, ids=[str(file.relative_to(ROOT)) for file in SOURCES])
def test_imports_run_one_way(file):
    if file == ROOT / "tad" / "__init__.py":
        assert _imports(file.read_text()) == set()
    else:
        assert _room(file) in RANK
        assert _trespasses(_room(file), file.read_text()) == set()


@pytest.mark.parametrize(
    ("room", "source", "found"),
    [
        ("model", "from tad.data import decode", {"data"}),
        ("data", "from tad import forgery, __version__", {"forgery"}),
        ("report", "import tad.scoring.metrics as m", {"scoring"}),
        ("training", "def f():\n    from tad.experiment.recipes import train", {"experiment"}),
        ("scoring", "from tad.training import fit\nfrom tad.scoring.table import usable", set()),
        ("cli", "import torch\nfrom tad import experiment", set()),
    ],
)
def test_an_import_the_wrong_way_would_be_seen(room, source, found):
    assert _trespasses(room, source) == found


def test_one_file_alone_knows_pyav():
    users = {file.relative_to(ROOT).as_posix() for file in SOURCES for name in _imports(file.read_text())
             if name.split(".")[0] == "av"}  # fmt: skip
    assert users == {"tad/data/codec.py"}


def _lines_of_code(source: str) -> int:
    """Lines that hold code: not blank, no comment, no docstring, which may be as long as a reader needs."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in layout:
            code |= set(range(token.start[0], token.end[0] + 1))
    return len(code - docstrings)


def test_lines_of_code_are_counted_without_layout():
    source = '"""Module.\n\nMore."""\n\n# why\nx = [\n    1,\n]\n\n\ndef f():\n    """What."""\n    return x  # so\n'
    assert _lines_of_code(source) == 5


def test_the_package_stays_small():
    assert sum(_lines_of_code(file.read_text()) for file in SOURCES) < 13500


def test_help_comes_without_torch():
    code = """
import sys
from tad.cli import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0
heavy = {"torch", "lightning", "pandas", "matplotlib"} & set(sys.modules)
sys.exit(f"loaded {heavy}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "usage: tad" in done.stdout


# What is declared


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def requirements(project):
    extras = project["optional-dependencies"]
    return [Requirement(text) for text in [*project["dependencies"], *(r for rs in extras.values() for r in rs)]]


@pytest.fixture(scope="module")
def pins():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    found = [line.split("==") for line in lines]
    names = [canonicalize_name(name) for name, _ in found]
    assert len(names) == len(set(names))
    return dict(zip(names, (version for _, version in found), strict=True))


def test_conda_and_pip_agree(project):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (nested,) = (entry for entry in environment["dependencies"] if not isinstance(entry, str))
    names = {entry.split("=")[0]: entry.partition("=")[2] for entry in plain}
    assert set(names) == {"python", "pip", "make"}
    assert SpecifierSet(project["requires-python"]).contains(names["python"])
    assert sorted(nested) == ["pip"] and sorted(nested["pip"]) == ["-c constraints.txt", "-e .[dev]"]
    assert "dev" in project["optional-dependencies"]


def test_make_uses_the_python_of_conda():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python = next(entry for entry in environment["dependencies"] if str(entry).startswith("python="))
    assert f"PYTHON ?= {python.replace('=', '')}\n" in (ROOT / "Makefile").read_text()


def test_every_dependency_is_pinned_within_its_range(requirements, pins):
    assert len(requirements) >= 20
    for requirement in requirements:
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, f"constraints.txt does not pin {requirement.name}"
        assert requirement.specifier.contains(version), f"{requirement} against {version}"


def test_every_package_that_is_imported_is_declared(requirements):
    declared = {canonicalize_name(requirement.name) for requirement in requirements}
    spelt = {"sklearn": "scikit-learn", "bs4": "beautifulsoup4", "cv2": "opencv-python-headless"}
    spelt |= {"pycvvdp": "cvvdp", "PIL": "pillow"}
    comes_with = {"numpy": "scipy", "markupsafe": "jinja2", "IPython": "ipykernel"}
    comes_with |= dict.fromkeys(("nbclient", "nbformat", "traitlets", "pygments"), "nbconvert")
    used = {name.split(".")[0] for file in SOURCES for name in _imports(file.read_text())}
    third = used - set(sys.stdlib_module_names) - {"tad"}
    assert {canonicalize_name((spelt | comes_with).get(name, name)) for name in third} <= declared


# What is stored


@pytest.mark.parametrize("file", NOTEBOOKS, ids=[file.stem for file in NOTEBOOKS])
def test_notebooks_are_stored_without_results(file):
    cells = json.loads(file.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in cells) == 1


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 4


def test_the_licence_and_the_card_are_named(project):
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["license"] == project["license"] == "MIT"
    card = next(
        reference for reference in citation["references"] if "deepfake-detector-timesformer" in reference["title"]
    )
    assert card["authors"][0]["alias"] == "ash12321"


def test_one_version_everywhere(project):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == citation["version"] == tad.__version__
