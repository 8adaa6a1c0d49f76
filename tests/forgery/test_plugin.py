"""A family in a user's own file, as the notebooks' README shows it, keeps the contract and is seen to break it."""

import re
import subprocess
import sys

import pytest

from tad.data import project_root


def contract(file):
    words = ["tests/forgery/test_contract.py", "--plugin", str(file), "-k", "darken", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=project_root(), capture_output=True, text=True, timeout=300
    )


@pytest.fixture
def shown(tmp_path):
    text = (project_root() / "notebooks" / "README.md").read_text()
    [code] = re.findall(r"```python\n(# my_family.py\n.*?)```", text, re.DOTALL)
    (tmp_path / "my_family.py").write_text(code)
    return tmp_path / "my_family.py"


def test_the_family_that_is_shown_keeps_the_contract(shown):
    done = contract(shown)
    assert done.returncode == 0 and "[100%]" in done.stdout, done.stdout


def test_one_that_breaks_it_is_found_out(shown):
    shown.write_text(shown.read_text().replace("0.5 * strength", "0.5 * (1 - strength)"))
    done = contract(shown)
    assert done.returncode == 1 and "test_strength_0_is_the_identity_and_more_is_never_less[0-darken]" in done.stdout
